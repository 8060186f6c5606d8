"""Orthogonal matrices of k-bit integers, and networks that start there."""

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import hadamrnn as hr
from hadamrnn.networks.grid import MOST_GRID_BITS, grid_orthogonal, on_grid
from hadamrnn.networks.quantize import NORMAL_STEPS, most_code

BITS = range(2, MOST_GRID_BITS + 1)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("n", [4, 8, 48, 80])
def test_grid_matrices_are_orthogonal_integers_that_the_quantiser_keeps(n, bits):
    W = grid_orthogonal(n, bits=bits, rng=np.random.default_rng(n))
    C, step = hr.codes(W, bits=bits, scale="rms")
    m = round(step**-2)
    assert (m * np.eye(n, dtype=int) == C @ C.T).all() and np.abs(C).max() <= 2 ** (bits - 1) - 1
    np.testing.assert_allclose(C * step, W, rtol=1e-6)


@pytest.mark.parametrize("n, bits", [(4, 1), (4, 7), (6, 3), (12, 3), (92 * 4, 3)])
def test_there_is_no_grid_for_other_orders_and_bits(n, bits):
    assert not on_grid(n, bits=bits)
    settings = {"inputs": 1, "outputs": 1, "hidden": n, "recurrent_bits": bits, "strategy": "penalty"}
    with pytest.raises(hr.ParameterError, match=r"hidden=.*4 r with a Hadamard matrix"):
        hr.QORNN(**settings, start="grid")
    assert hr.QORNNConfig(**settings).chosen_start == "haar"


@pytest.mark.parametrize("bits", [None, 9])
def test_a_start_on_a_grid_needs_few_bits(bits):
    with pytest.raises(hr.ParameterError, match=rf"hidden=8: .*recurrent_bits={bits} from 2 to 6"):
        hr.QORNN(inputs=1, hidden=8, outputs=1, recurrent_bits=bits, start="grid")


def test_the_start_decides_how_far_q_of_w_is_from_orthogonal():
    def defect(start):
        model = hr.QORNN(inputs=1, hidden=64, outputs=1, recurrent_bits=3, strategy="penalty", start=start)
        return hr.orthogonality_defect(model.recurrent_matrix())

    assert defect("auto") == defect("grid") < 1e-5 < defect("haar") / 1000


@pytest.mark.parametrize("bits", range(1, len(NORMAL_STEPS) + 1))
def test_the_steps_are_the_best_for_normal_entries(bits):
    most = most_code(bits)

    def error(step):
        """The mean square of X - s c(X / s)."""
        ends = np.array([-np.inf, *((np.arange(-most, most) + 0.5) * step), np.inf])
        cells = zip(ends[:-1], ends[1:], np.arange(-most, most + 1) * step, strict=True)
        return sum(integrate.quad(lambda x, c=c: (x - c) ** 2 * stats.norm.pdf(x), a, b)[0] for a, b, c in cells)

    if bits <= 4:
        best = optimize.minimize_scalar(error, bracket=(0.9 * NORMAL_STEPS[bits - 1], 1.1 * NORMAL_STEPS[bits - 1]))
        assert best.x == pytest.approx(NORMAL_STEPS[bits - 1], rel=1e-4)
    else:
        assert all(error(NORMAL_STEPS[bits - 1]) < error(NORMAL_STEPS[bits - 1] * by) for by in (0.98, 1.02))


@pytest.mark.parametrize("bits", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("scale", ["frobenius", "rms"])
def test_the_norm_is_kept_where_it_would_grow(scale, bits):
    W = np.linalg.qr(np.random.default_rng(0).normal(size=(32, 32)))[0]
    for norm in (None, 3.0):
        C, step = hr.codes(W, bits=bits, scale=scale, norm=norm)
        assert np.linalg.norm(C * step) == pytest.approx(norm or np.sqrt(32), rel=1e-6)
        assert float(np.float32(step)) == step
    if scale == "frobenius":
        assert (hr.codes(W, bits=bits)[0] == C).all()
    else:
        assert (hr.codes(-W, bits=bits, scale=scale)[0] == -C).all()


@pytest.mark.parametrize("settings", [{"scale": "rms", "bits": 9}, {"scale": "rms", "recurrent_bits": 16}])
def test_rms_is_for_few_bits(settings):
    with pytest.raises(hr.ParameterError, match="scale='rms': is for at most 8 bits"):
        hr.QORNN(inputs=1, hidden=4, outputs=1, **settings)
    with pytest.raises(hr.ParameterError, match="bits=9: must be an integer from 1 to 8"):
        hr.codes(np.eye(2), bits=9, scale="rms")


@pytest.mark.parametrize("kind, kept", [("hadamrnn", {}), ("qornn", {"start": "auto", "scale": "auto"})])
def test_files_name_the_scale_only_if_it_is_not_what_it_always_was(kind, kept):
    network = {"hadamrnn": hr.HadamRNN, "qornn": hr.QORNN}[kind]
    config = network(inputs=1, hidden=4, outputs=1).config
    record = config.record()
    assert {name: record[name] for name in ("scale", "start") if name in record} == kept
    assert config.from_record(record) == config
    before = {name: value for name, value in record.items() if name not in kept}
    assert config.from_record(before).scale == "max"


def test_a_model_that_started_on_a_grid_is_exported(tmp_path):
    settings = {"inputs": 2, "hidden": 8, "outputs": 3, "recurrent_bits": 3, "bits": 3, "strategy": "penalty"}
    model, x = hr.QORNN(**settings, start="grid"), np.random.default_rng(0).random((5, 4, 2))
    assert hr.quantised(model, recurrent_bits=None, bits=None).predict(x).shape == (4, 3)
    packed = hr.Packed.load(hr.Packed.of(model).save(tmp_path / "model.bin"))
    assert packed.config == model.config and (packed.model().predict(x) == model.predict(x)).all()
    ranges = hr.Ranges(1.0, 1.1 * model.largest_state(x))
    np.testing.assert_allclose(hr.IntegerNetwork(packed, ranges=ranges).predict(x), model.predict(x), atol=0.02)

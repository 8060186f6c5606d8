"""Level sets: built networks are the step functions up to half a level, and lie between the bounds."""

import math

import numpy as np
import pytest
from members import classes, member, of

import approxbounds as ab
from approxbounds.constructions.level_sets import level_widths

INF = math.inf
SLACK = 1 + 1e-9
SHAPES = {2: [(1, 2), (12, 9), (12, 12, 30, 17)], 3: [(4, 3, 3), (12, 12, 30, 30, 17)]}
SIDE = {2: 63, 3: 18}
CLASSES = [F for d in (2, 3) for F in classes(d) if not isinstance(F, ab.ConvexFunctions)]


def adversarial(F):
    """Members that turn at faces and at centres of cells, or jump along a diagonal."""
    if isinstance(F, ab.MonotoneFunctions):
        return [lambda x: x.sum(axis=1) >= F.dim / 2, lambda x: x[:, 0] > 0.5, lambda x: np.floor(9 * x[:, -1]) / 9]
    radius, s = float(F.radius), min(float(F.modulus_exponent), 1.0)
    cone = lambda x: radius * (np.abs(x[:, 0] - 0.5) ** s - 0.5)  # noqa: E731
    waves = [lambda x, n=n, j=j: radius * (np.abs(x[:, j] * n % 1 - 0.5) / n) ** s for n in (5, 8) for j in (0, -1)]
    smooth = getattr(F, "smoothness", 1) == ab.HolderBall(smoothness="3/2", dim=1).smoothness
    return [lambda x: radius * (x[:, -1] - 0.5), *([] if smooth else [cone, *waves])]


@pytest.mark.parametrize("F", CLASSES, ids=str)
def test_built_networks_are_between_the_bounds(F):
    rng, d = np.random.default_rng(2), F.domain_dim
    for widths in SHAPES[d]:
        G = ab.HeavisideNetwork(widths=widths, input_dim=d)
        targets = [*adversarial(F), *(member(rng, F) for _ in range(2))]
        for p in (1, 2, 4, INF):
            if p == INF and isinstance(F, ab.MonotoneFunctions):
                continue
            bound = of("level-sets", F, G, p)
            assert ab.lower_bound(F, G, p=p).value <= bound.value
            for f in targets:
                network = bound.build(f)
                assert network.widths == widths
                assert network.error(f, p=p, per_side=SIDE[d]) <= bound.value * SLACK
                if p == INF:  # on the faces of boxes, too
                    axes = [np.arange(n + 1) / n for n in (bound.witness["k"],) * (d - 1) + (bound.witness["last"],)]
                    corners = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, d)
                    assert np.abs(network(corners) - f(corners)).max() <= bound.value * SLACK


@pytest.mark.parametrize("d", [2, 3])
def test_built_networks_are_step_functions_up_to_half_a_level(d):
    rng = np.random.default_rng(d)
    for F in (ab.LipschitzBall(dim=d), ab.MonotoneFunctions(dim=d)):
        for widths in SHAPES[d]:
            bound, f = of("level-sets", F, ab.HeavisideNetwork(widths=widths, input_dim=d), 2), member(rng, F)
            k, last, levels = (bound.witness[name] for name in ("k", "last", "levels"))
            sides = np.array([k] * (d - 1) + [last])
            x = rng.random((400, d))
            cell = np.floor(x * sides)
            step = f((cell + 0.5) / sides)
            if isinstance(F, ab.MonotoneFunctions):
                step = (f(cell / sides) + f((cell + 1) / sides)) / 2
            rise = 0 if isinstance(F, ab.MonotoneFunctions) else (last - 1) / last
            reach = (min(d**0.5, 2) if rise else 1) + rise
            assert np.abs(bound.build(f)(x) - step).max() <= reach / (2 * levels + 2) + 1e-12


def test_their_numbers():
    F = ab.LipschitzBall(dim=2)
    assert of("level-sets", F, ab.HeavisideNetwork(widths=(256, 256), input_dim=2), INF).value < 0.0152
    assert of("level-sets", F, ab.HeavisideNetwork(widths=(64, 64), input_dim=2), INF).value < 0.0590
    monotone = ab.MonotoneFunctions(dim=2)
    assert of("level-sets", monotone, ab.HeavisideNetwork(widths=(256, 256), input_dim=2), 2).value < 0.0642
    for kind in (F, monotone):
        for p in (1, 4):
            shapes = [(9, 9), (9, 12), (12, 12), (12, 12, 12), (12, 12, 30, 12)]
            values = [of("level-sets", kind, ab.HeavisideNetwork(widths=w, input_dim=2), p).value for w in shapes]
            assert values == sorted(values, reverse=True)


def test_layers_that_are_too_narrow_refuse_it():
    """Heaviside layers pass no inputs: the steps are in the first layer; and every later one passes all units."""
    F, needed = ab.LipschitzBall(dim=3), level_widths(3, 3, 4, 10, passed=True)
    assert needed == (7, 11, 13)
    bound = of("level-sets", F, ab.HeavisideNetwork(widths=needed, input_dim=3), 2)
    data = bound.certificate.to_dict() | {"witness": {"k": 3, "last": 4, "levels": 10}, "value": 1.0}
    assert ab.verify(data)
    for widths in ((6, 11, 13), (7, 10, 13), (7, 11, 12), (1, 7, 11, 13), (7, 11, 13, 12)):
        assert not ab.verify(data | {"network": data["network"] | {"widths": list(widths)}})
    for widths in ((7, 7, 11, 13), (7, 11, 12, 13), (7, 11, 13, 13)):
        assert ab.verify(data | {"network": data["network"] | {"widths": list(widths)}})
    for G in (ab.HeavisideNetwork(widths=(30, 30), input_dim=3), ab.ReLUNetwork(widths=(30, 30, 30), input_dim=3)):
        assert "level-sets" in {refusal.theorem for refusal in ab.upper_bounds(F, G, p=2).refusals}

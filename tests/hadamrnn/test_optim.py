"""Adam against its formula and PyTorch, clipping, schedules, restored state, named arrays."""

import numpy as np
import pytest

import hadamrnn as hr


def problem(dtype="float64"):
    parameters = hr.Vector({"A": (2, 3), "b": (2,)}, dtype)
    parameters.flat[...] = np.linspace(-1, 1, 8)
    return parameters


def gradients_of(parameters, k):
    """Of a quadratic whose centre wanders; some entries large, some tiny."""
    gradients = parameters.zeros()
    gradients.flat[...] = (parameters.flat - np.sin(k)) * 10.0 ** np.arange(-6, 2)
    return gradients


def test_a_vector_is_its_arrays():
    parameters = problem()
    assert list(parameters) == ["A", "b"] and parameters["A"].shape == (2, 3)
    parameters["b"][...] = 7
    assert parameters.flat.tolist()[-2:] == [7, 7]
    other = parameters.zeros()
    assert other.shapes == parameters.shapes and not other.flat.any()


def test_adam_is_the_algorithm_of_the_paper():
    parameters, rate = problem(), 0.01
    adam = hr.Adam(parameters)
    expected = [float(value) for value in parameters.flat]
    means, squares = [0.0] * 8, [0.0] * 8
    for k in range(1, 20):
        g = gradients_of(parameters, k)
        adam.step(g, rate)
        for i in range(8):
            means[i] = 0.9 * means[i] + 0.1 * g.flat[i]
            squares[i] = 0.999 * squares[i] + 0.001 * g.flat[i] ** 2
            mean, square = means[i] / (1 - 0.9**k), squares[i] / (1 - 0.999**k)
            expected[i] -= rate * mean / (square**0.5 + 1e-8)
        np.testing.assert_allclose(parameters.flat, expected, rtol=1e-12)


def test_adam_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    parameters = problem()
    theirs = torch.tensor(parameters.flat.copy(), requires_grad=True)
    adam, reference = hr.Adam(parameters), torch.optim.Adam([theirs], lr=0.01)
    for k in range(20):
        g = gradients_of(parameters, k)
        theirs.grad = torch.tensor(g.flat.copy())
        adam.step(g, 0.01)
        reference.step()
    np.testing.assert_allclose(parameters.flat, theirs.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_restored_state_goes_on_bit_for_bit(dtype):
    def run(stop):
        parameters = problem(dtype)
        adam = hr.Adam(parameters)
        for k in range(20):
            if k == stop:
                state = {name: array.copy() for name, array in adam.state().items()}
                copy = problem(dtype)
                copy.flat[...] = parameters.flat
                parameters, adam = copy, hr.Adam(copy)
                adam.restore(state)
            adam.step(gradients_of(parameters, k), 0.01)
        return parameters.flat

    assert (run(7) == run(None)).all()


@pytest.mark.parametrize(
    "change, name",
    [
        ({"mean": np.zeros(7)}, "mean"),
        ({"square": np.full(8, np.nan)}, "square"),
        ({"square": np.zeros(8, dtype="float32")}, "square"),
        ({"count": np.array(-1)}, "count"),
        ({"count": np.array(0.5)}, "count"),
    ],
)
def test_state_that_does_not_fit_is_refused(change, name):
    adam = hr.Adam(problem())
    with pytest.raises(hr.ParameterError, match=f"{name}="):
        adam.restore(adam.state() | change)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_mean_is_the_weighted_sum_of_the_parameters_of_all_steps(dtype):
    parameters, rng = problem(dtype), np.random.default_rng(3)
    average, taken, weights = hr.Average(parameters, 0.8), [parameters.flat.copy()], [1.0]
    for count in range(1, 60):
        parameters.flat[...] = rng.normal(size=parameters.flat.size)
        average.step(count)
        kept = min(0.8, (1 + count) / (10 + count))
        taken.append(parameters.flat.copy())
        weights = [kept * weight for weight in weights] + [1 - kept]
    np.testing.assert_allclose(weights[-9:], 0.2 * 0.8 ** np.arange(9)[::-1], rtol=1e-12)
    np.testing.assert_allclose(average.mean, np.array(weights) @ taken, rtol=2e-5, atol=1e-6)
    assert (parameters.flat == taken[-1]).all()


def test_clipping_scales_to_the_norm():
    gradients = problem()
    before = gradients.flat.copy()
    norm = np.linalg.norm(before)
    assert hr.clip(gradients, most=norm * 1.01) == pytest.approx(norm)
    assert (gradients.flat == before).all()
    assert hr.clip(gradients, most=norm / 4) == pytest.approx(norm)
    np.testing.assert_allclose(gradients.flat, before / 4, rtol=1e-12)


def test_clipping_does_not_overflow():
    gradients = problem("float32")
    gradients.flat[...] = 1e30
    hr.clip(gradients, most=1.0)
    assert np.linalg.norm(gradients.flat) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "make, name",
    [
        (lambda: hr.Settings(batch_size=1, learning_rate=0), "learning_rate"),
        (lambda: hr.Settings(batch_size=1, learning_rate=float("inf")), "learning_rate"),
        (lambda: hr.Settings(batch_size=1, learning_rate=1e-3, decay=1.5), "decay"),
        (lambda: hr.Settings(batch_size=1, learning_rate=1e-3, decay=0), "decay"),
        (lambda: hr.Settings(batch_size=1, learning_rate=1, average=1.0), "average"),
        (lambda: hr.Settings(batch_size=1, learning_rate=1, average=0), "average"),
        (lambda: hr.clip(problem(), most=0), "most"),
        (lambda: hr.clip(problem(), most=True), "most"),
    ],
)
def test_bad_settings_are_refused(make, name):
    with pytest.raises(hr.ParameterError, match=f"{name}="):
        make()

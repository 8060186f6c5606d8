"""Pictures of answers: what is drawn are the library's numbers, and what cannot be drawn is refused by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

import approxbounds as ab
from approxbounds import plots

F = ab.LipschitzBall(dim=2)
NETWORKS = [ab.HeavisideNetwork(widths=(n, n), input_dim=2) for n in (4, 16, 64)]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def curves(ax: Any) -> dict[str, tuple[list[float], list[float]]]:
    """x and y of each line of some points, by its label."""
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines}


def test_importing_the_library_imports_no_matplotlib() -> None:
    code = "import sys, approxbounds; print('matplotlib' in sys.modules);"
    code += "import approxbounds.plots; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_bracket() -> None:
    found = [ab.bracket(F, G, p=2) for G in NETWORKS]
    ax = plots.bracket(F, NETWORKS, p=2, label="Heaviside")
    upper, lower = curves(ax).values()
    assert upper == ([G.weights for G in NETWORKS], [each.upper.value for each in found])
    assert lower == ([G.weights for G in NETWORKS], [each.lower.value for each in found])
    assert list(curves(ax))[1] == "Heaviside" and ax.get_xscale() == ax.get_yscale() == "log"
    assert plots.bracket(F, NETWORKS[0], p="inf", ax=ax) is ax and len(ax.lines) == 4  # one class, into the same axes


def test_theorems() -> None:
    found = curves(plots.theorems(F, NETWORKS, p=2))
    for name, (weights, values) in found.items():
        assert weights == [G.weights for G in NETWORKS]
        for G, value in zip(NETWORKS, values, strict=True):
            by_name = {bound.theorem.id: bound for bound in ab.lower_bounds(F, G, p=2)}
            assert by_name[name].value == value
    assert {"T3", "T2a"} <= set(found) and "T1" not in found  # which has no number
    assert list(curves(plots.theorems(F, NETWORKS, p=2, names=["T2a"]))) == ["T2a"]
    with pytest.raises(ab.NotApplicableError, match="no number by T1 for these networks"):
        plots.theorems(F, NETWORKS, p=2, names=["T3", "T1"])


def test_norms() -> None:
    G, exponents = NETWORKS[0], [1, "3/2", 2, 4]
    curve, limit = curves(plots.norms(F, G, p=exponents, label="d = 2")).values()
    assert curve == ([1, 1.5, 2, 4], [ab.lower_bound(F, G, p=p).value for p in exponents])
    assert set(limit[1]) == {ab.lower_bound(F, G, p="inf").value}
    with pytest.raises(ab.ParameterError, match="the sup norm is drawn by itself"):
        plots.norms(F, G, p=[1, "inf"])


@pytest.mark.parametrize("dim", [1, 2])
def test_hard_function(dim: int) -> None:
    ball, index = ab.HolderBall(smoothness="3/2", dim=dim), {"k": 4}
    omega = np.arange(4**dim) % 2
    ax = plots.hard_function(ball, member=index, omega=omega, scale=2)
    family = ball.families[0]
    if dim == 1:
        (line,) = (line for line in ax.lines if len(line.get_xdata()) > 2)
        x = np.asarray(line.get_xdata())[:, None]
        assert line.get_ydata() == pytest.approx(2 * family.evaluate(index, omega, x), rel=1e-12)
    else:
        shades = np.asarray(ax.images[0].get_array())
        n = len(shades)
        points = np.array([[(j + 0.5) / n, (i + 0.5) / n] for i in (0, n // 3) for j in (5, n - 9)])
        expected = 2 * family.evaluate(index, omega, points)
        assert [shades[i, j] for i in (0, n // 3) for j in (5, n - 9)] == pytest.approx(expected.tolist(), rel=1e-12)
    assert plots.hard_function(ball).get_xlabel() == ("$x$" if dim == 1 else "$x_1$")  # a default for the rest


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("F", [ab.MonotoneFunctions, ab.ConvexFunctions, ab.LipschitzBall])
def test_every_family_can_be_drawn(F: Any, dim: int) -> None:
    plots.hard_function(F(dim=dim)).figure.draw_without_rendering()


BOUNDS = [
    *(bound for p in (2, "inf") for bound in ab.lower_bounds(F, ab.ReLUNetwork(widths=(9, 9), input_dim=2), p=p)),
    *ab.upper_bounds(F, ab.ReLUNetwork(widths=(9, 9), input_dim=2), p=2),
    *(ab.lower_bounds(F, ab.NormBoundedNetwork(norms=(2, 3), input_dim=2), p=2)),
    ab.HadamRNN(hidden=8, steps=5).pseudo_dimension(),
    ab.MonotoneFunctions(dim=2).packing("1/100", p=2),
]


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: f"{bound.theorem.id}-{bound.query.p}")
def test_derivation(bound: ab.Bound) -> None:
    """Matplotlib reads every formula, every step is in a box, in its order, and arrows lead from box to box."""
    ax = plots.derivation(bound)
    ax.figure.set_dpi(300)  # at fewer dots lines are longer or shorter by hinting
    ax.figure.draw_without_rendering()
    shown = " ".join(text.get_text() for text in ax.texts)
    assert all(f"{number}. " in shown for number in range(1, len(bound.steps) + 1))
    assert len(ax.patches) == len(bound.steps) + 1
    words = shown.split()
    cited = {str(citation) for step in bound.steps for citation in step.citations}
    assert all(set(citation.split()[:-1]) <= {word.strip("[];") for word in words} for citation in cited)
    boxes = [patch.get_window_extent() for patch in ax.patches]
    for text in ax.texts:
        if text.get_text():
            extent = text.get_window_extent()
            assert any(box.x0 <= extent.x0 and extent.x1 <= box.x1 for box in boxes if box.y0 < extent.y0 < box.y1)
        else:
            for end in (text.xy, text.xyann):
                x, y = ax.transData.transform(end)
                assert any(box.x0 <= x <= box.x1 and min(abs(y - box.y0), abs(y - box.y1)) < 1 for box in boxes)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.bracket(F, NETWORKS, p=2, ax="axes"), "ax='axes': must be Matplotlib axes"),
        (lambda: plots.bracket("F", NETWORKS, p=2), "F='F': must be a function class"),
        (lambda: plots.bracket(F, [], p=2), "networks=[]: must have from 1 to"),
        (lambda: plots.theorems(F, ab.LinearSpace(dimension=4), p=2), "must have a number of weights"),
        (lambda: plots.hard_function(ab.LipschitzBall(dim=3)), "must be a class on [0,1] or [0,1]^2"),
        (lambda: plots.hard_function(F, member={"n": 3}), "must be a dict with an integer for each of ['k']"),
        (lambda: plots.hard_function(F, member={"k": 1000}), "must have at most 4096 cells to be drawn"),
        (lambda: plots.hard_function(F, member={"k": 2}, omega=[1, 2, 0, 0]), "must be 4 numbers, each 0 or 1"),
        (lambda: plots.derivation(F), "must be a bound"),
        (lambda: plots.derivation(BOUNDS[0], rows=[(0,)]), "must have each of the numbers 0 to"),
    ],
)
def test_bad_input(draw: Any, message: str) -> None:
    with pytest.raises(ab.ParameterError) as caught:
        draw()
    assert message in str(caught.value)
    assert not plt.get_fignums()  # and no empty figure is left

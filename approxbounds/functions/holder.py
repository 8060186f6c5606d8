"""Hölder balls of every smoothness s > 0, and Lipschitz balls (s = 1). THEORY.md, section 2.2."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import SYMBOLIC, Arithmetic, V
from approxbounds.description import where
from approxbounds.errors import NoExpressionError
from approxbounds.facts.functions import Regularity, SmoothBall, box_gradient_error, gradient_error
from approxbounds.facts.hypercube import HypercubeFamily
from approxbounds.facts.measured import Carried
from approxbounds.facts.waves import HolderWave, Wave
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.cubes import BumpCubes, Cubes, DistanceCubes, IntegratedDistances, PerfectSplineCubes
from approxbounds.functions.halves import halves_of
from approxbounds.functions.perfect_spline import MOST_ORDER
from approxbounds.parameters import DIMENSION, POSITIVE, Exact, allowed
from approxbounds.sources import Citation
from approxbounds.validation import Number, is_symbolic

__all__ = ["HolderBall", "LipschitzBall"]

MOST_SMOOTHNESS = 100


@dataclass(frozen=True, kw_only=True)
class _Holder(FunctionClass):
    """What Hölder and Lipschitz balls share."""

    citations = (Citation("KolmogorovTikhomirov1959"),)
    symmetric = True

    dim: Number = field(metadata=DIMENSION)
    radius: Number = field(default=1, metadata=POSITIVE)

    @property
    @abstractmethod
    def _s(self) -> Number: ...

    def larger(self) -> Iterator[Self]:
        return self.variants({"radius": 2 * self.radius})

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        s, arguments = self._s, (self._s, self.dim, self.radius)
        if is_symbolic(s) or s <= 1:
            cubes: tuple[Cubes, ...] = (DistanceCubes(*arguments),)
        elif s < 2 and self.dim == 1:
            cubes = BumpCubes(*arguments), IntegratedDistances(*arguments)
        elif (isinstance(s, int) and self.dim == 1) or (s <= MOST_ORDER and not is_symbolic(self.dim)):
            cubes = BumpCubes(*arguments), PerfectSplineCubes(*arguments)
        else:
            cubes = (BumpCubes(*arguments),)
        return cubes if is_symbolic(self.dim) else (*cubes, *halves_of(*cubes, dim=self.dim))

    @property
    def closed_form_condition(self) -> Any:
        import sympy

        return sympy.Le(self._s, 1) if is_symbolic(self._s) else sympy.true

    @property
    def value_range(self) -> tuple[Number, Number]:
        return -self.radius, self.radius

    def entropy_exponent(self, p: Number) -> Any:
        return SYMBOLIC.number(self.dim) / SYMBOLIC.number(self._s)

    @property
    def carried(self) -> Carried:
        return Carried(smoothness=self._s, radius=self.radius)

    def cylinder(self, axes: tuple[int, ...]) -> Self:
        return replace(self, dim=len(axes))

    @property
    def smooth_ball(self) -> SmoothBall:
        return SmoothBall(self._s, self.radius)

    @property
    def wave(self) -> Wave:
        return HolderWave(self._s, self.radius)

    @property
    def holder_smoothness(self) -> Number:
        return self._s

    @property
    def is_holder_ball(self) -> bool:
        return True

    @property
    def holder_radius(self) -> Number:
        return self.radius

    @property
    def regularity(self) -> Regularity | None:
        if is_symbolic(self.dim):
            return None
        mixed = 1 if is_symbolic(self._s) else max(1, int(self._s))
        return Regularity((self._s,) * self.dim, self.radius, isotropic=True, mixed=mixed)

    @property
    def _differentiable(self) -> bool:
        return not is_symbolic(self._s) and self._s > 1

    def modulus_constant(self, A: Arithmetic[V]) -> V:
        """R for s <= 1; else the gradient has Euclidean norm at most sqrt(d) R."""
        R = A.number(self.radius)
        return R * A.power(A.number(self.dim), A.number(1) / 2) if self._differentiable else R

    def cube_error(self, A: Arithmetic[V], k: V | float, p: Number) -> V:
        if self._differentiable:
            return gradient_error(A, self.dim, self.radius, k, p)
        return super().cube_error(A, k, p)

    def box_error(self, A: Arithmetic[V], resolutions: Sequence[V | float], p: Number) -> V:
        if self._differentiable:
            return box_gradient_error(A, self.radius, resolutions, p)
        return super().box_error(A, resolutions, p)

    @property
    def last_modulus(self) -> tuple[Number, Number]:
        return self.modulus_exponent, self.radius

    def contains(self, f: Any, points: NDArray[np.float64]) -> bool:
        if is_symbolic(self._s) or self._s > 1:
            raise NoExpressionError("the membership test sees values only, so it needs smoothness <= 1")
        values = np.asarray(f(points), float)
        gaps = np.abs(values[:, None] - values[None, :])
        distances = np.sqrt(((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2))
        radius, slack = float(self.radius), 1 + 1e-9
        allowed = radius * distances ** float(self._s)
        return bool((gaps <= allowed * slack + 1e-12 * radius).all() and (np.abs(values) <= radius * slack).all())


@dataclass(frozen=True, kw_only=True)
class HolderBall(_Holder):
    """The ball of radius R of the Hölder class of smoothness s on [0,1]^d.

    With n = ceil(s) - 1 and alpha = s - n in (0,1]: f has continuous derivatives up to order n,
    |D^m f| <= R for |m| <= n, and |D^m f(x) - D^m f(y)| <= R |x-y|_2^alpha for |m| = n.

    Parameters: ``smoothness`` (s, a number in (0, 100]), ``dim`` (d, 1 to 10^4), ``radius`` (R). Numbers are
    exact: int, Fraction, decimal string, or float (meaning its binary value); SymPy symbols may replace them
    (closed forms for a symbolic s hold for s <= 1 and say so).

    Source of the entropy exponent d/s: Kolmogorov and Tikhomirov (1959).

    >>> HolderBall(smoothness="1.5", dim=2).entropy_exponent(2)
    4/3
    """

    smoothness: Number = field(metadata=allowed(Exact(maximum=MOST_SMOOTHNESS)))

    @property
    def _s(self) -> Number:
        return self.smoothness

    @property
    def definition(self) -> str:
        return (
            f"$F$ is the Hölder ball $F_{{s,d}}(R)$ on $[0,1]^d$"
            f"{where(' with ', s=self.smoothness, d=self.dim, R=self.radius)}: derivatives of order "
            f"$\\le n=\\lceil s\\rceil-1$ bounded by $R$, those of order $n$ $(s-n)$-Hölder with constant $R$."
        )


@dataclass(frozen=True, kw_only=True)
class LipschitzBall(_Holder):
    """Functions on [0,1]^d with |f| <= R and |f(x) - f(y)| <= R |x-y|_2: the Hölder ball with s = 1.

    >>> LipschitzBall(dim=2)
    LipschitzBall(dim=2, radius=1)
    """

    @property
    def _s(self) -> Number:
        return 1

    @property
    def definition(self) -> str:
        return (
            f"$F$ is the Lipschitz ball on $[0,1]^d${where(', ', d=self.dim)}: $|f|\\le R$ and "
            f"$|f(x)-f(y)|\\le R|x-y|_2${where(' with ', R=self.radius)} (Hölder, $s=1$)."
        )

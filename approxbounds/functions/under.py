"""Function classes under measures other than Lebesgue measure on [0,1]^d. THEORY.md, section 8."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from approxbounds.arithmetic import FLOAT
from approxbounds.errors import NoExpressionError, ParameterError, called_rightly
from approxbounds.facts.functions import Placed
from approxbounds.facts.hypercube import HypercubeFamily
from approxbounds.facts.measured import CurvedOn, Maps
from approxbounds.facts.weighted import WeightedFamily
from approxbounds.functions.base import FunctionClass
from approxbounds.functions.cubes import Cubes
from approxbounds.functions.placed import BoxedCubes, PlacedCubes
from approxbounds.functions.sample_cells import SampleCells, SampleCentres
from approxbounds.functions.samples import SampleBumps, SampleLayers
from approxbounds.functions.scaled import ScaledFamily
from approxbounds.measures.base import Measure
from approxbounds.measures.laws import Law
from approxbounds.sources import Citation
from approxbounds.validation import Number

__all__ = ["Under", "under"]


@dataclass(frozen=True, kw_only=True)
class Under(FunctionClass):
    """The functions of a class on the domain X of a measure mu, with the norms of L^p(mu); made by :func:`under`.

    Of the class on [0,1]^d nothing holds here but what is stated again: the families of a class that increasing maps
    carry to itself, those of Hölder balls with s <= 1 through the distribution functions of a product measure, and
    families on cubes where mu has a density.
    """

    records = ("functions", "measure")
    functions: FunctionClass
    measure: Measure

    def __post_init__(self) -> None:
        super().__post_init__()
        F, mu = self.functions, self.measure
        if not isinstance(F, FunctionClass) or isinstance(F, Under):
            raise ParameterError("functions", F, "must be a function class on [0,1]^d such as LipschitzBall(dim=2)")
        if not isinstance(mu, Measure):
            raise ParameterError("measure", mu, "must be a measure such as Normal(dim=2) or Empirical(points=...)")
        F.require_numbers("a class under a measure")
        if F.domain_dim != mu.dimension:
            raise ParameterError("measure", mu, f"must be on R^d, d={F.domain_dim} as of F; it is on R^{mu.dimension}")
        known = F.carried
        if known.smoothness is None and known.maps is Maps.NONE:
            raise ParameterError(
                "functions", F, "is known on [0,1]^d only: it must be a Hölder, Lipschitz, monotone or convex class"
            )
        if known.maps is Maps.AFFINE and not mu.is_bounded:
            what = "must be on a box: convex functions on R^d with values in [0,1] are constant"
            raise ParameterError("measure", mu, what)

    @property
    def citations(self) -> tuple[Citation, ...]:  # type: ignore[override]
        return self.functions.citations

    @property
    def domain_dim(self) -> int:
        return self.measure.dimension

    @property
    def setting(self) -> str:
        return str(self.measure)

    @property
    def in_cube(self) -> bool:
        return self.measure.in_cube

    @property
    def placed(self) -> Placed:
        return Placed(self.functions, self.measure)

    @property
    def definition(self) -> str:
        return (
            f"{self.functions.definition} Here it is the class on $X={self.measure.domain}$ in place of $[0,1]^d$, "
            f"with the norms of $L^p(\\mu)$. {self.measure.definition}"
        )

    @property
    def value_range(self) -> tuple[Number, Number] | None:
        return self.functions.value_range

    @property
    def is_monotone(self) -> bool:
        return self.functions.is_monotone

    @property
    def is_convex(self) -> bool:
        return self.functions.is_convex

    @cached_property
    def _laws(self) -> tuple[Law, ...]:
        return self.measure.laws or ()

    @cached_property
    def _kinds(self) -> tuple[Law, ...]:
        """The different ones of the laws."""
        return tuple(dict.fromkeys(self._laws))

    @property
    def families(self) -> tuple[HypercubeFamily, ...]:
        laws, known = self._laws, self.functions.carried
        if not laws:
            return ()
        if known.maps is Maps.INCREASING or (known.maps is Maps.AFFINE and self.measure.is_uniform):
            return tuple(ScaledFamily(family, laws) for family in self.functions.families)
        if known.smoothness is None:
            return ()
        s, widest = known.smoothness, min(law.widest for law in self._kinds)
        if s <= 1:  # C^{-s} sup w <= R, where sup w <= (R/2) k^{-s} and 2^{1/s} >= 2
            least = max(1, ceil(widest / 2))
        elif self.measure.is_uniform and len({law.unit for law in self._kinds}) == 1:
            least = max(1, ceil(widest))
        else:
            return ()
        alike = [family for family in self.functions.families if family.compact or least == 1]
        return tuple(ScaledFamily(family, laws, s, least) for family in alike)

    @property
    def weighted_families(self) -> tuple[WeightedFamily, ...]:
        known, sample = self.functions.carried, self.measure.sample
        if sample is not None and known.maps is Maps.INCREASING:
            return (SampleLayers(sample),)
        if known.smoothness is None:
            return ()
        cubes = [family for family in self.functions.families if isinstance(family, Cubes)]
        if sample is not None and known.smoothness <= 1:
            ball = (sample, known.smoothness, known.radius)
            kinds = ("points", "links", "net", "blocks", "grid")
            return (*(SampleCells(*ball, kind) for kind in kinds), SampleCentres(*ball))
        if sample is not None:
            return tuple(SampleBumps(sample, base) for base in cubes)
        if self._laws:
            return tuple(PlacedCubes(base, self._laws) for base in cubes)
        return tuple(BoxedCubes(base, self.measure.dense_boxes) for base in cubes if self.measure.dense_boxes)

    def curved_on(self, axis: int, order: int) -> CurvedOn | None:
        """Powers, clamped to [0,1] for monotone functions; splines with f^(m) = +-R for s = m. THEORY.md, Tcurv-w."""
        if not self._laws:
            return None
        law, known = self._laws[axis], self.functions.carried
        if known.maps is Maps.INCREASING:
            return CurvedOn(law, scaled=True)
        if known.maps is Maps.AFFINE and law.sides is not None:
            return CurvedOn(law, convex=True)
        if known.smoothness is None or order > known.smoothness:
            return None
        if law.sides is not None and law.unit <= 2:
            return CurvedOn(law, known.radius, 2)
        if order < known.smoothness:
            return None
        return CurvedOn(law, known.radius, 2, alternating=True)

    def cylinder(self, axes: tuple[int, ...]) -> Under | None:
        functions, measure = self.functions.cylinder(axes), self.measure.marginal(axes)
        if measure is None or not isinstance(functions, FunctionClass):
            return None
        return replace(self, functions=functions, measure=measure)

    @cached_property
    def roughest_axes(self) -> tuple[int, ...]:
        """Those first of which the law is spread out most."""
        width = {law: float(law.width(FLOAT)) for law in self._kinds}
        widths = [width[law] for law in self._laws] or [1.0] * self.domain_dim
        return tuple(sorted(range(self.domain_dim), key=lambda j: (-widths[j], -j)))

    def entropy_exponent(self, p: Number) -> Any:
        if not self.families:
            raise NoExpressionError(f"no entropy exponent is known under {self.measure}")
        return self.functions.entropy_exponent(p)

    def contains(self, f: Any, points: NDArray[np.float64]) -> bool:
        return self.functions.contains(f, points)


@called_rightly
def under(F: FunctionClass, mu: Measure) -> FunctionClass:
    """The class F on the domain of the measure mu, with the norms of L^p(mu): again a function class.

    F is a Hölder or Lipschitz ball, monotone or convex functions without symbols; on the domain X of mu (a product of
    intervals, half-lines or lines; R^d for samples) it is defined as on [0,1]^d. A theorem that is not proved for mu
    refuses. Lebesgue measure on [0,1]^d gives F itself. Raises ParameterError for classes that are known on [0,1]^d
    only, for convex functions on unbounded domains, and where the dimensions differ.

    >>> import approxbounds as ab
    >>> F = ab.under(ab.LipschitzBall(dim=1), ab.Normal(dim=1))
    >>> ab.lower_bound(F, ab.HeavisideNetwork(widths=(9,), input_dim=1), p="inf").value > 0.4
    True
    """
    if isinstance(mu, Measure) and mu.is_cube and isinstance(F, FunctionClass) and F.domain_dim == mu.dimension:
        return F
    return Under(functions=F, measure=mu)

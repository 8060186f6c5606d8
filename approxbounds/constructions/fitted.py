"""Polynomials that are fitted to f on cells, in windows: what is certified and what is built. THEORY.md, 5.1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from approxbounds.arithmetic import FLOAT
from approxbounds.constructions.sized import SizedConstruction
from approxbounds.errors import NotApplicableError
from approxbounds.facts.built import AffineMap, DenseNetwork, dense, require_moderate
from approxbounds.facts.grid import Function
from approxbounds.render import rounded
from approxbounds.theorem import Query, Step
from approxbounds.witness import Witness

__all__ = ["FittedPolynomials"]

_BUILT_DIM = 6  # up to which polynomials are fitted on grids of points in each cell


class FittedPolynomials(SizedConstruction):
    """Certified for a limit of steep windows; built with a further unit at each face, which makes them exact."""

    exact: ClassVar[str]  # how far what is built is exact

    @abstractmethod
    def fitted(
        self, query: Query, error: Callable[[Mapping[str, Any]], float], *, two_sided: bool = False
    ) -> Mapping[str, int] | None:
        """The sizes of least error, if there are so many units at each face."""

    @abstractmethod
    def layers(self, query: Query, sizes: Mapping[str, int], f: Function) -> list[AffineMap]:
        """Those of the network for f, with two units at each face."""

    def best(self, query: Query, error: Callable[[Mapping[str, Any]], float]) -> Mapping[str, int] | None:
        return self.fitted(query, error)

    def built(self, query: Query) -> tuple[Mapping[str, int], float]:
        """Sizes with a further unit at each face; the error is at most about that."""

        def error(sizes: Mapping[str, Any]) -> float:
            return float(self.error(FLOAT, self._numbers(query), query.p, sizes))

        found = self.fitted(query, error, two_sided=True)
        assert found is not None  # a single cell has no faces
        return found, error(found)

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        """With what is built, which has fewer units to spare."""
        sizes, error = self.built(query)
        shown = ", ".join(f"{name}={size}" for name, size in sizes.items())
        text = "The bound is on a limit of steep windows. What is built has two units at each face, "
        text += f"{self.exact}, and ${shown}$: error at most about ${rounded(error, True)}$."
        return (*super().argument(query, witness), Step(text))

    def build(self, query: Query, witness: Witness, f: Function) -> DenseNetwork:
        """With windows that are exact in floating point, perhaps for fewer cells: ``explain`` says which.

        The polynomials are fitted to values of f, for d <= 6 only: else NotApplicableError.
        """
        require_moderate(query.G)
        if query.G.domain_dim > _BUILT_DIM:
            raise NotApplicableError(
                f"{self.id}: dim={query.G.domain_dim}: networks are built for d <= {_BUILT_DIM} only"
            )
        return dense(query.G, self.layers(query, self.built(query)[0], f))

"""What constructions say alike of the sizes that their witnesses have. THEORY.md, section 5."""

from __future__ import annotations

from typing import Any

from approxbounds.arithmetic import BALL, SYMBOLIC
from approxbounds.constructions.placement import size_text
from approxbounds.errors import HypothesisError
from approxbounds.render import above
from approxbounds.sources import Citation
from approxbounds.theorem import Direction, Query, Step, Theorem
from approxbounds.witness import Witness

__all__ = ["Construction"]


class Construction(Theorem):
    """An upper bound by networks of some sizes, for which G has room."""

    citations = (Citation("approxbounds", "5"),)
    direction = Direction.UPPER

    @property
    def no_room(self) -> HypothesisError:
        """What a search raises if nothing fits."""
        return HypothesisError(f"the widths of G have no room for it (id {self.id})")

    def sizes(self, query: Query, *names: str) -> list[Any]:
        """The sizes in G as SymPy numbers; symbols of these names where G has symbols."""
        import sympy

        if query.G.symbols:
            return [sympy.Symbol(name, positive=True, integer=True) for name in names]
        return [SYMBOLIC.number(size) for size in self.search(query).values()]

    def allowed(self, query: Query, witness: Witness, sizes: str, then: str = ";") -> tuple[Step, ...]:
        """The outline; then that the widths of G allow these sizes, in words, and the error with them."""
        network, error = self.smallest_network(query, witness), above(self.evaluate(BALL, query, witness))
        enough = "" if network is None else f" ({size_text(network)} are enough)"
        text = f"The widths of $G$ allow {sizes}{enough}{then} the error is at most ${error}$."
        return (*self.outline(query), Step(text, self.citations))

"""Packings inside hypercube families for transfer theorems: Gilbert-Varshamov codes. THEORY.md, sections 2.1 and T2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, log2_lower_tail
from approxbounds.errors import echo
from approxbounds.facts.hypercube import Grid, HypercubeFamily, Index
from approxbounds.members import Members, Scores, best_member
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = ["ROUNDED", "excess", "packing_of", "packing_step", "search_packing"]

#: A share of tau that is left when it is rounded down in a witness.
ROUNDED = 1 - 2.0**-18

_SHARES = np.array([0.01, 0.03, 0.06, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4])[:, None, None]
_THETAS = np.array([1 / 64, 1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4])[None, :, None]


def search_packing(
    query: Query,
    choose: Callable[[HypercubeFamily], Grid],
    allowed: Callable[[Any, Any, Any], Any],
) -> dict[str, Any]:
    """The family member, h and tau with the largest eps for which 2^packing > 2^allowed, by floats.

    G is counted on all of [0,1]^d, for cylinders of F, too: its functions near two of them need not be best on the same
    flat. ``allowed(spread, tau, packing)`` is log2 of the tau-separated functions that G may have, vectorised.
    """

    def values(parts: Sequence[Members]) -> Scores:
        found = [_packings(part, allowed) for part in parts]
        value, h, tau = (np.concatenate(columns) for columns in zip(*found, strict=True))
        return value, {"h": h, "tau": tau}

    failure = "no family member searched has a packing larger than G allows"
    members, i, more = best_member(query, values, failure, lambda _, family: choose(family))
    return members.witness(i) | {"h": int(more["h"]), "tau": short_fraction(float(more["tau"]))}


def _packings(part: Members, allowed: Callable[[Any, Any, Any], Any]) -> tuple[Any, Any, Any]:
    """For each member the largest eps, with its h and tau."""
    p, N = float(part.query.p), part.cells
    spread = np.broadcast_to(part.family.spread(FLOAT, part.grid.index), N.shape)
    h = np.ceil(np.minimum(_SHARES * N, np.floor((N - 1) / 2)))
    distance = 2 * part.norm * (np.maximum(h, 1e-300) / N) ** (1 / p)
    with np.errstate(all="ignore"):
        packing = N - log2_lower_tail(FLOAT, N, np.maximum(h - 1, 0))
        enough = packing > allowed(spread, _THETAS * distance * ROUNDED, packing)
    value = np.where((h >= 1) & enough, (1 - _THETAS) * distance / 2, 0.0).reshape(-1, N.size)
    best, each = np.argmax(value, axis=0), np.arange(N.size)
    a, b = np.divmod(best, _THETAS.size)
    return value[best, each], h[a, 0, each], _THETAS[0, b, 0] * distance[a, 0, each]


def packing_of(A: Arithmetic[V], family: HypercubeFamily, index: Index, witness: Witness) -> V:
    """log2 of the number of f_omega at pairwise distance >= 2||w||_p (h/N)^{1/p} (Gilbert-Varshamov)."""
    cells, h = family.cells(index), integer_of(witness, "h", minimum=1)
    require(2 * (h - 1) < cells, f"h={echo(h)} must be at most N/2 + 1, N={echo(cells)}")
    return A.number(cells) - log2_lower_tail(A, cells, h - 1)


def excess(A: Arithmetic[V], query: Query, family: HypercubeFamily, index: Index, witness: Witness) -> V:
    """The eps with 2 eps + tau = 2||w||_p (h/N)^{1/p}, after checking that it is positive."""
    share = A.power(A.number(integer_of(witness, "h")) / A.number(family.cells(index)), 1 / A.number(query.p))
    eps = family.norm(A, index, query.p) * share - A.number(fraction_of(witness, "tau")) / 2
    if A.decides:
        require(bool(eps > 0), "2 eps + tau <= distance leaves no positive eps")
    return eps


def packing_step(family: HypercubeFamily, index: Index, witness: Witness) -> Step:
    """Gilbert-Varshamov with numbers."""
    return Step(
        f"Gilbert-Varshamov with $h={witness['h']}$: at least $2^N/V(N,h-1)\\ge"
        f"2^{{{below(packing_of(BALL, family, index, witness))}}}$ of the $f_\\omega$ have pairwise distance "
        f"$\\ge2\\|w\\|_p(h/N)^{{1/p}}$.",
        (Citation("Gilbert1952"),),
    )

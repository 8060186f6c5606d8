"""Packings inside hypercube families for transfer theorems: Gilbert-Varshamov codes. THEORY.md, sections 2.1 and T2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, Arithmetic, V, log2_lower_tail
from approxbounds.errors import echo
from approxbounds.facts.hypercube import Grid, HypercubeFamily, Index
from approxbounds.members import Scored, best_member
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step
from approxbounds.witness import Witness, fraction_of, integer_of, require, short_fraction

__all__ = ["excess", "packing_of", "packing_step", "search_packing"]


def search_packing(
    query: Query, choose: Callable[[HypercubeFamily], Grid], allowed: Callable[[Any, Any, Any], Any]
) -> dict[str, Any]:
    """The family member, h and tau with the largest eps for which 2^packing > 2^allowed, by floats.

    ``allowed(spread, tau, packing)`` is log2 of the tau-separated functions that G may have, vectorised.
    """
    p = float(query.p)
    shares = np.array([0.01, 0.03, 0.06, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4])[:, None, None]
    thetas = np.array([1 / 64, 1 / 32, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4])[None, :, None]

    def candidates(family: HypercubeFamily) -> Iterator[Scored]:
        grid = choose(family)
        if not grid.cells.size:
            return
        N = grid.cells
        norm = np.broadcast_to(family.norm(FLOAT, {**grid.index, "cells": N}, query.p), N.shape)
        spread = np.broadcast_to(family.spread(FLOAT, grid.index), N.shape)
        h = np.ceil(np.minimum(shares * N, np.floor((N - 1) / 2)))
        distance = 2 * norm * (np.maximum(h, 1e-300) / N) ** (1 / p)
        with np.errstate(all="ignore"):
            packing = N - log2_lower_tail(FLOAT, N, np.maximum(h - 1, 0))
            enough = packing > allowed(spread, thetas * distance, packing)
        value = np.where((h >= 1) & enough, (1 - thetas) * distance / 2, 0.0)
        a, b, i = np.unravel_index(int(np.argmax(value)), value.shape)
        if value[a, b, i] > 0:
            tau = short_fraction(float(thetas[0, b, 0] * distance[a, 0, i]))
            yield float(value[a, b, i]), family.witness(grid.at(int(i))) | {"h": int(h[a, 0, i]), "tau": tau}

    return best_member(query.F.families, candidates, "no family member searched has a packing larger than G allows")


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

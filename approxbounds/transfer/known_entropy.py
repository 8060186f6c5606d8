"""Classes known by log M(eps, F, L^q) >= c eps^{-a}, eps <= eps0: how far apart their functions are. THEORY.md, T2e."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from approxbounds.arithmetic import Arithmetic, V
from approxbounds.errors import HypothesisError
from approxbounds.facts.functions import EntropyBound
from approxbounds.theorem import Query
from approxbounds.transfer.gilbert_varshamov import ROUNDED
from approxbounds.validation import is_infinite
from approxbounds.witness import Witness, fraction_of, require, short_fraction

__all__ = ["entropy_of", "known_packing", "no_entropy", "search_separation"]

_SHARES = np.array([*(i / 16 for i in range(15, 1, -1)), *(2.0**-i for i in range(4, 12))])[:, None]
_LARGEST = 690.0  # log(eps0/(2 eps + tau)) goes from 0 to this, ...
_STEP = 0.5  # ... in such steps at the first look; each of two more looks takes so many in place of one
_FINER = 64


def no_entropy(query: Query) -> str | None:
    """The reason why theorems on a known entropy of F do not give a number, if there is one."""
    entropy = query.F.entropy_bound(query.p)
    if entropy is None:
        return f"the entropy bound of F is not known for p = {query.p}"
    if is_infinite(entropy.norm):
        return "the entropy of F is known in the sup norm: the packing bounds of G need q < inf"
    if entropy.constant is None:
        return "the constant of the entropy bound is unspecified (T1 gives the rate)"
    return None if query.F.value_range is not None else "no range of the functions of F is known"


def entropy_of(query: Query) -> EntropyBound:
    """The entropy bound of F; only asked where there is one."""
    entropy = query.F.entropy_bound(query.p)
    assert entropy is not None
    return entropy


def known_packing(A: Arithmetic[V], query: Query, witness: Witness) -> V:
    """log2 of how many functions of F are at pairwise distance > 2 eps + tau, both of the witness."""
    entropy, distance = entropy_of(query), 2 * fraction_of(witness, "eps") + fraction_of(witness, "tau")
    require(distance <= entropy.valid_below, f"2 eps + tau must be at most eps0={entropy.valid_below}")
    known = A.number(entropy.constant) * A.power(A.number(distance), -A.number(entropy.exponent))
    return known / A.log(A.number(2))


def search_separation(query: Query, allowed: Callable[[Any, Any], Any]) -> dict[str, Any]:
    """The largest eps, with its tau, for which F has more than 2^allowed(tau, packing) functions: floats, vectorised.

    For each share tau/(2 eps + tau) the largest 2 eps + tau is looked for, three times on finer and finer grids.
    ``allowed`` must not grow with tau. Raises HypothesisError where none of them is enough.
    """
    entropy = entropy_of(query)
    c, eps0, a = float(entropy.constant), float(entropy.valid_below), float(entropy.exponent)

    def first(x: Any) -> tuple[Any, Any]:
        """For each share (rows) the first x = log(eps0/(2 eps + tau)) that will do, and whether there is one."""
        with np.errstate(all="ignore"):
            distance = eps0 * np.exp(-x)
            packing = np.exp(np.log(c) - a * np.log(distance)) / np.log(2)
            bits = allowed(_SHARES * distance * ROUNDED, packing)
            enough = (packing > bits * (1 + 1e-5) + 1e-6) & (x >= 0)
        i = np.argmax(enough, axis=1)[:, None]
        return np.take_along_axis(np.broadcast_to(x, enough.shape), i, 1), np.take_along_axis(enough, i, 1)

    step = _STEP
    x, found = first(np.arange(0, _LARGEST, step)[None, :])
    if not found.any():
        raise HypothesisError("the entropy of F is too small against G for every 2 eps + tau above 1e-299 eps0")
    for _ in range(2):
        step /= _FINER
        x, _ = first(x - step * np.arange(_FINER)[None, ::-1])
    distance = np.where(found, eps0 * (1 - 1e-12) * np.exp(-x), 0.0)
    i = int(np.argmax((1 - _SHARES) * distance))
    share, largest = float(_SHARES[i, 0]), float(distance[i, 0])
    return {"eps": short_fraction((1 - share) * largest / 2), "tau": short_fraction(share * largest)}

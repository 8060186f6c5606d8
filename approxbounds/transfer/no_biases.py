"""Thom: networks without biases are homogeneous, and most functions are not. THEORY.md, Thom."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import numpy as np

from approxbounds.arithmetic import BALL, FLOAT, SYMBOLIC, Arithmetic, V
from approxbounds.errors import echo
from approxbounds.facts.rays import RayProfile
from approxbounds.render import below
from approxbounds.sources import Citation
from approxbounds.theorem import Query, Step, Theorem
from approxbounds.validation import Number, is_infinite, is_symbolic
from approxbounds.witness import Witness, fraction_of, require, short_fraction

__all__ = ["HomogeneityTheorem", "ray_distance"]

MOST_DEGREE = 10**60
_SHARES = np.exp2(-np.arange(160) / 8)
_ZEROS = np.exp(-np.geomspace(0.02, 30, 120))  # the measures of the sets on which a function is 0


def _integral(A: Arithmetic[V], n: V, *, extra: Number, power: int, start: V | None, since: V | None) -> V:
    """int_since^1 ((t - start)/(1 - start))^power t^extra n t^{n-1} dt; None stands for 0."""
    total = A.number(0)
    for i in range(power + 1):
        if start is None and i < power:
            continue
        m = n + A.number(extra) + i
        mass = 1 + 0 * m if since is None else 1 - A.power(since, m)
        term = comb(power, i) * n / m * mass
        total = total + (term if start is None or i == power else term * (-start) ** (power - i))
    return total if start is None or power == 0 else total / (1 - start) ** power


def ray_distance(A: Arithmetic[V], q: int, power: int, *, start: V | None, n: V, k: Number) -> V:
    """A lower bound on min_c ||phi - c t^k|| in L^q(n t^{n-1} dt), q = 1 or 2; phi as in a profile. q = 2: the value.

    q = 1: up to its sign the integral of phi sign(t - b), b^{n+k} = 1/2, as sign(t - b) is orthogonal to t^k; the value
    for phi = 1, and for k = 0.
    """
    if power == 0 and start is None:
        share = A.number(k) / (n + A.number(k))
        return share if q == 2 else A.power(A.number(2), share) - 1
    if q == 2:
        inner = _integral(A, n, extra=k, power=power, start=start, since=start)
        square = _integral(A, n, extra=0, power=2 * power, start=start, since=start)
        return A.power(square - inner * inner * (n + 2 * A.number(k)) / n, A.number(1) / 2)
    middle = A.power(A.number(1) / 2, 1 / (n + A.number(k)))
    later = middle if start is None else A.maximum(middle, start)
    after = _integral(A, n, extra=0, power=power, start=start, since=later)
    return 2 * after - _integral(A, n, extra=0, power=power, start=start, since=start)


def _weight(A: Arithmetic[V], p: Number, q: int, share: V) -> V:
    """1 / ||v|| for the weight v of which n/d is the share: share^{-1/q} ((p share - q)/(p - q))^{1/q-1/p}."""
    P, inverse = A.number(p), A.number(1) / q
    return A.power(share, -inverse) * A.power((P * share - q) / (P - q), inverse - 1 / P)


class HomogeneityTheorem(Theorem):
    """E_p >= R k/(d+k) for p >= 2, R (2^{k/(d+k)} - 1) for p >= 1, R for p = inf, whatever the size of the network.

    Hypotheses: g(tx) = t^k g(x) for all g in G (no biases, activations max(x,0)^q); functions of F that are h(y) phi(t)
    on the rays ty, max_j y_j = 1, such as constants R (k > 0) or R max_j x_j (k = 0, threshold units). Guarantee:
    E_p >= height * min_c ||phi - c t^k|| in L^p(d t^{d-1} dt). That is bounded by the exact value for q = 2 (p >= 2) or
    q = 1, for a weight t^{-(1-share)d} by Hoelder's inequality: with n = share * d, q/p < share <= 1,
    E_p >= height * share^{-1/q} ((p share - q)/(p - q))^{1/q-1/p} min_c ||phi - c t^k||_{L^q(n t^{n-1} dt)}.
    Exactly 1/2 for monotone functions and threshold units; R for p = inf, k > 0 in balls of bounded functions.
    Witness: ``profile``; for one of free start ``zero``, the measure of the set where it is 0; ``share`` unless p is
    1, 2 or inf.
    """

    id = "Thom"
    title = "Networks without biases"
    statement = (
        r"If $g(tx)=t^kg(x)$ for all $g\in G$, and some $f\in F$ is $h(y)\varphi(t)$ at $x=ty$, $\max_jy_j=1$, then "
        r"$E_p(F,G)\ge\bar h\,\min_c\|\varphi-ct^k\|_{L^p(d\,t^{d-1}dt)}$, $\bar h$ the mean of $|h|$: on each ray $g$ "
        r"is $ct^k$, whatever the size of the network."
    )
    citations = (Citation("approxbounds", "Thom"),)

    def refusal(self, query: Query) -> str | None:
        if query.G.homogeneity is None:
            return "G is not known to be positively homogeneous (networks without biases are, for ReLU powers)"
        if not is_symbolic(query.G.homogeneity) and query.G.homogeneity > MOST_DEGREE:
            return "the degree k of g(tx) = t^k g(x) is above 10^60"
        if not query.F.ray_profiles:
            return "no constants or steps are known in F"
        if not _usable(query):
            return "G is constant on rays, and no function in F is known that is not"
        return None

    def search(self, query: Query) -> Witness:
        found = max((_best(query, profile) for profile in _usable(query)), key=lambda scored: scored[0])
        return found[1]

    def evaluate(self, A: Arithmetic[V], query: Query, witness: Witness) -> V:
        named = [profile for profile in _usable(query) if profile.id == witness.get("profile")]
        require(bool(named), f"witness profile={echo(witness.get('profile'))} must be that of a function of use in F")
        profile, p, k = named[0], query.p, query.G.homogeneity
        if _simple(query, profile):
            return _simple_value(A, profile, k)
        q, start = (1 if p < 2 else 2), None
        height, d = A.number(profile.height), A.number(query.F.domain_dim)
        if profile.free:
            zero = fraction_of(witness, "zero")
            require(zero < 1, f"witness zero={echo(zero)} must be below 1")
            start = A.power(A.number(zero), 1 / d)
        if p == q:
            return height * ray_distance(A, q, profile.power, start=start, n=d, k=k)
        share = fraction_of(witness, "share")
        require(Fraction(q) / p < share <= 1, f"witness share={echo(share)} must be above q/p and at most 1")
        u = A.number(share)
        return height * _weight(A, p, q, u) * ray_distance(A, q, profile.power, start=start, n=d * u, k=k)

    def rate(self, query: Query) -> Any:
        import sympy

        return sympy.Integer(1)

    def expression(self, query: Query) -> Any:
        """The value for q = 2 (p >= 2) or q = 1, the best of the profiles; free ones start at 2^{-1/(d+k)}."""
        import sympy

        A, k, d = SYMBOLIC, query.G.homogeneity, SYMBOLIC.number(query.F.domain_dim)
        q = 2 if not is_symbolic(query.p) and query.p >= 2 else 1
        middle = A.power(A.number(1) / 2, 1 / (d + A.number(k)))
        forms = []
        for profile in _usable(query):
            if _simple(query, profile):
                forms.append(_simple_value(A, profile, k))
                continue
            start = middle if profile.free else None
            forms.append(A.number(profile.height) * ray_distance(A, q, profile.power, start=start, n=d, k=k))
        return forms[0] if len(forms) == 1 else sympy.Max(*forms)

    def outline(self, query: Query) -> tuple[Step, ...]:
        k = query.G.homogeneity
        shown = ", ".join(f"$f={profile.formula}$" for profile in _usable(query))
        return (
            _homogeneous(k),
            Step(f"$F$ contains functions such as {shown}."),
            Step(self.statement, self.citations),
        )

    def argument(self, query: Query, witness: Witness) -> tuple[Step, ...]:
        (profile,) = (profile for profile in _usable(query) if profile.id == witness["profile"])
        where = f", zero on a part of measure ${witness['zero']}$" if "zero" in witness else ""
        text = f"{self.statement} This gives ${below(self.evaluate(BALL, query, witness))}$"
        if "share" in witness:
            text += f", by H\u00f6lder's inequality with the weight $t^{{-(1-u)d}}$, $u={witness['share']}$"
        return (
            _homogeneous(query.G.homogeneity),
            Step(f"$F$ contains $f={profile.formula}${where}; $\\bar h\\ge{profile.height}$."),
            Step(text + ".", self.citations),
        )


def _homogeneous(k: Number) -> Step:
    return Step(f"There are no biases: $g(tx)=t^{{{k}}}g(x)$ for all $g\\in G$ and $t>0$.")


def _usable(query: Query) -> tuple[RayProfile, ...]:
    """The profiles that are not t^k on all rays; in sup norm, k > 0, those that are not 0 near 0."""
    k = query.G.homogeneity
    profiles = tuple(profile for profile in query.F.ray_profiles if profile.free or profile.power != k)
    if k == 0 or not is_infinite(query.p):
        return profiles
    return tuple(profile for profile in profiles if profile.power == 0 and not profile.free)


def _simple(query: Query, profile: RayProfile) -> bool:
    """Whether there is nothing to search for: in sup norm, and for a step at half of the cube and k = 0."""
    return is_infinite(query.p) or (query.G.homogeneity == 0 and profile.power == 0)


def _simple_value(A: Arithmetic[V], profile: RayProfile, k: Number) -> V:
    """k = 0: half of the range of phi, which is [0,1]; k > 0: c t^k is near 0 where t is."""
    height = A.number(profile.height)
    return height / 2 if k == 0 else height


def _best(query: Query, profile: RayProfile) -> tuple[float, dict[str, Any]]:
    """The largest value in floats over starts and shares, which are the same for all networks, and its witness."""
    p, d, k = query.p, float(query.F.domain_dim), query.G.homogeneity
    found: dict[str, Any] = {"profile": profile.id}
    if _simple(query, profile):
        return float(_simple_value(FLOAT, profile, k)), found
    q = 1 if p < 2 else 2
    shares = np.array([1.0]) if p == q else _SHARES[_SHARES * float(p) > q * (1 + 1e-4)]
    start = np.power(_ZEROS, 1 / d)[:, None] if profile.free else None
    with np.errstate(all="ignore"):
        values = ray_distance(FLOAT, q, profile.power, start=start, n=d * shares, k=k)
        values = np.atleast_2d(values if p == q else values * _weight(FLOAT, p, q, shares))
    values = np.nan_to_num(values)
    i, j = np.unravel_index(int(np.argmax(values)), values.shape)
    found |= {"zero": short_fraction(_ZEROS[i])} if profile.free else {}
    found |= {} if p == q else {"share": Fraction(1) if j == 0 else short_fraction(shares[j])}
    return float(values[i, j]) * float(profile.height), found

"""Rates from SymPy to one line of text or LaTeX: (L W log W)^(-1/2). Constant factors are dropped.

A rate is an order, so constants mean nothing in it: L^2 W log 2 + L W log W is shown as L W (L + log W).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

__all__ = ["exponent_in", "latex_rate", "text_rate"]

#: exponent -> factors that carry it
Factors = dict[Any, list[Any]]


def _without_constants(expression: Any) -> Any:
    """The expression with constant factors of products and of the terms of sums removed."""
    if expression.is_Add:
        return sympy.factor(sympy.Add(*(_without_constants(term) for term in expression.args)))
    if expression.is_Mul:
        return sympy.Mul(*(_without_constants(factor) for factor in expression.args if factor.free_symbols))
    if expression.is_Pow:
        return _without_constants(expression.base) ** expression.exp
    return expression


def _factors(rate: Any) -> Factors:
    """The factors of a rate, grouped by exponent; symbols come before logarithms and sums."""
    found: Factors = {}
    for base, exponent in sympy.powdenest(_without_constants(rate), force=True).as_powers_dict().items():
        if base.free_symbols:
            found.setdefault(exponent, []).append(base)
    for bases in found.values():
        bases.sort(key=lambda base: (not base.is_Symbol, base.is_Add, str(base)))
    return dict(sorted(found.items(), key=lambda item: (min(not b.is_Symbol for b in item[1]), item[0])))


def exponent_in(rate: Any, name: str) -> Fraction:
    """The power of the symbol ``name`` as it grows and the others are fixed; logarithms do not count.

    >>> W, L = sympy.symbols("W L", positive=True)
    >>> exponent_in((L * W * sympy.log(W)) ** sympy.Rational(-1, 2), "W")
    Fraction(-1, 2)
    >>> exponent_in(sympy.Min(W**2, L**2 * W + L * W * sympy.log(W)) ** sympy.Rational(-1, 4), "W")
    Fraction(-1, 4)
    """
    if rate.is_Symbol:
        return Fraction(int(rate.name == name))
    if rate.is_number or isinstance(rate, sympy.log):
        return Fraction(0)
    if rate.is_Pow and rate.exp.is_Rational:
        return exponent_in(rate.base, name) * Fraction(int(rate.exp.p), int(rate.exp.q))
    combine: dict[Any, Any] = {sympy.Mul: sum, sympy.Add: max, sympy.Max: max, sympy.Min: min}
    if rate.func not in combine:
        raise ValueError(f"rate={rate}: no power of {name} is defined")
    return Fraction(combine[rate.func](exponent_in(part, name) for part in rate.args))


def _base(base: Any, *, tex: bool) -> str:
    if base.is_Add:
        terms = sorted(base.args, key=lambda term: (not term.is_Symbol, str(term)))
        return "(" + " + ".join(_base(term, tex=tex) for term in terms) + ")"
    if isinstance(base, sympy.log):
        inner = base.args[0]
        shown = _base(inner, tex=tex) if inner.is_Symbol else f"({_product(inner, tex=tex)})"
        return (r"\log " if tex else "log ") + shown
    if isinstance(base, sympy.Min):
        inner = ", ".join(sorted(_product(_without_constants(term), tex=tex) for term in base.args))
        return (r"\min(" if tex else "min(") + inner + ")"
    if base.is_Mul:
        return _product(base, tex=tex)
    return str(sympy.latex(base)) if tex else str(base)


def _product(expression: Any, *, tex: bool) -> str:
    return _render(_factors(expression), tex=tex)


def _render(factors: Factors, *, tex: bool) -> str:
    if not factors:
        return "1"
    parts = []
    for exponent, bases in factors.items():
        shown = ("" if tex else " ").join(_base(base, tex=tex) for base in bases)
        if exponent == 1:
            parts.append(shown)
            continue
        single = len(bases) == 1 and (bases[0].is_Symbol or isinstance(bases[0], sympy.Min))
        power = f"^{{{exponent}}}" if tex else (f"^({exponent})" if "/" in str(exponent) else f"^{exponent}")
        parts.append((shown if single or (len(bases) == 1 and bases[0].is_Add) else f"({shown})") + power)
    return (r"\," if tex else " ").join(parts)


def text_rate(rate: Any) -> str:
    """The rate as text.

    >>> W, L = sympy.symbols("W L", positive=True)
    >>> text_rate((L * W) ** sympy.Rational(-1, 2) * sympy.log(W) ** sympy.Rational(-3, 2))
    '(L W)^(-1/2) (log W)^(-3/2)'
    >>> text_rate(1 / sympy.Min(W**2, L**2 * W + L * W * sympy.log(W)))
    'min(L W (L + log W), W^2)^-1'
    """
    return _render(_factors(sympy.sympify(rate)), tex=False)


def latex_rate(rate: Any) -> str:
    r"""The rate as LaTeX, without dollars.

    >>> W = sympy.Symbol("W", positive=True)
    >>> latex_rate((W * sympy.log(W)) ** sympy.Rational(-1, 4))
    '(W\\log W)^{-1/4}'
    """
    return _render(_factors(sympy.sympify(rate)), tex=True)

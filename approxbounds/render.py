"""Derivations as Markdown with LaTeX; numbers rounded to the safe side."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

from approxbounds.arithmetic import BALL, Value, ceil_float, floor_float
from approxbounds.sources import Citation
from approxbounds.theorem import Step

__all__ = [
    "Derivation",
    "above",
    "below",
    "given",
    "latex",
    "markdown",
    "math",
    "math_number",
    "number",
    "plain",
    "rounded",
]


_INFINITY = float("inf")


class Derivation(str):
    """Markdown text with LaTeX between dollars, which notebooks show rendered."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)  # lines to read in a terminal

    def _repr_markdown_(self) -> str:
        return str(self)


def _shown(value: float | Fraction, up: bool, digits: int) -> Decimal:
    """A number to some digits, rounded upwards or downwards, never to nearest."""
    context = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    numerator, denominator = value.as_integer_ratio()
    return context.divide(Decimal(numerator), Decimal(denominator)).normalize(context)


def rounded(value: float | Fraction, up: bool, digits: int = 6) -> str:
    """LaTeX of a number, rounded upwards or downwards.

    >>> rounded(0.00355692, up=False, digits=4), rounded(1.5e-9, up=True)
    ('0.003556', '1.5 \\\\cdot 10^{-9}')
    """
    if isinstance(value, int):
        return str(value)
    if value == _INFINITY:
        return r"\infty"
    shown = _shown(value, up, digits)
    if shown == 0 or -5 <= shown.adjusted() <= 9:
        return f"{shown:f}"
    mantissa = shown.scaleb(-shown.adjusted()).normalize()
    return rf"{mantissa:f} \cdot 10^{{{shown.adjusted()}}}"


def number(value: float | Fraction, up: bool, digits: int = 6) -> str:
    """Plain text of a number, rounded upwards or downwards.

    >>> number(1.338256e-06, up=False), number(306, up=True), number(0.25, up=False), number(float("inf"), up=False)
    ('1.33825e-6', '306', '0.25', 'inf')
    """
    if isinstance(value, int):
        return str(value)
    if value == _INFINITY:
        return "inf"
    shown = _shown(value, up, digits)
    if shown == 0 or -5 <= shown.adjusted() <= 9:
        return f"{shown:f}"
    return f"{shown.scaleb(-shown.adjusted()).normalize():f}e{shown.adjusted()}"


def below(value: Value) -> str:
    """LaTeX of a number certainly below a ball (or an exact number)."""
    return rounded(floor_float(BALL.number(value)), False)


def above(value: Value) -> str:
    """LaTeX of a number certainly above a ball (or an exact number)."""
    return rounded(ceil_float(BALL.number(value)), True)


def latex(expression: Any) -> str:
    """LaTeX of a SymPy expression."""
    import sympy

    if isinstance(expression, Fraction):
        expression = sympy.Rational(expression.numerator, expression.denominator)
    return str(sympy.latex(expression))


def math(expression: Any) -> str:
    """A SymPy expression as LaTeX between dollars."""
    return f"${latex(expression)}$"


def math_number(value: float | Fraction, up: bool, digits: int = 6) -> str:
    """A number as LaTeX between dollars, rounded upwards or downwards."""
    return f"${rounded(value, up, digits)}$"


def plain(quantity: str) -> str:
    r"""The LaTeX of a quantity as plain text.

    >>> plain(r"E_{\infty}(F, G)"), plain(r"\operatorname{Pdim}(G)")
    ('E_inf(F, G)', 'Pdim(G)')
    """
    for latex_name, name in ((r"\operatorname", ""), (r"\infty", "inf"), (r"\log", "log"), ("{", ""), ("}", "")):
        quantity = quantity.replace(latex_name, name)
    return quantity


def given(foreign: Iterable[str]) -> list[str]:
    """What a table says of code from outside: a line that names it, or no line.

    >>> given(["mine.JumpTheorem", "mine.JumpTheorem"]), given([])
    (['taken at its word, from outside: mine.JumpTheorem'], [])
    """
    names = ", ".join(dict.fromkeys(foreign))
    return [f"taken at its word, from outside: {names}"] if names else []


def markdown(claim: str, steps: tuple[Step, ...], sources: tuple[Citation, ...]) -> Derivation:
    """The claim, the numbered steps with their citations, and the list of sources."""
    lines = [f"**Claim.** ${claim}$", ""]
    for number, step in enumerate(steps, 1):
        cited = f" [{'; '.join(map(str, step.citations))}]" if step.citations else ""
        lines.append(f"{number}. {step.text}{cited}")
    if sources:
        lines += ["", "**Sources**", ""]
        unique = {source.key: source for source in sources}
        lines += [f"- {s.authors} ({s.year}): *{s.title}* (`{s.key}`)" for s in unique.values()]
    return Derivation("\n".join(lines) + "\n")

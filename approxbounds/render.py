"""Derivations as Markdown, LaTeX and HTML; numbers rounded to the safe side."""

from __future__ import annotations

import html as _html
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from approxbounds.sources import Citation
from approxbounds.theorem import Step

__all__ = ["html", "latex", "markdown", "plain", "rounded", "table"]


def rounded(value: float | int, up: bool, digits: int = 6) -> str:
    """LaTeX of a number to some digits, rounded upwards or downwards, never to nearest.

    >>> rounded(0.00355692, up=False, digits=4), rounded(1.5e-9, up=True)
    ('0.003556', '1.5 \\\\cdot 10^{-9}')
    """
    if isinstance(value, int):
        return str(value)
    context = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    shown = context.create_decimal(Decimal(value)).normalize(context)
    if shown == 0 or -5 <= shown.adjusted() <= 9:
        return f"{shown:f}"
    mantissa = shown.scaleb(-shown.adjusted()).normalize(context)
    return rf"{mantissa:f} \cdot 10^{{{shown.adjusted()}}}"


def latex(expression: Any) -> str:
    """LaTeX of a SymPy expression."""
    import sympy

    return str(sympy.latex(expression))


def plain(quantity: str) -> str:
    r"""The LaTeX of a quantity as plain text.

    >>> plain(r"E_{\infty}(F, G)"), plain(r"\operatorname{Pdim}(G)")
    ('E_inf(F, G)', 'Pdim(G)')
    """
    for latex_name, name in ((r"\operatorname", ""), (r"\infty", "inf"), (r"\log", "log"), ("{", ""), ("}", "")):
        quantity = quantity.replace(latex_name, name)
    return quantity


def markdown(claim: str, steps: tuple[Step, ...], sources: tuple[Citation, ...]) -> str:
    """The claim, the numbered steps with their citations, and the list of sources."""
    lines = [f"**Claim.** ${claim}$", ""]
    for number, step in enumerate(steps, 1):
        cited = f" [{'; '.join(map(str, step.citations))}]" if step.citations else ""
        lines.append(f"{number}. {step.text}{cited}")
    if sources:
        lines += ["", "**Sources**", ""]
        unique = {source.key: source for source in sources}
        lines += [f"- {s.authors} ({s.year}): *{s.title}* (`{s.key}`)" for s in unique.values()]
    return "\n".join(lines) + "\n"


def html(claim: str, steps: tuple[Step, ...], sources: tuple[Citation, ...]) -> str:
    """The same as HTML for notebooks (formulas stay between dollars for MathJax)."""
    items = []
    for step in steps:
        cited = "; ".join(map(str, step.citations))
        note = f" <small>[{_html.escape(cited)}]</small>" if cited else ""
        text = _html.escape(step.text, quote=False).replace("\n", "<br>")
        items.append(f"<li>{text}{note}</li>")
    unique = {source.key: source for source in sources}
    listed = "".join(f"<li>{_html.escape(f'{s.authors} ({s.year}): {s.title}')}</li>" for s in unique.values())
    tail = f"<p><b>Sources</b></p><ul>{listed}</ul>" if listed else ""
    head = f"<p><b>$\\displaystyle {_html.escape(claim, quote=False)}$</b></p>"
    return f"<div>{head}<ol>{''.join(items)}</ol>{tail}</div>"


def table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A plain text table with aligned columns."""
    cells = [header] + [tuple(map(str, row)) for row in rows]
    sizes = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])

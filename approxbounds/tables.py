"""Writers of tables: aligned text, Markdown, LaTeX (booktabs), CSV and HTML, all from a header and rows of cells.

An empty row separates groups (a blank line in text, a rule in LaTeX). Markdown and LaTeX cells are source
code in these languages: :func:`latex_text` escapes plain text, :func:`code` marks it in Markdown.
"""

from __future__ import annotations

import csv as _csv
import html as _html
import io
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any, TypeAlias

__all__ = [
    "FEW",
    "Row",
    "code",
    "csv",
    "filled",
    "fitted",
    "html",
    "latex",
    "latex_text",
    "markdown",
    "more",
    "terminal_width",
    "text",
]

Row: TypeAlias = Sequence[str]

#: Rows of a table that a terminal shows of its own accord.
FEW = 5
_NARROWEST = 24  # words are not cut, so narrower text would not fit either

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        '"': "''",
        "|": r"\textbar{}",
        **{character: rf"\{character}" for character in "&%$#_{}"},
    }
)


def latex_text(plain: str) -> str:
    r"""Plain text as LaTeX source.

    >>> print(latex_text("50% of 2^n & {x_1}"))
    50\% of 2\textasciicircum{}n \& \{x\_1\}
    """
    return plain.translate(_LATEX)


def code(plain: str) -> str:
    """Plain text as a Markdown code span, in which nothing has a meaning of its own.

    >>> code("(50,)*3")
    '`(50,)*3`'
    """
    return f"`` {plain} ``" if "`" in plain else f"`{plain}`"


def text(header: Row, rows: Sequence[Row]) -> str:
    """Columns aligned by spaces below a line of dashes.

    >>> print(text(("p", "lower"), [("1", "0.25"), (), ("inf", "0.5")]))
    p    lower
    ----------
    1    0.25
    <BLANKLINE>
    inf  0.5
    """
    filled = [header, *(row for row in rows if row)]
    sizes = [max(len(row[i]) for row in filled) for i in range(len(header))]

    def line(row: Row) -> str:
        return "  ".join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True)).rstrip() if row else ""

    lines = [line(header), *map(line, rows)]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def terminal_width() -> int:
    """Columns of the terminal, as COLUMNS says or it tells itself; 80 where there is none."""
    return max(shutil.get_terminal_size().columns, _NARROWEST)


def filled(words: str, *, width: int, indent: str = "", hanging: str = "    ") -> str:
    """Lines of at most the width where no single word is longer; the first has the indent, the others also hang.

    >>> print(filled("T3inf: it is about the sup norm", width=24))
    T3inf: it is about the
        sup norm
    """
    kept = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.fill(words, width, initial_indent=indent, subsequent_indent=indent + hanging, **kept)  # type: ignore[arg-type]


def fitted(header: Row, rows: Sequence[Row], *, width: int) -> str:
    """The table as :func:`text` if it fits into the width, else the cells of each row one below the other.

    >>> rows = [("LipschitzBall(dim=2, radius=1)", "1"), ("MonotoneFunctions(dim=2)", "inf")]
    >>> print(fitted(("F", "p"), rows, width=33))
    F  LipschitzBall(dim=2, radius=1)
    p  1
    <BLANKLINE>
    F  MonotoneFunctions(dim=2)
    p  inf
    """
    shown = text(header, rows)
    if max(map(len, shown.split("\n"))) <= width:
        return shown
    size = max(map(len, header)) + 2
    hanging = " " * (size if width - size >= 30 else 4)

    def cells(row: Row) -> str:
        pairs = zip(header, row, strict=True)
        return "\n".join(filled(name.ljust(size) + cell, width=width, hanging=hanging) for name, cell in pairs)

    return "\n\n".join(cells(row) for row in rows if row)


def more(rows: int) -> list[str]:
    """What to say below the first :data:`FEW` of so many rows: nothing, or how many there are.

    >>> more(10), more(12)
    (['... and 5 more; print shows all'], ['... and 7 more; print shows all'])
    """
    return [f"... and {rows - FEW} more; print shows all"] if rows > FEW else []


def markdown(header: Row, rows: Sequence[Row]) -> str:
    """A Markdown table; vertical bars inside cells are escaped.

    >>> print(markdown(("p", "lower"), [("1", "$0.25$")]))
    | p | lower |
    |---|---|
    | 1 | $0.25$ |
    """

    def line(row: Row) -> str:
        return "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"

    return "\n".join([line(header), "|" + "---|" * len(header), *(line(row) for row in rows if row)])


def latex(header: Row, rows: Sequence[Row], columns: str) -> str:
    r"""A tabular with booktabs rules; ``columns`` is its column specification.

    >>> print(latex(("$p$", "lower"), [("1", "$0.25$")], "rl"))
    \begin{tabular}{rl}
    \toprule
    $p$ & lower \\
    \midrule
    1 & $0.25$ \\
    \bottomrule
    \end{tabular}
    """

    def line(row: Row) -> str:
        return " & ".join(row).lstrip() + r" \\" if row else r"\midrule"

    body = [r"\toprule", line(header), r"\midrule", *map(line, rows), r"\bottomrule"]
    return "\n".join([rf"\begin{{tabular}}{{{columns}}}", *body, r"\end{tabular}"])


def csv(header: Row, rows: Sequence[Sequence[Any]]) -> str:
    """Comma-separated values (RFC 4180 quotes, lines end with a newline): None is empty, lists have semicolons.

    >>> print(csv(("F", "p", "sources"), [("HolderBall(smoothness=1, dim=2)", 2, ["A", "B"]), (None, 2, [])]), end="")
    F,p,sources
    "HolderBall(smoothness=1, dim=2)",2,A;B
    ,2,
    """

    def line(row: Sequence[Any]) -> list[Any]:
        return [";".join(cell) if isinstance(cell, list) else cell for cell in row]

    buffer = io.StringIO()
    _csv.writer(buffer, lineterminator="\n").writerows([header, *(line(row) for row in rows if row)])
    return buffer.getvalue()


def html(header: Row, rows: Sequence[Row]) -> str:
    """An HTML table, its columns aligned left in notebooks, too; cells are plain text with LaTeX between dollars.

    >>> html(("p",), [("<1>",)])
    '<table><tr><th style="text-align:left">p</th></tr><tr><td style="text-align:left">&lt;1&gt;</td></tr></table>'
    """

    def line(row: Row, tag: str) -> str:
        cells = (f'<{tag} style="text-align:left">{_html.escape(cell)}</{tag}>' for cell in row)
        return f"<tr>{''.join(cells)}</tr>"

    return f"<table>{''.join([line(header, 'th'), *(line(row, 'td') for row in rows if row)])}</table>"

"""Formulas of docstrings, which are plain text for the terminal, as formulas of the site.

A word is mathematical if it consists of signs, numbers, single letters and names such as ``alpha`` and ``sup``. Of
mathematical words in a row, those with a sign become one formula; single letters do, too. Everything else stays.
"""

from __future__ import annotations

import re

__all__ = ["as_rst"]

GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "eps", "eta", "theta", "lambda", "Lambda", "mu", "nu", "pi", "Pi"),
    *("psi", "phi", "rho", "sigma", "tau", "omega"),
)
FUNCTIONS = ("sum", "prod", "max", "min", "sup", "inf", "log", "log2", "exp", "ceil", "floor", "Pdim", "fat", "sqrt")
LATEX = {
    **{name: rf"\{name} " for name in GREEK},
    **{name: rf"\{name} " for name in ("sum", "prod", "max", "min", "sup", "log", "exp")},
    "eps": r"\varepsilon ",
    "inf": r"\infty ",
    "log2": r"\log_2 ",
    **{name: rf"\operatorname{{{name}}}" for name in ("ceil", "floor", "Pdim", "fat", "sqrt")},
    **{"<=": r"\le ", ">=": r"\ge ", "->": r"\to ", "*": r"\cdot ", "||": r"\|", "..": r"\ldots ", "...": r"\ldots "},
    "<": r"\lt ",
}
NAME = "|".join(sorted((*GREEK, *FUNCTIONS), key=len, reverse=True))
SIGN = r"<=|>=|->|\|\||\.{2,3}|[-+*/=<>^_|!]"
TOKEN = re.compile(rf"(?P<name>(?:{NAME})(?![a-zA-Z]))|\d+(?:\.\d+)?|(?:{SIGN})|(?P<letter>[a-zA-Z]'*)|[(){{}}\[\],]")
#: A subscript or an exponent in parentheses, or of several letters or digits.
SCRIPT = re.compile(r"([_^])(?:\(([^()]*)\)|(-?(?:\d+|[a-zA-Z][a-zA-Z0-9]+)|-[a-zA-Z]))")
#: A sign that wants more, and a word that may be an article.
DANGLING = re.compile(r"^[-+*/^_] |(?<![_^])[-+/=<>]$|[_^]$| \*$")
ARTICLE = re.compile(rf"^[aAI]$|^[aAI] (?!{SIGN})|(?<![-+*/=<>]) [aAI]$")
LITERAL = re.compile(r"(``.*?``|:[a-z:]+:`.*?`)")


def mathematical(word: str) -> bool:
    """Whether a word consists of signs, numbers, letters and names that formulas have.

    >>> [word for word in ("k^{-s}", "f_omega", "(1/p)", "T3", "network", "2k", "dim=2") if mathematical(word)]
    ['k^{-s}', 'f_omega', '(1/p)', '2k']
    """
    if word not in FUNCTIONS and re.fullmatch(r"([A-Za-z]+\d+\w*)?", word):
        return False  # T3 is a name
    word, place, letter = re.sub(r"([_^])[a-zA-Z][a-zA-Z0-9]*", r"\1x", word), 0, False
    while place < len(word):
        match = TOKEN.match(word, place)
        if match is None or (letter and match["letter"]):  # two letters in a row are a word
            return False
        letter, place = bool(match["letter"]), match.end()
    return True


def depth(text: str) -> int:
    """How many brackets are open at the end, where half-open intervals count as pairs; -1 if one closes too early."""
    found = 0
    for sign in text:
        found += (sign in "([{") - (sign in ")]}")
        if found < 0:
            return -1
    return found


def whole(formula: str) -> bool:
    """Whether brackets are paired and norms are closed, and no sign at the beginning or the end wants more."""
    return depth(formula) == formula.count("|") % 2 == 0 and not DANGLING.search(formula)


def latex(formula: str) -> str:
    r"""The formula in LaTeX, sign by sign.

    >>> latex("||w||_p <= 2 I_p k^(-s)")
    '\\|w\\|_p \\le  2 I_p k^{-s}'
    >>> latex("inf_g |x-y|_2^alpha < 2^N/V(N,h-1), p < inf, t* in max{0, x^{1/d}}^10")
    '\\inf _g |x-y|_{2}^{\\alpha } \\lt  2^N/V(N,h-1), p \\lt  \\infty , t^{*} in \\max \\{0, x^{1/d}\\}^{10}'
    """
    opened: list[bool] = []  # whether the brace is shown
    shown = ""
    for place, sign in enumerate(formula):
        if sign == "{":
            opened.append(place == 0 or formula[place - 1] not in "_^")
        shown += "\\" * (sign in "{}" and (opened[-1] if sign == "{" else opened.pop())) + sign
    shown = SCRIPT.sub(lambda match: f"{match[1]}{{{match[2] or match[3]}}}", shown)
    shown = re.sub(r"(?<=\w)\*(?![\w(])", "^{*}", shown).replace("inf_", r"\inf _")
    return re.sub(rf"(?<![a-zA-Z\\])(?:{NAME})(?![a-zA-Z])|(?<!\{{)(?:{SIGN})", _as_latex, shown).strip()


def _as_latex(match: re.Match[str]) -> str:
    return LATEX.get(match[0], match[0])


def as_rst(text: str) -> str:
    r"""A paragraph as reStructuredText, with its formulas as such.

    >>> as_rst("Functions on [0,1]^d with |f| <= R, a class T3 of ``G``")
    'Functions on :math:`[0,1]^d` with :math:`|f| \\le  R`, a class T3 of ``G``'
    >>> as_rst("E_p >= (||w||_p - eta) S (so p < inf), max(d, (d-1)p) a priori.")
    ':math:`E_p \\ge  (\\|w\\|_p - \\eta ) S` (so :math:`p \\lt  \\infty`), :math:`\\max (d, (d-1)p)` a priori.'
    >>> as_rst("per_side^d cubes | and (s, a number or_else (N B)^q (1 if s = 0)")
    'per\\_side^d cubes \\| and (:math:`s`, a number or\\_else :math:`(N B)^q` (1 if :math:`s = 0`)'
    """
    parts = LITERAL.split(text)
    parts[::2] = [_prose(part) for part in parts[::2]]
    return "".join(parts)


def _prose(text: str) -> str:
    shown: list[str] = []
    run: list[str] = []
    for word in text.split(" "):
        bare = word.rstrip(".;:,")
        if not mathematical(bare.strip("()")) and not mathematical(bare):
            shown += [*_shown(run), _escaped(word)]
            run = []
            continue
        run.append(word)
        if bare != word and not (word.endswith(",") and depth(" ".join(run)) > 0):  # a comma between arguments
            shown += _shown(run)
            run = []
    return " ".join([*shown, *_shown(run)])


def _shown(run: list[str]) -> list[str]:
    """A run of mathematical words, the longest whole formula in it as such."""
    for length in range(len(run), 0, -1):
        for start in range(len(run) - length + 1):
            before, formula, after = _trimmed(" ".join(run[start : start + length]))
            single = re.fullmatch(rf"[b-zB-HJ-Z]|{'|'.join(GREEK)}", formula)
            signs = re.search(SIGN, formula) and re.search(r"\w", formula) and whole(formula)
            if (single or signs) and not ARTICLE.search(formula):
                inner = f"{before}:math:`{latex(formula)}`{after}"
                return [*_shown(run[:start]), inner, *_shown(run[start + length :])]
    return [_escaped(word) for word in run]


def _trimmed(formula: str) -> tuple[str, str, str]:
    """The formula without the brackets and stops of the sentence around it."""
    before = after = ""
    while True:
        if re.search(r"[.;:,]$", formula) and not formula.endswith(".."):
            formula, after = formula[:-1], formula[-1] + after
        elif formula.startswith("(") and depth(formula) > 0 and depth(formula[1:]) >= 0:
            formula, before = formula[1:], before + "("
        elif formula.endswith(")") and depth(formula) < 0:
            formula, after = formula[:-1], ")" + after
        else:
            return before, formula, after


def _escaped(text: str) -> str:
    """Signs that mean something in reStructuredText."""
    return re.sub(r"[|*\\`]|(?<=\w)_", r"\\\g<0>", text)

"""Comparison tables and their writers; verdicts on L^p and sup norm claim only what the bounds prove."""

import csv
import io
import re
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

import approxbounds as ab
from approxbounds import tables
from approxbounds.asymptotics import decays_more_slowly, powers, same_order
from approxbounds.bound import Bound, strongest_rate
from approxbounds.query import Candidates
from approxbounds.theorem import Query
from approxbounds.verdict import Known, Norms, verdict

W, L, D, s, d = sympy.symbols("W L D s d", positive=True)
LOG = sympy.log(W)
DEEP = (64,) * 4
HOLDER, MONOTONE = ab.HolderBall(smoothness="1/2", dim=2), ab.MonotoneFunctions(dim=2)
RELU, HEAVISIDE = ab.ReLUNetwork(widths=DEEP, input_dim=2), ab.HeavisideNetwork(widths=(20, 100), input_dim=2)
LINEAR = ab.LinearSpace(dimension=20)


@pytest.fixture(scope="module")
def comparison():
    return ab.compare([MONOTONE, HOLDER, ab.BarronBall(dim=2)], [RELU, HEAVISIDE, LINEAR], [1, "5/2", "inf"])


# ---------------------------------------------------------------------------------------------------- orders


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (1, {}),
        (sympy.Rational(3, 7), {}),
        (LOG**-3, {}),
        (sympy.log(sympy.log(W)), {}),
        (5 * W**2 / L, {W: 2, L: -1}),
        ((L * W * LOG) ** (-s / d), {W: -s / d, L: -s / d}),
        ((L * W) ** (-1 / d) * LOG ** (-3 / d), {W: -1 / d, L: -1 / d}),
        ((W * L / (LOG * sympy.log(L)) ** 2) ** -2, {W: -2, L: -2}),
        ((W ** (s + 1) * L) ** -d, {W: -d * (s + 1), L: -d}),
        (W**s * W**-s, {}),
    ],
)
def test_powers(rate, expected):
    found = powers(rate)
    assert set(found) == set(expected)
    assert all(sympy.simplify(found[symbol] - expected[symbol]) == 0 for symbol in expected)


@pytest.mark.parametrize(
    "rate", [W + L, W + LOG, sympy.Min(W, L**2), 1 / sympy.Max(W, L), W**W, sympy.exp(W), (W + 1) ** -2]
)
def test_nothing_is_said_of_other_rates(rate):
    assert powers(rate) is None
    assert not same_order(rate, rate) and not decays_more_slowly(1, rate) and not decays_more_slowly(rate, 1 / W**9)


@pytest.mark.parametrize(
    ("slow", "fast", "certain"),
    [
        (1, W**-s, True),
        (W ** (-s / (d + 1)), W ** (-s / d), True),
        (1 / (W * LOG**9), 1 / (W * L), True),
        (W**-s, W ** (-d), False),  # s against d: unknown
        (W**-1, LOG**5 / W, False),  # logarithms decide nothing
        (1 / (L * W), L / W**2, False),  # faster in W, slower in L
        (W ** (-1 / sympy.Piecewise((d, sympy.Eq(d, 1)), (sympy.oo, True))), 1 / W, False),
        (W ** sympy.Rational(-999, 1000), LOG**5 / W, True),
    ],
)
def test_decay(slow, fast, certain):
    assert decays_more_slowly(slow, fast) is certain
    assert not decays_more_slowly(fast, slow)


class Toy(ab.Theorem):
    """A bound of a given order on the fat-shattering dimension."""

    inputs = ("network", "gamma")
    numeric = False

    def __init__(self, rate, direction=ab.Direction.UPPER):
        self.order, self.direction = rate, direction

    def refusal(self, query):
        return None

    def rate(self, query):
        return self.order


GAMMA = sympy.Symbol("gamma", positive=True)


@pytest.mark.parametrize(
    ("weak", "strong", "gamma"),
    [
        (GAMMA**-3, GAMMA**-2, Fraction(1, 9)),
        (1 / GAMMA, LOG**2, GAMMA),
        (L * GAMMA**-2, GAMMA**-2, GAMMA),
        (W**2, W, 1 / W),
    ],
    ids=str,
)
def test_fat_shattering_dimensions_are_compared_as_gamma_tends_to_0(weak, strong, gamma):
    """Upper bounds, and the same as lower bounds, in either order; gamma = 1/W tends to 0 as W grows."""
    query = Query(network=LINEAR, gamma=gamma)
    for direction, expected in ((ab.Direction.UPPER, strong), (ab.Direction.LOWER, weak)):
        rated = [Bound(Toy(rate, direction), query) for rate in (weak, strong)]
        assert strongest_rate(rated).rate == strongest_rate(rated[::-1]).rate == expected


def test_where_sizes_and_gamma_disagree_the_first_stays():
    rated = [Bound(Toy(rate), Query(network=LINEAR, gamma=GAMMA)) for rate in (W / GAMMA, GAMMA**-2)]
    assert strongest_rate(rated) is rated[0] and strongest_rate(rated[::-1]) is rated[1]


SIZE = ab.NetworkSize(weights=W, depth=L)


@pytest.mark.parametrize(
    ("F", "G", "p", "order"),
    [
        (HOLDER, RELU, 2, "1/(L*epsilon**4*log(1/epsilon))"),
        (
            ab.HolderBall(smoothness=s, dim=d),
            ab.NetworkSize(weights=W, depth=L),
            2,
            "1/(L*epsilon**(d/s)*log(1/epsilon))",
        ),
        (MONOTONE, RELU, "inf", "oo"),  # no number of weights suffices
        (HOLDER, LINEAR, 2, None),  # a rate in the dimension of a space
    ],
)
def test_order_of_the_weights_that_an_error_needs(F, G, p, order):
    (entry,) = ab.compare(F, G, p)
    found = entry.record()["weights_order"]
    assert found == order
    assert f" {'inf' if order == 'oo' else order or '-'} " in entry_row(entry)


def entry_row(entry):
    """The row of an entry in a table of its own."""
    return ab.comparison.Comparison((entry,)).to_text()


# -------------------------------------------------------------------------------------------------- verdicts


@pytest.mark.parametrize("p", [1, 2, "7/2", 40])
@pytest.mark.parametrize(
    ("F", "G", "norms"),
    [
        (MONOTONE, RELU, "differ"),
        (MONOTONE, HEAVISIDE, "differ"),
        (ab.MonotoneFunctions(dim=3), ab.ReLUPowerNetwork(widths=(99, 99), input_dim=3), "differ"),
        (MONOTONE, ab.HeavisideNetwork(widths=(99,), input_dim=2), "open"),  # no upper order with one hidden layer
        (MONOTONE, LINEAR, "open"),
        (HOLDER, RELU, "same order"),
        (ab.HolderBall(smoothness=3, dim=2), RELU, "same order"),
        (ab.HolderBall(smoothness="17/10", dim=2), RELU, "same order"),
        (ab.LipschitzBall(dim=2), ab.FeedForwardNetwork(widths=DEEP, input_dim=2, degree=1, pieces=2), "same order"),
        (HOLDER, HEAVISIDE, "same order"),
        (
            ab.HolderBall(smoothness="1/2", dim=3),
            ab.HeavisideNetwork(widths=(9, 99), input_dim=3),
            "open",
        ),  # orders apart
        (HOLDER, ab.FeedForwardNetwork(widths=DEEP, input_dim=2, degree=2, pieces=2), "open"),  # L^2 W against L W
        (HOLDER, LINEAR, "open"),
        (HOLDER, replace(RELU, bits=8), "open"),  # upper bounds are for real weights
        (HOLDER, ab.Union(members=(RELU, HEAVISIDE)), "open"),
        (ab.BarronBall(dim=2), RELU, "open"),
        (ab.HolderBall(smoothness=s, dim=d), ab.NetworkSize(weights=W, depth=L), "same order"),
    ],
)
def test_verdicts(F, G, norms, p):
    (entry,) = ab.compare(F, G, p)
    assert entry.norms == Norms(norms), entry.reason
    if norms == "open":
        assert entry.premises == ()
        return
    low, high = entry.premises
    assert (low.direction, high.direction) == (ab.Direction.LOWER, ab.Direction.UPPER)
    sup = low if norms == "differ" else high  # E_inf >= low and E_p <= high, or E_p >= low and E_inf <= high
    assert sup.query.p == float("inf") and {low.query.p, high.query.p} == {entry.query.p, float("inf")}
    assert f"[{low.theorem.id}]" in entry.reason and f"[{high.theorem.id}]" in entry.reason


def test_a_symbolic_dimension_may_be_one():
    """For d = 1 monotone functions are approximated in sup norm, so the order in sup norm must not be 1."""
    dim = sympy.Symbol("d", positive=True)
    rate = ab.lower_bound(ab.MonotoneFunctions(dim=dim), ab.NetworkSize(weights=W, depth=L), p="inf").rate
    assert rate.subs(dim, 1) == 1 / (L * W * LOG) and rate.subs(dim, 2) == 1
    assert (
        ab.compare(ab.MonotoneFunctions(dim=dim), ab.NetworkSize(weights=W, depth=L), 2).entries[0].norms is Norms.OPEN
    )


def test_numbers_decide_where_orders_do_not():
    known, sup = (Known(ab.lower_bounds(HOLDER, LINEAR, p=p), Candidates(())) for p in (2, "inf"))
    height = Known.number(sup.lower)
    constant = next(b for b in ab.upper_bounds(HOLDER, RELU, p=2) if b.theorem.id == "constant")
    for value, expected in ((height.value / 2, Norms.DIFFER), (height.value, Norms.OPEN), (1.0, Norms.OPEN)):
        upper = Candidates((replace(constant, number=value),))
        norms, reason, premises = verdict(Known(known.lower, upper), sup)
        assert norms is expected
        assert (reason.startswith("numbers:") and premises[1] == height) == (expected is Norms.DIFFER)


# --------------------------------------------------------------------------------------------------- entries


def test_entries_are_what_the_library_says(comparison):
    assert len(comparison) == 27
    assert [entry.query.p for entry in comparison][:3] == [1, Fraction(5, 2), float("inf")]
    for entry in comparison:
        F, G, p = entry.query.F, entry.query.G, entry.query.p
        lower, upper = ab.lower_bounds(F, G, p=p), ab.upper_bounds(F, G, p=p)
        numbers = [bound.value for bound in lower if bound.number is not None]
        assert (entry.lower and entry.lower.value) == max(numbers, default=None)
        numbers = [bound.value for bound in upper if bound.number is not None]
        assert (entry.upper and entry.upper.value) == min(numbers, default=None)
        if entry.lower and entry.upper:
            assert entry.lower.value <= entry.upper.value
        assert (entry.lower_order is None) == (not lower.bounds)
        assert (entry.norms is None) == (p == float("inf"))
        for bound in (entry.lower, entry.upper):
            assert bound is None or ab.verify(bound.certificate)


def test_best_orders():
    (entry,) = ab.compare(HOLDER, RELU, 2)
    assert (entry.lower_order.theorem.id, entry.upper_order.theorem.id) == ("T3", "known-rate")
    assert entry.upper.theorem.id == "strips"  # the best number need not have the best order


def test_records_and_csv(comparison):
    records = comparison.records()
    assert [(r["functions"], r["network"], r["p"]) for r in records] == [
        (str(e.query.F), str(e.query.G), p) for e, p in zip(comparison, [1, "5/2", "inf"] * 9, strict=True)
    ]
    rows = list(csv.DictReader(io.StringIO(comparison.to_csv())))
    assert len(rows) == 27
    for row, record in zip(rows, records, strict=True):
        assert list(row) == list(record)
        for name in ("lower", "upper"):
            assert (float(row[name]) if row[name] else None) == record[name]  # exact floats
        assert row["sources"].split(";") == (record["sources"] or [""])
        assert row["p"] == str(record["p"])


def test_bibtex_is_what_the_entries_use(comparison):
    def keys(text):
        return re.findall(r"^@\w+\{([^,]+),", text, re.M)

    used = {source.key for e in comparison for bound in e.bounds for source in bound.sources}
    used |= {source.key for e in comparison for source in e.query.F.entropy_citations}
    assert set(keys(comparison.bibtex())) == used | {"DeVoreHaninPetrova2021", "GaoWellner2007"}
    assert len(keys(comparison.bibtex())) == len(set(keys(comparison.bibtex())))
    assert "DeVoreHaninPetrova2021" not in ab.compare(MONOTONE, RELU, "inf").bibtex()  # nothing was compared


def test_numbers_are_rounded_to_the_safe_side(comparison):
    lines = [line for line in comparison.to_text().splitlines() if re.match(r"F\d  G\d", line)]
    for line, entry in zip(lines, comparison, strict=True):
        low, high = re.split(r"\s{2,}", line)[3:5]
        if entry.lower:
            shown = float(low.split()[0])
            assert 0.999 * entry.lower.value <= shown <= entry.lower.value
        if entry.upper:
            shown = float(high.split()[0])
            assert entry.upper.value <= shown <= 1.002 * entry.upper.value
        assert (low == "-", high == "-") == (entry.lower is None, entry.upper is None)


def test_markups(comparison):
    latex = comparison.to_latex()
    assert latex.startswith("\\begin{tabular}{llllllllll}\n\\toprule\n") and latex.count("\\midrule") == 9
    body = [line for line in latex.splitlines() if line.endswith(r" \\") and "&" in line]
    assert len(body) == 28 and all(line.count(" & ") == 9 for line in body)
    outside = re.sub(r"\$[^$]*\$", "", latex)
    assert not re.search(r"(?<!\\)[_&^#%<>]", outside.replace(" & ", " ")) and outside.count("{") == outside.count("}")
    assert r"input\_dim" in latex and r"\infty" in latex
    markdown = comparison.to_markdown().splitlines()
    assert markdown[0].endswith(r"| entropy exponent $\ge$ | $L^p$ and sup norm |")
    assert all(line.count(" | ") == 9 for line in markdown[:29] if not line.startswith("|---"))
    assert "- $G_{1}$: `ReLUNetwork(widths=(64,)*4, input_dim=2, bias=True)`" in markdown
    page = comparison._repr_html_()
    assert page.count("<tr>") == 28 and "F1: MonotoneFunctions(dim=2)" in page
    assert str(comparison) == comparison.to_text()


def test_the_latex_legend_changes_no_size_after_it(comparison):
    table, legend = comparison.to_latex().split("\\end{tabular}\n\n")
    lines = legend.splitlines()
    assert lines[0] == r"{\par\smallskip\footnotesize\noindent" and lines[-1] == r"\par}"
    assert len(lines) == 8 and all(line.endswith(r"\\") for line in lines[1:-2]) and not lines[-2].endswith("\\")
    assert r"\footnotesize" not in table


def test_what_is_named_twice_has_one_row():
    once = ab.compare([MONOTONE, HOLDER], [RELU, LINEAR], [1, "inf"])
    again = replace(HOLDER)
    assert ab.compare([MONOTONE, HOLDER, again], [RELU, LINEAR, RELU], [1, "inf", "2/2"]).entries == once.entries


def test_single_objects_and_one_exponent():
    one = ab.compare(MONOTONE, RELU, "inf")
    assert one.entries == ab.compare([MONOTONE], (RELU,), ["inf"]).entries
    assert "\n\nF" not in ab.compare([MONOTONE, HOLDER], RELU, 2).to_text().split("\n\nF1")[0]  # no gaps


# --------------------------------------------------------------------------------------------------- writers


def test_groups_are_set_apart_in_text_and_latex_only():
    rows = [("a", "1"), (), ("b", "2")]
    assert tables.text(("x", "y"), rows).splitlines()[2:] == ["a  1", "", "b  2"]
    assert tables.latex(("x", "y"), rows, "ll").count(r"\midrule") == 2
    assert len(tables.markdown(("x", "y"), rows).splitlines()) == 4
    assert tables.csv(("x", "y"), rows) == "x,y\na,1\nb,2\n"
    assert tables.html(("x", "y"), rows).count("<tr>") == 3


def test_escapes():
    nasty = r"\a_{b}^c & 50% #1 $x$ ~ <i> | " + '"q"'
    escaped = tables.latex_text(nasty)
    assert not re.search(r"(?<!\\)[_&^#%$~<>|]", escaped) and r"\textbackslash{}a\_\{b\}" in escaped
    assert tables.markdown(("a|b",), [("c|d",)]).splitlines()[0] == r"| a\|b |"
    assert tables.code("a`b") == "`` a`b ``"
    assert "<i>" not in tables.html((nasty,), [(nasty,)])
    assert next(csv.reader(io.StringIO(tables.csv((nasty,), [])))) == [nasty]

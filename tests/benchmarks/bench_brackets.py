"""How far apart the lower and upper bounds on E_p(F, G) are, over a table of realistic queries.

Run from the repository root: ``python tests/benchmarks/bench_brackets.py [--json FILE] [--against FILE] [--theorems]
[--without T,...] [--only TEXT]``. For each query the best bounds, their theorems and log10(upper/lower); then medians
and means by group and over the 45 public queries, which stay as they are so that numbers of different times compare.
``--json`` writes what every theorem gives, ``--against`` prints the gains over such a file, ``--theorems`` on how many
queries each theorem is the best and its median gain there over the best of the others, ``--without`` also over the
best of those not named. A query whose ratio is unknown or infinite counts in medians, not in means.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import approxbounds as ab
from approxbounds import tables
from approxbounds.cli.text import parse_functions, parse_network
from approxbounds.files import write_atomically
from approxbounds.registry import LOWER_THEOREMS, UPPER_THEOREMS

SIDES = ("lower", "upper")
#: By group: functions, network and exponents, in the words of the command line. Never changed.
PUBLIC: dict[str, tuple[tuple[str, str, str], ...]] = {
    "lip-relu": (
        ("lipschitz:dim=1", "relu:widths=16", "2 inf"),
        ("lipschitz:dim=1", "relu:widths=64x64", "2 inf"),
        ("lipschitz:dim=2", "relu:widths=64x64", "2 inf"),
        ("lipschitz:dim=2", "relu:widths=128^4", "2 inf"),
        ("lipschitz:dim=3", "relu:widths=256^3", "2 inf"),
    ),
    "rough-relu": (
        ("holder:smoothness=1/2,dim=2", "relu:widths=64x64", "2"),
        ("holder:smoothness=1/2,dim=3", "relu:widths=128^4", "2"),
    ),
    "smooth-relu": (
        ("holder:smoothness=3/2,dim=2", "relu:widths=64x64", "2 inf"),
        ("holder:smoothness=2,dim=1", "relu:widths=64", "2 inf"),
        ("holder:smoothness=2,dim=2", "relu:widths=64x64", "2 inf"),
        ("holder:smoothness=3,dim=1", "relu:widths=64", "2 inf"),
        ("holder:smoothness=3,dim=2", "relu:widths=64x64", "2 inf"),
        ("holder:smoothness=2,dim=2", "relu:widths=128^4", "2 inf"),
        ("holder:smoothness=3,dim=2", "relu:widths=256^6", "2 inf"),
        ("holder:smoothness=2,dim=3", "relu:widths=256^3", "2 inf"),
    ),
    "lip-heaviside": (
        ("lipschitz:dim=1", "heaviside:widths=20", "2"),
        ("lipschitz:dim=2", "heaviside:widths=10x25", "2"),
        ("lipschitz:dim=2", "heaviside:widths=40x400", "2"),
        ("lipschitz:dim=3", "heaviside:widths=60x1000", "2"),
    ),
    "smooth-heaviside": (
        ("holder:smoothness=2,dim=1", "heaviside:widths=20", "2"),
        ("holder:smoothness=2,dim=2", "heaviside:widths=40x400", "2"),
    ),
    "monotone-relu": (
        ("monotone:dim=1", "relu:widths=20", "1 2"),
        ("monotone:dim=2", "relu:widths=64x64", "1 2"),
        ("monotone:dim=3", "relu:widths=64x64", "1 2"),
    ),
    "monotone-heaviside": (
        ("monotone:dim=1", "heaviside:widths=20", "1"),
        ("monotone:dim=2", "heaviside:widths=40x400", "1"),
    ),
    "convex-relu": (
        ("convex:dim=1", "relu:widths=32", "2"),
        ("convex:dim=2", "relu:widths=64x64", "2"),
    ),
    "sobolev-relu": (("sobolev:dim=2,smoothness=2,integrability=inf", "relu:widths=64x64", "2"),),
}

MORE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "one variable": (
        ("lipschitz:dim=1", "relu:widths=64", "1 2 inf"),
        ("holder:smoothness=1/2,dim=1", "relu:widths=64", "2 inf"),
        ("holder:smoothness=3/2,dim=1", "relu:widths=64", "2 inf"),
        ("holder:smoothness=4,dim=1", "relu:widths=64x64", "2 inf"),
        ("holder:smoothness=2,dim=1", "relu:widths=256^6", "2"),
        ("lipschitz:dim=1", "heaviside:widths=10x25", "1 2 inf"),
        ("lipschitz:dim=1", "relu-power:widths=10,power=2", "2"),
        ("holder:smoothness=3,dim=1", "relu-power:widths=10,power=2", "2 inf"),
        ("lipschitz:dim=1", "free-knot-splines:knots=10,degree=1", "2"),
        ("holder:smoothness=4,dim=1", "free-knot-splines:knots=32,degree=3,smooth=true", "2 inf"),
        ("monotone:dim=1", "relu:widths=64", "1 2 inf"),
        ("convex:dim=1", "relu:widths=64", "1 2 inf"),
        ("convex:dim=1", "heaviside:widths=64", "2 inf"),
    ),
    "several variables": (
        ("lipschitz:dim=2", "relu:widths=10", "2 inf"),
        ("lipschitz:dim=2", "heaviside:widths=20x20", "1 inf"),
        ("holder:smoothness=3/2,dim=2", "heaviside:widths=10x25", "2"),
        ("holder:smoothness=4,dim=2", "relu:widths=64x64", "2"),
        ("lipschitz:dim=4", "heaviside:widths=10x25", "2"),
        ("lipschitz:dim=4", "relu:widths=256^6", "2 inf"),
        ("holder:smoothness=3,dim=4", "relu:widths=64", "2"),
        ("holder:smoothness=4,dim=4", "relu:widths=64x64", "2"),
        ("monotone:dim=2", "relu:widths=128^4", "2 inf"),
        ("monotone:dim=2", "heaviside:widths=40x400", "2 inf"),
        ("convex:dim=2", "relu:widths=64", "1 2"),
        ("convex:dim=2", "relu:widths=64^4", "2 inf"),
        ("convex:dim=4", "relu:widths=50^8", "2 inf"),
        ("anisotropic:smoothness=1x3", "relu:widths=64x64", "2"),
        ("sobolev:dim=1,smoothness=2,integrability=2", "relu:widths=64", "2"),
        ("sobolev:dim=2,smoothness=2,integrability=2", "relu:widths=64x64", "2 inf"),
        ("sobolev:dim=4,smoothness=1,integrability=1", "relu:widths=64x64", "2 inf"),
    ),
    "many variables": (
        ("lipschitz:dim=32", "relu:widths=64x64", "2 inf"),
        ("holder:smoothness=2,dim=32", "relu:widths=64x64", "2"),
        ("convex:dim=32", "relu:widths=64x64", "2"),
        ("lipschitz:dim=784", "relu:widths=64", "2 inf"),
        ("holder:smoothness=2,dim=784", "relu:widths=64", "2 inf"),
        ("monotone:dim=784", "relu:widths=64", "2"),
        ("lipschitz:dim=784", "heaviside:widths=256^6", "2"),
    ),
    "recurrent": (
        ("lipschitz:dim=784", "hadamrnn:hidden=32,steps=784", "2 inf"),
        ("holder:smoothness=2,dim=784", "hadamrnn:hidden=32,steps=784", "2"),
        ("holder:smoothness=3,dim=784", "hadamrnn:hidden=32,steps=784", "2"),
        ("holder:smoothness=2,dim=784", "hadamrnn:hidden=32,steps=784,layers=2", "2"),
        ("lipschitz:dim=784", "qornn:hidden=64,steps=28,inputs=28,recurrent_bits=4,activation=modrelu", "2 inf"),
        ("convex:dim=784", "orthogonal-rnn:hidden=64,steps=28,inputs=28,activation=relu", "2"),
        ("monotone:dim=100", "rnn:hidden=64,steps=100,activation=relu", "2 inf"),
        ("lipschitz:dim=2", "hadamrnn:hidden=16,steps=2,bits=1", "2"),
    ),
    "other networks": (
        ("holder:smoothness=2,dim=1", "linear:dimension=32", "1 2 inf"),
        ("lipschitz:dim=2", "piecewise-polynomials:cells=100,degree=1", "2"),
        ("lipschitz:dim=3", "relu:widths=20x20,bias=false", "1 2 inf"),
        ("lipschitz:dim=2", "heaviside:widths=20x20,bias=false", "2"),
        ("lipschitz:dim=3", "norm-bounded:norms=2x3", "1 2 inf"),
        ("lipschitz:dim=2", "skip:widths=32x32", "2 inf"),
        ("holder:smoothness=2,dim=2", "skip:widths=20^4,degree=2", "2"),
        ("lipschitz:dim=1", "size:weights=1000,depth=3,units=64", "2"),
        ("holder:smoothness=3,dim=1", "feedforward:widths=32x32,degree=2,pieces=3,continuous=true", "2"),
        ("lipschitz:dim=2", "relu:widths=64x64,bits=8", "2"),
        ("holder:smoothness=2,dim=2", "relu:widths=64+relu:widths=16x16", "2"),
        ("lipschitz:dim=2", "lipschitz-functions:constant=1/2", "2 inf"),
    ),
}


@dataclass(frozen=True)
class Row:
    """A query and what every theorem gives for it, infinity included; ``public``: whether it is one of the 45."""

    group: str
    functions: str
    network: str
    p: str
    public: bool
    lower: Mapping[str, float] = field(default_factory=dict)
    upper: Mapping[str, float] = field(default_factory=dict)

    @property
    def query(self) -> tuple[str, str, str]:
        return self.functions, self.network, self.p

    @property
    def low(self) -> float:
        return max(self.lower.values(), default=0.0)

    @property
    def high(self) -> float:
        return min(self.upper.values(), default=math.inf)

    @property
    def log_ratio(self) -> float:
        """log10(upper/lower), infinite if one of them is unknown; 0 if both bounds say that the error is infinite."""
        if not self.upper or self.low == 0.0:
            return math.inf
        return math.log10(quotient(self.high, self.low))


def quotient(above: float, below: float) -> float:
    """above / below; 1 if both are infinite or both are 0."""
    if above == below:
        return 1.0
    return above / below if below else math.inf


def queries() -> Iterator[Row]:
    """All queries, the public ones first."""
    for table in (PUBLIC, MORE):
        for group, entries in table.items():
            for functions, network, exponents in entries:
                for p in exponents.split():
                    yield Row(group, functions, network, p, table is PUBLIC)


def answered(row: Row) -> Row:
    """The row with its bounds."""
    F = parse_functions(row.functions)
    G = parse_network(row.network, F)

    def values(bounds: Iterable[ab.Bound]) -> dict[str, float]:
        return {bound.theorem.id: bound.number for bound in bounds if bound.number is not None}

    return Row(
        *(row.group, *row.query, row.public),
        lower=values(ab.lower_bounds(F, G, p=row.p)),
        upper=values(ab.upper_bounds(F, G, p=row.p)),
    )


def theorem_of(values: Mapping[str, float], choose: Callable[..., str]) -> str:
    """The theorem of the best value, the first of equals."""
    return choose(values, key=values.__getitem__) if values else "-"


def shown(number: float) -> str:
    return f"{number:.3g}"


def report(rows: Sequence[Row], before: Mapping[tuple[str, str, str], Row]) -> str:
    """One line for each query."""
    header = ["group", "functions", "network", "p", "lower", "theorem", "upper", "theorem", "log10"]
    lines = []
    for row in rows:
        cells = [row.group, *row.query]
        cells += [shown(row.low), theorem_of(row.lower, max), shown(row.high), theorem_of(row.upper, min)]
        cells.append(f"{row.log_ratio:.3f}")
        old = before.get(row.query)
        if before:
            gains = ["-", "-"] if old is None else [shown(gain) for gain in gains_over(old, row)]
            cells += [*gains, "-" if old is None else f"{old.log_ratio:.3f}"]
        lines.append(cells)
    return tables.text(header + (["lower x", "upper /", "was"] if before else []), lines)


def gains_over(old: Row, row: Row) -> tuple[float, float]:
    """By which factors the lower bound is larger and the upper bound smaller than before; below 1 it is worse."""
    return quotient(row.low, old.low), quotient(old.high, row.high)


def summary(rows: Sequence[Row], before: Mapping[tuple[str, str, str], Row]) -> str:
    """Medians and means of log10(upper/lower), and how many are within a factor 10."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    groups |= {"public": [row for row in rows if row.public], "all": list(rows)}
    header = ["group", "queries", "median", "mean", "within 10", "unknown"]
    lines = []
    for group, members in groups.items():
        ratios = [row.log_ratio for row in members]
        known = [ratio for ratio in ratios if ratio < math.inf]
        if not members:
            continue
        cells = [group, str(len(members)), f"{statistics.median(ratios):.3f}"]
        cells += [f"{statistics.fmean(known):.3f}" if known else "-", str(sum(ratio <= 1 for ratio in ratios))]
        cells.append(str(len(ratios) - len(known)))
        if before:
            gains = [gains_over(before[row.query], row) for row in members if row.query in before]
            cells += [shown(statistics.median(side)) for side in zip(*gains, strict=True)] if gains else ["-", "-"]
        lines.append(cells)
    return tables.text(header + (["median lower x", "median upper /"] if before else []), lines)


def theorems(rows: Sequence[Row], without: Collection[str]) -> str:
    """For each theorem on how many queries it is the best, and its median gain there."""
    header = ["theorem", "side", "gives a number", "best", "public", "over the others"]
    lines = []
    for side, ids in (("lower", LOWER_THEOREMS), ("upper", UPPER_THEOREMS)):
        for name in (theorem.id for theorem in ids):
            given = [row for row in rows if name in getattr(row, side)]
            best = [row for row in given if theorem_of(getattr(row, side), max if side == "lower" else min) == name]
            cells = [name, side, str(len(given)), str(len(best)), str(sum(row.public for row in best))]
            for left_out in ((), without) if without else ((),):
                gains = [gain_of(row, side, name, {name, *left_out}) for row in best]
                cells.append(shown(statistics.median(gains)) if gains else "-")
            lines.append(cells)
    return tables.text(header + (["without " + ",".join(without)] if without else []), lines)


def gain_of(row: Row, side: str, name: str, left_out: Collection[str]) -> float:
    """By which factor the theorem is better than the best of those that are not left out."""
    others = [value for other, value in getattr(row, side).items() if other not in left_out]
    if side == "lower":
        return quotient(row.lower[name], max(others, default=0.0))
    return quotient(min(others, default=math.inf), row.upper[name])


def to_json(rows: Sequence[Row]) -> str:
    """JSON has no infinity: numbers are text."""
    data = [vars(row) | {side: {k: repr(v) for k, v in getattr(row, side).items()} for side in SIDES} for row in rows]
    return json.dumps({"version": ab.__version__, "rows": data}, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> list[Row]:
    """The rows of :func:`to_json`."""
    rows = json.loads(text)["rows"]
    return [Row(**row | {side: {k: float(v) for k, v in row[side].items()} for side in SIDES}) for row in rows]


def main() -> int:
    """The command line; status 1 if a lower bound is above an upper bound or a bound is worse than before."""
    parser = argparse.ArgumentParser(description="lower and upper bounds over a table of realistic queries")
    parser.add_argument("--json", type=Path, help="write what every theorem gives to this file")
    parser.add_argument("--against", type=Path, help="a file of --json to compare with")
    parser.add_argument("--theorems", action="store_true", help="on how many queries each theorem is the best")
    parser.add_argument("--without", default="", help="theorems, joined by commas: show gains over all others")
    parser.add_argument("--only", default="", help="only queries whose line has this text")
    given = parser.parse_args()
    before = {} if given.against is None else {row.query: row for row in from_json(given.against.read_text())}
    rows = [answered(row) for row in queries() if given.only in " ".join((row.group, *row.query))]
    print(report(rows, before), summary(rows, before), sep="\n\n")
    without = tuple(filter(None, given.without.split(",")))
    if given.theorems or without:
        print("\n" + theorems(rows, without))
    if given.json:
        write_atomically(given.json, to_json(rows).encode())
    wrong = [row for row in rows if row.low > row.high]
    worse = [row for row in rows if row.query in before and min(gains_over(before[row.query], row)) < 1]
    for what, found in (("lower above upper", wrong), ("worse than before", worse)):
        for row in found:
            print(f"{what}: {' '.join(row.query)}: {row.low} .. {row.high}")
    return 1 if wrong or worse else 0


if __name__ == "__main__":
    raise SystemExit(main())

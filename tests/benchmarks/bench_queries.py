"""Measure what a user waits for: imports, certified queries, vectorised evaluations, verification.

Run from the repository root: ``python tests/benchmarks/bench_queries.py [--json FILE] [--rounds N]``. Rounds go
through all queries in a shuffled order, so slow drifts of the machine spread over all of them; medians are
reported. Results that the library keeps between queries for one network are dropped before each round; grids of
family members, which depend on the class only, are kept as in any session. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import json
import pstats
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import approxbounds as ab
from approxbounds.complexity.pseudo_dimension import pdim_upper
from approxbounds.complexity.shattering import largest_shattered
from approxbounds.facts.hypercube import member_of
from approxbounds.facts.piecewise import layered_pieces
from approxbounds.files import write_atomically
from approxbounds.members import on_cylinder
from approxbounds.transfer.hypercube import hypercube_values

CLASSES: dict[str, Callable[[int], Any]] = {
    "Hölder s=1/2": lambda dim: ab.HolderBall(smoothness="1/2", dim=dim),
    "Hölder s=5/2": lambda dim: ab.HolderBall(smoothness="5/2", dim=dim),
    "Lipschitz": lambda dim: ab.LipschitzBall(dim=dim),
    "monotone": lambda dim: ab.MonotoneFunctions(dim=dim),
    "Sobolev s=2": lambda dim: ab.SobolevBall(smoothness=2, dim=dim, integrability=2),
    "anisotropic": lambda dim: ab.AnisotropicHolderBall(smoothness=("1/2", 1, "3/2", 2)[:dim]),
    "convex": lambda dim: ab.ConvexFunctions(dim=dim),
}
#: other classes of approximating functions than ReLU networks
RIVALS: dict[str, Callable[[int], Any]] = {
    "8-bit ReLU": lambda dim: ab.ReLUNetwork(widths=(64, 64), input_dim=dim, bits=8),
    "skip connections": lambda dim: ab.SkipNetwork(widths=(64, 64), input_dim=dim),
    "piecewise polynomials": lambda dim: ab.PiecewisePolynomials(cells=1000, degree=2, input_dim=dim),
    "union": lambda dim: ab.Union(members=[ab.ReLUNetwork(widths=(w, w), input_dim=dim) for w in (8, 64)]),
    "norm-bounded": lambda dim: ab.NormBoundedNetwork(norms=(1, 2, 1), input_dim=dim),
    "all Lipschitz": lambda dim: ab.LipschitzFunctions(constant="1/2", input_dim=dim),
}
EXPONENTS = (1, 2, 4, "inf")
#: hidden widths: 2 to 10 layers, from 50 weights to 10^10 (N of order 10^12)
WIDTHS = (
    (10,),
    (100, 100),
    (64,) * 3,
    (1000,) * 5,
    (32,) * 7,
    (256,) * 9,
    (30_000,) * 9,
)

_COLD_IMPORT = """
import sys, time
start = time.perf_counter()
import approxbounds
seconds = time.perf_counter() - start
loaded = [name for name in ("matplotlib.pyplot", "scipy.stats", "sympy") if name in sys.modules]
print(seconds, ",".join(loaded))
"""

_COLD_QUERY = """
import time
import approxbounds as ab
F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(64, 64), input_dim=2)
start = time.perf_counter()
ab.lower_bound(F, G, p=2).value
print(time.perf_counter() - start)
"""


@dataclass(frozen=True)
class Row:
    """One line of the report: milliseconds, and the target for the median if there is one."""

    what: str
    median: float
    largest: float
    target: float | None = None
    note: str = ""


def forget() -> None:
    """Drop what the library keeps of one network."""
    for kept in (largest_shattered, pdim_upper, layered_pieces):
        kept.cache_clear()


def milliseconds(action: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    action()
    return 1e3 * (time.perf_counter() - start)


def fresh(code: str, *, times: int) -> list[str]:
    """The output of the code in that many fresh interpreters."""
    command = [sys.executable, "-c", code]
    return [subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() for _ in range(times)]


def all_queries() -> list[tuple[str, Any, Any, Any]]:
    """(class name, F, G, p) for every combination."""
    found = []
    for (name, build), dim, p, widths in itertools.product(CLASSES.items(), range(1, 5), EXPONENTS, WIDTHS):
        found.append((name, build(dim), ab.ReLUNetwork(widths=widths, input_dim=dim), p))
    return found


def bench_queries(rounds: int) -> tuple[list[Row], list[ab.Bound]]:
    """Certified queries: the median over rounds for each, then the median and the maximum over queries."""
    queries = all_queries()
    times: list[list[float]] = [[] for _ in queries]
    bounds: list[Any] = [None] * len(queries)
    order = list(range(len(queries)))
    generator = random.Random(0)
    for _ in range(rounds):
        generator.shuffle(order)
        forget()
        for i in order:
            _, F, G, p = queries[i]
            start = time.perf_counter()
            with suppress(ab.NotApplicableError):
                bounds[i] = ab.lower_bound(F, G, p=p)
            times[i].append(1e3 * (time.perf_counter() - start))
    each = [statistics.median(t) for t in times]
    given = [bound for bound in bounds if bound is not None]
    families = [b for b in given if b.theorem.id in ("T3", "T3inf")]
    cells = [member_of(on_cylinder(b.query, b.witness).F.families, b.witness)[2] for b in families]
    slowest = queries[int(np.argmax(each))]
    rows = [
        Row(
            "certified query, all",
            statistics.median(each),
            max(each),
            50,
            f"{len(queries)} queries ({len(queries) - len(given)} without a bound), N up to {max(cells):.1e}; "
            f"slowest: {slowest[1]}, p={slowest[3]}, {slowest[2].depth} layers",
        )
    ]
    for key, label in [(name, name) for name in CLASSES] + [(p, f"p={p}") for p in EXPONENTS]:
        chosen = [t for t, query in zip(each, queries, strict=True) if key in (query[0], query[3])]
        rows.append(Row(f"certified query, {label}", statistics.median(chosen), max(chosen)))
    for dim in range(1, 5):
        chosen = [t for t, query in zip(each, queries, strict=True) if query[1].domain_dim == dim]
        rows.append(Row(f"certified query, d={dim}", statistics.median(chosen), max(chosen)))
    return rows, given


def bench_rivals(rounds: int) -> list[Row]:
    """Lower and upper bounds and fat-shattering dimensions of the other classes; inverse queries; a comparison."""
    actions: dict[str, list[Callable[[], object]]] = {}
    for name, build in RIVALS.items():
        for dim, p in itertools.product(range(1, 5), EXPONENTS):
            G = build(dim)
            F = [ab.LipschitzBall(dim=dim), ab.MonotoneFunctions(dim=dim)]
            ask = actions.setdefault(f"all lower bounds, {name}", [])
            ask += [lambda f=f, G=G, p=p: ab.lower_bounds(f, G, p=p) for f in F]  # type: ignore[misc]
        actions[f"fat-shattering dimension, {name}"] = [lambda b=build: b(3).fat_shattering("1/100")]  # type: ignore[misc]
    F, G = ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(64,) * 4, input_dim=2)
    actions["upper bound"] = [lambda: ab.upper_bound(F, G, p=2)]
    actions["required_weights"] = [
        lambda e=e, L=L: ab.required_weights(F, error=e, p=2, depth=L)  # type: ignore[misc]
        for e in ("1/100", "1/10000")
        for L in (2, 8)
    ]
    actions["required_bits"] = [lambda: ab.required_bits(F, G, error="1/1000", p=2)]
    actions["comparison of 2 classes, 2 networks, 3 norms"] = [
        lambda: ab.compare([F, ab.MonotoneFunctions(dim=2)], [G, RIVALS["8-bit ReLU"](2)], [1, 2, "inf"]).to_text()
    ]
    rows = []
    for what, calls in actions.items():
        each = []
        for call in calls:
            times = []
            for _ in range(rounds):
                forget()
                times.append(milliseconds(call))
            each.append(statistics.median(times))
        rows.append(Row(what, statistics.median(each), max(each), None, f"{len(calls)} queries"))
    return rows


def bench_verify(bounds: Sequence[ab.Bound], rounds: int) -> Row:
    """verify() on the JSON text of each certificate."""
    texts = [bound.certificate.to_json() for bound in bounds]
    times: list[list[float]] = [[] for _ in texts]
    for _ in range(rounds):
        forget()
        for i, text in enumerate(texts):
            start = time.perf_counter()
            accepted = ab.verify(text)
            times[i].append(1e3 * (time.perf_counter() - start))
            if not accepted:
                raise SystemExit(f"a certificate was rejected: {accepted.reason}\n{text}")
    each = [statistics.median(t) for t in times]
    return Row("verify(), from JSON", statistics.median(each), max(each), None, f"{len(texts)} certificates")


def bench_vectorised(rounds: int) -> list[Row]:
    """100,000 values of T3 on a grid of k."""
    k = np.arange(1.0, 100_001.0)
    rows = []
    for name, build in CLASSES.items():
        for widths in ((100, 100), (256,) * 9):
            family = build(2).families[0]
            growth = ab.ReLUNetwork(widths=widths, input_dim=2).growth(family.centres)
            index = {"k": k, "layers": np.ones_like(k)} if name == "monotone" else {"k": k}
            if name == "anisotropic":
                index = {"k1": k, "k2": np.floor(np.sqrt(k)) + 1}
            # one layer of a k x k grid has k cells
            cells = k if name == "monotone" else index["k1"] * index["k2"] if name == "anisotropic" else k**2

            def evaluate(family: Any = family, growth: Any = growth, index: Any = index, cells: Any = cells) -> object:
                return hypercube_values(family, growth, 2, index, cells)

            times = [milliseconds(evaluate) for _ in range(rounds)]
            rows.append(
                Row(
                    f"100,000 values of T3, {name}, {len(widths) + 1} layers",
                    statistics.median(times),
                    max(times),
                    1000,
                )
            )
    return rows


def bench_fresh(times: int) -> list[Row]:
    """Import and first query in fresh interpreters, alternating."""
    imports, first, loaded = [], [], set()
    for _ in range(times):
        seconds, _, names = fresh(_COLD_IMPORT, times=1)[0].partition(" ")
        imports.append(1e3 * float(seconds))
        loaded |= set(filter(None, names.split(",")))
        first.append(1e3 * float(fresh(_COLD_QUERY, times=1)[0]))
    note = "imports " + ", ".join(sorted(loaded)) if loaded else "imports none of pyplot, scipy.stats, sympy"
    return [
        Row("import approxbounds", statistics.median(imports), max(imports), 500, note),
        Row("first query after import", statistics.median(first), max(first)),
    ]


def profile(count: int) -> str:
    """The hot spots of one round of queries."""
    forget()
    profiler = cProfile.Profile()
    profiler.enable()
    for _, F, G, p in all_queries():
        with suppress(ab.NotApplicableError):
            ab.lower_bound(F, G, p=p)
    profiler.disable()
    stats: Any = pstats.Stats(profiler)
    lines = []
    hottest = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:count]
    for (file, line, name), (_, calls, own, total, _) in hottest:
        lines.append(f"{own:8.2f} s own {total:8.2f} s total {calls:9d} calls  {Path(file).name}:{line} {name}")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="what a user of approxbounds waits for, in milliseconds")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions of each measurement (default 3)")
    parser.add_argument("--json", type=Path, help="write the rows to this file as well")
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="also show the N hottest functions")
    given = parser.parse_args()
    rows = bench_fresh(2 * given.rounds + 1)
    query_rows, bounds = bench_queries(given.rounds)
    rows += [*query_rows, bench_verify(bounds, given.rounds), *bench_rivals(given.rounds)]
    rows += bench_vectorised(given.rounds)
    size = max(len(row.what) for row in rows)
    print(f"{'milliseconds':{size}}  {'median':>9}  {'max':>9}  {'target':>7}")
    for row in rows:
        target = "" if row.target is None else f"{row.target:.0f}"
        missed = " MISSED" if row.target is not None and row.median >= row.target else ""
        note = f"  {row.note}" if row.note else ""
        print(f"{row.what:{size}}  {row.median:9.1f}  {row.largest:9.1f}  {target:>7}{missed}{note}")
    if given.json:
        text = json.dumps([vars(row) for row in rows], indent=1, ensure_ascii=False) + "\n"
        write_atomically(given.json, text.encode())
    if given.profile:
        print("\n" + profile(given.profile))


if __name__ == "__main__":
    main()

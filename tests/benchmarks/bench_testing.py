"""How soon property tests find formulas that are false: seeds, examples and seconds, shrinking included.

python tests/benchmarks/bench_testing.py [--seeds 10]
"""

import argparse
import math
import time

from hypothesis import given, seed, settings

import approxbounds as ab
from approxbounds.testing import check_lower_bound, exponents, pairs


def twice(F, G, p):
    """Twice the best lower bound."""
    return 2 * ab.lower_bound(F, G, p).value


def false_order(F, G, p):
    """R/(10 sqrt(W)) for Lipschitz functions of one variable and ReLU networks: the order is 1/W."""
    if not isinstance(F, ab.LipschitzBall) or not isinstance(G, ab.ReLUNetwork) or F.dim != 1:
        raise ab.NotApplicableError("for ReLU networks of one variable")
    return float(F.radius) / (10 * math.sqrt(G.counted_sizes.weights))


def tried(formula, number):
    """Whether a seed finds it, seconds, calls, and what was found."""
    calls = 0

    @seed(number)
    @settings(deadline=None, database=None, max_examples=100)
    @given(pairs(), exponents())
    def property_test(pair, p):
        nonlocal calls
        calls += 1
        check_lower_bound(formula, *pair, p)

    start, found = time.perf_counter(), ""
    try:
        property_test()
    except AssertionError as error:
        found = str(error)
    return bool(found), time.perf_counter() - start, calls, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    for formula in (twice, false_order):
        rows = [tried(formula, number) for number in range(given.seeds)]
        seconds = [row[1] for row in rows]
        found, slowest = sum(row[0] for row in rows), max(seconds)
        print(f"{formula.__name__}: found by {found} of {given.seeds} seeds, at most {slowest:.1f} s")
        print("  " + next((row[3] for row in rows if row[0]), "nothing"))


if __name__ == "__main__":
    main()

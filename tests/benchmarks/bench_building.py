"""How long upper bounds take, over the public queries, and networks of about 10^6 weights (seconds)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import bench_brackets
import numpy as np

import approxbounds as ab
from approxbounds.cli.text import parse_functions, parse_network

#: The theorem, F, G: about 10^6 weights each.
LARGE = (
    ("zigzag", ab.LipschitzBall(dim=1), ab.ReLUNetwork(widths=(1000, 1000), input_dim=1)),
    ("strips", ab.LipschitzBall(dim=2), ab.ReLUNetwork(widths=(1000, 1000), input_dim=2)),
    ("towers", ab.LipschitzBall(dim=3), ab.ReLUNetwork(widths=(700, 700, 700), input_dim=3)),
    ("columns", ab.LipschitzBall(dim=3), ab.ReLUNetwork(widths=(1000, 1000), input_dim=3)),
    ("blocks", ab.HolderBall(smoothness=2, dim=2), ab.ReLUNetwork(widths=(1000, 1000), input_dim=2)),
    ("p1", ab.HolderBall(smoothness=2, dim=2), ab.ReLUNetwork(widths=(1000, 1000), input_dim=2)),
    ("local-polynomials", ab.HolderBall(smoothness=4, dim=2), ab.ReLUNetwork(widths=(700,) * 3, input_dim=2)),
    ("level-sets", ab.LipschitzBall(dim=2), ab.HeavisideNetwork(widths=(1000, 1000), input_dim=2)),
    ("level-curves", ab.MonotoneFunctions(dim=2), ab.ReLUNetwork(widths=(1000, 1000), input_dim=2)),
    ("monotone-columns", ab.MonotoneFunctions(dim=2), ab.ReLUNetwork(widths=(1000, 1000), input_dim=2)),
    ("convex-columns", ab.ConvexFunctions(dim=2), ab.ReLUNetwork(widths=(1000, 1000), input_dim=2)),
    ("recurrent-sums", ab.HolderBall(smoothness=2, dim=4), ab.OrthogonalRNN(hidden=1000, steps=4)),
)


def seconds(action: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    """Print the tables."""
    queries = [(parse_functions(row.functions), row) for row in bench_brackets.queries() if row.public]
    asked = [(F, parse_network(row.network, F), row.p) for F, row in queries]
    cold, warm = (sorted(seconds(lambda q=q: ab.upper_bounds(*q[:2], p=q[2])) for q in asked) for _ in range(2))
    for name, times in (("first", cold), ("again", warm)):
        print(f"{len(times)} upper bounds, {name}: median {statistics.median(times):.3f}, most {times[-1]:.3f}")
    for theorem, F, G in LARGE:
        bound = next(bound for bound in ab.upper_bounds(F, G, p=2) if bound.theorem.id == theorem)
        took = seconds(lambda bound=bound: bound.build(lambda x: np.abs(x - 0.3).mean(axis=1)))
        print(f"{theorem:20} built in {took:.2f}")


if __name__ == "__main__":
    main()

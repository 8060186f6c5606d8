"""Lower bounds for networks of exponentials by what is known of their parameters, and the time of a query.

    python -m tests.benchmarks.bench_programs

Prints the tables of docs/programs.md, and the median and largest time of a query, each in a class of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any

import approxbounds as ab

KNOWN: dict[str, dict[str, Any]] = {
    "any real": {},
    "output norm 64": {"output_norm": 64},
    "in [-10, 10]": {"weight_bound": 10},
    "in [-1, 1]": {"weight_bound": 1},
    "32 bits": {"bits": 32},
}
LENGTHS = (4, 16, 64, 784, 10_000)


def tables() -> Iterator[tuple[str, list[tuple[str, int, ab.NetworkClass]]]]:
    """Titles, and rows of a name, the number of inputs and a class."""
    dims = (1, 2, 4, 8, 16)
    one = [("tanh (64,)", d, ab.TanhNetwork(widths=(64,), input_dim=d)) for d in dims]
    one += [("ReLU (64,)", d, ab.ReLUNetwork(widths=(64,), input_dim=d)) for d in dims]
    yield "one hidden layer", one
    two = [
        (name, d, ab.TanhNetwork(widths=(64, 64), input_dim=d, **known))
        for name, known in KNOWN.items()
        for d in dims[1:]
    ]
    two += [("ReLU (64,64)", d, ab.ReLUNetwork(widths=(64, 64), input_dim=d)) for d in dims[1:]]
    yield "two hidden layers", two
    plain = {name: known for name, known in KNOWN.items() if "output_norm" not in known}
    others = [
        (f"LSTM (128), {name}", T, ab.LSTM(hidden=128, steps=T, **known))
        for name, known in plain.items()
        for T in LENGTHS
    ]
    others += [
        (f"Transformer (64), {name}", T, ab.Transformer(width=64, heads=2, tokens=T, blocks=2, **known))
        for name, known in plain.items()
        for T in LENGTHS
    ]
    yield "sequences", others


def main() -> None:
    times: list[float] = []
    for title, rows in tables():
        print(title)
        shown: dict[str, list[str]] = {}
        for name, d, G in rows:
            start = perf_counter()
            bound = ab.lower_bound(ab.LipschitzBall(dim=d), G, p=2)
            times.append(1000 * (perf_counter() - start))
            shown.setdefault(name, []).append(f"{bound.value:.4g}")
        for name, values in shown.items():
            print(f"| {name} | {' | '.join(values)} |")
    print(f"{len(times)} queries: median {median(times):.0f} ms, largest {max(times):.0f} ms")


if __name__ == "__main__":
    main()

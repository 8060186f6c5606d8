"""Measure what simple methods reach on the tasks, on the same parts that networks are given.

Run from the repository root: ``python tests/benchmarks/bench_baselines.py --data TABLE [--activity NPZ] [--seeds N]``.
For a table of sentences: the majority class and logistic regression on bags of words (which occur, and which pairs
of neighbours), its penalty chosen on the validation part. For windows of sensors: the majority class and logistic
regression on mean and deviation of each channel. Each seed is another split. Needs scikit-learn. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from hadamrnn.tasks import ActivityTask, SentimentTask, Task

PENALTIES = (0.03, 0.1, 0.3, 1)
LONGEST = 200


def part(task: Task, name: str) -> tuple[np.ndarray, np.ndarray]:
    """All sequences (N, T, ...) and classes of a part."""
    batches = list(task.train(1000, 0) if name == "train" else getattr(task, name)(1000))
    x = np.concatenate([batch.x for batch in batches], axis=1).swapaxes(0, 1)
    return x, np.concatenate([batch.y for batch in batches])


def words(x: np.ndarray, vocabulary: int, *, pairs: bool) -> csr_matrix:
    """One row per text: which words occur and, if ``pairs``, which neighbours (hashed to 2^17 columns)."""
    rows, _ = np.nonzero(x)
    columns = x[x > 0]
    shape = (len(x), vocabulary)
    if pairs:
        first, second = x[:, :-1], x[:, 1:]
        both, _ = np.nonzero(first)
        hashed = (first * 1_000_003 + second)[first > 0] % 2**17
        rows, columns = np.concatenate([rows, both]), np.concatenate([columns, vocabulary + hashed])
        shape = (len(x), vocabulary + 2**17)
    found = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    found.data[:] = 1
    return found


def moments(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x.mean(axis=1), x.std(axis=1)], axis=1)


def accuracy(task: Task, features: Callable[[np.ndarray], Any]) -> float:
    """Test accuracy of logistic regression, with the penalty that is best on the validation part."""
    (train, y), (validation, z), (test, w) = (part(task, name) for name in ("train", "validation", "test"))
    inputs = features(train)
    models = [LogisticRegression(C=c, max_iter=2000).fit(inputs, y) for c in PENALTIES]
    seen = features(validation)
    best = max(models, key=lambda model: model.score(seen, z))
    return float(best.score(features(test), w))


def majority(task: Task) -> float:
    """Test accuracy of the class that is most frequent in training."""
    return float((part(task, "test")[1] == np.bincount(part(task, "train")[1]).argmax()).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="a table of sentences, such as train.tsv of SST-2")
    parser.add_argument("--activity", help="an npz file with x, y and user")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    measures: dict[str, Callable[[int], float]] = {}
    if arguments.data:
        tasks = [SentimentTask(path=arguments.data, length=LONGEST, seed=seed) for seed in range(arguments.seeds)]
        measures["sentences: majority"] = lambda seed: majority(tasks[seed])
        for name, pairs in (("words", False), ("words and pairs", True)):
            measures[f"sentences: logistic regression on {name}"] = lambda seed, pairs=pairs: accuracy(
                tasks[seed], lambda x: words(x, tasks[seed].inputs, pairs=pairs)
            )
    if arguments.activity:
        windows = [ActivityTask(path=arguments.activity, seed=seed) for seed in range(arguments.seeds)]
        measures["activity: majority"] = lambda seed: majority(windows[seed])
        measures["activity: logistic regression on moments"] = lambda seed: accuracy(windows[seed], moments)
    for name, measure in measures.items():
        values = [measure(seed) for seed in range(arguments.seeds)]
        each = " ".join(f"{100 * value:.2f}" for value in values)
        print(f"{name}: {100 * statistics.mean(values):.2f} % (seeds 0 to {arguments.seeds - 1}: {each})")


if __name__ == "__main__":
    main()

"""The results of bench_qornn.py without repetitions, to be stored, and as tables in Markdown."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

Record = dict[str, Any]
Data = dict[str, list[Record]]

#: In the order of the tables; "full", without bits, is the last column of "ptq".
STRATEGIES = ("ptq", "projunn", "bjorck", "penalty", "grid")
SCORED = ("score", "loss", "reason")
#: What a run has of its own, beside the settings of its row.
MEASURED = ("seed", *SCORED, "defect", "singular_values", "seconds", "integers")


def compact(runs: Iterable[Record]) -> Data:
    """The lines of the file of results as records.

    "tasks": the settings that all runs of a task share. "search": each run of the searches, on the validation part.
    "rows": what was trained, each with its "runs", one a seed, on the test part.
    """
    tasks: dict[str, Record] = {}
    search: list[Record] = []
    rows: dict[str, Record] = {}
    for run in runs:
        model, fit, name = run["model"], dict(run["fit"]), run["setting"]
        rate, own = fit.pop("learning_rate"), {key: fit.pop(key) for key in ("epochs", "decay") if key in fit}
        task = tasks.setdefault(name, {"task": name, "metric": run["metric"], "steps": run["steps"], **fit})
        hadamard = model["kind"] == "hadamrnn"
        settings = {
            "task": name,
            "strategy": run["strategy"],
            "kind": model["kind"],
            "n": model["hidden"],
            **({"block": model["block"]} if model.get("block") else {}),
            "recurrent_bits": 1 if hadamard else model["recurrent_bits"],
            "bits": model["bits"],
            "learning_rate": rate,
            **({"sign_scale": model["sign_scale"]} if hadamard else {"recurrent_rate": model["recurrent_rate"]}),
        }
        if run["part"] == "validation":
            task |= {f"search_{key}": value for key, value in own.items()}
            search.append(settings | {key: run[key] for key in SCORED if key in run})
            continue
        task |= own
        if not hadamard:
            task["penalty"] = model["penalty"]
        of_task = {"inputs": model["inputs"], "steps": run["steps"], "activation": model["activation"]}
        row = rows.setdefault(run["name"], settings | of_task | {"kB": run["kB"], "runs": []})
        row["runs"].append({key: run[key] for key in MEASURED if key in run})
    for row in rows.values():
        row["runs"].sort(key=lambda run: run["seed"])
    found = {"tasks": list(tasks.values()), "search": search, "rows": list(rows.values())}
    return {key: sorted(records, key=_order) for key, records in found.items()}


def added(stored: Data, new: Data) -> Data:
    """All records; a new one replaces what it says otherwise than the stored one with the same settings."""
    found: Data = {}
    for key, records in new.items():
        known = {_order(record): record for record in stored[key]}
        both = {order: {**known.get(order, {}), **record} for record in records for order in [_order(record)]}
        found[key] = [record for _, record in sorted((known | both).items(), key=lambda pair: pair[0])]
    return found


def _order(record: Record) -> tuple[str, ...]:
    names = ("task", "strategy", "n", "block", "recurrent_bits", "learning_rate", "recurrent_rate", "sign_scale")
    values = (record.get(name, 0) for name in names)
    return tuple(value if isinstance(value, str) else f"{value or 0:010.4f}" for value in values)


def as_json(data: Data) -> str:
    """One record a line."""
    lists = (
        f'"{key}": [\n' + ",\n".join(json.dumps(record, separators=(",", ":")) for record in records) + "\n]"
        for key, records in data.items()
    )
    return "{\n" + ",\n".join(lists) + "\n}\n"


def tables(data: Data) -> str:
    """Means over the seeds: of each task by strategy and bits, and of HadamRNN by size."""
    parts = []
    for task in data["tasks"]:
        rows = [row for row in data["rows"] if row["task"] == task["task"]]
        if rows:
            seeds = {run["seed"] for row in rows for run in row["runs"]}
            parts.append(
                f"{task['task']}: {task['metric']} after {task['epochs']} epochs, T = {task['steps']},"
                f" {rows[0]['activation']}, {len(seeds)} seeds"
            )
            parts.append(by_bits([row for row in rows if row["kind"] == "qornn"]))
            parts.append(by_size([row for row in rows if row["kind"] == "hadamrnn"]))
    return "\n\n".join(parts)


def by_bits(rows: list[Record]) -> str:
    """Scores, defects of orthogonality, and changes of the accuracy by integer states of so many bits."""
    cells = {("ptq" if row["strategy"] == "full" else row["strategy"], row["recurrent_bits"]): row for row in rows}
    columns = [*sorted({bits for _, bits in cells if bits}), None]
    shown: list[tuple[str, str, Callable[[Record], float | None]]] = [
        ("", "{:.3f}", lambda run: run["score"]),
        ("defect, ", "{:.2g}", lambda run: run["defect"]),
    ]
    for bits in sorted({bits for row in rows for run in row["runs"] for bits in run.get("integers", {})} - {"float"}):
        shown.append((f"change by {bits}-bit states, ", "{:+.3f}", lambda run, bits=bits: change(run, bits)))
    lines = [["", *(f"{bits} bits" if bits else "full" for bits in columns)], ["---", *["---:"] * len(columns)]]
    for (title, form, value), strategy in product(shown, STRATEGIES):
        found = [cells.get((strategy, bits), {"runs": []}) for bits in columns]
        lines.append([title + strategy, *(mean(map(value, row["runs"]), form) for row in found)])
    sizes = {row["recurrent_bits"]: f"{row['kB']:.1f}" for row in rows}
    lines.append(["kB", *(sizes.get(bits, "") for bits in columns)])
    return markdown(lines)


def by_size(rows: list[Record]) -> str:
    lines = [["HadamRNN", "kB", "score"], ["---", "---:", "---:"]]
    for row in rows:
        name = f"n = {row['n']}" + (f", blocks of {row['block']}" if "block" in row else "")
        lines.append([name, f"{row['kB']:.1f}", mean((run["score"] for run in row["runs"]), "{:.3f}")])
    return markdown(lines)


def change(run: Record, bits: str) -> float | None:
    """The accuracy with integer states less that in floats, on the same sequences."""
    found = run.get("integers", {}).get(bits)
    return found - run["integers"]["float"] if isinstance(found, float) else None


def mean(values: Iterable[float | None], form: str) -> str:
    """With how many runs have a number, if not all: the others diverged, or their states are too large for integers."""
    values = list(values)
    numbers = [value for value in values if value is not None]
    of = "" if len(numbers) == len(values) else f" ({len(numbers)} of {len(values)})"
    return form.format(statistics.mean(numbers)) + of if numbers else "-" if values else ""


def markdown(lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

"""What the command line says of itself: examples, help that fits the terminal, the name that was perhaps meant."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from approxbounds.errors import suggestion
from approxbounds.tables import filled

__all__ = ["COMMANDS", "EXAMPLES", "Once", "Parser"]

#: What each command is for.
COMMANDS = {
    "lower": "best certified lower bound on E_p(F, G)",
    "upper": "best known upper bound on E_p(F, G)",
    "bracket": "lower and upper bound together",
    "pdim": "best upper bound on the pseudo-dimension of G",
    "vc": "best upper bound on the VC dimension of the signs of G",
    "fat": "best upper bound on the fat-shattering dimension of G at a scale",
    "packing": "lower bound on the packing entropy log M(eps, F, L^p)",
    "entropy": "the packing entropy of F between packings and covers",
    "weights": "how many weights an error needs at least",
    "sufficient": "how many weights are enough for an error",
    "weights-bracket": "how many weights an error needs, from below and from above",
    "bits": "how many bits per weight an error needs at least",
    "table": "compare classes, networks and norms; do L^p and sup norm differ?",
    "sweep": "bounds for a grid of classes, networks and norms; resumable, in parallel",
    "verify": "check a certificate from scratch",
    "explain": "numbered derivation with citations (Markdown)",
    "list": "all classes with their parameters, and all theorems",
    "completion": "a script for bash or zsh that completes commands, options and classes",
}

#: Lines that may be typed as they are (``verify`` after the second of ``lower``).
EXAMPLES = {
    "lower": (
        "lower holder:smoothness=3/2,dim=2 relu:widths=64x64 -p 2",
        "lower lipschitz:dim=2 relu:widths=50^3 -p inf --certificate bound.json",
        "lower lipschitz:dim=2 relu:widths=20x20 -p 2 --measure normal:deviation=2",
        "lower holder:smoothness=s,dim=d size:weights=W,depth=L -p 2",
    ),
    "upper": ("upper lipschitz:dim=1 relu:widths=64 -p 2",),
    "bracket": ("bracket monotone:dim=2 heaviside:widths=20x20 -p 3/2 --json",),
    "pdim": ("pdim relu:widths=64x64,input_dim=2", "pdim hadamrnn:hidden=128,steps=1000,bits=4"),
    "vc": ("vc heaviside:widths=20,input_dim=1",),
    "fat": ("fat norm-bounded:norms=1x3/2,input_dim=2 --gamma 0.1",),
    "packing": ("packing lipschitz:dim=2 --eps 0.01 -p 2",),
    "entropy": ("entropy lipschitz:dim=2 --eps 0.01 -p 2",),
    "weights": ("weights lipschitz:dim=2 --error 1e-3 -p 2 --depth 3",),
    "sufficient": ("sufficient lipschitz:dim=2 --error 1e-2 -p 2 --depth 3",),
    "weights-bracket": ("weights-bracket lipschitz:dim=1 --error 1e-2 -p 2 --depth 2 --degree 0 --json",),
    "bits": ("bits lipschitz:dim=2 relu:widths=4 --error 1e-2 -p 2",),
    "table": ("table monotone:dim=2 lipschitz:dim=2 relu:widths=64^4 -p 2 inf --format markdown",),
    "sweep": ("sweep lipschitz:dim=2 relu:widths=8x8 relu:widths=64 -p 1 2 --quantity bracket --directory answers",),
    "verify": ("verify bound.json",),
    "explain": ("explain monotone:dim=2 heaviside:widths=20x20 -p 4 --bibtex",),
    "list": ("list", "list --json"),
    "completion": ("completion bash > ~/.approxbounds-completion && echo . ~/.approxbounds-completion >> ~/.bashrc",),
}

_UNKNOWN = re.compile(r"argument COMMAND: invalid choice: '([^']*)'")


class _Formatter(argparse.HelpFormatter):
    """Wraps sentences, but leaves lines to type (indented ones) as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = text.split("\n")
        shown = (line if line.startswith("  ") else filled(line, width=width, hanging="") for line in lines)
        return "\n".join(indent + line for line in shown)


class Parser(argparse.ArgumentParser):
    """Help with examples, and errors that name the command that was perhaps meant."""

    def __init__(self, *, examples: tuple[str, ...] = (), epilog: str = "", **settings: object) -> None:
        title = "examples:" if len(examples) > 1 else "example:"
        lines = [title, *(f"  approxbounds {example}" for example in examples)] if examples else []
        epilog = "\n".join([*lines, *(["", epilog] if epilog else [])])
        super().__init__(epilog=epilog or None, formatter_class=_Formatter, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        if unknown := _UNKNOWN.match(message):
            message += suggestion(unknown[1], COMMANDS)
        super().error(message)


class Once(argparse.Action):
    """An option with one value: given twice, the first would silently be lost."""

    given = False

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *values: Any) -> None:
        if self.given:
            raise argparse.ArgumentError(self, "may be given only once")
        self.given = True
        setattr(namespace, self.dest, values[0])

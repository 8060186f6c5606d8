"""The command line ``approxbounds``."""

from approxbounds.cli.commands import main

__all__ = ["main"]

"""The command line of `python -m annotate prelabel`."""

from __future__ import annotations


def prelabel() -> None:
    """Give tasks predictions to correct."""
    raise NotImplementedError

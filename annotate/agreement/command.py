"""The command line of `python -m annotate agreement`."""

from __future__ import annotations


def agreement() -> None:
    """Measure how far annotators agree."""
    raise NotImplementedError

"""The command line of `python -m annotate queue`."""

from __future__ import annotations


def queue() -> None:
    """Order the work."""
    raise NotImplementedError

"""The data tables of this package, in data/: a `#` begins a line that tells of sources, or of the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str, sign: str = "|") -> Iterator[tuple[str, ...]]:
    """Yield the rows of a table without a head, cut at a sign, each field without the blanks around it."""
    for line in _lines(name):
        yield tuple(field.strip() for field in line.split(sign))


def records(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table parted by tabs, by the names in its head."""
    yield from csv.DictReader(_lines(name), delimiter="\t", quoting=csv.QUOTE_NONE)


def listed(cell: str) -> tuple[str, ...]:
    """Return the entries of a field, which stand between bars."""
    return tuple(entry.strip() for entry in cell.split("|") if entry.strip())


def _lines(name: str) -> Iterator[str]:
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line.strip() and not line.startswith("#"))

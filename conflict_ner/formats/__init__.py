"""Output formats: event rows as the files that analysts' tools load.

`jsonl` is the canonical form, from which every other is made: `write_events(path, "acled", read_rows(jsonl))`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from conflict_ner.errors import DataError, did_you_mean
from conflict_ner.formats.rows import EventRow

FORMATS = {
    "jsonl": "events.jsonl",
    "acled": "events-acled.csv",
    "ged": "events-ged.csv",
    "parquet": "events.parquet",
    "geojson": "events.geojson",
}
"""Each format with the usual name of its file."""


def write_events(path: Path, name: str, rows: Iterable[EventRow]) -> int:
    """Write event rows in a format, whole or not at all; none but a few thousand are in memory at once.

    Args:
        path: the file to write.
        name: one of `FORMATS`.
        rows: the events, each with what is known of its article.

    Returns:
        How many were written.

    Raises:
        DataError: there is no such format, or it needs a package that is not installed.
    """
    check_format(name)
    return _writer(name)(path, rows)


def check_format(name: str) -> None:
    """Refuse a format that there is not, or whose package is not installed.

    Raises:
        DataError: as said.
    """
    if name not in FORMATS:
        raise DataError(f"There is no format {name!r}{did_you_mean(name, FORMATS)}")
    if name == "parquet":
        from conflict_ner.arrow import need_pyarrow

        need_pyarrow("Parquet")


def _writer(name: str) -> Callable[[Path, Iterable[EventRow]], int]:
    """Return the function that writes a format; what it needs is imported now and not before."""
    if name == "parquet":
        from conflict_ner.formats.parquet import write_parquet

        return write_parquet
    if name == "geojson":
        from conflict_ner.formats.geojson import write_geojson

        return write_geojson
    if name == "jsonl":
        from conflict_ner.formats.jsonl import write_rows

        return write_rows
    from conflict_ner.formats.tables import write_acled, write_ged

    return write_acled if name == "acled" else write_ged

"""Parquet: event rows as typed, nested columns, which DuckDB, pandas, Polars and Spark read without a schema."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from conflict_ner.arrow import RecordWriter, iter_records
from conflict_ner.files import replacing_file
from conflict_ner.formats.rows import EventRow


def write_parquet(path: Path, rows: Iterable[EventRow]) -> int:
    """Write event rows as Parquet, whole or not at all; return how many.

    The columns are the fields of an event row; what is None there is null here.

    Raises:
        DataError: pyarrow is not installed.
    """
    with replacing_file(path) as temporary, RecordWriter(temporary, EventRow) as writer:
        for row in rows:
            writer.write(row)
        return writer.written


def read_parquet(path: Path) -> Iterable[EventRow]:
    """Yield the event rows of a Parquet file that `write_parquet` wrote."""
    return (EventRow.model_validate(record) for record in iter_records(path))

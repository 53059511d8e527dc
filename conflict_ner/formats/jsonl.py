"""JSONL: event rows and readings, one a line; both read back as they were written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from conflict_ner.config import explain
from conflict_ner.documents import document_from_record
from conflict_ner.errors import DataError
from conflict_ner.events import Events
from conflict_ner.facts import Facts
from conflict_ner.files import replacing_file
from conflict_ner.formats.rows import EventRow
from conflict_ner.reading import Reading

_Model = TypeVar("_Model", bound=BaseModel)


def row_line(row: EventRow) -> str:
    """Return an event row as a line, with its line end: the event's own fields, `main` and `meta` beside them."""
    record = row.event.model_dump(mode="json")
    record["main"] = row.main
    record["meta"] = row.meta.model_dump(mode="json")
    return json.dumps(record, ensure_ascii=False) + "\n"


def row_from_line(line: str) -> EventRow:
    """Return the event row of a line.

    Raises:
        DataError: the line is none; names each problem.
    """
    record = _object(line)
    main, meta = record.pop("main", False), record.pop("meta", {})
    return _validated({"event": record, "main": main, "meta": meta}, EventRow)


def reading_line(reading: Reading) -> str:
    """Return a reading as a line of `readings.jsonl`, with its line end."""
    return json.dumps(reading.to_record(), ensure_ascii=False) + "\n"


def reading_from_line(line: str) -> Reading:
    """Return the reading of a line.

    Raises:
        DataError: the line is none; names each problem.
    """
    record = _object(line)
    facts, events = record.pop("facts", {}), record.pop("events", {})
    return Reading(
        document=document_from_record(record), facts=_validated(facts, Facts), events=_validated(events, Events)
    )


def write_rows(path: Path, rows: Iterable[EventRow]) -> int:
    """Write event rows as JSONL, whole or not at all; return how many."""
    return _write_lines(path, map(row_line, rows))


def read_rows(path: Path) -> Iterator[EventRow]:
    """Yield the event rows of a JSONL file.

    Raises:
        DataError: the file is missing, or a line is bad; names file, line and problem.
    """
    for number, line in _lines(path):
        try:
            yield row_from_line(line)
        except DataError as error:
            raise DataError(f"{path}, line {number}: {error}") from error


def write_readings(path: Path, readings: Iterable[Reading]) -> int:
    """Write readings as JSONL, whole or not at all; return how many."""
    return _write_lines(path, map(reading_line, readings))


def read_readings(path: Path) -> Iterator[Reading]:
    """Yield the readings of a JSONL file; errors are those of `read_rows`."""
    for number, line in _lines(path):
        try:
            yield reading_from_line(line)
        except DataError as error:
            raise DataError(f"{path}, line {number}: {error}") from error


def _object(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise DataError(f"not JSON ({error}); one object stands on one line") from error
    if not isinstance(record, dict):
        raise DataError(f"a JSON object is needed, and this is {type(record).__name__}")
    return record


def _validated(data: Any, model: type[_Model]) -> _Model:
    """Read parsed JSON as a model: strictly, but with lists for tuples and text for dates, as JSON has them."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise DataError("the record breaks the rules", explain(error, model)) from error


def _write_lines(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}; give the path of a JSONL file.")
    with path.open(encoding="utf-8") as file:
        try:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is not UTF-8 (byte {error.start} of a block); save it as UTF-8.") from error

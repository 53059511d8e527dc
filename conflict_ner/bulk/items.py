"""Rows judged: each is an article to read, or is rejected with the reason."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from pydantic import ValidationError

from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.sources import RawRow, Source
from conflict_ner.bulk.streams import bare_name
from conflict_ner.config import explain
from conflict_ner.documents import Document, Meta
from conflict_ner.text import storable

_TEXTS = ("title", "source", "url", "language")


@dataclass(frozen=True, slots=True)
class Item:
    """A row: its number, its id where it has one, and either its document or why it has none."""

    row: int
    id: str | None
    document: Document | None
    reason: str | None = None


def iter_items(source: Source, columns: Columns, after: int = 0, limit: int | None = None) -> Iterator[Item]:
    """Yield the rows of an input as items, in order.

    An id that stood in an earlier row is rejected: the ids that were seen lie in a temporary database, so that memory
    does not grow with them.

    Args:
        source: the input.
        columns: where its values stand.
        after: rows up to this number are passed over, though their ids count.
        limit: the number of the last row; None reads all.
    """
    stem = bare_name(source.path).partition(".")[0]
    seen = _Ids()
    for raw in takewhile(lambda raw: limit is None or raw.number <= limit, source.rows(columns)):
        try:
            name, text, meta = _judged(raw, columns, stem)
            seen.add(name, raw.number)
        except _RejectError as error:
            if raw.number > after:
                yield Item(raw.number, error.id, None, str(error))
            continue
        if raw.number > after:
            yield Item(raw.number, name, Document.from_raw(name, text, meta=meta))


class _RejectError(Exception):
    """Why a row is no article; with its id, where that is known."""

    def __init__(self, reason: str, name: str | None = None) -> None:
        self.id = name
        super().__init__(reason)


class _Ids:
    """The ids so far, with their rows, in a database that lies in no folder and goes with the process."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000;")
        self._database.execute("CREATE TABLE ids (id TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID")

    def add(self, name: str, row: int) -> None:
        """Note an id; refuse one that was noted."""
        if self._database.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", (name, row)).rowcount == 0:
            (first,) = self._database.execute("SELECT row FROM ids WHERE id = ?", (name,)).fetchone()
            raise _RejectError(f"the id {name!r} stands already in row {first}; ids must differ", name)


def _judged(raw: RawRow, columns: Columns, stem: str) -> tuple[str, str, Meta]:
    """Return id, text and meta of a row that is an article."""
    if raw.values is None:
        raise _RejectError(raw.reason or "the row cannot be read")
    values = raw.values
    name = f"{stem}-{raw.number}" if columns.id is None else _id(values.get(columns.id), columns.id)
    text = values.get(columns.text or "text")
    if text is None:
        raise _RejectError(f"no text: column {columns.text!r} is empty", name)
    if not isinstance(text, str):
        raise _RejectError(f"the text is no string but {type(text).__name__}: {_short(text)}", name)
    if not text.strip():
        raise _RejectError(f"no text: column {columns.text!r} holds only white space", name)
    return name, text, _meta(raw, values, columns, name)


def _id(value: Any, column: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        told = "is empty" if value is None or value == "" else f"holds {_short(value)}"
        raise _RejectError(f"no id: column {column!r} {told}; a text or a whole number is needed")
    return storable(str(value))


def _meta(raw: RawRow, values: Mapping[str, Any], columns: Columns, name: str) -> Meta:
    known: dict[str, Any] = dict(raw.meta or {})
    for field in _TEXTS:
        column = getattr(columns, field)
        value = None if column is None else values.get(column)
        if value is not None and value != "":
            known[field] = storable(str(value))
    if columns.published is not None:
        known["published"] = _day(values.get(columns.published), name)
    try:
        return Meta.model_validate(known)
    except ValidationError as error:
        raise _RejectError("; ".join(f"meta.{problem}" for problem in explain(error, Meta)), name) from None


def _day(value: Any, name: str) -> datetime.date | None:
    """Return a day; of a point in time the day as it is written, whatever its zone."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value.strip()).date()
        except ValueError:
            pass
    raise _RejectError(f"published: {_short(value)} is no day such as 2024-11-30, nor such a day with a time", name)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."

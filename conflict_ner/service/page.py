"""What the page shows of an article: the reading with its words for people, and the files to save."""

from __future__ import annotations

import csv
import io
from typing import Any

from pydantic import BaseModel

from conflict_ner.formats.geojson import feature
from conflict_ner.formats.rows import EventRow, rows_of
from conflict_ner.formats.tables import ACLED_COLUMNS, acled_cells, harmless
from conflict_ner.reading import Reading
from conflict_ner.wording import event_cells, meanings


class EventWords(BaseModel):
    """An event in words, a cell each."""

    who: str
    where: str
    when: str
    how_many: str


class PageAnswer(BaseModel):
    """What the page gets.

    Attributes:
        reading: text, spans, facts and events, as a line of `readings.jsonl`; offsets mean its own text.
        meanings: what each span means, in the order of the spans.
        events: each event in words, in their order.
        geojson: the events as a FeatureCollection.
        csv: the events as a table with ACLED's columns.
    """

    reading: dict[str, Any]
    meanings: list[str]
    events: list[EventWords]
    geojson: dict[str, Any]
    csv: str


def page_answer(reading: Reading) -> PageAnswer:
    """Return what the page shows and saves of a reading."""
    told = meanings(reading.facts)
    rows = list(rows_of([reading]))
    words = (event_cells(event) for event in reading.events.rows)
    return PageAnswer(
        reading=reading.to_record(),
        meanings=[told.get(span.key, "") for span in reading.document.spans],
        events=[EventWords(who=who, where=where, when=when, how_many=many) for who, where, when, many in words],
        geojson={"type": "FeatureCollection", "features": [feature(row) for row in rows]},
        csv=_table(rows),
    )


def _table(rows: list[EventRow]) -> str:
    file = io.StringIO(newline="")
    table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(ACLED_COLUMNS)
    table.writerows(["" if cell is None else harmless(cell) for cell in acled_cells(row)] for row in rows)
    return file.getvalue()

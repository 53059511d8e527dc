"""CSV tables with the columns of the field's two datasets: ACLED's and UCDP GED's.

They are alike in columns and codes, not in content: an article's event is coded here, not an event of the world, and
the same one told twice has two rows. Where a table's code would claim more than the text tells, the cell is empty.

Codes: https://acleddata.com/methodology/acled-codebook (time_precision, geo_precision, fatalities) and
https://ucdp.uu.se/downloads/ged (date_prec, where_prec). What stands in cells comes from articles of anybody: a cell
that a spreadsheet would run as a formula gets an apostrophe in front, by
https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

from conflict_ner.events import Event
from conflict_ner.files import replacing_file
from conflict_ner.formats.rows import (
    EventRow,
    actor_names,
    country_name,
    days,
    is_told,
    place_name,
    place_of,
    point,
    settled,
)

Cell = str | int | float | date | None

ACLED_COLUMNS = (
    *("event_id", "event_date", "time_precision", "actors", "country", "admin1", "admin2", "location"),
    *("latitude", "longitude", "geo_precision", "fatalities", "notes", "source"),
    *("date_start", "date_end", "date_source", "document", "main", "score", "needs_review"),
)
GED_COLUMNS = (
    *("id", "date_start", "date_end", "date_prec", "side_names", "where_prec", "where_coordinates", "country"),
    *("adm_1", "adm_2", "latitude", "longitude", "best", "high", "low"),
    *("source_article", "source_headline", "source_date", "source_original"),
    *("date_source", "document", "main", "score", "needs_review"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_acled(path: Path, rows: Iterable[EventRow]) -> int:
    """Write event rows as a table with ACLED's columns, whole or not at all; return how many.

    Beyond ACLED's own columns: `actors` for its two, whose order has no meaning either; `date_start` to `date_end`
    (the last day), of which `event_date` is the middle; `date_source`, which is `publication` where the text has no
    date and the event is only known to be no later. `fatalities` is the lowest report, and empty where none is told.
    """
    return _write(path, ACLED_COLUMNS, acled_cells, rows)


def write_ged(path: Path, rows: Iterable[EventRow]) -> int:
    """Write event rows as a table with the columns of UCDP GED, whole or not at all; return how many.

    `side_names` stands for GED's two sides: who stood against whom is not told. `date_end` is the last day.
    """
    return _write(path, GED_COLUMNS, ged_cells, rows)


def acled_cells(row: EventRow) -> tuple[Cell, ...]:
    """Return the cells of an event, in the order of `ACLED_COLUMNS`."""
    event = row.event
    first, last = days(event) or (None, None)
    place, where = place_of(event), point(event) or (None, None)
    return (
        event.id,
        None if first is None or last is None else first + (last - first) // 2,
        time_precision(event),
        "; ".join(actor_names(event)),
        None if place is None else country_name(place.country),
        None if place is None else place.adm1,
        None if place is None else place.adm2,
        place_name(event),
        *where,
        geo_precision(event),
        fatalities(event),
        event.sentence.surface,
        row.meta.source,
        first,
        last,
        None if event.date is None else event.date.date_source,
        event.document,
        str(row.main).lower(),
        round(event.score, 4),
        str(event.needs_review).lower(),
    )


def ged_cells(row: EventRow) -> tuple[Cell, ...]:
    """Return the cells of an event, in the order of `GED_COLUMNS`."""
    event, meta = row.event, row.meta
    first, last = days(event) or (None, None)
    place, where, killed = place_of(event), point(event) or (None, None), event.killed
    return (
        event.id,
        first,
        last,
        date_prec(event),
        "; ".join(actor_names(event)),
        where_prec(event),
        place_name(event),
        None if place is None else country_name(place.country),
        None if place is None else place.adm1,
        None if place is None else place.adm2,
        *where,
        None if killed is None else killed.best,
        None if killed is None else killed.high,
        None if killed is None else killed.low,
        event.sentence.surface,
        meta.title,
        meta.published,
        meta.source,
        None if event.date is None else event.date.date_source,
        event.document,
        str(row.main).lower(),
        round(event.score, 4),
        str(event.needs_review).lower(),
    )


def time_precision(event: Event) -> int | None:
    """Return ACLED's code of a date: 1 the day, 2 within a week, 3 within a month or longer.

    A date that is only known from the day of publication is 3: nothing tells how long before it was.
    """
    length = _length(event)
    if length is None:
        return None
    return 3 if not is_told(event) or length > 7 else 2 if length > 1 else 1


def date_prec(event: Event) -> int | None:
    """Return GED's code of a date: 1 the day, 2 two to six days, 3 a week, 4 a month, 5 longer, or publication's."""
    length = _length(event)
    if length is None:
        return None
    if not is_told(event) or length > 31:
        return 5
    return 1 if length == 1 else 2 if length < 7 else 3 if length == 7 else 4


def geo_precision(event: Event) -> int | None:
    """Return ACLED's code of a place: 1 a town or site, 2 near it, 3 a region or more; None: not linked."""
    place = place_of(event)
    if place is None:
        return None
    if settled(place.kind):
        return 2 if place.is_rough else 1
    return 2 if place.kind in {"adm2", "physical"} else 3


def where_prec(event: Event) -> int | None:
    """Return GED's code: 1 exact, 2 near, 3 second division, 4 first, 5 fuzzy, 6 country; None: not linked."""
    place = place_of(event)
    if place is None:
        return None
    if settled(place.kind):
        return 2 if place.is_rough else 1
    return {"adm2": 3, "adm1": 4, "country": 6}.get(place.kind, 5)


def fatalities(event: Event) -> int | None:
    """Return the lowest number of dead that is told; None where none is. 0 is only what the text itself says."""
    killed = event.killed
    if killed is None:
        return None
    open_below = killed.low is None or (killed.low == 0 and killed.high != 0)
    return killed.best if open_below else killed.low


def harmless(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet runs: white space as single spaces, an apostrophe before a formula's sign."""
    if not isinstance(cell, str):
        return cell
    text = " ".join(cell.split())
    return f"'{text}" if text.startswith(_FORMULA) else text


def _length(event: Event) -> int | None:
    """Return over how many days a date reaches."""
    reach = days(event)
    return None if reach is None else (reach[1] - reach[0]) // timedelta(days=1) + 1


def _write(
    path: Path, columns: tuple[str, ...], cells: Callable[[EventRow], tuple[Cell, ...]], rows: Iterable[EventRow]
) -> int:
    count = 0
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        # Text is quoted, so that a separator in it begins no cell where a spreadsheet expects semicolons.
        table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        table.writerow(columns)
        for row in rows:
            table.writerow(["" if cell is None else harmless(cell) for cell in cells(row)])
            count += 1
    return count

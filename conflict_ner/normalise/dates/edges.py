"""Date edges: which days of a month, year or decade are its beginning, middle and end.

Of a month: early 1 to 10, mid 11 to 20, late from 21 on. Of a year: four months each. Of a decade: the years 0-3, 4-6
and 7-9. `start of` and `end of` are the first and last seven days of a month or a longer period.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from conflict_ner.facts import Precision
from conflict_ner.normalise.dates.calendars import Days, day_of, months_of, week_of, weekday_after, years_of
from conflict_ner.normalise.dates.context import NOTHING_LEFT, Context, Reading, UnresolvedError
from conflict_ner.normalise.dates.forms import UNIT_PRECISION, Edge, Form, Piece, Shifted

_EDGE_DAYS = 7
_THIRDS: dict[Edge, int] = {"early": 0, "mid": 1, "late": 2, "start": 0, "end": 2}
_MANY_YEARS = 10 * 366
_SATURDAY = 5


def layered(form: Form, whole: Reading, context: Context) -> Reading:
    """Return the part of a period that all the layers of a form tell: the end of the first week, of the last half."""
    return part_of(form, layered(form.of, whole, context), context) if isinstance(form, Shifted | Piece) else whole


def part_of(form: Shifted | Piece, whole: Reading, context: Context) -> Reading:
    """Return the part of a period that one layer tells; `earlier` and `later` divide it at publication.

    Raises:
        UnresolvedError: nothing of the period lies on that side of publication, or publication is not known.
    """
    if isinstance(form, Piece):
        size: Precision = UNIT_PRECISION[form.unit] if form.number == 1 else "other"
        return replace(whole, days=piece_of(whole.days, form), precision=size)
    if form.edge in {"earlier", "later"}:
        today = context.publication()
        start, end = whole.days
        days = (
            Days(start, min(today, end)) if form.edge == "earlier" else Days(max(today + timedelta(days=1), start), end)
        )
        if days.start >= days.end:
            raise UnresolvedError(NOTHING_LEFT)
        return replace(whole, days=days, precision="other", anchor="publication")
    if form.edge in _BESIDE:
        days, precision = _BESIDE[form.edge](whole.days), _BESIDE_PRECISION.get(form.edge, "week")
        return replace(whole, days=days, precision=precision)
    return replace(whole, days=edge_of(whole.days, whole.precision, form.edge), precision="other")


# What lies beside or around a day, or before a period.
_BESIDE: dict[Edge, Callable[[Days], Days]] = {
    "eve": lambda days: day_of(days.start - timedelta(days=1)),
    "week_of": lambda days: week_of(days.start) if days.end - days.start == timedelta(days=1) else days,
    "week_from": lambda days: day_of(days.start, 7),
    "week_until": lambda days: day_of(days.end - timedelta(days=7), 7),
}
_BESIDE_PRECISION: dict[Edge, Precision] = {"eve": "day"}


def edge_of(days: Days, precision: Precision, edge: Edge) -> Days:
    """Return the early, middle, late or other part of a period.

    Args:
        days: the period.
        precision: what it is, since a month's edges are not a year's.
        edge: which part.
    """
    start, end = days
    length = (end - start).days
    if edge in {"first_half", "second_half"}:
        middle = _middle(days, precision)
        return Days(start, middle) if edge == "first_half" else Days(middle, end)
    if edge in {"start", "end"} and length > 2 * _EDGE_DAYS:
        week = timedelta(days=_EDGE_DAYS)
        return Days(start, start + week) if edge == "start" else Days(end - week, end)
    third = _THIRDS[edge]
    if precision == "month":
        cuts = [start, start + timedelta(days=10), start + timedelta(days=20), end]
    elif precision in {"year", "season", "quarter"}:
        months = (end.year - start.year) * 12 + end.month - start.month
        cuts = [months_of(start.year, start.month + number * months // 3).start for number in range(4)]
    elif precision == "decade":
        cuts = [years_of(start.year + number).start for number in (0, 4, 7, 10)]
    elif length > _MANY_YEARS:
        years = end.year - start.year
        cuts = [years_of(start.year + number * years // 3).start for number in range(4)]
    elif precision == "week":
        cuts = [start + timedelta(days=number) for number in (0, 2, 4, 7)]
    else:
        cuts = [start + timedelta(days=number * length // 3) for number in range(4)]
    return Days(cuts[third], cuts[third + 1]) if cuts[third] < cuts[third + 1] else days


def _middle(days: Days, precision: Precision) -> date:
    start, end = days
    if precision == "month":
        return start + timedelta(days=15)
    if precision == "year":
        return date(start.year, 7, 1)
    return start + timedelta(days=max((end - start).days // 2, 1))


def piece_of(days: Days, piece: Piece) -> Days:
    """Return the first, second or last so many days, weeks, months or years of a period, never more than it holds."""
    start, end = days
    size, skipped = piece.number, (piece.place - 1) * piece.number
    if piece.weekday is not None:
        return _weekday_of(days, piece.weekday, piece.place)
    match piece.unit:
        case "month":
            found = (
                Days(months_of(end.year, end.month - size).start, end)
                if piece.place < 0
                else months_of(start.year, start.month + skipped, size)
            )
        case "year" | "decade":
            years = size * (10 if piece.unit == "decade" else 1)
            found = (
                Days(date(end.year - years, end.month, end.day), end)
                if piece.place < 0
                else years_of(start.year + (piece.place - 1) * years, years)
            )
        case "weekend":
            first = weekday_after(start - timedelta(days=1), _SATURDAY) + timedelta(days=7 * skipped)
            last = weekday_after(end - timedelta(days=8), _SATURDAY)
            begins = last if piece.place < 0 else first
            found = Days(begins, begins + timedelta(days=2))
        case _:
            unit = timedelta(days=7 if piece.unit == "week" else 1)
            found = (
                Days(end - unit * size, end)
                if piece.place < 0
                else Days(start + unit * skipped, start + unit * (skipped + size))
            )
    return Days(max(found.start, start), min(found.end, max(end, found.start)))


def _weekday_of(days: Days, weekday: int, place: int) -> Days:
    first = weekday_after(days.start - timedelta(days=1), weekday) + timedelta(days=7 * (place - 1))
    last = weekday_after(days.end - timedelta(days=8), weekday)
    day = last if place < 0 else first
    return day_of(day, 1 if days.start <= day < days.end else 0)

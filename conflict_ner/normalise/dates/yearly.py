"""Yearly dates: days of a month, months, seasons, quarters and feasts, and the choice of the year that is meant.

Without a year the last one that began on or before publication is meant; the next one where the text looks ahead, and
where a day is weeks away whose last occurrence is nearly a year gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from conflict_ner.facts import Precision
from conflict_ner.normalise.dates.calendars import Days, day_of, islamic_month, months_of, quarter_of, season_of
from conflict_ner.normalise.dates.context import ABOUT_A_MONTH, NO_SUCH_DAY, Anchor, Context, Reading, UnresolvedError
from conflict_ner.normalise.dates.edges import layered
from conflict_ner.normalise.dates.feasts import BY_THE_MOON, Feast, feast, islamic_days
from conflict_ner.normalise.dates.forms import (
    FROM_TEXT,
    STEPS,
    Day,
    FeastDay,
    Form,
    IslamicDate,
    Month,
    Quarter,
    Relation,
    Season,
)

Yearly = Day | Month | Season | Quarter | FeastDay | IslamicDate

# Years in which a date comes at least once on each side; 29 February, or a day that must be a Monday, is farther away.
_AROUND, _FAR_AROUND = 2, 12
_SOON, _LONG_AGO = timedelta(days=45), timedelta(days=300)
_FEAST_SOON = _FEAST_GONE = timedelta(days=60)
# How far a story may look back from the date it told last.
_BACK_DAYS, _BACK_MONTHS = timedelta(days=180), timedelta(days=80)


def yearly(form: Form, root: Yearly, context: Context) -> Reading:
    """Return the days of a yearly date.

    Args:
        form: the date with the layers around it (`late August`).
        root: the date itself; a day has its month.
        context: what it is reckoned from.

    Raises:
        UnresolvedError: the calendar has no such day, or what it is reckoned from is missing.
    """
    doubt = _doubt(root)
    if isinstance(root, IslamicDate) and root.islamic_year and isinstance(root.year, int):
        whole = _islamic(root, root.year)
        return replace(layered(form, whole, context), doubt=doubt)
    if root.year is not None:
        year, anchor = _named_year(root.year, context)
        found = occurrences(root, (year,))
        if not found:
            raise UnresolvedError(NO_SUCH_DAY)
        whole = replace(found[0], anchor=anchor)
    else:
        whole = _chosen(root, None if isinstance(root, Day | Quarter) else root.relation, context)
    return replace(layered(form, whole, context), doubt=doubt)


def _doubt(root: Yearly) -> str | None:
    if isinstance(root, IslamicDate):
        return BY_THE_MOON
    found = feast(root.name) if isinstance(root, FeastDay) else None
    return found.doubt if isinstance(found, Feast) else None


def _named_year(year: int | Relation, context: Context) -> tuple[int, Anchor]:
    if isinstance(year, int):
        return full_year(year, context), "none"
    if year in FROM_TEXT:
        return context.date_of_text().days.start.year + STEPS[year], "text"
    return context.publication().year + STEPS[year], "publication"


def occurrences(root: Yearly, years: Iterable[int]) -> list[Reading]:
    """Return a form's days in each of some years, in order; a year may hold none or two."""
    return sorted((reading for year in years for reading in _in_year(root, year)), key=lambda reading: reading.days)


def _in_year(root: Yearly, year: int) -> list[Reading]:
    match root:
        case Day(day, month) if month is not None:
            try:
                return [Reading(day_of(date(year, month, day)), "day")]
            except ValueError:
                return []
        case Month(month):
            return [Reading(months_of(year, month), "month")]
        case Season(season):
            return [Reading(season_of(year, season), "season")]
        case Quarter(number):
            return [Reading(quarter_of(year, number), "quarter")]
        case FeastDay(name, eve=eve):
            found = feast(name)
            if not isinstance(found, Feast):
                return []
            before = timedelta(days=1 if eve else 0)
            all_days = [day_of(days.start - before) if eve else days for days in found.rule(year)]
            return [Reading(days, _precision(days)) for days in all_days]
        case IslamicDate(month, day):
            return [Reading(days, _precision(days)) for days in islamic_days(year, month, day)]
        case _:
            return []


def _precision(days: Days) -> Precision:
    return "day" if days.end - days.start == timedelta(days=1) else "other"


def _islamic(root: IslamicDate, year: int) -> Reading:
    whole = islamic_month(year, root.month)
    if root.day is None:
        return Reading(whole, "other")
    return Reading(day_of(whole.start + timedelta(days=root.day - 1)), "day")


def _chosen(root: Yearly, relation: Relation | None, context: Context) -> Reading:
    """Choose the year's occurrence that is meant where no year is named."""
    if relation in FROM_TEXT or (relation is None and context.story and context.dates):
        base = context.date_of_text()
        around = occurrences(root, years_around(base.days.start, root))
        return replace(_chosen_from_text(around, root, relation, base), anchor="text")
    today = context.publication()
    found = occurrences(root, years_around(today, root))
    if isinstance(root, Day) and root.weekday is not None:
        found = [reading for reading in found if reading.days.start.weekday() == root.weekday] or found
    past = [reading for reading in found if reading.days.start <= today]
    coming = [reading for reading in found if reading.days.start > today]
    if relation == "last":
        # `last November`, told in November, is not the running one.
        past, coming = [reading for reading in past if reading.days.end <= today], []
    if not past and not coming:
        raise UnresolvedError(NO_SUCH_DAY)
    return replace(_nearer(root, relation, past[-1:], coming[:1], context), anchor="publication")


def _nearer(
    root: Yearly, relation: Relation | None, past: Sequence[Reading], coming: Sequence[Reading], context: Context
) -> Reading:
    """Choose between the last occurrence and the next one; one of them may be missing."""
    if not past or not coming:
        return (*past, *coming)[0]
    before, after, today = past[0], coming[0], context.publication()
    if relation == "next":
        return after
    if relation == "this":
        return _running(before, after, today)
    is_soon = not context.over and _is_soon(root, before, after, today)
    return after if is_soon or after.days.start - today <= context.ahead else before


def years_around(day: date, root: Yearly) -> range:
    """Return the years near a day in which a yearly date comes at least once before and once after it."""
    rare = isinstance(root, Day) and (root.weekday is not None or (root.day, root.month) == (29, 2))
    around = _FAR_AROUND if rare else _AROUND
    return range(max(day.year - around, 1), min(day.year + around, 9998) + 1)


def _is_soon(root: Yearly, past: Reading, coming: Reading, today: date) -> bool:
    """Tell whether a day or a feast is rather one of the coming weeks than one long gone."""
    if not isinstance(root, Day | FeastDay | IslamicDate):
        return False
    soon, gone = (_SOON, _LONG_AGO) if isinstance(root, Day) else (_FEAST_SOON, _FEAST_GONE)
    return coming.days.start - today <= soon and today - past.days.end >= gone


def _running(past: Reading, coming: Reading, today: date) -> Reading:
    """Return what `this` means: what runs, else what lies in the year of publication, else what is nearer."""
    if past.days.end > today:
        return past
    in_year = [reading for reading in (past, coming) if reading.days.start.year == today.year]
    nearer = past if today - past.days.end <= coming.days.start - today else coming
    return nearer if len(in_year) != 1 or past.days.end.year == today.year else in_year[0]


def _chosen_from_text(around: Sequence[Reading], root: Yearly, relation: Relation | None, base: Reading) -> Reading:
    start, end = base.days
    if relation == "previous":
        fitting = [reading for reading in around if reading.days.end <= start][-1:]
    elif relation == "following":
        fitting = [reading for reading in around if reading.days.start >= end]
    elif relation is None and base.length <= 2 * ABOUT_A_MONTH:
        # A story goes forward, but may look back a little: the next one is meant unless it is nearly a year away.
        back = _BACK_DAYS if isinstance(root, Day) else _BACK_MONTHS if isinstance(root, Month) else timedelta(0)
        fitting = [reading for reading in around if reading.days.start >= start - back]
    else:
        fitting = [reading for reading in around if reading.days.end > start]
    if not fitting:
        raise UnresolvedError(NO_SUCH_DAY)
    return fitting[0]


def full_year(year: int, context: Context) -> int:
    """Return a year; one of two figures (negative) is the last such year, counted to the year after publication."""
    if year > 0:
        return year
    figures = -year % 100
    latest = 2069 if context.published is None else context.published.year + 1
    return latest - (latest - figures) % 100

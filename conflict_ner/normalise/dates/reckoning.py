"""Date reckoning: from the form of a phrase to calendar days, given publication and the dates around it in the text.

A weekday alone is the last one on or before publication, unless the text tells of what is to come. Nothing falls back
on the day of publication: what cannot be reckoned raises `UnresolvedError`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import assert_never

from conflict_ner.facts import Precision
from conflict_ner.normalise.dates.calendars import (
    Days,
    day_of,
    month_shifted,
    week_of,
    weekday_after,
    weekday_before,
    weekend_before,
    years_of,
)
from conflict_ner.normalise.dates.context import (
    BACKWARDS,
    BY_PUBLICATION,
    BY_SETTING,
    NO_SUCH_DAY,
    TOO_COARSE,
    Anchor,
    Context,
    DateOrder,
    Reading,
    UnresolvedError,
)
from conflict_ner.normalise.dates.edges import layered, part_of
from conflict_ner.normalise.dates.forms import (
    FROM_TEXT,
    STEPS,
    UNIT_PRECISION,
    Calendar,
    Counted,
    Day,
    FeastDay,
    Form,
    IslamicDate,
    Month,
    NumericDay,
    PartOfDay,
    Piece,
    Quarter,
    Range,
    Season,
    Shifted,
    Unit,
    Unread,
    Weekday,
    Years,
    root_of,
)
from conflict_ner.normalise.dates.yearly import Yearly, full_year, occurrences, yearly, years_around

_SHORT = timedelta(days=8)
_DECADE = 10
_MONTHS_BACK = 24  # a Friday the thirteenth comes within fourteen


def reckon(form: Form, context: Context) -> Reading:
    """Return the days that a form means.

    Raises:
        UnresolvedError: they cannot be told; names the reason.
    """
    try:
        reading = _reckon(form, context)
    except (ValueError, OverflowError) as error:
        raise UnresolvedError(NO_SUCH_DAY) from error
    if reading.days.start >= reading.days.end:
        raise UnresolvedError(BACKWARDS)
    return reading


def _reckon(form: Form, context: Context) -> Reading:
    match form:
        case Unread(why):
            raise UnresolvedError(why)
        case PartOfDay(of):
            whole = _reckon(of, context)
            return replace(whole, precision="part_of_day") if whole.length < _SHORT / 2 else whole
        case NumericDay():
            return _numeric(form, context)
        case Range(first, last):
            return _range(first, last, context)
        case Years(first, number):
            return _years(full_year(first, context), number)
        case Weekday():
            return _weekday(form, context)
        case Calendar():
            return _calendar(form, context)
        case Counted():
            return _counted(form, context)
        case Day(month=None):
            return _day_of_month(form, context)
        case Day() | Month() | Season() | Quarter() | FeastDay() | IslamicDate():
            return yearly(form, form, context)
        case Shifted() | Piece():
            root = root_of(form)
            if isinstance(root, Yearly) and not (isinstance(root, Day) and root.month is None):
                return yearly(form, root, context)
            return part_of(form, _reckon(form.of, context), context)
        case _:
            assert_never(form)


def _years(first: int, number: int) -> Reading:
    precision: Precision = "year" if number == 1 else "decade" if number == _DECADE else "other"
    return Reading(years_of(first, number), precision)


def _numeric(form: NumericDay, context: Context) -> Reading:
    """Return the day of `03/04/2022`: by the order that fits, the text's, one before publication, or the setting's."""
    by_order: dict[DateOrder, Day] = {
        "dmy": Day(form.first, form.second, form.year),
        "mdy": Day(form.second, form.first, form.year),
    }
    readings = {order: _numeric_reading(day, context) for order, day in by_order.items()}
    fitting = {order: reading for order, reading in readings.items() if reading is not None}
    if not fitting:
        raise UnresolvedError(NO_SUCH_DAY)
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    chosen = fitting[context.order]
    if context.order_is_known or form.first == form.second:
        return chosen
    told = [reading for reading in fitting.values() if context.published and reading.days.start <= context.published]
    if len(told) == 1 and form.year is not None and not context.ahead:
        return replace(told[0], doubt=BY_PUBLICATION if told[0] != chosen else BY_SETTING)
    return replace(chosen, doubt=BY_SETTING)


def _numeric_reading(day: Day, context: Context) -> Reading | None:
    if day.month is None or not (1 <= day.month <= 12 and 1 <= day.day <= 31):
        return None
    try:
        return yearly(day, day, context)
    except (ValueError, OverflowError):
        return None


def _day_of_month(form: Day, context: Context) -> Reading:
    """Return the days of `the 18th`: of the month named just before, else the last one before publication."""
    if context.month is not None and not context.ahead:
        return Reading(day_of(date(context.month.year, context.month.month, form.day)), "day", "text")
    today = context.publication()
    for number in range(_MONTHS_BACK):
        first, end = month_shifted(today, number if context.ahead else -number)
        day = first + timedelta(days=form.day - 1)
        fits = day < end and (form.weekday is None or day.weekday() == form.weekday)
        if fits and (day > today if context.ahead else day <= today):
            return Reading(day_of(day), "day", "publication")
    raise UnresolvedError(NO_SUCH_DAY)


def _range(first: Form, last: Form, context: Context) -> Reading:
    ending = _reckon(last, context)
    beginning = _reckon_before(first, ending, context)
    if beginning.days.start >= ending.days.end:
        raise UnresolvedError(BACKWARDS)
    anchor: Anchor = beginning.anchor if ending.anchor == "none" else ending.anchor
    return Reading(Days(beginning.days.start, ending.days.end), "range", anchor, ending.doubt or beginning.doubt)


def _reckon_before(first: Form, ending: Reading, context: Context) -> Reading:
    """Reckon the beginning of a range: what has no year or week of its own is the last one before the end."""
    root = root_of(first)
    if isinstance(root, Weekday) and root == Weekday(root.weekday):
        return replace(ending, days=day_of(weekday_before(ending.days.end - timedelta(days=2), root.weekday)))
    if isinstance(root, Day | Month | Season) and root.year is None and not (isinstance(root, Day) and not root.month):
        found = [layered(first, whole, context) for whole in occurrences(root, years_around(ending.days.start, root))]
        before = [reading for reading in found if reading.days.start < ending.days.end]
        if before:
            return replace(before[-1], anchor=ending.anchor)
    return _reckon(first, context)


def _weekday(form: Weekday, context: Context) -> Reading:
    if form.week is not None:
        week = _calendar(Calendar("week", form.week), context)
        return Reading(day_of(week.days.start + timedelta(days=form.weekday)), "day", week.anchor)
    if form.relation in FROM_TEXT or (form.relation is None and context.story and context.dates):
        base = context.date_of_text(fine=True)
        if base.length > _SHORT:
            raise UnresolvedError(TOO_COARSE)
        start, end = base.days
        if form.relation == "previous":
            day = weekday_before(start - timedelta(days=1), form.weekday)
        elif form.relation == "following":
            day = weekday_after(end - timedelta(days=1), form.weekday)
        else:
            day = weekday_after(start - timedelta(days=1), form.weekday)
        return Reading(day_of(day), "day", "text")
    today = context.publication()
    if form.relation == "next":
        day = weekday_after(today, form.weekday)
    elif form.relation is None and not form.back and context.ahead:
        day = weekday_after(today - timedelta(days=1), form.weekday)
    elif form.relation == "this":
        day = week_of(today).start + timedelta(days=form.weekday)
    elif form.relation == "last" or form.back:
        day = weekday_before(today - timedelta(days=1), form.weekday) - timedelta(days=7 * max(form.back - 1, 0))
    else:
        day = weekday_before(today, form.weekday)
    return Reading(day_of(day), "day", "publication")


def _calendar(form: Calendar, context: Context) -> Reading:
    relation = form.relation or ("next" if context.ahead else "this")
    steps = form.steps * STEPS[relation]
    if relation in FROM_TEXT and form.unit == "day":
        return _counted(Counted("day", steps, from_text=True), context)
    anchor: Anchor = "text" if relation in FROM_TEXT else "publication"
    day = context.publication() if anchor == "publication" else _day_of_text(form.unit, context)
    if form.unit == "weekend":
        # From Wednesday on, `this weekend` is the coming one.
        comes = form.relation == "this" and (bool(context.ahead) or day.weekday() > 1)
        return Reading(_weekend(day, steps, comes), "other", anchor)
    return Reading(_unit_days(form.unit, day, steps), UNIT_PRECISION[form.unit], anchor)


def _day_of_text(unit: Unit, context: Context) -> date:
    """Return a day of the date that a week, month or year is counted from."""
    base = context.date_of_text(fine=unit in {"week", "weekend"})
    if base.length > _SHORT and unit in {"week", "weekend"}:
        raise UnresolvedError(TOO_COARSE)
    return base.days.start


def _weekend(day: date, steps: int, comes: bool) -> Days:
    begun = weekend_before(day)
    runs = begun.end > day
    if comes and not runs:
        steps = 1
    elif steps < 0 and not runs:
        steps += 1  # the weekend just past is the last one
    return day_of(begun.start + timedelta(days=7 * steps), 2)


def _unit_days(unit: Unit, day: date, steps: int) -> Days:
    match unit:
        case "day":
            return day_of(day + timedelta(days=steps))
        case "week" | "weekend":
            return week_of(day + timedelta(days=7 * steps))
        case "month":
            return month_shifted(day, steps)
        case "year":
            return years_of(day.year + steps)
        case "decade":
            return years_of(day.year // _DECADE * _DECADE + _DECADE * steps, _DECADE)
        case _:
            assert_never(unit)


def _counted(form: Counted, context: Context) -> Reading:
    if form.weekday is not None:
        day = weekday_before(context.publication(), form.weekday) + timedelta(days=7 * form.number)
        return Reading(day_of(day), "day", "publication")
    if not form.from_text:
        return Reading(_counted_off(form, day_of(context.publication())), UNIT_PRECISION[form.unit], "publication")
    if context.definite and form.unit == "week" and abs(form.number) == 1:
        return _calendar(Calendar("week", "previous" if form.number < 0 else "following"), context)
    base = context.date_of_text(fine=form.unit in {"day", "week", "weekend"})
    if base.length > _SHORT and form.unit in {"day", "week", "weekend"}:
        # Counted from a month, the day stays as open as the month was.
        shift = timedelta(days=form.number * (1 if form.unit == "day" else 7))
        return Reading(Days(base.days.start + shift, base.days.end + shift), "other", "text")
    return Reading(_counted_off(form, base.days), UNIT_PRECISION[form.unit], "text")


def _counted_off(form: Counted, base: Days) -> Days:
    """Return the day so many days from a base, or the week, month or year around the day so many of them away."""
    day = base.start if form.number <= 0 else base.end - timedelta(days=1)
    match form.unit:
        case "day":
            return day_of(day + timedelta(days=form.number))
        case "week":
            return day_of(day + timedelta(days=7 * form.number - 3), 7)
        case "weekend":
            return day_of(weekend_before(day).start + timedelta(days=7 * form.number), 2)
        case "decade":
            return years_of(day.year + _DECADE * form.number - _DECADE // 2, _DECADE)
        case _:
            return _unit_days(form.unit, day, form.number)

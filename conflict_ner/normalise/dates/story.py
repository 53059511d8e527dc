"""Stories of the past: texts whose dates follow each other, and not the day of publication.

A history says `On 20 July 1905 ... and on 14 August`: its August is that of 1905. A report of today says `founded in
2009` and `on 14 August`, and means its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from conflict_ner.normalise.dates.forms import (
    FROM_TEXT,
    Calendar,
    Counted,
    Day,
    FeastDay,
    Form,
    IslamicDate,
    Month,
    NumericDay,
    Quarter,
    Range,
    Season,
    Weekday,
    Years,
    YearWord,
    root_of,
)

# So many years old is the first date of a story: a day or a month, or a bare year.
_OLD_DAY, _OLD_YEAR = 1, 5


def is_story(forms: Sequence[Form], published: date | None) -> bool:
    """Tell whether a text tells of the past alone: its first date names an old year, and none counts from today.

    A bare year is not enough (`the front, founded in 2009`): a month or day of an old year must be told as well.

    Args:
        forms: the text's date phrases, in its order.
        published: the day of publication.
    """
    if published is None or not forms:
        return False
    if _age(forms[0], published) < (_OLD_YEAR if _is_of_years(forms[0]) else _OLD_DAY):
        return False
    if not any(_age(form, published) >= _OLD_DAY and not _is_of_years(form) for form in forms):
        return False
    told_a_day = False
    for form in forms:
        root = root_of(form)
        # A weekday belongs to the story where a day was told just before it.
        if counts_from_publication(root) or (isinstance(root, Weekday) and root.relation is None and not told_a_day):
            return False
        told_a_day = isinstance(root, Day | Range | NumericDay | Weekday)
    return True


def _age(form: Form, published: date) -> int:
    """Return the years from a phrase's own to publication; none where it names no year."""
    year = _year_of(form)
    return 0 if year is None else published.year - year


def _is_of_years(form: Form) -> bool:
    root = root_of(form)
    return isinstance(root.last if isinstance(root, Range) else root, Years)


def counts_from_publication(form: Form) -> bool:
    """Tell whether a phrase is surely counted from the text's own day: `yesterday`, `last March`, not `Tuesday`."""
    root = root_of(form)
    match root:
        case Weekday(relation=relation, week=week, back=back):
            return week is not None or back > 0 or _is_deictic(relation)
        case Calendar(relation=relation):
            return relation not in FROM_TEXT
        case Counted(from_text=from_text):
            return not from_text
        case Month() | Season() | FeastDay() | IslamicDate():
            return _is_deictic(root.year) or _is_deictic(root.relation)
        case Day() | Quarter():
            return _is_deictic(root.year)
        case _:
            return False


def counts_from_text(form: Form) -> bool:
    """Tell whether a phrase is counted from another date of its text: `two days earlier`, `the previous Thursday`."""
    root = root_of(form)
    if isinstance(root, Range):
        return counts_from_text(root.first) or counts_from_text(root.last)
    if isinstance(root, Counted):
        return root.from_text
    return getattr(root, "relation", None) in FROM_TEXT or getattr(root, "year", None) in FROM_TEXT


def stands_alone(form: Form) -> bool:
    """Tell whether a phrase needs nothing around it: a year, or a date with its year in figures."""
    root = root_of(form)
    return isinstance(root, Years) or (
        isinstance(root, Day | Month | Season | Quarter | FeastDay) and isinstance(root.year, int)
    )


def _is_deictic(word: YearWord) -> bool:
    return isinstance(word, str) and word not in FROM_TEXT


def _year_of(form: Form) -> int | None:
    root = root_of(form)
    if isinstance(root, Range):
        return _year_of(root.last) or _year_of(root.first)
    year = root.first if isinstance(root, Years) else getattr(root, "year", None)
    return year if isinstance(year, int) and year > 0 else None

"""Forms of a date phrase: what its words say, before publication and text tell which days are meant.

`late last November` is `Shifted("late", Month(11, relation="last"))`; `two days earlier` is
`Counted("day", -2, from_text=True)`. A phrase of several layers nests them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from conflict_ner.facts import Precision
from conflict_ner.normalise.dates.calendars import SeasonName

Unit = Literal["day", "week", "weekend", "month", "year", "decade"]
# `this`, `last` and `next` are counted from publication, the others from a date of the text.
Relation = Literal["this", "last", "next", "same", "previous", "following"]
FROM_TEXT: frozenset[Relation] = frozenset({"same", "previous", "following"})
STEPS: dict[Relation, int] = {"this": 0, "same": 0, "last": -1, "previous": -1, "next": 1, "following": 1}
UNIT_PRECISION: dict[Unit, Precision] = {
    "day": "day",
    "week": "week",
    "weekend": "other",
    "month": "month",
    "year": "year",
    "decade": "decade",
}
Edge = Literal[
    "early", "mid", "late", "start", "end", "earlier", "later", "first_half", "second_half",
    "eve", "week_of", "week_from", "week_until",
]  # fmt: skip
# A year as the phrase gives it: in figures, by its relation, or not at all.
YearWord = int | Relation | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month; where the phrase has a weekday, that as well (Monday is 0)."""

    day: int
    month: int | None = None
    year: YearWord = None
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class NumericDay:
    """`03/04/2022` and `3.4.`: which figure is the day, the order of day and month tells."""

    first: int
    second: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Weekday:
    """`Tuesday`, `last Tuesday`, `Tuesday of last week` (`week`), `two Tuesdays ago` (`back` 2)."""

    weekday: int
    relation: Relation | None = None
    week: Relation | None = None
    back: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    month: int
    year: YearWord = None
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Season:
    """A season; `until` is the year in which a winter of two years ends."""

    season: SeasonName
    year: YearWord = None
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter (1 to 4) or, with `halves`, a half (1 or 2) of a year."""

    number: int
    year: YearWord = None


@dataclass(frozen=True, slots=True)
class Years:
    """Calendar years by figure: one, a decade (`1990s`) or a century."""

    first: int
    number: int = 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar unit by its relation: `this week`, `last year`, `the following month`, `weekend` alone."""

    unit: Unit
    relation: Relation | None = None
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Counted:
    """A time counted off: `yesterday` is one day back, `two weeks ago`, `a month later` (`from_text`)."""

    unit: Unit
    number: int
    from_text: bool = False
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class FeastDay:
    """A feast by its plain name; `eve` is the day before."""

    name: str
    year: YearWord = None
    relation: Relation | None = None
    eve: bool = False


@dataclass(frozen=True, slots=True)
class IslamicDate:
    """A month of the Islamic calendar, or a day of it; the year is Islamic if `islamic_year`."""

    month: int
    day: int | None = None
    year: YearWord = None
    relation: Relation | None = None
    islamic_year: bool = False


@dataclass(frozen=True, slots=True)
class Shifted:
    """A stretch at the beginning, middle or end of a period, or beside it: `late August`, `the eve of Ramadan`."""

    edge: Edge
    of: Form


@dataclass(frozen=True, slots=True)
class Piece:
    """The first, second or last so many units of a period: `first week of January`, `first nine months of 2019`.

    Attributes:
        unit: of what the piece is measured.
        number: how many units it holds.
        place: 1 for the first such piece, -1 for the last.
        of: the period.
        weekday: where set (Monday is 0), the piece is the first, second or last such day.
    """

    unit: Unit
    number: int
    place: int
    of: Form
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """From the beginning of one form to the end of another."""

    first: Form
    last: Form


@dataclass(frozen=True, slots=True)
class PartOfDay:
    """A part of a day, or a clock time on it."""

    of: Form


@dataclass(frozen=True, slots=True)
class Unread:
    """A phrase that gives no date, and why."""

    why: str


Form = (
    Day
    | NumericDay
    | Weekday
    | Month
    | Season
    | Quarter
    | Years
    | Calendar
    | Counted
    | FeastDay
    | IslamicDate
    | Shifted
    | Piece
    | Range
    | PartOfDay
    | Unread
)


def root_of(form: Form) -> Form:
    """Return what stands inside the layers of a form: of `late in the evening of 3 May` the day."""
    while isinstance(form, PartOfDay | Shifted | Piece):
        form = form.of
    return form

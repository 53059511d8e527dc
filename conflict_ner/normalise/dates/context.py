"""Context of a date phrase: what it is reckoned from, what it comes to, and why it may come to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from conflict_ner.facts import Precision
from conflict_ner.normalise.dates.calendars import Days

DateOrder = Literal["dmy", "mdy"]
Anchor = Literal["none", "publication", "text"]

NOT_PUBLISHED = "the phrase is counted from the day of publication, which is not known"
NO_ANCHOR = "the phrase is counted from another date, and the text holds none to count from"
TOO_COARSE = "the phrase is counted from another date of the text, and that is not known to the day"
NO_SUCH_DAY = "the calendar has no such day"
BACKWARDS = "the period would end before it begins"
NOTHING_LEFT = "no day of that period lies on that side of publication"
BY_SETTING = "day and month could be told apart only by the setting of their order"
BY_PUBLICATION = "day and month could be told apart only because one reading lies after publication"

ABOUT_A_MONTH = timedelta(days=31)


class UnresolvedError(Exception):
    """A phrase gives no days; the message is the reason."""


@dataclass(frozen=True)
class Reading:
    """What a phrase means: its days, how fine they are, what they were counted from, and what is doubtful of them."""

    days: Days
    precision: Precision
    anchor: Anchor = "none"
    doubt: str | None = None

    @property
    def length(self) -> timedelta:
        return self.days.end - self.days.start


@dataclass(frozen=True)
class Context:
    """What a phrase is reckoned from.

    Attributes:
        published: the day of publication.
        order: of day and month in figures.
        order_is_known: whether the text's own dates show that order, or the setting alone.
        ahead: how far from publication on the words around it look to what is to come; nothing where they do not.
        over: the words before it tell of what has happened.
        definite: `the` stands before it: `the week before` is a calendar week, `a week before` seven days.
        month: a day of the month that was named just before.
        dates: other dates of the text that it may be counted from, the likeliest first.
        story: the text tells of the past and never counts from its own day: a date without a year follows the
            dates told before it.
    """

    published: date | None
    order: DateOrder = "dmy"
    order_is_known: bool = False
    ahead: timedelta = timedelta(0)
    over: bool = False
    definite: bool = False
    month: date | None = None
    dates: Sequence[Reading] = ()
    story: bool = False

    def publication(self) -> date:
        """Return the day of publication.

        Raises:
            UnresolvedError: it is not known.
        """
        if self.published is None:
            raise UnresolvedError(NOT_PUBLISHED)
        return self.published

    def date_of_text(self, fine: bool = False) -> Reading:
        """Return the date that a phrase is counted from; a fine one is at most about a month long.

        Raises:
            UnresolvedError: there is none.
        """
        for reading in self.dates:
            if not fine or reading.length <= ABOUT_A_MONTH:
                return reading
        raise UnresolvedError(NO_ANCHOR)

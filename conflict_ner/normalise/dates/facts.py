"""Dates: the date phrases of a text as calendar days.

Three things decide what a phrase means: its own words (`phrases`), the day of publication, and the text around
it: the dates told before, which `two days earlier` is counted from, and the words that tell of what is to come, for
which the last Monday is the wrong one. What they cannot decide stays unresolved, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from conflict_ner.documents import Span
from conflict_ner.facts import DateFact, Interval
from conflict_ner.normalise.dates import cues
from conflict_ner.normalise.dates.context import NO_ANCHOR, TOO_COARSE, Context, DateOrder, Reading, UnresolvedError
from conflict_ner.normalise.dates.forms import (
    Counted,
    Day,
    FeastDay,
    Form,
    IslamicDate,
    Month,
    NumericDay,
    Range,
    Season,
    Unread,
    Years,
    root_of,
)
from conflict_ner.normalise.dates.phrases import read_phrase
from conflict_ner.normalise.dates.reckoning import reckon
from conflict_ner.normalise.dates.story import counts_from_text, is_story, stands_alone

_NEAR = 60  # phrases on either side that one may be counted from
# A date that others are counted from is better known to a few days than to a month.
_FEW_DAYS = timedelta(days=3)
# A day that goes on from one of an old year comes within days of it.
_OLD, _GOES_ON = timedelta(days=300), timedelta(days=14)


def date_facts(
    text: str, spans: Iterable[Span], published: date | None = None, order: DateOrder = "dmy"
) -> tuple[DateFact, ...]:
    """Resolve the date phrases of a text.

    Args:
        text: the document's text.
        spans: its date spans, in any order; their labels are not looked at.
        published: the day of publication; without it only what stands by itself is resolved, and what is counted
            from that.
        order: how to read a date in figures that fits both ways (`03/04/2022`) where the text's other dates do not
            show it: `dmy` or `mdy`.

    Returns:
        A fact for each span, in the order of the text. A fact without an interval says why; one with an interval
        says there what is doubtful of it, such as a feast that hangs on the moon.
    """
    phrases = [
        _Phrase(span, read_phrase(text[span.start : span.end]), text.rfind("\n", 0, span.start))
        for span in sorted(spans, key=lambda span: span.key)
    ]
    phrases = _completed(text, phrases)
    forms = [phrase.form for phrase in phrases]
    shown = cues.order_shown(text) if any(isinstance(root_of(form), NumericDay | Range) for form in forms) else None
    story = is_story(forms, published)
    found = _Dates(text, phrases, published, shown or order, shown is not None, story).resolved()
    return tuple(_fact(text, phrase.span, result) for phrase, result in zip(phrases, found, strict=True))


@dataclass(frozen=True)
class _Phrase:
    """A span's phrase, and the paragraph in which it stands."""

    span: Span
    form: Form
    paragraph: int


# Of each phrase its reading, or the reason why it has none.
_Result = Reading | str


@dataclass(frozen=True)
class _Dates:
    """The date phrases of a text, resolved one after the other."""

    text: str
    phrases: Sequence[_Phrase]
    published: date | None
    order: DateOrder
    order_is_known: bool
    story: bool
    found: list[_Result] = field(default_factory=list)

    def resolved(self) -> list[_Result]:
        for number in range(len(self.phrases)):
            apposed = self._is_apposed(number)
            self.found.append(self._first_reading(number, apposed))
            if apposed:
                self._centre_before(number)
        for number, phrase in enumerate(self.phrases):
            # What nothing before it resolves may be counted from, or explained by, a date told after it.
            if self.found[number] in {NO_ANCHOR, TOO_COARSE}:
                self.found[number] = _read_past(phrase.form, self._context(number))
            elif isinstance(self.found[number], str) and isinstance(root_of(phrase.form), Unread):
                self.found[number] = self._beside(number) or self.found[number]
        return self.found

    def _first_reading(self, number: int, apposed: bool) -> _Result:
        form, context = self.phrases[number].form, self._context(number)
        named = self.found[-1] if apposed else None
        if isinstance(named, Reading):
            # `two months later, on 3 June`: the one gives the year, the other the day.
            return _read(form, replace(context, dates=[named], story=True))
        return self._told_on(number, context) or _read_past(form, context)

    def _is_apposed(self, number: int) -> bool:
        """Tell whether a phrase names the day that the one before it counts off."""
        if not number or not isinstance(root_of(self.phrases[number].form), Day | NumericDay):
            return False
        before = self.phrases[number - 1]
        counted = root_of(before.form)
        if not (isinstance(counted, Counted) and counted.from_text):
            return False
        return cues.is_apposed(self.text, before.span.end, self.phrases[number].span.start)

    def _centre_before(self, number: int) -> None:
        """Put the day, week, month or year that was counted off where the day is that names it."""
        named, counted = self.found[number], root_of(self.phrases[number - 1].form)
        if isinstance(named, Reading) and isinstance(counted, Counted):
            centred = _read(replace(counted, number=0), Context(None, dates=[named]))
            self.found[number - 1] = centred if isinstance(centred, Reading) else self.found[number - 1]

    def _told_on(self, number: int, context: Context) -> Reading | None:
        """Return the days of a day that goes on from one of an old year: `1 September 2004 ... On 3 September`."""
        form = self.phrases[number].form
        root = root_of(form)
        if not isinstance(root, Day) or root.month is None or root.year is not None or self.published is None:
            return None
        for other in range(number - 1, -1, -1):
            before, told = root_of(self.phrases[other].form), self.found[other]
            if isinstance(before, Counted) and before.from_text:
                continue
            last = root_of(before.last) if isinstance(before, Range) else before
            if not isinstance(last, Day | NumericDay) or isinstance(told, str) or told.anchor == "publication":
                return None
            if self.published - told.days.end < _OLD:
                return None
            result = _read(form, replace(context, dates=[told], story=True))
            if isinstance(result, str) or not timedelta(0) <= result.days.start - told.days.start <= _GOES_ON:
                return None
            return result
        return None

    def _beside(self, number: int) -> Reading | None:
        """Return the days of a date directly beside a day that has no rule: `Independence Day, January 4`."""
        for other in (number + 1, number - 1):
            if not 0 <= other < len(self.phrases):
                continue
            first, second = sorted((number, other))
            result = self.found[other]
            if (
                isinstance(result, Reading)
                and result.precision == "day"
                and cues.is_beside(self.text, self.phrases[first].span.end, self.phrases[second].span.start)
            ):
                return Reading(result.days, result.precision, "text")
        return None

    def _context(self, number: int) -> Context:
        phrase = self.phrases[number]
        if stands_alone(phrase.form):
            return Context(self.published, self.order, self.order_is_known)
        clause = cues.clause_before(self.text, phrase.span.start)
        return Context(
            published=self.published,
            order=self.order,
            order_is_known=self.order_is_known,
            ahead=cues.ahead(clause),
            over=cues.is_over(clause),
            definite=cues.is_definite(self.text, phrase.span.start),
            month=self._month_before(number),
            dates=self._dates_around(number) if self.story or counts_from_text(phrase.form) else (),
            story=self.story,
        )

    def _month_before(self, number: int) -> date | None:
        """Return a day of the month that a phrase before one named in its paragraph, or in a story."""
        form = root_of(self.phrases[number].form)
        if not (isinstance(form, Day) and form.month is None):
            return None
        for other in range(number - 1, -1, -1):
            if self.phrases[other].paragraph != self.phrases[number].paragraph and not self.story:
                return None
            root, result = root_of(self.phrases[other].form), self.found[other]
            if isinstance(root, Range):
                root = root_of(root.last)
            if isinstance(root, Day | Month | NumericDay) and not (isinstance(root, Day) and root.month is None):
                return result.days.end - timedelta(days=1) if isinstance(result, Reading) else None
        return None

    def _dates_around(self, number: int) -> list[Reading]:
        """Return the dates that a phrase may be counted from, the likeliest first.

        That is the nearest before it: one of its own paragraph before a distant one, what has happened before what
        is to come or what lasts (`since March`), a few days before a longer time; then, where they are known, those
        told after it.
        """
        place = self.phrases[number].paragraph
        ranked: list[tuple[tuple[bool, bool, bool, bool, bool, int], Reading]] = []
        for other in range(max(0, number - _NEAR), min(len(self.found), number + _NEAR + 1)):
            result = self.found[other]
            if other == number or isinstance(result, str):
                continue
            phrase = self.phrases[other]
            rank = (
                other > number,
                self.published is not None and result.days.start > self.published,
                phrase.paragraph != place,
                cues.lasts(self.text, phrase.span.start),
                result.length > _FEW_DAYS,
                abs(other - number),
            )
            ranked.append((rank, result))
        return [reading for _, reading in sorted(ranked, key=lambda item: item[0])]


def _read(form: Form, context: Context) -> _Result:
    try:
        return reckon(form, context)
    except UnresolvedError as error:
        return str(error)


def _read_past(form: Form, context: Context) -> _Result:
    """Read a form; one counted from the text that would come after publication is counted from another date."""
    while True:
        result = _read(form, context)
        if isinstance(result, str) or result.anchor != "text" or context.published is None or not context.dates:
            return result
        if result.days.start <= context.published + context.ahead:
            return result
        context = replace(context, dates=context.dates[1:])


def _fact(text: str, span: Span, result: _Result) -> DateFact:
    surface = text[span.start : span.end]
    if isinstance(result, str):
        return DateFact(span=span, surface=surface, interval=None, why=result)
    interval = Interval(start=result.days.start, end=result.days.end, precision=result.precision)
    return DateFact(span=span, surface=surface, interval=interval, anchor=result.anchor, why=result.doubt)


def _completed(text: str, phrases: Sequence[_Phrase]) -> list[_Phrase]:
    """Give phrases what stands beside them.

    A day without a month takes the month of the day joined to it (`between the 10th and 13th of December`); a day, a
    month or a feast without a year takes the year behind it (`Eid al-Adha in 2011`); in `that August` the month is
    the story's.
    """
    done = list(phrases)
    for number in range(len(done) - 1, -1, -1):
        span, form = done[number].span, done[number].form
        alone = isinstance(form, Month | Season) and form.year is None and form.relation is None
        if isinstance(form, Month | Season) and alone and cues.is_pointed_at(text, span.start):
            done[number] = replace(done[number], form=replace(form, relation="same"))
            continue
        if number + 1 == len(done):
            continue
        after, begins = root_of(done[number + 1].form), done[number + 1].span.start
        if isinstance(after, Years) and after.number == 1 and isinstance(form, Day | Month | FeastDay | IslamicDate):
            if form.year is None and cues.is_of_year(text, span.end, begins):
                done[number] = replace(done[number], form=replace(form, year=after.first))
        elif isinstance(form, Day) and form.month is None and cues.is_joined(text, span.end, begins):
            first = root_of(after.first) if isinstance(after, Range) else after
            if isinstance(first, Day):
                done[number] = replace(done[number], form=replace(form, month=first.month, year=first.year))
    return done

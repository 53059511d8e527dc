"""Dates by hypothesis: weekdays, months and written dates come back, and no words break the reading."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.documents import Span
from conflict_ner.normalise.dates.context import DateOrder
from conflict_ner.normalise.dates.facts import date_facts
from conflict_ner.normalise.dates.phrases import LONGEST, read_phrase
from tests.date_phrases import read, resolved
from tests.strategies import marked_texts


@given(st.dates(date(2, 1, 1), date(9990, 1, 1)), st.sampled_from(tuple(calendar.day_name)))
def test_a_weekday_is_the_last_one(published: date, name: str) -> None:
    fact = resolved(f"It fell on <{name}>.", published)[0]
    assert fact.interval is not None
    assert calendar.day_name[fact.interval.start.weekday()] == name
    assert timedelta(0) <= published - fact.interval.start < timedelta(days=7)
    last = resolved(f"It fell <last {name}>.", published)[0]
    assert last.interval is not None
    assert timedelta(0) < published - last.interval.start <= timedelta(days=7)


@given(st.dates(date(20, 1, 1), date(9970, 1, 1)), st.sampled_from(tuple(calendar.month_name)[1:]))
def test_a_month_is_the_last_that_began(published: date, name: str) -> None:
    fact = resolved(f"It fell in <{name}>.", published)[0]
    assert fact.interval is not None
    assert fact.interval.start <= published < fact.interval.start.replace(year=fact.interval.start.year + 1)


@given(st.dates(), st.dates())
def test_a_written_date_is_read_back(day: date, published: date) -> None:
    for written in (f"{day.day} {calendar.month_name[day.month]} {day.year:04}", day.isoformat()):
        fact = resolved(f"<{written}>", published)[0]
        if day == date.max:  # the day after it is none
            assert fact.interval is None
            continue
        assert fact.interval is not None, written
        assert (fact.interval.start, fact.interval.end) == (day, day + timedelta(days=1))


WORDS = tuple(
    """
    first last next previous following this that same the a week weeks of month year decade century night day days to
    and - the in on early mid late end start january may 12 1999 31 30 00 2024 0000 9999 0001 '99 tuesday weekend
    ramadan eid christmas easter 14 rajab 1442 ago later earlier before after two 999 quarter half q3 12/13/2020 3/4
    31.12.99 1990s 10:30 am pm hrs gmt z spring winter monday dawn eve holy ah bc 5th fiscal several . , ( ) –
    2019-02-30 february 29 new year's
    """.split()  # noqa: SIM905 - a list of a hundred strings is harder to read
)


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join),
    st.none() | st.dates() | st.sampled_from((date.min, date.max)),
    st.sampled_from(("dmy", "mdy")),
)
def test_any_words_of_dates(phrase: str, published: date | None, order: DateOrder) -> None:
    for fact in resolved(f"On <3 May 1990> a week before <{phrase}> and <two days later>.", published, order):
        if fact.interval is None:
            read(fact)
        else:
            assert fact.interval.start < fact.interval.end
            assert fact.anchor is not None


@given(marked_texts(), st.none() | st.dates())
def test_any_text(marked: tuple[str, tuple[Span, ...]], published: date | None) -> None:
    text, spans = marked
    facts = date_facts(text, reversed(spans), published)
    assert tuple(fact.span for fact in facts) == spans
    for fact in facts:
        assert fact.surface == text[fact.span.start : fact.span.end]
        assert (fact.interval is None) == (fact.anchor is None)
        assert fact.interval is not None or fact.why


@pytest.mark.parametrize("phrase", ["to " * 60, "1-" * 60, "1 to " * 30, "early " * 30, "first week of " * 12])
def test_a_long_phrase_is_read_in_no_time(phrase: str) -> None:
    # Each dash and layer may be tried, but never all combinations of them: a phrase that explodes never ends.
    assert read_phrase(phrase[:LONGEST]) is not None

"""Facts and event slots in words: what a person reads in the terminal."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.documents import Span
from conflict_ner.events import Actor, CountSlot, DateSlot, Event, Evidence, PlaceSlot
from conflict_ner.facts import (
    Count,
    CountFact,
    DateFact,
    Facts,
    Group,
    GroupFact,
    Interval,
    Modality,
    Place,
    PlaceFact,
)
from conflict_ner.wording import event_cells, meanings

SPAN = Span(start=0, end=2, label="X")
HERE = Evidence(start=0, end=2, surface="12")
IDLIB = Place(id="169389", name="Idlib", kind="settlement", country="SY", lat=35.93, lon=36.63, score=0.9)
DAY = Interval(start=datetime.date(2015, 3, 24), end=datetime.date(2015, 3, 25), precision="day")
DAYS = Interval(start=datetime.date(2015, 3, 24), end=datetime.date(2015, 3, 27), precision="range")


def said(fact: CountFact | DateFact | GroupFact | PlaceFact) -> str:
    field = {CountFact: "counts", DateFact: "dates", GroupFact: "groups", PlaceFact: "places"}[type(fact)]
    return meanings(Facts.model_validate({field: (fact,)}))[SPAN.key]


def count(low: int | None, best: int | None, high: int | None, modality: Modality, **more: bool) -> str:
    told = Count(low=low, best=best, high=high, modality=modality)
    return said(CountFact(span=SPAN, surface="12", count=told, casualty_type="killed", **more))


def test_counts() -> None:
    assert count(12, 12, 12, "exact") == "12 killed"
    assert count(1200, 1200, 1200, "about") == "about 1,200 killed"
    assert count(12, 12, None, "at_least") == "12 or more killed"
    assert count(24, None, None, "vague") == "24 or more killed"
    assert count(None, 20, 20, "at_most") == "20 or fewer killed"
    assert count(20, 20, 25, "about") == "20 to 25 killed"
    assert count(3, 3, 3, "exact", subset=True) == "3 killed, part of another count"
    assert count(3, 3, 3, "exact", cumulative=True) == "3 killed, over many incidents"


@given(*[st.none() | st.integers(0, 10**9)] * 3, st.sampled_from(["exact", "at_least", "at_most", "about", "vague"]))
def test_any_count_is_said_without_none(
    low: int | None, best: int | None, high: int | None, modality: Modality
) -> None:
    assert "None" not in count(low, best, high, modality)


def test_dates() -> None:
    assert said(DateFact(span=SPAN, surface="x", interval=DAY)) == "2015-03-24"
    assert said(DateFact(span=SPAN, surface="x", interval=DAYS)) == "2015-03-24 to 2015-03-26"
    assert said(DateFact(span=SPAN, surface="x", interval=None, why="no year")) == "? no year"


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (Group(id="a", name="Ahrar al-Sham", kind="rebel", country="SY"), "Ahrar al-Sham (rebel, SY)"),
        (Group(name="81st Brigade", kind="state_force"), "81st Brigade (state force, not in the table)"),
        (Group(kind="state_force", country="SY"), "state force of SY"),
        (Group(kind="generic"), "armed group"),
        (None, "? no name"),
    ],
)
def test_groups(group: Group | None, words: str) -> None:
    assert said(GroupFact(span=SPAN, surface="x", group=group, why=None if group else "no name")) == words


def test_places() -> None:
    assert said(PlaceFact(span=SPAN, surface="x", candidates=(IDLIB,))) == "Idlib (settlement, SY; 35.93, 36.63)"
    assert said(PlaceFact(span=SPAN, surface="x", why="not in the gazetteer")) == "? not in the gazetteer"


def test_an_event_is_four_cells_and_what_is_not_told_is_no_zero() -> None:
    bare = Event(id="a/1", document="a", sentence=HERE, score=1)
    assert event_cells(bare) == ("—", "—", "—", "—")
    full = bare.model_copy(
        update={
            "actors": (
                Actor(evidence=HERE, group=Group(id="a", name="HTS", kind="rebel")),
                Actor(evidence=HERE, group=None),
            ),
            "place": PlaceSlot(evidence=HERE, place=IDLIB, told="sentence"),
            "date": DateSlot(interval=DAY, date_source="publication"),
            "killed": CountSlot(low=12, best=12, high=12, modality="exact", evidence=(HERE,)),
            "missing": CountSlot(low=None, best=2, high=2, modality="at_most", evidence=(HERE,)),
        }
    )
    assert event_cells(full) == ("HTS; 12", "Idlib, SY", "2015-03-24 (published)", "12 killed, 2 or fewer missing")
    unlinked = full.model_copy(update={"place": PlaceSlot(evidence=HERE, place=None, told="near")})
    assert event_cells(unlinked)[1] == "12 (no point)"

"""Event rows that hypothesis draws: every slot filled or empty, texts of all kinds."""

from __future__ import annotations

import datetime
from typing import get_args

from hypothesis import strategies as st

from conflict_ner.documents import Meta
from conflict_ner.events import Actor, CountSlot, DateSlot, Event, Evidence, PlaceSlot
from conflict_ner.facts import Group, GroupKind, Interval, Modality, Place, PlaceKind, Precision
from conflict_ner.formats.rows import EventRow
from tests.strategies import AWKWARD

# What a normalised text can hold.
texts = st.lists(
    st.sampled_from([piece for piece in AWKWARD if "\r" not in piece] + ["=1+1", "@SUM", "-3", '"', ",", ";", "＝"])
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=5),
    max_size=5,
).map("".join)
names = texts.filter(bool)
scores = st.floats(0, 1)
counts = st.integers(0, 10**9)
dates = st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1))


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Draw None, too."""
    return st.none() | strategy


def one_of(literal: object) -> st.SearchStrategy[str]:
    """Draw one of the words of a Literal."""
    return st.sampled_from(get_args(literal))


evidence = st.builds(
    Evidence, start=st.integers(0, 999), end=st.integers(1000, 9999), surface=texts, score=optional(scores)
)
groups = st.builds(
    Group,
    id=optional(names),
    name=optional(names),
    kind=one_of(GroupKind),
    country=st.sampled_from([None, "SY", "IQ"]),
    since=optional(st.integers(1900, 2100)),
    until=optional(st.integers(1900, 2100)),
)
places = st.builds(
    Place,
    id=names,
    name=names,
    kind=one_of(PlaceKind),
    country=st.sampled_from(["SY", "IQ", "XX"]),
    adm1=optional(texts),
    adm2=optional(texts),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    score=scores,
)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Draw one day or more."""
    start = draw(dates)
    length = datetime.timedelta(days=draw(st.sampled_from([1, 2, 6, 7, 8, 31, 32, 400]) | st.integers(1, 5000)))
    return Interval(start=start, end=start + length, precision=draw(one_of(Precision)))


count_slots = st.builds(
    CountSlot,
    low=optional(counts),
    best=optional(counts),
    high=optional(counts),
    modality=one_of(Modality),
    evidence=st.lists(evidence, max_size=2).map(tuple),
)
events = st.builds(
    Event,
    id=names,
    document=names,
    actors=st.lists(st.builds(Actor, evidence=evidence, group=optional(groups)), max_size=3).map(tuple),
    place=optional(
        st.builds(
            PlaceSlot,
            evidence=evidence,
            place=optional(places),
            told=st.sampled_from(["sentence", "near", "document"]),
        )
    ),
    date=optional(
        st.builds(
            DateSlot,
            interval=intervals(),
            date_source=st.sampled_from(["text", "publication"]),
            evidence=optional(evidence),
        )
    ),
    **{name: optional(count_slots) for name in ("killed", "wounded", "captured", "missing")},
    sentence=evidence,
    score=scores,
    needs_review=st.booleans(),
    reasons=st.lists(texts, max_size=2).map(tuple),
)
metas = st.builds(
    Meta,
    **{name: optional(texts) for name in ("title", "source", "url", "language", "group", "style", "region")},
    published=optional(dates),
    inferred=st.lists(texts, max_size=2).map(tuple),
)
event_rows = st.builds(EventRow, event=events, main=st.booleans(), meta=metas)


def row(**slots: object) -> EventRow:
    """Return a plain event row with some slots of one's own."""
    text = "Rebels killed 12 soldiers near Idlib on Tuesday."
    event: dict[str, object] = {
        "id": "a/1",
        "document": "a",
        "sentence": Evidence(start=0, end=len(text), surface=text),
        "score": 0.9,
        **slots,
    }
    return EventRow(event=Event.model_validate(event), meta=Meta(source="Wire", title="A title"))


def actor(surface: str, name: str | None = None) -> Actor:
    """Return an actor, with a group if it has a name."""
    group = None if name is None else Group(name=name, kind="rebel")
    return Actor(evidence=Evidence(start=0, end=len(surface), surface=surface), group=group)


def place(kind: PlaceKind) -> PlaceSlot:
    """Return a place of a kind."""
    found = Place(id="169389", name="Idlib", kind=kind, country="SY", adm1="Idlib", lat=35.93, lon=36.63, score=0.9)
    return PlaceSlot(evidence=Evidence(start=31, end=36, surface="Idlib"), place=found, told="sentence")


def when(days: int, source: str = "text") -> DateSlot:
    """Return a date of so many days from 1 March 2015."""
    start = datetime.date(2015, 3, 1)
    interval = Interval(start=start, end=start + datetime.timedelta(days=days), precision="range")
    return DateSlot.model_validate({"interval": interval, "date_source": source})


def killed(low: int | None, best: int | None, high: int | None) -> CountSlot:
    """Return a count with its bounds."""
    return CountSlot(low=low, best=best, high=high, modality="exact", evidence=())

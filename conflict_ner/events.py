"""Events: rows of who, where, when and how many, each slot with the characters it was read from.

`events` is the canonical form; `formats` writes it as the field's own tables. An event's actors have no order: who
attacked whom is not told from the spans. A count that is not told is None, never 0.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from conflict_ner.facts import CasualtyType, Group, Interval, Modality, Place

Score = Annotated[float, Field(ge=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Evidence(_Record):
    """A stretch of the document's text; `score` is that of the span, None for human work."""

    start: int
    end: int
    surface: str
    score: Score | None = None


class Actor(_Record):
    """A party of an event; mentions of the same group are one actor."""

    evidence: Evidence
    group: Group | None


class PlaceSlot(_Record):
    """Where an event happened.

    Attributes:
        evidence: the place's mention.
        place: None where the gazetteer holds none that is sure enough.
        told: whether it stands in the event's own sentence, near it, or is the place the document is about.
    """

    evidence: Evidence
    place: Place | None
    told: Literal["sentence", "near", "document"]


class DateSlot(_Record):
    """When an event happened.

    Attributes:
        interval: calendar days, the end exclusive.
        date_source: `text`, or `publication` where no date of the text tells: then the day of publication, which
            the event is not later than.
        evidence: the date's mention; None for the day of publication.
    """

    interval: Interval
    date_source: Literal["text", "publication"]
    evidence: Evidence | None = None


class CountSlot(_Record):
    """How many; bounds that are None are open. `evidence` holds each count that was added up."""

    low: int | None
    best: int | None
    high: int | None
    modality: Modality
    evidence: tuple[Evidence, ...]


class Event(_Record):
    """One armed act, or its discovery.

    Attributes:
        id: the document's id, a slash, and the number of the event in it, from 1.
        document: the document's id.
        actors: who took part, in the order of the text, which says nothing of who did what.
        place: where; None where nothing tells.
        date: when; None where nothing tells and the day of publication is not known.
        killed: how many died; None where it is not told.
        wounded: how many were hurt.
        captured: how many were taken.
        missing: how many went missing.
        sentence: the sentence that the event was read from.
        score: 0 to 1, how sure its slots are together.
        needs_review: whether an analyst should look at it before it is counted.
        reasons: why, one sentence each.
    """

    id: str
    document: str
    actors: tuple[Actor, ...] = ()
    place: PlaceSlot | None = None
    date: DateSlot | None = None
    killed: CountSlot | None = None
    wounded: CountSlot | None = None
    captured: CountSlot | None = None
    missing: CountSlot | None = None
    sentence: Evidence
    score: Score
    needs_review: bool = False
    reasons: tuple[str, ...] = ()


class Toll(_Record):
    """A count over many incidents or a long time: background, never part of an event.

    Attributes:
        document: the document's id.
        casualty_type: what befell those counted.
        low: lower bound.
        best: best estimate.
        high: upper bound.
        evidence: the count's mention.
        sentence: the sentence it stands in.
        period: the time that it covers, where the text tells.
    """

    document: str
    casualty_type: CasualtyType
    low: int | None
    best: int | None
    high: int | None
    evidence: Evidence
    sentence: Evidence
    period: Interval | None = None


class Events(_Record):
    """What a document tells of.

    Attributes:
        rows: its events in the order of the text.
        background: the tolls that are no event's.
        main: the id of the row that the document is mainly about; None where it is about none, as a list of
            incidents is.
    """

    rows: tuple[Event, ...] = ()
    background: tuple[Toll, ...] = ()
    main: str | None = None

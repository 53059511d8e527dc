"""Facts: what a span means as data: a number with its bounds, a calendar interval, an organisation, a point on the map.

A fact keeps its span, so that every value can be traced to the characters it was read from. What could not be resolved
says why; nothing is guessed in silence.
"""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Span

Modality = Literal["exact", "at_least", "at_most", "about", "vague"]
Precision = Literal["part_of_day", "day", "week", "month", "quarter", "season", "year", "decade", "range", "other"]
GroupKind = Literal["state_force", "rebel", "militia", "coalition", "generic"]
CasualtyType = Literal["killed", "wounded", "captured", "missing", "unspecified"]
PlaceKind = Literal["country", "adm1", "adm2", "settlement", "site", "physical", "region"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Count(_Record):
    """How many: bounds that are None are open."""

    low: int | None
    best: int | None
    high: int | None
    modality: Modality


class Interval(_Record):
    """Calendar days from `start` up to, not including, `end`."""

    start: datetime.date
    end: datetime.date
    precision: Precision


class Group(_Record):
    """An organisation, or, without an id, a force that is known by its kind and country alone.

    The id is that of the table of groups, or, for a numbered unit, made of country, number and kind: `ua-81-brigade`.
    """

    id: str | None = None
    name: str | None = None
    kind: GroupKind
    country: str | None = None
    since: int | None = None
    until: int | None = None


ROUGH_IDS = 2_000_000_000  # GeoNames' are below


class Place(_Record):
    """An entry of the gazetteer.

    Attributes:
        id: its GeoNames id; from 2,000,000,000 on, this library's own.
        name: its main name.
        kind: what it is, and with that how precise the point is.
        country: ISO 3166 alpha-2.
        adm1: name of the first level division that it lies in, or is.
        adm2: name of the second level division that it lies in, or is.
        lat: degrees north; of a country or a division the middle of its settlements.
        lon: degrees east.
        score: 0 to 1, how sure it is that this place is meant.
    """

    id: str
    name: str
    kind: PlaceKind
    country: str
    adm1: str | None = None
    adm2: str | None = None
    lat: float
    lon: float
    score: float

    @property
    def is_rough(self) -> bool:
        """Whether its point is this library's own, right to about ten kilometres."""
        return self.id.isdigit() and int(self.id) >= ROUGH_IDS


class CountFact(_Record):
    """How many people, and what befell them.

    Attributes:
        span: where it is told.
        surface: the span's characters.
        count: None where the words give no number, or several that are no range.
        casualty_type: what befell them.
        subset: whether it counts part of what another count of the text counts.
        cumulative: whether it is a toll over many incidents or a long time.
        why: why there is no count.
    """

    span: Span
    surface: str
    count: Count | None
    casualty_type: CasualtyType
    subset: bool = False
    cumulative: bool = False
    why: str | None = None


class DateFact(_Record):
    """When.

    Attributes:
        span: where it is told.
        surface: the span's characters.
        interval: None where it cannot be resolved.
        anchor: what it was reckoned from: nothing, the day of publication, or another date of the text.
        why: why there is no interval, or what is doubtful of the one that there is.
    """

    span: Span
    surface: str
    interval: Interval | None
    anchor: Literal["none", "publication", "text"] | None = None
    why: str | None = None


class GroupFact(_Record):
    """Who.

    Attributes:
        span: where it is told.
        surface: the span's characters.
        group: None where the words do not tell of an armed group.
        defined_here: whether the article itself says what the acronym stands for.
        why: why there is no group, or why it has no id.
    """

    span: Span
    surface: str
    group: Group | None
    defined_here: bool = False
    why: str | None = None


class PlaceFact(_Record):
    """Where.

    Attributes:
        span: where it is told.
        surface: the span's characters.
        candidates: entries of the gazetteer, the likeliest first; empty where the place is not linked.
        why: why it is not linked.
    """

    span: Span
    surface: str
    candidates: tuple[Place, ...] = ()
    why: str | None = None

    @property
    def place(self) -> Place | None:
        """The best candidate; None where the place is not linked."""
        return self.candidates[0] if self.candidates else None


class Facts(_Record):
    """All facts of a document, each kind in the order of the text.

    Attributes:
        countries: ISO 3166 alpha-2 of the countries that the document is about, each with its share, largest first.
    """

    counts: tuple[CountFact, ...] = ()
    dates: tuple[DateFact, ...] = ()
    groups: tuple[GroupFact, ...] = ()
    places: tuple[PlaceFact, ...] = ()
    countries: tuple[tuple[str, float], ...] = ()

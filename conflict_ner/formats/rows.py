"""An event row: an event with what is known of the article that tells of it, and what every flat format asks of it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Meta
from conflict_ner.events import Actor, Event
from conflict_ner.facts import Place, PlaceKind
from conflict_ner.reading import Reading


class EventRow(BaseModel):
    """One line of `events.jsonl`.

    Attributes:
        event: the event.
        main: whether it is the event that its article is mainly about.
        meta: title, source, address and day of publication of its article, as far as they are known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: Event
    main: bool = False
    meta: Meta = Meta()


def rows_of(readings: Iterable[Reading]) -> Iterator[EventRow]:
    """Yield the event rows of readings, in order."""
    for reading in readings:
        events = reading.events
        for event in events.rows:
            yield EventRow(event=event, main=event.id == events.main, meta=reading.document.meta)


def place_of(event: Event) -> Place | None:
    """Return the gazetteer's entry for an event's place; None where it has none."""
    return event.place.place if event.place is not None else None


def place_name(event: Event) -> str | None:
    """Return the name of an event's place: the gazetteer's, else the article's own words."""
    if event.place is None:
        return None
    return event.place.place.name if event.place.place is not None else event.place.evidence.surface


def actor_names(event: Event) -> tuple[str, ...]:
    """Return the names of an event's actors by the alphabet, each once: their order must not seem to mean anything."""
    return tuple(sorted({_actor_name(actor) for actor in event.actors}))


def _actor_name(actor: Actor) -> str:
    named = actor.group.name if actor.group is not None else None
    return " ".join((named or actor.evidence.surface).split())


def days(event: Event) -> tuple[datetime.date, datetime.date] | None:
    """Return the first and the last day on which an event may have been; None where neither is known."""
    if event.date is None:
        return None
    interval = event.date.interval
    return interval.start, max(interval.start, interval.end - datetime.timedelta(days=1))


def point(event: Event) -> tuple[float, float] | None:
    """Return an event's degrees north and east; None where no point is known."""
    place = place_of(event)
    return None if place is None else (place.lat, place.lon)


def is_told(event: Event) -> bool:
    """Say whether the text tells the date, and it is not only known to be no later than the day of publication."""
    return event.date is not None and event.date.date_source == "text"


def country_name(code: str) -> str:
    """Return the English name of a country, or its code where the library's table has none."""
    from conflict_ner.normalise import nations

    country = nations.countries().get(code)
    return code if country is None else country.name


def settled(kind: PlaceKind) -> bool:
    """Say whether a kind of place is a town or a site, so that its point is where things happened."""
    return kind in {"settlement", "site"}

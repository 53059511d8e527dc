"""Wording: facts and event slots in a few words, for people to read."""

from __future__ import annotations

from datetime import timedelta

from conflict_ner.events import CountSlot, DateSlot, Event, PlaceSlot
from conflict_ner.facts import Count, CountFact, DateFact, Facts, Group, GroupFact, Interval, Place, PlaceFact

NOTHING = "—"
_POINT = "{:.2f}"
_KINDS = {"adm1": "first level division", "adm2": "second level division", "state_force": "state force"}


def meanings(facts: Facts) -> dict[tuple[int, int, str], str]:
    """Return what each span means, by its start, end and label."""
    told: dict[tuple[int, int, str], str] = {}
    told.update((fact.span.key, count_meaning(fact)) for fact in facts.counts)
    told.update((fact.span.key, date_meaning(fact)) for fact in facts.dates)
    told.update((fact.span.key, group_meaning(fact)) for fact in facts.groups)
    told.update((fact.span.key, place_meaning(fact)) for fact in facts.places)
    return told


def count_meaning(fact: CountFact) -> str:
    """Return a count in words: `12 or more killed, part of another count`."""
    if fact.count is None:
        return _unresolved(fact.why)
    kind = "casualties" if fact.casualty_type == "unspecified" else fact.casualty_type
    told = f"{_number(fact.count)} {kind}"
    if fact.subset:
        told += ", part of another count"
    if fact.cumulative:
        told += ", over many incidents"
    return told


def date_meaning(fact: DateFact) -> str:
    """Return a date in words: `2015-03-24`, `2015-03-24 to 2015-03-27`."""
    return _unresolved(fact.why) if fact.interval is None else _days(fact.interval)


def group_meaning(fact: GroupFact) -> str:
    """Return a group in words: `Jabhat al-Nusra (rebel, SY)`, `state force of SY`."""
    return _unresolved(fact.why) if fact.group is None else _group(fact.group)


def place_meaning(fact: PlaceFact) -> str:
    """Return a place in words: `Idlib (settlement, SY; 35.93, 36.63)`."""
    return _unresolved(fact.why) if fact.place is None else _place(fact.place)


def event_cells(event: Event) -> tuple[str, str, str, str]:
    """Return who, where, when and how many of an event."""
    who = "; ".join(
        actor.group.name if actor.group and actor.group.name else actor.evidence.surface for actor in event.actors
    )
    counts = ((slot, kind) for kind in ("killed", "wounded", "captured", "missing") if (slot := getattr(event, kind)))
    many = ", ".join(f"{_number(slot)} {kind}" for slot, kind in counts)
    return who or NOTHING, _where(event.place), _when(event.date), many or NOTHING


def _where(slot: PlaceSlot | None) -> str:
    if slot is None:
        return NOTHING
    if slot.place is None:
        return f"{slot.evidence.surface} (no point)"
    return f"{slot.place.name}, {slot.place.country}"


def _when(slot: DateSlot | None) -> str:
    if slot is None:
        return NOTHING
    return _days(slot.interval) + (" (published)" if slot.date_source == "publication" else "")


def _number(count: Count | CountSlot) -> str:
    low, best, high = count.low, count.best, count.high
    if low is not None and low == high:
        return f"about {low:,}" if count.modality == "about" else f"{low:,}"
    if low is not None and high is not None:
        return f"{low:,} to {high:,}"
    if low is not None:
        return f"{low:,} or more"
    return f"{high if high is not None else best:,} or fewer" if high is not None or best is not None else "unknown"


def _days(interval: Interval) -> str:
    last = interval.end - timedelta(days=1)
    return f"{interval.start}" if last <= interval.start else f"{interval.start} to {last}"


def _group(group: Group) -> str:
    kind = _KINDS.get(group.kind, group.kind)
    if group.name is None:
        kind = "armed group" if group.kind == "generic" else kind
        return f"{kind} of {group.country}" if group.country else kind
    described = ", ".join(part for part in (kind, group.country, None if group.id else "not in the table") if part)
    return f"{group.name} ({described})"


def _place(place: Place) -> str:
    kind = _KINDS.get(place.kind, place.kind)
    return f"{place.name} ({kind}, {place.country}; {_POINT.format(place.lat)}, {_POINT.format(place.lon)})"


def _unresolved(why: str | None) -> str:
    return f"? {why}" if why else "?"

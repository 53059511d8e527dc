"""Rows: a draft as an event with the evidence of each slot, its score, and what an analyst should look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from conflict_ner.assembly.clauses import Clause
from conflict_ner.assembly.counting import Figure, figure
from conflict_ner.assembly.draft import Draft
from conflict_ner.documents import Document, Span
from conflict_ner.events import Actor, CountSlot, DateSlot, Event, Evidence, PlaceSlot, Toll
from conflict_ner.facts import CountFact, GroupFact, Interval, Modality
from conflict_ner.normalise.spelling import fold
from conflict_ner.sentences import sentence_number, sentences

_DAY = timedelta(days=1)
_KINDS = ("killed", "wounded", "captured", "missing")
# The looser modality of what is added up is that of the sum.
_LOOSE: tuple[Modality, ...] = ("vague", "at_least", "at_most", "about")
# How far a slot is to be trusted by the way in which it was found.
_PLACE_TOLD = {"sentence": 1.0, "near": 0.85, "document": 0.6}
_UNLINKED, _NO_PLACE = 0.8, 0.5
_PUBLICATION, _NO_DATE = 0.7, 0.5
_UNSURE_SPAN = 0.6
_UNSURE_PLACE = 0.7


def event(document: Document, draft: Draft, number: int) -> Event:
    """Return a draft as a row.

    Args:
        document: text and day of publication.
        draft: what was gathered.
        number: of the event in the document, from 1.
    """
    reasons: list[str] = []
    slots = {kind: _count(draft, kind, reasons) for kind in _KINDS}
    place = _place(draft, reasons)
    when = _date(document, draft, reasons)
    for fact in draft.unspecified:
        reasons.append(f"What befell {fact.surface!r} is not told, or is several things: it is in no column.")
    evidence = _all_evidence(slots.values(), place, when)
    unsure = sorted({one.surface for one in evidence if one.score is not None and one.score < _UNSURE_SPAN})
    if unsure:
        reasons.append(f"The model is unsure of {', '.join(map(repr, unsure))}.")
    return Event(
        id=f"{document.id}/{number}",
        document=document.id,
        actors=_actors(draft.groups),
        place=place,
        date=when,
        killed=slots["killed"],
        wounded=slots["wounded"],
        captured=slots["captured"],
        missing=slots["missing"],
        sentence=sentence_of(document.text, _source(draft).start),
        score=_score(slots.values(), place, when),
        needs_review=bool(reasons),
        reasons=tuple(reasons),
    )


def toll(document: Document, fact: CountFact, clause: Clause | None) -> Toll:
    """Return a count that is background; `clause` tells of the time that it covers."""
    count = fact.count
    return Toll(
        document=document.id,
        casualty_type=fact.casualty_type,
        low=count.low if count else None,
        best=count.best if count else None,
        high=count.high if count else None,
        evidence=_evidence(fact.span, fact.surface),
        sentence=sentence_of(document.text, fact.span.start),
        period=_period(document, fact, clause),
    )


def sentence_of(text: str, place: int) -> Evidence:
    """Return the sentence that holds a place of a text."""
    start, end = sentences(text)[sentence_number(text, place)]
    return Evidence(start=start, end=end, surface=text[start:end])


def _source(draft: Draft) -> Clause:
    """Return the clause that tells most: the first with a count below the headline, else the first below it."""
    counted = [one.clause for one in draft.told if not one.clause.headline]
    body = [clause for clause in draft.clauses if not clause.headline]
    return next(iter(counted), None) or next(iter(body), None) or draft.clauses[0]


def _evidence(span: Span, surface: str) -> Evidence:
    return Evidence(start=span.start, end=span.end, surface=surface, score=span.score)


def _count(draft: Draft, kind: str, reasons: list[str]) -> CountSlot | None:
    told = [one for one in draft.told if one.fact.casualty_type == kind]
    made = figure(told) if told else None
    if made is None:
        return None
    if made.rivals:
        differ = " and ".join(repr(fact.surface) for fact in (*made.facts, *made.rivals))
        taken = "that of the headline is taken" if made.confirmed else "the lowest is taken"
        reasons.append(f"The figures for {kind} disagree: {differ}; {taken}.")
    if made.apart:
        small = ", ".join(repr(fact.surface) for fact in made.apart)
        reasons.append(f"Not added up for {kind}: {small}, a part or another event.")
    if made.updated:
        reasons.append(f"A later figure for {kind} took the place of an earlier one.")
    modality = _modality(made)
    if modality == "vague":
        words = ", ".join(repr(fact.surface) for fact in made.facts)
        reasons.append(f"{words} is no figure: the number of {kind} is a lower bound.")
    return CountSlot(
        low=made.low,
        best=made.best,
        high=made.high,
        modality=modality,
        evidence=tuple(_evidence(fact.span, fact.surface) for fact in (*made.facts, *made.rivals)),
    )


def _modality(made: Figure) -> Modality:
    found = {fact.count.modality for fact in made.facts if fact.count is not None}
    if made.rivals:
        return "at_least" if made.high is None else "about"
    return next((modality for modality in _LOOSE if modality in found), "exact")


def _place(draft: Draft, reasons: list[str]) -> PlaceSlot | None:
    fact = draft.place
    if fact is None:
        reasons.append("No place is told.")
        return None
    if fact.place is None:
        reasons.append(f"The place {fact.surface!r} is not linked: {fact.why}.")
    elif fact.place.score < _UNSURE_PLACE:
        reasons.append(f"The place {fact.surface!r} may be another than {fact.place.name}.")
    elif fact.place.kind == "country":
        reasons.append("No place within the country is told.")
    if draft.place_told == "document":
        reasons.append(f"No place is told near it: {fact.surface!r} is the one that the document is about.")
    return PlaceSlot(evidence=_evidence(fact.span, fact.surface), place=fact.place, told=draft.place_told)


def _date(document: Document, draft: Draft, reasons: list[str]) -> DateSlot | None:
    if draft.interval is not None and draft.date is not None:
        if draft.date.why:
            reasons.append(f"The date {draft.date.surface!r} is doubtful: {draft.date.why}.")
        if draft.date_of_report:
            reasons.append(f"{draft.date.surface!r} is the day of a report: it happened then or before.")
        return DateSlot(
            interval=draft.interval, date_source="text", evidence=_evidence(draft.date.span, draft.date.surface)
        )
    published = document.meta.published
    if published is None:
        reasons.append("No date is told, and the day of publication is not known.")
        return None
    reasons.append("No date is told: the day of publication stands for it.")
    interval = Interval(start=published, end=published + _DAY, precision="day")
    return DateSlot(interval=interval, date_source="publication")


def _actors(groups: Iterable[GroupFact]) -> tuple[Actor, ...]:
    """Return each party once, by its organisation where that is known, else by its words."""
    found: dict[str, Actor] = {}
    for fact in sorted(groups, key=lambda fact: fact.span.start):
        group = fact.group
        name = group.id if group is not None and group.id is not None else None
        key = name or (fold(group.name) if group is not None and group.name else fold(fact.surface).rstrip("s"))
        found.setdefault(key, Actor(evidence=_evidence(fact.span, fact.surface), group=group))
    return tuple(found.values())


def _all_evidence(counts: Iterable[CountSlot | None], place: PlaceSlot | None, when: DateSlot | None) -> list[Evidence]:
    found = [one for slot in counts if slot is not None for one in slot.evidence]
    found += [place.evidence] if place is not None else []
    return found + ([when.evidence] if when is not None and when.evidence is not None else [])


def _score(counts: Iterable[CountSlot | None], place: PlaceSlot | None, when: DateSlot | None) -> float:
    """Return the product of how sure each slot is: of its spans, of the link, and of the way it was found."""
    score = 1.0
    for slot in counts:
        if slot is not None:
            score *= min(1.0 if one.score is None else one.score for one in slot.evidence)
    if place is None:
        score *= _NO_PLACE
    else:
        score *= _PLACE_TOLD[place.told] * (1.0 if place.evidence.score is None else place.evidence.score)
        score *= place.place.score if place.place is not None else _UNLINKED
    if when is None:
        score *= _NO_DATE
    elif when.evidence is None:
        score *= _PUBLICATION
    else:
        score *= 1.0 if when.evidence.score is None else when.evidence.score
    return round(score, 3)


def _period(document: Document, fact: CountFact, clause: Clause | None) -> Interval | None:
    """Return the time that a toll covers: the date of its clause, up to publication behind `since`."""
    if clause is None:
        return None
    resolved = [one for one in clause.dates if one.interval is not None and not clause.in_dateline(one)]
    if not resolved:
        return None
    nearest = min(resolved, key=lambda one: abs(one.span.start - fact.span.start))
    interval = nearest.interval
    published = document.meta.published
    before = document.text[max(clause.start, nearest.span.start - 60) : nearest.span.start].lower()
    open_ended = any(word in before for word in ("since", "began in", "began on", "started in", "started on"))
    if interval is not None and published is not None and open_ended and interval.start <= published:
        return Interval(start=interval.start, end=published + _DAY, precision="range")
    return interval

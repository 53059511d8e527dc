"""Tellings: what one clause tells of an event: how many, where and when, as far as it says so itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from conflict_ner.assembly import when, where
from conflict_ner.assembly.clauses import Clause, Layout
from conflict_ner.assembly.counting import value
from conflict_ner.assembly.words import Act, act_of, is_unreal
from conflict_ner.facts import CountFact, DateFact, Interval, PlaceFact

_PART_ALONE = re.compile(
    r" of (?:them|whom|these)(?: were| was| killed| died)* (?:when|in an?|in the|at the|on)\b", re.IGNORECASE
)
_FREED = re.compile(
    r"\b(?:free|frees|freed|freeing|swaps?|exchanges?(?! of fire)|handed (?:back|over)|came (?:back|home)|released?"
    r"|releasing|rescued|liberated|escaped|got away|returned|let go|ransomed|exchanged|swapped)\b",
    re.IGNORECASE,
)
# `63 wounded, some of whom had waited since Thursday`
_WHOM = re.compile(r"\bwhom\b")
# `dug on Monday through the ruins of a house where an air strike killed 28`
_WHERE = re.compile(r", (?:where|in which)\b")
_JOINT = re.compile(r" (?:and|to|until|till) (?:the )?|\s?[–-]\s?")
# `the names of the five`, `all 12`: those told before.
_THE = re.compile(r"\b(?:the|these|those|all|both) $", re.IGNORECASE)
# `lost 22 relatives when Srebrenica fell`: one person's part of an event that is told for other reasons.
_LOST = re.compile(r"\b(?:lost|lose|losing)\b[^.;]{0,20}$", re.IGNORECASE)
_CLAUSE_END = re.compile(r";|, (?!an? )")
_KIN = re.compile(
    r" (?:\w+ ){0,3}(?:relatives|family members|members of (?:his|her|their) family|kin|cousins?|brothers?|sisters?"
    r"|sons?|daughters?|uncles?|nephews?)\b",
    re.IGNORECASE,
)
_AROUND = 12  # clauses
_AS_WELL = 0.3  # places that fit so nearly alike are several


@dataclass
class Telling:
    """What one clause tells of an event.

    Attributes:
        counts: of the killed, the wounded, the captured and the missing.
        unspecified: counts of people of whom it is not told what befell them.
        many_places: whether other places fit as well as `place`.
        interval: when; `date` is the mention.
        near: whether the place stands in a clause before.
    """

    clause: Clause
    counts: list[CountFact]
    unspecified: list[CountFact]
    place: PlaceFact | None
    many_places: bool
    interval: Interval | None
    date: DateFact | None
    act: Act | None
    near: bool = False


def telling(clause: Clause, counts: list[CountFact], published: date | None) -> Telling | None:
    """Return what a clause tells of an event; None where it tells of none.

    Args:
        clause: one that counts people, or tells of an armed act that happened at a place of its own.
        counts: those of its counts that belong to an event.
        published: the day of publication.
    """
    acted = act_of(clause.words) if clause.places or counts else None
    if not counts and acted is None:
        return None
    scored = where.candidates(clause)
    place = where.best(scored)
    if place is not None and clause.in_dateline(place) and not clause.item:
        place = None
    if not counts:
        if place is None or is_unreal(clause.words) or clause.unarmed:
            return None
        least = where.LEAST + 2 if not clause.headline else where.LEAST
        if max(score for score, fact in scored if fact is place) < least:
            return None
    elif all(fact.casualty_type == "unspecified" for fact in counts) and acted is None:
        return None
    interval, told = None, None
    for fact in _by_distance(clause.dates, counts[0].span.start if counts else None):
        if counts and _WHOM.search(clause.text[counts[0].span.end : fact.span.start]):
            continue
        if counts and _WHERE.search(clause.text[fact.span.end : counts[0].span.start]):
            continue
        interval = when.happened(clause, fact, published)
        if interval is not None:
            told, interval = _begun(clause, fact, interval, published)
            break
    top = max((score for score, fact in scored if fact is place), default=0.0)
    rivals = [
        fact for score, fact in scored if place is not None and score > top - _AS_WELL and not where.same(fact, place)
    ]
    return Telling(
        clause=clause,
        counts=[fact for fact in counts if fact.casualty_type != "unspecified"],
        unspecified=[fact for fact in counts if fact.casualty_type == "unspecified"],
        place=place,
        many_places=bool(rivals),
        interval=interval,
        date=told,
        act=acted[0] if acted else None,
    )


def _begun(clause: Clause, fact: DateFact, interval: Interval, published: date | None) -> tuple[DateFact, Interval]:
    """Return the first of two joined dates, `between dusk on 2 August and the next morning`, with the days of both."""
    number = clause.dates.index(fact)
    first = clause.dates[number - 1] if number else None
    if first is None or _JOINT.fullmatch(clause.text[first.span.end : fact.span.start]) is None:
        return fact, interval
    days = when.happened(clause, first, published)
    if days is None or days.start > interval.start:
        return fact, interval
    return first, Interval(start=days.start, end=max(days.end, interval.end), precision="range")


def _by_distance(dates: Iterable[DateFact], place: int | None) -> list[DateFact]:
    if place is None:
        return list(dates)
    return sorted(dates, key=lambda fact: abs(fact.span.start - place))


def event_counts(page: Layout, number: int, told: Sequence[CountFact]) -> tuple[list[CountFact], list[CountFact]]:
    """Return the counts of a clause that are background after all, and those that are an event's.

    Args:
        page: the text's clauses.
        number: the clause's.
        told: its counts without the tolls over long.
    """
    clause = page.clauses[number]
    around = page.clauses[max(0, number - _AROUND) : number + _AROUND + 1]
    wholes: list[CountFact] = []
    counts: list[CountFact] = []
    for fact in told:
        if fact.count is None or _is_freed(clause, fact):
            continue
        if _is_known(page.clauses[: number + 1], fact) or _is_loss_of_one(clause, fact):
            continue
        if fact.subset and not _parts_make_headline(page, clause, fact):
            if (
                counts
                and clause.dates
                and _PART_ALONE.match(clause.text, fact.span.end)
                and not any(one.span.start < counts[-1].span.start for one in clause.dates)
            ):
                # `62 residents killed, 39 of them when a missile hit a queue on Wednesday`: the part is the event.
                wholes.append(counts.pop())
            elif not page.is_list or _whole_beside(around, clause, fact):
                continue
        counts.append(fact)
    return ([], []) if clause.unarmed else (wholes, counts)


def _parts_make_headline(page: Layout, clause: Clause, part: CountFact) -> bool:
    """Tell whether the parts in a clause add up to the headline's figure: together they tell it again."""
    parts = [value(fact) for fact in clause.counts if fact.subset and fact.casualty_type == part.casualty_type]
    return len(parts) > 1 and any(
        other.headline and fact.casualty_type == part.casualty_type and value(fact) == sum(parts)
        for other in page.clauses
        for fact in other.counts
    )


def _is_known(before: Sequence[Clause], fact: CountFact) -> bool:
    """Tell whether a count speaks of those counted before: `the five`."""
    text = before[-1].text
    return _THE.search(text[max(0, fact.span.start - 6) : fact.span.start]) is not None and any(
        value(other) == value(fact) and other.span.end <= fact.span.start and other.casualty_type == fact.casualty_type
        for clause in before
        for other in clause.counts
    )


def _is_loss_of_one(clause: Clause, fact: CountFact) -> bool:
    """Tell whether a count is of the relatives that somebody lost."""
    before = clause.text[max(clause.start, fact.span.start - 30) : fact.span.start]
    return _LOST.search(before) is not None and _KIN.match(clause.text, fact.span.end) is not None


def _is_freed(clause: Clause, fact: CountFact) -> bool:
    """Tell whether a count of captives is of those who came free."""
    if fact.casualty_type != "captured":
        return False
    start, end = fact.span.start, fact.span.end
    before = clause.text[max(clause.start, start - 24) : start].split(";")[-1].split(", ")[-1]
    behind = _CLAUSE_END.split(clause.text[end : min(clause.end, end + 60)])[0]
    return _FREED.search(before) is not None or _FREED.search(behind) is not None


def _whole_beside(around: Sequence[Clause], clause: Clause, part: CountFact) -> bool:
    """Tell whether the item of a list tells the whole that a count is part of."""
    return any(
        fact is not part and fact.casualty_type == part.casualty_type and not fact.subset and value(fact) >= value(part)
        for other in around
        if other.item == clause.item and not other.total
        for fact in other.counts
    )

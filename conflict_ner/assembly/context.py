"""Context: the place and the date of an event that its own clause does not tell.

The place is that of the two sentences before, else the one that the document is about; the date is that of the two
sentences before or behind, else the headline's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from conflict_ner.assembly import when, where
from conflict_ner.assembly.clauses import Clause, Layout
from conflict_ner.facts import DateFact, Interval, PlaceFact

Day = tuple[Interval, DateFact]
REACH = 2  # sentences
_WEEK = timedelta(days=7)
_DAYS = timedelta(days=3)
_CLAUSES_BEFORE, _CLAUSES_BEHIND = 8, 6


def place_near(clauses: Sequence[Clause], number: int) -> PlaceFact | None:
    """Return the place of the nearest clause before one that may be its place as well."""
    own = clauses[number]
    before = [clause for clause in clauses[max(0, number - _CLAUSES_BEFORE) : number] if clause.item == own.item]
    for away in range(REACH + 1):
        scored = [
            (score, fact)
            for clause in before
            if own.sentence - clause.sentence == away
            for score, fact in where.candidates(clause)
            if clause.item or not clause.in_dateline(fact)
            # From another paragraph no country or region: it says too little of where.
            if clause.item or clause.paragraph == own.paragraph or where.specific(fact) >= 1
        ]
        found = where.best(scored)
        if found is not None:
            return found
    return None


def heading_date(page: Layout, published: date | None) -> Day | None:
    """Return the date that a list's or an article's headline tells."""
    for clause in page.clauses:
        if not clause.headline:
            return None
        found = _date_of(clause, published)
        if found is not None:
            return found
    return None


def goes_on(clauses: Sequence[Clause], number: int) -> bool:
    """Tell whether a clause, or its paragraph, goes on from what was told before: `Within the hour`."""
    own = clauses[number]
    first = number
    while first and clauses[first - 1].paragraph == own.paragraph:
        first -= 1
    return any(when.GOES_ON.match(clause.words) for clause in (own, clauses[first]))


def date_near(clauses: Sequence[Clause], number: int, own_place: bool, published: date | None) -> Day | None:
    """Return the date of the sentences around a clause that may be its own.

    Args:
        clauses: the text's.
        number: the clause's.
        own_place: whether it tells a place of its own: then no other paragraph dates it.
        published: the day of publication.
    """
    own = clauses[number]
    late = when.days_after(own, own.dateline_end, own.end)
    onward = late > 0 or goes_on(clauses, number)
    around = [
        clause
        for clause in clauses[max(0, number - _CLAUSES_BEFORE) : number + _CLAUSES_BEHIND]
        if clause is not own and clause.item == own.item and abs(clause.sentence - own.sentence) <= REACH
    ]
    for clause in sorted(around, key=lambda one: (one.sentence > own.sentence, abs(one.sentence - own.sentence))):
        behind = clause.sentence > own.sentence
        referred = behind and when.GOES_ON.match(clause.words) is not None  # `The explosion shortly before`
        if clause.paragraph != own.paragraph and not (
            own.headline or onward or referred or (not own_place and not behind)
        ):
            continue
        if behind and (clause.counts or clause.places) and not own.headline and not referred:
            continue
        found = _date_of(clause, published)
        if found is not None and clause.paragraph != own.paragraph and found[0].end - found[0].start > _WEEK:
            continue
        if found is not None and not (behind and found[0].end - found[0].start > _WEEK):
            return when.earlier(found[0], late), found[1]
    return None


def _date_of(clause: Clause, published: date | None) -> Day | None:
    for fact in clause.dates:
        interval = when.happened(clause, fact, published)
        # `sheltering there since Sunday` dates no other sentence.
        if interval is not None and (fact.interval is None or interval.end <= fact.interval.end):
            return interval, fact
    return None


def lead_date(page: Layout, published: date | None) -> Day | None:
    """Return the first day that the first two paragraphs below the headline tell."""
    body = [clause for clause in page.clauses if not clause.headline]
    for clause in body:
        if clause.paragraph > body[0].paragraph + 1:
            return None
        found = _date_of(clause, published)
        if found is not None and found[0].end - found[0].start <= _DAYS:
            return found
    return None


def dateline_day(page: Layout) -> Day | None:
    """Return the day in the dateline of an article."""
    for clause in page.clauses:
        for fact in clause.dates:
            if clause.in_dateline(fact) and not clause.item and fact.interval is not None:
                return fact.interval, fact
    return None

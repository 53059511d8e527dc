"""Tolls: the counts that the rest of a text, or their size, shows to be of more than one event."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from conflict_ner.assembly import when
from conflict_ner.assembly.clauses import Clause, Layout
from conflict_ner.assembly.counting import value
from conflict_ner.assembly.words import word_set
from conflict_ner.facts import CountFact, DateFact

_LARGE = 1000  # a figure from which on one event is unlikely
_MANY = 20
_SEVERAL = 5
_DAYS = timedelta(days=8)
_FOUR_WEEKS = timedelta(days=28)
_REVIEWS = word_set("monitor snapshot overview summary review digest bulletin report update statistics tracker")
_MONTH = timedelta(days=31)
# `enters 2nd month`, `a month to the day since`, `now in its third week`.
_CAMPAIGN = re.compile(
    r"\b(?:siege|battle|offensive|operation|campaign|war|assault|fighting|crisis)\b[^.;\n]{0,40}\b(?:enter\w*"
    r"|month|weeks?|year)\b"
    r"|\ba (?:week|month|year) (?:to the day )?(?:since|after)\b|\bin its \w+ (?:week|month|year)\b",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:monthly|annual|yearly|quarterly|half-yearly)\b[^.\n]{0,40}\b(?:summary|report|bulletin|update|review"
    r"|digest|snapshot|overview)\b",
    re.IGNORECASE,
)
_PERFECT = re.compile(
    r"\b(?:ha[sd]|have|['’]ve) (?:\w+ )?been\b|\b(?:ha[sd]|have) (?:lost|died|killed|fallen)\b|\bremain\b",
    re.IGNORECASE,
)
_BREATH = 260  # characters
_TOP = 400  # characters
_HUNDRED = 100
# `took six weeks and cost 28 lives`, `in three years of fighting`.
_TOOK_LONG = re.compile(
    r"\b(?:in|over|during|took|within|past|last) (?:the )?(?:past |last )?(?:[\w-]+ ){1,2}(?:weeks|months|years"
    r"|decades)\b",
    re.IGNORECASE,
)
_RANKED = re.compile(r"\b(?:first|second|third|worst|most|[a-z]+iest|deadliest)\b[^.;:,]{0,60}$")
_KEPT = re.compile(
    r"\bke(?:eps?|pt|eping) (?:his|her|its|their|an?|the) own (?:ledger|list|count|tally|record|register)\b",
    re.IGNORECASE,
)
_SO_FAR = re.compile(r"\b(?:toll|dead|killed|casualties|total) so far\b", re.IGNORECASE)
# `The army has buried 63 militants`, `23 candidates have been assassinated`.
_PERFECT_BEHIND = re.compile(r"[^.,;]{0,30}\b(?:have|has) (?:\w+ )?(?:been|died|fallen|lost)\b", re.IGNORECASE)
_PERFECT_BEFORE = re.compile(r"\b(?:have|has) (?:\w+ )?\w+(?:ed|en|lost|ied) $", re.IGNORECASE)
# `the operation, launched on June 15, 2014`: no day of what it cost.
_BEGAN = re.compile(r"\b(?:launched|begun|began|started)(?: on| in)? $", re.IGNORECASE)
_RANGE = re.compile(r"\b(?:from|between|in|over|during) $", re.IGNORECASE)
_COST = re.compile(
    r"\b(?:war|conflict|insurgency|siege|battle|campaign|violence|feud)\b[^.;\n]{0,60}\b(?:cost|claimed|died"
    r"|dead|killed|perished)\b"
    r"|\b(?:cost|toll|price) of the (?:battle|war|siege|campaign|conflict)\b|\bin its \w+ (?:week|month|year)\b"
    r"|\bat (?:a|the) cost of\b|\bhave perished\b",
    re.IGNORECASE,
)


def is_told_in_passing(clause: Clause, fact: CountFact) -> bool:
    """Tell whether a count behind an event is of what has been so far: in the perfect, without a place or a date."""
    low = clause.text.rfind("; ", clause.start, fact.span.start) + 1 or clause.start
    if clause.headline or any(one.span.start >= low for one in clause.dates):
        return False
    before = clause.text[low : fact.span.start]
    if any(one.span.start >= low for one in clause.places):
        return _PERFECT_BEFORE.search(before) is not None
    return _PERFECT_BEHIND.match(clause.text, fact.span.end) is not None or _PERFECT_BEFORE.search(before) is not None


def is_campaign(page: Layout) -> bool:
    """Tell whether the top of a text speaks of a siege or a campaign that goes on for weeks or longer."""
    top = page.clauses[0].start if page.clauses else 0
    return any(_CAMPAIGN.search(clause.words) for clause in page.clauses if clause.start - top < _TOP)


def is_summary(page: Layout) -> bool:
    """Tell whether a text sums up a month or a year: what it counts outside of its items is a toll."""
    return any(clause.headline and (_SUMMARY.search(clause.words) or _is_of_month(clause)) for clause in page.clauses)


def _is_of_month(clause: Clause) -> bool:
    """Tell whether a headline is that of a month's or a year's review: `Conflict monitor, August 2025`."""
    long = any(one.interval and one.interval.end - one.interval.start >= _FOUR_WEEKS for one in clause.dates)
    return long and not _REVIEWS.isdisjoint(clause.vocabulary)


def tolls_apart(
    clause: Clause, campaign: bool, before: Sequence[CountFact], published: date | None
) -> tuple[list[CountFact], list[CountFact]]:
    """Return the counts of a clause that are tolls over long, and the others.

    Args:
        clause: whose counts to part.
        campaign: whether the text is of a campaign of weeks or longer.
        before: the tolls told before it.
        published: the day of publication.
    """
    if not clause.counts:
        return [], []
    tolls: list[CountFact] = []
    others: list[CountFact] = []
    near = [fact for fact in before[-_MANY:] if 0 <= clause.start - fact.span.end < _BREATH]
    for fact in clause.counts:
        flagged = fact.cumulative and not (_is_of_now(clause, fact) and not near)
        if flagged or _is_toll(clause, fact, campaign, [*near, *tolls], published):
            tolls.append(fact)
        else:
            others.append(fact)
    return tolls, others


def _is_toll(
    clause: Clause, fact: CountFact, campaign: bool, near: Sequence[CountFact], published: date | None
) -> bool:
    days = [
        interval.end - interval.start
        for one in clause.dates
        if (interval := when.happened(clause, one, published)) is not None
        and not _BEGAN.search(clause.text[clause.start : one.span.start])
    ]
    short = any(length <= _DAYS for length in days)
    if value(fact) >= _LARGE:
        return not short or _COST.search(clause.words) is not None
    if value(fact) >= _MANY and _SO_FAR.search(clause.words):
        return True
    if value(fact) >= _SEVERAL and _covers(clause):
        return True
    if _KEPT.search(clause.words) or (not short and value(fact) >= _SEVERAL and _took_long(clause)):
        return True
    if value(fact) >= _MANY and not short and _COST.search(clause.words):
        return True
    if not campaign or short:
        return False
    if value(fact) >= _MANY and _PERFECT.search(clause.words):
        return True
    # The same figure, corrected by another voice: `used 276 and 67`.
    return not clause.dates and any(
        other.casualty_type == fact.casualty_type
        and abs(value(other) - value(fact)) * 10 <= value(fact)
        and value(fact) >= _MANY
        for other in near
    )


def _took_long(clause: Clause) -> bool:
    """Tell whether a clause speaks of weeks or longer; not as `the worst attack in two decades` does."""
    match = _TOOK_LONG.search(clause.words)
    return match is not None and _RANKED.search(clause.words, 0, match.start()) is None


def _is_of_now(clause: Clause, fact: CountFact) -> bool:
    """Tell whether a small figure stands without a date in the perfect: `at least 20 have been killed`."""
    return not clause.dates and value(fact) < _HUNDRED and "have" in clause.vocabulary


def _covers(clause: Clause) -> bool:
    """Tell whether two dates of a clause bound more than a month: `in April and May`, `from 1996 to 2006`."""
    text = clause.text
    for number, one in enumerate(clause.dates):
        if one.interval is None or not _RANGE.search(text[max(clause.start, one.span.start - 12) : one.span.start]):
            continue
        last = _joined(clause, number)
        if last is not None and last.interval is not None and last.interval.end - one.interval.start > _MONTH:
            return True
        if one.interval.precision == "range" and one.interval.end - one.interval.start > _MONTH:
            return True
    return False


def _joined(clause: Clause, number: int) -> DateFact | None:
    """Return the date that `and` or `to` joins to one before it."""
    if number + 1 >= len(clause.dates):
        return None
    one, other = clause.dates[number], clause.dates[number + 1]
    between = clause.text[one.span.end : other.span.start].strip().lower()
    return other if between in ("and", "to", "until", "till", "-", "–") else None

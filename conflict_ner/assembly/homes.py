"""Homes: the draft to which a clause belongs; none where it tells of an event of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from conflict_ner.assembly import when, where
from conflict_ner.assembly.context import REACH
from conflict_ner.assembly.counting import CLAIMS, fits, value
from conflict_ner.assembly.draft import Draft
from conflict_ner.assembly.tellings import Telling
from conflict_ner.facts import PlaceFact

_LONG_REACH = 5  # sentences, where no other place is told between
# `The militants claimed 39 dead`, `gave the figure as 12`: figures of what was told before.
_RETELLS = re.compile(
    r"\b(?:toll|figures?|claim(?:s|ed|ing) (?:(?:over|more than) )?[\w-]+ (?:\w+ )?(?:dead|killed)"
    r"|put (?:the|its|their) (?:dead|number|loss(?:es)?))\b",
    re.IGNORECASE,
)
_DEED = re.compile(r"\b(?:execut|behead|abduct|kidnap|massacr|lynch)\w*", re.IGNORECASE)
_LEAD = 3  # sentences below the headline
_NEXT = 5  # sentences below it, for its figures
_SMALL = 2  # a figure up to this is told of many events


def home(told: Telling, made: Sequence[Draft]) -> Draft | None:
    """Return the draft that a clause tells more of; None where it tells of another event."""
    for draft in reversed(made):
        if _repeats(told, draft):
            return draft
    for draft in reversed(made):
        if _belongs(told, draft):
            return draft
    if made and _details(told, made[0]):
        return made[0]
    return None


def is_where_treated(told: Telling, made: Sequence[Draft]) -> bool:
    """Tell whether a clause counts in a hospital those of the event told just before, or of the text's first."""
    if told.place is None or not where.is_hospital(told.place) or told.act not in (None, "kill"):
        return False
    if not made:
        return True
    away = told.clause.sentence - made[-1].last.sentence
    return away <= (REACH if made[-1].told else _LONG_REACH) and told.clause.item == made[-1].last.item


def is_other_voice(told: Telling, first: Draft, last: Draft) -> bool:
    """Tell whether a paragraph begins to count the victims of a text's first event anew, by another's word."""
    clause = told.clause
    return (
        bool(told.counts)
        and told.place is None
        and told.interval is None
        and clause.item == first.last.item
        and clause.paragraph not in (first.last.paragraph, last.last.paragraph)
        and CLAIMS.search(clause.words) is not None
        and any(first.values(fact.casualty_type) for fact in told.counts)
    )


def retells(told: Telling, draft: Draft) -> bool:
    """Tell whether a clause gives a draft's figure by another word, and its place is the speaker's: `toll now 8`."""
    clause = told.clause
    away = clause.sentence - draft.last.sentence
    return (
        0 <= away <= 1
        and clause.item == draft.last.item
        and not clause.headline
        and told.interval is None
        and told.act in (None, "kill")
        and _RETELLS.search(clause.words) is not None
        and any(draft.values(fact.casualty_type) for fact in told.counts)
        and (told.place is None or told.place.span.start > told.counts[0].span.start)
    )


def refers(told: Telling, draft: Draft) -> bool:
    """Tell whether a clause takes up the event that was told just before: `The attack, on Monday near Maungdaw`."""
    away = told.clause.sentence - draft.last.sentence
    return (
        0 < away <= REACH and told.clause.item == draft.last.item and when.REFERS.match(told.clause.words) is not None
    )


def completes(told: Telling, draft: Draft) -> bool:
    """Tell whether a clause counts, just after a draft's other counts, only what that one lacks: its wounded."""
    away = told.clause.sentence - draft.last.sentence
    return (
        bool(told.counts and draft.told)
        and away <= (_LEAD if draft.headline else REACH)
        and told.clause.item == draft.last.item
        and not any(draft.values(fact.casualty_type) for fact in told.counts)
    )


def _specifies(told: Telling, draft: Draft) -> bool:
    """Tell whether a clause counts what a draft only told in words, `scores of people`, at a smaller place or none."""
    words = [one for one in draft.told if one.fact.count is not None and one.fact.count.modality == "vague"]
    if len(words) != 1 or len(draft.told) != 1:
        return False
    (vague,) = words
    return any(
        fact.casualty_type == vague.fact.casualty_type and value(fact) >= value(vague.fact) for fact in told.counts
    ) and (told.place is None or where.specific(told.place) >= where.specific(draft.place or told.place))


def open_at(place: PlaceFact, told: Telling, made: Sequence[Draft]) -> Draft | None:
    """Return the draft at the place that a document is about, where it lacks what a clause without a place counts."""
    for draft in made:
        at_place = draft.place is not None and where.same(draft.place, place) and draft.place_told == "sentence"
        if at_place and not draft.told and not _parted(told, draft):
            return draft
    return None


def _repeats(told: Telling, draft: Draft) -> bool:
    """Tell whether a clause tells the figure of a draft again."""
    if draft.last.item != told.clause.item and draft.last.item and told.clause.item:
        return False
    just_below = draft.headline and told.clause.sentence - draft.last.sentence <= _NEXT
    if not just_below and _parted(told, draft):
        return False
    for fact in told.counts:
        figures = draft.values(fact.casualty_type)
        if value(fact) > _SMALL and figures and value(fact) in (*figures, sum(figures)):
            return True
        if not just_below:
            continue
        if value(fact) in figures:
            return True
        if any(fits(fact, one.fact) for one in draft.told if one.fact.casualty_type == fact.casualty_type):
            return True
    return False


def _parted(told: Telling, draft: Draft) -> bool:
    """Tell whether the place or the date of a clause is another than a draft's."""
    if told.place is not None and draft.place is not None and not _one_place(told.place, draft.place):
        return True
    return told.interval is not None and draft.interval is not None and not when.overlap(told.interval, draft.interval)


def _one_place(one: PlaceFact, other: PlaceFact) -> bool:
    return where.same(one, other) or where.holds(one, other) or where.holds(other, one)


def _belongs(told: Telling, draft: Draft) -> bool:
    """Tell whether a clause without a figure of the draft tells of the same event."""
    clause = told.clause
    if clause.item != draft.last.item and clause.item:
        return False
    if (
        told.interval is not None
        and draft.date is not None
        and draft.interval is not None
        and not when.overlap(told.interval, draft.interval)
    ):
        return False
    away = clause.sentence - draft.last.sentence
    if away > 1 and told.counts and not draft.told and draft.act in ("take", "fight") and _DEED.search(clause.words):
        # Prisoners who are shot in a captured town are an event of their own.
        return False
    if told.counts and not draft.told and draft.headline and 0 < away <= _LEAD and len(draft.last.places) == 1:
        # The headline's act is the one that is counted first below it.
        return True
    if _specifies(told, draft) and 0 < away <= REACH:
        return True
    if told.place is None:
        if (
            told.counts
            and draft.told
            and told.interval is not None
            and draft.interval is not None
            and (told.interval != draft.interval)
            and away > 0
            and told.interval.start > draft.interval.start
        ):
            return False
        if draft.place_told == "document" and draft.told and told.counts and told.interval and draft.date is None:
            return False
        return away <= _LONG_REACH or (clause.item != 0)
    if draft.place is None:
        return away <= REACH
    if where.same(told.place, draft.place):
        if not told.counts or not draft.told:
            return True
        return away <= REACH or (_agree(told, draft) and draft.place_told != "document")
    if draft.headline and where.holds(draft.place, told.place):
        return True
    if clause.item and clause.item == draft.last.item:
        return not (told.counts and draft.told)
    if completes(told, draft) and clause.paragraph == draft.last.paragraph and where.is_point_within(told.place):
        # `80 were hurt outside the mosque`, `12 were treated at the hospital`
        return told.interval is None or draft.interval is None or told.interval == draft.interval
    # `at the market`, after `in Baghdad`: the smaller place is the same event's while it adds nothing of its own.
    return away <= 1 and _one_place(told.place, draft.place) and not told.counts and told.interval is None


def _details(told: Telling, lead: Draft) -> bool:
    """Tell whether a clause goes into the act, of an area and without figures, that a text opens with."""
    return (
        not lead.told
        and 0 < told.clause.sentence - lead.last.sentence <= REACH
        and lead.last.item == told.clause.item
        and (told.interval is None or lead.interval is None or when.overlap(told.interval, lead.interval))
        and told.place is not None
        and told.place.place is None
        and lead.place is not None
        and where.specific(lead.place) < where.specific(told.place)
    )


def _agree(told: Telling, draft: Draft) -> bool:
    """Tell whether the counts of a clause may be those of a draft, told again, completed or corrected."""
    return told.interval is None or draft.interval is None or told.interval == draft.interval

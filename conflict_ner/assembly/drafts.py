"""Drafts: the events of a text in the making; each clause that tells of one goes to the draft that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from conflict_ner.assembly import when, where
from conflict_ner.assembly.clauses import Clause, Layout
from conflict_ner.assembly.context import (
    REACH,
    MainPlace,
    date_near,
    goes_on,
    heading_date,
    lead_date,
    place_behind,
    place_near,
)
from conflict_ner.assembly.counting import Told, fits, value
from conflict_ner.assembly.tellings import Telling, event_counts, telling
from conflict_ner.assembly.tolls import is_campaign, is_summary, tolls_apart
from conflict_ner.assembly.words import Act, act_of, is_unreal
from conflict_ner.facts import CountFact, DateFact, GroupFact, Interval, PlaceFact

Where = Literal["sentence", "near", "document"]
_LONG_REACH = 5  # sentences, where no other place is told between
_DEED = re.compile(r"\b(?:execut|behead|abduct|kidnap|massacr|lynch)\w*", re.IGNORECASE)
_OPEN = 40  # drafts to which a clause may add
_LEAD = 3  # sentences below the headline
_NEXT = 5  # sentences below it, for its figures
_SMALL = 2  # a figure up to this is told of many events


@dataclass
class Draft:
    """An event in the making.

    Attributes:
        clauses: what tells of it, in the order of the text.
        told: its counts, with the clause of each.
        place: where, and how that is known.
        date: when, and the mention that tells; None where only the day of publication is left.
        date_near: whether the date stands in another sentence.
    """

    clauses: list[Clause]
    told: list[Told] = field(default_factory=list)
    place: PlaceFact | None = None
    place_told: Where = "sentence"
    interval: Interval | None = None
    date: DateFact | None = None
    date_near: bool = False
    act: Act | None = None
    groups: list[GroupFact] = field(default_factory=list)
    unspecified: list[CountFact] = field(default_factory=list)
    many_places: bool = False

    @property
    def headline(self) -> bool:
        """Whether the headline alone tells of it so far."""
        return all(clause.headline for clause in self.clauses)

    @property
    def last(self) -> Clause:
        """The clause that told of it last."""
        return self.clauses[-1]

    def values(self, kind: str) -> list[int]:
        """Return its figures of one casualty type."""
        return [value(one.fact) for one in self.told if one.fact.casualty_type == kind]


def drafts(page: Layout, published: date | None) -> tuple[list[Draft], list[CountFact]]:
    """Return the events that a text's clauses tell of, and the counts that are background.

    Args:
        page: the text's clauses.
        published: the day of publication.
    """
    story = _Story(page, published)
    for number in range(len(page.clauses)):
        story.read(number)
    for draft in story.made:
        if draft.date is None and any(clause.headline for clause in draft.clauses):
            found = lead_date(page, published)
            if found is not None:
                draft.interval, draft.date = found
                draft.date_near = True
    return story.made, story.background


class _Story:
    """A text's events while its clauses are read one after the other."""

    def __init__(self, page: Layout, published: date | None) -> None:
        self.made: list[Draft] = []
        self.background: list[CountFact] = []
        self._page = page
        self._published = published
        self._campaign, self._summary = is_campaign(page), is_summary(page)
        self._main_place = MainPlace(page.clauses)
        self._heading = heading_date(page, published)
        self._heads: list[Clause] = []  # headlines that tell who, and leave it to the text to tell where

    def read(self, number: int) -> None:
        """Take in what the next clause tells."""
        clause = self._page.clauses[number]
        if clause.total and clause.counts and _sums_up(clause, self.made):
            self.background += _summed(clause, self.made)
            return
        counts = self._event_counts(number) if clause.counts else []
        told = telling(clause, counts, self._published) if counts or not clause.counts else None
        if told is None:
            _take_in(clause, self.made)
            if clause.headline and clause.groups and act_of(clause.words) is not None:
                self._heads.append(clause)
            return
        if told.place is not None and self._is_about_part_of(told.place):
            # `in Syria's last rebel bastion`: the country says less than the place that the text is about.
            told.place = None
            if not counts:
                return
        if told.place is not None and counts and self.made and _is_where_treated(told, self.made[-1]):
            told.place = None
        if told.place is None and counts and not (self.made and _completes(told, self.made[-1])):
            told.place = place_near(self._page.clauses, number)
            told.near = told.place is not None
        draft = _home(told, self.made[-_OPEN:])
        if draft is None and told.place is None and self._main_place.place is not None:
            draft = _open_at(self._main_place.place, told, self.made)
        if draft is None:
            self._begin(told, number)
            return
        _fill(draft, told)
        if draft.date is None and not clause.headline:
            self._date(draft, number)

    def _is_about_part_of(self, place: PlaceFact) -> bool:
        """Tell whether a place is a country in which the place lies that the text is about."""
        main = self._main_place.place if where.specific(place) == 0 else None
        return main is not None and where.holds(place, main)

    def _event_counts(self, number: int) -> list[CountFact]:
        """Return the counts of a clause that are an event's; the others that are tolls become background."""
        clause = self._page.clauses[number]
        if clause.summing or (self._summary and not clause.item):
            self.background += [fact for fact in clause.counts if not fact.subset]
            return []
        tolls, others = tolls_apart(clause, self._campaign, self.background, self._published)
        wholes, counts = event_counts(self._page, number, others)
        self.background += [*tolls, *wholes]
        return counts

    def _begin(self, told: Telling, number: int) -> None:
        """Open a draft, with what the text around a clause tells of it."""
        clauses = self._page.clauses
        draft = Draft([])
        _fill(draft, told)
        for head in (*self._heads, *_item_before(clauses, number)):
            _add_groups(draft, head)
        self._heads = []
        if draft.place is None:
            near = place_near(clauses, number) or place_behind(clauses, number)
            draft.place, draft.place_told = (near, "near") if near else (self._main_place.place, "document")
        before = self.made[-1] if self.made else None
        self.made.append(draft)
        if draft.date is not None:
            return
        if before is not None and before.date and told.clause.item == before.last.item and goes_on(clauses, number):
            draft.interval, draft.date, draft.date_near = before.interval, before.date, True
            return
        self._date(draft, number)
        if draft.date is None and self._heading is not None:
            draft.interval, draft.date = self._heading
            draft.date_near = True

    def _date(self, draft: Draft, number: int) -> None:
        """Give a draft the date of the sentences around a clause."""
        found = date_near(self._page.clauses, number, draft.place_told == "sentence", self._published)
        if found is not None:
            draft.interval, draft.date = found
            draft.date_near = True


def _item_before(clauses: Sequence[Clause], number: int) -> list[Clause]:
    """Return the clauses of a list's item that stand before one of its clauses."""
    own = clauses[number]
    return [clause for clause in clauses[max(0, number - 3) : number] if own.item and clause.item == own.item]


def _sums_up(clause: Clause, made: Sequence[Draft]) -> bool:
    """Tell whether a line of totals adds up what drafts have told."""
    return any(draft.values(fact.casualty_type) for draft in made for fact in clause.counts)


def _summed(clause: Clause, made: Sequence[Draft]) -> list[CountFact]:
    """Return the counts of a total that are of several drafts; of one alone it is a repeat."""
    found = []
    for fact in clause.counts:
        figures = [figures for draft in made if (figures := draft.values(fact.casualty_type))]
        if fact.count is not None and len(figures) > 1:
            found.append(fact)
    return found


def _home(told: Telling, made: Sequence[Draft]) -> Draft | None:
    """Return the draft that a clause tells more of; None where it tells of another event."""
    for draft in reversed(made):
        if _repeats(told, draft):
            return draft
    for draft in reversed(made):
        if _belongs(told, draft):
            return draft
    return None


def _is_where_treated(told: Telling, draft: Draft) -> bool:
    """Tell whether a clause counts in a hospital those of an event that was told just before."""
    near = (
        told.clause.sentence - draft.last.sentence <= (REACH if draft.told else _LONG_REACH)
        and told.clause.item == draft.last.item
    )
    return near and told.place is not None and where.is_hospital(told.place) and told.act in (None, "kill")


def _completes(told: Telling, draft: Draft) -> bool:
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


def _open_at(place: PlaceFact, told: Telling, made: Sequence[Draft]) -> Draft | None:
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
    if _completes(told, draft) and clause.paragraph == draft.last.paragraph and where.is_point_within(told.place):
        # `80 were hurt outside the mosque`, `12 were treated at the hospital`
        return told.interval is None or draft.interval is None or told.interval == draft.interval
    # `at the market`, after `in Baghdad`: the smaller place is the same event's while it adds nothing of its own.
    return away <= 1 and _one_place(told.place, draft.place) and not told.counts and told.interval is None


def _agree(told: Telling, draft: Draft) -> bool:
    """Tell whether the counts of a clause may be those of a draft, told again, completed or corrected."""
    return told.interval is None or draft.interval is None or told.interval == draft.interval


def _fill(draft: Draft, told: Telling) -> None:
    """Add what a clause tells to a draft."""
    was_headline = bool(draft.clauses) and draft.headline
    # What is told far from the counts, such as `aid last came in September`, does not date them.
    counts_first = bool(told.counts) and not draft.told
    dates_it = not draft.told or was_headline or told.counts or told.clause.sentence - draft.last.sentence <= REACH
    draft.clauses.append(told.clause)
    draft.told += [Told(fact, told.clause) for fact in told.counts]
    draft.unspecified += told.unspecified
    draft.act = draft.act or told.act
    _add_groups(draft, told.clause)
    if told.place is not None and (
        draft.place is None
        or (draft.place_told != "sentence" and not told.near)
        or (
            was_headline
            and not told.near
            and not told.many_places
            and where.specific(told.place) >= where.specific(draft.place)
        )
    ):
        draft.place, draft.many_places = told.place, told.many_places
        draft.place_told = "near" if told.near else "sentence"
    if told.interval is not None and dates_it and (draft.date is None or draft.date_near or counts_first):
        draft.interval, draft.date, draft.date_near = told.interval, told.date, False


def _add_groups(draft: Draft, clause: Clause) -> None:
    draft.groups += [fact for fact in clause.groups if not clause.in_dateline(fact) or clause.item]


def _take_in(clause: Clause, made: Sequence[Draft]) -> None:
    """Give the groups of a clause that tells of no event of its own to the one told just before it."""
    if not made or not clause.groups or clause.places:
        return
    last = made[-1].last
    if clause.sentence - last.sentence <= 1 and clause.item == last.item and not is_unreal(clause.words):
        _add_groups(made[-1], clause)

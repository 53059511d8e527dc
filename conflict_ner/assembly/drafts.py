"""Drafts: the events of a text in the making; each clause that tells of one goes to the draft that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import takewhile

from conflict_ner.assembly import where
from conflict_ner.assembly.clauses import Clause, Layout
from conflict_ner.assembly.context import (
    date_near,
    dateline_day,
    goes_on,
    heading_date,
    lead_date,
    place_near,
)
from conflict_ner.assembly.counting import Told, value
from conflict_ner.assembly.draft import Draft, add_groups, fill, take_in
from conflict_ner.assembly.homes import completes, home, is_other_voice, is_where_treated, open_at, refers, retells
from conflict_ner.assembly.tellings import Telling, event_counts, telling
from conflict_ner.assembly.tolls import is_campaign, is_summary, is_told_in_passing, tolls_apart
from conflict_ner.assembly.words import act_of
from conflict_ner.facts import CountFact, PlaceFact

_FROM_TODAY = re.compile(r"\b(?:today|tonight|yesterday|this (?:morning|afternoon|evening))\b", re.IGNORECASE)
_OLD = timedelta(days=4)
_POINT = 2  # of `where.specific`
_OPEN = 40  # drafts to which a clause may add


def drafts(page: Layout, place: PlaceFact | None, published: date | None) -> tuple[list[Draft], list[CountFact]]:
    """Return the events that a text's clauses tell of, and the counts that are background.

    Args:
        page: the text's clauses.
        place: that the text is mainly about.
        published: the day of publication.
    """
    story = _Story(page, place, published)
    for number in range(len(page.clauses)):
        story.read(number)
    for draft in story.made:
        if draft.date is None and any(clause.headline for clause in draft.clauses):
            found = lead_date(page, published)
            if found is not None:
                draft.interval, draft.date = found
                draft.date_near = True
    _date_by_dateline(story.made, page, published)
    _set_sums_apart(story.made, story.background)
    return story.made, story.background


def _date_by_dateline(made: Sequence[Draft], page: Layout, published: date | None) -> None:
    """Reckon from the day of a dateline that lies before publication: `today`, and where no date is told."""
    day = dateline_day(page)
    if day is None or published is None or not timedelta(0) < published - day[0].start <= _OLD:
        return
    for draft in made:
        if draft.date is None:
            draft.interval, draft.date = day
            draft.date_near = True
        elif draft.interval is not None and _FROM_TODAY.search(draft.date.surface):
            late = published - day[0].start
            draft.interval = draft.interval.model_copy(
                update={"start": draft.interval.start - late, "end": draft.interval.end - late}
            )


def _set_sums_apart(made: list[Draft], background: list[CountFact]) -> None:
    """Move to the background what adds up, for an area, the counts of two or more other events."""
    for draft in list(made):
        if draft.place is not None and where.specific(draft.place) >= _POINT:
            continue
        sums = [one for one in draft.told if _is_sum(draft, one, made)]
        background += [one.fact for one in sums]
        draft.told = [one for one in draft.told if one not in sums]
        if sums and not draft.told:
            made.remove(draft)


def _is_sum(draft: Draft, one: Told, made: Sequence[Draft]) -> bool:
    kind = one.fact.casualty_type
    parts = [sum(values) for other in made if other is not draft and (values := other.values(kind))]
    return len(parts) > 1 and sum(parts) == value(one.fact) and len(draft.values(kind)) == 1


class _Story:
    """A text's events while its clauses are read one after the other."""

    def __init__(self, page: Layout, place: PlaceFact | None, published: date | None) -> None:
        self.made: list[Draft] = []
        self.background: list[CountFact] = []
        self._page = page
        self._main_place = place
        self._published = published
        self._campaign, self._summary = is_campaign(page), is_summary(page)
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
            take_in(clause, self.made)
            if clause.headline and clause.groups and act_of(clause.words) is not None:
                self._heads.append(clause)
            return
        if told.place is not None and self._is_about_part_of(told.place):
            # `in Syria's last rebel bastion`: the country says less than the place that the text is about.
            told.place = None
            if not counts:
                return
        if counts and is_where_treated(told, self.made):
            # Where the wounded and the dead are brought is not where it was.
            told.place = None
        first = next((draft for draft in self.made if draft.told), None)
        if self.made and retells(told, self.made[-1]):
            told.place = None
            fill(self.made[-1], told)
            return
        if first is not None and is_other_voice(told, first, self.made[-1]) and not self._is_dated(number):
            fill(first, told)
            return
        if told.place is None and counts and not (self.made and completes(told, self.made[-1])):
            told.place = None if "here" in clause.vocabulary else place_near(self._page.clauses, number)
            told.near = told.place is not None
        draft = self.made[-1] if self.made and refers(told, self.made[-1]) else home(told, self.made[-_OPEN:])
        if draft is None and told.place is None and self._main_place is not None:
            draft = open_at(self._main_place, told, self.made)
        if draft is None:
            self._begin(told, number)
            return
        fill(draft, told)
        if draft.date is None and not clause.headline:
            self._date(draft, number)

    def _is_dated(self, number: int) -> bool:
        """Tell whether a date stands before a clause in its paragraph."""
        clauses = self._page.clauses
        before = takewhile(lambda one: one.paragraph == clauses[number].paragraph, reversed(clauses[:number]))
        return any(one.dates for one in before)

    def _is_about_part_of(self, place: PlaceFact) -> bool:
        """Tell whether a place is a country in which the place lies that the text is about."""
        main = self._main_place if where.specific(place) == 0 else None
        return main is not None and where.holds(place, main)

    def _event_counts(self, number: int) -> list[CountFact]:
        """Return the counts of a clause that are an event's; the others that are tolls become background."""
        clause = self._page.clauses[number]
        if clause.summing or (self._summary and not clause.item):
            self.background += [fact for fact in clause.counts if not fact.subset]
            return []
        tolls, others = tolls_apart(clause, self._campaign, self.background, self._published)
        if not clause.item and any(draft.told for draft in self.made):
            passing = [fact for fact in others if is_told_in_passing(clause, fact)]
            tolls += passing
            others = [fact for fact in others if fact not in passing]
        wholes, counts = event_counts(self._page, number, others)
        self.background += [*tolls, *wholes]
        return counts

    def _begin(self, told: Telling, number: int) -> None:
        """Open a draft, with what the text around a clause tells of it."""
        clauses = self._page.clauses
        draft = Draft([])
        fill(draft, told)
        for head in (*self._heads, *_item_before(clauses, number)):
            add_groups(draft, head)
        self._heads = []
        if draft.place is None:
            near = place_near(clauses, number)
            draft.place, draft.place_told = (near, "near") if near else (self._main_place, "document")
        before = self.made[-1] if self.made else None
        self.made.append(draft)
        if draft.date is not None:
            return
        if before is not None and before.date and told.clause.item == before.last.item and goes_on(clauses, number):
            draft.interval, draft.date, draft.date_near = before.interval, before.date, True
            return
        if not told.clause.headline:
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

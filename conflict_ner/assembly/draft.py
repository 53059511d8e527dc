"""Draft: an event in the making, and what a clause adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from conflict_ner.assembly import when, where
from conflict_ner.assembly.clauses import Clause
from conflict_ner.assembly.context import REACH
from conflict_ner.assembly.counting import Told, value
from conflict_ner.assembly.tellings import Telling
from conflict_ner.assembly.words import Act, is_unreal
from conflict_ner.facts import CountFact, DateFact, GroupFact, Interval, PlaceFact

Where = Literal["sentence", "near", "document"]


@dataclass
class Draft:
    """An event in the making.

    Attributes:
        clauses: what tells of it, in the order of the text.
        told: its counts, with the clause of each.
        place: where, and how that is known.
        date: when, and the mention that tells; None where only the day of publication is left.
        date_near: whether the date stands in another sentence.
        date_of_report: whether it is told as that of a report on the event, which happened then or before.
    """

    clauses: list[Clause]
    told: list[Told] = field(default_factory=list)
    place: PlaceFact | None = None
    place_told: Where = "sentence"
    interval: Interval | None = None
    date: DateFact | None = None
    date_near: bool = False
    date_of_report: bool = False
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


def fill(draft: Draft, told: Telling) -> None:
    """Add what a clause tells to a draft."""
    was_headline = bool(draft.clauses) and draft.headline
    counts_first = bool(told.counts) and not draft.told
    # What is told far from the counts, such as `aid last came in September`, does not date them.
    dates_it = not draft.told or was_headline or told.counts or told.clause.sentence - draft.last.sentence <= REACH
    draft.clauses.append(told.clause)
    draft.told += [Told(fact, told.clause) for fact in told.counts]
    draft.unspecified += told.unspecified
    draft.act = draft.act or told.act
    add_groups(draft, told.clause)
    if told.place is not None and (
        draft.place is None
        or draft.place_told == "document"
        or (when.REFERS.match(told.clause.words) and where.specific(told.place) > where.specific(draft.place))
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


def add_groups(draft: Draft, clause: Clause) -> None:
    draft.groups += [fact for fact in clause.groups if not clause.in_dateline(fact) or clause.item]


def take_in(clause: Clause, made: Sequence[Draft]) -> None:
    """Give the groups of a clause that tells of no event of its own to the one told just before it."""
    if not made or not clause.groups or clause.places:
        return
    last = made[-1].last
    if clause.sentence - last.sentence <= 1 and clause.item == last.item and not is_unreal(clause.words):
        add_groups(made[-1], clause)

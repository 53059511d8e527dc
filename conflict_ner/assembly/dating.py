"""Dating: which of a text's dates, or the day of publication, is that of its main event.

Each date gets a sum of a few features that a reader goes by, in weights that scripts/fit_event_choices.py fitted on
the documents of seeds/events but those of its test: where the right one is told, it was the best in 518 of 624 that
were left out of the fit, and that of the rules alone in 462.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from conflict_ner.assembly import when
from conflict_ner.assembly.clauses import Clause, Layout
from conflict_ner.assembly.draft import Draft
from conflict_ner.assembly.where import same
from conflict_ner.facts import DateFact, Interval

_FAR = 20  # sentences
_WEEK = timedelta(days=8)


class Features(NamedTuple):
    """What speaks for a date, or against it.

    Attributes:
        publication: whether it is the day of publication itself, which no mention tells.
        gathered: whether the rules that gathered the event gave it this date.
        happened: whether its own words speak for an act on it (`when.happened`).
        placed: whether a clause that names it names the event's place.
        late: how many sentences stand before it, up to 20, in tenths.
        same_day: whether it begins on the day of publication.
        weeks: whether it is longer than a week.
    """

    publication: float = 0.0
    gathered: float = 0.0
    happened: float = 0.0
    placed: float = 0.0
    late: float = 0.0
    same_day: float = 0.0
    weeks: float = 0.0


WEIGHTS = Features(
    publication=-1.62,
    gathered=1.04,
    happened=0.81,
    placed=0.73,
    late=-2.45,
    same_day=-1.40,
    weeks=-1.76,
)


@dataclass(frozen=True)
class Dating:
    """A date that the main event may have; None for the day of publication."""

    fact: DateFact | None
    interval: Interval | None
    clause: Clause | None
    features: Features


def set_date(main: Draft, page: Layout, published: date | None) -> None:
    """Give the main event the date that most speaks for.

    Args:
        main: the event, at its place.
        page: the text's clauses.
        published: the day of publication.
    """
    told = datings(main, page, published)
    best = max(told, key=lambda one: _score(one.features), default=None)
    if best is not None and best.fact is None:
        # Where the text tells of that day itself, as by `today`, it is better evidence.
        best = next((one for one in told if one.features.same_day and one.features.happened), best)
    if best is None or (best.fact is not None and best.fact is main.date):
        return
    main.interval, main.date = best.interval, best.fact
    main.date_of_report = bool(best.clause and best.fact and when.is_of_report(best.clause, best.fact))


def _score(found: Features) -> float:
    return sum(weight * value for weight, value in zip(WEIGHTS, found, strict=True))


def datings(main: Draft, page: Layout, published: date | None) -> list[Dating]:
    """Return the dates that the main event may have, with the features of each; the arguments are as of `set_date`."""
    told = [
        (fact, when.happened(clause, fact, published), clause)
        for clause in page.clauses
        for fact in clause.dates
        if fact.interval is not None
    ]
    found = []
    if published is not None:
        found.append(Dating(None, None, None, Features(publication=1.0)))
    for fact, days, clause in told:
        interval = main.interval if fact is main.date else days or fact.interval
        if interval is None or (published is not None and interval.start > published):
            continue
        features = Features(
            gathered=float(fact is main.date),
            happened=float(days is not None),
            placed=float(main.place is not None and any(same(place, main.place) for place in clause.places)),
            late=min(clause.sentence, _FAR) / 10,
            same_day=float(interval.start == published),
            weeks=float(interval.end - interval.start > _WEEK),
        )
        found.append(Dating(fact, interval, clause, features))
    return found

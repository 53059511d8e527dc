"""Choosing: which of the places that a text names is the one of what it is mainly about.

Each place gets a sum of a few features that a reader goes by, in weights that scripts/fit_event_choices.py fitted on
the documents of seeds/events but those of its test: where the right place is named, it was the best in 527 of 729 that
were left out of the fit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from conflict_ner.assembly import where
from conflict_ner.assembly.clauses import Clause
from conflict_ner.facts import PlaceFact
from conflict_ner.normalise.spelling import fold

_OPENING = 1  # sentences behind the first one below the headline
_BEST_FIT, _WORST_FIT = 4.2, -2.0


class Features(NamedTuple):
    """What speaks for a place, or against it.

    Attributes:
        small: how small it is (`where.specific`), 0 to 2.
        linked: whether the gazetteer knows it: the smallest of places it does not.
        point: whether it is a building or the like within another place.
        again: whether the headline names it, and the text below it too.
        counted: whether a clause below the headline that names it counts people.
        dateline: whether it stands in a dateline.
        opening: whether the headline or the first two sentences name it.
        first: whether it is the first below the headline that stands as a place of an act.
        fit: how well it stands as the place of an act, at its best (`where.fit`).
        late: the logarithm of how many places are named before it.
    """

    small: float
    linked: float
    point: float
    again: float
    counted: float
    dateline: float
    opening: float
    first: float
    fit: float
    late: float


WEIGHTS = Features(
    small=1.13,
    linked=-1.17,
    point=-0.45,
    again=0.42,
    counted=0.50,
    dateline=0.63,
    opening=2.06,
    first=0.84,
    fit=0.26,
    late=-1.16,
)


@dataclass
class _Mention:
    clause: Clause
    fact: PlaceFact
    fit: float


def main_place(clauses: Sequence[Clause]) -> PlaceFact | None:
    """Return the place of what a text is mainly about; None where it names none."""
    best = max(features(clauses), key=lambda one: _score(one[1]), default=None)
    return None if best is None else best[0]


def _score(found: Features) -> float:
    return sum(weight * value for weight, value in zip(WEIGHTS, found, strict=True))


def features(clauses: Sequence[Clause]) -> list[tuple[PlaceFact, Features]]:
    """Return each place that a text names, at the mention that shows it best, with its features.

    Args:
        clauses: the text's.
    """
    body = next((clause.sentence for clause in clauses if not clause.headline), 0)
    named = _named(clauses)
    acted = [
        (one.fact.span.start, number)
        for number, mentions in enumerate(named)
        for one in mentions
        if one.fit >= where.LEAST and not one.clause.headline and not one.clause.in_dateline(one.fact)
    ]
    first = min(acted)[1] if acted else None
    found = []
    for number, mentions in enumerate(named):
        told = [one for one in mentions if not one.clause.in_dateline(one.fact)]
        shown = next((one for one in told if one.fit >= where.LEAST), (told or mentions)[0])
        fit = max((one.fit for one in told), default=0.0)
        found.append(
            (
                shown.fact,
                Features(
                    small=max(where.specific(one.fact) for one in mentions),
                    linked=float(any(one.fact.place is not None for one in mentions)),
                    point=float(where.is_point_within(mentions[0].fact)),
                    again=float(len({one.clause.headline for one in told}) == 2),
                    counted=float(any(one.clause.counts and not one.clause.headline for one in told)),
                    dateline=float(any(one.clause.in_dateline(one.fact) for one in mentions)),
                    opening=float(any(one.clause.sentence <= body + _OPENING for one in told)),
                    first=float(number == first),
                    fit=max(_WORST_FIT, min(_BEST_FIT, fit)),
                    late=math.log(1 + number),
                ),
            )
        )
    return found


def _named(clauses: Sequence[Clause]) -> list[list[_Mention]]:
    """Return the mentions of each place, in the order in which the text first names them."""
    named: list[list[_Mention]] = []
    by_id: dict[str, int] = {}
    by_name: dict[str, int] = {}
    for clause in clauses:
        for fit, fact in where.candidates(clause):
            name = fold(where.bare(fact))
            number = by_name.get(name) if fact.place is None else by_id.get(fact.place.id)
            if number is None and fact.place is not None and name in by_name:
                number = by_name[name] if named[by_name[name]][0].fact.place is None else None
            if number is None:
                number = len(named)
                named.append([])
            named[number].append(_Mention(clause, fact, fit))
            by_name.setdefault(name, number)
            if fact.place is not None:
                by_id.setdefault(fact.place.id, number)
    return named

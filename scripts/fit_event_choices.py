"""Fit the weights by which conflict_ner/assembly chooses the place and the date of a text's main event.

python scripts/fit_event_choices.py {place,date} [GOLD ...]

Reads documents with a gold main event (by default in-view.jsonl and train.jsonl of seeds/events), makes features of
every place or date that each names, and fits one weight a feature: the likeliest ones of a softmax over the places or
dates of each document. Prints how often the best one is right in documents left out of the fit (five folds, shuffled
several times), then the weights of all, to be written into `choosing.WEIGHTS` or `dating.WEIGHTS`. The weights of dates
hang on those of places, so places come first.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from benchmarks.event_slots import EVENTS, Gold, gold_documents, gold_rows, same_date, same_place  # noqa: E402
from conflict_ner.assembly import choosing, dating  # noqa: E402
from conflict_ner.assembly.clauses import Layout, layout  # noqa: E402
from conflict_ner.assembly.drafts import drafts  # noqa: E402
from conflict_ner.assembly.main import main_event, ordered  # noqa: E402
from conflict_ner.documents import Document  # noqa: E402
from conflict_ner.events import DateSlot, Evidence, PlaceSlot  # noqa: E402
from conflict_ner.facts import Facts, Interval, PlaceFact  # noqa: E402
from conflict_ner.normalise.normaliser import Normaliser  # noqa: E402

FOLDS, SHUFFLES = 5, 6
SMALL = 3.0  # the weight of the squares: with a hundred documents, small weights hold better
STEPS, PACE = 600, 0.5


@dataclass(frozen=True)
class Choice:
    """The places or dates of a document: a row of features each, and whether it is the gold one."""

    rows: NDArray[np.float64]
    right: NDArray[np.bool_]


def choices(path: Path, kind: str) -> list[Choice]:
    """Return the places or dates of each document that has a gold main event, where the right one is among them."""
    gold = [row for row in gold_rows(path) if row["main"] is not None]
    normaliser = Normaliser()
    found = []
    for document, row in zip(gold_documents(gold), gold, strict=True):
        facts = normaliser(document)
        page = layout(document.text, facts)
        choice = _places(page, facts, row["main"]) if kind == "place" else _dates(page, document, row["main"])
        if choice is not None and choice.right.any():
            found.append(choice)
    return found


def _places(page: Layout, facts: Facts, main: Gold) -> Choice:
    scored = choosing.features(page.clauses)
    right = [same_place(_slot(fact), main["place"], facts) for fact, _ in scored]
    return Choice(np.array([told for _, told in scored]), np.array(right, dtype=np.bool_))


def _dates(page: Layout, document: Document, main: Gold) -> Choice | None:
    published = document.meta.published
    place = choosing.main_place(page.clauses)
    made = ordered(drafts(page, place, published)[0])
    event = main_event(made, page, place, published)
    if event is None:
        return None
    told = dating.datings(event, page, published)
    right = [same_date(_date_slot(one, published), main["date"]) for one in told]
    return Choice(np.array([one.features for one in told]), np.array(right, dtype=np.bool_))


def _date_slot(one: dating.Dating, published: date | None) -> DateSlot | None:
    if one.interval is not None:
        return DateSlot(interval=one.interval, date_source="text")
    if published is None:
        return None
    day = Interval(start=published, end=published + timedelta(days=1), precision="day")
    return DateSlot(interval=day, date_source="publication")


def _slot(fact: PlaceFact) -> PlaceSlot:
    evidence = Evidence(start=fact.span.start, end=fact.span.end, surface=fact.surface)
    return PlaceSlot(evidence=evidence, place=fact.place, told="near")


def fitted(among: Sequence[Choice]) -> NDArray[np.float64]:
    """Return the likeliest weight of each feature, by a softmax over the rows of each document."""
    weights = np.zeros(among[0].rows.shape[1])
    for _ in range(STEPS):
        slope = SMALL * weights
        for choice in among:
            scores = np.exp(choice.rows @ weights)
            wanted = scores * choice.right
            slope += choice.rows.T @ (scores / scores.sum() - wanted / wanted.sum())
        weights -= PACE / len(among) * slope
    return weights


def hits(among: Sequence[Choice], weights: NDArray[np.float64]) -> int:
    """Return in how many documents the best row is the gold one."""
    return sum(bool(choice.right[np.argmax(choice.rows @ weights)]) for choice in among)


def left_out(among: Sequence[Choice]) -> list[int]:
    """Return for each shuffle in how many documents the best row is right by a fit without them."""
    totals = []
    for seed in range(SHUFFLES):
        shuffled = list(among)
        random.Random(seed).shuffle(shuffled)
        parts = [shuffled[number::FOLDS] for number in range(FOLDS)]
        totals.append(
            sum(hits(part, fitted([one for other in parts if other is not part for one in other])) for part in parts)
        )
    return totals


def main() -> None:
    """Print the left-out figures and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("place", "date"))
    parser.add_argument("gold", nargs="*", type=Path, default=[EVENTS / "in-view.jsonl", EVENTS / "train.jsonl"])
    arguments = parser.parse_args()
    among = [one for path in arguments.gold for one in choices(path, arguments.kind)]
    names = (choosing.Features if arguments.kind == "place" else dating.Features)._fields
    weights = fitted(among)
    sys.stdout.write(f"{len(among)} documents\nleft out: {left_out(among)}\nin view: {hits(among, weights)}\n")
    sys.stdout.write("\n".join(f"{name}={weight:.2f}" for name, weight in zip(names, weights, strict=True)) + "\n")


if __name__ == "__main__":
    main()

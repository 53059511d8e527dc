"""Fit the weights by which conflict_ner/assembly/choosing.py chooses a text's main place.

python scripts/fit_event_choices.py [GOLD ...]

Reads documents with a gold main event (by default in-view.jsonl and train.jsonl of seeds/events), makes features of
every place that each names, and fits one weight a feature: the likeliest ones of a softmax over the places of each
document. Prints how often the best place is right in documents left out of the fit (five folds, shuffled several
times), then the weights of all, to be written into `choosing.WEIGHTS`.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from benchmarks.event_slots import EVENTS, gold_documents, gold_rows, same_place  # noqa: E402
from conflict_ner.assembly.choosing import Features, features  # noqa: E402
from conflict_ner.assembly.clauses import layout  # noqa: E402
from conflict_ner.events import Evidence, PlaceSlot  # noqa: E402
from conflict_ner.facts import PlaceFact  # noqa: E402
from conflict_ner.normalise.normaliser import Normaliser  # noqa: E402

FOLDS, SHUFFLES = 5, 6
SMALL = 3.0  # the weight of the squares: with a hundred documents, small weights hold better
STEPS, PACE = 600, 0.5


@dataclass(frozen=True)
class Choice:
    """The places of a document: a row of features each, and whether it is the gold one."""

    places: NDArray[np.float64]
    right: NDArray[np.bool_]


def choices(path: Path) -> list[Choice]:
    """Return the places of each document that has a gold main place and names it."""
    rows = [row for row in gold_rows(path) if row["main"] is not None]
    normaliser = Normaliser()
    found = []
    for document, row in zip(gold_documents(rows), rows, strict=True):
        facts = normaliser(document)
        scored = features(layout(document.text, facts).clauses)
        right = [same_place(_slot(fact), row["main"]["place"], facts) for fact, _ in scored]
        if any(right):
            found.append(Choice(np.array([told for _, told in scored]), np.array(right)))
    return found


def _slot(fact: PlaceFact) -> PlaceSlot:
    evidence = Evidence(start=fact.span.start, end=fact.span.end, surface=fact.surface)
    return PlaceSlot(evidence=evidence, place=fact.place, told="near")


def fitted(among: Sequence[Choice]) -> NDArray[np.float64]:
    """Return the likeliest weight of each feature, by a softmax over the places of each document."""
    weights = np.zeros(len(Features._fields))
    for _ in range(STEPS):
        slope = SMALL * weights
        for choice in among:
            scores = np.exp(choice.places @ weights)
            wanted = scores * choice.right
            slope += choice.places.T @ (scores / scores.sum() - wanted / wanted.sum())
        weights -= PACE / len(among) * slope
    return weights


def hits(among: Sequence[Choice], weights: NDArray[np.float64]) -> int:
    """Return in how many documents the best place is the gold one."""
    return sum(bool(choice.right[np.argmax(choice.places @ weights)]) for choice in among)


def left_out(among: Sequence[Choice]) -> list[int]:
    """Return for each shuffle in how many documents the best place is right by a fit without them."""
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
    parser.add_argument("gold", nargs="*", type=Path, default=[EVENTS / "in-view.jsonl", EVENTS / "train.jsonl"])
    among = [one for path in parser.parse_args().gold for one in choices(path)]
    weights = fitted(among)
    sys.stdout.write(f"{len(among)} documents\nleft out: {left_out(among)}\nin view: {hits(among, weights)}\n")
    sys.stdout.write(
        "\n".join(f"{name}={weight:.2f}" for name, weight in zip(Features._fields, weights, strict=True)) + "\n"
    )


if __name__ == "__main__":
    main()

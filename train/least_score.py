"""From which score on a span counts: the score below which leaving spans out raises the F1 on the validation split.

The best legal path holds a span as soon as it is a little likelier than none, and for F1 that is too early: a model of
this size finds more than there is. What is chosen on the validation split is kept in the checkpoint and applied by the
tagger; `pipeline()` knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from conflict_ner.documents import Span
from conflict_ner.matching import Counts, merged, micro, strict

STEP = 0.05
MOST = 0.8  # what a wish for the few sure spans begins with is calibration's work
FEWEST = 100  # gold spans; fewer choose by chance


def best_least_score(
    pairs: Sequence[tuple[Sequence[Span], Sequence[Span]]], given: float | None = None
) -> tuple[float, Counts]:
    """Return the score that leaves the highest strict micro F1, and the counts with it.

    Args:
        pairs: gold and predicted spans of each document; the predicted ones have scores.
        given: the score where it is not to be chosen.

    Returns:
        A multiple of STEP, the lowest of equals; 0 where there are too few gold spans to choose by.
    """
    if given is not None:
        return given, _counts(pairs, given)
    found = {0.0: _counts(pairs, 0.0)}
    if found[0.0].gold >= FEWEST:
        found |= {
            float(score): _counts(pairs, float(score)) for score in np.arange(STEP, MOST + STEP / 2, STEP).round(2)
        }
    best = max(found, key=lambda score: (found[score].f1, -score))
    return best, found[best]


def chosen(history: Sequence[Mapping[str, float]]) -> float:
    """Return the least score of the epoch that the Trainer's log says was best; 0 where no epoch was scored."""
    scored = [entry for entry in history if "eval_least_score" in entry]
    return max(scored, key=lambda entry: entry["eval_strict_f1"])["eval_least_score"] if scored else 0.0


def _counts(pairs: Sequence[tuple[Sequence[Span], Sequence[Span]]], least: float) -> Counts:
    return micro(
        merged(strict(gold, [span for span in predicted if (span.score or 0.0) >= least]) for gold, predicted in pairs)
    )

"""How unsure a model is of an article: by its own probabilities, and by where several readings disagree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from conflict_ner.documents import Span
from conflict_ner.matching import micro, strict
from conflict_ner.schema import OUTSIDE
from conflict_ner.spans import BioTags
from conflict_ner.tokens import SAME_WORD, Tokens
from conflict_ner.transitions import Transitions


def doubt(
    emissions: NDArray[np.float32],
    tokens: Tokens,
    tags: BioTags,
    count: int,
    transitions: Transitions | None = None,
) -> float:
    """Return the mean doubt of the `count` least sure decisions of an article, 0 to 1.

    A decision is a span, whose doubt is 1 - score, or a word left outside all spans, whose doubt is 1 - P(O):
    it may be part of a span that the model misses. So an article without a span is judged by the same measure,
    and one in which the model finds nothing, and is sure of that, comes late.

    Args:
        emissions: log-probability of each tag for each piece, shape (pieces, tags).
        tokens: the pieces.
        tags: the tag names.
        count: how many decisions; an article with fewer is judged by those that it has, one without any by 0.
        transitions: those of the model, if it has learned some.
    """
    decoded = tags.decode(emissions, tokens, transitions)
    probabilities = np.exp(emissions)
    spans = tags.spans(decoded, tokens, probabilities)
    doubts = np.concatenate(
        [
            np.array([1.0 - span.score for span in spans if span.score is not None]),
            _outside(decoded, probabilities, tokens, tags.ids[OUTSIDE]),
        ]
    )
    if not len(doubts):
        return 0.0
    return float(np.clip(np.sort(doubts)[-count:].mean(), 0.0, 1.0))


def _outside(
    decoded: NDArray[np.int64], probabilities: NDArray[np.float32], tokens: Tokens, outside: int
) -> NDArray[np.float64]:
    """Return 1 - P(O) of each word outside all spans, the mean over its pieces."""
    left_out = decoded == outside
    word = np.cumsum(tokens.joints[tokens.visible] != SAME_WORD)[left_out]
    doubts = 1.0 - probabilities[tokens.visible][left_out, outside]
    total = np.bincount(word, weights=doubts)
    pieces = np.bincount(word)
    means: NDArray[np.float64] = total[pieces > 0] / pieces[pieces > 0]
    return means


def disagreement(readings: Sequence[Sequence[Span]]) -> float:
    """Return 1 - the mean strict F1 of all pairs of readings of one article, 0 to 1.

    Two readings without a span agree.
    """
    scores = [micro(strict(one, other)).f1 if one or other else 1.0 for one, other in combinations(readings, 2)]
    return 1.0 - sum(scores) / len(scores) if scores else 0.0

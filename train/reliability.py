"""Do span scores mean what they say? Bins of scores against how many of their spans are right.

Expected calibration error as in Guo et al. 2017 (On Calibration of Modern Neural Networks), with bins that hold
equally many spans (Nguyen and O'Connor 2015), since most scores of a fine-tuned model crowd near 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Document

BINS = 10


class Bin(BaseModel):
    """Spans of about one score.

    Attributes:
        spans: how many.
        score: their mean score.
        right: the share of them that is strictly right.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    spans: int
    score: float
    right: float


class Reliability(BaseModel):
    """Bins from the lowest score to the highest; no bin where there was no span."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bins: tuple[Bin, ...]

    @property
    def spans(self) -> int:
        """How many spans there were."""
        return sum(one.spans for one in self.bins)

    @property
    def ece(self) -> float:
        """Expected calibration error: the mean distance of score and share, by spans; 0 where there is no span."""
        return sum(one.spans * abs(one.score - one.right) for one in self.bins) / max(self.spans, 1)


class Judged(BaseModel):
    """A predicted span's score, and whether gold has the very same span."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: str
    label: str
    score: float
    right: bool


def judge(pairs: Iterable[tuple[Document, Document]]) -> list[Judged]:
    """Judge each predicted span that has a score.

    Args:
        pairs: gold and predicted documents (train.score.pair_documents).
    """
    return [
        Judged(
            document=gold.id,
            label=span.label,
            score=span.score,
            right=any(span.key == other.key for other in gold.spans),
        )
        for gold, predicted in pairs
        for span in predicted.spans
        if span.score is not None
    ]


def reliability(scores: Sequence[float], right: Sequence[bool], bins: int = BINS) -> Reliability:
    """Return bins of equally many spans.

    Args:
        scores: 0 to 1, one a span.
        right: whether the span is right, likewise.
        bins: at most so many; fewer spans make fewer.
    """
    order = np.argsort(np.asarray(scores, dtype=np.float64), kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return Reliability(
        bins=tuple(
            Bin(
                spans=len(part),
                score=float(np.mean(np.asarray(scores)[part])),
                right=float(np.mean(np.asarray(right, dtype=np.float64)[part])),
            )
            for part in parts
        )
    )

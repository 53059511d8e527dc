"""How a model weighs an annotation against its own reading, by the log-probabilities of the pieces of the text.

A word's self-confidence, the probability of the tag that it was given, is what confident learning ranks by (Northcutt
et al. 2021; for token classification Wang and Mueller 2022, in cleanlab the lowest of a sentence's words). Here the two
readings of one place are compared on the pieces whose tags differ, and on their mean, so that a long span has no more
weight than a short one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conflict_ner.documents import Span
from conflict_ner.schema import OUTSIDE
from conflict_ner.spans import BioTags
from train.emissions import Emissions
from train.suspects.disagreements import Disagreement

_LEAST = 1e-9  # probability; a model that gives less is taken as giving this


@dataclass(frozen=True)
class Doubt:
    """Mean probability (geometric) of the tags in dispute: those that the annotation gives, those that the model reads.

    Attributes:
        marked: of the annotation's tags, 0 to 1.
        read: of the model's tags, 0 to 1.
    """

    marked: float
    read: float

    @property
    def log_odds(self) -> float:
        """How much more the model believes its own reading, as a natural logarithm."""
        return math.log(self.read) - math.log(self.marked)


class Reading:
    """The tags of one document by its annotations and by a model, and what the model thinks of both.

    Args:
        emissions: the model's log-probabilities.
        tags: the tag scheme of their columns.
        marked: the annotations; spans whose labels have tags.
        read: the spans that were decoded from the emissions.
    """

    def __init__(self, emissions: Emissions, tags: BioTags, marked: Sequence[Span], read: Sequence[Span]) -> None:
        shown = emissions.tokens.visible
        self._starts, self._ends = emissions.tokens.starts[shown], emissions.tokens.ends[shown]
        self._values = np.maximum(emissions.values[shown].astype(np.float64), math.log(_LEAST))
        self._marked, self._read = self._tag(marked, tags), self._tag(read, tags)

    def doubt(self, disagreement: Disagreement) -> Doubt:
        """Weigh the two readings of a place."""
        low = min(self._pieces(span)[0] for span in disagreement.spans)
        high = max(self._pieces(span)[1] for span in disagreement.spans)
        places = np.arange(low, high)
        disputed = places[self._marked[low:high] != self._read[low:high]]
        if not len(disputed):  # an edge inside a word: no tags can say where the readings part
            return Doubt(1.0, 1.0)
        return Doubt(self._mean(disputed, self._marked), self._mean(disputed, self._read))

    def _mean(self, places: NDArray[np.int64], tags: NDArray[np.int64]) -> float:
        return float(np.exp(self._values[places, tags[places]].mean()))

    def _tag(self, spans: Sequence[Span], tags: BioTags) -> NDArray[np.int64]:
        """Return the tag of each visible piece; a piece that a span touches is the span's."""
        found = np.full(len(self._starts), tags.ids[OUTSIDE], dtype=np.int64)
        for span in spans:
            low, high = self._pieces(span)
            found[low:high] = tags.ids[f"I-{span.label}"]
            found[low : min(low + 1, high)] = tags.ids[f"B-{span.label}"]
        return found

    def _pieces(self, span: Span) -> tuple[int, int]:
        """Return the visible pieces [low, high) that a span touches."""
        low = int(np.searchsorted(self._ends, span.start, side="right"))
        return low, int(np.searchsorted(self._starts, span.end, side="left"))

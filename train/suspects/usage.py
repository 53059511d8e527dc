"""How the rest of a corpus marks the same words: the evidence of consistency, for or against an annotation."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from conflict_ner.documents import Document, Span
from train.suspects.disagreements import Disagreement

_WORD = re.compile(r"\w+")
_UNMARKED, _OTHERWISE = "", "~"  # ways in which words are marked, beside the labels' names
_UNSEEN = 0.5  # added to each count, so that what was never seen is not impossible

Words = tuple[str, ...]


@dataclass(frozen=True)
class Marks:
    """How often some words are marked in each way.

    Attributes:
        labels: how often they, and no other words with them, are a span of each label.
        unmarked: how often no span touches them.
        otherwise: how often they stand in a longer span, or a part of them is marked.
    """

    labels: Counter[str] = field(default_factory=Counter)
    unmarked: int = 0
    otherwise: int = 0

    @property
    def total(self) -> int:
        """How often the words stand there at all."""
        return self.labels.total() + self.unmarked + self.otherwise

    def rate(self, label: str) -> float:
        """Return the share that is marked with a label, drawn towards a half where there is little to count."""
        return (self.labels[label] + _UNSEEN) / (self.total + 2 * _UNSEEN)


class Usage:
    """Counts how given surfaces are marked over a corpus; words count as the same in capitals and small letters.

    Args:
        documents: the corpus with its annotations.
        surfaces: the words to look for, as `words_of` gives them.
    """

    def __init__(self, documents: Iterable[Document], surfaces: Iterable[Words]) -> None:
        self._ways: dict[Words, dict[tuple[str, int], str]] = {surface: {} for surface in surfaces if surface}
        self._lengths: defaultdict[str, set[int]] = defaultdict(set)
        for surface in self._ways:
            self._lengths[surface[0]].add(len(surface))
        for document in documents:
            self._read(document)
        self._counts = {surface: Counter(ways.values()) for surface, ways in self._ways.items()}

    def elsewhere(self, document: Document, span: Span) -> Marks:
        """Return how a span's words are marked in all places but its own."""
        surface = words_of(document, span)
        counts = self._counts.get(surface, Counter()).copy()
        first = _WORD.search(document.surface(span))
        own = self._ways.get(surface, {}).get((document.id, span.start + first.start())) if first else None
        if own is not None:  # an edge inside a word makes words that stand nowhere
            counts[own] -= 1
        unmarked, otherwise = counts.pop(_UNMARKED, 0), counts.pop(_OTHERWISE, 0)
        return Marks(+counts, unmarked, otherwise)

    def log_odds(self, document: Document, disagreement: Disagreement) -> float:
        """Return how much more often the words are marked as the model reads them, as a natural logarithm."""
        marked, read = disagreement.marked, disagreement.read
        if marked is None or read is None:
            (span,) = disagreement.spans
            marks = self.elsewhere(document, span)
            leave = math.log((marks.unmarked + _UNSEEN) / (marks.labels[span.label] + _UNSEEN))
            return leave if read is None else -leave
        theirs, ours = self.elsewhere(document, marked), self.elsewhere(document, read)
        if words_of(document, marked) == words_of(document, read):
            return math.log((ours.labels[read.label] + _UNSEEN) / (ours.labels[marked.label] + _UNSEEN))
        return math.log(ours.rate(read.label) / theirs.rate(marked.label))

    def _read(self, document: Document) -> None:
        found = [(match[0].lower(), match.start(), match.end()) for match in _WORD.finditer(document.text)]
        spans = iter([*document.spans, None])
        span = next(spans)
        for place, (word, start, _) in enumerate(found):
            while span is not None and span.end <= start:
                span = next(spans)
            for length in self._lengths.get(word, ()):
                surface = tuple(word for word, _, _ in found[place : place + length])
                if len(surface) == length and surface in self._ways:
                    end = found[place + length - 1][2]
                    self._ways[surface][document.id, start] = _way(document, span, end, surface)


def _way(document: Document, span: Span | None, end: int, surface: Words) -> str:
    """Return how words that end at `end` are marked; `span` is the first one that does not end before them."""
    if span is None or span.start >= end:
        return _UNMARKED
    return span.label if words_of(document, span) == surface else _OTHERWISE


def words_of(document: Document, span: Span) -> Words:
    """Return the words of a span in small letters: what counts as the same surface."""
    return tuple(match.lower() for match in _WORD.findall(document.surface(span)))

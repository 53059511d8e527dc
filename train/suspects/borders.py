"""Which words the rest of a corpus takes into its spans at the ends, and which it leaves before and behind them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from conflict_ner.documents import Document
from train.suspects.disagreements import Disagreement

_WORD = re.compile(r"\w+")
_UNSEEN = 0.5  # added to each count, so that what was never seen is not impossible
FIRST, LAST = "first", "last"


@dataclass(frozen=True)
class Border:
    """A word that one reading takes in and the other leaves out, and what the corpus does with it elsewhere.

    Attributes:
        word: as the text has it.
        side: FIRST where it stands at the spans' beginning, LAST at their end.
        marked: whether the annotation takes it in.
        inside: how often spans of the label begin (or end) with it elsewhere.
        outside: how often it stands right before (or behind) a span of the label elsewhere.
    """

    word: str
    side: str
    marked: bool
    inside: int
    outside: int

    @property
    def log_odds(self) -> float:
        """How much the corpus favours the model's reading, as a natural logarithm."""
        leave = math.log((self.outside + _UNSEEN) / (self.inside + _UNSEEN))
        return leave if self.marked else -leave


class Borders:
    """Counts the words at the edges of a corpus's spans, label by label, in small letters."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._inside: Counter[tuple[str, str, str]] = Counter()
        self._outside: Counter[tuple[str, str, str]] = Counter()
        for document in documents:
            self._read(document)

    def of(self, document: Document, disagreement: Disagreement) -> list[Border]:
        """Return the words in dispute next to what both readings have; none unless both give the same label."""
        marked, read = disagreement.marked, disagreement.read
        if marked is None or read is None or marked.label != read.label:
            return []
        sides = (
            (FIRST, sorted((marked.start, read.start)), marked.start < read.start),
            (LAST, sorted((marked.end, read.end)), marked.end > read.end),
        )
        found = []
        for side, (low, high), longer in sides:
            words = _WORD.findall(document.text[low:high])
            if words:
                word = words[-1] if side == FIRST else words[0]
                key = (marked.label, side, word.lower())
                # The annotation itself was counted, and is no evidence.
                inside = self._inside[key] - (longer and len(words) == 1)
                outside = self._outside[key] - (not longer)
                found.append(Border(word, side, longer, max(inside, 0), max(outside, 0)))
        return found

    def _read(self, document: Document) -> None:
        words = [(match[0].lower(), match.start(), match.end()) for match in _WORD.finditer(document.text)]
        place = 0  # of the first word that does not end before the span
        for span in document.spans:
            while place < len(words) and words[place][2] <= span.start:
                place += 1
            end = place
            while end < len(words) and words[end][1] < span.end:
                end += 1
            if end == place:
                continue
            self._inside[span.label, FIRST, words[place][0]] += 1
            self._inside[span.label, LAST, words[end - 1][0]] += 1
            if place:
                self._outside[span.label, FIRST, words[place - 1][0]] += 1
            if end < len(words):
                self._outside[span.label, LAST, words[end][0]] += 1

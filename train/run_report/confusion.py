"""What is taken for what: gold labels against predicted ones, and how many words the borders are off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from conflict_ner.documents import Document, Span
from conflict_ner.matching import pairs

NOTHING = ""
"""Stands for a label where the other side has no span."""
FARTHEST = 3
"""Words; borders that are off by more are counted with these."""
OFFSETS = tuple(range(-FARTHEST, FARTHEST + 1))
SIDES = ("left", "right")
_LONGEST = 60  # characters of a stretch that is worth counting as one


@dataclass
class Confusion:
    """Counts over documents, of spans paired one to one as partial scoring pairs them.

    Of a split or merged span one part is paired; the others stand beside NOTHING.

    Attributes:
        labels: (gold label, predicted label) -> spans; either may be NOTHING.
        borders: (gold label, side, words too many, or too few where negative) -> pairs of spans.
        stretches: (gold label, side, "too much" or "missing", the words, lower-case) -> pairs of spans.
    """

    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    borders: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    stretches: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def add(self, gold: Document, predicted: Document) -> None:
        """Count a document's spans."""
        paired = pairs(gold.spans, predicted.spans)
        self.labels.update((pair.gold.label, pair.predicted.label) for pair in paired)
        found = {pair.gold.key for pair in paired}
        taken = {pair.predicted.key for pair in paired}
        self.labels.update((span.label, NOTHING) for span in gold.spans if span.key not in found)
        self.labels.update((NOTHING, span.label) for span in predicted.spans if span.key not in taken)
        for pair in paired:
            for side, off, words in borders(gold.text, pair.gold, pair.predicted):
                self.borders[pair.gold.label, side, max(-FARTHEST, min(FARTHEST, off))] += 1
                if words and len(words) <= _LONGEST:
                    self.stretches[pair.gold.label, side, "too much" if off > 0 else "missing", words.lower()] += 1

    def frequent(self, label: str, side: str, what: str, most: int = 4) -> list[tuple[str, int]]:
        """Return the words that are most often too much, or missing, on a side of a label, with how often."""
        own = {words: count for (*key, words), count in self.stretches.items() if tuple(key) == (label, side, what)}
        return sorted(own.items(), key=lambda item: (-item[1], item[0]))[:most]


def confusion_of(documents: Iterable[tuple[Document, Document]]) -> Confusion:
    """Count all documents."""
    found = Confusion()
    for gold, predicted in documents:
        found.add(gold, predicted)
    return found


def borders(text: str, gold: Span, predicted: Span) -> list[tuple[str, int, str]]:
    """Return for the left and the right border how many words the prediction is too long by, and which.

    Args:
        text: the text of both.
        gold: the right span.
        predicted: one that overlaps it.

    Returns:
        (side, words, the words): words are those between white space, a part of one counts as one; negative where
        they are missing, 0 with no words where the border is right.
    """
    found = []
    for side, grows, here, there in (
        ("left", predicted.start < gold.start, gold.start, predicted.start),
        ("right", predicted.end > gold.end, gold.end, predicted.end),
    ):
        words = text[min(here, there) : max(here, there)].split()
        count = len(words) or int(here != there)
        found.append((side, count if grows else -count, " ".join(words)))
    return found

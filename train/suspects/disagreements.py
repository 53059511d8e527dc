"""Where an annotation and a model's reading of the same text part: the places at which one of them may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conflict_ner.documents import Span
from conflict_ner.matching import pairs


@dataclass(frozen=True)
class Disagreement:
    """One place that is read in two ways.

    Attributes:
        marked: the annotation; None where nothing is marked.
        read: the model's span that answers it; None where the model reads nothing.
    """

    marked: Span | None
    read: Span | None

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans of both sides."""
        return tuple(span for span in (self.marked, self.read) if span is not None)


def find_disagreements(marked: Sequence[Span], read: Sequence[Span]) -> list[Disagreement]:
    """Return each annotation that the model does not read exactly so, and each span read where nothing is marked.

    Of several overlapping spans the best pairing of conflict_ner/matching.py says which answers which. An annotation
    that is left over (the model reads two of them as one) is answered by the span that overlaps it; a reading that is
    left over (the model reads one as two) stands in no disagreement of its own.

    Args:
        marked: flat spans.
        read: flat spans of the same text.

    Returns:
        The disagreements in the order of the text.
    """
    agreed = {span.key for span in marked} & {span.key for span in read}
    left = [span for span in marked if span.key not in agreed]
    right = [span for span in read if span.key not in agreed]
    answers = {pair.gold.key: pair.predicted for pair in pairs(left, right)}
    found = [Disagreement(span, answers.get(span.key) or _overlapping(span, right)) for span in left]
    found += [Disagreement(None, span) for span in right if _overlapping(span, left) is None]
    return sorted(found, key=lambda one: min(span.key for span in one.spans))


def _overlapping(span: Span, others: Sequence[Span]) -> Span | None:
    return next((other for other in others if other.start < span.end and span.start < other.end), None)

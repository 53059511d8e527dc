"""The errors of a reading, sorted by kind: each gold and each predicted span is right, or stands in one error alone.

Spans are paired one to one as partial scoring pairs them (conflict_ner/matching.py). A span that is left over joins
the error of the one that it overlaps most, which is then split or merged; where it overlaps none, it is an error
by itself. What an error costs is told as in TIDE (Bolya et al. 2020): the score, were that kind mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from conflict_ner.documents import Span
from conflict_ner.matching import Counts, pairs

Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Error:
    """Gold and predicted spans that belong together and are not the same; either side may be empty.

    Attributes:
        gold: what stands in gold, from left to right.
        predicted: what was predicted.
        kind: one of `KINDS`.
    """

    gold: Spans
    predicted: Spans
    kind: str

    @property
    def start(self) -> int:
        """Index of the first character of either side."""
        return min(span.start for span in (*self.gold, *self.predicted))

    @property
    def end(self) -> int:
        """Index after the last character of either side."""
        return max(span.end for span in (*self.gold, *self.predicted))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of both sides, each once, gold's first."""
        return tuple(dict.fromkeys(span.label for span in (*self.gold, *self.predicted)))

    @property
    def score(self) -> float:
        """The highest score of the predicted spans; 0 where there is none."""
        return max((span.score or 0.0 for span in self.predicted), default=0.0)


@dataclass(frozen=True)
class Findings:
    """What became of a document's spans: those that are right, as predicted, and the errors from left to right."""

    right: Spans
    errors: tuple[Error, ...]

    @property
    def counts(self) -> Counts:
        """The strict counts, all labels together."""
        return counts_of(self.errors) + Counts(*(4 * (len(self.right),)))


def is_missed(gold: Spans, predicted: Spans) -> bool:
    """A gold span that no prediction touches."""
    return bool(gold) and not predicted


def is_spurious(gold: Spans, predicted: Spans) -> bool:
    """A prediction that touches no gold span."""
    return bool(predicted) and not gold


def is_wrong_label(gold: Spans, predicted: Spans) -> bool:
    """The right borders, another label."""
    return _is_pair(gold, predicted) and not _same_label(gold, predicted) and _same_borders(gold, predicted)


def is_wrong_label_and_borders(gold: Spans, predicted: Spans) -> bool:
    """An overlap with neither the right label nor the right borders."""
    return _is_pair(gold, predicted) and not _same_label(gold, predicted) and not _same_borders(gold, predicted)


def is_too_long(gold: Spans, predicted: Spans) -> bool:
    """The right label; the prediction holds the gold span and more."""
    return _is_pair(gold, predicted) and _same_label(gold, predicted) and _within(gold[0], predicted[0])


def is_too_short(gold: Spans, predicted: Spans) -> bool:
    """The right label; the prediction is a part of the gold span."""
    return _is_pair(gold, predicted) and _same_label(gold, predicted) and _within(predicted[0], gold[0])


def is_shifted(gold: Spans, predicted: Spans) -> bool:
    """The right label; too long on one side and too short on the other."""
    alike = _is_pair(gold, predicted) and _same_label(gold, predicted)
    return alike and not _within(gold[0], predicted[0]) and not _within(predicted[0], gold[0])


def is_split(gold: Spans, predicted: Spans) -> bool:
    """One gold span, two or more predictions on it."""
    return len(gold) == 1 and len(predicted) > 1


def is_merged(gold: Spans, predicted: Spans) -> bool:
    """Two or more gold spans, one prediction on them."""
    return len(gold) > 1 and len(predicted) == 1


KINDS: Mapping[str, Callable[[Spans, Spans], bool]] = {
    "missed": is_missed,
    "spurious": is_spurious,
    "wrong label": is_wrong_label,
    "wrong label and borders": is_wrong_label_and_borders,
    "too long": is_too_long,
    "too short": is_too_short,
    "shifted": is_shifted,
    "split": is_split,
    "merged": is_merged,
}
"""Name of a kind -> whether spans that belong together and are not the same are of it; exactly one holds."""


def find_errors(gold: Sequence[Span], predicted: Sequence[Span]) -> Findings:
    """Sort the spans of a document into those that are right and the errors.

    Args:
        gold: the right spans, of which none overlaps another.
        predicted: a model's, likewise.

    Raises:
        ValueError: spans of one side overlap each other.
    """
    paired = pairs(gold, predicted)
    found, reading = [pair.gold for pair in paired], [pair.predicted for pair in paired]
    golds, predictions = [[span] for span in found], [[span] for span in reading]
    alone: list[tuple[Spans, Spans]] = []
    for span in _left_over(gold, found):
        host = _host(span, reading)
        if host is None:
            alone.append(((span,), ()))
        else:
            golds[host].append(span)
    for span in _left_over(predicted, reading):
        host = _host(span, found)
        if host is None:
            alone.append(((), (span,)))
        else:
            predictions[host].append(span)
    right: list[Span] = []
    errors: list[Error] = []
    for one, other in (*zip(golds, predictions, strict=True), *alone):
        if len(one) == len(other) == 1 and one[0].key == other[0].key:
            right.append(other[0])
        else:
            errors.append(_error(one, other))
    return Findings(_in_order(right), tuple(sorted(errors, key=lambda error: (error.start, error.end))))


def counts_of(errors: Iterable[Error]) -> Counts:
    """Return how many gold and predicted spans stand in errors; none of them earns credit."""
    found = list(errors)
    return Counts(sum(len(error.gold) for error in found), sum(len(error.predicted) for error in found))


def mended(counts: Counts, errors: Iterable[Error]) -> float:
    """Return the strict F1 that a reading had, were the errors right: each gold span of theirs found, nothing more.

    Args:
        counts: the strict counts of the whole reading.
        errors: the errors to take away.
    """
    own = counts_of(errors)
    return (counts + Counts(0, own.gold - own.predicted, own.gold, own.gold)).f1


def _left_over(spans: Iterable[Span], paired: Iterable[Span]) -> list[Span]:
    keys = {span.key for span in paired}
    return [span for span in spans if span.key not in keys]


def _host(span: Span, others: Sequence[Span]) -> int | None:
    """Return the place of that span of the other side which shares most characters with a span, if one shares any."""
    shared = [min(span.end, other.end) - max(span.start, other.start) for other in others]
    most = max(range(len(shared)), key=shared.__getitem__, default=None)
    return most if most is not None and shared[most] > 0 else None


def _error(gold: Iterable[Span], predicted: Iterable[Span]) -> Error:
    one, other = _in_order(gold), _in_order(predicted)
    return Error(one, other, next(name for name, holds in KINDS.items() if holds(one, other)))


def _in_order(spans: Iterable[Span]) -> Spans:
    return tuple(sorted(spans, key=lambda span: span.key))


def _is_pair(gold: Spans, predicted: Spans) -> bool:
    return len(gold) == len(predicted) == 1


def _same_label(gold: Spans, predicted: Spans) -> bool:
    return gold[0].label == predicted[0].label


def _same_borders(gold: Spans, predicted: Spans) -> bool:
    return (gold[0].start, gold[0].end) == (predicted[0].start, predicted[0].end)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end

"""Compare two flat lists of spans, each rule one function, as counts that add up over documents.

Four rules, named as in nervaluate (https://github.com/MantisAI/nervaluate), which takes them from
SemEval-2013 task 9 and MUC-5: `strict`, `exact_boundary`, `partial` and `overlap_type`. Scoring calls the
lists gold and predicted; for two annotators either may stand for gold, since swapping the lists swaps
precision with recall and leaves F1 as it is.

Spans are paired one to one, so a span earns its credit once (nervaluate lets one gold span pay for
several predictions). The pairing is optimal, not greedy: of all pairings it has the highest credit, then
the most equal labels, then the most shared characters; what is still equal is settled from the left.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conflict_ner.documents import Span


@dataclass(frozen=True, slots=True)
class Counts:
    """How many spans there are on both sides, and the credit they earned; counts add with `+`.

    Attributes:
        gold: number of gold spans.
        predicted: number of predicted spans.
        found: credit of the gold spans, 0 to `gold`.
        right: credit of the predicted spans, 0 to `predicted`. Over all labels it equals `found`;
            for one label under a rule that ignores labels the two may differ.
    """

    gold: int = 0
    predicted: int = 0
    found: float = 0.0
    right: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.gold + other.gold,
            self.predicted + other.predicted,
            self.found + other.found,
            self.right + other.right,
        )

    @property
    def precision(self) -> float:
        """Share of the predicted spans that are right; 0.0 when nothing was predicted (as seqeval)."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold spans that were found; 0.0 when there is no gold span (as seqeval)."""
        return self.found / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0.0 when both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


ByLabel = dict[str, Counts]
Rule = Callable[[Sequence[Span], Sequence[Span]], ByLabel]


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold and a predicted span that were matched, and the credit that each of them earns."""

    gold: Span
    predicted: Span
    credit: float


def strict(gold: Sequence[Span], predicted: Sequence[Span]) -> ByLabel:
    """Credit 1 for the same start, the same end and the same label; nothing else counts."""
    return _tally(gold, predicted, pairs(gold, predicted, _strict_credit))


def exact_boundary(gold: Sequence[Span], predicted: Sequence[Span]) -> ByLabel:
    """Credit 1 for the same start and the same end, whatever the labels."""
    return _tally(gold, predicted, pairs(gold, predicted, _exact_credit))


def partial(gold: Sequence[Span], predicted: Sequence[Span]) -> ByLabel:
    """Credit 1 for the same start and end, 0.5 for an overlap of one character or more, whatever the labels.

    The half is MUC's, kept by SemEval-2013 task 9 and nervaluate:
    precision = (correct + 0.5 * partial) / predicted, recall = (correct + 0.5 * partial) / gold.
    """
    return _tally(gold, predicted, pairs(gold, predicted, partial_credit))


def overlap_type(gold: Sequence[Span], predicted: Sequence[Span]) -> ByLabel:
    """Credit 1 for an overlap of one character or more and the same label ("type" of SemEval-2013)."""
    return _tally(gold, predicted, pairs(gold, predicted, _type_credit))


RULES: Mapping[str, Rule] = {
    "strict": strict,
    "exact": exact_boundary,
    "partial": partial,
    "type": overlap_type,
}


def micro(by_label: Mapping[str, Counts]) -> Counts:
    """Add the counts of all labels up."""
    return sum(by_label.values(), Counts())


def merged(parts: Iterable[Mapping[str, Counts]]) -> ByLabel:
    """Add the counts of several documents up, label by label."""
    total: defaultdict[str, Counts] = defaultdict(Counts)
    for part in parts:
        for label, counts in part.items():
            total[label] += counts
    return dict(sorted(total.items()))


def partial_credit(gold: Span, predicted: Span) -> float:
    """The credit of two overlapping spans under `partial`."""
    return 1.0 if _exact_credit(gold, predicted) else 0.5


def pairs(
    gold: Sequence[Span], predicted: Sequence[Span], credit: Callable[[Span, Span], float] = partial_credit
) -> tuple[Pair, ...]:
    """Pair spans one to one so that the credit is highest.

    Args:
        gold: spans of which none overlaps another, in any order.
        predicted: likewise.
        credit: what two overlapping spans earn; 0 for a pair that may not be.

    Returns:
        The pairs, from left to right.

    Raises:
        ValueError: spans of one list overlap each other.
    """
    left, right = _flat(gold, "gold"), _flat(predicted, "predicted")
    # Two flat lists overlap like a staircase: the pairs stand in one order, and those that a pair
    # excludes are its neighbours. So the best choice up to a pair needs only the best up to where
    # both of its spans are still free.
    steps = [(i, j) for i, j in _overlaps(left, right) if credit(left[i], right[j]) > 0]
    first_of_left = {i: number for number, (i, _) in reversed(list(enumerate(steps)))}
    first_of_right = {j: number for number, (_, j) in reversed(list(enumerate(steps)))}
    best: list[_Worth] = [(0.0, 0, 0)]
    taken_from: list[int | None] = []
    for i, j in steps:
        free = min(first_of_left[i], first_of_right[j])
        worth = _add(best[free], _worth(left[i], right[j], credit))
        taken = worth > best[-1]
        taken_from.append(free if taken else None)
        best.append(worth if taken else best[-1])
    chosen: list[Pair] = []
    number = len(steps)
    while number > 0:
        free_before = taken_from[number - 1]
        if free_before is None:
            number -= 1
        else:
            i, j = steps[number - 1]
            chosen.append(Pair(left[i], right[j], credit(left[i], right[j])))
            number = free_before
    return tuple(reversed(chosen))


_Worth = tuple[float, int, int]


def _worth(gold: Span, predicted: Span, credit: Callable[[Span, Span], float]) -> _Worth:
    """Credit, equal label, shared characters: compared in this order, each a sum over the pairs."""
    shared = min(gold.end, predicted.end) - max(gold.start, predicted.start)
    return credit(gold, predicted), int(gold.label == predicted.label), shared


def _add(one: _Worth, other: _Worth) -> _Worth:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _strict_credit(gold: Span, predicted: Span) -> float:
    return float(gold.key == predicted.key)


def _exact_credit(gold: Span, predicted: Span) -> float:
    return float((gold.start, gold.end) == (predicted.start, predicted.end))


def _type_credit(gold: Span, predicted: Span) -> float:
    return float(gold.label == predicted.label)


def _flat(spans: Sequence[Span], side: str) -> list[Span]:
    ordered = sorted(spans, key=lambda span: span.key)
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end:
            raise ValueError(f"the {side} spans {before.key} and {after.key} overlap; spans are flat")
    return ordered


def _overlaps(left: Sequence[Span], right: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Yield the places of each two spans that share a character, in one sweep."""
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i].start < right[j].end and right[j].start < left[i].end:
            yield i, j
        left_end, right_end = left[i].end, right[j].end
        i += left_end <= right_end
        j += right_end <= left_end


def _tally(gold: Sequence[Span], predicted: Sequence[Span], matched: Iterable[Pair]) -> ByLabel:
    """Count under each span's own label: a gold span's credit is found, a predicted span's is right."""
    in_gold, in_predicted = (Counter(span.label for span in spans) for spans in (gold, predicted))
    found: defaultdict[str, float] = defaultdict(float)
    right: defaultdict[str, float] = defaultdict(float)
    for pair in matched:
        found[pair.gold.label] += pair.credit
        right[pair.predicted.label] += pair.credit
    return {
        label: Counts(in_gold[label], in_predicted[label], found[label], right[label])
        for label in sorted(in_gold | in_predicted)
    }

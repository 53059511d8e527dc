"""The four rules of conflict_ner/matching.py: examples by hand, and laws that hold for any spans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from conflict_ner.documents import Span
from conflict_ner.matching import (
    RULES,
    Counts,
    Rule,
    exact_boundary,
    merged,
    micro,
    overlap_type,
    pairs,
    partial,
    partial_credit,
    strict,
)
from tests.strategies import flat_spans

EVERY_RULE = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())


def spans(*triples: tuple[int, int, str]) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end, label=label) for start, end, label in triples)


GOLD = spans((0, 5, "PLACE"), (6, 10, "DATE"), (12, 20, "PLACE"), (22, 25, "DATE"))
PREDICTED = spans((0, 5, "PLACE"), (6, 10, "PLACE"), (13, 20, "PLACE"), (30, 33, "DATE"))


def test_each_rule_on_one_example() -> None:
    assert micro(strict(GOLD, PREDICTED)) == Counts(4, 4, 1.0, 1.0)
    assert micro(exact_boundary(GOLD, PREDICTED)) == Counts(4, 4, 2.0, 2.0)
    assert micro(partial(GOLD, PREDICTED)) == Counts(4, 4, 2.5, 2.5)
    assert micro(overlap_type(GOLD, PREDICTED)) == Counts(4, 4, 2.0, 2.0)


def test_a_rule_that_ignores_labels_credits_each_span_under_its_own_label() -> None:
    counts = partial(GOLD, PREDICTED)
    assert counts["DATE"] == Counts(gold=2, predicted=1, found=1.0, right=0.0)
    assert counts["PLACE"] == Counts(gold=2, predicted=3, found=1.5, right=2.5)


def test_a_span_is_paid_once() -> None:
    gold = spans((0, 10, "PLACE"))
    halves = spans((0, 5, "PLACE"), (5, 10, "PLACE"))
    assert micro(overlap_type(gold, halves)) == Counts(1, 2, 1.0, 1.0)
    assert micro(partial(gold, halves)) == Counts(1, 2, 0.5, 0.5)


def test_pairing_is_optimal_where_taking_the_first_overlap_is_not() -> None:
    gold = spans((0, 4, "PLACE"), (4, 12, "PLACE"))
    predicted = spans((2, 6, "PLACE"), (8, 12, "PLACE"))
    assert [(pair.gold.start, pair.predicted.start) for pair in pairs(gold, predicted)] == [(0, 2), (4, 8)]


def test_of_equal_credits_the_equal_label_is_paired_then_the_longer_overlap_then_the_first() -> None:
    gold = spans((0, 10, "DATE"))
    (pair,) = pairs(gold, spans((0, 6, "PLACE"), (6, 10, "DATE")))
    assert pair.predicted.label == "DATE"
    (pair,) = pairs(gold, spans((0, 3, "DATE"), (3, 10, "DATE")))
    assert pair.predicted.start == 3
    (pair,) = pairs(gold, spans((0, 5, "DATE"), (5, 10, "DATE")))
    assert pair.predicted.start == 0


def test_nothing_on_a_side_scores_zero_and_does_not_divide() -> None:
    nothing = micro(strict((), ()))
    assert (nothing.precision, nothing.recall, nothing.f1) == (0.0, 0.0, 0.0)
    missed = micro(strict(GOLD, ()))
    assert (missed.precision, missed.recall, missed.f1) == (0.0, 0.0, 0.0)


def test_precision_recall_and_f1() -> None:
    counts = Counts(gold=4, predicted=2, found=1.0, right=1.0)
    assert (counts.precision, counts.recall) == (0.5, 0.25)
    assert counts.f1 == pytest.approx(1 / 3)


def test_overlapping_spans_of_one_side_are_refused() -> None:
    with pytest.raises(ValueError, match=r"predicted spans .* overlap"):
        strict(GOLD, spans((0, 5, "PLACE"), (4, 6, "DATE")))


@EVERY_RULE
@given(gold=flat_spans(), predicted=flat_spans())
def test_swapping_the_sides_swaps_precision_and_recall(
    rule: Rule, gold: tuple[Span, ...], predicted: tuple[Span, ...]
) -> None:
    forth, back = rule(gold, predicted), rule(predicted, gold)
    assert back == {
        label: Counts(counts.predicted, counts.gold, counts.right, counts.found) for label, counts in forth.items()
    }
    assert micro(forth).f1 == micro(back).f1


@EVERY_RULE
@given(documents=st.lists(st.tuples(flat_spans(), flat_spans()), max_size=4))
def test_counts_add_up_over_documents(rule: Rule, documents: list[tuple[tuple[Span, ...], tuple[Span, ...]]]) -> None:
    """Documents laid behind one another in one long text score as the sum of their own counts."""

    def moved(span: Span, by: int) -> Span:
        return span.model_copy(update={"start": span.start + by, "end": span.end + by})

    gold = [moved(span, 100 * number) for number, (one, _) in enumerate(documents) for span in one]
    predicted = [moved(span, 100 * number) for number, (_, one) in enumerate(documents) for span in one]
    assert merged(rule(*document) for document in documents) == rule(gold, predicted)


@EVERY_RULE
@given(gold=flat_spans())
def test_the_same_spans_score_one(rule: Rule, gold: tuple[Span, ...]) -> None:
    for counts in rule(gold, tuple(reversed(gold))).values():
        assert (counts.precision, counts.recall, counts.f1) == (1.0, 1.0, 1.0)


@given(gold=flat_spans(), predicted=flat_spans())
def test_a_looser_rule_never_gives_less(gold: tuple[Span, ...], predicted: tuple[Span, ...]) -> None:
    found = {name: micro(rule(gold, predicted)).found for name, rule in RULES.items()}
    assert found["strict"] <= found["exact"] <= found["partial"]
    assert found["strict"] <= found["type"] <= 2 * found["partial"]
    assert found["partial"] <= min(len(gold), len(predicted))


@EVERY_RULE
@given(gold=flat_spans(), predicted=flat_spans())
def test_over_all_labels_both_sides_earn_the_same(
    rule: Rule, gold: tuple[Span, ...], predicted: tuple[Span, ...]
) -> None:
    total = micro(rule(gold, predicted))
    assert total.found == total.right
    assert (total.gold, total.predicted) == (len(gold), len(predicted))


@given(gold=flat_spans(), predicted=flat_spans())
@settings(max_examples=200)
def test_the_pairing_earns_what_the_hungarian_algorithm_earns(
    gold: tuple[Span, ...], predicted: tuple[Span, ...]
) -> None:
    chosen = pairs(gold, predicted)
    table = np.zeros((len(gold), len(predicted)))
    for i, one in enumerate(gold):
        for j, other in enumerate(predicted):
            if one.start < other.end and other.start < one.end:
                table[i, j] = partial_credit(one, other)
    assert sum(pair.credit for pair in chosen) == table[linear_sum_assignment(table, maximize=True)].sum()
    assert len({pair.gold.key for pair in chosen}) == len({pair.predicted.key for pair in chosen}) == len(chosen)

"""Krippendorff's alpha: against the examples of his paper, and against a slow count of each character."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement.coincidences import against_the_rest, alpha, of_characters, of_values
from annotate.annotated import Annotated
from tests.annotators import LENGTH, annotateds
from tests.strategies import LABELS

# K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): its examples B, C and D, nominal values; a
# dot is a value that is missing.
BINARY = ("0100000010", "1110010000")
TWO_OBSERVERS = ("aabbdcccedda", "babbbccceddd")
FOUR_OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


@pytest.mark.parametrize(("observers", "published"), [(BINARY, 0.095), (TWO_OBSERVERS, 0.692), (FOUR_OBSERVERS, 0.743)])
def test_alpha_is_that_of_the_published_examples(observers: Sequence[str], published: float) -> None:
    units = [[value for value in unit if value != "."] for unit in zip(*observers, strict=True)]
    values = sorted({value for unit in units for value in unit})
    assert float(alpha(of_values(units, values))) == pytest.approx(published, abs=0.0005)


def slow_alpha(units: Sequence[Sequence[str]]) -> float:
    """Alpha by its definition: each pair of values looked at, within units and over all of them."""
    usable = [unit for unit in units if len(unit) > 1]
    observed = sum(
        sum(one != other for one, other in itertools.permutations(unit, 2)) / (len(unit) - 1) for unit in usable
    )
    every = [value for unit in usable for value in unit]
    expected = sum(one != other for one, other in itertools.permutations(every, 2))
    return 1 - (len(every) - 1) * observed / expected if expected else float("nan")


@given(st.lists(annotateds(), min_size=1, max_size=4))
def test_alpha_by_sweeping_spans_is_alpha_by_looking_at_characters(documents: list[Annotated]) -> None:
    coincidences = sum(
        of_characters([one.spans for one in annotated.readings], LENGTH, LABELS) for annotated in documents
    )
    units: list[list[str]] = []
    for annotated in documents:
        rows = []
        for one in annotated.readings:
            row = [""] * LENGTH
            for span in one.spans:
                row[span.start : span.end] = [span.label] * (span.end - span.start)
            rows.append(row)
        units += [list(unit) for unit in zip(*rows, strict=True)]
    assert float(alpha(coincidences)) == pytest.approx(slow_alpha(units), nan_ok=True)
    for number, label in enumerate(LABELS):
        own = [[str(value == label) for value in unit] for unit in units]
        collapsed = float(alpha(against_the_rest(np.asarray(coincidences), number)))
        assert collapsed == pytest.approx(slow_alpha(own), nan_ok=True)

"""Krippendorff's alpha for nominal values, from coincidence counts that add up over documents.

K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011 (https://repository.upenn.edu/asc_papers/43).

For spans the unit is the character: its value is the label that an annotator gave it, or none. So two spans that
overlap agree in what they share, a long span weighs more than a short one, and two spans of one label that touch
are the same as one. (Strict F1 sees what this does not.) The alphas that Krippendorff, Mathet, Bouvry and Widlöcher
give for unitizing ("On the reliability of unitizing textual continua: Further developments", Quality & Quantity 50,
2016) weigh segments instead; per label, the question here is the same: this label against everything else.

A matrix of coincidences has one row and one column a value. Units that one annotator alone read count for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from conflict_ner.documents import Span

Floats = NDArray[np.float64]


def of_values(units: Iterable[Sequence[str]], values: Sequence[str]) -> Floats:
    """Return the coincidences of units.

    Args:
        units: for each unit the value that each annotator gave it; who gave none is left out.
        values: all values that occur, in the order of the matrix.
    """
    counts = np.array([[Counter(unit)[value] for value in values] for unit in units], dtype=np.float64)
    return _coincidences(counts.reshape(-1, len(values)), np.ones(len(counts)))


def of_characters(readings: Sequence[Sequence[Span]], length: int, labels: Sequence[str]) -> Floats:
    """Return the coincidences of a text's characters; the last value is "no label".

    The text is cut wherever a span begins or ends, and each piece counts as many times as it has characters.

    Args:
        readings: each annotator's flat spans.
        length: characters of the text.
        labels: all labels that occur, in the order of the matrix.
    """
    cuts = sorted({0, length, *(edge for spans in readings for span in spans for edge in (span.start, span.end))})
    place = {cut: number for number, cut in enumerate(cuts)}
    index = {label: number for number, label in enumerate(labels)}
    given = np.full((len(readings), len(cuts) - 1), len(labels))
    for reader, spans in enumerate(readings):
        for span in spans:
            given[reader, place[span.start] : place[span.end]] = index[span.label]
    counts = np.stack([(given == value).sum(axis=0) for value in range(len(labels) + 1)], axis=-1)
    return _coincidences(counts.astype(np.float64), np.diff(cuts).astype(np.float64))


def alpha(coincidences: Floats) -> Floats:
    """Return alpha of matrices of shape (..., values, values): 1 - (n - 1) * observed / expected.

    It is 1 for full agreement, 0 for what chance gives, and NaN where no two values were given: without
    variation there is nothing to agree upon.
    """
    totals = coincidences.sum(axis=-1)
    n = totals.sum(axis=-1)
    observed = n - np.trace(coincidences, axis1=-2, axis2=-1)
    expected = n**2 - (totals**2).sum(axis=-1)
    nothing = np.full(np.shape(n), np.nan)
    # Counts are exact or nearly so: the smallest real value is that of two units, far above rounding.
    share = np.divide((n - 1) * observed, expected, out=nothing, where=expected > 1e-6)
    return np.asarray(1 - share)


def against_the_rest(coincidences: Floats, value: int) -> Floats:
    """Return matrices of shape (..., 2, 2): one value against everything else.

    Args:
        coincidences: shape (..., values, values).
        value: the value's place.
    """
    own = coincidences[..., value, value]
    total = coincidences[..., value, :].sum(axis=-1)
    everything = coincidences.sum(axis=(-2, -1))
    other = total - own
    return np.stack([np.stack([own, other], axis=-1), np.stack([other, everything - total - other], axis=-1)], axis=-2)


def _coincidences(counts: Floats, weights: Floats) -> Floats:
    """Return the matrix for counts of shape (units, values), each unit weighing as many times as it is told to."""
    given = counts.sum(axis=1)
    share = np.divide(weights, given - 1, out=np.zeros(len(counts)), where=given > 1)
    pairs = (counts * share[:, None]).T @ counts
    return np.asarray(pairs - np.diag((counts * share[:, None]).sum(axis=0)))

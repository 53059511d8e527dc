"""95 % intervals of scores: scipy's bootstrap over documents, percentiles of what the resamples score."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from conflict_ner.matching import ByLabel, Counts, micro

RESAMPLES = 2000
CONFIDENCE = 0.95
METHOD = "percentile"
MEASURES = ("precision", "recall", "f1")
ALL_LABELS = "all labels"
_CELLS = 1_000_000  # drawn document numbers held in memory at once

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class Intervals:
    """Percentile intervals of all measures at once, by resampling whole documents.

    Counts add, so a resample is a weighted sum: how often each document was drawn, times its counts.
    A resample in which a measure is 0/0 says nothing about it and is left out.
    """

    def __init__(
        self, counts: Mapping[str, Sequence[ByLabel]], rows: Sequence[str | None], resamples: int, seed: int
    ) -> None:
        self.notes: list[str] = []
        self._found: dict[tuple[str, str | None, str], tuple[float, float]] = {}
        size = len(next(iter(counts.values())))
        if not resamples:
            return
        if size < 2:
            self.notes.append(
                f"No intervals: they come from resampling documents, and there {'is 1' if size else 'are none'}."
            )
            return
        table = _table(counts, rows)
        sampled = resample(np.moveaxis(table, (2, 3), (0, 1)), lambda sums: measures(*sums), resamples, seed)
        unchanging: dict[str, list[tuple[str, str]]] = {}
        for row, label in enumerate(rows):
            if np.count_nonzero(table[0, row, :, :2].sum(axis=1)) < 2:
                if table[0, row].any():
                    self.notes.append(f"No intervals for {label or ALL_LABELS}: one document alone holds such spans.")
                continue
            for rule_number, rule in enumerate(counts):
                for measure_number, measure in enumerate(MEASURES):
                    values = sampled[measure_number, rule_number, row]
                    found = percentiles(values)
                    if found is not None and found[0] < found[1]:
                        self._found[rule, label, measure] = found
                    elif found is not None:
                        unchanging.setdefault(label or ALL_LABELS, []).append((measure, rule))
        for name, same in unchanging.items():
            which = _listed(same, list(counts))
            self.notes.append(f"No interval for {which} of {name}: the resamples all give the same value.")

    def of(self, rule: str, label: str | None, measure: str) -> dict[str, float]:
        """Return `low` and `high` of a measure, or nothing."""
        found = self._found.get((rule, label, measure))
        return {} if found is None else {"low": found[0], "high": found[1]}


def _listed(same: Sequence[tuple[str, str]], rules: Sequence[str]) -> str:
    """Name (measure, rule) pairs in few words: a measure under all rules is named once."""
    if len(same) == len(rules) * len(MEASURES):
        return "any measure"
    words: list[str] = []
    for measure in MEASURES:
        own = [rule for named, rule in same if named == measure]
        words += [measure] if len(own) == len(rules) else [f"{rule} {measure}" for rule in own]
    return ", ".join(words)


def _table(counts: Mapping[str, Sequence[ByLabel]], rows: Sequence[str | None]) -> NDArray[np.float64]:
    """Return counts as an array, shape (rules, rows, documents, 4): gold, predicted, found, right."""
    table = np.zeros((len(counts), len(rows), len(next(iter(counts.values()))), 4))
    for rule, documents in enumerate(counts.values()):
        for number, by_label in enumerate(documents):
            for row, label in enumerate(rows):
                own = micro(by_label) if label is None else by_label.get(label, Counts())
                table[rule, row, number] = (own.gold, own.predicted, own.found, own.right)
    return table


def resample(table: NDArray[np.float64], statistic: Statistic, resamples: int, seed: int) -> NDArray[np.float64]:
    """Return what a statistic of summed counts comes to in resamples of whole documents.

    Args:
        table: the counts of two or more documents, shape (documents, ...).
        statistic: takes sums of shape (..., resamples) to values whose last axis is the resamples too; NaN for 0/0.
        resamples: how many.
        seed: of the drawing.
    """
    from scipy.stats import DegenerateDataWarning, bootstrap

    size = len(table)

    def of_drawn(drawn: NDArray[np.int64], axis: int = -1) -> NDArray[np.float64]:
        """Score drawn document numbers, shape (..., documents drawn)."""
        drawn = np.atleast_2d(np.moveaxis(drawn, axis, -1))
        shifted = drawn + size * np.arange(len(drawn))[:, None]
        times = np.bincount(shifted.ravel(), minlength=size * len(drawn)).reshape(len(drawn), size)
        return statistic(np.asarray(np.tensordot(table, times, axes=(0, 1)), dtype=np.float64))

    with warnings.catch_warnings():
        # A measure that is 0/0 in some resample has no interval of scipy's; ours leaves such resamples out.
        warnings.simplefilter("ignore", DegenerateDataWarning)
        result = bootstrap(
            (np.arange(size),),
            of_drawn,
            vectorized=True,
            n_resamples=resamples,
            batch=max(1, _CELLS // size),
            method=METHOD,
            confidence_level=CONFIDENCE,
            rng=np.random.default_rng(seed),
        )
    distribution: NDArray[np.float64] = result.bootstrap_distribution
    return distribution


def measures(
    gold: NDArray[np.float64], predicted: NDArray[np.float64], found: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return precision, recall and F1 of counts of one shape, stacked; NaN where the share is one of nothing."""
    nothing = np.full(gold.shape, np.nan)
    precision = np.divide(right, predicted, out=nothing.copy(), where=predicted > 0)
    recall = np.divide(found, gold, out=nothing.copy(), where=gold > 0)
    product, total = precision * recall, precision + recall
    f1 = np.divide(2 * product, total, out=np.zeros(gold.shape), where=np.nan_to_num(total) > 0)
    return np.stack([precision, recall, np.where((gold > 0) | (predicted > 0), f1, np.nan)])


def percentiles(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the ends of the interval of resampled values; those that are NaN are left out, and None if all are."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)

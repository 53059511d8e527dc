"""Readings compared pair by pair: counts a document, which add up to F1, alpha and their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotate.agreement.coincidences import Floats, against_the_rest, alpha, of_characters
from annotate.agreement.records import Comparison, Measure, SpanAgreement
from conflict_ner.documents import Document, Span
from conflict_ner.intervals import RESAMPLES, Statistic, percentiles, resample
from conflict_ner.matching import ByLabel, Counts, micro, partial, strict

FEWEST = 5  # documents: fewer say too little about other documents for an interval


@dataclass(frozen=True)
class Resampling:
    """How intervals are made: how many resamples (0 for no intervals), and the seed of their drawing."""

    resamples: int = RESAMPLES
    seed: int = 0

    def measured(self, rows: Sequence[Floats], statistic: Statistic, bearing: Floats, nothing: str) -> list[Measure]:
        """Return the values of a statistic over documents, with their intervals.

        Args:
            rows: one row of counts a document.
            statistic: takes summed rows of shape (cells, resamples) to values of shape (values, resamples).
            bearing: for each value how many documents bear on it.
            nothing: why there is no value where it is 0/0.
        """
        table = np.array(rows)
        values = statistic(table.sum(axis=0)[:, None])[:, 0]
        sampled = None
        if self.resamples and len(table) >= FEWEST:
            sampled = resample(table, statistic, self.resamples, self.seed)
        return [
            self._measure(float(value), None if sampled is None else sampled[number], int(bearing[number]), nothing)
            for number, value in enumerate(values)
        ]

    def _measure(self, value: float, sampled: Floats | None, documents: int, nothing: str) -> Measure:
        if np.isnan(value):
            return Measure(value=None, why=nothing)
        if not self.resamples:
            return Measure(value=value)
        if documents < FEWEST or sampled is None:
            return Measure(value=value, why=f"{documents} document{'' if documents == 1 else 's'}")
        found = percentiles(sampled)
        if found is None or found[0] == found[1]:
            return Measure(value=value, why="the same in every resample")
        return Measure(value=value, low=found[0], high=found[1])


class Cells:
    """The layout of a row: for each label and for all of them spans, strict and partial credit; then characters."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.rows = len(labels) + 1
        self.values = len(labels) + 1

    def of_pair(self, one: Document, other: Document) -> Floats:
        """Return the row of two readings of a document."""
        return np.concatenate([self.spans(one.spans, other.spans), self.characters([one, other])])

    def spans(self, one: Sequence[Span], other: Sequence[Span]) -> Floats:
        """Return the part of a row that holds spans and credit.

        Credit of both sides is added up, so that it does not matter which reading stands first.
        """
        by_rule = (strict(one, other), partial(one, other))
        counts = [[_both(by_label, label) for label in (*self.labels, None)] for by_label in by_rule]
        spans, strict_credit = zip(*counts[0], strict=True)
        return np.array([*spans, *strict_credit, *(credit for _, credit in counts[1])])

    def characters(self, readings: Sequence[Document]) -> Floats:
        """Return the part of a row that holds the coincidences of characters."""
        spans = [reading.spans for reading in readings]
        return of_characters(spans, len(readings[0].text), self.labels).ravel()

    def split(self, sums: Floats) -> tuple[Floats, Floats]:
        """Return spans and credit, shape (3, rows, ...), and coincidences, shape (..., values, values)."""
        cut = 3 * self.rows
        rest = sums.shape[1:]
        counts = sums[:cut].reshape(3, self.rows, *rest)
        characters = sums[cut:].reshape(self.values, self.values, *rest)
        return counts, np.moveaxis(characters, (0, 1), (-2, -1))

    def statistic(self, sums: Floats) -> Floats:
        """Return strict F1, partial F1 and alpha of each row, shape (3 * rows, resamples)."""
        (spans, *earned), characters = self.split(sums)
        shares = [np.divide(credit, spans, out=np.full(spans.shape, np.nan), where=spans > 0) for credit in earned]
        alphas = [alpha(against_the_rest(characters, value)) for value in range(len(self.labels))]
        return np.concatenate([*shares, np.stack([*alphas, alpha(characters)])])


class Tally:
    """The rows of one comparison."""

    def __init__(self, cells: Cells, *annotators: str) -> None:
        self.cells = cells
        self.annotators = annotators
        self.rows: list[Floats] = []
        self.pairs = 0

    def add(self, row: Floats, pairs: int = 1) -> None:
        """Add the row of one document, which holds so many pairs of readings."""
        self.rows.append(row)
        self.pairs += pairs

    def comparison(self, resampling: Resampling) -> Comparison:
        """Return what all rows come to; there is at least one."""
        spans, characters = self.cells.split(np.sum(self.rows, axis=0))
        agreements = self._agreements(resampling, spans)
        return Comparison(
            annotators=self.annotators,
            documents=len(self.rows),
            pairs=self.pairs,
            micro=agreements[-1],
            labels=dict(zip(self.cells.labels, agreements, strict=False)),
            characters=tuple(tuple(float(cell) for cell in row) for row in characters),
        )

    def _agreements(self, resampling: Resampling, sums: Floats) -> list[SpanAgreement]:
        """Return the agreement on each label, and on all of them last."""
        rows = self.cells.rows
        held = (np.array(self.rows)[:, :rows] > 0).sum(axis=0)
        found = resampling.measured(self.rows, self.cells.statistic, np.tile(held, 3), "nobody marked one")
        return [
            SpanAgreement(
                spans=int(sums[0, row]),
                strict_credit=float(sums[1, row]),
                partial_credit=float(sums[2, row]),
                strict=found[row],
                partial=found[rows + row],
                alpha=found[2 * rows + row],
            )
            for row in range(rows)
        ]


def _both(by_label: ByLabel, label: str | None) -> tuple[float, float]:
    """Return the spans and the credit of both sides."""
    own = micro(by_label) if label is None else by_label.get(label, Counts())
    return float(own.gold + own.predicted), own.found + own.right

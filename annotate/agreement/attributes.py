"""Agreement on the attributes of spans, such as the casualty type, over spans that were marked strictly alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from annotate.agreement.coincidences import Floats, alpha, of_values
from annotate.agreement.comparisons import Resampling
from annotate.agreement.records import AttributeAgreement
from annotate.annotated import Annotated, annotator_of
from conflict_ner.schema import LabelSchema

NO_ANSWER = "no answer"
_Answers = dict[str, str]  # annotator -> the answer for one span


@dataclass(frozen=True)
class Question:
    """An attribute of a label, and all the answers that it may get."""

    label: str
    attribute: str
    values: tuple[str, ...]


class AttributeTally:
    """Answers of all annotators to one question: a row a document, for all of them and for each pair."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._rows: defaultdict[tuple[str, ...], list[Floats]] = defaultdict(list)
        self._spans: defaultdict[tuple[str, ...], int] = defaultdict(int)

    def add(self, annotated: Annotated) -> None:
        """Add the spans of this label that two readers or more marked strictly alike."""
        units = list(_alike(annotated, self.question))
        self._add((), units)
        names = sorted({name for unit in units for name in unit})
        for pair in combinations(names, 2):
            self._add(pair, [unit for unit in units if set(pair) <= set(unit)])

    def agreements(self, resampling: Resampling) -> Iterator[AttributeAgreement]:
        """Yield the agreement of all annotators, then that of each pair."""
        for annotators in sorted(self._rows):
            yield self._agreement(annotators, resampling)

    def _add(self, annotators: tuple[str, ...], units: Sequence[_Answers]) -> None:
        if not units:
            return
        values = self.question.values
        table: Floats = np.zeros((len(values), len(values)))
        for unit in units:
            for one, other in combinations(annotators or sorted(unit), 2):
                table[values.index(unit[one]), values.index(unit[other])] += 1
        if not annotators:
            # Who of many stands first means nothing, so both orders are one.
            table = np.asarray(np.tril(table + table.T) - np.diag(np.diag(table)))
        answers = [[unit[name] for name in annotators or unit] for unit in units]
        self._rows[annotators].append(np.concatenate([table.ravel(), of_values(answers, values).ravel()]))
        self._spans[annotators] += len(units)

    def _agreement(self, annotators: tuple[str, ...], resampling: Resampling) -> AttributeAgreement:
        rows = self._rows[annotators]
        size = len(self.question.values)
        table = np.sum(rows, axis=0)[: size**2].reshape(size, size)
        bearing = np.full(2, float(len(rows)))
        equal, found = resampling.measured(rows, self._statistic, bearing, "all answers are the same")
        return AttributeAgreement(
            annotators=annotators,
            label=self.question.label,
            attribute=self.question.attribute,
            values=self.question.values,
            documents=len(rows),
            spans=self._spans[annotators],
            equal=equal,
            alpha=found,
            table=tuple(tuple(int(cell) for cell in row) for row in table),
        )

    def _statistic(self, sums: Floats) -> Floats:
        """Return the share of equal pairs of answers, and alpha, shape (2, resamples)."""
        size = len(self.question.values)
        table = sums[: size**2].reshape(size, size, -1)
        coincidences = np.moveaxis(sums[size**2 :].reshape(size, size, -1), -1, 0)
        return np.stack([np.trace(table) / table.sum(axis=(0, 1)), alpha(coincidences)])


def questions(schema: LabelSchema) -> list[Question]:
    """Return every attribute of every label of a schema."""
    return [
        Question(label.name, attribute.name, (*attribute.value_names, NO_ANSWER))
        for label in schema.labels
        for attribute in label.attributes
    ]


def _alike(annotated: Annotated, question: Question) -> Iterator[_Answers]:
    """Yield the answers for each span that two readers or more marked with the same start, end and label."""
    answers: defaultdict[tuple[int, int, str], _Answers] = defaultdict(dict)
    for reading in annotated.readings:
        for span in reading.spans:
            if span.label == question.label:
                answers[span.key][annotator_of(reading)] = span.attributes.get(question.attribute, NO_ANSWER)
    for key in sorted(answers):
        if len(answers[key]) > 1:
            yield answers[key]

"""The measurement itself: documents with all their readings go in one by one, and a report comes out."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np

from annotate.agreement.attributes import AttributeTally, questions
from annotate.agreement.coincidences import Floats
from annotate.agreement.comparisons import FEWEST, Cells, Resampling, Tally
from annotate.agreement.disagreements import Disagreement
from annotate.agreement.records import (
    Bootstrap,
    Comparison,
    Dispute,
    MarkedSpan,
    Measure,
    Preannotated,
    Report,
    StartAgreement,
)
from annotate.agreement.starts import FateTally, Start, start_of
from annotate.agreement.times import SLOW, TimeTally
from annotate.agreement.words import in_words
from annotate.annotated import Annotated, annotator_of
from conflict_ner.documents import Document, Span
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema

BOTH_PREDICTED = "both from a prediction"
NEITHER_PREDICTED = "both from an empty page"
ONE_PREDICTED = "one of each"


class Agreement:
    """Adds documents up; holds counts and disagreements, and no text."""

    def __init__(self, schema: LabelSchema) -> None:
        self.schema = schema
        self.cells = Cells(schema.label_names)
        self.readings: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._agreed = 0
        self._total = Tally(self.cells)
        self._others: dict[str, Tally] = {}
        self._pairs: dict[tuple[str, str], Tally] = {}
        self._starts: dict[str, Tally] = {}
        self._unknown_starts = 0
        self._attributes = [AttributeTally(question) for question in questions(schema)]
        self._fates = FateTally(schema.label_names)
        self._times = TimeTally()
        self._disputes: list[Dispute] = []

    @property
    def compared(self) -> int:
        """How many documents have two readings or more."""
        return len(self._total.rows)

    @property
    def steps(self) -> int:
        """How many comparisons the report will draw intervals for."""
        return 1 + len(self._others) + len(self._pairs)

    def add(self, annotated: Annotated, agreed: Sequence[Span], found: Sequence[Disagreement]) -> None:
        """Add a document.

        Args:
            annotated: all readings of it.
            agreed: the spans that all readers marked alike.
            found: the places where they did not.
        """
        self._seen[annotated.id] += 1
        for reading in annotated.readings:
            self.readings[annotator_of(reading)] += 1
            self._fates.add(annotated, reading)
            self._times.add(reading)
        if len(annotated.readings) < 2:
            return
        self._compare(annotated)
        for tally in self._attributes:
            tally.add(annotated)
        self._agreed += len(agreed)
        self._disputes += [_dispute(annotated, disagreement) for disagreement in found]

    def report(self, source: str, resampling: Resampling, step: Callable[[int], None] = lambda count: None) -> Report:
        """Return the report.

        Args:
            source: where the readings come from, in words.
            resampling: how intervals are made.
            step: told after each comparison that one more is done.

        Raises:
            DataError: there is nothing to compare.
        """
        self._refuse_nothing(source)

        def compared(tally: Tally) -> Comparison:
            comparison = tally.comparison(resampling)
            step(1)
            return comparison

        predictions = tuple(self._fates.preannotated(resampling))
        starts = [
            StartAgreement(name=name, documents=found.documents, pairs=found.pairs, micro=found.micro)
            for name in (BOTH_PREDICTED, NEITHER_PREDICTED, ONE_PREDICTED)
            if name in self._starts
            for found in [self._starts[name].comparison(resampling)]
        ]
        return Report(
            source=source,
            made=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
            labels=self.schema.label_names,
            documents=self._seen.total(),
            compared=self.compared,
            readings=dict(sorted(self.readings.items())),
            agreed=self._agreed,
            total=compared(self._total),
            others=tuple(compared(self._others[name]) for name in sorted(self._others)),
            pairs=tuple(compared(self._pairs[pair]) for pair in sorted(self._pairs)),
            attributes=tuple(found for tally in self._attributes for found in tally.agreements(resampling)),
            predictions=predictions,
            starts=tuple(starts),
            times=tuple(self._times.times()),
            disputes=tuple(self._disputes),
            bootstrap=Bootstrap(resamples=resampling.resamples, seed=resampling.seed) if resampling.resamples else None,
            notes=tuple(self._notes(starts, predictions, resampling)),
        )

    def _compare(self, annotated: Annotated) -> None:
        names = [annotator_of(reading) for reading in annotated.readings]
        rows = {
            (one, other): self.cells.of_pair(first, second)
            for (one, first), (other, second) in combinations(zip(names, annotated.readings, strict=True), 2)
        }
        for pair, row in rows.items():
            self._pairs.setdefault(pair, Tally(self.cells, *pair)).add(row)
        for name in names:
            own = [row for pair, row in rows.items() if name in pair]
            self._others.setdefault(name, Tally(self.cells, name)).add(np.sum(own, axis=0), len(own))
        cut = 3 * self.cells.rows
        spans = np.sum([row[:cut] for row in rows.values()], axis=0)
        # Alpha takes all readers of a document at once.
        self._total.add(np.concatenate([spans, self.cells.characters(annotated.readings)]), len(rows))
        self._compare_starts(annotated, rows)

    def _compare_starts(self, annotated: Annotated, rows: dict[tuple[str, str], Floats]) -> None:
        starts = {annotator_of(reading): start_of(annotated, reading) for reading in annotated.readings}
        by_name: dict[str, list[Floats]] = {}
        for (one, other), row in rows.items():
            name = _start_name(starts[one], starts[other])
            if name is None:
                self._unknown_starts += 1
            else:
                by_name.setdefault(name, []).append(row)
        for name, own in by_name.items():
            self._starts.setdefault(name, Tally(self.cells)).add(np.sum(own, axis=0), len(own))

    def _refuse_nothing(self, source: str) -> None:
        if self.compared:
            return
        if not self.readings:
            raise DataError(
                f"{source} holds no annotator's reading (adjudicated ones do not count); agreement needs two "
                "annotators on the same articles."
            )
        if len(self.readings) == 1:
            raise DataError(
                f"{source} holds the readings of {next(iter(self.readings))} alone; agreement needs a second annotator "
                "on the same articles. Set project.overlap.annotators=2 and push again, or name a second file."
            )
        names = ", ".join(f"{name} ({count})" for name, count in sorted(self.readings.items()))
        raise DataError(
            f"{source} has {len(self.readings)} annotators, {names}, but none of its {self._seen.total()} document(s) "
            "was read by two of them. Set project.overlap.annotators=2 and push again: the label stream then gives "
            "each article to two annotators."
        )

    def _notes(
        self, starts: Sequence[StartAgreement], predictions: Sequence[Preannotated], resampling: Resampling
    ) -> Iterator[str]:
        if resampling.resamples:
            yield (
                "An interval says how far the figure would move with other articles of the same kind; where fewer "
                f"than {FEWEST} documents bear on it, there is none."
            )
        if self._total.pairs > self.compared:
            yield "F1 is over all pairs of readings, so an article with three readers counts three times."
        several = sorted(name for name, times in self._seen.items() if times > 1)
        if several:
            shown = ", ".join(several[:5]) + (f" and {len(several) - 5} more" if len(several) > 5 else "")
            yield f"{len(several)} document(s) stand in several tasks, each of which counts by itself: {shown}."
        yield from self._fates.notes()
        yield from _acceptance(predictions)
        yield from _bias(starts, self._unknown_starts)
        slow = [(time.annotator, len(time.slow)) for time in self._times.times() if time.slow]
        if slow:
            which = ", ".join(f"{count} of {name}" for name, count in slow)
            yield (
                f"Readings that took more than {SLOW} times their annotator's median ({which}) may be pages left open; "
                "the medians hardly feel them."
            )


def _start_name(one: Start, other: Start) -> str | None:
    if Start.UNKNOWN in {one, other}:
        return None
    if one is not other:
        return ONE_PREDICTED
    return BOTH_PREDICTED if one is Start.PREDICTION else NEITHER_PREDICTED


def _bias(starts: Sequence[StartAgreement], unknown: int) -> Iterator[str]:
    """Say what the figures tell of a bias by pre-annotation, or why they tell nothing."""
    found = {start.name: start for start in starts}
    predicted, empty = found.get(BOTH_PREDICTED), found.get(NEITHER_PREDICTED)
    if predicted and empty:
        one, other = predicted.micro.strict, empty.micro.strict
        yield (
            f"Pairs that both began from a prediction agree by {in_words(one)} (strict F1), pairs that began from an "
            f"empty page by {in_words(other)}.{_difference(one, other)} Annotators who follow the "
            "prediction agree more where there is one; but so they do where articles are easier, and only articles "
            "dealt out at random tell the two apart."
        )
    elif predicted or ONE_PREDICTED in found:
        yield (
            "No pair of readings began from an empty page on both sides, so what predictions do to agreement cannot be "
            "told; push a part of the overlap without predictions to see it."
        )
    elif empty:
        yield "No compared reading began from a prediction, so there is no bias by one."
    if unknown and not starts:
        yield (
            "How the readings began is not recorded (they were not made on the page), so nothing can be told on a "
            "bias by pre-annotation."
        )
    elif unknown:
        yield f"For {unknown} pair(s) of readings it is not recorded how they began."


def _acceptance(predictions: Sequence[Preannotated]) -> Iterator[str]:
    """Set the annotators' acceptance of predictions beside each other."""
    rates = sorted(
        (found.micro.acceptance.value, found.annotator)
        for found in predictions[1:]
        if found.micro.acceptance.value is not None
    )
    if len(rates) > 1 and rates[0][0] < rates[-1][0]:
        (low, one), (high, other) = rates[0], rates[-1]
        yield (
            f"Of the predicted spans, {other} accepted {high:.0%} and {one} {low:.0%}; who accepts far more than the "
            "others may be following the predictions."
        )


def _difference(one: Measure, other: Measure) -> str:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return " There are too few documents to tell whether the difference is more than chance."
    if one.low > other.high or other.low > one.high:
        return " The intervals lie apart."
    return " The intervals overlap: the difference may be chance."


def _dispute(annotated: Annotated, disagreement: Disagreement) -> Dispute:
    return Dispute(
        document=annotated.id,
        task=annotated.readings[0].provenance.task,
        start=disagreement.start,
        end=disagreement.end,
        kind=disagreement.kind,
        readings={
            name: tuple(_marked(annotated.readings[0], span) for span in spans)
            for name, spans in disagreement.readings.items()
        },
    )


def _marked(reading: Document, span: Span) -> MarkedSpan:
    return MarkedSpan(
        start=span.start, end=span.end, text=reading.surface(span), label=span.label, attributes=span.attributes
    )

"""What annotators make of predictions: which spans they accept, change, delete and add, and how a reading began."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum

import numpy as np

from annotate.agreement.coincidences import Floats
from annotate.agreement.comparisons import Resampling
from annotate.agreement.records import Fates, Measure, Preannotated
from annotate.annotated import Annotated, annotator_of
from conflict_ner.documents import Document, Span
from conflict_ner.matching import pairs

EVERYBODY = "all annotators"


class Start(StrEnum):
    """What a reading began from."""

    PREDICTION = "a prediction"
    EMPTY = "an empty page"
    UNKNOWN = "not known"


class Fate(StrEnum):
    """What became of a predicted span, or that a span was added."""

    ACCEPTED = "accepted"
    BOUNDS = "bounds"
    LABEL = "label"
    ATTRIBUTE = "attribute"
    CHANGED = "changed"  # how is not known
    DELETED = "deleted"
    ADDED = "added"


_CHANGED = (Fate.BOUNDS, Fate.LABEL, Fate.ATTRIBUTE, Fate.CHANGED)
_SHOWN = (Fate.ACCEPTED, *_CHANGED, Fate.DELETED)
_FATES = tuple(Fate)


def start_of(annotated: Annotated, reading: Document) -> Start:
    """Return what a reading began from: as Label Studio records it, else as the origins of its spans tell.

    A reading from which every predicted span was deleted looks like one that began empty where the record is missing.
    """
    origins = {span.origin for span in reading.spans}
    if annotator_of(reading) in annotated.shown or origins & {"prediction", "prediction-changed"}:
        return Start.PREDICTION
    return Start.EMPTY if origins == {"manual"} else Start.UNKNOWN


def fates(shown: Sequence[Span], made: Sequence[Span]) -> Iterator[tuple[str, Fate]]:
    """Yield (label, fate) for each predicted span, under its own label, and for each span that was added.

    A predicted span counts as changed into the span that overlaps it (each into one, as scoring pairs them), also
    where an annotator deleted it and drew anew: what matters is what became of the model's suggestion.

    Args:
        shown: the prediction's flat spans.
        made: the reading's flat spans.
    """
    paired = pairs(shown, made)
    for pair in paired:
        before, after = pair.gold, pair.predicted
        if (before.start, before.end) != (after.start, after.end):
            yield before.label, Fate.BOUNDS
        elif before.label != after.label:
            yield before.label, Fate.LABEL
        else:
            yield before.label, Fate.ACCEPTED if before.attributes == after.attributes else Fate.ATTRIBUTE
    kept, drawn = {pair.gold.key for pair in paired}, {pair.predicted.key for pair in paired}
    yield from ((span.label, Fate.DELETED) for span in shown if span.key not in kept)
    yield from ((span.label, Fate.ADDED) for span in made if span.key not in drawn)


def fates_by_origin(made: Sequence[Span]) -> Iterator[tuple[str, Fate]]:
    """Yield (label, fate) as Label Studio's `origin` tells it; what was deleted leaves no trace there."""
    by_origin = {"prediction": Fate.ACCEPTED, "prediction-changed": Fate.CHANGED, "manual": Fate.ADDED}
    yield from ((span.label, by_origin[span.origin]) for span in made if span.origin is not None)


class FateTally:
    """The fates of predicted spans, by annotator: a row of counts for each reading that began from a prediction."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        # Apart for readings whose prediction is known: only there the deleted spans are.
        self._rows: defaultdict[tuple[str, bool], list[Floats]] = defaultdict(list)

    def add(self, annotated: Annotated, reading: Document) -> None:
        """Add a reading; one that did not begin from a prediction adds nothing."""
        if start_of(annotated, reading) is not Start.PREDICTION:
            return
        name = annotator_of(reading)
        known = name in annotated.shown
        found = Counter(fates(annotated.shown[name], reading.spans) if known else fates_by_origin(reading.spans))
        row = np.array([[found[label, fate] for fate in _FATES] for label in self.labels], dtype=np.float64)
        for whose in (name, EVERYBODY):
            self._rows[whose, known].append(np.concatenate([row, row.sum(axis=0, keepdims=True)]))

    def preannotated(self, resampling: Resampling) -> Iterator[Preannotated]:
        """Yield what all annotators made of predictions, then each of them; nothing where none began from one."""
        names = sorted({name for name, _ in self._rows}, key=lambda name: (name != EVERYBODY, name))
        for name in names:
            known = (name, True) in self._rows
            found = self._fates(self._rows[name, known], known, resampling)
            labels = dict(zip(self.labels, found, strict=False))
            yield Preannotated(annotator=name, micro=found[-1], labels=labels)

    def notes(self) -> Iterator[str]:
        """Yield what the figures cannot say."""
        known, told = (len(self._rows.get((EVERYBODY, which), ())) for which in (True, False))
        if told and known:
            yield (
                f"{told} reading(s) began from a prediction that is no longer there; they are left out of the figures "
                "on pre-annotation."
            )
        elif told:
            yield (
                "The predictions themselves are not known, only the origin of each span: what was deleted does not "
                "show, nor how a span was changed. Read from the server to see both."
            )

    def _fates(self, rows: list[Floats], known: bool, resampling: Resampling) -> list[Fates]:
        table = np.array(rows)
        which = [_FATES.index(fate) for fate in (_SHOWN if known else (Fate.ACCEPTED, *_CHANGED))]
        bearing = (table[:, :, which].sum(axis=2) > 0).sum(axis=0)
        accepted = _FATES.index(Fate.ACCEPTED)

        def statistic(sums: Floats) -> Floats:
            shown = sums.reshape(table.shape[1], len(_FATES), -1)[:, which].sum(axis=1)
            own = sums.reshape(table.shape[1], len(_FATES), -1)[:, accepted]
            return np.asarray(np.divide(own, shown, out=np.full(shown.shape, np.nan), where=shown > 0))

        flat = [row.ravel() for row in rows]
        rates = resampling.measured(flat, statistic, bearing.astype(np.float64), "none was predicted")
        sums = table.sum(axis=0)
        return [_record(sums[number], len(rows), known, rates[number]) for number in range(table.shape[1])]


def _record(counts: Floats, readings: int, known: bool, acceptance: Measure) -> Fates:
    count = {fate: int(counts[number]) for number, fate in enumerate(_FATES)}
    return Fates(
        readings=readings,
        shown=sum(count[fate] for fate in _SHOWN) if known else None,
        accepted=count[Fate.ACCEPTED],
        bounds=count[Fate.BOUNDS],
        label=count[Fate.LABEL],
        attribute=count[Fate.ATTRIBUTE],
        changed=sum(count[fate] for fate in _CHANGED),
        deleted=count[Fate.DELETED] if known else None,
        added=count[Fate.ADDED],
        acceptance=acceptance,
    )

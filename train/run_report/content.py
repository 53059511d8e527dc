"""What the page of a run tells, counted and sorted: scores, errors by kind, the worst documents, calibration."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from conflict_ner.documents import Document
from conflict_ner.matching import Counts
from train.reliability import Judged, Reliability, judge, reliability
from train.run_report.alignment import AlignedSplit
from train.run_report.confusion import Confusion, confusion_of
from train.run_report.curves import Curves
from train.run_report.errors import KINDS, Error, Findings, find_errors, mended
from train.run_report.excerpts import Piece, Stretch, excerpts, whole
from train.run_report.finished import Finished
from train.score import Scores

SHOWN = 500
"""Errors that a page shows at most, by default: about a megabyte."""
WORST = 12
"""Documents that the table of the worst names."""
Name = TypeVar("Name", bound=Hashable)
_WHOLE = 120_000  # characters of whole documents on a page at most
_FEW = 10  # documents; with fewer an interval says little


@dataclass(frozen=True)
class ReadDocument:
    """A document with both readings and what became of their spans; `number` is its place on the page."""

    number: int
    split: str
    gold: Document
    predicted: Document
    findings: Findings
    stretches: tuple[Stretch, ...] = ()

    @property
    def title(self) -> str:
        """Its title, or its id."""
        return self.gold.meta.title or self.gold.id

    @property
    def counts(self) -> Counts:
        """The strict counts."""
        return self.findings.counts

    @property
    def kinds(self) -> Counter[str]:
        """How many errors there are of each kind."""
        return Counter(error.kind for error in self.findings.errors)


@dataclass(frozen=True)
class KindRow:
    """The errors of one kind in a split; `labels` counts each under gold's first label, or else the predicted one."""

    kind: str
    meaning: str
    errors: int
    gold: int
    predicted: int
    mended: float
    labels: Mapping[str, int]


@dataclass(frozen=True)
class Slice:
    """A part of a split's documents, such as those of one style."""

    name: str
    documents: int
    counts: Counts


@dataclass(frozen=True)
class SplitReport:
    """One scored split."""

    name: str
    scores: Scores
    documents: tuple[ReadDocument, ...]
    confusion: Confusion
    judged: tuple[Judged, ...]

    @cached_property
    def counts(self) -> Counts:
        """The strict counts."""
        return sum((document.counts for document in self.documents), Counts())

    @cached_property
    def kinds(self) -> tuple[KindRow, ...]:
        """The errors by kind; kinds that do not occur are left out."""
        by_kind: defaultdict[str, list[Error]] = defaultdict(list)
        for document in self.documents:
            for error in document.findings.errors:
                by_kind[error.kind].append(error)
        return tuple(
            KindRow(
                kind=kind,
                meaning=(holds.__doc__ or "").strip(),
                errors=len(by_kind[kind]),
                gold=sum(len(error.gold) for error in by_kind[kind]),
                predicted=sum(len(error.predicted) for error in by_kind[kind]),
                mended=mended(self.counts, by_kind[kind]),
                labels=dict(Counter(error.labels[0] for error in by_kind[kind]).most_common()),
            )
            for kind, holds in KINDS.items()
            if by_kind[kind]
        )

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(row.errors for row in self.kinds)

    @cached_property
    def styles(self) -> tuple[Slice, ...]:
        """The scores by style of text, the largest part first; nothing where there is one style."""
        parts: defaultdict[str, list[ReadDocument]] = defaultdict(list)
        for document in self.documents:
            parts[document.gold.meta.style or "no style named"].append(document)
        slices = [
            Slice(name, len(own), sum((document.counts for document in own), Counts())) for name, own in parts.items()
        ]
        return tuple(sorted(slices, key=lambda part: -part.counts.gold)) if len(slices) > 1 else ()

    @cached_property
    def calibration(self) -> Reliability:
        """How far span scores mean what they say, all labels together."""
        return reliability([one.score for one in self.judged], [one.right for one in self.judged])

    @cached_property
    def calibration_by_label(self) -> dict[str, Reliability]:
        """The same, label by label."""
        parts: defaultdict[str, list[Judged]] = defaultdict(list)
        for one in self.judged:
            parts[one.label].append(one)
        return {
            label: reliability([one.score for one in parts[label]], [one.right for one in parts[label]])
            for label in self.scores.labels
            if label in parts
        }


@dataclass(frozen=True)
class ShownError:
    """An error in its text, once as gold has it and once as the model read it."""

    number: int
    error: Error
    document: ReadDocument
    gold: tuple[Piece, ...]
    predicted: tuple[Piece, ...]


@dataclass(frozen=True)
class KindGroup:
    """The errors of one kind over all splits: how many there are, and those that are shown, the surest first."""

    kind: str
    meaning: str
    errors: int
    shown: tuple[ShownError, ...]


@dataclass(frozen=True)
class Content:
    """All that a page tells.

    Attributes:
        finished: the run.
        splits: the scored splits, the one that counts most first.
        groups: errors in their text, by kind.
        worst: the documents with the lowest strict F1, lowest first; some of them with their whole text.
        curves: how the run, or each fold, learned.
        aligned: what became of each split of the corpus as tokens; None where no tokenizer is left to ask.
        unaligned: why not.
    """

    finished: Finished
    splits: tuple[SplitReport, ...]
    groups: tuple[KindGroup, ...]
    worst: tuple[ReadDocument, ...]
    curves: tuple[Curves, ...]
    aligned: Mapping[str, AlignedSplit] | None
    unaligned: str = ""

    @property
    def errors(self) -> int:
        """How many errors there are in all splits."""
        return sum(group.errors for group in self.groups)

    @property
    def shown(self) -> int:
        """How many of them the page shows."""
        return sum(len(group.shown) for group in self.groups)

    @property
    def headline(self) -> str:
        """The score that counts most, in a sentence."""
        first = self.splits[0]
        strict, held_out = first.scores.micro["strict"], first.scores.documents
        interval = ""
        if strict.f1.low is not None and strict.f1.high is not None:
            level = f"{first.scores.bootstrap.confidence:.0%}" if first.scores.bootstrap else "95%"
            interval = f" ({level} interval {strict.f1.low:.3f} to {strict.f1.high:.3f})"
        return (
            f"Strict F1 {strict.f1.value:.3f}{interval} on {_counted(held_out, 'document')} of the {first.name} split: "
            f"{strict.right:,.0f} of {strict.gold:,} gold spans were found with the right borders and label, and "
            f"{strict.predicted - strict.right:,.0f} of {_counted(strict.predicted, 'predicted span')} are wrong."
        )

    @property
    def caution(self) -> str:
        """What keeps the headline from being the whole truth; empty where nothing does."""
        first = self.splits[0]
        if first.name == "validation":
            return "The validation split also chose the epoch that was kept, so its score is a little too good."
        if first.scores.documents < _FEW:
            few = _counted(first.scores.documents, "document")
            return f"The interval comes from {few}, which is few: on others the score may lie outside it."
        return ""

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens learned from in a second, padding not counted; None where the log does not tell it."""
        if self.aligned is None or "train" not in self.aligned or self.finished.settings.resume:
            return None
        if len(self.curves) != 1 or not self.curves[0].seconds:
            return None
        return self.aligned["train"].tokens * self.curves[0].epochs / self.curves[0].seconds


def gather(
    finished: Finished, aligned: Mapping[str, AlignedSplit] | None, unaligned: str = "", shown: int = SHOWN
) -> Content:
    """Count and sort what a run left behind.

    Args:
        finished: the run.
        aligned: its corpus as tokens, if a tokenizer is there to ask.
        unaligned: why not.
        shown: errors to show at most; each kind in each split gets its fair share.
    """
    splits = _splits(finished)
    documents = [document for split in splits for document in split.documents]
    return Content(
        finished=finished,
        splits=splits,
        groups=tuple(_groups(documents, shown)),
        worst=tuple(_worst(documents)),
        curves=tuple(Curves.of(name, history) for name, history in finished.histories.items()),
        aligned=aligned,
        unaligned=unaligned,
    )


def fair_shares(sizes: Mapping[Name, int], limit: int) -> dict[Name, int]:
    """Divide a limit among groups: each gets what it needs or as much as any other, the larger ones the remainder."""
    shares: dict[Name, int] = {}
    left = limit
    for number, (name, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        shares[name] = min(size, left // (len(sizes) - number))
        left -= shares[name]
    return shares


def _splits(finished: Finished) -> tuple[SplitReport, ...]:
    found = []
    number = 0
    for split, paired in finished.readings.items():
        documents = []
        for gold, predicted in paired:
            number += 1
            findings = find_errors(gold.spans, predicted.spans)
            documents.append(ReadDocument(number, split, gold, predicted, findings))
        found.append(
            SplitReport(split, finished.scores[split], tuple(documents), confusion_of(paired), tuple(judge(paired)))
        )
    return tuple(found)


def _groups(documents: Sequence[ReadDocument], limit: int) -> Iterable[KindGroup]:
    found: defaultdict[tuple[str, str], list[tuple[ReadDocument, Error]]] = defaultdict(list)
    for document in documents:
        for error in document.findings.errors:
            found[error.kind, document.split].append((document, error))
    shares = fair_shares({key: len(own) for key, own in found.items()}, limit)
    number = 0
    for kind, holds in KINDS.items():
        shown = []
        own = {key: errors for key, errors in found.items() if key[0] == kind}
        for key, errors in own.items():
            # What the model was sure of teaches most; errors without a score stay in the order of the text.
            for document, error in sorted(errors, key=lambda item: -item[1].score)[: shares[key]]:
                number += 1
                gold, predicted = excerpts(document.gold, document.predicted.spans, error)
                shown.append(ShownError(number, error, document, gold, predicted))
        if own:
            yield KindGroup(kind, (holds.__doc__ or "").strip(), sum(map(len, own.values())), tuple(shown))


def _worst(documents: Iterable[ReadDocument]) -> Iterable[ReadDocument]:
    """Yield the worst documents, with their whole text as long as there is room for it."""
    wrong = [document for document in documents if document.findings.errors]
    room = _WHOLE
    for document in sorted(wrong, key=lambda one: (one.counts.f1, -len(one.findings.errors)))[:WORST]:
        if len(document.gold.text) > room:
            yield document
            continue
        room -= len(document.gold.text)
        yield replace(document, stretches=whole(document.gold, document.findings))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"

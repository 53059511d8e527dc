"""What the annotators of a document marked alike, and each place where they did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from annotate.annotated import Annotated, annotator_of
from conflict_ner.documents import Span


class Kind(StrEnum):
    """In what the readings of a place differ, in the words of the page."""

    MISSED = "missed by some"
    LABEL = "other label"
    BOUNDS = "other bounds"
    ATTRIBUTE = "other attribute"
    SEVERAL = "in several ways"


@dataclass(frozen=True)
class Disagreement:
    """A stretch of text that the annotators read differently: a maximal run of spans that overlap each other.

    Attributes:
        start: index of the first character that any of them marked.
        end: index after the last one.
        readings: each annotator's spans in the run, in order; empty for one who marked nothing there.
        kind: in what they differ.
    """

    start: int
    end: int
    readings: dict[str, tuple[Span, ...]]
    kind: Kind

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that stand in it, each once, in order of the text."""
        spans = sorted((span for spans in self.readings.values() for span in spans), key=lambda span: span.key)
        return tuple(dict.fromkeys(span.label for span in spans))


def agreed(annotated: Annotated) -> tuple[Span, ...]:
    """Return the spans that every reader marked alike, attributes included, as the first reader marked them."""
    return tuple(
        next(iter(run.values()))[0]
        for run in _runs(annotated)
        if len({_signature(spans) for spans in run.values()}) == 1
    )


def disagreements(annotated: Annotated) -> tuple[Disagreement, ...]:
    """Return the places where the readers differ, in order of the text; each other span is agreed upon."""
    found = []
    for run in _runs(annotated):
        if len({_signature(spans) for spans in run.values()}) > 1:
            spans = [span for own in run.values() for span in own]
            start, end = min(span.start for span in spans), max(span.end for span in spans)
            found.append(Disagreement(start, end, run, _kind(run)))
    return tuple(found)


_Run = dict[str, tuple[Span, ...]]
_Signature = tuple[tuple[int, int, str, frozenset[tuple[str, str]]], ...]


def _runs(annotated: Annotated) -> Iterator[_Run]:
    """Yield all spans of all readers by maximal runs of overlapping ones, in one sweep.

    A span that all readers share is a run by itself: each reader's spans are flat, so none overlaps it.
    """
    names = [annotator_of(reading) for reading in annotated.readings]
    marked = [(span, name) for name, reading in zip(names, annotated.readings, strict=True) for span in reading.spans]
    run: dict[str, list[Span]] = {}
    end = 0
    for span, name in sorted(marked, key=lambda item: item[0].key):
        if run and span.start >= end:
            yield {each: tuple(run.get(each, ())) for each in names}
            run = {}
        end = max(end, span.end) if run else span.end
        run.setdefault(name, []).append(span)
    if run:
        yield {each: tuple(run.get(each, ())) for each in names}


def _signature(spans: tuple[Span, ...]) -> _Signature:
    """Return what two readings must share to be alike; scores and origins are no part of it."""
    return tuple((*span.key, frozenset(span.attributes.items())) for span in spans)


def _kind(run: _Run) -> Kind:
    """Name in what the readings of a run differ.

    Who marked nothing there missed it; only those who marked something are compared in bounds, label and
    attributes. Where bounds differ, labels and attributes are compared as sets, so that one span cut in two
    differs in bounds alone; another label brings other attributes, which say nothing more.
    """
    marked = [spans for spans in run.values() if spans]
    bounds = {tuple((span.start, span.end) for span in spans) for spans in marked}
    ways = [Kind.MISSED] if len(marked) < len(run) else []
    ways += [Kind.BOUNDS] if len(bounds) > 1 else []
    gather = frozenset if len(bounds) > 1 else tuple
    if len({gather(span.label for span in spans) for spans in marked}) > 1:
        ways.append(Kind.LABEL)
    elif len({gather(frozenset(span.attributes.items()) for span in spans) for spans in marked}) > 1:
        ways.append(Kind.ATTRIBUTE)
    return ways[0] if len(ways) == 1 else Kind.SEVERAL

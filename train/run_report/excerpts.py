"""Errors in their text: the sentence or so around each, once as gold has it and once as the model read it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conflict_ner.documents import Document, Span
from conflict_ner.excerpts import context, goes_on
from train.run_report.errors import Error, Findings

_LONGEST = 400  # characters of one stretch that are shown; the middle of a longer one is left out


@dataclass(frozen=True)
class Piece:
    """A stretch of text under one reading.

    Attributes:
        text: its characters.
        label: of the span that it is; empty for none.
        score: of that span; None for gold, and for a model that gave none.
        here: whether it belongs to the error that is shown, and not to its surroundings.
    """

    text: str
    label: str = ""
    score: float | None = None
    here: bool = False


@dataclass(frozen=True)
class Stretch:
    """A stretch of a whole document under both readings; they are `right` where they agree on a span.

    Attributes:
        text: its characters.
        gold: label of the gold span on it; empty for none.
        predicted: label of the predicted span on it; empty for none.
        right: whether both are one and the same span.
        told: what is wrong, where an error ends with this stretch.
    """

    text: str
    gold: str = ""
    predicted: str = ""
    right: bool = False
    told: str = ""


def excerpts(
    document: Document, predicted: Sequence[Span], error: Error
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return the surroundings of an error as gold has them and as the model read them.

    Args:
        document: with the gold spans.
        predicted: all spans that the model found in it.
        error: one of this document.
    """
    low, high = context(document.text, error.start, error.end)
    gold, other = (
        tuple(_pieces(document.text, spans, own, low, high, (error.start, error.end)))
        for spans, own in ((document.spans, error.gold), (predicted, error.predicted))
    )
    return gold, other


def whole(document: Document, findings: Findings) -> tuple[Stretch, ...]:
    """Return a document cut wherever a span of either reading begins or ends."""
    gold = [*findings.right, *(span for error in findings.errors for span in error.gold)]
    predicted = [*findings.right, *(span for error in findings.errors for span in error.predicted)]
    right = {span.start for span in findings.right}
    ends = {error.end: f"{error.kind} {' → '.join(error.labels)}" for error in findings.errors}
    cuts = sorted({0, len(document.text), *(edge for span in (*gold, *predicted) for edge in (span.start, span.end))})
    label_of: list[dict[int, str]] = [{}, {}]
    for spans, labels in zip((gold, predicted), label_of, strict=True):
        for span in spans:
            labels.update((cut, span.label) for cut in cuts if span.start <= cut < span.end)
    return tuple(
        Stretch(
            document.text[start:end],
            label_of[0].get(start, ""),
            label_of[1].get(start, ""),
            start in right,
            ends.get(end, ""),
        )
        for start, end in itertools.pairwise(cuts)
    )


def _pieces(
    text: str, spans: Sequence[Span], own: Sequence[Span], low: int, high: int, place: tuple[int, int]
) -> Iterator[Piece]:
    """Yield the text of [low, high) cut at one reading's spans; without one of the error's, its place is shown."""
    if goes_on(text, low):
        yield Piece("… ")
    keys = {span.key for span in own}
    position = low
    around = [span for span in spans if span.start < high and span.end > low]
    for span in around:
        start, end = max(low, span.start), min(high, span.end)
        yield from _plain(text, position, start, place, shown=not own)
        here = span.key in keys
        yield Piece(_shortened(text[start:end]), span.label, span.score if here else None, here)
        position = end
    yield from _plain(text, position, high, place, shown=not own)
    if goes_on(text, high):
        yield Piece(" …")


def _plain(text: str, low: int, high: int, place: tuple[int, int], shown: bool) -> Iterator[Piece]:
    """Yield the text of [low, high), which no span covers, with the part that lies in the error's place apart."""
    inner = (max(low, place[0]), min(high, place[1]))
    if not shown or inner[0] >= inner[1]:
        inner = (high, high)
    for start, end, here in ((low, inner[0], False), (*inner, True), (inner[1], high, False)):
        if start < end:
            yield Piece(_shortened(text[start:end]), here=here)


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]} […] {text[-_LONGEST // 2 :]}"

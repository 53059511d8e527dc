"""Disagreements in their text: for each reader the sentence or so around the place, cut into marked pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from annotate.agreement.disagreements import Disagreement
from annotate.annotated import Annotated, annotator_of
from conflict_ner.documents import Document
from conflict_ner.excerpts import context, goes_on


@dataclass(frozen=True)
class Piece:
    """A stretch of an excerpt.

    Attributes:
        text: its characters.
        label: the label that the reader gave it; empty for none.
        attributes: the attribute values, in words.
        disputed: whether the readers differ on it.
    """

    text: str
    label: str = ""
    attributes: str = ""
    disputed: bool = False


@dataclass(frozen=True)
class View:
    """What readers who agree with each other made of a place.

    Attributes:
        annotators: their names.
        pieces: the excerpt.
        marked: whether they marked anything in the disputed place.
    """

    annotators: tuple[str, ...]
    pieces: tuple[Piece, ...]
    marked: bool


@dataclass(frozen=True)
class Excerpt:
    """One disagreement as the page shows it.

    Attributes:
        document: the document's id.
        title: its title, or the id.
        link: the task in Label Studio; empty where it is not known.
        disagreement: where, and in what the readers differ.
        views: the different readings, those who marked something first.
    """

    document: str
    title: str
    link: str
    disagreement: Disagreement
    views: tuple[View, ...]


class Excerpts:
    """Collects excerpts of the first disagreements, and counts the others."""

    def __init__(self, limit: int, task_url: str = "") -> None:
        """Prepare to collect.

        Args:
            limit: how many are kept.
            task_url: the address of a task without its number; empty where there is no server.
        """
        self.limit = limit
        self.task_url = task_url
        self.found: list[Excerpt] = []
        self.left_out = 0

    def add(self, annotated: Annotated, found: Sequence[Disagreement]) -> None:
        """Add a document's disagreements."""
        kept = found[: max(0, self.limit - len(self.found))]
        self.left_out += len(found) - len(kept)
        first = annotated.readings[0]
        task = first.provenance.task
        link = f"{self.task_url}{task}" if self.task_url and task is not None else ""
        for item in kept:
            views = tuple(sorted(_views(annotated, item), key=lambda view: not view.marked))
            self.found.append(Excerpt(annotated.id, first.meta.title or annotated.id, link, item, views))


def _views(annotated: Annotated, item: Disagreement) -> Iterator[View]:
    """Yield each different reading of a place once, with the names of all who read it so."""
    low, high = context(annotated.text, item.start, item.end)
    readings = {annotator_of(reading): reading for reading in annotated.readings}
    names: dict[tuple[Piece, ...], list[str]] = {}
    for name in item.readings:
        disputed = tuple(_pieces(readings[name], item.start, item.end, disputed=True))
        names.setdefault(disputed, []).append(name)
    for disputed, own in names.items():
        reading = readings[own[0]]
        before = tuple(_pieces(reading, low, item.start))
        after = tuple(_pieces(reading, item.end, high))
        lead = (Piece("… "),) if goes_on(annotated.text, low) else ()
        trail = (Piece(" …"),) if goes_on(annotated.text, high) else ()
        yield View(tuple(own), (*lead, *before, *disputed, *after, *trail), bool(item.readings[own[0]]))


def _pieces(reading: Document, low: int, high: int, disputed: bool = False) -> Iterator[Piece]:
    """Yield the text of [low, high) cut at one reader's spans."""
    position = low
    for span in (span for span in reading.spans if span.start < high and span.end > low):
        start, end = max(low, span.start), min(high, span.end)
        if position < start:
            yield Piece(reading.text[position:start], disputed=disputed)
        yield Piece(reading.text[start:end], span.label, ", ".join(span.attributes.values()), disputed)
        position = end
    if position < high:
        yield Piece(reading.text[position:high], disputed=disputed)

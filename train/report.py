"""The pre-flight report of a corpus: its records, and its tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from rich.table import Table


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SplitCounts(_Part):
    """What one split holds; `attributes` is label -> `name=value` (or `name missing`) -> spans."""

    documents: int
    groups: int
    characters: int
    spans: int
    without_span: tuple[str, ...]
    labels: dict[str, int]
    attributes: dict[str, dict[str, int]]


class Overlap(_Part):
    """How many of a label's surfaces in a split stand under the same label in train, and how many spans."""

    surfaces: int
    surfaces_seen: int
    spans: int
    spans_seen: int


class Place(_Part):
    """A span that is worth a look, and why."""

    split: str
    id: str
    start: int
    label: str
    surface: str
    reason: str


class Duplicate(_Part):
    """Two documents with nearly the same words; `similarity` is the Jaccard index of their shingles."""

    id: str
    split: str
    other_id: str
    other_split: str
    similarity: float


class LongDocument(_Part):
    """A document's length under the encoder."""

    split: str
    id: str
    tokens: int
    windows: int


class EncoderReport(_Part):
    """What the encoder's tokenizer makes of the corpus."""

    name: str
    window: int
    overlap: int
    lost: tuple[Place, ...]
    longest: tuple[LongDocument, ...]


class Report(_Part):
    """The whole pre-flight report; `fatal` holds what forbids training, `warnings` what deserves thought."""

    splits: dict[str, SplitCounts]
    seen_in_train: dict[str, dict[str, Overlap]]
    loose_edges: tuple[Place, ...]
    near_duplicates: tuple[Duplicate, ...]
    encoder: EncoderReport
    warnings: tuple[str, ...]
    fatal: tuple[str, ...]


def render(report: Report) -> Iterator[Table]:
    """Yield the tables of a report for the terminal."""
    yield _span_table(report)
    yield _attribute_table(report)
    yield _seen_table(report)
    yield _length_table(report.encoder)


def _new_table(title: str, first: str, *others: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _span_table(report: Report) -> Table:
    table = _new_table("Documents, and spans with their share of the split", "", *report.splits)
    for name in ("documents", "groups", "characters", "spans"):
        table.add_row(name, *(f"{getattr(part, name):,}" for part in report.splits.values()))
    for label in next(iter(report.splits.values())).labels:
        cells = [
            f"{part.labels[label]:,} {part.labels[label] / max(part.spans, 1):4.0%}" for part in report.splits.values()
        ]
        table.add_row(label, *cells)
    return table


def _attribute_table(report: Report) -> Table:
    table = _new_table("Attributes", "label", "value", *report.splits)
    table.columns[1].justify = "left"
    rows = {
        (label, value): None
        for part in report.splits.values()
        for label, values in part.attributes.items()
        for value in values
    }
    for label, value in rows:
        cells = [f"{part.attributes.get(label, {}).get(value, 0):,}" for part in report.splits.values()]
        table.add_row(label, value, *cells)
    return table


def _seen_table(report: Report) -> Table:
    headings = [f"{split}\n{kind}" for split in report.seen_in_train for kind in ("surfaces", "spans")]
    table = _new_table("Of these, seen in train under the same label", "label", *headings)
    labels = next(iter(report.splits.values())).labels
    for label in labels:
        cells = []
        for overlaps in report.seen_in_train.values():
            own = overlaps[label]
            cells += [_share(own.surfaces_seen, own.surfaces), _share(own.spans_seen, own.spans)]
        table.add_row(label, *cells)
    return table


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} {part / whole:4.0%}" if whole else "-"


def _length_table(encoder: EncoderReport) -> Table:
    title = f"Longest documents (window {encoder.window}, overlap {encoder.overlap})"
    table = _new_table(title, "id", "split", "tokens", "windows")
    for document in encoder.longest:
        table.add_row(document.id, document.split, f"{document.tokens:,}", str(document.windows))
    return table

"""What a learning curve came to: runs, scores by size, and what more documents would bring; as table and JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from conflict_ner.intervals import ALL_LABELS
from train.curve.law import Gain, gain

if TYPE_CHECKING:
    from rich.table import Table

    from train.score import Scores

CURVE_FILE = "curve.json"
PLOT_FILE = "curve.svg"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Point(_Part):
    """One run.

    Attributes:
        size: documents asked for.
        seed: of the order of documents, and of the training.
        documents, spans: trained on.
        seconds: it took; None for one that was there already.
        f1: split -> label, or "all labels" -> strict F1.
    """

    size: int
    seed: int
    documents: int
    spans: int
    seconds: float | None = None
    f1: dict[str, dict[str, float]]


class Row(_Part):
    """All runs of one size; means and standard deviations (None for one run alone) over them.

    Attributes:
        f1: split -> label, or "all labels" -> (mean, standard deviation).
    """

    size: int
    runs: int
    documents: float
    spans: float
    f1: dict[str, dict[str, tuple[float, float | None]]]


class CurveResult(_Part):
    """A learning curve.

    Attributes:
        name: of the curve.
        corpus: whose train split was divided.
        scored: split -> documents scored on.
        labels: split -> "all labels", then those that its gold has.
        points: the runs.
        rows: by size, the smallest first.
        gains: split -> label -> what more documents would bring.
    """

    name: str
    corpus: str
    scored: dict[str, int]
    labels: dict[str, tuple[str, ...]]
    points: tuple[Point, ...]
    rows: tuple[Row, ...]
    gains: dict[str, dict[str, Gain]]

    @classmethod
    def of(cls, name: str, corpus: Path, points: Sequence[Point], scored: Mapping[str, int], more: int) -> CurveResult:
        """Sum runs up.

        Args:
            name: of the curve.
            corpus: whose train split was divided.
            points: the runs, all scored on the same documents.
            scored: split -> documents scored on.
            more: documents more, whose gain is told.
        """
        labels = {split: tuple(own) for split, own in points[0].f1.items()}
        rows = tuple(_row([point for point in points if point.size == size]) for size in _sizes(points))
        # Parts of one size differ by a document or two, where groups are not parted: they stand at their mean.
        places = {row.size: row.documents for row in rows}
        largest = max(point.documents for point in points)
        return cls(
            name=name,
            corpus=corpus.as_posix(),
            scored=dict(scored),
            labels=labels,
            points=tuple(points),
            rows=rows,
            gains={
                split: {
                    label: gain([(places[point.size], point.f1[split][label]) for point in points], largest, more)
                    for label in own
                }
                for split, own in labels.items()
            },
        )

    @property
    def more(self) -> int:
        """Documents more, whose gain is told."""
        return next(one.more for own in self.gains.values() for one in own.values())


def strict_f1(scores: Scores) -> dict[str, float]:
    """Return the strict F1 of all labels together and of each that gold has."""
    own = {label: rules["strict"] for label, rules in scores.labels.items()}
    return {ALL_LABELS: scores.strict_f1} | {label: one.f1.value for label, one in own.items() if one.gold}


def table(result: CurveResult, split: str) -> Table:
    """Return the scores on a split as a table: a line a size, and in the last what more documents would bring."""
    from rich.table import Table

    labels = result.labels[split]
    made = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("documents", "spans", "runs", *(label.replace("_", " ") for label in labels)):
        made.add_column(head, justify="right", min_width=max(len(word) for word in head.split()))
    for row in result.rows:
        values = [_shown(*row.f1[split][label]) for label in labels]
        made.add_row(f"{row.documents:,.0f}", f"{row.spans:,.0f}", str(row.runs), *values)
    gains = [_gained(result.gains[split][label]) for label in labels]
    made.add_row(f"+{result.more:,}", "", "", *gains, style="bold")
    return made


def _sizes(points: Sequence[Point]) -> list[int]:
    return sorted({point.size for point in points})


def _row(points: Sequence[Point]) -> Row:
    def summed(split: str, label: str) -> tuple[float, float | None]:
        values = [point.f1[split][label] for point in points]
        return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None

    first = points[0]
    return Row(
        size=first.size,
        runs=len(points),
        documents=statistics.mean(point.documents for point in points),
        spans=statistics.mean(point.spans for point in points),
        f1={split: {label: summed(split, label) for label in labels} for split, labels in first.f1.items()},
    )


def _shown(mean: float, spread: float | None) -> str:
    return f"{mean:.3f}" + (f" ±{spread:.3f}".replace("0.", ".") if spread is not None else "")


def _gained(found: Gain) -> str:
    """Return a gain in few characters, `?` where it cannot be told."""
    if found.gain is None or found.low is None or found.high is None or found.doubt:
        return "?"
    return f"{found.gain:+.3f} [{found.low:.3f}, {found.high:.3f}]"

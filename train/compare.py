"""Is one run better than another, or lucky? `python -m train compare runs/mini runs/other`.

Both read the same documents. The interval of the difference comes from resampling the documents, for both runs at
once (paired bootstrap; Efron and Tibshirani 1993, Berg-Kirkpatrick et al. 2012). The p-value is that of approximate
randomisation: how often a difference as large comes out when each document's two readings are swapped by a coin
(Noreen 1989, Yeh 2000).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Document, read_documents
from conflict_ner.errors import DataError, did_you_mean
from conflict_ner.intervals import ALL_LABELS, measures, percentiles, resample
from conflict_ner.matching import Counts, micro, strict
from train.score import pair_documents

if TYPE_CHECKING:
    from rich.table import Table

ROUNDS = 10_000
FEW = 20  # documents; below, a resample is made of too few to be trusted
_LEVEL = 0.05
_F1 = 2  # place among the measures


class Difference(BaseModel):
    """How the strict F1 of a run differs from another's, for one label or all.

    Attributes:
        label: a label's name, or "all labels".
        gold: gold spans.
        before: F1 of the first run.
        after: F1 of the other run.
        low, high: 95 % interval of the difference; None where it cannot be told.
        p: of approximate randomisation, two-sided; None where no swap changes anything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    gold: int
    before: float
    after: float
    low: float | None
    high: float | None
    p: float | None

    @property
    def points(self) -> float:
        """The difference in points of F1."""
        return 100 * (self.after - self.before)


class Comparison(BaseModel):
    """One run against another on the same documents."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: str
    other: str
    documents: int
    rounds: int
    seed: int
    differences: tuple[Difference, ...]

    @property
    def sentence(self) -> str:
        """What came out, in a plain sentence."""
        whole = self.differences[-1]
        size = f"{abs(whole.points):.1f} points"
        interval = (
            f" [{100 * whole.low:.1f}, {100 * whole.high:.1f}]"
            if whole.low is not None and whole.high is not None
            else ""
        )
        chance = f"p = {whole.p:.2g}" if whole.p is not None else "no p-value: both read every document alike"
        if whole.p is None or whole.p >= _LEVEL:
            way = "above" if whole.points > 0 else "below" if whole.points < 0 else "from"
            return (
                f"No difference can be told: {self.other} is {size} {way} {self.first}{interval}, {chance}, "
                f"on {self.documents} document(s)."
            )
        way = "better" if whole.points > 0 else "worse"
        return (
            f"{self.other} is {way} than {self.first} by {size}{interval}, {chance}, on {self.documents} document(s)."
        )


@dataclass(frozen=True)
class Reading:
    """The documents as one run read them, and the name that it goes by."""

    name: str
    documents: list[Document]


def compare(
    gold: Sequence[Document],
    first: Reading,
    other: Reading,
    labels: Sequence[str] = (),
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Comparison:
    """Compare two readings of the same documents by strict F1.

    Args:
        gold: the right spans.
        first: the run that is compared with.
        other: the run whose gain or loss is told.
        labels: to report even where no span carries them.
        rounds: of resampling, and of swapping.
        seed: of both.

    Raises:
        DataError: the readings are not of the gold documents; see `train.score.pair_documents`.
    """
    counted = [
        [strict(one.spans, read.spans) for one, read in pair_documents(gold, reading.documents)]
        for reading in (first, other)
    ]
    names = [*dict.fromkeys(labels), *sorted({label for side in counted for one in side for label in one})]
    rows = [*dict.fromkeys(names), ALL_LABELS]
    before, after = (
        np.array([[_cells(one, row) for row in rows] for one in side], dtype=np.float64) for side in counted
    )
    observed = _f1(after.sum(axis=0).T) - _f1(before.sum(axis=0).T)
    drawn = _resampled(before, after, rounds, seed)
    chances = _swapped(before, after, observed, rounds, seed)
    differences = []
    for number, row in enumerate(rows):
        interval = percentiles(drawn[number]) if drawn is not None else None
        differences.append(
            Difference(
                label=row,
                gold=int(before[:, number, 0].sum()),
                before=float(np.nan_to_num(_f1(before.sum(axis=0).T)[number])),
                after=float(np.nan_to_num(_f1(after.sum(axis=0).T)[number])),
                low=interval[0] if interval else None,
                high=interval[1] if interval else None,
                p=chances[number],
            )
        )
    return Comparison(
        first=first.name,
        other=other.name,
        documents=len(gold),
        rounds=rounds,
        seed=seed,
        differences=tuple(differences),
    )


def _cells(counts: Mapping[str, Counts], row: str) -> tuple[float, float, float, float]:
    own = micro(counts) if row == ALL_LABELS else counts.get(row, Counts())
    return own.gold, own.predicted, own.found, own.right


def _f1(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return F1 of summed counts, shape (4, ...) -> (...); NaN where there is nothing to find or found."""
    result: NDArray[np.float64] = measures(*sums)[_F1]
    return result


def _resampled(
    before: NDArray[np.float64], after: NDArray[np.float64], rounds: int, seed: int
) -> NDArray[np.float64] | None:
    """Return the difference in resamples of the documents, shape (rows, rounds); None for fewer than two documents."""
    if len(before) < 2:
        return None
    both = np.stack([before, after], axis=1)  # (documents, runs, rows, 4)
    table = np.moveaxis(both, 3, 1)  # (documents, 4, runs, rows)

    def difference(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        values = _f1(sums)
        return np.asarray(np.nan_to_num(values[1]) - np.nan_to_num(values[0]))

    return resample(table, difference, rounds, seed)


def _swapped(
    before: NDArray[np.float64], after: NDArray[np.float64], observed: NDArray[np.float64], rounds: int, seed: int
) -> list[float | None]:
    """Return the p-value of each row: how often swapped readings differ as much; the given ones count as a round."""
    generator = np.random.default_rng(seed)
    change = after - before  # (documents, rows, 4)
    base_before, base_after = before.sum(axis=0), after.sum(axis=0)
    reached = np.zeros(before.shape[1])
    whole = np.abs(np.nan_to_num(observed))
    for begin in range(0, rounds, _CHUNK):
        coins = generator.integers(0, 2, size=(min(_CHUNK, rounds - begin), len(before)))
        moved = np.tensordot(coins, change, axes=(1, 0))  # (rounds, rows, 4)
        one = np.nan_to_num(_f1(np.moveaxis(base_before + moved, 2, 0)))
        two = np.nan_to_num(_f1(np.moveaxis(base_after - moved, 2, 0)))
        reached += (np.abs(two - one) >= whole - 1e-12).sum(axis=0)
    unlike = np.abs(change).sum(axis=(0, 2)) > 0
    return [
        float((1 + count) / (1 + rounds)) if differs else None for count, differs in zip(reached, unlike, strict=True)
    ]


_CHUNK = 1000


def render(comparison: Comparison) -> Table:
    """Return the comparison as a table for the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column("label", no_wrap=True)
    for name in ("gold", comparison.first, comparison.other, "points", "95 % interval", "p"):
        table.add_column(name, justify="right")
    for number, row in enumerate(comparison.differences):
        if number == len(comparison.differences) - 1:
            table.add_section()
        low, high = row.low, row.high
        table.add_row(
            row.label,
            str(row.gold),
            f"{row.before:.3f}",
            f"{row.after:.3f}",
            f"{row.points:+.1f}",
            f"{100 * low:+.1f} to {100 * high:+.1f}" if low is not None and high is not None else "-",
            f"{row.p:.2g}" if row.p is not None else "-",
        )
    return table


def compare_and_tell(
    runs: Sequence[Path],
    gold: Path | None = None,
    split: str = "test",
    rounds: int = ROUNDS,
    seed: int = 0,
    json: Path | None = None,
) -> None:
    """Compare each run with the first, and print a table and a sentence for each.

    Args:
        runs: folders of runs, or `documents.jsonl` files with predicted spans.
        gold: a `documents.jsonl` or a corpus folder; by default the corpus of the first run.
        split: whose predictions are compared.
        rounds: of resampling, and of swapping.
        seed: of both.
        json: also write the comparisons here; `-` for standard output alone.

    Raises:
        DataError: fewer than two runs, runs without predictions, or of other documents.
    """
    from conflict_ner.console import out
    from train.gold import gold_of
    from train.output import STANDARD_OUTPUT, write_json

    if len(runs) < 2:
        raise DataError("One run alone cannot be compared; name two or more, the one to compare with first.")
    readings = [_reading(path, split) for path in runs]
    right, labels = gold_of(runs[0], split, gold)
    first, *others = _with_names_apart(readings)
    results = [compare(right, first, other, labels, rounds, seed) for other in others]
    if json is not None:
        write_json(Comparisons(comparisons=tuple(results)), json)
    if json == STANDARD_OUTPUT:
        return
    for result in results:
        out.print(render(result))
        out.print(result.sentence, markup=False, soft_wrap=True)
    if len(right) < FEW:
        out.print(
            f"{len(right)} document(s) are few: intervals and p-values that rest on so few say little.", style="yellow"
        )


class Comparisons(BaseModel):
    """What `--json` writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    comparisons: tuple[Comparison, ...]


def _reading(path: Path, split: str) -> Reading:
    from train.run import PREDICTIONS, Run

    if path.is_file():
        return Reading(path.stem, read_documents(path))
    file = Run(path).predictions(split)
    if not file.is_file():
        there = [found.stem for found in sorted((path / PREDICTIONS).glob("*.jsonl"))]
        hint = did_you_mean(split, there) if there else "; a finished run keeps them, so train it first"
        raise DataError(f"{path} holds no predictions of the {split} split{hint}")
    return Reading(path.resolve().name, read_documents(file))


def _with_names_apart(readings: Sequence[Reading]) -> list[Reading]:
    """Give readings of one name numbers, so that the tables can be read."""
    names = [reading.name for reading in readings]
    return [
        reading if names.count(reading.name) == 1 else Reading(f"{reading.name} ({number})", reading.documents)
        for number, reading in enumerate(readings, start=1)
    ]

"""How good each labelling function is against gold: what it proposes, what it finds, how often it is right.

python -m annotate prelabel --weak --report seeds/gold.jsonl
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from annotate.prelabel.weak.functions import FUNCTIONS
from annotate.prelabel.weak.text import flat
from annotate.prelabel.weak.vote import PRECISIONS, combine, precisions, proposals
from annotate.settings import ROOT
from conflict_ner.documents import Document, Span, read_documents
from conflict_ner.errors import DataError
from conflict_ner.files import replacing_file
from conflict_ner.markup import read_marked
from conflict_ner.matching import ByLabel, Counts, merged, micro, overlap_type, strict
from conflict_ner.schema import LabelSchema

TOGETHER = "together"


@dataclass(frozen=True)
class Row:
    """One line of the report.

    Attributes:
        name: a function's name, or TOGETHER for the vote of all.
        label: the label it is of; None for all labels.
        strict: counts under the strict rule.
        overlap: counts where an overlap with the right label is enough.
        winning: of a function's proposals that win the vote, the share that is strictly right.
        typed: of the strict matches whose gold span has attributes, the share with the same ones; None without any.
    """

    name: str
    label: str | None
    strict: Counts
    overlap: Counts
    winning: float | None = None
    typed: float | None = None


@dataclass(frozen=True)
class Measured:
    """A whole report: its rows, over how many documents and words, and the processor's seconds for a word."""

    rows: tuple[Row, ...]
    documents: int
    words: int
    seconds: float

    def row(self, name: str, label: str | None = None) -> Row:
        """Return the row of a function, or of all together for a label."""
        return next(row for row in self.rows if row.name == name and (name != TOGETHER or row.label == label))


def read_gold(path: Path, schema: LabelSchema) -> list[Document]:
    """Read gold documents: a `documents.jsonl`, or a folder of `*.marked`.

    Raises:
        DataError: there is none of either, or one is bad.
    """
    if not path.is_dir():
        documents = read_documents(path, schema)
    else:
        files = sorted(path.glob("*.marked"))
        if not files:
            raise DataError(f"{path} holds no *.marked; name a folder of marked reports, or a documents.jsonl.")
        documents = [read_marked(file, schema) for file in files]
    if not documents:
        raise DataError(f"{path} holds no document, so there is nothing to measure against.")
    return documents


def measure(documents: Sequence[Document], step: Callable[[int], None] = lambda count: None) -> Measured:
    """Run all functions over gold documents and count.

    Args:
        documents: with their gold spans.
        step: told after each document.
    """
    parts: dict[str, tuple[list[ByLabel], list[ByLabel]]] = {}
    typed: list[bool] = []
    won: dict[str, list[bool]] = {function.name: [] for function in FUNCTIONS}
    proposals("Warm: the tables are read on first use.")
    seconds = 0.0
    for document in documents:
        started = time.process_time()
        found = proposals(document.text)
        together = combine(found, precisions())
        seconds += time.process_time() - started
        for function in FUNCTIONS:
            own = list(flat(proposal.span for proposal in found if proposal.function == function.name))
            gold = [span for span in document.spans if span.label == function.label]
            _count(parts.setdefault(function.name, ([], [])), gold, own)
        _count(parts.setdefault(TOGETHER, ([], [])), document.spans, together)
        predicted = {span.key: span for span in together}
        right = {span.key for span in document.spans}
        for name, key in {(proposal.function, proposal.span.key) for proposal in found}:
            if key in predicted:
                won[name].append(key in right)
        typed += [
            predicted[span.key].attributes == span.attributes
            for span in document.spans
            if span.attributes and span.key in predicted
        ]
        step(1)
    rows = [_row(function.name, function.label, *parts[function.name], won[function.name]) for function in FUNCTIONS]
    exact, overlap = merged(parts[TOGETHER][0]), merged(parts[TOGETHER][1])
    share = sum(typed) / len(typed) if typed else None
    attributed = {span.label for document in documents for span in document.spans if span.attributes}
    rows += [
        Row(TOGETHER, label, exact[label], overlap[label], typed=share if label in attributed else None)
        for label in sorted(exact)
    ]
    rows.append(Row(TOGETHER, None, micro(exact), micro(overlap)))
    words = sum(len(document.text.split()) for document in documents)
    return Measured(tuple(rows), len(documents), words, 1000 * seconds / max(1, words))


def _count(into: tuple[list[ByLabel], list[ByLabel]], gold: Sequence[Span], predicted: Sequence[Span]) -> None:
    into[0].append(strict(gold, predicted))
    into[1].append(overlap_type(gold, predicted))


def _row(name: str, label: str, exact: Sequence[ByLabel], overlap: Sequence[ByLabel], won: Sequence[bool]) -> Row:
    counts = merged(exact).get(label, Counts()), merged(overlap).get(label, Counts())
    return Row(name, label, *counts, winning=sum(won) / len(won) if won else None)


def show(console: Console, measured: Measured) -> None:
    """Print a report as a table."""
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column("function", no_wrap=True, min_width=max(len(function.name) for function in FUNCTIONS) + 1)
    for title in (
        "spans",
        "cover\nstrict",
        "cover\noverlap",
        "right\nstrict",
        "right\noverlap",
        "right,\nwinning",
        "F1",
    ):
        table.add_column(title, justify="right", no_wrap=True)
    label: str | None = ""
    for row in measured.rows:
        if row.name != TOGETHER and row.label != label:
            table.add_section()
            table.add_row(row.label, style="bold")
            label = row.label
        if row.name == TOGETHER and label != TOGETHER:
            table.add_section()
            table.add_row("together, by the vote", style="bold")
            label = TOGETHER
        name = row.name if row.name != TOGETHER else row.label or "all labels"
        table.add_row(
            f" {name}",
            str(row.strict.predicted),
            *(f"{value:.3f}" for value in (row.strict.recall, row.overlap.recall)),
            *(f"{value:.3f}" for value in (row.strict.precision, row.overlap.precision)),
            f"{row.winning:.3f}" if row.winning is not None else "",
            f"{row.strict.f1:.3f}" if row.name == TOGETHER else "",
        )
    console.print(table)
    for row in measured.rows:
        if row.typed is not None:
            console.print(
                f"{row.label}: {row.typed:.3f} of the strict matches have the right attributes.", markup=False
            )
    console.print(
        f"{measured.documents} document(s), {measured.words} words, {1000 * measured.seconds:.1f} ms for 1,000 words. "
        "Cover: the share of the label's gold spans that the function finds. Right: its precision, strictly, by an "
        "overlap with the same label, and strictly of those that win the vote (the score of a prediction).",
        markup=False,
    )


def keep_precisions(measured: Measured, gold: Path) -> Path:
    """Write each function's precision where it wins to the table that the vote reads; return its path."""
    name = gold.resolve()
    shown = name.relative_to(ROOT).as_posix() if name.is_relative_to(ROOT) else name.name
    values = {row.name: round(row.winning, 3) for row in measured.rows if row.winning is not None}
    header = (
        "# Strict precision of each labelling function where it wins the vote: the scores of its predictions.\n"
        f"# Measured: python -m annotate prelabel --weak --report {shown} --keep\n"
    )
    with replacing_file(PRECISIONS) as temporary:
        temporary.write_text(header + yaml.safe_dump({"precision": values}, sort_keys=False), encoding="utf-8")
    precisions.cache_clear()
    return PRECISIONS

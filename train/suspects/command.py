"""Rank likely annotation errors of a corpus: `python -m train label-errors runs/kfold`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Document, read_documents
from conflict_ner.errors import DataError
from conflict_ner.label_errors import LabelError, QuotedSpan, write_label_errors

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

FILE = "label-errors.jsonl"
_LIKELY = 0.5
_CONTEXT = 32  # characters on either side of the words


class LabelErrors(BaseModel):
    """What was found in a run; `model_dump_json` is the file that `--json` writes.

    Attributes:
        run: the run's folder.
        documents: how many were looked at.
        spans: annotations in them.
        errors: the suspicions, the strongest first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str
    documents: int
    spans: int
    errors: tuple[LabelError, ...]


def label_errors(run: Path) -> tuple[LabelErrors, Mapping[str, Document]]:
    """Rank the annotations of a corpus by what the models of a k-fold run, which did not learn from them, read.

    Args:
        run: the folder of a finished k-fold run.

    Returns:
        The suspicions, and the annotated documents by id.

    Raises:
        DataError: it is no k-fold run, it is not finished, or its corpus has changed since.
    """
    from conflict_ner.spans import BioTags
    from train.corpus import read_corpus
    from train.emissions import read_emissions
    from train.gold import corpus_of, gold_of
    from train.kfold import EMISSIONS_FILE, OUT_OF_FOLD
    from train.run import Run
    from train.score import pair_documents
    from train.suspects.find import find_suspects
    from train.suspects.reasons import label_error

    predictions = Run(run).predictions(OUT_OF_FOLD)
    if not predictions.is_file():
        raise DataError(
            f"{str(run)!r} holds no out-of-fold readings; make them with "
            "`python -m train kfold configs/train/kfold.yaml`, and name its run, such as runs/kfold."
        )
    gold, _ = gold_of(run, OUT_OF_FOLD)
    emissions = read_emissions(run / EMISSIONS_FILE)
    try:
        pairs = pair_documents(gold, read_documents(predictions))
    except DataError as error:
        raise DataError(
            f"The corpus {str(corpus_of(run))!r} has changed since {run} read it; repeat the same "
            "`python -m train kfold` on it as it is now. Annotations alone may be corrected without that:",
            error.problems,
        ) from error
    if not emissions or {one.document for one in emissions} != {document.id for document in gold}:
        raise DataError(f"{run / EMISSIONS_FILE} and {predictions} are not of one run; repeat `python -m train kfold`.")
    tags = BioTags(emissions[0].tags)
    unknown = sorted({span.label for document in gold for span in document.spans} - set(tags.labels))
    if unknown:
        raise DataError(
            f"The corpus {str(corpus_of(run))!r} has annotations of {', '.join(unknown)}, which the models of {run} do "
            "not know; repeat the same `python -m train kfold` on the corpus as it is now."
        )
    corpus = [document for documents in read_corpus(corpus_of(run)).values() for document in documents]
    found = find_suspects(pairs, emissions, tags, corpus)
    result = LabelErrors(
        run=str(run),
        documents=len(gold),
        spans=sum(len(document.spans) for document in gold),
        errors=tuple(label_error(suspect) for suspect in found),
    )
    return result, {document.id: document for document in gold}


def label_errors_and_tell(run: Path, output: Path | None, top: int, json: Path | None) -> None:
    """Write the suspicions as annotators get them, and print the strongest.

    Args:
        run: the folder of a finished k-fold run.
        output: the file; by default `label-errors.jsonl` in that folder.
        top: how many are printed.
        json: all of them as one JSON value; `-` for standard output alone.

    Raises:
        DataError: as `label_errors`.
    """
    from conflict_ner.console import err, out
    from train.output import STANDARD_OUTPUT, write_json

    with err.status("Comparing annotations and readings"):
        result, documents = label_errors(run)
    path = output if output is not None else run / FILE
    write_label_errors(path, result.errors)
    if json is not None:
        write_json(result, json)
    if json == STANDARD_OUTPUT:
        return
    if result.errors[:top]:
        out.print(render(result.errors[:top], documents))
    read = f"in {result.documents:,} documents with {result.spans:,} annotations"
    if result.errors:
        likely = sum((one.score or 0) >= _LIKELY for one in result.errors)
        out.print(
            f"{len(result.errors):,} places {read} are read otherwise than annotated, {likely:,} of them with a score "
            f"of {_LIKELY} or more.",
            soft_wrap=True,
        )
    else:
        out.print(f"No place {read} is read otherwise than annotated.", soft_wrap=True)
    out.print(f"Written to {path}", markup=False, soft_wrap=True)


def render(errors: Sequence[LabelError], documents: Mapping[str, Document]) -> Table:
    """Return suspicions as a table for the terminal: each in its text, with what is marked and what seems right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("score", justify="right")
    for name in ("document", "in its text", "marked", "suggestion"):
        table.add_column(name, overflow="fold")
    for error in errors:
        table.add_row(
            f"{error.score or 0:.2f}",
            error.document,
            _excerpt(error, documents[error.document].text),
            error.span.label if error.span else "nothing",
            _suggestion(error.span, error.suggestion),
        )
    return table


def _excerpt(error: LabelError, text: str) -> Text:
    """Return the doubted words between the words around them."""
    from rich.text import Text

    part = error.span or error.suggestion
    assert part is not None  # a label error has one of them
    before, after = text[max(part.start - _CONTEXT, 0) : part.start], text[part.end : part.end + _CONTEXT]
    # Whole words, where the text goes on.
    before = before.partition(" ")[2] if part.start > _CONTEXT else before
    after = after.rpartition(" ")[0] if part.end + _CONTEXT < len(text) else after
    return Text.assemble(_one_line(before), (f"[{_one_line(part.text)}]", "bold"), _one_line(after))


def _suggestion(span: QuotedSpan | None, suggestion: QuotedSpan | None) -> str:
    if suggestion is None:
        return "mark nothing"
    parts = [f'"{_one_line(suggestion.text)}"'] if span is not None and span.text != suggestion.text else []
    parts += [suggestion.label] if span is None or span.label != suggestion.label else []
    return " ".join(parts) or f'the other "{_one_line(suggestion.text)}"'


def _one_line(text: str) -> str:
    """Return a text without line breaks and without signs that would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in text)

"""Documents <-> rows of a `datasets` dataset, one Parquet file a split; the one file that imports `datasets`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import (
    ClassLabel,
    Dataset,
    DatasetDict,
    Features,
    List,
    Value,
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)
from pyarrow import ArrowException
from pyarrow.parquet import read_table
from pydantic import ValidationError

from conflict_ner.documents import Document
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema

_META_TEXTS = ("title", "source", "url", "language", "group", "style", "region")


def features(schema: LabelSchema) -> Features:
    """Return the columns of a corpus, with `ClassLabel` for the labels of spans."""
    text = Value("string")
    span: dict[str, Any] = {
        "start": Value("int64"),
        "end": Value("int64"),
        "label": ClassLabel(names=list(schema.label_names)),
        "score": Value("float64"),
        "origin": text,
    }
    attributes = {attribute.name: text for label in schema.labels for attribute in label.attributes}
    if attributes:  # Parquet has no empty record
        span["attributes"] = attributes
    provenance = {
        "annotators": List(text),
        "adjudicated": Value("bool"),
        "readers": List(text),
        "project": text,
        "task": Value("int64"),
        "annotation": Value("int64"),
        "lead_time": Value("float64"),
        "updated_at": text,  # ISO 8601: keeps a time without a zone as it is
        "text_sha256": text,
    }
    return Features(
        {
            "id": text,
            "text": text,
            "spans": List(span),
            **dict.fromkeys(_META_TEXTS, text),
            "published": Value("date32"),
            "inferred": List(text),
            "provenance": provenance,
        }
    )


def to_dataset(splits: Mapping[str, Sequence[Document]], schema: LabelSchema) -> DatasetDict:
    """Return documents as a `DatasetDict`, one row a document."""
    columns = features(schema)
    return DatasetDict(
        {
            split: Dataset.from_list([_to_row(document, schema) for document in documents], features=columns)
            for split, documents in splits.items()
        }
    )


def _to_row(document: Document, schema: LabelSchema) -> dict[str, Any]:
    meta, provenance = document.meta, document.provenance
    names = [attribute.name for label in schema.labels for attribute in label.attributes]
    spans = []
    for span in document.spans:
        row = {"start": span.start, "end": span.end, "label": span.label, "score": span.score, "origin": span.origin}
        if names:
            row["attributes"] = {name: span.attributes.get(name) for name in names}
        spans.append(row)
    return {
        "id": document.id,
        "text": document.text,
        "spans": spans,
        **{name: getattr(meta, name) for name in _META_TEXTS},
        "published": meta.published,
        "inferred": list(meta.inferred),
        "provenance": {
            **provenance.model_dump(exclude={"updated_at"}),
            "updated_at": None if provenance.updated_at is None else provenance.updated_at.isoformat(),
        },
    }


def _to_document(row: Mapping[str, Any], schema: LabelSchema) -> Document:
    spans = [
        {
            **span,
            "label": _label_name(span["label"], schema),
            "attributes": {name: value for name, value in (span.get("attributes") or {}).items() if value is not None},
        }
        for span in row["spans"]
    ]
    meta = {name: row[name] for name in (*_META_TEXTS, "published", "inferred")}
    return Document.model_validate(
        {"id": row["id"], "text": row["text"], "meta": meta, "provenance": row["provenance"], "spans": spans}
    )


def _label_name(number: int, schema: LabelSchema) -> str:
    names = schema.label_names
    if not 0 <= number < len(names):
        raise LookupError(f"a span has label number {number}, and the schema numbers 0 to {len(names) - 1}: {names}")
    return names[number]


def write_split(dataset: Dataset, path: Path) -> None:
    """Write one split without the bar that `datasets` would draw."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        dataset.to_parquet(str(path))
    finally:
        if shown:
            enable_progress_bars()


def read_split(path: Path, schema: LabelSchema) -> list[Document]:
    """Read one split back as the documents that were written.

    Raises:
        DataError: the file is missing or damaged, or its rows are no documents of the schema.
    """
    try:
        return [_to_document(row, schema) for row in Dataset(read_table(path))]
    except (OSError, ArrowException) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    except (ValidationError, LookupError, TypeError) as error:
        raise DataError(f"{path} does not hold documents of this corpus: {error}") from error

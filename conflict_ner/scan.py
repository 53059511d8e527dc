"""Look over a documents.jsonl: which document stands on which line, every one checked, and none of the texts kept.

A record whose every rule holds is told so by pydantic's own JSON reader and one loop, at a third of what it takes to
build the document. Whatever is not plainly good is left to `conflict_ner.documents`, which has the last word.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, NotRequired, Required

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from conflict_ner.documents import Document, Meta, Provenance, Span, document_from_line, locate_documents
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from conflict_ner.text import is_normalised, text_sha256

LARGE = 32_000_000  # bytes from which several processes pay
PROCESSES = 4  # at most


@dataclass(frozen=True, slots=True)
class Seen:
    """A document of which only this is kept.

    Attributes:
        place: where its line begins, in bytes.
        id: its id.
        sha256: its text's hash.
        spans: the digest of its spans.
        annotators: whose reading it is.
        adjudicated: whether it was settled as the one that counts.
    """

    place: int
    id: str
    sha256: str
    spans: str
    annotators: tuple[str, ...] = ()
    adjudicated: bool = False


def seen(place: int, document: Document) -> Seen:
    """Return what is kept of a document."""
    source = document.provenance
    return Seen(place, document.id, document.sha256, spans_digest(document), source.annotators, source.adjudicated)


def spans_digest(document: Document) -> str:
    """Return a digest of a document's spans as a file holds them: place, label, attributes, score to four digits."""
    return _digest((span.start, span.end, span.label, span.attributes, span.score) for span in document.spans)


def scan_documents(path: Path, schema: LabelSchema) -> list[Seen]:
    """Check every record of a documents.jsonl and return what is kept of each, in the file's order.

    Args:
        path: the file; blank lines are skipped.
        schema: labels and attribute values must be its own.

    Raises:
        DataError: the file is missing, or records are bad; as `conflict_ner.documents` tells them.
    """
    found = _scan(path, schema) if path.is_file() else None
    if found is not None and len({(item.id, item.annotators, item.adjudicated) for item in found}) == len(found):
        return found
    return [seen(place, document) for place, document in locate_documents(path, schema)]


def _scan(path: Path, schema: LabelSchema) -> list[Seen] | None:
    """Scan a file, a large one by several processes at once; None where a record is bad."""
    size = path.stat().st_size
    count = min(PROCESSES, os.cpu_count() or 1) if size >= LARGE and "fork" in get_all_start_methods() else 1
    ends = [size * part // count for part in range(count + 1)]
    if count == 1:
        return _scan_part(path, schema, *ends)
    with ProcessPoolExecutor(count - 1, mp_context=get_context("fork")) as pool:
        others = [pool.submit(_scan_part, path, schema, begin, end) for begin, end in pairwise(ends[1:])]
        parts = [_scan_part(path, schema, *ends[:2]), *(other.result() for other in others)]
    return None if None in parts else [item for part in parts for item in part or ()]


def _scan_part(path: Path, schema: LabelSchema, begin: int, end: int) -> list[Seen] | None:
    """Scan the lines that begin within some bytes of a file; None where a record is bad."""
    allowed = {
        label.name: {attribute.name: set(attribute.value_names) for attribute in label.attributes}
        for label in schema.labels
    }
    found: list[Seen] = []
    with path.open("rb") as file:
        if begin:
            # The line that reaches over the border belongs to the part before.
            file.seek(begin - 1)
            begin += len(file.readline()) - 1
        for line in file:
            if begin >= end:
                break
            if line.strip():
                try:
                    found.append(_plain(begin, line, allowed) or seen(begin, document_from_line(line, schema)))
                except (ValueError, DataError):
                    return None
            begin += len(line)
    return found


def _typed(model: type[BaseModel], **instead: Any) -> Any:
    """Return a dictionary type with a model's fields and their rules; it is read far faster than the model.

    Args:
        model: whose fields they are.
        instead: other types for some fields, and further fields.
    """
    fields: dict[str, Any] = {name: NotRequired[kind] for name, kind in instead.items()}
    for name, info in model.model_fields.items():
        kind = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        kind = instead.get(name, kind)
        fields[name] = Required[kind] if info.is_required() else NotRequired[kind]
    typed = TypedDict(f"_{model.__name__}", fields)  # type: ignore[misc]  # its fields are the model's own
    return with_config(ConfigDict(extra="forbid"))(typed)


_RECORD: TypeAdapter[dict[str, Any]] = TypeAdapter(
    _typed(
        Document,
        spans=GenericAlias(tuple, (_typed(Span, text=str | None), ...)),
        meta=_typed(Meta),
        provenance=_typed(Provenance),
    )
)


def _plain(place: int, line: bytes, allowed: dict[str, dict[str, set[str]]]) -> Seen | None:
    """Return what is kept of a record that is plainly good; None where only a closer look can tell."""
    try:
        record = _RECORD.validate_json(line)
    except ValidationError:
        return None
    text, source, last = record["text"], record.get("provenance", {}), 0
    shown = []
    for span in record.get("spans", ()):
        start, end, surface = span["start"], span["end"], span.get("text")
        if start < last or start >= end or end > len(text):
            return None
        if surface is not None and surface != text[start:end]:
            return None
        attributes = span.get("attributes", {})
        known = allowed.get(span["label"])
        if known is None or any(value not in known.get(name, ()) for name, value in attributes.items()):
            return None
        shown.append((start, end, span["label"], attributes, span.get("score")))
        last = end
    if not is_normalised(text):
        return None
    sha256 = text_sha256(text)
    if source.get("text_sha256") not in {None, sha256}:
        return None
    return Seen(
        place, record["id"], sha256, _digest(shown), source.get("annotators", ()), source.get("adjudicated", False)
    )


def _digest(spans: Iterable[tuple[int, int, str, dict[str, str], float | None]]) -> str:
    shown = "\n".join(
        f"{start} {end} {label} {'' if score is None else format(score, '.4f')} {sorted(attributes.items()) or ''}"
        for start, end, label, attributes, score in spans
    )
    return hashlib.sha256(shown.encode()).hexdigest()[:16]

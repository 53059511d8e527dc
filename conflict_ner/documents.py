"""Document and Span: the records that annotation, training and extraction pass to each other.

Offsets are Python `str` indices, end exclusive. Spans are flat (none overlaps another) and sorted.
`documents.jsonl` holds one document a line; `read_documents` reports every bad record, not the first.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from conflict_ner.config import explain
from conflict_ner.errors import DataError, did_you_mean
from conflict_ner.files import replacing_file
from conflict_ner.schema import LabelSchema
from conflict_ner.text import is_normalised, normalise_offset, normalise_text, text_sha256


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(_Record):
    """A labelled stretch of a document's text.

    Attributes:
        start: index of the first character.
        end: index after the last character.
        label: a label name of the schema.
        attributes: attribute name to value, such as `{"casualty_type": "killed"}`.
        score: mean probability of the decoded tags over the span's words, 0 to 1; None for human work.
        origin: how an annotator came to it (Label Studio's word); None for other sources.
    """

    start: Annotated[int, Field(ge=0, strict=True)]
    end: Annotated[int, Field(ge=1, strict=True)]
    label: Annotated[str, Field(min_length=1)]
    attributes: dict[str, str] = Field(default_factory=dict)  # pydantic would copy `{}` for every span
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    origin: Literal["manual", "prediction", "prediction-changed"] | None = None

    @model_validator(mode="after")
    def _holds_a_character(self) -> Span:
        if self.start >= self.end:
            raise ValueError(
                f"start {self.start} is not before end {self.end}; offsets are Python string indices, end exclusive"
            )
        return self

    @property
    def key(self) -> tuple[int, int, str]:
        """Start, end and label: what strict scoring compares."""
        return (self.start, self.end, self.label)


class Meta(_Record):
    """What is known of an article; None where it is not known.

    `inferred` names those fields whose value was concluded from the text and not stated by the source.
    `group` joins articles on one event: no split of a corpus separates a group.
    """

    title: str | None = None
    source: str | None = None
    url: str | None = None
    published: datetime.date | None = None
    language: str | None = None
    group: str | None = None
    style: str | None = None
    region: str | None = None
    inferred: tuple[str, ...] = ()


class Provenance(_Record):
    """Where the spans come from: who annotated, where, and on which text.

    Attributes:
        annotators: names (e-mail addresses) of those whose reading this is; empty for a model's.
        adjudicated: whether this reading was settled as the one that counts.
        readers: of a settled reading, those whose readings it settles; the same as `annotators` where they all
            read alike, and nothing had to be settled.
        project: Label Studio project title.
        task: Label Studio task id.
        annotation: Label Studio annotation id.
        lead_time: seconds the annotator spent on it.
        updated_at: when the annotation last changed.
        text_sha256: hash of the text that was annotated; reading checks it.
    """

    annotators: tuple[str, ...] = ()
    adjudicated: bool = False
    readers: tuple[str, ...] = ()
    project: str | None = None
    task: int | None = None
    annotation: int | None = None
    lead_time: float | None = None
    updated_at: datetime.datetime | None = None
    text_sha256: str | None = None


class Document(_Record):
    """An article's text with its spans.

    The text must already be normalised: build from outside text with `Document.from_raw`.

    Raises:
        pydantic.ValidationError: a span lies outside the text or overlaps another, the text is not
            normalised, or the provenance's hash is not the text's.
    """

    id: Annotated[str, Field(min_length=1)]
    text: str
    spans: tuple[Span, ...] = ()
    meta: Meta = Meta()
    provenance: Provenance = Provenance()

    @model_validator(mode="before")
    @classmethod
    def _sort_spans(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("spans"), list | tuple):
            spans = data["spans"]
            if all(isinstance(span, Span) for span in spans):
                return {**data, "spans": tuple(sorted(spans, key=lambda span: span.key))}
        return data

    @model_validator(mode="after")
    def _is_consistent(self) -> Document:
        problems = [problem for _, problem in span_problems(self.text, self.spans)]
        if not is_normalised(self.text):
            problems.append("the text holds \\r, NUL or a lone surrogate; build the document with Document.from_raw")
        stated = self.provenance.text_sha256
        if not problems and stated is not None and stated != text_sha256(self.text):
            problems.append(
                f"provenance.text_sha256 {stated[:12]}... is not the text's {text_sha256(self.text)[:12]}...: "
                "the text changed after it was annotated; annotate the new text under a new id"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @classmethod
    def from_raw(
        cls,
        id: str,  # noqa: A002 - the record's own field name
        text: str,
        spans: Iterable[Span] = (),
        meta: Meta | None = None,
        provenance: Provenance | None = None,
    ) -> Document:
        """Build a document from text as it was found: the text is normalised, the offsets moved with it."""
        if "\r\n" in text:
            spans = [
                span.model_copy(
                    update={"start": normalise_offset(text, span.start), "end": normalise_offset(text, span.end)}
                )
                for span in spans
            ]
        return cls(
            id=id,
            text=normalise_text(text),
            spans=tuple(spans),
            meta=meta or Meta(),
            provenance=provenance or Provenance(),
        )

    @property
    def sha256(self) -> str:
        """SHA-256 of the text in hexadecimal."""
        return text_sha256(self.text)

    @property
    def key(self) -> tuple[str, tuple[str, ...], bool]:
        """Id, annotators, adjudicated: one reading of one document."""
        return (self.id, self.provenance.annotators, self.provenance.adjudicated)

    def surface(self, span: Span) -> str:
        """Return the characters that a span covers."""
        return self.text[span.start : span.end]

    def with_spans(self, spans: Iterable[Span]) -> Document:
        """Return this document with other spans, checked like any new document."""
        return Document(id=self.id, text=self.text, spans=tuple(spans), meta=self.meta, provenance=self.provenance)

    def to_record(self) -> dict[str, Any]:
        """Return the JSON form: empty fields left out, each span with its surface, the text's hash."""
        record = self.model_dump(mode="json", exclude_defaults=True)
        record["id"], record["text"] = self.id, self.text
        record["spans"] = [
            {**span.model_dump(exclude_defaults=True), "start": span.start, "text": self.surface(span)}
            for span in self.spans
        ]
        for span in record["spans"]:
            if "score" in span:
                span["score"] = round(span["score"], 4)
        record["provenance"] = {**record.get("provenance", {}), "text_sha256": self.sha256}
        return record


def span_problems(text: str, spans: Iterable[Span]) -> Iterator[tuple[Span, str]]:
    """Yield (span, sentence) for each span that lies beyond the text or overlaps the one before it."""
    previous: Span | None = None
    for span in sorted(spans, key=lambda span: span.key):
        if span.end > len(text):
            yield (
                span,
                f"{_name(span)} ends beyond the text, which has {len(text)} characters; correct the offsets",
            )
            continue
        if previous is not None and span.start < previous.end:
            surface = text[span.start : span.end]
            yield (
                span,
                f"{_name(span)} {surface!r} overlaps {_name(previous)}; spans are flat: keep one of them",
            )
        if previous is None or span.end > previous.end:
            previous = span


def _name(span: Span) -> str:
    return f"{span.label} [{span.start}, {span.end})"


def schema_problems(span: Span, schema: LabelSchema) -> Iterator[str]:
    """Yield what a span holds that the schema does not allow."""
    label = schema.label(span.label)
    if label is None:
        yield f"label {span.label!r} is not in the schema{did_you_mean(span.label, schema.label_names)}"
        return
    for name, value in span.attributes.items():
        attribute = label.attribute(name)
        if attribute is None:
            yield f"attribute {name!r} does not belong to {label.name}"
        elif value not in attribute.value_names:
            yield f"{name} {value!r} is not allowed{did_you_mean(value, attribute.value_names)}"


def document_from_record(record: Any, schema: LabelSchema | None = None) -> Document:
    """Build a document from one parsed line of `documents.jsonl`.

    Args:
        record: the parsed JSON value.
        schema: when given, labels and attribute values must be its own.

    Raises:
        DataError: with every problem of the record, each beginning with its field.
    """
    if not isinstance(record, dict):
        raise DataError(f"a record is a JSON object, but this is {type(record).__name__}: {record!r}"[:200])
    # Most records are good, and checked whole in a third of the time; only a bad one is looked at part by part.
    good = _good_document(record, schema)
    if good is not None:
        return good
    fields = dict(record)
    raw = fields.get("text")
    problems: list[str] = []
    spans: list[Span] = []
    given = fields.pop("spans", ())
    if not isinstance(given, list | tuple):
        problems.append(f"spans: a list is needed (seen: {given!r})")
        given = ()
    for number, item in enumerate(given):
        where = f"spans[{number}]"
        surface = item.get("text") if isinstance(item, dict) else None
        try:
            span = Span.model_validate(
                {name: value for name, value in item.items() if name != "text"} if isinstance(item, dict) else item
            )
        except ValidationError as error:
            problems += [f"{where}.{problem}" for problem in explain(error, Span)]
            continue
        spans.append(span)
        if isinstance(raw, str) and surface is not None and raw[span.start : span.end] != surface:
            problems.append(
                f"{where}.text: {surface!r} does not stand at [{span.start}, {span.end}), "
                f"where the text has {raw[span.start : span.end]!r}; correct the offsets or the surface"
            )
        if schema is not None:
            problems += [f"{where}: {problem}" for problem in schema_problems(span, schema)]
    # The hash is of the normalised text, so it is checked after normalising.
    if isinstance(raw, str):
        spans = [
            span.model_copy(update={"start": normalise_offset(raw, span.start), "end": normalise_offset(raw, span.end)})
            for span in spans
        ]
        fields["text"] = normalise_text(raw)
        order = {id(span): number for number, span in enumerate(spans)}
        found = list(span_problems(fields["text"], spans))
        problems += [f"spans[{order[id(span)]}]: {problem}" for span, problem in found]
    try:
        document = Document.model_validate(fields)
    except ValidationError as error:
        problems += explain(error, Document)
    if problems:
        raise DataError("the record breaks the rules", problems)
    return document.with_spans(spans)


def document_from_line(line: bytes, schema: LabelSchema | None = None) -> Document:
    """Build a document from a line of `documents.jsonl`.

    Raises:
        UnicodeDecodeError: the line is not UTF-8.
        json.JSONDecodeError: it is no JSON.
        DataError: as `document_from_record`.
    """
    return document_from_record(json.loads(line.decode("utf-8-sig")), schema)


def _good_document(record: Mapping[str, Any], schema: LabelSchema | None) -> Document | None:
    """Return the document of a record that breaks no rule and needs no change, else None."""
    spans, raw = record.get("spans", []), record.get("text")
    if not isinstance(raw, str) or not isinstance(spans, list) or not all(isinstance(item, dict) for item in spans):
        return None
    bare = [{name: value for name, value in item.items() if name != "text"} for item in spans]
    try:
        document = Document.model_validate({**record, "spans": bare})
    except ValidationError:
        return None
    for item in spans:
        surface = item.get("text")
        if surface is not None and surface != raw[item["start"] : item["end"]]:
            return None
    if schema is not None and any(any(schema_problems(span, schema)) for span in document.spans):
        return None
    return document.with_spans(document.spans) if _is_unsorted(document.spans) else document


def _is_unsorted(spans: tuple[Span, ...]) -> bool:
    return any(later.key < earlier.key for earlier, later in pairwise(spans))


def read_documents(path: Path, schema: LabelSchema | None = None) -> list[Document]:
    """Read a whole `documents.jsonl`; arguments and errors are those of `iter_documents`."""
    return list(iter_documents(path, schema))


def iter_documents(path: Path, schema: LabelSchema | None = None) -> Iterator[Document]:
    """Yield the documents of a `documents.jsonl` one by one; the problems of all are raised at the end.

    Arguments and errors are those of `locate_documents`.
    """
    return (document for _, document in locate_documents(path, schema))


def locate_documents(path: Path, schema: LabelSchema | None = None) -> Iterator[tuple[int, Document]]:
    """Yield each document of a `documents.jsonl` with the place in bytes at which its line begins.

    Args:
        path: the file; blank lines are skipped.
        schema: when given, labels and attribute values must be its own.

    Raises:
        DataError: the file is missing, or records are bad; names file, line, field and remedy of all.
    """
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}; give the path of a documents.jsonl.")
    problems: list[str] = []
    first_line: dict[tuple[str, tuple[str, ...], bool], int] = {}
    end = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            begin, end = end, end + len(line)
            if not line.strip():
                continue
            where = f"{path}, line {number}"
            try:
                document = document_from_line(line, schema)
            except UnicodeDecodeError as error:
                problems.append(f"{where}: byte {error.start} is not UTF-8; save the file as UTF-8")
            except json.JSONDecodeError as error:
                problems.append(f"{where}, column {error.colno}: not JSON ({error.msg}); one object stands on one line")
            except DataError as error:
                problems += [f"{where}, {problem}" for problem in error.problems or (str(error),)]
            else:
                if document.key in first_line:
                    problems.append(
                        f"{where}, id: {document.id!r} by {', '.join(document.provenance.annotators) or 'nobody named'}"
                        f" stands already on line {first_line[document.key]}; keep one of them"
                    )
                first_line.setdefault(document.key, number)
                yield begin, document
    if problems:
        raise DataError(f"{path} has {len(problems)} bad record field(s); nothing was read:", problems)


def document_line(document: Document) -> str:
    """Return a document as a line of `documents.jsonl`, with its line end."""
    return json.dumps(document.to_record(), ensure_ascii=False) + "\n"


def write_documents(path: Path, documents: Iterable[Document]) -> int:
    """Write documents one a line, whole or not at all; return how many."""
    count = 0
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.write(document_line(document))
            count += 1
    return count

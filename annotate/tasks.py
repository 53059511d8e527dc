"""Documents <-> Label Studio's tasks, predictions and annotations: the JSON edge, and nothing of the network."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from annotate.page import LABELS_NAME, TEXT_NAME
from annotate.report import Finding, Kind
from conflict_ner.config import explain
from conflict_ner.documents import Document, Meta, Span, schema_problems, span_problems
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from conflict_ner.text import normalise_offset, normalise_text, text_sha256
from conflict_ner.trimming import trim

Json = dict[str, Any]

_Origin = Literal["manual", "prediction", "prediction-changed"]
_META_FIELDS = tuple(Meta.model_fields)
_NAMESPACE = uuid.UUID("6f0f6a0e-3c0b-5d53-9c5a-0b6b1c7f5a11")


class _Edge(BaseModel):
    """A part of Label Studio's JSON of which only what is named here matters."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Annotation(_Edge):
    """One annotator's work on one task, as Label Studio stores it."""

    id: int
    result: list[Json] = []
    completed_by: int | Json | None = None
    was_cancelled: bool = False
    lead_time: float | None = None
    updated_at: datetime.datetime | None = None
    parent_prediction: int | None = None

    @property
    def user_id(self) -> int | None:
        """The annotator's id; an export holds either that alone or a record of the user."""
        return self.completed_by.get("id") if isinstance(self.completed_by, dict) else self.completed_by

    @property
    def email(self) -> str | None:
        """The annotator's address where the JSON itself tells it."""
        return self.completed_by.get("email") if isinstance(self.completed_by, dict) else None


class Prediction(_Edge):
    """One model's reading of one task, as Label Studio stores it."""

    id: int
    model_version: str | None = None
    result: list[Json] = []


class Task(_Edge):
    """One task with its annotations, and its predictions where they were asked for."""

    id: int
    data: Json
    annotations: list[Annotation] = []
    predictions: list[Prediction] = []
    updated_at: datetime.datetime | None = None

    @property
    def readings(self) -> int:
        """How many annotations it holds that are not skipped."""
        return sum(not annotation.was_cancelled for annotation in self.annotations)


class Region(_Edge):
    """One entry of an annotation's result."""

    id: str | None = None
    type: str
    from_name: str | None = None
    value: Json = Field(default_factory=dict)
    origin: str | None = None


@dataclass(frozen=True)
class Reading:
    """The spans of one result, what was changed or ignored on the way, and what makes it unusable."""

    spans: tuple[Span, ...]
    findings: tuple[Finding, ...]
    problems: tuple[str, ...]


def task_data(document: Document, duplicate_of: str = "", review: str = "") -> Json:
    """Return a task's `data`: the text and its hash, what the page shows, and the document's meta.

    Args:
        document: the article; its spans are no part of the data.
        duplicate_of: the id of the article that this one nearly repeats.
        review: why the task deserves a second look; the page shows it.
    """
    record = document.meta.model_dump(mode="json", exclude_defaults=True)
    return {
        **record,
        "doc_id": document.id,
        "sha256": document.sha256,
        "title": document.meta.title or "",
        "byline": byline(document.meta),
        "text": document.text,
        # Always there, if empty: a column of the Data Manager exists only where every task holds its field.
        "duplicate_of": duplicate_of,
        "review": review,
        "queue": "",
        "uncertainty": "",
    }


def task_meta(document: Document) -> Json:
    """Return a task's `meta`: what a push looks tasks up by, since it comes without the text of the data."""
    return {"doc_id": document.id, "sha256": document.sha256}


def byline(meta: Meta) -> str:
    """Return the line under the title: source and day of publication, each marked where it is inferred."""
    parts = ["" if meta.title else "Untitled", _shown(meta, "source", meta.source)]
    if meta.published is None:
        parts.append("date not known")
    else:
        day = meta.published
        parts.append(_shown(meta, "published", f"{day.day} {day:%B %Y}", word="date inferred"))
    return " · ".join(part for part in parts if part)


def _shown(meta: Meta, field: str, value: str | None, word: str = "inferred") -> str:
    if not value:
        return ""
    return f"{value} ({word})" if field in meta.inferred else value


def document_of(task: Task) -> Document:
    """Return a task's document without spans: its id, text and meta, the text checked against its hash.

    Raises:
        DataError: the data holds no text, or the text is not the one that was pushed.
    """
    raw = task.data.get(TEXT_NAME)
    if not isinstance(raw, str):
        raise DataError(f"its data holds no {TEXT_NAME!r} to which offsets could refer; export tasks of this project")
    stated = task.data.get("sha256")
    if stated is not None and stated != text_sha256(normalise_text(raw)):
        raise DataError(
            "its text is not the one whose hash stands beside it: it was edited in Label Studio after the push, "
            "and offsets may mean another text; push the new text (a new task) and annotate that"
        )
    meta = {name: value for name in _META_FIELDS if (value := task.data.get(name)) not in (None, "", [])}
    try:
        return Document.from_raw(str(task.data.get("doc_id") or f"task-{task.id}"), raw, meta=Meta.model_validate(meta))
    except ValidationError as error:
        raise DataError("its data breaks the rules", [f"data.{problem}" for problem in explain(error, Meta)]) from error


def regions(document: Document) -> list[Json]:
    """Return a document's spans as the regions of a result; an attribute shares its span's id."""
    found: list[Json] = []
    for span in document.spans:
        place = {"start": span.start, "end": span.end, "text": document.surface(span)}
        name = hashlib.sha256(repr(span.key).encode()).hexdigest()[:10]
        common = {"id": name, "to_name": TEXT_NAME}
        region = {**common, "from_name": LABELS_NAME, "type": "labels", "value": {**place, "labels": [span.label]}}
        found.append(region if span.score is None else {**region, "score": round(span.score, 4)})
        found += [
            {**common, "from_name": attribute, "type": "choices", "value": {**place, "choices": [value]}}
            for attribute, value in span.attributes.items()
        ]
    return found


def prediction(document: Document, model_version: str) -> Json:
    """Return a document's spans as a prediction; its score is the mean of the spans' scores."""
    scores = [span.score for span in document.spans if span.score is not None]
    record: Json = {"model_version": model_version, "result": regions(document)}
    return {**record, "score": round(sum(scores) / len(scores), 4)} if scores else record


def reading_id(task: int, annotator: str, document: Document) -> str:
    """Return the UUID of a replayed annotation: the same work on the same task has the same one."""
    return str(uuid.uuid5(_NAMESPACE, repr((task, annotator, regions(document)))))


def read_result(result: Iterable[Mapping[str, Any]], raw: str, schema: LabelSchema) -> Reading:
    """Return the spans of a result, trimmed, with the findings and problems met on the way.

    Two regions alike in label and place become one. Regions that overlap otherwise are a problem: which
    of them is meant, only the annotator can say.

    Args:
        result: the regions as Label Studio stores them, in any order.
        raw: the task's text, to which the regions' offsets refer; the spans refer to it normalised.
        schema: the labels and attributes that may stand in it.
    """
    return _ResultReader(raw, schema).read(result)


class _ResultReader:
    """Reads one result; collects findings and problems while it does."""

    def __init__(self, raw: str, schema: LabelSchema) -> None:
        self.raw = raw
        self.text = normalise_text(raw)
        self.schema = schema
        self.findings: list[Finding] = []
        self.problems: list[str] = []

    def read(self, result: Iterable[Mapping[str, Any]]) -> Reading:
        parsed = [region for number, item in enumerate(result, start=1) if (region := self._region(number, item))]
        answers = self._answers(parsed)
        spans: dict[tuple[int, int, str], Span] = {}
        for region in parsed:
            if region.type == "labels" and (span := self._span(region, answers.get(region.id, {}))) is not None:
                self._keep(spans, span)
        self._look_for_answers(spans.values())
        self.problems += [problem for _, problem in span_problems(self.text, spans.values())]
        found = tuple(sorted(spans.values(), key=lambda span: span.key))
        return Reading(found, tuple(self.findings), tuple(self.problems))

    def _region(self, number: int, item: Mapping[str, Any]) -> Region | None:
        """Parse one region; None for a broken one and for a kind that is none of ours."""
        try:
            region = Region.model_validate(item)
        except ValidationError as error:
            self.problems += [f"region {number}: {problem}" for problem in explain(error, Region)]
            return None
        if region.type not in {"labels", "choices"}:
            self.findings.append(Finding(Kind.IGNORED, f"region {number} of type {region.type!r} is none of this page"))
            return None
        return region if region.id else region.model_copy(update={"id": f"region {number}"})

    def _answers(self, parsed: list[Region]) -> dict[str | None, dict[str, str]]:
        """Return each span's attributes by the region id that they share with it."""
        ids = [region.id for region in parsed if region.type == "labels"]
        for name in sorted({name for name in ids if name and ids.count(name) > 1}):
            self.problems.append(f"two spans share the id {name!r}; delete both and mark them again")
        answers: dict[str | None, dict[str, str]] = {}
        for region in (region for region in parsed if region.type == "choices"):
            chosen = region.value.get("choices")
            name = region.from_name or ""
            if region.id not in ids:
                where = _place(region.value)
                self.problems.append(f"{name} {chosen!r} {where} belongs to no labelled span; delete it")
            elif not isinstance(chosen, list) or len(chosen) != 1:
                self.problems.append(f"{name} {_place(region.value)} holds {chosen!r}, but one value is needed")
            elif answers.setdefault(region.id, {}).setdefault(name, str(chosen[0])) != str(chosen[0]):
                self.problems.append(
                    f"{name} {_place(region.value)} is answered twice, and differently; keep one answer"
                )
        return answers

    def _span(self, region: Region, attributes: dict[str, str]) -> Span | None:
        """Return the trimmed span of a region; None, with a problem or a finding told, when there is none."""
        labels, start, end = (region.value.get(key) for key in ("labels", "start", "end"))
        where = _place(region.value)
        if not isinstance(labels, list) or len(labels) != 1:
            self.problems.append(f"the region {where} has {labels or 'no label'}, but one label is needed")
            return None
        if not (_is_offset(start) and _is_offset(end) and 0 <= start < end <= len(self.raw)):
            self.problems.append(
                f"{labels[0]} {where} lies outside the text, which has {len(self.raw)} characters; mark it again"
            )
            return None
        start, end = normalise_offset(self.raw, start), normalise_offset(self.raw, end)
        span = Span(start=start, end=end, label=str(labels[0]), attributes=attributes, origin=_origin(region.origin))
        wrong = list(schema_problems(span, self.schema))
        self.problems += [f"{span.label} {where}: {problem}" for problem in wrong]
        return None if wrong else self._trimmed(span)

    def _trimmed(self, span: Span) -> Span | None:
        start, end = trim(self.text, span.start, span.end)
        before = self.text[span.start : span.end]
        if start == end:
            self.findings.append(
                Finding(Kind.EMPTIED, f"{span.label} marks nothing but {before!r} and was left out", span, before, "")
            )
            return None
        if (start, end) == (span.start, span.end):
            return span
        after = span.model_copy(update={"start": start, "end": end})
        surface = self.text[start:end]
        self.findings.append(Finding(Kind.TRIMMED, f"{span.label} {before!r} -> {surface!r}", after, before, surface))
        return after

    def _keep(self, spans: dict[tuple[int, int, str], Span], span: Span) -> None:
        """Add a span; one that stands already is joined with it, unless their answers contradict."""
        twin = spans.get(span.key)
        if twin is not None:
            surface = self.text[span.start : span.end]
            name = f"{span.label} [{span.start}, {span.end}) {surface!r}"
            if any(twin.attributes.get(key, value) != value for key, value in span.attributes.items()):
                self.problems.append(f"{name} is marked twice with different answers; delete one of the two")
                return
            self.findings.append(Finding(Kind.JOINED, f"{name} is marked twice; one was kept", span, surface, surface))
            span = twin.model_copy(update={"attributes": {**twin.attributes, **span.attributes}})
        spans[span.key] = span

    def _look_for_answers(self, spans: Iterable[Span]) -> None:
        """Tell of spans that lack a required attribute."""
        for span in spans:
            label = self.schema.label(span.label)
            assert label is not None  # schema_problems has refused a label that is not in the schema
            surface = self.text[span.start : span.end]
            self.findings += [
                Finding(
                    Kind.UNANSWERED,
                    f"{span.label} [{span.start}, {span.end}) {surface!r} has no {attribute.name}",
                    span,
                    surface,
                    surface,
                )
                for attribute in label.attributes
                if attribute.required and attribute.name not in span.attributes
            ]


def _place(value: Json) -> str:
    """Name a region's place, whatever stands there."""
    return f"[{value.get('start')}, {value.get('end')}) {value.get('text', '')!r}"


def _is_offset(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _origin(value: str | None) -> _Origin | None:
    """Return Label Studio's word for how a span came to be; None for words that are not known."""
    for known in get_args(_Origin):
        if value == known:
            return known  # type: ignore[no-any-return]
    return None

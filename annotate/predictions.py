"""Validate a prediction before it is sent: Label Studio takes wrong labels and offsets in silence.

record = checked_prediction(document, "mini-1a2b3c4d", schema)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from annotate.page import LABELS_NAME, TEXT_NAME
from annotate.settings import rooted
from annotate.tasks import Json, prediction
from conflict_ner.config import ConfigModel, explain
from conflict_ner.documents import Document, Span, schema_problems, span_problems
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema

Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Offset = Annotated[int, Field(ge=0, strict=True)]


class _Value(ConfigModel):
    """A region's place and what it says there: one label, or one answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Offset
    end: Offset
    text: str
    labels: Annotated[tuple[str, ...], Field(min_length=1, max_length=1)] | None = None
    choices: Annotated[tuple[str, ...], Field(min_length=1, max_length=1)] | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Start and end."""
        return self.start, self.end


class _Region(ConfigModel):
    """One entry of a prediction's result, as it is sent."""

    id: Annotated[str, Field(min_length=1)]
    type: str
    from_name: str
    to_name: str
    value: _Value
    score: Score | None = None

    @property
    def name(self) -> str:
        """How an error calls the region."""
        said = (self.value.labels or self.value.choices or ("?",))[0]
        return f"region {self.id!r}, {said} [{self.value.start}, {self.value.end}) {self.value.text!r}"


class _Prediction(ConfigModel):
    """A prediction as it is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model_version: Annotated[str, Field(min_length=1)]
    result: tuple[_Region, ...]
    score: Score | None = None


def default_model(model: str) -> str:
    """Return the settings' checkpoint: a folder is read from the repository's root, anything else stays as it is."""
    folder = rooted(Path(model))
    return str(folder) if folder.is_dir() or model.startswith("models/") else model


def checkpoint_version(name: str, folder: Path) -> str:
    """Return the version name of a checkpoint's predictions: its name, and which weights they are.

    Args:
        name: as the user gave it, a folder or a hub id.
        folder: where its weights lie.
    """
    from conflict_ner.checkpoint import weights_sha256

    own = folder if Path(name).expanduser().is_dir() else Path(name)
    return f"{own.resolve().name}-{weights_sha256(folder)[:8]}"


def checked_prediction(document: Document, model_version: str, schema: LabelSchema) -> Json:
    """Return a document's spans as the prediction that will be sent, validated.

    Args:
        document: its spans become the regions; the task that receives them must hold this very text.
        model_version: the name that the project shows.
        schema: the labels and attribute values that the project's page has.

    Raises:
        DataError: the record breaks a rule; document, region and rule of every problem are told.
    """
    record = prediction(document, model_version)
    problems = list(prediction_problems(record, document.text, schema))
    if problems:
        raise DataError(
            f"The prediction of {model_version!r} for {document.id!r} breaks the rules of the page and was not sent:",
            problems,
        )
    return record


def prediction_problems(record: Mapping[str, Any], text: str, schema: LabelSchema) -> Iterator[str]:
    """Yield a sentence for each rule that a prediction's JSON breaks, with the region that breaks it.

    Args:
        record: a prediction as it is sent: `model_version`, `result`, `score`.
        text: the text that the task holds; offsets are indices into it.
        schema: the labels and attribute values that may stand in it.
    """
    try:
        parsed = _Prediction.model_validate(dict(record))
    except ValidationError as error:
        yield from explain(error, _Prediction)
        return
    spans: dict[str, Span] = {}
    for region in parsed.result:
        if not region.value.start < region.value.end <= len(text):
            yield (
                f"{region.name}: its offsets are not within the text, which has {len(text)} characters, "
                "or hold none of them"
            )
        elif (there := text[region.value.start : region.value.end]) != region.value.text:
            yield f"{region.name}: its text is not what stands there, {there!r}"
        if region.to_name != TEXT_NAME:
            yield f"{region.name}: to_name is {region.to_name!r}, but the page's text is {TEXT_NAME!r}"
    for region in parsed.result:
        if region.type == "labels":
            yield from _label_problems(region, spans, schema)
    for region in parsed.result:
        if region.type != "labels":
            yield from _answer_problems(region, spans, schema)
    for _, problem in span_problems(text, (span for span in spans.values() if span.end <= len(text))):
        yield problem


def _label_problems(region: _Region, spans: dict[str, Span], schema: LabelSchema) -> Iterator[str]:
    """Check a labelled span and add it to those that answers may belong to."""
    if region.from_name != LABELS_NAME or region.value.labels is None or region.value.choices is not None:
        yield f"{region.name}: a span has from_name {LABELS_NAME!r} and one label, and no choices"
        return
    if region.id in spans:
        yield f"{region.name}: another span has the same id; the page would lose one of them"
        return
    if region.value.start < region.value.end:
        span = Span(start=region.value.start, end=region.value.end, label=region.value.labels[0])
        spans[region.id] = span
        for problem in schema_problems(span, schema):
            yield f"{region.name}: {problem}"


def _answer_problems(region: _Region, spans: dict[str, Span], schema: LabelSchema) -> Iterator[str]:
    """Check one attribute's value: it belongs to a span of the same id and place, and is allowed there."""
    if region.type != "choices" or region.value.choices is None or region.value.labels is not None:
        yield f"{region.name}: a region is a span (labels) or an answer (choices) of one value, not {region.type!r}"
        return
    span = spans.get(region.id)
    if span is None:
        yield f"{region.name}: no span shares its id; the page would show a second region without a label"
        return
    if (span.start, span.end) != region.value.place:
        yield f"{region.name}: its span stands at [{span.start}, {span.end}), and both must share one place"
    name, (value,) = region.from_name, region.value.choices
    if name in span.attributes:
        yield f"{region.name}: {name} is answered twice"
    if schema.label(span.label) is not None:
        for problem in schema_problems(span.model_copy(update={"attributes": {name: value}}), schema):
            yield f"{region.name}: {problem}"
    spans[region.id] = span.model_copy(update={"attributes": {**span.attributes, name: value}})

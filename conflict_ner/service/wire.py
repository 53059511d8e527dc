"""What goes over the wire: the article that is asked about, and the answers; offsets mean the text as it was sent."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from conflict_ner.documents import Document, Meta
from conflict_ner.errors import did_you_mean
from conflict_ner.service.batching import Answer, Wanted
from conflict_ner.text import storable

EARLIEST, LATEST = datetime.date(1800, 1, 1), datetime.date(2200, 1, 1)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(value: object) -> object:
    """Let days pass; an hour, or a number that pydantic would take for seconds since 1970, is no day."""
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("a day is written as 2024-11-30")
    return value


Published = Annotated[datetime.date, Field(ge=EARLIEST, le=LATEST)]


class Article(BaseModel):
    """An article to be read.

    Attributes:
        text: its text, of any length that the service takes; offsets in the answer are Python `str` indices into it.
        published: the day of publication, which `Tuesday` is reckoned from.
        id: a name for it, which comes back in the answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, StringConstraints(min_length=1)]
    published: Annotated[Published | None, BeforeValidator(_day)] = None
    id: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "text"

    def document(self) -> Document:
        """Return it as a document without spans."""
        return Document.from_raw(storable(self.id), self.text, meta=Meta(published=self.published))


class NamedSpan(BaseModel):
    """A span as transformers' token-classification pipeline returns it.

    Attributes:
        entity_group: the label.
        score: 0 to 1.
        word: the characters.
        start: index of the first character in the text as it was sent.
        end: index after the last character.
    """

    entity_group: str
    score: float
    word: str
    start: int
    end: int


class FieldProblem(BaseModel):
    """What is wrong with a field of a request; the field is empty where it is the whole."""

    field: str
    reason: str


class Problem(BaseModel):
    """Why a request was not answered, as a sentence; `problems` are those of its fields."""

    detail: str
    problems: list[FieldProblem] = []


class Version(BaseModel):
    """What answers: the program, the model, and the labels that it knows."""

    version: str
    model: str
    encoder: str | None
    engine: str
    labels: list[LabelInfo]


class LabelInfo(BaseModel):
    """A label: how it is shown and what it means."""

    name: str
    colour: str
    description: str


class Status(BaseModel):
    """How a service is."""

    status: str


def problem_of(errors: Iterable[Mapping[str, Any]]) -> Problem:
    """Return pydantic's errors as sentences; the text itself is never repeated."""
    found = [_field_problem(error) for error in errors]
    count = "a problem" if len(found) == 1 else f"{len(found)} problems"
    told = "; ".join(f"{item.field}: {item.reason}" if item.field else item.reason for item in found)
    return Problem(detail=f"The request has {count}: {told}.", problems=found)


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    where = [str(part) for part in error["loc"] if part not in {"body", "query"}]
    kind = error["type"]
    if kind == "json_invalid":
        return FieldProblem(field="", reason=f"it is not JSON ({error.get('ctx', {}).get('error', 'syntax')})")
    field = storable(".".join(where))[:100]
    if kind == "extra_forbidden":
        return FieldProblem(field=field, reason=f"unknown field{did_you_mean(field, Article.model_fields)}")
    if kind == "missing":
        reason = "a value is needed and none is given" if where else "a JSON object is needed and nothing was sent"
    elif kind == "value_error":
        reason = str(error["msg"]).removeprefix("Value error, ")
    else:
        message = str(error["msg"])
        reason = message[:1].lower() + message[1:]
    return FieldProblem(field=field, reason=reason)


def answer_json(article: Article, answer: Answer, wanted: Wanted) -> Any:
    """Return the answer of a route: the pipeline's list of spans, or the record of the facts or the events."""
    shift = Shift(article.text)
    if wanted == "spans":
        document = answer.document
        return [
            {
                "entity_group": span.label,
                "score": span.score,
                "word": document.surface(span),
                "start": shift(span.start),
                "end": shift(span.end),
            }
            for span in document.spans
        ]
    record = answer.facts if wanted == "facts" else answer.events
    assert record is not None
    return shift.within(record.model_dump(mode="json"))


class Shift:
    """Moves offsets of the normalised text, where a line ends in one character, to the text as it was sent."""

    def __init__(self, sent: str) -> None:
        # The place in the normalised text of each line end that was sent as two characters.
        self._ends = [match.start() - number for number, match in enumerate(re.finditer("\r\n", sent))]

    def __call__(self, offset: int) -> int:
        """Return where an offset lies in the text as it was sent."""
        from bisect import bisect_left

        return offset + bisect_left(self._ends, offset)

    def within(self, value: Any) -> Any:
        """Return a JSON value with each `start` and `end` moved that is an offset and no day."""
        if not self._ends:
            return value
        if isinstance(value, list):
            return [self.within(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            name: self(item) if name in {"start", "end"} and isinstance(item, int) else self.within(item)
            for name, item in value.items()
        }

"""Suspected errors in labels: what a model's look at the annotations finds, and annotators look at again.

A file holds one suspicion a line, as JSON: the document, the span that is doubted (null where something seems to
be missing), what seems right instead (null where nothing should be marked), and the reason in a sentence:

    {"document": "a1", "annotator": "ann@example.org", "reason": "The province's name alone is the place.",
     "span": {"start": 4, "end": 18, "label": "PLACE", "text": "Idlib province"},
     "suggestion": {"start": 4, "end": 9, "label": "PLACE", "text": "Idlib"}, "score": 0.93}
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from conflict_ner.config import explain
from conflict_ner.documents import Span, schema_problems
from conflict_ner.errors import DataError
from conflict_ner.files import replacing_file
from conflict_ner.schema import LabelSchema


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuotedSpan(_Record):
    """A labelled stretch of text with its words, so that it can be checked against a text that is elsewhere.

    Attributes:
        start: index of the first character.
        end: index after the last character.
        label: a label name of the schema.
        attributes: attribute name to value.
        text: the characters that it covers.
    """

    start: Annotated[int, Field(ge=0, strict=True)]
    end: Annotated[int, Field(ge=1, strict=True)]
    label: Annotated[str, Field(min_length=1)]
    attributes: dict[str, str] = {}
    text: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _words_fill_the_span(self) -> QuotedSpan:
        if self.end - self.start != len(self.text):
            raise ValueError(
                f"[{self.start}, {self.end}) covers {self.end - self.start} character(s), and {self.text!r} has "
                f"{len(self.text)}; offsets are Python string indices, end exclusive"
            )
        return self

    @property
    def span(self) -> Span:
        """The span without its words."""
        return Span(start=self.start, end=self.end, label=self.label, attributes=self.attributes)

    def stands_in(self, text: str) -> bool:
        """Tell whether `text` has these words at this place."""
        return text[self.start : self.end] == self.text


class LabelError(_Record):
    """One suspicion.

    Attributes:
        document: the document's id.
        annotator: whose work is doubted; None when it is everybody's.
        span: what is doubted; None where something seems to be missing.
        reason: why, in a sentence that the annotator reads.
        suggestion: what seems right; None where nothing should be marked.
        score: how sure the finder is, 0 to 1.
        text_sha256: hash of the document's text.
    """

    document: Annotated[str, Field(min_length=1)]
    annotator: Annotated[str, Field(min_length=1)] | None = None
    span: QuotedSpan | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    suggestion: QuotedSpan | None = None
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    text_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _is_about_something(self) -> LabelError:
        if self.span is None and self.suggestion is None:
            raise ValueError("neither a span nor a suggestion is given; name what is doubted, or what is missing")
        if self.span == self.suggestion:
            raise ValueError("the suggestion is the span itself; leave out what is right already")
        return self

    def to_record(self) -> dict[str, Any]:
        """Return the JSON form; `span` and `suggestion` are always there, other empty fields are left out."""
        record = self.model_dump(mode="json", exclude_defaults=True)
        return {**record, "span": record.get("span"), "suggestion": record.get("suggestion")}


def read_label_errors(path: Path, schema: LabelSchema | None = None) -> list[LabelError]:
    """Read a file of suspicions; an empty file is an empty list.

    Args:
        path: the file; blank lines are skipped.
        schema: when given, labels and attribute values must be its own.

    Raises:
        DataError: the file is missing, or lines are bad; names file, line, field and remedy of all.
    """
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}; give the label errors as JSON lines.")
    found: list[LabelError] = []
    problems: list[str] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            where = f"{path}, line {number}"
            try:
                error = LabelError.model_validate(json.loads(line.decode("utf-8-sig")))
            except UnicodeDecodeError as broken:
                problems.append(f"{where}: byte {broken.start} is not UTF-8; save the file as UTF-8")
            except json.JSONDecodeError as broken:
                problems.append(
                    f"{where}, column {broken.colno}: not JSON ({broken.msg}); one object stands on one line"
                )
            except ValidationError as broken:
                problems += [f"{where}, {problem}" for problem in explain(broken, LabelError)]
            else:
                found.append(error)
                problems += [f"{where}, {problem}" for problem in _schema_problems(error, schema)]
    if problems:
        raise DataError(f"{path} has {len(problems)} problem(s); nothing was read:", problems)
    return found


def write_label_errors(path: Path, errors: Iterable[LabelError]) -> int:
    """Write suspicions one a line, whole or not at all; return how many."""
    count = 0
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for error in errors:
            file.write(json.dumps(error.to_record(), ensure_ascii=False) + "\n")
            count += 1
    return count


def _schema_problems(error: LabelError, schema: LabelSchema | None) -> list[str]:
    parts = {"span": error.span, "suggestion": error.suggestion}
    return [
        f"{name}: {problem}"
        for name, part in parts.items()
        if part is not None and schema is not None
        for problem in schema_problems(part.span, schema)
    ]

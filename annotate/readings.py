"""Tasks with annotations -> documents, one an annotator; the same for a server's tasks and an export file's."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from annotate.page import TEXT_NAME
from annotate.report import Finding, Kind
from annotate.tasks import Annotation, Task, document_of, read_result
from conflict_ner.config import explain
from conflict_ner.documents import Document, Provenance
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema

SHOWN_PROBLEMS = 20
_LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.UTC)


@dataclass
class TaskReading:
    """What one task gave.

    Attributes:
        task: its id.
        documents: one for each annotator whose work could be read.
        findings: what was changed, left out or refused; refusals have the kind REFUSED.
        skipped: how many annotations the annotators skipped (Label Studio calls them cancelled).
    """

    task: int
    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    skipped: int = 0


class TaskReader:
    """Reads tasks into documents."""

    def __init__(self, schema: LabelSchema, name_of: Callable[[Annotation], str], project: str | None) -> None:
        """Prepare to read.

        Args:
            schema: the labels that may stand in annotations.
            name_of: gives an annotation's annotator, by e-mail address where it is known.
            project: the project's title; None where it is not known.
        """
        self.schema = schema
        self.name_of = name_of
        self.project = project

    def read(self, task: Task) -> TaskReading:
        """Return what a task's annotations hold; a task without any gives no document."""
        reading = TaskReading(task.id, skipped=sum(annotation.was_cancelled for annotation in task.annotations))
        live = [annotation for annotation in task.annotations if not annotation.was_cancelled]
        if not live:
            return reading
        try:
            document = document_of(task)
        except DataError as error:
            name = str(task.data.get("doc_id") or "")
            reading.findings.append(Finding(Kind.REFUSED, str(error)).at(name, task.id))
            return reading
        if not task.data.get("sha256"):
            told = "offsets were checked against the text alone"
            reading.findings.append(Finding(Kind.UNHASHED, told).at(document.id, task.id))
        for annotation in self._newest(live, document, reading):
            self._read_annotation(annotation, task, document, reading)
        return reading

    def _newest(self, live: list[Annotation], document: Document, reading: TaskReading) -> list[Annotation]:
        """Return each annotator's newest annotation; the earlier ones are told of."""
        newest: dict[str, Annotation] = {}
        for annotation in sorted(live, key=changed):
            name = self.name_of(annotation)
            if name in newest:
                told = f"the same annotator's newer annotation {annotation.id} was kept"
                old = newest[name].id
                reading.findings.append(Finding(Kind.OLDER, told).at(document.id, reading.task, old, name))
            newest[name] = annotation
        return sorted(newest.values(), key=lambda item: item.id)

    def _read_annotation(self, annotation: Annotation, task: Task, document: Document, reading: TaskReading) -> None:
        result = read_result(annotation.result, task.data[TEXT_NAME], self.schema)
        name = self.name_of(annotation)
        told = [*result.findings, *(Finding(Kind.REFUSED, problem) for problem in result.problems)]
        reading.findings += [finding.at(document.id, task.id, annotation.id, name) for finding in told]
        if result.problems:
            return
        provenance = Provenance(
            annotators=(name,),
            project=self.project,
            task=task.id,
            annotation=annotation.id,
            lead_time=annotation.lead_time,
            updated_at=annotation.updated_at,
            text_sha256=document.sha256,
        )
        reading.documents.append(
            Document(id=document.id, text=document.text, spans=result.spans, meta=document.meta, provenance=provenance)
        )


def changed(annotation: Annotation) -> tuple[datetime.datetime, int]:
    """Return what orders annotations by when they last changed."""
    return (annotation.updated_at or _LONG_AGO, annotation.id)


class Names:
    """Annotators' names: the address of the annotation itself, else of the users known by id."""

    def __init__(self, users: dict[int, str]) -> None:
        self.users = users
        self.unknown: set[str] = set()

    def __call__(self, annotation: Annotation) -> str:
        """Return an annotation's annotator; an unknown one is `user-<id>`, and remembered."""
        known = annotation.email or self.users.get(annotation.user_id or 0)
        if known:
            return known
        name = f"user-{annotation.user_id}" if annotation.user_id is not None else "user-unknown"
        self.unknown.add(name)
        return name


def read_export(path: Path) -> Iterator[Task]:
    """Yield the tasks of a Label Studio export file in its JSON format; the whole file is read at once.

    Raises:
        DataError: the file is missing, no such export, or of a format that lost what is needed.
    """
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}; give a Label Studio export in JSON.")
    try:
        items = json.loads(path.read_bytes().decode("utf-8-sig"))
    except ValueError as error:
        raise DataError(f"{path} is no JSON ({error}); export the project again, in the format JSON.") from error
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DataError(f"{path} holds no list of tasks; export the project in Label Studio's format JSON.")
    if any("annotations" not in item or "data" not in item for item in items):
        raise DataError(_wrong_format(path, items))
    problems: list[str] = []
    tasks: list[Task] = []
    for number, item in enumerate(items, start=1):
        try:
            tasks.append(Task.model_validate(item))
        except ValidationError as error:
            problems += [f"task {item.get('id', f'number {number}')}: {problem}" for problem in explain(error, Task)]
    if problems:
        more = [f"and {len(problems) - SHOWN_PROBLEMS} more"] if len(problems) > SHOWN_PROBLEMS else []
        raise DataError(f"{path} is no Label Studio export that can be read:", [*problems[:SHOWN_PROBLEMS], *more])
    yield from tasks


def _wrong_format(path: Path, items: list[dict[str, object]]) -> str:
    if any("annotation_id" in item or "annotator" in item for item in items):
        return (
            f"{path} is in the format JSON_MIN, which keeps neither the ids that join a casualty type to its span nor "
            "skipped annotations; export the project again, in the format JSON."
        )
    if any("completions" in item for item in items):
        return f"{path} is of a Label Studio before 1.0; import it into a current one and export it in the format JSON."
    return f"{path} holds no tasks with 'data' and 'annotations'; export the project in Label Studio's format JSON."

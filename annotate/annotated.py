"""A document with all readings of it: what agreement is measured on, and what an adjudicator settles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotate.client import Client, Project
from annotate.readings import TaskReader
from annotate.report import Finding
from annotate.tasks import Task, read_result
from conflict_ner.documents import Document, Span, read_documents
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema


@dataclass(frozen=True)
class Annotated:
    """One document and what its annotators made of it.

    Attributes:
        readings: one for each annotator, by name; at least one.
        shown: for each annotator whose work began from a prediction, the spans of that prediction; an
            annotator who is missing here began from an empty page, or it is not known.
    """

    readings: tuple[Document, ...]
    shown: dict[str, tuple[Span, ...]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The document's id."""
        return self.readings[0].id

    @property
    def text(self) -> str:
        """The text that all readings are of."""
        return self.readings[0].text

    def by(self, annotator: str) -> Document | None:
        """Return one annotator's reading, or None."""
        return next((reading for reading in self.readings if annotator_of(reading) == annotator), None)


def annotator_of(reading: Document) -> str:
    """Return the name of a reading's annotator."""
    return ", ".join(reading.provenance.annotators)


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return each annotator's name without the part after `@`, where that leaves all names different."""
    short = [name.partition("@")[0] for name in names]
    return dict(zip(names, short if len(set(short)) == len(set(names)) else names, strict=True))


def from_documents(paths: Iterable[Path], schema: LabelSchema) -> list[Annotated]:
    """Group the readings of one or more `documents.jsonl` by document; adjudicated ones are left out.

    Files know no predictions, so `shown` is empty.

    Args:
        paths: what `pull` wrote, or recorded annotators' files.
        schema: the labels that may stand in them.

    Raises:
        DataError: a file is bad, a reading names no annotator, or readings of one document are of different
            texts; all are told.
    """
    found: dict[str, dict[str, Document]] = {}
    problems: list[str] = []
    for path in paths:
        for reading in read_documents(path, schema):
            if reading.provenance.adjudicated:
                continue
            if not reading.provenance.annotators:
                problems.append(f"{path}: {reading.id!r} names no annotator in provenance.annotators")
                continue
            readings = found.setdefault(reading.id, {})
            first = next(iter(readings.values()), reading)
            if first.sha256 != reading.sha256:
                problems.append(
                    f"{path}: {reading.id!r} by {annotator_of(reading)} has another text than "
                    f"{annotator_of(first)}'s; pull both again, or give one another id"
                )
            elif annotator_of(reading) in readings:
                problems.append(f"{path}: {reading.id!r} by {annotator_of(reading)} stands twice; keep one")
            readings.setdefault(annotator_of(reading), reading)
    if problems:
        raise DataError("Readings cannot be compared:", problems)
    return [Annotated(tuple(readings[name] for name in sorted(readings))) for readings in found.values()]


def from_server(client: Client, project: Project, reader: TaskReader, findings: list[Finding]) -> Iterator[Annotated]:
    """Yield each annotated task of a project with all readings and the predictions that they began from.

    Args:
        client: the server.
        project: the project.
        reader: reads each task.
        findings: what was trimmed, left out or refused is added here.
    """
    for task in client.annotated_tasks(project.id, predictions=True):
        reading = reader.read(task)
        findings += reading.findings
        if reading.documents:
            ordered = sorted(reading.documents, key=annotator_of)
            yield Annotated(tuple(ordered), _shown(task, ordered, reader.schema))


def _shown(task: Task, readings: Iterable[Document], schema: LabelSchema) -> dict[str, tuple[Span, ...]]:
    predictions = {prediction.id: prediction.result for prediction in task.predictions}
    began = {annotation.id: annotation.parent_prediction for annotation in task.annotations}
    shown = {}
    for reading in readings:
        parent = began.get(reading.provenance.annotation or 0)
        if parent is not None and parent in predictions:
            shown[annotator_of(reading)] = read_result(predictions[parent], task.data["text"], schema).spans
    return shown

"""Fill the labelling project: articles as tasks, predictions to correct, recorded annotators replayed.

python -m annotate push seeds --annotations seeds/annotators
python -m annotate push --predictions predictions.jsonl --model-version mini-1
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from annotate.client import Client, Project
from annotate.delivery import ATTEMPTS, deliver
from annotate.session import RequestError
from annotate.tasks import Json, prediction, reading_id, regions, task_data
from conflict_ner.articles import read_articles
from conflict_ner.documents import Document, iter_documents
from conflict_ner.errors import DataError, ServiceError
from conflict_ner.schema import LabelSchema

Item = TypeVar("Item")
Step = Callable[[int], None]  # told after each chunk how many documents it held


@dataclass
class Outcome:
    """What a push did: counts, and sentences on what an annotator or manager should know."""

    new: int = 0
    present: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Standing:
    """The tasks that a project holds of some documents."""

    same: dict[tuple[str, str], list[int]]
    older: dict[str, list[int]]

    def of(self, document: Document) -> int | None:
        """Return the first task that holds this very text of the document."""
        return next(iter(self.same.get((document.id, document.sha256), ())), None)


class Source:
    """Documents that can be read more than once, so that all are checked before the first is sent."""

    def __init__(self, path: Path, schema: LabelSchema) -> None:
        """Check every document of a folder of articles or a documents.jsonl.

        Raises:
            DataError: with all that is wrong.
        """
        self.path = path
        self.schema = schema
        self.count = 0
        hashes: dict[str, str] = {}
        problems: list[str] = []
        for document in self:
            self.count += 1
            if hashes.setdefault(document.id, document.sha256) != document.sha256:
                problems.append(f"{document.id!r} stands with two different texts; give one of them another id")
        if problems:
            raise DataError(f"{path} cannot be pushed:", problems)

    def __iter__(self) -> Iterator[Document]:
        if self.path.is_dir():
            return iter(read_articles(self.path))
        return iter_documents(self.path, self.schema)


class Pusher:
    """Sends documents to one project, in chunks; each is looked up first, so a repeat changes nothing."""

    def __init__(self, client: Client, project: Project, chunk: int, step: Step = lambda count: None) -> None:
        self.client = client
        self.project = project
        self.chunk = chunk
        self.step = step

    def push_tasks(self, documents: Iterable[Document]) -> Outcome:
        """Create the tasks of documents that the project does not hold yet."""
        outcome = Outcome()
        seen: set[str] = set()
        for chunk in _chunks(documents, self.chunk):
            # A file with two annotators holds each document twice; it is one task.
            fresh = list({document.id: document for document in chunk if document.id not in seen}.values())
            seen.update(document.id for document in fresh)
            standing = self.standing(fresh)
            outcome.notes += _doubles(standing, fresh)
            new = [document for document in fresh if standing.of(document) is None]
            self._create(new, lambda document: {"data": task_data(document)}, outcome)
            outcome.notes += _changed(standing, new)
            outcome.new += len(new)
            outcome.present += len(fresh) - len(new)
            self.step(len(chunk))
        return outcome

    def push_predictions(self, documents: Iterable[Document], model_version: str) -> Outcome:
        """Give documents' tasks a prediction; tasks that are missing are created with it.

        Raises:
            DataError: the project holds other predictions of the same version; all are named, and those
                of the other documents were sent.
        """
        outcome = Outcome()
        conflicts: list[str] = []
        for chunk in _chunks(documents, self.chunk):
            standing = self.standing(chunk)
            outcome.notes += _doubles(standing, chunk)
            new = [document for document in chunk if standing.of(document) is None]
            self._create(new, lambda document: _predicted_task(document, model_version), outcome)
            outcome.notes += _changed(standing, new)
            owed, differing = self._owed(chunk, standing, model_version)
            conflicts += differing
            deliver(
                owed,
                lambda items: self.client.create_predictions(self.project.id, items) if items else None,
                lambda items: self._unpredicted(items, model_version),
            )
            outcome.new += len(new) + len(owed)
            outcome.present += len(chunk) - len(new) - len(owed) - len(differing)
            self.step(len(chunk))
        if conflicts:
            raise DataError(
                f"Version {model_version!r} has predicted otherwise before, and a version means one model; "
                "push under another --model-version. Nothing was changed for:",
                conflicts,
            )
        self._show_version(model_version)
        return outcome

    def replay(self, documents: Iterable[Document]) -> Outcome:
        """Store recorded annotations in their annotators' names; users that are missing are created.

        Raises:
            DataError: documents have no task in the project; all are named, and the others were replayed.
        """
        outcome = Outcome()
        homeless: list[str] = []
        users = {email.casefold(): user for user, email in self.client.users().items()}
        for chunk in _chunks(documents, self.chunk):
            standing = self.standing(chunk)
            for document in chunk:
                task = standing.of(document)
                (annotator,) = document.provenance.annotators
                if task is None:
                    homeless.append(f"{document.id} by {annotator}")
                    continue
                if annotator.casefold() not in users:
                    users[annotator.casefold()] = self._create_user(annotator)
                    outcome.notes.append(
                        f"Made the user {annotator}, without a password: `label-studio reset_password` gives one."
                    )
                if self._annotate(task, users[annotator.casefold()], annotator, document):
                    outcome.new += 1
                else:
                    outcome.present += 1
                self.step(1)
        if homeless:
            raise DataError(
                f"{len(homeless)} recorded annotation(s) have no task with the same text in project "
                f"{self.project.title!r}; push their articles first:",
                homeless,
            )
        return outcome

    def standing(self, documents: Sequence[Document]) -> Standing:
        """Look up which tasks the project holds of these documents."""
        hashes = {document.id: document.sha256 for document in documents}
        standing = Standing({}, {})
        for key in self.client.find_tasks(self.project.id, hashes):
            if hashes.get(key.doc_id) == key.sha256:
                standing.same.setdefault((key.doc_id, key.sha256), []).append(key.id)
            else:
                standing.older.setdefault(key.doc_id, []).append(key.id)
        return standing

    def _create(self, documents: list[Document], make: Callable[[Document], Json], outcome: Outcome) -> None:
        if not documents:
            return

        def send(items: Sequence[Document]) -> None:
            self.client.import_tasks(self.project.id, [make(document) for document in items])

        def missing(items: Sequence[Document]) -> Sequence[Document]:
            standing = self.standing(items)
            return [document for document in items if standing.of(document) is None]

        if deliver(documents, send, missing):
            outcome.notes += _doubles(self.standing(documents), documents)

    def _owed(self, chunk: Sequence[Document], standing: Standing, model_version: str) -> tuple[list[Json], list[str]]:
        """Return the predictions that standing tasks lack, and the documents that this version predicted otherwise."""
        tasks = {task: document for document in chunk if (task := standing.of(document)) is not None}
        held = {
            item.task: item.result
            for item in self.client.predictions(self.project.id, list(tasks))
            if item.model_version == model_version
        }
        owed = [
            {**prediction(document, model_version), "task": task}
            for task, document in tasks.items()
            if task not in held
        ]
        differing = [
            f"{tasks[task].id} (task {task})" for task, result in held.items() if result != regions(tasks[task])
        ]
        return owed, differing

    def _unpredicted(self, items: Sequence[Json], model_version: str) -> Sequence[Json]:
        found = self.client.predictions(self.project.id, [item["task"] for item in items])
        held = {item.task for item in found if item.model_version == model_version}
        return [item for item in items if item["task"] not in held]

    def _show_version(self, model_version: str) -> None:
        """Make the page show this version's predictions, and make sure that it does."""
        if self.client.project(self.project.id).model_version != model_version:
            self.client.update_project(self.project.id, model_version=model_version)
        shown = self.client.project(self.project.id).model_version
        if shown != model_version:
            raise ServiceError(
                f"Project {self.project.title!r} shows the predictions of {shown!r} and not of {model_version!r}, "
                "although it was told to; choose the version in the project's settings, under Predictions."
            )

    def _create_user(self, email: str) -> int:
        try:
            return self.client.create_user(email)
        except RequestError as error:
            if not error.uncertain:
                raise
            made = {name.casefold(): user for user, name in self.client.users().items()}
            if email.casefold() not in made:
                raise
            return made[email.casefold()]

    def _annotate(self, task: int, user: int, annotator: str, document: Document) -> bool:
        """Store one annotation; its id makes a second sending harmless, so a fault is simply tried again."""
        unique = reading_id(task, annotator, document)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                made = self.client.create_annotation(
                    task, user, unique, regions(document), document.provenance.lead_time
                )
            except RequestError as error:
                if not error.uncertain or attempt == ATTEMPTS:
                    raise
            else:
                # On a second try, "there already" means that the first one had arrived.
                return made or attempt > 1
        raise AssertionError("the loop returns or raises")


def recorded_annotations(paths: Iterable[Path], schema: LabelSchema) -> list[Source]:
    """Return the recorded annotators' files, checked: each document names one annotator by e-mail address.

    Args:
        paths: files, or folders of `*.jsonl`.
        schema: the labels that may stand in them.

    Raises:
        DataError: a folder holds no file, or documents break a rule; all are told.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not found:
            raise DataError(f"{path} holds no *.jsonl; name the recorded annotators' files, or their folder.")
        files += found
    sources = [Source(path, schema) for path in files]
    problems = [
        f"{source.path}: {document.id!r} names {', '.join(document.provenance.annotators) or 'no annotator'}"
        for source in sources
        for document in source
        if len(document.provenance.annotators) != 1 or "@" not in document.provenance.annotators[0]
    ]
    if problems:
        raise DataError(
            "A replay needs one annotator a document, by e-mail address in provenance.annotators:", problems
        )
    return sources


def predicted_documents(path: Path, schema: LabelSchema) -> Source:
    """Return a predictions file, checked: one prediction a document.

    Raises:
        DataError: with all that is wrong.
    """
    source = Source(path, schema)
    seen: set[str] = set()
    problems = []
    for document in source:
        if document.id in seen:
            problems.append(f"{document.id!r} stands more than once; keep one prediction of it")
        seen.add(document.id)
    if problems:
        raise DataError(f"{path} cannot be pushed as predictions:", problems)
    return source


def _predicted_task(document: Document, model_version: str) -> Json:
    return {"data": task_data(document), "predictions": [prediction(document, model_version)]}


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _doubles(standing: Standing, documents: Sequence[Document]) -> list[str]:
    found = {document.id: standing.same.get((document.id, document.sha256), []) for document in documents}
    return [
        f"{name} stands in tasks {', '.join(map(str, tasks))} with the same text: delete those without annotations."
        for name, tasks in found.items()
        if len(tasks) > 1
    ]


def _changed(standing: Standing, new: Sequence[Document]) -> list[str]:
    return [
        f"The text of {document.id} has changed: it became a new task; {', '.join(map(str, tasks))} keeps the old one."
        for document in new
        if (tasks := standing.older.get(document.id))
    ]

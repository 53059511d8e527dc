"""Predict the tasks of a project, page by page: each prediction is validated, sent once, and shown at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from annotate.client import Client, Project, task_filter
from annotate.delivery import deliver
from annotate.predictions import checked_prediction
from annotate.prelabel.labellers import Labeller
from annotate.prelabel.versions import held_versions
from annotate.project import show_version
from annotate.source import chunks
from annotate.tasks import Json, Task, document_of
from conflict_ner.documents import Document
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from conflict_ner.text import normalise_text

Step = Callable[[int], None]


@dataclass
class Sent:
    """What a run did.

    Attributes:
        tasks: how many tasks got a prediction.
        spans: how many spans those hold.
        empty: how many of those hold none.
        shown: whether the page shows this version now.
        left_out: the tasks that could not get one, each with the reason.
    """

    tasks: int = 0
    spans: int = 0
    empty: int = 0
    shown: bool = False
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Article:
    """A task's id and its document."""

    task: int
    document: Document


class Prelabeller:
    """Gives the tasks of one project the predictions of one version."""

    def __init__(
        self, client: Client, project: Project, schema: LabelSchema, version: str, everything: bool, chunk: int
    ) -> None:
        """Look up what the project holds.

        Args:
            client: the server.
            project: the project.
            schema: its labels.
            version: the name of what predicts.
            everything: whether tasks that are annotated already get a prediction too.
            chunk: how many predictions go into one request.
        """
        self.client = client
        self.project = project
        self.schema = schema
        self.version = version
        self.chunk = chunk
        self._filters = [] if everything else [task_filter("total_annotations", "equal", 0, "Number")]
        # The server compares by substring and without case: exact only if no other version's name holds this one.
        names = [held.name for held in held_versions(client, project)]
        self._alike = any(version.casefold() in name.casefold() and name != version for name in names)
        if version in names and not self._alike:
            self._filters.append(task_filter("predictions_model_versions", "not_contains", [version], "List"))

    def count(self) -> int:
        """Return how many tasks will be looked at."""
        return self.client.count_tasks(self.project.id, self._filters)

    def run(self, labeller: Labeller, step: Step = lambda count: None) -> Sent:
        """Predict and send, chunk by chunk; then make the page show this version.

        Raises:
            DataError: predictions break a rule of the page; those before them were sent.
            ServiceError: the server is gone or refuses.
        """
        sent = Sent()
        for chunk in chunks(self._tasks(), self.chunk):
            articles = list(self._articles(chunk, sent))
            predicted = list(labeller.extract(article.document for article in articles))
            records = self._records(articles, predicted)
            deliver(
                records,
                lambda items: self.client.create_predictions(self.project.id, items) if items else None,
                self._missing,
            )
            sent.tasks += len(records)
            sent.spans += sum(len(document.spans) for document in predicted)
            sent.empty += sum(not document.spans for document in predicted)
            step(len(chunk))
        if sent.tasks or any(held.name == self.version for held in held_versions(self.client, self.project)):
            show_version(self.client, self.project, self.version)
            sent.shown = True
        return sent

    def _tasks(self) -> Iterator[Json]:
        """Yield the tasks that lack this version."""
        if not self._alike:
            yield from self.client.tasks(self.project.id, self._filters, fields="task_only", include="id,data")
            return
        for item in self.client.tasks(self.project.id, self._filters, fields="all", include="id,data,predictions"):
            if all(record.get("model_version") != self.version for record in item.get("predictions") or []):
                yield item

    def _articles(self, tasks: Iterable[Json], sent: Sent) -> Iterator[_Article]:
        for item in tasks:
            task = Task(id=item["id"], data=item["data"])
            name = f"{task.data.get('doc_id') or 'no doc_id'}, task {task.id}"
            try:
                document = document_of(task)
            except DataError as error:
                sent.left_out.append(f"{name}: {error}")
                continue
            if task.data["text"] != normalise_text(task.data["text"]):
                # Offsets would mean another string than the one that the page shows.
                sent.left_out.append(f"{name}: its text holds \\r or NUL; push the article with `annotate push`")
                continue
            yield _Article(task.id, document)

    def _records(self, articles: Sequence[_Article], predicted: Sequence[Document]) -> list[Json]:
        """Return the validated predictions of a chunk; the problems of all are told together."""
        records: list[Json] = []
        problems: list[str] = []
        for article, document in zip(articles, predicted, strict=True):
            try:
                record = checked_prediction(document, self.version, self.schema)
                records.append({**record, "task": article.task})
            except DataError as error:
                problems += [f"{document.id} (task {article.task}): {problem}" for problem in error.problems]
        if problems:
            raise DataError(f"Predictions of {self.version!r} break the page's rules and were not sent:", problems)
        return records

    def _missing(self, records: Sequence[Json]) -> Sequence[Json]:
        found = self.client.predictions(self.project.id, [record["task"] for record in records])
        arrived = {item.task for item in found if item.model_version == self.version}
        return [record for record in records if record["task"] not in arrived]

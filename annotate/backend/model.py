"""The model of the backend: one thread reads for all who wait, and a newer checkpoint takes over when it is whole."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from annotate.page import TEXT_NAME
from annotate.predictions import checked_prediction, checkpoint_version
from annotate.tasks import Json, Task, document_of
from conflict_ner.checkpoint import find_checkpoint, read_info, weights_sha256
from conflict_ner.documents import Document
from conflict_ner.errors import CheckpointError, ConflictNerError, DataError, ServiceError
from conflict_ner.schema import LabelSchema

if TYPE_CHECKING:
    from conflict_ner.extract import Extractor

LOG = logging.getLogger("conflict_ner.backend")
BATCH = 64  # tasks that are read together, at most, unless one request brings more
LOOK_SECONDS = 1.0
# Label Studio waits 100 s for predictions; what waited longer has nobody left to wait for it.
PATIENCE = 100.0

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Model:
    """An opened checkpoint, the name that it predicts under, and the labels that it may predict."""

    extractor: Extractor
    version: str
    schema: LabelSchema

    @classmethod
    def open(cls, name: str, folder: Path, schema: LabelSchema) -> Model:
        """Open a checkpoint and see that it is whole and fits the labelling page.

        Args:
            name: a folder or a hub id, which its version is named after.
            folder: where it lies.
            schema: the labels of the page.

        Raises:
            CheckpointError: it cannot be opened, is not the one that its own record names, or has other labels.
        """
        from conflict_ner.extract import load

        stated = read_info(folder).weights_sha256
        if stated is not None and stated != weights_sha256(folder):
            raise CheckpointError(
                f"The weights in {str(folder)!r} are not those that its conflict_ner.json names: it was copied or "
                "changed in part; copy or train it anew."
            )
        extractor = load(folder)
        other = sorted(set(extractor.tagger.tags.labels) - set(schema.label_names))
        if other:
            raise CheckpointError(
                f"The checkpoint {str(folder)!r} predicts {', '.join(other)}, which the labelling page does not have "
                f"({', '.join(schema.label_names)}); choose another with backend.model=..., or other project.labels."
            )
        return cls(extractor, checkpoint_version(name, folder), schema)

    def predictions(self, tasks: Sequence[Any]) -> list[Json]:
        """Return one prediction for each task, in order; a task that cannot be read has one without spans."""
        documents = [self._document(task) for task in tasks]
        good = [document for document in documents if document is not None]
        found = iter(self._read(good))
        return [self._empty() if document is None else self._checked(next(found)) for document in documents]

    def _document(self, task: Any) -> Document | None:
        """Return a task's document; None, with the reason logged, when there is no text to read."""
        name = task.get("id") if isinstance(task, dict) else "without an id"
        try:
            record = Task.model_validate({"id": name, "data": task["data"]})
            if "\r\n" in str(record.data.get(TEXT_NAME)):
                raise DataError("its text has Windows line ends, which the page counts otherwise; push it instead")
            return document_of(record)
        except (DataError, ValidationError, TypeError, KeyError) as error:
            reason = error if isinstance(error, DataError) else f"it is no task ({type(error).__name__})"
            LOG.warning("Task %s gets no spans: %s.", name, str(reason).rstrip("."))
            return None

    def _read(self, documents: list[Document]) -> list[Document]:
        """Read documents together; when that fails each alone, so that none spoils the others."""
        try:
            return list(self.extractor.extract(documents))
        except Exception as error:
            # Whatever a text may provoke in tokenizer or model: the page of its annotator must still open.
            if len(documents) == 1:
                LOG.exception("The document %s gets no spans: %s.", documents[0].id, type(error).__name__)
                return documents
            return [read for document in documents for read in self._read([document])]

    def _checked(self, document: Document) -> Json:
        try:
            return checked_prediction(document, self.version, self.schema)
        except DataError as error:
            LOG.warning("%s", error)
            return self._empty()

    def _empty(self) -> Json:
        return {"model_version": self.version, "result": []}


@dataclass
class _Asked:
    """The tasks of one request, and where its answer is awaited."""

    tasks: Sequence[Any]
    answer: Future[list[Json]] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


class LiveModel:
    """The model in use: `predict` may be called from any thread; one thread of its own does the reading.

    Args:
        name: a checkpoint's folder, or a hub id.
        schema: the labels of the page.

    Raises:
        CheckpointError: the checkpoint cannot be used; nothing was started then.
    """

    def __init__(self, name: str, schema: LabelSchema) -> None:
        self.name = name
        self.folder = find_checkpoint(name)
        self.schema = schema
        self.versions: list[str] = []
        self.refused: str | None = None
        self._stamp = _stamp(self.folder)
        self._take(Model.open(name, self.folder, schema))
        self._looked = time.monotonic()
        self._turn = threading.Lock()
        self._loader: threading.Thread | None = None
        self._waiting: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="model", daemon=True)
        self._worker.start()

    @property
    def version(self) -> str:
        """The name of the checkpoint that predicts now."""
        return self._model.version

    def predict(self, tasks: Sequence[Any]) -> Future[list[Json]]:
        """Return the future predictions of tasks, one each, in order."""
        self.look()
        asked = _Asked(tasks)
        self._waiting.put(asked)
        return asked.answer

    def look(self) -> None:
        """Have the checkpoint loaded anew, in a thread of its own, if its folder was replaced; looks once a second."""
        with self._turn:
            loading = self._loader is not None and self._loader.is_alive()
            if loading or time.monotonic() - self._looked < LOOK_SECONDS:
                return
            self._looked = time.monotonic()
            stamp = _stamp(self.folder)
            if stamp is not None and stamp != self._stamp:
                self._loader = threading.Thread(target=self._reload, args=(stamp,), name="loader", daemon=True)
                self._loader.start()

    def close(self) -> None:
        """End the thread once those who wait have their answer."""
        self._waiting.put(None)
        self._worker.join(timeout=PATIENCE)

    def _reload(self, stamp: Stamp) -> None:
        try:
            model = Model.open(self.name, self.folder, self.schema)
        except Exception as error:
            # A damaged file can raise anything; the model in use stays, and the reason is told.
            if _stamp(self.folder) == stamp:
                self._stamp, self.refused = stamp, _in_words(error)
                LOG.error("%s stays in use; the newer checkpoint cannot be: %s", self.version, self.refused)
            return
        if _stamp(self.folder) == stamp:  # else it was replaced again meanwhile, and the next look loads that
            self._stamp, self.refused = stamp, None
            LOG.info("%s takes over from %s.", model.version, self.version)
            self._take(model)

    def _take(self, model: Model) -> None:
        self._model = model
        self.versions = [model.version, *(version for version in self.versions if version != model.version)]

    def _work(self) -> None:
        while (batch := self._next_batch()) is not None:
            late = [asked for asked in batch if time.monotonic() - asked.since > PATIENCE]
            for asked in late:
                asked.answer.set_exception(ServiceError("The request waited too long; nobody waits for it any more."))
            self._answer([asked for asked in batch if asked not in late])

    def _next_batch(self) -> list[_Asked] | None:
        """Wait for a request, and take along those that wait behind it; None when it is time to end."""
        first = self._next()
        if first is None:
            return None
        batch = [first]
        while sum(len(asked.tasks) for asked in batch) < BATCH and not self._waiting.empty():
            following = self._waiting.get()
            if following is None:
                self._waiting.put(None)  # for the next round: these are answered first
                break
            batch.append(following)
        return batch

    def _next(self) -> _Asked | None:
        """Wait for a request; who asks first after a training is to find the new checkpoint in use already."""
        while True:
            try:
                return self._waiting.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                self.look()

    def _answer(self, batch: list[_Asked]) -> None:
        model, begun = self._model, time.monotonic()
        tasks = [task for asked in batch for task in asked.tasks]
        try:
            found = iter(model.predictions(tasks))
            for asked in batch:
                asked.answer.set_result([next(found) for _ in asked.tasks])
        except Exception as error:
            # The thread must outlive a defect, or every later request would wait for ever.
            LOG.exception("%d request(s) failed.", len(batch))
            for asked in (asked for asked in batch if not asked.answer.done()):
                asked.answer.set_exception(error)
            return
        seconds = time.monotonic() - begun
        LOG.info("%d task(s) of %d request(s) in %.2f s by %s.", len(tasks), len(batch), seconds, model.version)


def _stamp(folder: Path) -> Stamp | None:
    """Return what tells one state of a folder from another; None while it is being replaced."""
    try:
        found = [(path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file()]
    except FileNotFoundError:
        return None
    return tuple((name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in found) or None


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, ConflictNerError) else f"{type(error).__name__}: {error}"

"""Dynamic batching: what many requests ask at once is read together, by the one thread that has the model."""

from __future__ import annotations

import logging
import queue
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from conflict_ner.documents import Document
from conflict_ner.errors import ServiceError
from conflict_ner.events import Events
from conflict_ner.facts import Facts

if TYPE_CHECKING:
    from conflict_ner.extract import Extractor
    from conflict_ner.service.metrics import Metrics

LOG = logging.getLogger("conflict_ner.service")
Wanted = Literal["spans", "facts", "events"]
BATCH_CHARACTERS = 200_000  # a batch of long articles would keep short ones waiting
_WARM_UP = "Rebels killed 12 soldiers near Idlib on Tuesday."


class QueueFull(ServiceError):  # noqa: N818 - told to clients as it is
    """As many texts wait as may.

    Attributes:
        seconds: after which it is worth to come again.
    """

    def __init__(self, waiting: int, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"{waiting} texts wait already; come again in {seconds} s.")


@dataclass(frozen=True)
class Answer:
    """What was read from a document: its spans, and as much more as was asked for."""

    document: Document
    facts: Facts | None = None
    events: Events | None = None


@dataclass(frozen=True)
class _Asked:
    document: Document
    wanted: Wanted
    future: Future[Answer] = field(default_factory=Future)


class Batcher:
    """Reads documents for all who ask.

    Args:
        extractor: used by one thread alone.
        texts: read together, at most.
        wait: seconds that the first of a batch waits for others.
        room: texts that may wait.
        metrics: is told of each batch.
    """

    def __init__(self, extractor: Extractor, texts: int, wait: float, room: int, metrics: Metrics) -> None:
        self.extractor = extractor
        self.texts = texts
        self.wait = wait
        self.metrics = metrics
        self._queue: queue.Queue[_Asked | None] = queue.Queue(room)
        self._seconds_a_text = 0.05
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)

    def start(self) -> None:
        """Read a sentence, so that all tables are loaded, and begin to answer."""
        self.extractor.read(self.extractor(_WARM_UP))
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Say whether who asks now gets an answer."""
        return self._thread.is_alive() and not self._closing

    @property
    def waiting(self) -> int:
        """The number of texts that wait."""
        return self._queue.qsize()

    def ask(self, document: Document, wanted: Wanted) -> Future[Answer]:
        """Queue a document.

        Raises:
            QueueFull: no more may wait.
            ServiceError: the service ends.
        """
        if not self.is_ready:
            raise ServiceError("This service is ending and takes no more texts.")
        asked = _Asked(document, wanted)
        try:
            self._queue.put_nowait(asked)
        except queue.Full:
            self.metrics.refused.inc()
            seconds = min(60, max(1, round(self.waiting * self._seconds_a_text)))
            raise QueueFull(self.waiting, seconds) from None
        return asked.future

    def close(self) -> None:
        """Answer all that was taken, and end."""
        self._closing = True
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        going_on = True
        while going_on:
            first = self._queue.get()
            if first is None:
                return
            batch, going_on = self._collect(first)
            # Who has gone meanwhile is not read for; from here on nobody can go.
            awaited = [asked for asked in batch if asked.future.set_running_or_notify_cancel()]
            if awaited:
                begin = time.perf_counter()
                self._answer(awaited)
                seconds = time.perf_counter() - begin
                self._seconds_a_text = 0.8 * self._seconds_a_text + 0.2 * seconds / len(awaited)
                self.metrics.batch(len(awaited), seconds)

    def _collect(self, first: _Asked) -> tuple[list[_Asked], bool]:
        """Return the batch that begins with `first`, and whether there is anything to come after it."""
        batch, characters = [first], len(first.document.text)
        deadline = time.monotonic() + self.wait
        while len(batch) < self.texts and characters < BATCH_CHARACTERS:
            try:
                asked = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if asked is None:
                return batch, False
            batch.append(asked)
            characters += len(asked.document.text)
        return batch, True

    def _answer(self, batch: Sequence[_Asked]) -> None:
        """Answer a batch; when a text breaks it, each alone, so that none spoils the others."""
        try:
            documents = list(self.extractor.extract([asked.document for asked in batch]))
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0], error)
                return
            for asked in batch:
                self._answer([asked])
            return
        for asked, document in zip(batch, documents, strict=True):
            try:
                answer = self._read(document, asked.wanted)
            except Exception as error:
                _fail(asked, error)
            else:
                self.metrics.read(document)
                asked.future.set_result(answer)

    def _read(self, document: Document, wanted: Wanted) -> Answer:
        if wanted == "spans":
            return Answer(document)
        if wanted == "facts":
            return Answer(document, self.extractor.normaliser(document))
        reading = self.extractor.read(document)
        return Answer(document, reading.facts, reading.events)


def _fail(asked: _Asked, error: Exception) -> None:
    """Tell who waits; the log gets the place in our code and no word of the article, as a message may quote it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    LOG.error("A text could not be read: %s at %s:%s.", type(error).__name__, place.filename, place.lineno)
    failure = ServiceError(f"This text could not be read ({type(error).__name__}): a defect of the service.")
    asked.future.set_exception(failure)

"""Engines: items in, outcomes out in the same order; here the one of this process.

The engine of many machines is `conflict_ner.bulk.ray_data`; both read a batch by `read_batch`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.items import Item, iter_items
from conflict_ner.bulk.output import Outcome
from conflict_ner.bulk.sources import Source, open_source
from conflict_ner.documents import Document
from conflict_ner.errors import ConflictNerError
from conflict_ner.normalise.normaliser import NormaliseSettings
from conflict_ner.reading import Reading


class Reader(Protocol):
    """What reads articles: `conflict_ner.Extractor` does."""

    def read_all(self, documents: Iterable[Document]) -> Iterator[Reading]:
        """Yield the reading of each document, in order."""


class Task(BaseModel):
    """What an engine is to do, in a form that can be sent to another machine.

    Attributes:
        path: the input.
        columns: where its values stand.
        after: the number of the last row that is done already.
        limit: the number of the last row to do.
        model: the checkpoint's folder or hub id.
        runtime: what computes it, `torch` or `openvino`; the same in all workers.
        device: a torch device.
        precision: which spans are left out.
        settings: how facts are normalised.
        batch: articles that are read together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    columns: Columns
    after: int = 0
    limit: int | None = None
    model: str
    runtime: str | None = None
    device: str | None = None
    precision: float | None = None
    settings: NormaliseSettings = NormaliseSettings()
    batch: int = 32

    def items(self, source: Source | None = None) -> Iterator[Item]:
        """Yield the rows that are to be done."""
        return iter_items(source or open_source(self.path), self.columns, self.after, self.limit)

    def reader(self) -> Reader:
        """Open the model.

        Raises:
            CheckpointError: it cannot be found or opened.
        """
        from conflict_ner.console import quiet_transformers
        from conflict_ner.extract import load

        quiet_transformers()
        extractor = load(self.model, self.device, precision=self.precision, engine=self.runtime, settings=self.settings)
        extractor.chunk = self.batch
        return extractor


class LocalEngine:
    """Reads in this process.

    Args:
        task: what to do.
        reader: opens what reads, when the first article comes; by default the task's model.
    """

    def __init__(self, task: Task, reader: Callable[[], Reader] | None = None) -> None:
        self.task = task
        self._open = reader or task.reader
        self._source = open_source(task.path)
        self.started: float | None = None

    @property
    def fraction(self) -> float | None:
        """How much of the input has been read, 0 to 1."""
        return self._source.fraction

    @cached_property
    def reader(self) -> Reader:
        """What reads; opened when it is first asked for."""
        reader = self._open()
        self.started = time.monotonic()
        return reader

    def batches(self) -> Iterator[list[Outcome]]:
        """Yield what came of the rows, in order, a batch at a time."""
        items = self.task.items(self._source)
        while batch := list(islice(items, self.task.batch)):
            yield read_batch(batch, lambda: self.reader)


def read_batch(batch: Sequence[Item], reader: Callable[[], Reader]) -> list[Outcome]:
    """Read the articles of a batch together; return what came of each row.

    One article that cannot be read is a defect of ours, but must not end a night's work: it is rejected with the
    error. Where no article of a batch can be read, the trouble lies elsewhere, and the error is raised.
    """
    documents = [item.document for item in batch if item.document is not None]
    readings: dict[str, Reading] = {}
    reasons: dict[str, str] = {}
    if documents:
        opened = reader()
        try:
            readings = {reading.document.id: reading for reading in opened.read_all(documents)}
        except (ConflictNerError, OSError, MemoryError):
            raise
        except Exception:
            readings, reasons = _one_by_one(documents, opened)
    return [
        Outcome(item)
        if item.document is None
        else Outcome(item, readings.get(item.document.id), reasons.get(item.document.id))
        for item in batch
    ]


def _one_by_one(documents: Sequence[Document], reader: Reader) -> tuple[dict[str, Reading], dict[str, str]]:
    readings: dict[str, Reading] = {}
    reasons: dict[str, str] = {}
    for number, document in enumerate(documents, start=1):
        try:
            (readings[document.id],) = reader.read_all([document])
        except (ConflictNerError, OSError, MemoryError):
            raise
        except Exception as error:
            if number == len(documents) > 1 and not readings:
                raise
            reasons[document.id] = f"the article could not be read ({type(error).__name__}: {error})"
    return readings, reasons

"""The engine of several processes on one machine, each with a model and its share of the processor's cores.

One process alone computes with all cores, and leaves all but one idle while it decodes spans, reads facts and
assembles events in Python; several keep them busy.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.connection import wait

from conflict_ner.bulk.engines import Reader, Task, read_batch
from conflict_ner.bulk.items import Item
from conflict_ner.bulk.output import Outcome
from conflict_ner.bulk.sources import open_source
from conflict_ner.errors import DataError

_AHEAD = 2  # batches a worker: one that it reads, and one that waits for it
_THREADS = "OMP_NUM_THREADS"


class ProcessEngine:
    """Reads in several processes, which are started anew: a script that asks for them needs `if __name__ ==
    "__main__":` around what it does.

    Args:
        task: what to do.
        workers: processes, each of which opens the model.
    """

    def __init__(self, task: Task, workers: int) -> None:
        self.task = task
        self.workers = workers
        self._source = open_source(task.path)
        self.started: float | None = None

    @property
    def fraction(self) -> float | None:
        """How much of the input has been read, 0 to 1: up to two batches a worker more than has been done."""
        return self._source.fraction

    def batches(self) -> Iterator[list[Outcome]]:
        """Yield what came of the rows, in order, a batch at a time.

        Raises:
            DataError: a worker was ended from outside, as by a system that is out of memory.
        """
        self.started = time.monotonic()  # the workers' opening of their models counts in
        items = self.task.items(self._source)
        pool = ProcessPoolExecutor(
            self.workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_open,
            initargs=(self.task, _threads(self.workers)),
        )
        waiting: deque[Future[list[Outcome]]] = deque()
        try:
            while batch := list(islice(items, self.task.batch)):
                waiting.append(pool.submit(_read, batch))
                if len(waiting) == _AHEAD * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise DataError(
                "A worker was ended from outside, most often because the memory ran out; "
                f"go on with fewer than {self.workers} workers, or a smaller --batch."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _threads(workers: int) -> int:
    """Return the threads that each worker computes with: what the user grants, else its share of the cores."""
    wanted = os.environ.get(_THREADS, "").strip()
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else max(1, (os.cpu_count() or 1) // workers)


_task: Task
_reader: Reader | None = None


def _open(task: Task, threads: int) -> None:
    """Make a worker ready: its share of the cores, and an end when the run's own process ends, however that does."""
    global _task  # noqa: PLW0603 - what a worker keeps between its batches
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to heed
    os.environ[_THREADS] = str(threads)
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    import torch

    torch.set_num_threads(threads)
    _task = task


def _end_with_the_run() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _reader_of_worker() -> Reader:
    global _reader  # noqa: PLW0603 - opened once a worker
    if _reader is None:
        _reader = _task.reader()
    return _reader


def _read(batch: list[Item]) -> list[Outcome]:
    return read_batch(batch, _reader_of_worker)

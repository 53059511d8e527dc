"""The engine of many machines: Ray Data, with a model in each worker.

One task reads the input and judges its rows, workers read the articles, and this process writes: so rows are rejected,
parts finished and runs resumed exactly as with the engine of one process. On a cluster (RAY_ADDRESS), the input and the
model must lie where every machine sees them.
"""

from __future__ import annotations

import logging
import os
import pickle
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from typing import Any

from conflict_ner.arrow import binary_table
from conflict_ner.bulk.engines import Reader, Task, read_batch
from conflict_ner.bulk.items import Item
from conflict_ner.bulk.output import Outcome
from conflict_ner.errors import ConflictNerError, DataError

ADDRESS = "RAY_ADDRESS"


def need_ray() -> None:
    """Refuse to work where Ray is not installed.

    Raises:
        DataError: with the command that installs it.
    """
    if find_spec("ray") is None:
        raise DataError("--engine ray needs Ray, which is not installed: pip install 'conflict-ner[ray]'")


class RayEngine:
    """Reads on the workers of a Ray cluster, or of one that is started here and ends with the run.

    Args:
        task: what to do.
        workers: models that are opened; None leaves one processor free, for reading and writing.
    """

    def __init__(self, task: Task, workers: int | None = None) -> None:
        self.task = task.model_copy(update={"path": task.path.resolve()})
        self.workers = workers
        self.started: float | None = None

    @property
    def fraction(self) -> float | None:
        """Not known: the input is read elsewhere."""
        return None

    def batches(self) -> Iterator[list[Outcome]]:
        """Yield what came of the rows, in order, a batch at a time.

        Raises:
            DataError: more workers are asked for than there are processors to spare.
        """
        need_ray()
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray

        ours = not ray.is_initialized()
        if ours:
            ray.init(**self._cluster(), log_to_driver=False, logging_level=logging.ERROR)
        self.started = time.monotonic()  # the workers' opening of their models counts in
        try:
            yield from self._stream()
        except ray.exceptions.RayTaskError as error:
            # What a user can mend is told as it was raised, not as Ray wraps it.
            if isinstance(error.cause, ConflictNerError):
                raise error.cause from None
            raise
        finally:
            if ours:
                ray.shutdown()

    def _cluster(self) -> dict[str, Any]:
        """Return how to reach the cluster that is named, or to start one that no other machine can reach."""
        if os.environ.get(ADDRESS):
            return {"address": os.environ[ADDRESS]}
        processors = max(os.cpu_count() or 1, 2, (self.workers or 0) + 1)
        return {
            "address": "local",
            "num_cpus": processors,
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }

    def _stream(self) -> Iterator[list[Outcome]]:
        import ray.data

        logging.getLogger("ray.data").setLevel(logging.ERROR)
        free = int(ray.cluster_resources().get("CPU", 1)) - 1
        workers = max(free, 1) if self.workers is None else self.workers
        if workers > max(free, 1):
            raise DataError(
                f"--workers {workers}: the cluster has {free + 1} processors, and one must be left to read and write; "
                f"{max(free, 1)} workers at most."
            )
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        # A block goes to one worker, and Ray would make one of 128 MB of articles: here each batch is a block.
        context.target_max_block_size = 1
        outcomes = ray.data.read_datasource(_source(self.task), override_num_blocks=1).map_batches(
            _Worker,
            fn_constructor_args=(self.task,),
            batch_size=1,
            batch_format="numpy",
            compute=ray.data.ActorPoolStrategy(size=workers),
        )
        for row in outcomes.iter_batches(batch_size=1, batch_format="numpy"):
            yield pickle.loads(row["outcomes"][0])


class _Worker:
    """One model, opened once; reads batch by batch, each a row of Ray's."""

    def __init__(self, task: Task) -> None:
        self._reader: Reader = task.reader()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        items: list[Item] = pickle.loads(batch["items"][0])
        return {"outcomes": [pickle.dumps(read_batch(items, lambda: self._reader))]}


def _source(task: Task) -> Any:
    """Return the rows of a task as a source of Ray Data: one reader, that hands on a batch as soon as it is full."""
    from ray.data.block import BlockMetadata
    from ray.data.datasource import Datasource, ReadTask

    def blocks() -> Iterator[Any]:
        items = task.items()
        while batch := list(islice(items, task.batch)):
            yield binary_table("items", [pickle.dumps(batch)])

    class Rows(Datasource):  # type: ignore[misc]
        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[Any]:
            unknown = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(blocks, unknown)]

    return Rows()

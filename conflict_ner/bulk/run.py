"""A bulk run from start to end: checked before the model is loaded, finished part by part, safe to kill."""

from __future__ import annotations

import errno
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.engines import LocalEngine, Reader, Task
from conflict_ner.bulk.output import OpenPart, Outcome, Output, Part, State, Tally
from conflict_ner.bulk.plan import Plan, input_sha256, model_sha256
from conflict_ner.bulk.progress import Bar
from conflict_ner.bulk.sources import open_source
from conflict_ner.checkpoint import find_checkpoint
from conflict_ner.console import err
from conflict_ner.errors import DataError, did_you_mean
from conflict_ner.formats import check_format
from conflict_ner.normalise.normaliser import NormaliseSettings
from conflict_ner.runtime.choice import Choice, choose

ENGINES = ("local", "ray")
READINGS = "readings"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Request(BaseModel):
    """What is asked of a bulk run.

    Attributes:
        source: the input: *.jsonl, *.csv, *.parquet, each also .gz or .zst, or a folder of *.txt.
        output: the folder to write to.
        model: the checkpoint's folder or hub id.
        columns: where an article's parts stand, where the names differ from the fields'.
        formats: of the output beside `events.jsonl`; `readings` keeps whole readings.
        batch: articles that are read together; more are faster and take more memory.
        limit: the number of the last row to read.
        engine: `local`, or `ray` for many machines.
        workers: processes, or those of Ray; None is this process alone, and of Ray all processors but one.
        fresh: whether what the folder holds of an earlier run is removed first.
        device: a torch device.
        precision: leave out spans too unsure for it.
        settings: how facts are normalised.
        part_rows: rows after which a part is finished.
        part_seconds: seconds after which it is; what a kill can cost.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Path
    output: Path
    model: str
    columns: Columns = Columns()
    formats: tuple[str, ...] = ()
    batch: int = Field(default=32, ge=1)
    limit: int | None = Field(default=None, ge=1)
    engine: str = "local"
    workers: int | None = Field(default=None, ge=1)
    fresh: bool = False
    device: str | None = None
    precision: float | None = None
    settings: NormaliseSettings = NormaliseSettings()
    part_rows: int = Field(default=2000, ge=1)
    part_seconds: float = Field(default=20, ge=0)

    @property
    def tables(self) -> tuple[str, ...]:
        """The formats that are written from `events.jsonl`, each once."""
        return tuple(dict.fromkeys(name for name in self.formats if name != READINGS))


class Result(BaseModel):
    """How a run ended.

    Attributes:
        tally: what is in the output, of earlier runs too.
        files: those that were written; none where it was interrupted.
        rows: how many rows this run has done.
        seconds: how long that took, without loading the model.
        interrupted: whether it was told to stop; the same request goes on from there.
        was_finished: whether an earlier run had done all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tally: Tally
    files: tuple[Path, ...] = ()
    rows: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    was_finished: bool = False


class Engine(Protocol):
    """What does the work."""

    @property
    def fraction(self) -> float | None:
        """How much of the input has been read, 0 to 1; None where it is not known."""

    @property
    def started(self) -> float | None:
        """When the model was open, as `time.monotonic` tells; None before that."""

    def batches(self) -> Iterator[list[Outcome]]:
        """Yield what came of the rows, in order, a batch at a time."""


def run_bulk(request: Request, reader: Callable[[], Reader] | None = None) -> Result:
    """Do a request, or what is left of it.

    Args:
        request: what to do.
        reader: opens what reads the articles, in place of the request's model.

    Raises:
        DataError: the input, its columns or a format is not what it should be; the folder holds the output of
            something else; the disk is full.
        CheckpointError: the model cannot be found or opened.
    """
    _check(request)
    output = Output(request.output)
    source = open_source(request.source)
    columns = source.columns(request.columns)
    folder = find_checkpoint(request.model)
    runtime = choose(folder, device=request.device)
    runtime.tell()
    plan = _plan(request, columns, folder, runtime)
    if output.folder.resolve() == request.source.resolve():
        raise DataError(f"{request.output} is the input itself; name another folder for the output.")
    state = _standing(output, request.fresh)
    _refuse_changes(output, plan, state.plan if state is not None and not request.fresh else None)
    with _disk_told(output), output.held():
        if request.fresh:
            output.clear()
            state = None
        if state is not None and state.finished is not None:
            if not output.is_whole:
                raise DataError(f"{output.folder} was finished, and has no events.jsonl any more; use --fresh.")
            shutil.rmtree(output.parts, ignore_errors=True)  # of a run that was killed in its last moment
            output.derive(request.tables)
            files = tuple(output.files(request.tables))
            return Result(tally=state.finished, files=files, was_finished=True)
        if state is None:
            output.begin(plan)
        done = output.finished_parts()
        output.tidy(done)
        task = _task(request, columns, runtime, done[-1].last_row if done else 0)
        rows, seconds, stopped = _work(_engine(request, task, reader), output, request, done)
        if stopped:
            tally = sum((part.tally for part in output.finished_parts()), Tally())
            return Result(tally=tally, rows=rows, seconds=seconds, interrupted=True)
        tally = output.finish(plan, request.tables)
        return Result(tally=tally, files=tuple(output.files(request.tables)), rows=rows, seconds=seconds)


def _check(request: Request) -> None:
    """Refuse at once what can be seen to be wrong without reading a row."""
    problems = []
    if request.engine not in ENGINES:
        problems.append(f"there is no engine {request.engine!r}{did_you_mean(request.engine, ENGINES)}")
    for name in request.tables:
        try:
            check_format(name)
        except DataError as error:
            problems.append(str(error))
    try:
        open_source(request.source)
    except DataError as error:
        problems.append(str(error))
    if problems:
        raise DataError("The run cannot begin:", problems)
    if request.engine == "ray":
        from conflict_ner.bulk.ray_data import need_ray

        need_ray()


def _plan(request: Request, columns: Columns, folder: Path, runtime: Choice) -> Plan:
    return Plan(
        input=request.source.resolve().name,
        input_sha256=input_sha256(request.source),
        model=request.model,
        model_sha256=model_sha256(folder),
        runtime=runtime.name,
        columns=columns,
        limit=request.limit,
        readings=READINGS in request.formats,
        precision=request.precision,
        settings=request.settings.model_dump(mode="json"),
    )


def _task(request: Request, columns: Columns, runtime: Choice, after: int) -> Task:
    return Task(
        path=request.source,
        columns=columns,
        after=after,
        limit=request.limit,
        model=request.model,
        runtime=runtime.engine,
        device=request.device,
        precision=request.precision,
        settings=request.settings,
        batch=request.batch,
    )


def _standing(output: Output, fresh: bool) -> State | None:
    """Return what the folder holds; a plan that is damaged is no obstacle to beginning anew."""
    try:
        return output.state()
    except DataError:
        if fresh and output.is_ours:
            return None
        raise


def _refuse_changes(output: Output, plan: Plan, begun: Plan | None) -> None:
    """Refuse to go on with an output that was begun otherwise."""
    changes = list(plan.changes_from(begun)) if begun is not None else []
    if changes:
        raise DataError(
            f"{output.folder} holds the output of another run, and the two must not be mixed. "
            f"Go on as it was begun, name another folder, or remove it and begin anew with --fresh:",
            changes,
        )


def _engine(request: Request, task: Task, reader: Callable[[], Reader] | None) -> Engine:
    if request.engine == "ray":
        from conflict_ner.bulk.ray_data import RayEngine

        return RayEngine(task, request.workers)
    if request.workers is not None and request.workers > 1:
        from conflict_ner.bulk.processes import ProcessEngine

        return ProcessEngine(task, request.workers)
    return LocalEngine(task, reader)


def _work(engine: Engine, output: Output, request: Request, done: list[Part]) -> tuple[int, float, bool]:
    """Write what the engine yields, part by part; return the rows, the seconds, and whether it was told to stop."""
    number = done[-1].number + 1 if done else 0
    before = sum(part.tally.articles + part.tally.rejected for part in done)
    with _stop_signal() as stop, Bar(before) as bar:
        part = OpenPart(output, number, READINGS in request.formats)
        try:
            # A part ends with a batch, so that a run that goes on reads the same articles together, and alike.
            for batch in engine.batches():
                for outcome in batch:
                    part.add(outcome)
                bar.step(len(batch), engine.fraction, engine.started)
                if stop.is_set():
                    break
                if part.rows >= request.part_rows or time.monotonic() - part.begun >= request.part_seconds:
                    part.finish()
                    number += 1
                    part = OpenPart(output, number, READINGS in request.formats)
            part.finish()
        except DataError as error:
            part.finish()  # an input that breaks off: what stood before that is kept
            raise DataError(
                f"{error}\n{before + bar.rows:,} rows were done before; they lie in {output.parts}."
            ) from error
        except BaseException:
            part.drop()
            raise
        seconds = time.monotonic() - engine.started if engine.started is not None else 0.0
        return bar.rows, seconds, stop.is_set()


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """Yield what is set by the first Ctrl-C, or when the system ends the process; a second one ends it at once."""
    stop = threading.Event()

    def heed(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        err.print("Stopping after the articles at hand; once more to stop at once.", style="yellow")

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, heed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _disk_told(output: Output) -> Iterator[None]:
    """Turn a full disk into a sentence.

    Raises:
        DataError: the disk is full, or the folder may not be written to.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        number = getattr(error, "errno", None)
        if number in _NO_ROOM or "disk is full" in str(error) or "No space left" in str(error):
            raise DataError(
                f"The disk is full: {output.folder} could not be written ({_megabytes(output.folder)} MB are free). "
                f"The parts that were finished are kept; make room, and the same command goes on from there."
            ) from error
        if number in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise DataError(
                f"{getattr(error, 'filename', None) or output.folder} may not be read or written; "
                "change its permissions, or name another folder."
            ) from error
        raise


def _megabytes(folder: Path) -> str:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free / 1e6:,.0f}"

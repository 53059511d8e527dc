"""A training that Label Studio asked for: a process of its own, one at a time, which outlives the backend.

The process is `annotate/backend/runner.py`. A lock on `training.lock` is held by it and by the command that it
runs, however they came to end: that tells whether a training runs, not a pid that another process may have by now.
"""

from __future__ import annotations

import datetime
import fcntl
import logging
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from conflict_ner.errors import ConfigError, DataError
from conflict_ner.files import replacing_file

LOG = logging.getLogger("conflict_ner.backend")
RECORD_NAME = "training.json"
LOCK_NAME = "training.lock"
TAIL_LINES = 15

State = Literal["running", "succeeded", "failed", "broken off"]


class Job(BaseModel):
    """The content of `training.json`: a training, and how far it came.

    Attributes:
        commands: the command lines, run one after another until one fails.
        folder: where they run.
        log: what they print.
        begun: when it was started.
        pid: of the runner, which leads a process group of its own.
        command: number of the command that runs or ran last, from 1.
        ended: when the last command ended; None while it runs, and for ever when it was killed.
        exit_code: of the last command; 0 means that all went well.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    commands: tuple[tuple[str, ...], ...]
    folder: Path
    log: Path
    begun: datetime.datetime
    pid: int
    command: int = 1
    ended: datetime.datetime | None = None
    exit_code: int | None = None


class TrainingStatus(BaseModel):
    """What is told of a training: over HTTP, and in the backend's log."""

    model_config = ConfigDict(frozen=True)

    state: State
    pid: int
    begun: datetime.datetime
    ended: datetime.datetime | None
    exit_code: int | None
    command: str
    log: Path
    tail: tuple[str, ...]


class Trainings:
    """The trainings of one folder.

    Args:
        folder: where records and logs are kept.
        commands: the command lines of a training; none means that nothing can be trained.
        root: the folder in which they run.
    """

    def __init__(self, folder: Path, commands: Sequence[Sequence[str]], root: Path) -> None:
        self.folder = folder
        self.commands = tuple(tuple(command) for command in commands)
        self.root = root
        # Asking holds the lock for a moment too: two questions at once must not take each other for a training.
        self._turn = threading.Lock()

    def start(self, environment: Mapping[str, str]) -> tuple[TrainingStatus, bool]:
        """Start a training, unless one runs.

        Args:
            environment: of the commands.

        Returns:
            The training that runs now, and whether this call started it.

        Raises:
            ConfigError: there are no commands.
        """
        if not self.commands:
            raise ConfigError(
                "backend.training names no commands, so there is nothing to start; see configs/annotate.yaml."
            )
        with self._lock() as lock:
            if lock is None:
                return self._told_running(), False
            begun = datetime.datetime.now(datetime.UTC)
            log = self.folder / f"training-{begun:%Y%m%d-%H%M%S-%f}.log"
            line = [sys.executable, "-m", "annotate.backend.runner", str(self.folder), str(lock)]
            with log.open("ab") as output:
                process = subprocess.Popen(
                    line,
                    cwd=Path(__file__).resolve().parents[2],
                    env={**environment, "PYTHONUNBUFFERED": "1"},
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(lock,),
                    start_new_session=True,
                )
            job = Job(commands=self.commands, folder=self.root, log=log, begun=begun, pid=process.pid)
            assert process.stdin is not None
            with process.stdin:  # the runner waits for its end: it begins when its record stands
                write_job(self.folder, job)
        threading.Thread(target=_reap, args=(process, log), name="training", daemon=True).start()
        return self._told(job, runs=True), True

    def last(self) -> TrainingStatus | None:
        """Return the training that runs, or else the last one; None when there was none."""
        with self._lock() as lock:
            job = read_job(self.folder)
            return None if job is None else self._told(job, runs=lock is None)

    def _told_running(self) -> TrainingStatus:
        job = read_job(self.folder)
        if job is None:
            raise DataError(f"A training runs in {self.folder}, but its {RECORD_NAME} is gone; look with `ps`.")
        return self._told(job, runs=True)

    def _told(self, job: Job, runs: bool) -> TrainingStatus:
        state: State = "running" if runs else "broken off"
        if not runs and job.ended is not None:
            state = "failed" if job.exit_code else "succeeded"
        return TrainingStatus(
            state=state,
            pid=job.pid,
            begun=job.begun,
            ended=job.ended,
            exit_code=job.exit_code,
            command=shlex.join(job.commands[job.command - 1]),
            log=job.log,
            tail=tuple(_tail(job.log)),
        )

    @contextmanager
    def _lock(self) -> Iterator[int | None]:
        """Yield the descriptor of the lock, held; None when a training holds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._turn:
            yield from self._held()

    def _held(self) -> Iterator[int | None]:
        handle = os.open(self.folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield handle
        finally:
            # No LOCK_UN: it would take the lock from the runner too, which shares it.
            os.close(handle)


def training_commands(lines: Sequence[str], places: Mapping[str, str]) -> list[list[str]]:
    """Return command lines as lists of words.

    Args:
        lines: as `backend.training` gives them, with `{name}` for the places.
        places: name -> what stands for it, quoted for a shell.

    Raises:
        ConfigError: an unknown place, or a line that no shell could read.
    """
    commands, problems = [], []
    for line in lines:
        try:
            words = shlex.split(line.format_map(dict(places)))
        except (KeyError, ValueError, IndexError) as error:
            what = f"{{{error.args[0]}}} is unknown" if isinstance(error, KeyError) else str(error)
            problems.append(f"{line!r}: {what}; {{...}} may be {', '.join(sorted(places))}")
            continue
        commands += [words] if words else []
    if problems:
        raise ConfigError("backend.training cannot be read:", problems)
    return commands


def write_job(folder: Path, job: Job) -> None:
    """Write the record of a training."""
    with replacing_file(folder / RECORD_NAME) as path:
        path.write_text(job.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_job(folder: Path) -> Job | None:
    """Return the record of the last training, or None.

    Raises:
        DataError: the record is damaged.
    """
    path = folder / RECORD_NAME
    try:
        return Job.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise DataError(f"{path} is no record of a training; remove it, the logs beside it stay.") from error


def _reap(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a training, so that no zombie stays behind while the backend lives, and log how it ended."""
    code = process.wait()
    LOG.log(logging.ERROR if code else logging.INFO, "The training ended with exit code %d; its log is %s.", code, log)


def _tail(log: Path) -> list[str]:
    """Return the last lines of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    # A progress bar redraws one line many times; its last state is enough.
    return [line.rpartition("\r")[2] for line in lines if line.strip()][-TAIL_LINES:]

"""The output folder of a bulk run: parts that are finished by rename, a journal of them, and the files they make.

OUT/bulk.json           the plan, and in the end what came of it
OUT/parts/              finished rows, a part every few seconds; gone in the end
OUT/parts/journal.jsonl a line a finished part, written last: a part without its line does not count
OUT/events.jsonl, background.jsonl, rejects.jsonl, readings.jsonl and the formats that were asked for
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from conflict_ner.bulk.items import Item
from conflict_ner.bulk.plan import PLAN_FILE, Plan
from conflict_ner.errors import DataError
from conflict_ner.files import replacing_file
from conflict_ner.formats import FORMATS, write_events
from conflict_ner.formats.jsonl import read_rows, reading_line, row_line
from conflict_ner.formats.rows import rows_of
from conflict_ner.reading import Reading

if sys.platform != "win32":
    import fcntl

LOCK = ".lock"
EVENTS, BACKGROUND, REJECTS, READINGS = "events", "background", "rejects", "readings"


class Tally(BaseModel):
    """How many came of how many.

    Attributes:
        articles: that were read.
        events: that they tell of.
        background: tolls that are no events.
        rejected: rows that are no articles.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    articles: int = 0
    events: int = 0
    background: int = 0
    rejected: int = 0

    def __add__(self, other: Tally) -> Tally:
        mine, theirs = self.model_dump(), other.model_dump()
        return Tally(**{name: count + theirs[name] for name, count in mine.items()})


class Part(BaseModel):
    """A line of the journal: a finished part, the number of the last row in it, and what came of its rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    last_row: int
    tally: Tally


class State(BaseModel):
    """`bulk.json`: the plan, and what came of it once all is read and written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plan: Plan
    finished: Tally | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row: a reading, or why there is none."""

    item: Item
    reading: Reading | None = None
    reason: str | None = None


class Output:
    """An output folder.

    Args:
        folder: made when it is opened for a plan.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = folder / "parts"
        self._journal = self.parts / "journal.jsonl"

    def state(self) -> State | None:
        """Return what the folder holds; None where no run was begun in it.

        Raises:
            DataError: it holds something else.
        """
        path = self.folder / PLAN_FILE
        if not self.is_ours:
            if self.folder.exists() and not (self.folder.is_dir() and not any(self._strangers())):
                raise DataError(f"{self.folder} holds something else already; name a new folder for the output.")
            return None
        try:
            return State.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise DataError(
                f"{path} is damaged or of another version of conflict-ner; begin anew with --fresh."
            ) from error

    @property
    def is_ours(self) -> bool:
        """Whether the folder has a plan, be it damaged."""
        return (self.folder / PLAN_FILE).is_file()

    @property
    def is_whole(self) -> bool:
        """Whether the file is there from which the others are made."""
        return (self.folder / FORMATS["jsonl"]).is_file()

    def begin(self, plan: Plan) -> None:
        """Make the folder for a plan."""
        self.parts.mkdir(parents=True, exist_ok=True)
        self._write_state(State(plan=plan))

    def clear(self) -> None:
        """Remove all that a run has written here, and nothing else; the plan last, which tells that it is ours."""
        self._journal.unlink(missing_ok=True)
        shutil.rmtree(self.parts, ignore_errors=True)
        for name in (*FORMATS.values(), *(f"{kind}.jsonl" for kind in (BACKGROUND, REJECTS, READINGS))):
            (self.folder / name).unlink(missing_ok=True)
        (self.folder / PLAN_FILE).unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder for this process.

        Raises:
            DataError: another one writes to it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK).open("w") as file:
            if sys.platform != "win32":
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise DataError(f"Another process writes to {self.folder}; wait for it, or end it.") from None
                except OSError:  # a file system without locks
                    pass
            yield

    def finished_parts(self) -> list[Part]:
        """Return the parts of the journal; a last line that was cut off does not count, nor does its part."""
        if not self._journal.is_file():
            return []
        found: list[Part] = []
        for line in self._journal.read_bytes().splitlines(keepends=True):
            try:
                found.append(Part.model_validate_json(line))
            except ValidationError:
                break
            if not line.endswith(b"\n"):
                found.pop()
        return found

    def tidy(self, parts: Iterable[Part]) -> None:
        """Remove what a run that was killed has left beside its finished parts, and mend the journal."""
        kept = {f"{part.number:06d}" for part in parts}
        self.parts.mkdir(parents=True, exist_ok=True)
        for path in self.parts.iterdir():
            if path.name.partition(".")[0] not in kept and path != self._journal:
                path.unlink()
        whole = "".join(part.model_dump_json() + "\n" for part in self.finished_parts())
        with replacing_file(self._journal) as temporary:
            temporary.write_text(whole, encoding="utf-8")

    def commit(self, part: Part) -> None:
        """Write a part's line to the journal: from now on it counts."""
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(part.model_dump_json() + "\n")
            _to_disk(file)

    def finish(self, plan: Plan, formats: Iterable[str]) -> Tally:
        """Make the output files of the parts, and remove the parts; killed meanwhile, it can be done again."""
        parts = self.finished_parts()
        kinds = (EVENTS, BACKGROUND, REJECTS, *((READINGS,) if plan.readings else ()))
        for kind in kinds:
            self._join(kind, parts)
        self.derive(formats)
        tally = sum((part.tally for part in parts), Tally())
        self._write_state(State(plan=plan, finished=tally))
        shutil.rmtree(self.parts)
        return tally

    def derive(self, formats: Iterable[str]) -> None:
        """Write formats from `events.jsonl`."""
        for name in formats:
            if name != "jsonl":
                write_events(self.folder / FORMATS[name], name, read_rows(self.folder / FORMATS["jsonl"]))

    def files(self, formats: Iterable[str]) -> list[Path]:
        """Return the files that are there of a finished run, those with events first."""
        names = [FORMATS["jsonl"], *(FORMATS[name] for name in formats)]
        names += [f"{kind}.jsonl" for kind in (READINGS, BACKGROUND, REJECTS)]
        return [path for name in dict.fromkeys(names) if (path := self.folder / name).is_file()]

    def _strangers(self) -> Iterator[Path]:
        """Yield what lies in the folder and is not of the first moments of a run."""
        return (path for path in self.folder.iterdir() if path.name not in {"parts", LOCK})

    def _join(self, kind: str, parts: Iterable[Part]) -> None:
        with replacing_file(self.folder / f"{kind}.jsonl") as temporary, temporary.open("wb") as target:
            for part in parts:
                with (self.parts / f"{part.number:06d}.{kind}.jsonl").open("rb") as source:
                    shutil.copyfileobj(source, target)
            _to_disk(target)

    def _write_state(self, state: State) -> None:
        with (
            replacing_file(self.folder / PLAN_FILE) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            file.write(state.model_dump_json(indent=2) + "\n")
            _to_disk(file)


@dataclass
class OpenPart:
    """A part that is being written.

    Args:
        output: where.
        number: of the part.
        readings: whether whole readings are kept.
    """

    output: Output
    number: int
    readings: bool
    rows: int = 0
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._last_row = 0
        self._tally = Tally()
        kinds = (EVENTS, BACKGROUND, REJECTS, *((READINGS,) if self.readings else ()))
        self._files: dict[str, IO[str]] = {
            kind: self._path(kind, ".part").open("w", encoding="utf-8", newline="\n") for kind in kinds
        }

    def add(self, outcome: Outcome) -> None:
        """Write what came of a row."""
        reading = outcome.reading
        if reading is None:
            reject = {"row": outcome.item.row, "id": outcome.item.id, "reason": outcome.reason or outcome.item.reason}
            self._files[REJECTS].write(json.dumps(reject, ensure_ascii=False) + "\n")
            self._tally += Tally(rejected=1)
        else:
            self._files[EVENTS].writelines(map(row_line, rows_of([reading])))
            self._files[BACKGROUND].writelines(toll.model_dump_json() + "\n" for toll in reading.events.background)
            if self.readings:
                self._files[READINGS].write(reading_line(reading))
            self._tally += Tally(articles=1, events=len(reading.events.rows), background=len(reading.events.background))
        self._last_row = outcome.item.row
        self.rows += 1

    def finish(self) -> Part | None:
        """Finish the part by rename and journal it; one without rows is dropped."""
        if self.rows == 0:
            self.drop()
            return None
        for kind, file in self._files.items():
            _to_disk(file)
            file.close()
            self._path(kind, ".part").replace(self._path(kind))
        part = Part(number=self.number, last_row=self._last_row, tally=self._tally)
        self.output.commit(part)
        return part

    def drop(self) -> None:
        """Leave the part away."""
        for kind, file in self._files.items():
            with suppress(OSError):  # a full disk holds back what is to be written at last
                file.close()
            self._path(kind, ".part").unlink(missing_ok=True)

    def _path(self, kind: str, ending: str = "") -> Path:
        return self.output.parts / f"{self.number:06d}.{kind}.jsonl{ending}"


def _to_disk(file: IO[str] | IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())

"""A pulled documents.jsonl and what is known of it: which line is whose, so that the next pull copies what stays.

Beside `documents.jsonl` stands `documents.jsonl.state.json`. A file that is not, byte for byte, as the last pull
left it is never built upon.
"""

from __future__ import annotations

import datetime
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Document, document_line
from conflict_ner.files import replacing_file

BLOCK = 1 << 20  # bytes that are copied at a time


class Line(NamedTuple):
    """One document of a pulled file, and where its line stands.

    Attributes:
        id: the document's id.
        sha256: its text's hash.
        annotators: whose reading it is.
        task: Label Studio's id of the task; 0 where it is not known.
        annotation: Label Studio's id of the annotation; 0 where it is not known.
        spans: how many spans it has.
        offset: the place in bytes at which the line begins.
        length: its length in bytes, with its end.
    """

    id: str
    sha256: str
    annotators: tuple[str, ...]
    task: int
    annotation: int
    spans: int
    offset: int
    length: int


class PullState(BaseModel):
    """What a pull leaves beside its file for the next one.

    Attributes:
        url: the server.
        project: the project's id.
        changed: when a task of the project had last changed as the pull began, by the server's clock.
        documents_sha256: hash of the file that was written; another means that the file was edited since.
        schema_sha256: hash of the label schema that was read with.
        lines: the file's lines in their order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    project: int
    changed: datetime.datetime
    documents_sha256: str
    schema_sha256: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Stored:
    """A line, and the open file in which it stands."""

    line: Line
    file: IO[bytes]


class Spool:
    """Documents on their way into a file, kept on disk; memory holds only which line is whose."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._end = 0

    def add(self, document: Document) -> Stored:
        """Store a document."""
        content = document_line(document).encode()
        source = document.provenance
        line = Line(
            document.id,
            document.sha256,
            source.annotators,
            source.task or 0,
            source.annotation or 0,
            len(document.spans),
            self._end,
            len(content),
        )
        self._file.write(content)
        self._end += len(content)
        return Stored(line, self._file)


@contextmanager
def spooling() -> Iterator[Spool]:
    """Yield a spool that is gone when the block is left."""
    with tempfile.TemporaryFile() as file:
        yield Spool(file)


@dataclass(frozen=True)
class Written:
    """What was written: the file's hash, and its lines."""

    sha256: str
    lines: tuple[Line, ...]


def write_lines(out: Path, chosen: Iterable[Stored]) -> Written:
    """Write lines to `out` in their order, whole or not at all, without parsing any."""
    digest = hashlib.sha256()
    lines: list[Line] = []
    end = 0
    with replacing_file(out) as temporary, temporary.open("wb") as file:
        for run in _runs(chosen):
            first = run[0]
            length = sum(stored.line.length for stored in run)
            for block in _blocks(first.file, first.line.offset, length):
                digest.update(block)
                file.write(block)
            for stored in run:
                lines.append(stored.line._replace(offset=end))
                end += stored.line.length
    return Written(digest.hexdigest(), tuple(lines))


def state_path(out: Path) -> Path:
    """Return where the state of pulls into `out` is kept."""
    return out.with_name(f"{out.name}.state.json")


def write_state(out: Path, state: PullState) -> None:
    """Write the state of a pull beside its file."""
    with replacing_file(state_path(out)) as temporary:
        temporary.write_text(state.model_dump_json() + "\n", encoding="utf-8")


def file_sha256(path: Path) -> str:
    """Return the hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _runs(chosen: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Group lines that stand one behind the other in one file."""
    run: list[Stored] = []
    for stored in chosen:
        last = run[-1] if run else None
        if last is not None and (
            stored.file is not last.file or stored.line.offset != last.line.offset + last.line.length
        ):
            yield run
            run = []
        run.append(stored)
    if run:
        yield run


def _blocks(file: IO[bytes], offset: int, length: int) -> Iterator[bytes]:
    file.seek(offset)
    while length:
        block = file.read(min(BLOCK, length))
        if not block:
            raise EOFError(f"a line of {file.name} ends before its end")
        length -= len(block)
        yield block

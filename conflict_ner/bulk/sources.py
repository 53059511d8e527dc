"""Inputs as rows: JSONL, documents.jsonl, CSV, Parquet, a folder of text files; each row as it stands, unjudged."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.streams import PACKED, Stream, bare_name, unpack
from conflict_ner.errors import DataError

# Of a CSV: its line, and its cells or what is wrong with them.
_Record = tuple[int, list[str] | None, str | None]
SAMPLE = 100  # rows that are looked at for the keys of JSON objects
_DOCUMENT_KEYS = {"spans", "provenance"}  # what tells a line of a documents.jsonl from another


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of an input.

    Attributes:
        number: from 1; of JSONL the line, of a folder the file by the alphabet.
        values: by column; None where the row cannot be read.
        reason: why it cannot.
        meta: the meta of a line of a documents.jsonl; None elsewhere.
    """

    number: int
    values: Mapping[str, Any] | None
    reason: str | None = None
    meta: Mapping[str, Any] | None = None


class Source(ABC):
    """An input.

    Args:
        path: where it lies.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fraction = 0.0
        """How much of it the running `rows` has read, 0 to 1."""

    @abstractmethod
    def columns(self, wanted: Columns) -> Columns:
        """Return the columns that hold what is wanted.

        Raises:
            DataError: one is not there, or the input cannot be read at all.
        """

    @abstractmethod
    def rows(self, columns: Columns) -> Iterator[RawRow]:
        """Yield all rows from the first; memory does not grow with them."""


def open_source(path: Path) -> Source:
    """Return the input that lies at a path, told by its ending.

    Raises:
        DataError: there is none, or none of a kind that is known.
    """
    if path.is_dir():
        if any(entry.is_file() for entry in path.rglob("*.txt*")):
            return TextFolder(path)
        raise DataError(f"The folder {str(path)!r} holds no *.txt file (nor *.txt.gz, *.txt.zst).")
    if not path.is_file():
        raise DataError(f"There is no file or folder {str(path)!r}.")
    suffix = Path(bare_name(path)).suffix.lower()
    if suffix in {".jsonl", ".ndjson"}:
        return JsonLines(path)
    if suffix in {".csv", ".tsv"}:
        return Table(path)
    if suffix in {".parquet", ".pq"}:
        return Parquet(path)
    hint = "; of a JSON list, `jq -c '.[]' FILE` makes JSONL" if suffix == ".json" else ""
    raise DataError(
        f"{str(path)!r} is of no kind that is known by its ending: .jsonl, .csv, .tsv, .parquet, each also with .gz "
        f"or .zst after it, or a folder of *.txt{hint}."
    )


class JsonLines(Source):
    """A JSON object a line; a documents.jsonl is known by its keys, and its meta is heeded."""

    def columns(self, wanted: Columns) -> Columns:
        """Return the columns among the keys of the first objects."""
        seen = [row.values for row in islice(self._objects(), SAMPLE) if row.values is not None]
        if not seen:
            raise DataError(f"{self.path} begins with no JSON object a line; it may be empty, or no JSONL.")
        return wanted.within({key for values in seen for key in values}, str(self.path))

    def rows(self, columns: Columns) -> Iterator[RawRow]:
        """Yield a row a line; blank lines are none."""
        return self._objects()

    def _objects(self) -> Iterator[RawRow]:
        stream = Stream(self.path)
        with stream.reading() as file:
            for number, line in enumerate(file, start=1):
                self.fraction = stream.fraction
                if line.strip():
                    yield _parsed(number, line)


def _parsed(number: int, line: bytes) -> RawRow:
    try:
        values = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return RawRow(number, None, f"byte {error.start} is not UTF-8")
    except (ValueError, RecursionError) as error:
        return RawRow(number, None, f"not JSON: {error}")
    if not isinstance(values, dict):
        return RawRow(number, None, f"a JSON object is needed, and this is {type(values).__name__}")
    meta = values.get("meta")
    return RawRow(number, values, meta=meta if isinstance(meta, dict) and values.keys() & _DOCUMENT_KEYS else None)


class Table(Source):
    """CSV; the separator is the one of `,`, `;` and tab that the header has most of."""

    def columns(self, wanted: Columns) -> Columns:
        """Return the columns among those of the header."""
        stream = Stream(self.path)
        with stream.reading(), closing(self._cells(stream)) as cells:
            header = next(cells, (0, None, None))[1]
        if not header:
            raise DataError(f"{self.path} has no header; the first line of a CSV names its columns.")
        if any("\x00" in name or _is_broken(name) for name in header):
            raise DataError(f"{self.path} is not UTF-8; convert it with `iconv -t utf-8`.")
        return wanted.within(header, str(self.path))

    def rows(self, columns: Columns) -> Iterator[RawRow]:
        """Yield a row a record below the header; a record may reach over several lines."""
        stream = Stream(self.path)
        with stream.reading(), closing(self._cells(stream)) as cells:
            header = next(cells)[1] or []
            number = 0
            for line, record, trouble in cells:
                self.fraction = stream.fraction
                if record == []:
                    continue
                number += 1
                if record is None:
                    yield RawRow(number, None, f"line {line}: {trouble}")
                elif len(record) != len(header):
                    told = f"line {line}: {len(record)} cells, and the header has {len(header)}; quote what holds one"
                    yield RawRow(number, None, told)
                elif any(map(_is_broken, record)):
                    yield RawRow(number, None, f"line {line}: not UTF-8")
                else:
                    yield RawRow(number, {name: cell or None for name, cell in zip(header, record, strict=True)})

    def _cells(self, stream: Stream) -> Generator[_Record, None, None]:
        """Yield the line, and the cells or what is wrong with them, of each record."""
        csv.field_size_limit(sys.maxsize)  # articles are longer than what the module takes for an accident
        file = io.TextIOWrapper(stream.bytes, encoding="utf-8-sig", errors="surrogateescape", newline="")
        try:
            head = file.readline()
            separator = max(",;\t", key=head.count)
            yield from _records(csv.reader([head], delimiter=separator, strict=True), 0)
            yield from _records(csv.reader(file, delimiter=separator, strict=True), 1)
        finally:
            file.detach()  # the stream is closed by whom it belongs to


def _records(reader: Any, before: int) -> Iterator[_Record]:
    while True:
        line = before + reader.line_num + 1
        try:
            yield line, next(reader), None
        except StopIteration:
            return
        except csv.Error as error:
            yield line, None, f"no CSV: {error}"


def _is_broken(cell: str) -> bool:
    return not cell.isascii() and any("\udc80" <= character <= "\udcff" for character in cell)


class Parquet(Source):
    """Parquet; only the columns that are needed are read."""

    @cached_property
    def _file(self) -> Path:
        """The file, unpacked if it is packed: Parquet is read from its end."""
        if self.path.suffix.lower() not in PACKED:
            return self.path
        folder = tempfile.mkdtemp(prefix="conflict-ner-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return unpack(self.path, Path(folder) / bare_name(self.path))

    def columns(self, wanted: Columns) -> Columns:
        """Return the columns among the file's."""
        from conflict_ner.arrow import parquet_columns

        return wanted.within(parquet_columns(self._file)[0], str(self.path))

    def rows(self, columns: Columns) -> Iterator[RawRow]:
        """Yield the rows."""
        from conflict_ner.arrow import iter_records, parquet_columns

        total = parquet_columns(self._file)[1]
        for number, values in enumerate(iter_records(self._file, columns.names), start=1):
            self.fraction = number / total
            yield RawRow(number, values)


class TextFolder(Source):
    """A folder of *.txt files, those in folders below it too; an article's id is its path without the ending."""

    def columns(self, wanted: Columns) -> Columns:
        """Return the two columns that a folder has; none can be named."""
        if wanted.names:
            raise DataError(f"{self.path} is a folder of text files, which has no columns; leave the options away.")
        return Columns(text="text", id="id")

    def rows(self, columns: Columns) -> Iterator[RawRow]:
        """Yield a row a file, by the alphabet."""
        files = sorted(file for file in self.path.rglob("*.txt*") if bare_name(file).endswith(".txt"))
        for number, file in enumerate(files, start=1):
            self.fraction = number / len(files)
            name = file.relative_to(self.path).with_name(bare_name(file)).as_posix().removesuffix(".txt")
            try:
                with Stream(file).reading() as content:
                    yield RawRow(number, {"id": name, "text": content.read().decode("utf-8-sig")})
            except UnicodeDecodeError as error:
                yield RawRow(number, None, f"{name}.txt is not UTF-8 at byte {error.start}")
            except (DataError, OSError) as error:
                yield RawRow(number, None, str(error))

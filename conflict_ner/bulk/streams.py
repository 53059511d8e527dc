"""A file as a stream of bytes, unpacked if its name ends in .gz or .zst, with how far it has been read."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from conflict_ner.errors import DataError

PACKED = (".gz", ".zst")
_BLOCK = 1 << 20


def bare_name(path: Path) -> str:
    """Return a file's name without `.gz` or `.zst`."""
    return path.name.removesuffix(path.suffix) if path.suffix.lower() in PACKED else path.name


class Stream:
    """An open file.

    Args:
        path: the file.

    Raises:
        DataError: it is packed as zstd, and pyarrow is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = max(path.stat().st_size, 1)
        self._raw = path.open("rb")
        self.bytes: io.BufferedReader[Any]
        if path.suffix.lower() == ".gz":
            self.bytes = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=self._raw)))
        elif path.suffix.lower() == ".zst":
            from conflict_ner.arrow import open_zstd

            self.bytes = io.BufferedReader(cast(io.RawIOBase, open_zstd(self._raw)))
        else:
            self.bytes = self._raw

    @property
    def fraction(self) -> float:
        """Return how much of the file has been read, 0 to 1."""
        return 1.0 if self._raw.closed else min(self._raw.tell() / self._size, 1.0)

    @contextmanager
    def reading(self) -> Iterator[io.BufferedReader[Any]]:
        """Yield the bytes, and close the file in the end.

        Raises:
            DataError: the file is damaged, or cut off.
        """
        try:
            yield self.bytes
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{self.path} is damaged or cut off: {error}; pack or copy it anew.") from error
        except OSError as error:
            if self.path.suffix.lower() != ".zst":
                raise
            raise DataError(f"{self.path} is damaged or cut off: {error}; pack or copy it anew.") from error
        finally:
            self._raw.close()


def unpack(path: Path, into: Path) -> Path:
    """Write what a packed file holds to another one, and return that."""
    stream = Stream(path)
    with stream.reading() as source, into.open("wb") as target:
        while block := source.read(_BLOCK):
            target.write(block)
    return into


def content_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or over the names and bytes of all files in a folder."""
    digest = hashlib.sha256()
    if path.is_dir():
        for file in sorted(file for file in path.rglob("*") if file.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode("utf-8", "replace"))
            _add(digest, file)
    else:
        _add(digest, path)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as file:
        _add_stream(digest, file)


def _add_stream(digest: hashlib._Hash, file: BinaryIO) -> None:
    while block := file.read(_BLOCK):
        digest.update(block)

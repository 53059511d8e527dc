"""Public files that the project may not ship: read from a folder that is named, or fetched, and always checked.

The SHA-256 of a file is that of its content: a byte order mark and `\\r\\n` for `\\n` do not count, because git
and its servers may change them on the way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from conflict_ner.errors import DataError, ServiceError
from conflict_ner.files import replacing_file

_SECONDS = 30  # without a byte before a server counts as gone
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class PublicFile:
    """A file that others publish.

    Attributes:
        path: where it lies in a folder of such files, with `/`.
        address: where it is fetched from.
        sha256: of its content, see this module.
    """

    path: str
    address: str
    sha256: str


def content(data: bytes) -> bytes:
    """Return a text file's bytes without a byte order mark and with `\\n` line ends."""
    return data.removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n")


def content_sha256(data: bytes) -> str:
    """Return the SHA-256 of a text file's content."""
    return hashlib.sha256(content(data)).hexdigest()


def read_folder(files: Sequence[PublicFile], folder: Path) -> dict[str, bytes]:
    """Read files that the user has.

    Args:
        files: what is wanted.
        folder: where they lie, under their paths.

    Returns:
        Path -> content, with `\\n` line ends.

    Raises:
        DataError: files are missing, or are not those that are wanted; all are named.
    """
    found: dict[str, bytes] = {}
    problems: list[str] = []
    for file in files:
        path = folder / file.path
        if not path.is_file():
            problems.append(f"{file.path!r} is missing; its address is {file.address}")
            continue
        data = path.read_bytes()
        if content_sha256(data) != file.sha256:
            problems.append(f"{file.path!r} {_differs(data, file)}; get it from {file.address}")
        found[file.path] = content(data)
    if problems:
        raise DataError(f"The folder {str(folder)!r} does not hold the public files:", problems)
    return found


def fetch(files: Sequence[PublicFile], cache: Path, variable: str) -> dict[str, bytes]:
    """Fetch files, each kept once it was checked, so that a fetch that broke off goes on where it was.

    Args:
        files: what is wanted.
        cache: where they are kept, under their paths; those that lie there already are not fetched again.
        variable: the environment variable that names a folder of them, for the remedy.

    Returns:
        Path -> content, with `\\n` line ends.

    Raises:
        ServiceError: no network, a server that refuses, or one that sends something else.
    """
    from rich.progress import track

    from conflict_ner.console import err

    found: dict[str, bytes] = {}
    for file in track(files, "Fetching", console=err, transient=True, disable=not err.is_terminal):
        path = cache / file.path
        data = path.read_bytes() if path.is_file() else b""
        if content_sha256(data) != file.sha256:
            data = _fetched(file, cache, variable)
            with replacing_file(path) as temporary:
                temporary.write_bytes(data)
        found[file.path] = content(data)
    return found


def _fetched(file: PublicFile, cache: Path, variable: str) -> bytes:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    remedy = (
        f"Files that have come are kept in {cache}, so the same command goes on from there; or get the files on "
        f"another machine, lay them out as {file.path!r} and so on, and name their folder in {variable}."
    )
    try:
        with urlopen(file.address, timeout=_SECONDS) as answer:
            data: bytes = answer.read()
    except HTTPError as error:
        error.close()  # it holds the connection
        raise ServiceError(f"{file.address} cannot be fetched ({error}). {remedy}") from error
    except (OSError, HTTPException) as error:
        said = getattr(error, "reason", error) or type(error).__name__
        raise ServiceError(f"{file.address} cannot be fetched ({said}). {remedy}") from error
    if content_sha256(data) != file.sha256:
        raise ServiceError(f"{file.address} {_differs(data, file)}; it was not kept. {remedy}")
    return data


def _differs(data: bytes, file: PublicFile) -> str:
    return f"has the SHA-256 {content_sha256(data)[:12]}... and {file.sha256[:12]}... is wanted: it is another version"

"""Write a file or a folder whole or not at all: to a temporary neighbour first, then by rename."""

from __future__ import annotations

import glob
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

ABANDONED_SECONDS = 1.0


@contextmanager
def replacing_file(path: Path, mode: int | None = None) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write to; on success it takes `path`'s place.

    On any exception the temporary file is removed and `path` stays as it was. What a writer that was killed has
    left behind is removed by the next one.

    Args:
        path: the file to write.
        mode: its permissions, such as 0o600 for a secret; by default those of the file it
            replaces, or those that the umask gives.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    temporary = Path(name)
    with _locked(handle):
        try:
            _remove_abandoned(path, temporary)
            yield temporary
            mask = os.umask(0)
            os.umask(mask)
            usual = path.stat().st_mode if path.exists() else 0o666 & ~mask
            temporary.chmod(usual if mode is None else mode)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path` to fill; on success it takes `path`'s place whole.

    An existing `path` is moved aside first and removed once the new one stands, so that a crash
    leaves either the old folder or the new one, never a mixture.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    temporary.chmod(0o755)
    try:
        yield temporary
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".old", dir=path.parent))
            path.rename(old / path.name)
            temporary.rename(path)
            shutil.rmtree(old)
        else:
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _locked(handle: int) -> Iterator[None]:
    """Hold the lock of an open file and close it in the end; on Windows, where none is, close it at once."""
    if sys.platform == "win32":
        os.close(handle)
        yield
    else:
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(handle)


def _remove_abandoned(path: Path, ours: Path) -> None:
    """Remove the temporary files of `path` whose writers are dead: nobody holds a lock on them."""
    if sys.platform != "win32":
        for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            # A writer that has made its file this moment has not locked it yet.
            with suppress(OSError):
                if part != ours and part.is_file() and time.time() - part.stat().st_mtime > ABANDONED_SECONDS:
                    with part.open("rb") as file:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        part.unlink()

"""Write a file or a folder whole or not at all: to a temporary neighbour first, then by rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing_file(path: Path, mode: int | None = None) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write to; on success it takes `path`'s place.

    On any exception the temporary file is removed and `path` stays as it was.

    Args:
        path: the file to write.
        mode: its permissions, such as 0o600 for a secret; by default those of the file it
            replaces, or those that the umask gives.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
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

"""What commands on one machine share: a folder of their own, and locks that let one at a time into a project."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """Return this user's folder for what may be lost: `$XDG_CACHE_HOME/conflict-ner`, else `~/.cache/conflict-ner`.

    Where neither can be written (a home that is read-only), a folder of the user's own in the temporary one.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    for folder in (Path(base) if base else Path.home() / ".cache", Path(tempfile.gettempdir()) / f"user-{os.getuid()}"):
        own = folder / "conflict-ner"
        try:
            own.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(own, os.W_OK):
            return own
    return Path(tempfile.mkdtemp(prefix="conflict-ner-"))


def cache_name(*parts: object) -> str:
    """Return a file name for a server, a project and the like: the same parts have the same one."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


@contextmanager
def pushing_alone(url: str, title: str, tell: Callable[[str], None] = lambda sentence: None) -> Iterator[None]:
    """Hold the lock of a project while the block runs; the system gives it back when the process ends, however.

    It reaches as far as this user and machine. Pushes from two machines are told apart afterwards
    (`annotate/doubles.py`).

    Args:
        url: the server.
        title: the project's title; the project itself may not exist yet.
        tell: told in a sentence that another push is at work and is waited for.
    """
    with _alone(cache_name(url, title), f"push into {title!r}", tell):
        yield


@contextmanager
def predicting_alone(url: str, title: str, version: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of a project's predictions of one version while the block runs, as `pushing_alone` does."""
    with _alone(cache_name(url, title, version), f"`prelabel` of {title!r} as {version}", tell):
        yield


@contextmanager
def _alone(name: str, work: str, tell: Callable[[str], None]) -> Iterator[None]:
    folder = cache_folder() / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"Another {work} is at work on this machine; this one begins when it has ended.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield

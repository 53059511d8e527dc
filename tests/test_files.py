"""Files and folders are written whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conflict_ner import files
from conflict_ner.files import replacing_file, replacing_folder


def content(folder: Path) -> dict[str, str]:
    """Return every file below a folder with its text."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    for number in (1, 2):
        with replacing_folder(tmp_path / "model") as temporary:
            (temporary / f"part-{number}").write_text(str(number))
    assert content(tmp_path) == {"model/part-2": "2"}


def test_a_folder_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    with replacing_folder(tmp_path / "model") as temporary:
        (temporary / "weights").write_text("old")

    def write_half() -> None:
        with replacing_folder(tmp_path / "model") as temporary:
            (temporary / "weights").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert content(tmp_path) == {"model/weights": "old"}


def test_a_file_keeps_its_mode_and_a_private_one_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    with replacing_file(path, mode=0o600) as temporary:
        temporary.write_text("one")
    assert path.stat().st_mode & 0o777 == 0o600
    with replacing_file(path) as temporary:
        temporary.write_text("two")
    assert path.stat().st_mode & 0o777 == 0o600
    assert content(tmp_path) == {"secret.json": "two"}


def test_missing_parents_are_made(tmp_path: Path) -> None:
    with replacing_file(tmp_path / "a" / "b.txt") as temporary:
        temporary.write_text("x")
    assert content(tmp_path) == {"a/b.txt": "x"}


KILLED = """
import os, signal, sys
from pathlib import Path
from conflict_ner import files
from conflict_ner.files import replacing_file
files.ABANDONED_SECONDS = 0.0
with replacing_file(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("half", flush=True)
    if sys.argv[2] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


def write_half(path: Path, fate: str) -> subprocess.Popen[str]:
    """Start a writer that stops half way, and return once it has."""
    command = [sys.executable, "-c", KILLED, str(path), fate]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "half\n"
    return writer


@pytest.mark.skipif(sys.platform == "win32", reason="an abandoned file is told from a living one by its lock")
def test_what_a_killed_writer_left_is_removed_and_a_living_ones_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ABANDONED_SECONDS", 0.0)
    path = tmp_path / "documents[1].jsonl"
    with write_half(path, "dies") as dead:
        assert dead.wait() == -signal.SIGKILL
    assert list(content(tmp_path).values()) == ["half"]
    with write_half(path, "waits") as living:
        assert sorted(content(tmp_path).values()) == ["half"], "the living writer has cleaned up after the dead one"
        with replacing_file(path) as temporary:
            temporary.write_text("whole")
        assert sorted(content(tmp_path).values()) == ["half", "whole"]
        living.communicate("")
        assert living.returncode == 0
    assert content(tmp_path) == {path.name: "half"}, "each was whole when it took the file's place"

"""Files and folders are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

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

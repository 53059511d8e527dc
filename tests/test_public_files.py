"""train/public_files.py: nothing is taken unchecked, and what was fetched is not fetched again."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conflict_ner.errors import DataError, ServiceError
from train.public_files import PublicFile, content_sha256, fetch, read_folder

VARIABLE = "SOME_FILES"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        self.server.asked.append(self.path)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Site:
    """A server of a folder, and what it was asked for."""

    folder: Path
    address: str
    asked: list[str]

    def publish(self, path: str, data: bytes) -> PublicFile:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(data)
        sha256 = hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()
        return PublicFile(path, f"{self.address}/{path}", sha256)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(folder, f"http://127.0.0.1:{server.server_port}", server.asked)  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def test_line_ends_and_a_byte_order_mark_do_not_count() -> None:
    wanted = hashlib.sha256("Ramadí\n".encode()).hexdigest()
    assert content_sha256("\ufeffRamadí\r\n".encode()) == wanted
    assert content_sha256("Ramadí\n".encode()) == wanted
    assert content_sha256("Ramadí \n".encode()) != wanted


def test_a_folder_is_checked_whole(site: Site) -> None:
    good = site.publish("a/good.txt", b"one\r\ntwo\r\n")
    assert read_folder([good], site.folder) == {"a/good.txt": b"one\ntwo\n"}
    other = replace(site.publish("other.txt", b"another version"), sha256="0" * 64)
    missing = PublicFile("a/missing.txt", "https://example.org/missing.txt", "0" * 64)
    with pytest.raises(DataError) as error:
        read_folder([good, other, missing], site.folder)
    first, second = error.value.problems
    assert "'other.txt' has the SHA-256" in first
    assert "get it from" in first
    assert second == "'a/missing.txt' is missing; its address is https://example.org/missing.txt"
    assert site.asked == []


def test_what_was_fetched_is_kept_and_not_fetched_again(site: Site, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    files = [site.publish("a b/one.txt", b"one\r\n"), site.publish("two.txt", b"two\n")]
    files[0] = replace(files[0], address=files[0].address.replace(" ", "%20"))
    for _ in range(2):
        assert fetch(files, cache, VARIABLE) == {"a b/one.txt": b"one\n", "two.txt": b"two\n"}
    assert len(site.asked) == 2
    (cache / "two.txt").write_bytes(b"tw")  # such as a disk that lost the rest
    assert fetch(files, cache, VARIABLE)["two.txt"] == b"two\n"
    assert len(site.asked) == 3


def test_a_fetch_that_fails_keeps_what_came_before_and_names_the_remedy(site: Site, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    good, other = site.publish("good.txt", b"good"), site.publish("other.txt", b"a page about something else")
    wrong = replace(other, sha256="0" * 64)
    absent = PublicFile("absent.txt", f"{site.address}/absent.txt", "0" * 64)
    nowhere = PublicFile("nowhere.txt", "http://127.0.0.1:9/nowhere.txt", "0" * 64)
    for bad, told in ((wrong, "is wanted: it is another version"), (absent, "404"), (nowhere, "cannot be fetched")):
        with pytest.raises(ServiceError, match=told) as error:
            fetch([good, bad], cache, VARIABLE)
        assert bad.address in str(error.value)
        assert f"name their folder in {VARIABLE}" in str(error.value)
        assert [path.name for path in cache.iterdir()] == ["good.txt"]

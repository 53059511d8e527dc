"""Real servers for the tests: in a thread of this process, where a test holds the model, or as the command itself."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from conflict_ner.assembly import assemble
from conflict_ner.checkpoint import CheckpointInfo
from conflict_ner.documents import Document, Span
from conflict_ner.reading import Reading
from conflict_ner.schema import LabelSchema

if TYPE_CHECKING:
    from conflict_ner.extract import Extractor
    from conflict_ner.service.batching import Batcher

SECONDS = 60.0  # a shared machine may stall
KEY_OF_PAGE = "a-key-that-is-long-enough"
COMMAND = (
    "from conflict_ner.commands.serve import serve; from conflict_ner.console import new_app, run; "
    "app = new_app('serve'); app.command()(serve); run(app, 'serve')"
)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(url: str, body: Any = None, **headers: str) -> Reply:
    """Send a request: GET without a body, POST with one; what is no bytes goes as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    # Not urllib's own guess: a form, which no route takes.
    named = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(url, data, named)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return Reply(answer.status, dict(answer.headers.items()), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, {name.lower(): value for name, value in error.headers.items()}, error.read())


class Scripted:
    """An extractor without a model: it finds the words that it is told of, and all else is the library's own.

    Args:
        words: each with its label, and its score.
    """

    def __init__(self, words: Mapping[str, tuple[str, float]], schema: LabelSchema) -> None:
        from conflict_ner.normalise.normaliser import Normaliser

        self.words = words
        self.normaliser = Normaliser()
        self.tagger = SimpleNamespace(
            tags=SimpleNamespace(labels=schema.label_names),
            checkpoint=SimpleNamespace(info=CheckpointInfo(name="scripted", labels=schema), folder=Path("scripted")),
            engine=SimpleNamespace(name="none"),
        )

    def __call__(self, text: str) -> Document:
        """Read one text."""
        return next(self.extract([Document.from_raw("text", text)]))

    def extract(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield each document with its spans."""
        pattern = re.compile("|".join(map(re.escape, sorted(self.words, key=len, reverse=True))))
        for document in documents:
            yield document.with_spans(
                Span(start=at.start(), end=at.end(), label=self.words[at[0]][0], score=self.words[at[0]][1])
                for at in pattern.finditer(document.text)
            )

    def read(self, document: Document) -> Reading:
        """Return facts and events as the library does."""
        facts = self.normaliser(document)
        return Reading(document=document, facts=facts, events=assemble(document, facts))


@dataclass(frozen=True)
class Running:
    """A server in a thread."""

    url: str
    batcher: Batcher


@contextmanager
def running(extractor: Extractor, key: str | None = None, **limits: Any) -> Iterator[Running]:
    """Yield a server on a free port, or skip the test and say what is missing."""
    for name in ("fastapi", "uvicorn", "prometheus_client"):
        pytest.importorskip(name, reason=f"{name} is missing: pip install -e '.[serve]'")
    import uvicorn

    from conflict_ner.service.app import new_app
    from conflict_ner.service.keys import Key
    from conflict_ner.service.running import new_service
    from conflict_ner.service.settings import ServiceSettings

    settings = ServiceSettings(**{"stop_seconds": 20, **limits})
    service = new_service(extractor, settings)
    service.batcher.start()
    config = uvicorn.Config(new_app(service, None if key is None else Key(key)), log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as port:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [port]})
        thread.start()
        try:
            until(lambda: server.started)
            yield Running(f"http://127.0.0.1:{port.getsockname()[1]}", service.batcher)
        finally:
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive(), "the server ends when it is told to"


def until(holds: Any) -> None:
    """Wait until something holds."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.01)


def start(model: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start the command as a process of its own."""
    line = [sys.executable, "-c", COMMAND, "--model", str(model), *arguments]
    env = {**os.environ, "COLUMNS": "200", **environment}
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def address(process: subprocess.Popen[str]) -> str:
    """Return the address that a started command prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "http://" in line, process.communicate()[1]
    return line.split()[-1].rstrip("/")

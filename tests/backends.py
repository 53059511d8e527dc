"""A real `python -m annotate backend serve` of the tests, and how to wait for what it does."""

from __future__ import annotations

import base64
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from annotate.settings import ROOT, BackendSettings
from annotate.tasks import Json
from tests.live import free_port

VARIABLE = BackendSettings().secret_variable
SECONDS = 60.0
# A training that ends when the test says so, and another command that it is followed by.
# Without quotes, since it goes through a shell's rules and YAML's.
WAIT = (
    "import pathlib, sys, time\nprint(42 * 1000, flush=True)\n"
    "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)"
)
TEXT = "Rebels killed {} soldiers near Idlib on Tuesday."


def wait_for(what: Callable[[], Any], why: str) -> Any:
    """Return the first true answer of `what`."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{why}: not within {SECONDS} s")


def basic(user: str, secret: str) -> str:
    """Return the header of a login by name and password."""
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


@dataclass
class Backend:
    """A backend process of the tests."""

    model: Path
    folder: Path
    secret: str = field(default_factory=lambda: secrets.token_hex(20))
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def gate(self) -> Path:
        return self.folder / "gate"

    @property
    def log(self) -> str:
        return (self.folder / "backend.log").read_text(encoding="utf-8")

    @property
    def overrides(self) -> list[str]:
        commands = [f"{{python}} -c {shlex.quote(WAIT)} {self.gate}", "{python} -c 'raise SystemExit(3)'", "echo never"]
        place = [f"backend.model={self.model}", f"backend.folder={self.folder}", f"backend.port={self.port}"]
        return [*place, f"backend.training={commands!r}"]

    def start(self) -> None:
        """Start it and wait until it answers."""
        line = [sys.executable, "-m", "annotate", "backend", "serve", *self.overrides]
        with (self.folder / "backend.log").open("a", encoding="utf-8") as log:
            environment = {**os.environ, VARIABLE: self.secret}
            process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=log, stderr=log, text=True)
        self.process = process
        wait_for(lambda: process.poll() is not None or self.answers(), "the backend starts")
        assert process.poll() is None, self.log

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/", timeout=5).text == '{"status":"UP"}'
        except httpx.HTTPError:
            return False

    def call(self, method: str, path: str, body: Json | None = None, **options: Any) -> httpx.Response:
        options.setdefault("headers", {"Authorization": f"Bearer {self.secret}"})
        return httpx.request(method, f"{self.url}{path}", json=body, timeout=30, **options)

    def get(self, path: str) -> Json:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def predict(self, *tasks: Any) -> list[Json]:
        answer = self.call("POST", "/predict", {"tasks": list(tasks), "params": {"context": None}})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])

"""Killed in the middle, with no time to clean up: the server and the client, in a push and in a pull.

The proxy kills at a chosen request: before the server hears of it, while the server works on it, or after the server
has done it and before its answer. Then the server is started again by `up`, and the same command runs again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from annotate.client import Client
from annotate.connection import KEY_VARIABLE, URL_VARIABLE, Connection
from annotate.server import stop
from annotate.settings import ROOT, read_settings
from annotate.state import is_running, read_state, write_state
from annotate.tasks import task_data
from conflict_ner.errors import EXIT_CODE, ConflictNerError
from tests.bench import Bench, hurry, new_bench
from tests.faults import Fault, Planned, proxying
from tests.live import LabelStudio, copy_of_database, held_port, server_overrides

pytestmark = [pytest.mark.live, pytest.mark.faults]

IMPORT = "POST /api/projects/*/import"
PREDICTIONS = "POST /api/projects/*/import/predictions"
ANNOTATION = "POST /api/tasks/*/annotations/"
PAGE = "GET /api/tasks[?]*annotations*"
Record = Callable[[str, object], None]


def annotate(*arguments: str) -> subprocess.Popen[str]:
    """Start `python -m annotate` as a process of its own."""
    command = [sys.executable, "-m", "annotate", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@dataclass(frozen=True)
class Mortal:
    """A server that is there to be killed."""

    folder: Path
    overrides: list[str]
    connection: Connection

    def up(self) -> None:
        started = annotate("up", "--detach", *self.overrides)
        _, trouble = started.communicate(timeout=300)
        assert started.returncode == 0, trouble

    def kill(self) -> None:
        """End the process group of the server, with no time to clean up."""
        state = read_state(self.folder)
        assert state is not None
        assert state.pid is not None
        os.killpg(state.pid, signal.SIGKILL)
        while is_running(state):
            time.sleep(0.01)


@pytest.fixture(scope="module")
def mortal(label_studio: LabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    with held_port() as port:
        yield from _mortal_at(port, label_studio, tmp_path_factory.mktemp("mortal") / "server")


def _mortal_at(port: int, label_studio: LabelStudio, folder: Path) -> Iterator[Mortal]:
    copy_of_database(label_studio, folder)
    write_state(label_studio.state.model_copy(update={"folder": folder}))
    overrides = [*server_overrides(folder), f"server.port={port}"]
    settings = read_settings(overrides=overrides)
    server = Mortal(
        folder,
        overrides,
        Connection(f"http://127.0.0.1:{settings.server.port}", label_studio.state.token, "the tests"),
    )
    try:
        server.up()
        yield server
    finally:
        stop(settings)


@dataclass(frozen=True)
class Scene:
    """A bench whose commands reach a server through one address."""

    bench: Bench
    server: str
    port: int

    def calmly(self, command: Callable[[], None]) -> None:
        """Run a command without any fault."""
        with proxying(self.server, self.port):
            command()

    def killed(self, mortal: Mortal, planned: Planned, command: Callable[[], None]) -> str:
        """Kill the server at a request of a command, and start it again; return how the command ended."""
        with proxying(self.server, self.port) as proxy:
            proxy.strike, proxy.plan = mortal.kill, [planned]
            with pytest.raises(ConflictNerError) as caught:
                command()
            assert proxy.plan == [], "the server was killed"
        told = str(caught.value)
        assert "doctor" in told or "again" in told, f"no remedy: {told}"
        mortal.up()
        return f"ends with an error, and the same command finishes it: {told}"

    def as_process(
        self, planned: Planned, *arguments: str, strike: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as a process of its own, and at a request of it strike the server, or kill the command."""
        project = self.bench.settings.project
        with proxying(self.server, self.port) as proxy:
            client = annotate(*arguments, f"project.title={project.title}", f"project.chunk={project.chunk}")
            proxy.strike, proxy.plan = strike or client.kill, [planned]
            out, trouble = client.communicate(timeout=120)
            assert proxy.plan == [], out + trouble
        return subprocess.CompletedProcess(client.args, client.returncode, out, trouble)


@contextmanager
def scene_at(connection: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Give a scene with a new project; the environment names its address."""
    hurry(monkeypatch)
    with held_port() as port, Client(connection) as past:
        monkeypatch.setenv(KEY_VARIABLE, connection.api_key)
        monkeypatch.setenv(URL_VARIABLE, f"http://127.0.0.1:{port}")
        yield Scene(new_bench(read_settings(), past, folder), connection.url, port)


@pytest.fixture
def scene(mortal: Mortal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene with the server that is killed."""
    with scene_at(mortal.connection, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def lasting(label_studio: LabelStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene with the server of all tests, which lives on."""
    with scene_at(label_studio.connection, tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("fault", [Fault.STRIKE_WHILE, Fault.STRIKE_AFTER], ids=lambda fault: fault.name.lower())
def test_a_server_killed_in_a_push_of_tasks(
    mortal: Mortal, scene: Scene, fault: Fault, record_property: Record
) -> None:
    bench = scene.bench
    seen = scene.killed(mortal, Planned(IMPORT, fault, nth=2), lambda: bench.push("abcdef"))
    assert max(bench.held()["tasks"].values()) == 1
    scene.calmly(lambda: bench.push("abcdef"))
    assert bench.held() == {"tasks": Counter("abcdef"), "annotations": Counter(), "predictions": Counter()}
    record_property("cell", f"push: tasks|{fault.name} (server)|{seen}|")


def test_a_server_killed_in_a_push_of_predictions_and_in_a_replay(
    mortal: Mortal, scene: Scene, record_property: Record
) -> None:
    bench = scene.bench
    scene.calmly(lambda: bench.push("abcd"))
    for request, nth, fault, options in (
        (PREDICTIONS, 2, Fault.STRIKE_AFTER, {"predict": True}),
        (ANNOTATION, 3, Fault.STRIKE_BEFORE, {"replay": True}),
    ):
        command = partial(bench.push, "abcd", **options)
        seen = scene.killed(mortal, Planned(request, fault, nth), command)
        scene.calmly(command)
        what = "replayed annotations" if "replay" in options else "predictions for standing tasks"
        record_property("cell", f"push: {what}|{fault.name} (server)|{seen}|")
    assert bench.held() == {kind: Counter("abcd") for kind in ("tasks", "annotations", "predictions")}


def test_a_server_killed_in_a_pull(mortal: Mortal, scene: Scene, record_property: Record) -> None:
    bench, fault = scene.bench, Fault.STRIKE_WHILE
    scene.calmly(lambda: bench.push("abcde", replay=True))
    seen = scene.killed(mortal, Planned(PAGE, fault, nth=2), bench.pull)
    assert bench.files() == {}
    record_property("cell", f"pull: whole|{fault.name} (server)|{seen}|")
    scene.calmly(bench.pull)
    bench.check_pulled("abcde")

    add_annotation(bench, "f")
    old = bench.files()
    arguments = ("pull", str(bench.out), "--since-last")
    # A process reads everything in one page.
    done = scene.as_process(Planned(PAGE, Fault.STRIKE_BEFORE), *arguments, strike=mortal.kill)
    assert done.returncode == EXIT_CODE
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert bench.files() == old
    mortal.up()
    scene.calmly(lambda: bench.pull(since_last=True))
    bench.check_pulled("abcdef")
    told = done.stderr.removeprefix("Error: ").strip()
    seen = f"ends with an error, and the same command finishes it: {told}"
    record_property("cell", f"pull: what changed|{Fault.STRIKE_BEFORE.name} (server)|{seen}|")


def test_a_killed_client(lasting: Scene, record_property: Record) -> None:
    bench = lasting.bench
    source = str(bench.write("abcdef"))
    for what, request, options in (
        ("tasks", IMPORT, []),
        ("replayed annotations", ANNOTATION, ["--annotations", source]),
    ):
        killed = lasting.as_process(Planned(request, Fault.STRIKE_AFTER, nth=2), "push", source, *options)
        assert killed.returncode == -signal.SIGKILL
        assert {count for counted in bench.held().values() for count in counted.values()} == {1}
        lasting.calmly(partial(bench.push, "abcdef", replay=bool(options)))
        record_property("cell", f"push: {what}|STRIKE_AFTER (client)|dies, and the same command finishes it|")
    assert bench.held() == {"tasks": Counter("abcdef"), "annotations": Counter("abcdef"), "predictions": Counter()}

    lasting.calmly(bench.pull)
    add_annotation(bench, "g")
    old = bench.files()
    killed = lasting.as_process(Planned(PAGE, Fault.STRIKE_AFTER), "pull", str(bench.out), "--since-last")
    assert killed.returncode == -signal.SIGKILL
    assert bench.files() == old
    lasting.calmly(lambda: bench.pull(since_last=True))
    bench.check_pulled("abcdefg")
    seen = "dies, the file is the old one, and the same command finishes it"
    record_property("cell", f"pull: what changed|{Fault.STRIKE_AFTER.name} (client)|{seen}|")


def add_annotation(bench: Bench, name: str) -> None:
    """Let an annotator read a new document, past the proxy."""
    (project,) = bench.past.projects(bench.settings.project.title)
    bench.past.import_tasks(project.id, [{"data": task_data(bench.document(name))}])
    (task,) = [task["id"] for task in bench.tasks() if task["data"]["doc_id"] == name]
    assert bench.past.create_annotation(task, 1, str(uuid.uuid4()), [], 1.0)

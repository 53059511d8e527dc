"""The doctor: each thing that can be wrong is found and has its remedy; a healthy server passes."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from annotate.client import Client
from annotate.connection import KEY_VARIABLE, URL_VARIABLE
from annotate.doctor import (
    Result,
    Status,
    check_disk,
    check_drift,
    check_process,
    check_version,
    examine,
    label_differences,
)
from annotate.page import labelling_config
from annotate.project import Drift, load_schema, wanted_page
from annotate.settings import ROOT, AnnotateSettings, read_settings
from annotate.state import write_state
from conflict_ner.schema import LabelSchema
from tests.live import LabelStudio, free_port, personal_access_token, state_in

HEALTHY = {
    "/health": (200, {"status": "UP"}),
    "/api/version": (200, {"label-studio-os-package": {"version": "1.23.2"}}),
}
ME = {"/api/current-user/whoami": (200, {"email": "ann@example.org"})}


@contextmanager
def answering(routes: dict[str, tuple[int, object]]) -> Iterator[str]:
    """A server for faults that a real one cannot be made to show: it answers what `routes` says, and else 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = routes.get(self.path.rstrip("/"), (404, {"detail": "not found"}))
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            if status == 301:
                self.send_header("Location", data.decode())
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            """Keep the tests' output free of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> AnnotateSettings:
    return read_settings(overrides=[f"server.folder={tmp_path / 'server'}", f"server.venv={tmp_path / 'venv'}"])


def findings(
    settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch, url: str, key: str = "0" * 40
) -> dict[str, Result]:
    """Examine the server at `url` and return the results by name."""
    monkeypatch.setenv(URL_VARIABLE, url)
    monkeypatch.setenv(KEY_VARIABLE, key)
    return {result.name: result for result in examine(settings)}


def failed(results: dict[str, Result]) -> set[str]:
    return {name for name, result in results.items() if result.status is Status.FAILED}


def test_nothing_installed_and_nothing_started(settings: AnnotateSettings) -> None:
    results = {result.name: result for result in examine(settings)}
    assert failed(results) == {"installation", "connection"}
    assert "make label-studio" in results["installation"].remedy
    assert "up --detach" in results["connection"].remedy
    assert results["process"].status is Status.WARNING


def test_half_of_an_environment_is_told(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:1")
    results = {result.name: result for result in examine(settings)}
    assert KEY_VARIABLE in results["connection"].remedy
    assert failed(results) == {"connection"}


def test_a_server_that_refuses_connections(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    results = findings(settings, monkeypatch, f"http://127.0.0.1:{free_port()}")
    assert failed(results) == {"server"}
    assert "cannot be reached" in results["server"].sentence
    assert "Start that server" in results["server"].remedy
    assert "installation" not in results, "a server elsewhere needs no installation here"


def test_a_host_that_does_not_exist(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    results = findings(settings, monkeypatch, "http://no-such-host.invalid")
    assert "No machine has that name" in results["server"].remedy


def test_a_server_that_never_answers(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotate.probe.open_client.__defaults__", (0.3,))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        results = findings(settings, monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "does not answer in time" in results["server"].sentence


def test_a_program_that_does_not_speak_http(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        def greet() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        results = findings(settings, monkeypatch, f"http://127.0.0.1:{other.getsockname()[1]}")
        thread.join()
    assert "does not speak HTTP" in results["server"].sentence


@pytest.mark.parametrize(
    "routes",
    [
        {},
        {"/health": (200, "<html>Welcome</html>")},
        {"/health": (200, {"status": "UP"})},
        {"/health": (503, {"status": "UP"})},
        {"/health": (200, {"status": "UP"}), "/api/version": (200, ["1.23.2"])},
    ],
)
def test_something_else_on_the_port(
    settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch, routes: dict[str, tuple[int, object]]
) -> None:
    with answering(routes) as url:
        results = findings(settings, monkeypatch, url)
    assert failed(results) == {"server"}
    assert "it is no Label Studio" in results["server"].sentence


def test_a_server_that_has_moved(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering({"/health": (301, "https://labels.example.org/studio/health/")}) as url:
        results = findings(settings, monkeypatch, url)
    assert failed(results) == {"server"}
    assert results["server"].remedy == f"Set {URL_VARIABLE}=https://labels.example.org/studio"


def test_another_version_is_a_warning(settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    older = {"/api/version": (200, {"label-studio-os-package": {"version": "1.12.0"}})}
    with answering({**HEALTHY, **older}) as url:
        results = findings(settings, monkeypatch, url)
    assert results["version"].status is Status.WARNING
    assert "1.12.0" in results["version"].sentence
    assert "1.23.2" in results["version"].remedy
    assert check_version("1.23.2", "1.23.2").status is Status.OK


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9", "without its last part"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2ln", "access token of a few minutes"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2ln", "HTTP 404"),
        ("not.a.token", "HTTP 401"),
    ],
)
def test_keys_that_cannot_work(
    settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch, key: str, sentence: str
) -> None:
    refusal = {"/api/current-user/whoami": (401, {"detail": "Invalid token."})}
    with answering({**HEALTHY, **refusal}) as url:
        results = findings(settings, monkeypatch, url, key)
    assert failed(results) == {"key"}
    assert sentence in results["key"].sentence
    assert "user/account" in results["key"].remedy
    assert key not in results["key"].sentence


def test_a_process_that_is_gone_is_told(settings: AnnotateSettings, label_studio_state: None) -> None:
    result = check_process(settings.server)
    assert result.status is Status.FAILED
    assert "crashed or was killed" in result.sentence
    assert "label-studio.log" in result.remedy


@pytest.fixture
def label_studio_state(settings: AnnotateSettings) -> None:
    """A state whose pid is that of another program: ours."""
    write_state(state_in(settings.server.folder, pid=os.getpid()))


@pytest.mark.parametrize(
    ("free", "status"), [(50_000_000, Status.FAILED), (500_000_000, Status.WARNING), (5_000_000_000, Status.OK)]
)
def test_little_disk_space_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: Status) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    assert check_disk(tmp_path / "not" / "yet" / "made").status is status


@pytest.mark.live
def test_a_wrong_token_is_refused_by_a_real_server(
    settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch, label_studio: LabelStudio
) -> None:
    results = findings(settings, monkeypatch, label_studio.connection.url)
    assert failed(results) == {"key"}
    assert "Invalid token" in results["key"].sentence


@pytest.mark.live
@pytest.mark.filterwarnings(
    "ignore:The `parse_obj` method:DeprecationWarning"
)  # inside the SDK, where it swaps the key
def test_a_personal_access_token_opens_a_real_server(
    settings: AnnotateSettings, monkeypatch: pytest.MonkeyPatch, label_studio: LabelStudio
) -> None:
    token = personal_access_token(label_studio.state)
    results = findings(settings, monkeypatch, label_studio.connection.url, token)
    assert results["key"].status is Status.OK
    assert "personal access token" in results["key"].sentence
    cut = findings(settings, monkeypatch, label_studio.connection.url, token.rpartition(".")[0])
    assert "without its last part" in cut["key"].sentence
    forged = findings(settings, monkeypatch, label_studio.connection.url, token[:-4] + "AAAA")
    assert failed(forged) == {"key"}


@pytest.fixture
def titled(label_studio: LabelStudio) -> Iterator[tuple[list[str], Client]]:
    """Overrides for a project of this test in the session's server, and a client; the projects are deleted."""
    title = f"Doctor {secrets.token_hex(4)}"
    client = Client(label_studio.connection)
    server = label_studio.settings.server
    yield [f"server.folder={server.folder}", f"server.venv={server.venv}", f"project.title={title}"], client
    for project in client.projects(title):
        client.delete_project(project.id)
    client.close()


@pytest.mark.live
def test_a_healthy_server_passes_and_drift_is_found(titled: tuple[list[str], Client]) -> None:
    overrides, client = titled
    settings = read_settings(overrides=overrides)
    title = settings.project.title

    before = doctor(*overrides)
    assert before.returncode == 0, before.stdout
    assert f"There is no project {title!r} yet" in before.stdout
    assert "push" in before.stdout

    page = wanted_page(settings.project, load_schema(settings.project))
    config = page.config
    project = client.create_project(title, label_config=config, expert_instruction=page.instructions)
    healthy = list(examine(settings))
    assert {result.status for result in healthy} == {Status.OK}
    local, remote = ["installation", "process", "disk"], ["server", "version", "key", "project", "page"]
    assert [result.name for result in healthy] == ["client library", *local, "connection", *remote]
    assert "All in order." in doctor(*overrides).stdout

    client.update_project(project.id, label_config=config.replace("PLACE", "TOWN"))
    drifted = doctor(*overrides)
    assert drifted.returncode == 2
    assert "'label' lacks PLACE; 'label' has TOWN besides" in drifted.stdout

    client.update_project(project.id, label_config=config.replace('showLabels="true"', 'showLabels="false"'))
    looks = {result.name: result for result in examine(settings)}
    assert looks["page"].status is Status.WARNING

    client.create_project(title, label_config=config)
    twice = {result.name: result for result in examine(settings)}
    assert twice["project"].status is Status.FAILED
    assert "2 projects titled" in twice["project"].remedy


def test_a_label_that_annotations_would_lose_is_told() -> None:
    result = check_drift(Drift(config=True, instructions=False, vanishing=("label TOWN",)), [], "labels.yaml")
    assert result.status is Status.FAILED
    assert "hold label TOWN" in result.sentence


def test_a_page_that_is_no_xml_offers_nothing() -> None:
    wanted = labelling_config(LabelSchema.load(ROOT / "configs" / "labels.yaml"))
    assert any("lacks ARMED_GROUP" in difference for difference in label_differences("<View><Labels", wanted))
    assert list(label_differences(wanted, wanted)) == []


def doctor(*overrides: str, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "annotate", "doctor", *overrides],
        cwd=ROOT,
        env={**os.environ, **(extra or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_fails_and_prints_the_remedy(tmp_path: Path) -> None:
    done = doctor(
        f"server.folder={tmp_path}", extra={URL_VARIABLE: f"http://127.0.0.1:{free_port()}", KEY_VARIABLE: "x"}
    )
    assert done.returncode == 2
    assert "failed   server" in done.stdout
    assert "-> Start that server" in done.stdout
    assert "Traceback" not in done.stderr

"""The live model: a real `python -m annotate backend serve`, called over HTTP and by a real Label Studio."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.backend.registration import EVENTS, Registry, register, unregister
from annotate.backend.secret import Secret
from annotate.backend.serving import serve
from annotate.client import Client
from annotate.environment import PRIVATE_ADDRESSES, server_environment
from annotate.exchange import PushRequest, run_push
from annotate.project import existing_project
from annotate.settings import AnnotateSettings, ServerSettings, read_settings
from annotate.state import write_state
from annotate.tasks import Json
from conflict_ner import load
from conflict_ner.checkpoint import load_checkpoint, save_checkpoint
from conflict_ner.documents import Document, write_documents
from conflict_ner.errors import ConflictNerError, ServiceError
from tests.backends import TEXT, VARIABLE, Backend, basic, wait_for
from tests.conftest import Trained
from tests.live import LabelStudio, copy_of_database, free_port, running, server_overrides, state_in


@pytest.fixture(scope="module")
def backend(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A running backend with a copy of the small model."""
    place = tmp_path_factory.mktemp("backend")
    model = Path(shutil.copytree(trained.model, place / "small"))
    (place / "runs").mkdir()
    started = Backend(model, place / "runs")
    try:
        started.start()
        yield started
    finally:
        started.gate.touch()
        if started.process is not None and started.process.poll() is None:
            started.stop()


@pytest.fixture(scope="module")
def studio(label_studio: LabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudio]:
    """A Label Studio that may call private addresses, from a copy of the session's database."""
    folder = copy_of_database(label_studio, tmp_path_factory.mktemp("studio") / "server")
    write_state(label_studio.state.model_copy(update={"folder": folder, "pid": None}))
    with running([*server_overrides(folder), "server.loopback_backend=true"]) as server:
        yield server


@dataclass
class Room:
    """A project with three tasks on the server that may call the backend."""

    settings: AnnotateSettings
    client: Client
    project: int
    tasks: list[int]

    @property
    def registry(self) -> Registry:
        return Registry(self.client, self.client.project(self.project))

    def opened(self, task: int) -> list[str]:
        """Open a task as the Data Manager does; return the versions of its predictions."""
        return [item["model_version"] for item in self.client.get(f"api/tasks/{task}/")["predictions"]]

    def dealt(self) -> list[str]:
        """Take the next task of the label stream; return the versions of its predictions."""
        return [item["model_version"] for item in self.client.get(f"api/projects/{self.project}/next")["predictions"]]

    def hooks(self) -> list[Json]:
        return list(self.client.get("api/webhooks/", {"project": self.project}))


@pytest.fixture
def room(studio: LabelStudio, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv(VARIABLE, backend.secret)
    with making_room(studio, backend, tmp_path) as made:
        yield made


def making_room(server: LabelStudio, backend: Backend, folder: Path) -> Any:
    """Push three articles to a project of their own; return a context that yields the room."""
    from contextlib import contextmanager

    @contextmanager
    def room() -> Iterator[Room]:
        place = [f"server.folder={server.state.folder}", f"project.title=test {uuid.uuid4().hex[:12]}"]
        settings = read_settings(overrides=[*place, *backend.overrides])
        source = folder / "source.jsonl"
        write_documents(source, [Document(id=f"article-{n}", text=TEXT.format(n)) for n in range(3)])
        run_push(settings, PushRequest(source))
        with Client(server.connection) as client:
            project = existing_project(client, settings.project.title).id
            tasks = [key.id for key in client.find_tasks(project, [f"article-{n}" for n in range(3)])]
            yield Room(settings, client, project, tasks)

    return room()


def test_serve_opens_no_port_for_a_mistake(
    backend: Backend, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()

    def refusal(*overrides: str) -> str:
        with pytest.raises(ConflictNerError) as refused:
            serve(read_settings(overrides=[f"backend.port={port}", f"backend.model={trained.model}", *overrides]), ())
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
        return str(refused.value)

    monkeypatch.delenv(VARIABLE, raising=False)
    assert f"export {VARIABLE}=$(openssl rand -hex 20)" in refusal()
    monkeypatch.setenv(VARIABLE, backend.secret)
    assert f"choose another, backend.port={backend.port + 1}" in refusal(f"backend.port={backend.port}")
    assert "models/nothing'; " in refusal("backend.model=models/nothing")
    assert "{nothing} is unknown" in refusal("backend.training=['{nothing}']")
    assert "predicts ARMED_GROUP" in refusal("project.labels=tests/data/five-labels.yaml")
    changed = Path(shutil.copytree(trained.model, tmp_path / "changed"))
    with (changed / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    assert "not those that its conflict_ner.json names" in refusal(f"backend.model={changed}")


def test_without_the_secret_nothing_is_told(backend: Backend) -> None:
    paths = [("GET", path) for path in ("/health", "/versions", "/training")]
    paths += [("POST", path) for path in ("/setup", "/predict", "/train", "/webhook")]
    bodies: dict[str, Json] = {"/predict": {"tasks": []}, "/webhook": {"action": "START_TRAINING"}}
    nudge = f"Bearer {Secret('label-studio', backend.secret).nudge}"
    for method, path in paths:
        for headers in ({}, {"Authorization": nudge}, {"Authorization": basic("label-studio", "wrong")}):
            answer = backend.call(method, path, bodies.get(path), headers=headers)
            assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, True), path
    login = {"Authorization": basic("label-studio", backend.secret)}
    assert backend.call("GET", "/health", headers=login).json()["status"] == "UP"
    assert backend.call("POST", "/webhook", {"action": "PROJECT_UPDATED"}, headers={}).status_code == 401
    for headers in ({"Authorization": nudge}, login):
        assert backend.call("POST", "/webhook", {"action": "PROJECT_UPDATED"}, headers=headers).status_code == 201
    assert backend.get("/versions")["events"]["PROJECT_UPDATED"] == 2
    assert backend.get("/training") == {"state": "none"}
    # What Label Studio hands over at setup, a token above all, is neither needed nor kept.
    body = {"project": "1.2", "schema": "<View/>", "hostname": "", "access_token": "t0ken", "extra_params": None}
    assert backend.call("POST", "/setup", body).json() == {"model_version": backend.get("/versions")["model_version"]}
    assert backend.secret not in backend.log
    assert "t0ken" not in backend.log
    line = Path(f"/proc/{backend.process.pid if backend.process else 0}/cmdline")
    assert not line.exists() or backend.secret not in line.read_text(encoding="utf-8")


def test_each_task_has_one_result_in_order(backend: Backend, gold: list[Document]) -> None:
    tasks: list[Any] = [{"id": n, "data": {"text": document.text}} for n, document in enumerate(gold[:2])]
    bad = [
        {"id": 7, "data": {"text": ""}},
        {"id": 8, "data": {}},
        {"id": 9},
        "no task",
        {"id": 10, "data": {"text": "Rebels\r\nin Idlib"}},
        {"id": 11, "data": {"text": "Rebels in Idlib", "sha256": "0" * 64}},
    ]
    found = backend.predict(tasks[0], *bad, tasks[1])
    version = backend.get("/versions")["model_version"]
    assert [item["model_version"] for item in found] == [version] * 8
    assert re.fullmatch(r"small-[0-9a-f]{8}", version)
    assert [bool(item["result"]) for item in found] == [True, *([False] * 6), True]
    extractor = load(backend.model)
    for document, item in ((gold[0], found[0]), (gold[1], found[-1])):
        spans = extractor(document.text).spans
        regions = [(r["value"]["start"], r["value"]["end"], r["value"]["labels"][0]) for r in item["result"]]
        assert regions == [span.key for span in spans]
        assert all(0 <= region["score"] <= 1 for region in [item, *item["result"]])
    assert backend.predict() == []
    for words in ("Task 8 gets no spans: its data holds no 'text'", "Task 10 gets no spans: its text has Windows"):
        assert words in backend.log
    assert backend.call("POST", "/predict", {"tasks": "x"}).status_code == 422


def test_a_hundred_calls_at_once_lose_none_and_mix_none_up(backend: Backend) -> None:
    # Of several lengths, so that a batch is sorted and padded; each with a number of its own.
    texts = [" ".join(TEXT.format(100 * n + k) for k in range(1 + n % 7)) for n in range(100)]

    long = " ".join(TEXT.format(n) for n in range(3000))  # takes the model a second and more

    async def call() -> tuple[list[httpx.Response], int]:
        limits = httpx.Limits(max_connections=150)
        headers = {"Authorization": f"Bearer {backend.secret}"}
        async with httpx.AsyncClient(base_url=backend.url, headers=headers, limits=limits, timeout=60) as client:
            calls = [
                asyncio.create_task(client.post("/predict", json={"tasks": [{"id": n, "data": {"text": text}}]}))
                for n, text in enumerate([*texts, long])
            ]
            answered = 0
            while not all(task.done() for task in calls):
                assert (await client.get("/health")).status_code == 200
                answered += not all(task.done() for task in calls)
            return list(await asyncio.gather(*calls)), answered

    answers, answered = asyncio.run(call())
    assert {answer.status_code for answer in answers} == {200}
    # Label Studio waits one second for /health, however long predictions take.
    assert answered >= 5
    assert len(answers.pop().json()["results"][0]["result"]) > 3000
    documents = [Document(id=str(n), text=text) for n, text in enumerate(texts)]
    for text, answer, read in zip(texts, answers, load(backend.model).extract(documents), strict=True):
        (item,) = answer.json()["results"]
        assert all(text[r["value"]["start"] : r["value"]["end"]] == r["value"]["text"] for r in item["result"])
        assert [r["value"]["start"] for r in item["result"]] == [span.start for span in read.spans]
    assert any(read.spans for read in load(backend.model).extract(documents[:1]))


def changed_checkpoint(source: Path, target: Path, by: float) -> None:
    """Write a checkpoint with other weights over `target`, as a training does."""
    checkpoint = load_checkpoint(source)
    parameter = next(iter(checkpoint.model.parameters()))
    parameter.data = parameter.data + by
    save_checkpoint(target, checkpoint.model, checkpoint.tokenizer, checkpoint.info)


def test_a_newer_checkpoint_takes_over_and_a_broken_one_does_not(backend: Backend, trained: Trained) -> None:
    before = backend.get("/versions")["model_version"]
    changed_checkpoint(trained.model, backend.model, by=0.001)
    wait_for(lambda: backend.get("/versions")["model_version"] != before, "the newer checkpoint takes over")
    told = backend.get("/versions")
    assert told["versions"] == [told["model_version"], before]
    assert backend.predict({"id": 1, "data": {"text": TEXT}})[0]["model_version"] == told["model_version"]

    weights = backend.model / "model.safetensors"
    kept = weights.read_bytes()
    weights.write_bytes(kept[:-100])
    refused = wait_for(lambda: backend.get("/versions")["refused"], "the broken checkpoint is refused")
    assert "not those that its conflict_ner.json names" in refused
    # The log's line follows the answer's.
    wait_for(lambda: f"{told['model_version']} stays in use" in backend.log, "the log tells which stays")
    assert backend.predict({"id": 1, "data": {"text": TEXT}})[0]["model_version"] == told["model_version"]

    changed_checkpoint(trained.model, backend.model, by=0.002)

    # Label Studio asks /setup alone when every task has predictions of the present version: that has to look too.
    def setup() -> str:
        return str(backend.call("POST", "/setup", {}).json()["model_version"])

    wait_for(lambda: setup() not in told["versions"], "the mended checkpoint takes over")
    assert backend.get("/versions")["refused"] is None


def test_private_addresses_are_opened_by_the_setting_alone(tmp_path: Path) -> None:
    names = {f"LABEL_STUDIO_{name}" for name in PRIVATE_ADDRESSES}
    assert names == {"LABEL_STUDIO_ML_BLOCK_LOCAL_IP", "LABEL_STUDIO_SSRF_PROTECTION_ENABLED"}
    caller = {**dict.fromkeys(names, "false"), **dict.fromkeys(PRIVATE_ADDRESSES, "false")}
    told = server_environment(ServerSettings(), state_in(tmp_path, None), caller)
    assert not (names | set(PRIVATE_ADDRESSES)) & told.keys()
    told = server_environment(ServerSettings(loopback_backend=True), state_in(tmp_path, None), {})
    assert {name: told[name] for name in names} == dict.fromkeys(names, "false")


@pytest.mark.live
def test_a_server_that_may_not_call_the_backend_keeps_no_trace_of_it(
    label_studio: LabelStudio, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, backend.secret)
    with making_room(label_studio, backend, tmp_path) as room:
        with pytest.raises(ServiceError) as refused:
            register(room.settings)
        for words in (*PRIVATE_ADDRESSES, "server.loopback_backend=true"):
            assert words in str(refused.value)
        assert (room.registry.entries(), room.hooks()) == ([], [])
        assert room.client.project(room.project).model_version == ""


@pytest.mark.live
def test_registered_asked_and_taken_out_again(
    room: Room, backend: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "another-secret-of-the-tests")
    with pytest.raises(ServiceError, match="with another secret or user"):
        register(room.settings)
    monkeypatch.setenv(VARIABLE, backend.secret)
    nobody = room.settings.backend.model_copy(update={"port": free_port()})
    with pytest.raises(ServiceError, match=r"cannot reach a backend at .*python -m annotate backend serve"):
        register(room.settings.model_copy(update={"backend": nobody}))
    assert room.registry.entries() == []

    register(room.settings)
    register(room.settings)
    told = capsys.readouterr().out
    assert "is registered with" in told
    assert "was registered with" in told
    (entry,) = room.registry.entries()
    assert (entry.url, entry.connected) == (backend.url, True)
    assert room.client.project(room.project).model_version == entry.title
    (hook,) = room.hooks()
    assert (hook["url"], sorted(hook["actions"])) == (f"{backend.url}/webhook", sorted(EVENTS))
    assert (hook["send_payload"], hook["send_for_all_actions"]) == (False, False)
    assert backend.secret not in str(hook) + str(room.client.get("api/ml", {"project": room.project})) + told

    version = backend.get("/versions")["model_version"]
    asked = backend.log.count("task(s) of")
    # Looking tasks up, as a push and a pull do, predicts nothing: that would make them wait for all.
    assert len(room.client.find_tasks(room.project, ["article-0", "article-1"])) == 2
    assert backend.log.count("task(s) of") == asked
    assert room.opened(room.tasks[0]) == [version]
    assert room.opened(room.tasks[0]) == [version]
    assert backend.log.count("task(s) of") == asked + 1
    assert room.dealt() == [version]
    # An annotation is counted, and starts nothing.
    events = backend.get("/versions")["events"].get("ANNOTATION_CREATED", 0)
    room.client.create_annotation(room.tasks[2], 1, str(uuid.uuid4()), [], 1.0)
    assert backend.get("/versions")["events"]["ANNOTATION_CREATED"] == events + 1
    assert backend.get("/training") == {"state": "none"}

    # It moves to another address: the entry moves along, and so does its webhook.
    moved = room.settings.backend.model_copy(update={"url": f"http://localhost:{backend.port}"})
    register(room.settings.model_copy(update={"backend": moved}))
    assert [(held.id, held.url) for held in room.registry.entries()] == [(entry.id, moved.url)]
    assert [hook["url"] for hook in room.hooks()] == [f"{moved.url}/webhook"]
    capsys.readouterr()
    unregister(room.settings)
    assert f"has no backend at {backend.url}; it has {moved.url}" in capsys.readouterr().out
    unregister(room.settings.model_copy(update={"backend": moved}))
    assert f"the page shows those of {version}" in capsys.readouterr().out
    assert (room.registry.entries(), room.hooks()) == ([], [])
    assert room.client.project(room.project).model_version == version
    assert room.opened(room.tasks[0]) == [version]


@pytest.mark.live
def test_a_training_from_label_studio_outlives_the_backend(room: Room, backend: Backend) -> None:
    register(room.settings)
    (entry,) = room.registry.entries()
    room.client.write("POST", f"api/ml/{entry.id}/train", {})
    first = backend.get("/training")
    assert first["state"] == "running"
    # A second request starts none, and names the one that runs.
    again = backend.call("POST", "/webhook", {"action": "START_TRAINING", "project": {}})
    assert (again.status_code, again.json()["status"]) == (200, "already running")
    assert {key: again.json()["training"][key] for key in ("pid", "log")} == {key: first[key] for key in ("pid", "log")}
    room.client.write("POST", f"api/ml/{entry.id}/train", {})
    assert len(list(backend.folder.glob("training-*.log"))) == 1
    assert backend.predict({"id": 1, "data": {"text": TEXT}})[0]["result"]

    assert backend.stop(signal.SIGKILL) == -signal.SIGKILL
    # Without a backend a task opens all the same.
    assert room.opened(room.tasks[1]) == []
    assert room.dealt() == []
    assert [held.connected for held in room.registry.entries()] == [False]
    backend.start()
    kept = backend.get("/training")
    assert {key: kept[key] for key in ("state", "pid", "log")} == {key: first[key] for key in ("state", "pid", "log")}
    assert len(room.opened(room.tasks[1])) == 1
    backend.gate.touch()
    ended = wait_for(lambda: (told := backend.get("/training"))["state"] != "running" and told, "the training ends")
    assert (ended["state"], ended["exit_code"]) == ("failed", 3)
    assert ended["tail"][-1].endswith("exit code 3")
    assert "never" not in Path(ended["log"]).read_text(encoding="utf-8").replace("echo never", "")
    assert backend.secret not in Path(ended["log"]).read_text(encoding="utf-8")
    environment = Path(f"/proc/{os.getpid()}/environ")
    assert not environment.exists() or backend.secret not in environment.read_text(encoding="utf-8", errors="replace")
    assert backend.stop(signal.SIGINT) == 0
    assert "a training that runs goes on" in backend.log

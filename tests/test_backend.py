"""The live model: a real `python -m annotate backend serve`, called over HTTP and by a real Label Studio."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.backend.model import LiveModel
from annotate.backend.registration import EVENTS, Registry, backend_url, register, unregister
from annotate.backend.secret import Secret, read_secret
from annotate.backend.serving import serve
from annotate.backend.training import Trainings, training_commands
from annotate.client import Client
from annotate.environment import PRIVATE_ADDRESSES, server_environment
from annotate.exchange import PushRequest, run_push
from annotate.project import existing_project
from annotate.settings import ROOT, AnnotateSettings, BackendSettings, ServerSettings, read_settings
from annotate.state import write_state
from annotate.tasks import Json
from conflict_ner import load
from conflict_ner.checkpoint import load_checkpoint, save_checkpoint
from conflict_ner.config import read_config
from conflict_ner.documents import Document, write_documents
from conflict_ner.errors import ConfigError, ConflictNerError, ServiceError
from conflict_ner.schema import LabelSchema
from tests.conftest import Trained
from tests.live import LabelStudio, copy_of_database, free_port, running, server_overrides, state_in
from train.config import TrainConfig
from train.corpus import CorpusConfig

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


def basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def test_only_the_secret_opens() -> None:
    secret = Secret("label-studio", "s3cret-of-the-tests")
    assert secret.opens("Bearer s3cret-of-the-tests")
    assert secret.opens(basic("label-studio", "s3cret-of-the-tests"))
    wrong = [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer s3cret-of-the-test",
        "s3cret-of-the-tests",
        "Basic s3cret-of-the-tests",
    ]
    wrong += [basic("other", "s3cret-of-the-tests"), basic("label-studio", ""), "Basic ä", "Bearer ä", "Bearer \udcff"]
    assert not any(secret.opens(header) for header in wrong)
    # The webhook's key counts events, and opens nothing; the secret cannot be read off it.
    assert secret.nudges(f"Bearer {secret.nudge}")
    assert not secret.opens(f"Bearer {secret.nudge}")
    assert not secret.nudges("Bearer s3cret-of-the-tests")
    assert secret.value not in secret.nudge + repr(secret)


@pytest.mark.parametrize("value", ["", "short", "with a blank in its midst", "ümlaut-ümlaut-ümlaut"])
def test_a_secret_that_is_none_is_refused_with_the_command_that_makes_one(value: str) -> None:
    with pytest.raises(ConfigError, match=r"openssl rand -hex 20") as refused:
        read_secret(BackendSettings(), {VARIABLE: value})
    assert VARIABLE in str(refused.value)
    assert not value or value not in str(refused.value)


def test_the_commands_of_a_training_are_filled_in() -> None:
    places = {
        "python": "/usr/bin/python3",
        "folder": "'/a b'",
        "settings": shlex.join(["server.port=8090", "a=['x y']"]),
    }
    lines = ["{python} -m annotate pull {folder}/documents.jsonl {settings}", "", "echo 'x  y'"]
    assert training_commands(lines, places) == [
        ["/usr/bin/python3", "-m", "annotate", "pull", "/a b/documents.jsonl", "server.port=8090", "a=['x y']"],
        ["echo", "x  y"],
    ]
    with pytest.raises(ConfigError, match=r"\{pyton\} is unknown; \{\.\.\.\} may be folder, python, settings"):
        training_commands(["{pyton} x"], places)
    with pytest.raises(ConfigError, match="No closing quotation"):
        training_commands(["echo 'x"], places)


def test_the_commands_that_are_shipped_fit_the_programs_that_they_call() -> None:
    backend = read_settings().backend
    places = {"python": "python", "folder": "runs/backend", "model": "models/mini", "settings": "server.port=8090"}
    pull, corpus, train = training_commands(backend.training, places)
    assert pull == shlex.split("python -m annotate pull runs/backend/documents.jsonl --skip-bad server.port=8090")
    assert corpus[:5] == shlex.split("python -m train corpus configs/corpus/team.yaml")
    assert train[:3] == shlex.split("python train/train.py configs/train/mini.yaml")
    made = read_config(ROOT / corpus[4], CorpusConfig, corpus[5:])
    used = read_config(ROOT / train[2], TrainConfig, train[3:])
    assert made.sources["team"] == pull[4]
    assert (used.corpus, used.output, used.resume) == (made.output, Path("models/mini"), False)
    # With its default places the file says the same as the command does.
    assert read_config(ROOT / "configs/corpus/team.yaml", CorpusConfig) == made


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (BackendSettings(), "http://127.0.0.1:9090"),
        (BackendSettings(host="::1", port=9), "http://[::1]:9"),
        (BackendSettings(host="0.0.0.0", url="https://models.example.org/ner/"), "https://models.example.org/ner"),
    ],
)
def test_the_address_that_label_studio_calls(settings: BackendSettings, url: str) -> None:
    assert backend_url(settings) == url


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (BackendSettings(host="0.0.0.0"), "backend.url=http://ADDRESS:PORT"),
        (BackendSettings(host="::"), "none to call"),
        (BackendSettings(url="models.example.org:9090"), "has to look like"),
        (BackendSettings(url="http://me:word@models.example.org"), "without a name or a password"),
    ],
)
def test_an_address_that_nobody_can_call_is_refused(settings: BackendSettings, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        backend_url(settings)


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
    assert f"{told['model_version']} stays in use" in backend.log
    assert backend.predict({"id": 1, "data": {"text": TEXT}})[0]["model_version"] == told["model_version"]

    changed_checkpoint(trained.model, backend.model, by=0.002)

    # Label Studio asks /setup alone when every task has predictions of the present version: that has to look too.
    def setup() -> str:
        return str(backend.call("POST", "/setup", {}).json()["model_version"])

    wait_for(lambda: setup() not in told["versions"], "the mended checkpoint takes over")
    assert backend.get("/versions")["refused"] is None


def test_a_text_that_breaks_the_model_spoils_no_other(trained: Trained, schema: LabelSchema) -> None:
    """The fault is put in: no text is known that breaks tokenizer or model."""
    model = LiveModel(str(trained.model), schema)
    tag = model._model.extractor.tagger.tag

    def fault(texts: list[str]) -> Any:
        if any("poison" in text for text in texts):
            raise RuntimeError("the model broke")
        return tag(texts)

    model._model.extractor.tagger.tag = fault  # type: ignore[method-assign, assignment]
    try:
        texts = [TEXT.format(1), "poison", TEXT.format(2)]
        found = model.predict([{"id": n, "data": {"text": text}} for n, text in enumerate(texts)]).result(SECONDS)
        assert [bool(item["result"]) for item in found] == [True, False, True]
        # A defect of ours ends the request, not the thread.
        model._model.extractor.extract = None  # type: ignore[method-assign, assignment]
        broken = model.predict([{"id": 1, "data": {"text": "x"}}])
        assert broken.result(SECONDS) == [{"model_version": model.version, "result": []}]
    finally:
        model.close()


def test_a_training_holds_its_place_whatever_becomes_of_it(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    trainings = Trainings(tmp_path / "runs", [[sys.executable, "-c", WAIT, str(gate)]], tmp_path)
    first, started = trainings.start(os.environ)
    assert (started, first.state) == (True, "running")
    # The line with the command stands in the log before the command runs.
    wait_for(lambda: "42000" in first.log.read_text(encoding="utf-8"), "the training begins")
    # Its runner dies, and the command goes on: that is a training which runs, and there is no second one.
    os.kill(first.pid, signal.SIGKILL)
    again, started = trainings.start(os.environ)
    assert (started, again.pid, again.log) == (False, first.pid, first.log)
    gate.touch()
    assert (
        wait_for(lambda: (last := trainings.last()) and last.state != "running" and last, "it ends").state
        == "broken off"
    )
    second, started = trainings.start(os.environ)
    assert started
    ended = wait_for(lambda: (last := trainings.last()) and last.state != "running" and last, "the second ends")
    assert (ended.state, ended.exit_code, ended.pid) == ("succeeded", 0, second.pid)
    missing = Trainings(tmp_path / "runs", [["no-such-program"]], tmp_path)
    missing.start(os.environ)
    ended = wait_for(lambda: (last := missing.last()) and last.state != "running" and last, "the third ends")
    assert (ended.state, ended.exit_code) == ("failed", 127)
    assert any("no-such-program cannot be run" in line for line in ended.tail)
    with pytest.raises(ConfigError, match=r"backend\.training names no commands"):
        Trainings(tmp_path, [], tmp_path).start(os.environ)


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


def test_the_image_holds_what_the_backend_needs() -> None:
    """The Dockerfile copies what is there, and the context that it is built from lets that in."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    copied = [word.rstrip("/") for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    let_in = {
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    assert all((ROOT / name).exists() for name in copied)
    assert {name.partition("/")[0] for name in copied} == let_in
    assert {"annotate", "conflict_ner", "train", "configs", "seeds"} <= let_in
    assert ".env" not in let_in

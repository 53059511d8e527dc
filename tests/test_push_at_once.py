"""Two pushes at once on a real server: one machine waits, two machines clear up, and nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotate.client import Client
from annotate.lock import pushing_alone
from annotate.project import ensure_project, load_schema
from annotate.push import Pusher
from annotate.settings import ROOT, AnnotateSettings, ProjectSettings
from conflict_ner.documents import Document, Span, write_documents
from tests.live import LabelStudio

pytestmark = pytest.mark.live

TEXT = "Rebels killed 117 soldiers in Idlib's centre on Tuesday."
NAMES = [f"d{number:02}" for number in range(24)]
CHUNK = 3


@dataclass
class Team:
    """A project that several push into."""

    settings: AnnotateSettings
    client: Client
    folder: Path

    def pusher(self, step: object = None) -> Pusher:
        project, _ = ensure_project(self.client, self.settings.project, load_schema(self.settings.project))
        return Pusher(self.client, project, CHUNK, step) if callable(step) else Pusher(self.client, project, CHUNK)

    def command(self, cache: str) -> subprocess.Popen[str]:
        """Start a push as a process; another cache means another machine."""
        source = self.folder / "source.jsonl"
        write_documents(source, documents())
        return self.start("push", str(source), cache=cache)

    def start(self, *arguments: str, cache: str) -> subprocess.Popen[str]:
        """Start a command as a process."""
        server, title = self.settings.server, self.settings.project.title
        command = [sys.executable, "-m", "annotate", *arguments, f"server.folder={server.folder}"]
        command += [f"project.title={title}", f"project.chunk={CHUNK}"]
        environment = {"XDG_CACHE_HOME": str(self.folder / cache), "PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def held(self) -> Counter[str]:
        (project,) = self.client.projects(self.settings.project.title)
        return Counter(key.doc_id for key in self.client.task_keys(project.id))


def documents() -> list[Document]:
    spans = (Span(start=30, end=35, label="PLACE"),)
    return [Document(id=name, text=f"{TEXT} {name}", spans=spans) for name in NAMES]


@pytest.fixture
def team(label_studio: LabelStudio, tmp_path: Path) -> Iterator[Team]:
    title = f"at once {uuid.uuid4().hex[:12]}"
    settings = label_studio.settings.model_copy(update={"project": ProjectSettings(title=title, chunk=CHUNK)})
    with Client(label_studio.connection) as client:
        yield Team(settings, client, tmp_path)


def test_on_one_machine_the_second_push_waits_and_then_finds_everything(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(team.folder / "cache"))
    with pushing_alone(team.client.url, team.settings.project.title):
        second = team.command("cache")
        assert second.stdout is not None
        assert "is at work on this machine" in second.stdout.readline()
        team.pusher().push_tasks(documents())
        assert second.poll() is None, "it waits until the lock is free"
    out, err = second.communicate(timeout=60)
    assert (second.returncode, err) == (0, "")
    assert f"Tasks: 0 new, {len(NAMES)} already there." in out
    assert team.held() == Counter(NAMES)


def test_two_prelabels_on_one_machine_predict_each_task_once(team: Team) -> None:
    team.pusher().push_tasks(documents())
    (project,) = team.client.projects(team.settings.project.title)
    commands = [team.start("prelabel", "--weak", "--name", "weak-1", cache="cache") for _ in range(2)]
    for command in commands:
        out, err = command.communicate(timeout=120)
        assert command.returncode == 0, out + err
    tasks = team.client.tasks(project.id, [], fields="all", include="id,predictions")
    assert [len(task["predictions"]) for task in tasks] == [1] * len(NAMES)


def test_the_lock_of_a_push_that_died_is_free(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(team.folder / "cache"))
    code = (
        "import sys, time; from annotate.lock import pushing_alone\n"
        f"with pushing_alone({team.client.url!r}, 'a title'): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    told: list[str] = []
    with pushing_alone(team.client.url, "a title", told.append):
        assert told == []


def test_pushes_from_two_machines_at_the_same_time_leave_each_task_once(team: Team) -> None:
    first = team.command("one")
    second = team.command("two")
    for push in (first, second):
        out, err = push.communicate(timeout=120)
        assert push.returncode == 0, out + err
    assert team.held() == Counter(NAMES)


def test_a_push_that_is_overtaken_removes_what_it_made_too_late(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(count: int) -> None:
        if count and not overtaking:
            overtaking.append(count)
            monkeypatch.setenv("XDG_CACHE_HOME", str(team.folder / "another machine"))
            team.pusher().push_tasks(documents())

    overtaking: list[int] = []
    outcome = team.pusher(overtaken).push_tasks(documents())
    assert overtaking == [CHUNK], "the other push began after our first chunk and ended before our second"
    assert team.held() == Counter(NAMES)
    assert [note for note in outcome.notes if "pushed twice at the same time" in note] == [
        f"{len(NAMES) - CHUNK} article(s) were pushed twice at the same time; of each the first task was kept."
    ]
    again = team.pusher().push_tasks(documents())
    assert (again.new, again.present, again.notes) == (0, len(NAMES), [])


def test_a_double_on_which_somebody_works_stays_and_is_told(team: Team) -> None:
    def meanwhile(count: int) -> None:
        if count and not seen:
            seen.append(count)
            project = team.pusher().project.id
            (payload,) = [{"data": {"text": item.text, "doc_id": item.id, "sha256": item.sha256}} for item in chosen]
            team.client.import_tasks(project, [payload])
            (task,) = team.client.import_tasks(project, [payload])
            team.client.write("POST", f"api/tasks/{task}/drafts", {"result": [], "lead_time": 1})
            drafted.append(task)

    chosen = [documents()[0]]
    seen: list[int] = []
    drafted: list[int] = []
    outcome = team.pusher(meanwhile).push_tasks(documents())
    assert team.held()[NAMES[0]] == 2, "the one without work on it is gone, the one with a draft is not"
    (note,) = [note for note in outcome.notes if "delete those without annotations" in note]
    assert str(drafted[0]) in note


def test_two_machines_that_begin_at_once_make_one_project(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    create = Client.create_project

    def and_another(client: Client, title: str, **fields: object) -> object:
        made = create(client, title, **fields)
        create(client, title, **fields)  # what the other machine does at the same moment
        return made

    monkeypatch.setattr(Client, "create_project", and_another)
    project = team.pusher().project
    assert [found.id for found in team.client.projects(team.settings.project.title)] == [project.id]


def test_a_dead_push_leaves_what_the_next_one_finds(team: Team) -> None:
    push = team.command("cache")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if team.client.projects(team.settings.project.title) and team.held():
            break
        time.sleep(0.02)
    push.kill()
    push.communicate()
    assert set(team.held().values()) == {1}
    team.pusher().push_tasks(documents())
    assert team.held() == Counter(NAMES)

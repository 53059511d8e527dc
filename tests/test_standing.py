"""What a push knows of a project: short look-ups, the truth when they do not add up, and predictions by digest."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotate.client import Client, Project
from annotate.project import ensure_project, load_schema
from annotate.push import Outcome, Pusher
from annotate.settings import Duplicates, ProjectSettings
from annotate.standing import Standing
from annotate.tasks import Json, task_data
from conflict_ner.documents import Document, Span
from conflict_ner.errors import DataError
from tests.live import LabelStudio

pytestmark = pytest.mark.live

TEXT = "Rebels killed 117 soldiers in Idlib's centre on Tuesday."


@dataclass
class Place:
    """A project, and what was asked of the server."""

    client: Client
    project: Project
    asked: list[str]

    def push(self, documents: list[Document], version: str | None = None) -> Outcome:
        self.asked.clear()
        pusher = Pusher(self.client, self.project, 3, duplicates=Duplicates())
        return pusher.push_predictions(documents, version) if version else pusher.push_tasks(documents)

    def count(self, wanted: str) -> int:
        return sum(wanted in asked for asked in self.asked)


def documents(*names: str, end: int = 35) -> list[Document]:
    return [
        Document(id=name, text=f"{TEXT} {name}", spans=(Span(start=30, end=end, label="PLACE", score=0.5),))
        for name in names
    ]


@pytest.fixture
def place(label_studio: LabelStudio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Place]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    settings = ProjectSettings(title=f"standing {uuid.uuid4().hex[:12]}")
    asked: list[str] = []
    request = Client._request

    def listened(client: Client, method: str, path: str, **options: object) -> object:
        asked.append(f"{method} {path} {options.get('params')}")
        return request(client, method, path, **options)

    with Client(label_studio.connection) as client:
        project, _ = ensure_project(client, settings, load_schema(settings))
        monkeypatch.setattr(Client, "_request", listened)
        yield Place(client, project, asked)


def test_a_second_push_reads_no_task_again(place: Place) -> None:
    assert place.push(documents(*"abcdefg")).new == 7
    assert place.push(documents(*"abcdefg")).present == 7
    assert len(place.asked) == 2, place.asked
    outcome = place.push(documents(*"abcdefgh"))
    assert (outcome.new, outcome.present) == (1, 7)


def test_a_deleted_task_is_noticed_and_made_anew(place: Place) -> None:
    place.push(documents(*"abc"))
    (task,) = place.client.find_tasks(place.project.id, ["b"])
    place.client.delete_tasks(place.project.id, [task.id])
    outcome = place.push(documents(*"abc"))
    assert (outcome.new, outcome.present) == (1, 2)
    # And where as many came as went.
    (task,) = place.client.find_tasks(place.project.id, ["c"])
    place.client.delete_tasks(place.project.id, [task.id])
    place.client.import_tasks(place.project.id, [{"data": task_data(document)} for document in documents("x")])
    outcome = place.push(documents(*"abcx"))
    assert (outcome.new, outcome.present) == (1, 3)


def test_tasks_without_our_mark_are_found_by_their_data(place: Place) -> None:
    tasks: list[Json] = [{"data": task_data(document)} for document in documents("a", "b")]
    tasks.append({"data": {"text": "Something else."}})
    place.client.import_tasks(place.project.id, tasks)
    outcome = place.push(documents(*"abc"))
    assert (outcome.new, outcome.present) == (1, 2)
    keys = {key.doc_id: key.sha256 for key in place.client.task_keys(place.project.id)}
    assert [keys[document.id] for document in documents(*"abc")] == [item.sha256 for item in documents(*"abc")]


@pytest.mark.parametrize("content", [b"", b"{", b'{"tasks": [[1]], "versions": {}}'])
def test_a_broken_cache_is_no_matter(place: Place, tmp_path: Path, content: bytes) -> None:
    place.push(documents(*"abc"))
    (kept,) = tmp_path.glob("conflict-ner/tasks/*.json")
    kept.write_bytes(content)
    assert place.push(documents(*"abc")).present == 3
    assert len(Standing(place.client, place.project)) == 3, "it was written anew"


def test_a_cache_of_another_project_of_that_number_is_not_taken(place: Place) -> None:
    place.push(documents(*"abc"))
    other = Project(**{**place.project.__dict__, "created_at": "2001-01-01T00:00:00Z"})
    assert (len(Standing(place.client, place.project)), len(Standing(place.client, other))) == (3, 0)


def test_predictions_that_stand_are_not_read_again(place: Place, tmp_path: Path) -> None:
    place.push(documents("a"))
    assert place.push(documents(*"abc"), "m-1").new == 3
    outcome = place.push(documents(*"abc"), "m-1")
    assert (outcome.new, outcome.present, place.count("predictions")) == (0, 3, 0)
    assert place.push(documents(*"bcd"), "m-1").new == 1
    # A machine that knows nothing looks, and knows.
    for kept in tmp_path.glob("conflict-ner/tasks/*.json"):
        kept.unlink()
    assert (place.push(documents(*"abcd"), "m-1").present, place.count("predictions") > 0) == (4, True)
    assert (place.push(documents(*"abcd"), "m-1").present, place.count("predictions")) == (4, 0)


@pytest.mark.parametrize("known", [True, False])
def test_a_version_that_predicted_otherwise_is_refused_known_or_looked_up(
    place: Place, tmp_path: Path, known: bool
) -> None:
    place.push(documents(*"abc"), "m-1")
    for kept in tmp_path.glob("conflict-ner/tasks/*.json") if not known else ():
        kept.unlink()
    with pytest.raises(DataError, match="under another --model-version") as caught:
        place.push([*documents("a", "d"), *documents("b", end=34)], "m-1")
    (problem,) = caught.value.problems
    assert problem.startswith("b (task ")
    assert (place.count("include': 'id,predictions") > 0) is not known
    assert place.push(documents(*"acd"), "m-1").present == 3


def test_a_version_that_was_removed_or_made_anew_elsewhere_is_not_taken_for_known(place: Place) -> None:
    def remove() -> None:
        place.client.write("DELETE", f"api/projects/{place.project.id}/model-versions/", {"model_version": "m-1"})

    place.push(documents(*"abc"), "m-1")
    remove()
    assert place.push(documents(*"abc"), "m-1").new == 3
    # As many predictions as were known, but not ours.
    remove()
    tasks = {key.doc_id: key.id for key in place.client.task_keys(place.project.id)}
    place.client.create_predictions(
        place.project.id, [{"task": task, "model_version": "m-1", "result": []} for task in tasks.values()]
    )
    with pytest.raises(DataError, match="predicted otherwise") as caught:
        place.push(documents(*"abc"), "m-1")
    assert len(caught.value.problems) == 3


def test_near_duplicates_are_marked_told_and_still_pushed(place: Place) -> None:
    body = " ".join(f"word{number}" for number in range(300))
    originals = [Document(id="a", text=body), Document(id="z", text=TEXT)]
    outcome = place.push(originals)
    assert outcome.notes == []
    near = [Document(id="b", text=f"{body} And more."), Document(id="c", text=body.replace("word7 ", "other "))]
    outcome = place.push([*originals, *near, Document(id="d", text="Nothing of the kind was said here.")])
    assert outcome.new == 3
    assert outcome.notes == ["2 article(s) nearly repeat another and are queued once: b of a, c of a."]
    tasks = place.client.tasks(place.project.id, [], fields="task_only", include="id,data")
    assert {task["data"]["doc_id"]: task["data"]["duplicate_of"] for task in tasks} == {
        "a": "", "z": "", "b": "a", "c": "a", "d": "",
    }  # fmt: skip

"""annotate/queue: the way of its order into a real Label Studio, and out to the annotators."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from annotate.client import Client
from annotate.exchange import PullRequest, PushRequest, run_pull, run_push
from annotate.project import existing_project
from annotate.queue import run as run_module
from annotate.queue.numbers import VIEW, Mark, write_marks
from annotate.queue.run import run_queue
from annotate.session import RequestError
from annotate.settings import ROOT, AnnotateSettings, Overlap, ProjectSettings, QueueSettings
from annotate.tasks import Json
from conflict_ner.articles import read_articles
from conflict_ner.documents import Document, read_documents, write_documents
from conflict_ner.errors import CheckpointError, ServiceError
from tests.conftest import Trained
from tests.live import LabelStudio


@dataclass
class Team:
    """A project of one test's own, with a small model to order its work."""

    settings: AnnotateSettings
    client: Client
    folder: Path

    @property
    def project(self) -> int:
        return existing_project(self.client, self.settings.project.title).id

    def push(self, documents: list[Document], **options: Any) -> None:
        path = self.folder / "documents.jsonl"
        write_documents(path, documents)
        run_push(self.settings, PushRequest(path, **options))

    def queue(self, **changes: Any) -> None:
        settings = self.settings.queue.model_copy(update=changes)
        run_queue(self.settings.model_copy(update={"queue": settings}))

    def tasks(self) -> dict[str, Json]:
        parts = "id,data,updated_at,is_labeled,total_annotations,annotations,predictions"
        return {item["data"]["doc_id"]: item for item in self.client.tasks(self.project, [], "all", parts)}

    def numbers(self) -> dict[str, str]:
        """Return the number of each queued document, the first of the queue first."""
        found = {name: item["data"]["queue"] for name, item in self.tasks().items() if item["data"]["queue"]}
        return dict(sorted(found.items(), key=lambda pair: pair[1]))

    def view(self) -> Json:
        (found,) = [
            view
            for view in self.client.get("api/dm/views", {"project": self.project})
            if view["data"]["title"] == VIEW.title
        ]
        return dict(found)

    def displayed(self) -> list[str]:
        """Return the documents as the view shows them."""
        query = {"view": self.view()["id"], "fields": "task_only", "include": "id,data", "page_size": 100}
        return [item["data"]["doc_id"] for item in self.client.get("api/tasks", query)["tasks"]]

    def next(self) -> str | None:
        """Return the document that the page gives after "Label Tasks As Displayed"; it sends filters and ordering."""
        view = self.view()
        body = {"filters": view["data"]["filters"], "ordering": view["data"]["ordering"]}
        path = f"api/dm/actions?id=next_task&project={self.project}&tabID={view['id']}"
        try:
            return str(self.client.write("POST", path, body)["data"]["doc_id"])
        except RequestError as error:
            assert error.status == 404
            return None

    def annotate(self, name: str, user: int = 1) -> None:
        assert self.client.create_annotation(self.tasks()[name]["id"], user, str(uuid.uuid4()), [], 2.5)


@pytest.fixture
def team(label_studio: LabelStudio, trained: Trained, tmp_path: Path) -> Iterator[Team]:
    project = ProjectSettings(title=f"queue {uuid.uuid4().hex[:12]}")
    queue = QueueSettings(model=str(trained.model), folder=tmp_path / "queue", batch=3, cluster=2)
    settings = label_studio.settings.model_copy(update={"project": project, "queue": queue})
    with Client(label_studio.connection) as client:
        yield Team(settings, client, tmp_path)


@pytest.fixture(scope="module")
def articles() -> list[Document]:
    """Twelve articles: the seeds, their halves, a near-duplicate, and one without a span."""
    seeds = read_articles(ROOT / "seeds")
    halves = [
        Document.from_raw(f"{seed.id}-{number}", part, meta=seed.meta.model_copy(update={"title": f"Half {number}"}))
        for seed in seeds[:3]
        for number, part in enumerate((seed.text[: len(seed.text) // 5], seed.text[-len(seed.text) // 5 :]))
    ]
    copy = Document.from_raw("copy", "Another headline.\n\n" + seeds[0].text, meta=seeds[0].meta)
    return [*seeds, *halves, copy]


@pytest.mark.live
def test_the_order_stands_in_the_data_and_the_label_stream_follows_it(
    team: Team, articles: list[Document], capsys: pytest.CaptureFixture[str]
) -> None:
    team.push(articles)
    annotated = articles[1].id
    team.annotate(annotated)
    before = team.tasks()
    team.queue()
    printed = capsys.readouterr().out
    after = team.tasks()
    numbers = team.numbers()
    # Ten and more, so that an order by text would show.
    assert list(numbers.values()) == [f"{place:04}" for place in range(1, 11)]
    assert set(numbers) == {document.id for document in articles} - {annotated, "copy"}
    assert "Queued 10 article(s)" in printed
    assert "1 near-duplicate(s) left out" in printed
    # Nothing but the two fields has changed, and nothing at all where there is an annotation.
    for name, item in after.items():
        changed = {key for key in item if item[key] != before[name][key]} - {"updated_at"}
        assert changed == ({"data"} if name in numbers else set())
        assert {**item["data"], "queue": "", "uncertainty": ""} == before[name]["data"]
    # At most one of a group in a batch; the first batch holds two or three articles.
    groups = {document.id: document.meta.group for document in articles}
    one, two, *_ = (groups[name] for name in numbers)
    assert one != two
    assert team.displayed() == list(numbers)
    served = []
    for _ in range(4):
        following = team.next()
        assert following is not None
        served.append(following)
        team.annotate(following)
    assert served == list(numbers)[:4]
    assert team.displayed() == list(numbers)[4:]
    # The hash still fits the text: what was annotated comes home.
    run_pull(team.settings, PullRequest(team.folder / "pulled.jsonl"))
    assert {document.id for document in read_documents(team.folder / "pulled.jsonl")} == {annotated, *served}
    # The next queue begins with 1 again, reads nothing anew, and leaves what is annotated alone.
    capsys.readouterr()
    team.queue()
    assert "read 0 and knew 6" in capsys.readouterr().out
    renumbered = {name: number for name, number in team.numbers().items() if name not in served}
    assert sorted(renumbered.values()) == [f"{place:04}" for place in range(1, 7)]
    assert [name for name in team.numbers() if name in served] == [name for name in numbers if name in served]
    stamps = {name: item["updated_at"] for name, item in team.tasks().items()}
    capsys.readouterr()
    team.queue()
    assert "0 task(s) were changed" in capsys.readouterr().out
    assert {name: item["updated_at"] for name, item in team.tasks().items()} == stamps


@pytest.mark.live
def test_the_limit_clears_the_others_and_an_article_for_two_stays_until_both_have_read_it(
    team: Team, articles: list[Document]
) -> None:
    team.settings = team.settings.model_copy(
        update={"project": team.settings.project.model_copy(update={"overlap": Overlap(annotators=2, percent=100)})}
    )
    team.push(articles[:6])
    team.queue()
    all_six = team.numbers()
    team.queue(limit=2)
    assert list(team.numbers().items()) == list(all_six.items())[:2]
    assert len([item for item in team.tasks().values() if item["data"]["uncertainty"]]) == 2
    first, second = team.displayed()
    team.annotate(first)
    assert team.displayed() == [first, second], "the second annotator finds it in the queue"
    assert team.next() == second, "the first annotator does not get it again"
    team.annotate(first, user=team.client.create_user(f"{uuid.uuid4().hex}@example.org"))
    assert team.displayed() == [second]


@pytest.mark.live
def test_broken_off_half_way_the_same_command_finishes(
    team: Team, articles: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    team.push(articles[:6])
    written = 0
    write = Client.write

    def failing(self: Client, method: str, path: str, *rest: Any, **options: Any) -> Any:
        nonlocal written
        if method == "PATCH" and path.startswith("api/tasks/"):
            written += 1
            if written > 2:
                raise RequestError("The connection broke", status=None)
        return write(self, method, path, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Client, "write", failing)
        with pytest.raises(RequestError):
            team.queue()
    assert list(team.numbers().values()) == ["0001", "0002"]
    team.queue()
    assert list(team.numbers().values()) == [f"{place:04}" for place in range(1, 7)]
    assert team.displayed() == list(team.numbers())


@pytest.mark.live
def test_an_answer_that_never_came_is_sent_again_and_a_task_annotated_meanwhile_is_left_alone(
    team: Team, articles: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    team.push(articles[:3])
    one, two, three = (team.tasks()[document.id]["id"] for document in articles[:3])
    team.annotate(articles[1].id)
    write = Client.write
    lost: list[str] = []

    def losing(self: Client, method: str, path: str, *rest: Any, **options: Any) -> Any:
        answer = write(self, method, path, *rest, **options)
        if not lost:
            lost.append(path)
            raise RequestError("The connection broke", uncertain=True)
        return answer

    monkeypatch.setattr(Client, "write", losing)
    monkeypatch.setattr("annotate.delivery.PAUSES", (0.0, 0.0, 0.0))
    project = existing_project(team.client, team.settings.project.title)
    marks = {one: Mark("0001", "0.900"), two: Mark("0002", "0.500"), three: Mark("0003", "0.100")}
    assert write_marks(team.client, project, marks) == 2
    assert lost == [f"api/tasks/{one}/"]
    assert list(team.numbers().items()) == [(articles[0].id, "0001"), (articles[2].id, "0003")]


@pytest.mark.live
def test_what_is_wrong_is_told_in_a_sentence(
    team: Team, articles: list[Document], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ServiceError, match=r"no project titled .*; make it with `python -m annotate push`"):
        team.queue()
    team.push(articles[:1])
    with pytest.raises(CheckpointError, match="There is no folder"):
        team.queue(model="models/none-of-this-name")
    team.annotate(articles[0].id)
    capsys.readouterr()
    # All that is left to do is nothing, and no model is loaded for it.
    monkeypatch.setattr(run_module, "Reader", None)
    team.queue(model="models/none-of-this-name")
    assert "Nothing to queue" in capsys.readouterr().out
    team.client.delete_task(team.tasks()[articles[0].id]["id"])
    with pytest.raises(ServiceError, match=r"holds no task; fill it with `python -m annotate push`"):
        team.queue()


@pytest.mark.live
def test_a_task_without_a_text_is_left_out(
    team: Team, articles: list[Document], capsys: pytest.CaptureFixture[str]
) -> None:
    team.push(articles[:2])
    team.client.import_tasks(team.project, [{"data": {"doc_id": "foreign", "text": " \n", "queue": ""}}])
    team.queue()
    assert set(team.numbers()) == {articles[0].id, articles[1].id}
    assert f"1 task(s) without a text, such as {team.tasks()['foreign']['id']}" in capsys.readouterr().err


def test_the_command_line_names_its_rules() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "annotate", "queue", "queue.spans=0", "queue.modle=x", "--limit", "20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "queue.spans" in done.stderr
    assert "did you mean 'model'" in done.stderr
    assert "Traceback" not in done.stderr

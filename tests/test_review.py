"""Corrections back, on a real server: notes come and go, and nobody's annotation changes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from annotate import __main__ as command_line
from annotate.client import Client
from annotate.exchange import PullRequest, PushRequest, run_pull, run_push
from annotate.project import find_project
from annotate.review import VIEW, note_text, run_review, unheld
from annotate.settings import AnnotateSettings, ProjectSettings
from annotate.tasks import Json
from conflict_ner.documents import Document, Provenance, Span, read_documents, write_documents
from conflict_ner.errors import ConfigError, DataError, ServiceError
from conflict_ner.label_errors import LabelError, QuotedSpan, write_label_errors
from tests.browser import MILLISECONDS, logged_in
from tests.live import LabelStudio

TEXT = "Rebels killed 117 soldiers in Idlib province on Tuesday. Idlib fell on Friday."
ANN, BEA = "ann@example.org", "bea@example.org"
FORCE, COUNT, AREA = (0, 6, "ARMED_GROUP"), (14, 17, "CASUALTY_COUNT"), (30, 44, "PLACE")
CITY = (57, 62, "PLACE")


def part(key: tuple[int, int, str], **attributes: str) -> QuotedSpan:
    start, end, label = key
    return QuotedSpan(start=start, end=end, label=label, attributes=attributes, text=TEXT[start:end])


def doubt(
    span: QuotedSpan | None, suggestion: QuotedSpan | None = None, document: str = "a", **more: Any
) -> LabelError:
    return LabelError(document=document, span=span, suggestion=suggestion, **{"reason": "It looks wrong", **more})


def reading(name: str, annotator: str, *keys: tuple[int, int, str]) -> Document:
    spans = [
        Span(start=start, end=end, label=label, attributes={"casualty_type": "killed"} if label == COUNT[2] else {})
        for start, end, label in keys
    ]
    return Document(id=name, text=TEXT, spans=tuple(spans), provenance=Provenance(annotators=(annotator,)))


def test_a_note_names_words_reason_and_suggestion() -> None:
    shorter = part((30, 35, "PLACE"))
    errors = [
        doubt(part(AREA), shorter, reason="The name alone is the place."),
        doubt(part(COUNT, casualty_type="killed"), part(COUNT, casualty_type="wounded"), annotator=ANN),
        doubt(part(FORCE)),
        doubt(None, part(CITY), reason="A place?"),
    ]
    assert note_text(errors, TEXT).splitlines() == [
        "Second look:",
        '1. "Rebels" [ARMED_GROUP]: It looks wrong. Suggestion: mark nothing.',
        '2. "117" [CASUALTY_COUNT, killed] (by ann): It looks wrong. Suggestion: [CASUALTY_COUNT, wounded].',
        '3. "Idlib province" [PLACE]: The name alone is the place. Suggestion: "Idlib".',
        '4. Nothing marked at "Idlib" (in "province on Tuesday. Idlib fell on Friday."): A place? Suggestion: [PLACE].',
    ]


def test_what_does_not_hold_any_more_says_why() -> None:
    ann, bea = reading("a", ANN, FORCE, AREA), reading("a", BEA, FORCE)

    def why(error: LabelError, *readings: Document) -> str:
        return unheld(error, TEXT, ann.sha256, readings)

    assert why(doubt(part(AREA)), ann, bea) == ""
    assert why(doubt(part(AREA), annotator=BEA), ann, bea) == "the span is not marked so any more"
    assert why(doubt(part(AREA), annotator="c@example.org"), ann) == "c@example.org has not annotated it"
    assert why(doubt(part(AREA))) == "nobody has annotated it"
    assert why(doubt(part(AREA, kind="x")), ann) == "the span is not marked so any more"
    assert why(doubt(None, part(AREA)), ann, bea) == ""
    assert why(doubt(None, part(FORCE)), ann, bea) == "it has been marked since"
    assert why(doubt(part(AREA), text_sha256="0" * 64), ann) == "its text is another one in the project"
    moved = QuotedSpan(start=31, end=36, label="PLACE", text="Idlib")
    assert why(doubt(part(AREA), moved), ann) == "'Idlib' does not stand at [31, 36) of the text"


@dataclass
class Desk:
    """A project of one test's own with two annotators' readings."""

    settings: AnnotateSettings
    client: Client
    folder: Path

    @property
    def project(self) -> int:
        project = find_project(self.client, self.settings.project.title)
        assert project is not None
        return project.id

    def push(self, *readings: Document) -> None:
        path = self.folder / "recorded.jsonl"
        write_documents(path, readings)
        run_push(self.settings, PushRequest(path, annotations=(path,)))

    def review(self, *errors: LabelError) -> None:
        path = self.folder / "errors.jsonl"
        write_label_errors(path, errors)
        run_review(self.settings, path)

    def tasks(self) -> dict[str, Json]:
        """Return all tasks whole, by document."""
        include = "id,data,annotations,result,completed_by,predictions,updated_at"
        return {item["data"]["doc_id"]: item for item in self.client.tasks(self.project, [], "all", include)}

    def notes(self) -> dict[str, str]:
        return {name: task["data"].get("review") for name, task in self.tasks().items()}

    def pull(self, **options: Any) -> list[Document]:
        out = self.folder / "pulled.jsonl"
        run_pull(self.settings, PullRequest(out, **options))
        return read_documents(out)


@pytest.fixture
def desk(label_studio: LabelStudio, tmp_path: Path) -> Iterator[Desk]:
    project = ProjectSettings(title=f"review {uuid.uuid4().hex[:12]}", chunk=2)
    with Client(label_studio.connection) as client:
        yield Desk(label_studio.settings.model_copy(update={"project": project}), client, tmp_path)


@pytest.mark.live
def test_notes_are_the_newest_list_and_annotations_stay(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.push(*(reading(name, ANN, FORCE, COUNT, AREA) for name in "abc"), reading("a", BEA, FORCE))
    before = desk.tasks()
    capsys.readouterr()
    lost = doubt(part(AREA), document="nowhere")
    desk.review(doubt(part(AREA), part((30, 35, "PLACE"))), doubt(part(FORCE), document="b"), lost)
    told = capsys.readouterr()
    assert "2 task(s) with 2 doubt(s), 2 of them new or changed; 0 cleared; 1 doubt(s) left out." in told.out
    assert "nowhere: 'Idlib province' [PLACE]: the project has no task of it" in told.err
    first = desk.tasks()
    assert first["a"]["data"]["review"].startswith('Second look:\n1. "Idlib province" [PLACE]: It looks wrong.')
    for name, task in first.items():
        same = {key: value for key, value in task.items() if key not in {"data", "updated_at"}}
        assert same == {key: value for key, value in before[name].items() if key not in {"data", "updated_at"}}
        assert {**task["data"], "review": ""} == {**before[name]["data"], "review": ""}
    assert first["c"] == before["c"], "a task that nobody doubts is not written to"

    desk.review(doubt(part(AREA), part((30, 35, "PLACE"))), doubt(part(FORCE), document="b"))
    assert "0 of them new or changed; 0 cleared" in capsys.readouterr().out
    assert desk.tasks() == first, "the same list again writes nothing"

    desk.review(doubt(part(AREA), document="c"))
    assert "1 of them new or changed; 2 cleared" in capsys.readouterr().out
    assert [bool(note) for note in desk.notes().values()] == [False, False, True]
    desk.review()
    assert set(desk.notes().values()) == {""}


@pytest.mark.live
def test_a_corrected_annotation_comes_home_and_its_doubt_is_done(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.push(reading("a", ANN, FORCE, AREA), reading("b", ANN, FORCE))
    desk.pull()
    wrong = doubt(part(AREA), part((30, 35, "PLACE")), annotator=ANN)
    desk.review(wrong)
    # What the annotator does on the page: shorten the span, update.
    (annotation,) = desk.tasks()["a"]["annotations"]
    result = [dict(region) for region in annotation["result"]]
    result[1] = {**result[1], "value": {**result[1]["value"], "end": 35}}
    desk.client.write("PATCH", f"api/annotations/{annotation['id']}/", {"result": result})
    pulled = {document.id: document for document in desk.pull(since_last=True)}
    assert [pulled["a"].surface(span) for span in pulled["a"].spans] == ["Rebels", "Idlib"]
    capsys.readouterr()
    desk.review(wrong)
    told = capsys.readouterr()
    assert "a: 'Idlib province' [PLACE]: the span is not marked so any more" in told.err
    assert "1 cleared" in told.out
    assert desk.notes() == {"a": "", "b": ""}


@pytest.mark.live
def test_the_view_lists_what_is_doubted_beside_all_tasks(desk: Desk) -> None:
    desk.push(reading("a", ANN, FORCE), reading("b", ANN, FORCE))
    desk.review(doubt(part(FORCE), document="b"))
    desk.review(doubt(part(FORCE), document="b"))
    views = desk.client.get("api/dm/views", {"project": desk.project})
    assert [view["data"]["title"] for view in views] == ["Default", VIEW.title]
    listed = desk.client.get("api/tasks", {"project": desk.project, "view": views[1]["id"]})["tasks"]
    assert [task["id"] for task in listed] == [desk.tasks()["b"]["id"]]


@pytest.mark.live
def test_bad_lines_or_no_project_send_nothing(desk: Desk) -> None:
    with pytest.raises(ServiceError, match="has no project titled"):
        desk.review()
    assert find_project(desk.client, desk.settings.project.title) is None
    desk.push(reading("a", ANN, FORCE))
    before = desk.tasks()
    path = desk.folder / "errors.jsonl"
    write_label_errors(path, [doubt(part(FORCE))])
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(DataError, match="nothing was read"):
        run_review(desk.settings, path)
    assert desk.tasks() == before


def test_review_goes_alone() -> None:
    done = CliRunner().invoke(command_line.app, ["push", "seeds", "--review", "errors.jsonl"])
    assert isinstance(done.exception, ConfigError)
    assert "without it" in str(done.exception)


@pytest.mark.live
@pytest.mark.browser
def test_the_page_shows_the_note_of_a_task_that_never_had_the_field(desk: Desk, label_studio: LabelStudio) -> None:
    desk.push(reading("a", ANN, FORCE, AREA), reading("b", ANN, FORCE))
    for task in desk.tasks().values():
        data = {name: value for name, value in task["data"].items() if name != "review"}
        desk.client.write("PATCH", f"api/tasks/{task['id']}/", {"data": data})
    desk.review(doubt(part(AREA), part((30, 35, "PLACE"))))
    tasks = desk.tasks()
    assert "review" not in tasks["b"]["data"]
    with logged_in(label_studio) as page:
        for name, shown in (
            ("a", 'Second look:\n1. "Idlib province" [PLACE]: It looks wrong. Suggestion: "Idlib".'),
            ("b", ""),
        ):
            page.goto(f"{label_studio.connection.url}/projects/{desk.project}/data?task={tasks[name]['id']}")
            page.wait_for_selector(".htx-highlight", timeout=MILLISECONDS)
            assert page.locator(".cn-review").inner_text().strip() == shown
            if not shown:
                box = page.locator(".cn-review").bounding_box()
                assert box is None or box["height"] < 3, "an empty note takes no room"
            head = page.locator(".cn-head").inner_text()
            assert not re.search(r"\$review|undefined", head)

"""The way to Label Studio and back, against a real server: push, replay, pull, again, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from annotate import pull as pull_module
from annotate.client import Client
from annotate.exchange import PullRequest, PushRequest, run_pull, run_push, split_arguments
from annotate.project import find_project
from annotate.settings import ROOT, AnnotateSettings, ProjectSettings
from annotate.tasks import Json, regions
from conflict_ner.documents import Document, Provenance, Span, read_documents, write_documents
from conflict_ner.errors import ConfigError, DataError, ServiceError
from tests.live import LabelStudio

pytestmark = pytest.mark.live

SEEDS = ROOT / "seeds"
ANNOTATORS = SEEDS / "annotators"
TEXT = "Rebels killed 117 soldiers in Idlib's centre on Tuesday."


@dataclass
class Workplace:
    """A project of one test's own, on the server of all."""

    settings: AnnotateSettings
    client: Client
    folder: Path

    def push(self, documents: list[Document] | Path | None = None, **options: Any) -> None:
        if isinstance(documents, list):
            documents = self.write("source.jsonl", documents)
        run_push(self.settings, PushRequest(documents, **options))

    def pull(self, **options: Any) -> list[Document]:
        out = self.folder / "pulled.jsonl"
        run_pull(self.settings, PullRequest(out, **options))
        return read_documents(out)

    def write(self, name: str, documents: list[Document]) -> Path:
        path = self.folder / name
        write_documents(path, documents)
        return path

    @property
    def project(self) -> int:
        project = find_project(self.client, self.settings.project.title)
        assert project is not None
        return project.id

    def tasks(self, *names: str) -> list[int]:
        return [key.id for key in self.client.find_tasks(self.project, names)]

    def annotate(self, name: str, result: list[Json], user: int = 1) -> int:
        """Store an annotation on a document's newest task; return its id."""
        task = self.tasks(name)[-1]
        assert self.client.create_annotation(task, user, str(uuid.uuid4()), result, 2.5)
        (held,) = [item for item in self.client.annotated_tasks(self.project) if item.id == task]
        return max(annotation.id for annotation in held.annotations)

    def change(self, annotation: int, **fields: Any) -> None:
        self.client.write("PATCH", f"api/annotations/{annotation}/", fields)


@pytest.fixture
def workplace(label_studio: LabelStudio, tmp_path: Path) -> Iterator[Workplace]:
    title = f"test {uuid.uuid4().hex[:12]}"
    settings = label_studio.settings.model_copy(update={"project": ProjectSettings(title=title, chunk=3)})
    with Client(label_studio.connection) as client:
        yield Workplace(settings, client, tmp_path)


def article(name: str, text: str = TEXT, *spans: Span, annotator: str = "") -> Document:
    provenance = Provenance(annotators=(annotator,) if annotator else ())
    return Document(id=name, text=text, spans=spans, provenance=provenance)


def place(start: int, end: int, **more: Any) -> Json:
    value = {"start": start, "end": end, "text": "", "labels": ["PLACE"]}
    return {"id": f"r{start}", "from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


def readings(documents: list[Document]) -> dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]]:
    return {
        (document.id, document.provenance.annotators): [(*span.key, span.attributes) for span in document.spans]
        for document in documents
    }


def test_the_whole_loop_returns_the_recorded_annotations(
    workplace: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace.push(SEEDS, annotations=(ANNOTATORS,))
    first = capsys.readouterr().out
    assert "Tasks: 5 new, 0 already there." in first
    assert "Annotations of annotator-2.jsonl: 5 new, 0 already there." in first
    pulled = workplace.pull()
    recorded = [document for path in sorted(ANNOTATORS.glob("*.jsonl")) for document in read_documents(path)]
    # No seed needs a trim (test_trimming.py), so the spans come home exactly.
    assert readings(pulled) == readings(recorded)
    assert [document.meta for document in pulled[::2]] == [document.meta for document in recorded[:5]]
    assert {span.origin for document in pulled for span in document.spans} == {None}
    for document in pulled:
        source = document.provenance
        assert source.project == workplace.settings.project.title
        assert source.text_sha256 == document.sha256
        assert None not in (source.task, source.annotation, source.updated_at)

    capsys.readouterr()
    workplace.push(SEEDS, annotations=(ANNOTATORS,))
    again = capsys.readouterr().out
    assert "its page up to date" in again
    assert "Tasks: 0 new, 5 already there." in again
    assert again.count(": 0 new, 5 already there.") == 3
    assert readings(workplace.pull()) == readings(recorded)
    # What Label Studio itself exports is read by the same code.
    exported = workplace.folder / "export.json"
    exported.write_text(json.dumps(workplace.client.get(f"api/projects/{workplace.project}/export")))
    users = {email: user for user, email in workplace.client.users().items()}
    named = tuple(f"{users[f'annotator-{number}@example.org']}=annotator-{number}@example.org" for number in (1, 2))
    from_file = workplace.pull(from_export=exported, annotators=named)
    assert [
        document.model_copy(update={"provenance": document.provenance.model_copy(update={"project": None})})
        for document in pulled
    ] == from_file


def test_a_changed_text_becomes_a_new_task_and_the_old_one_is_named(
    workplace: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace.push([article("a"), article("b")])
    workplace.annotate("a", [place(30, 35)])
    (old,) = workplace.tasks("a")
    capsys.readouterr()
    workplace.push([article("a", TEXT + " More."), article("b")])
    told = capsys.readouterr()
    assert "Tasks: 1 new, 1 already there." in told.out
    assert f"The text of a has changed: it became a new task; {old} keeps the old one." in told.err
    assert len(workplace.tasks("a")) == 2
    workplace.annotate("a", [place(30, 35)])
    (document,) = workplace.pull()
    assert document.text == TEXT + " More."
    assert "older text, left out" in capsys.readouterr().out


def test_unannotated_skipped_and_empty_are_three_things(workplace: Workplace) -> None:
    workplace.push([article("unannotated"), article("skipped"), article("empty")])
    skipped = workplace.annotate("skipped", [place(30, 35)])
    workplace.change(skipped, was_cancelled=True)
    workplace.annotate("empty", [])
    (document,) = workplace.pull()
    assert (document.id, document.spans) == ("empty", ())
    assert document.provenance.lead_time == 2.5


def test_sloppy_ends_are_trimmed_and_each_is_reported(workplace: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    workplace.push([article("a")])
    workplace.annotate("a", [place(29, 37, origin="manual")])
    report = workplace.folder / "report.jsonl"
    (document,) = workplace.pull(report=report)
    assert [(document.surface(span), span.origin) for span in document.spans] == [("Idlib", "manual")]
    (record,) = [json.loads(line) for line in report.read_text().splitlines()]
    expected = {"kind": "trimmed", "before": " Idlib's", "after": "Idlib", "start": 30, "end": 35, "document": "a"}
    assert {key: record[key] for key in expected} == expected
    assert "1 span(s) trimmed" in capsys.readouterr().out


def test_bad_annotations_are_all_named_and_nothing_is_written(
    workplace: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace.push([article("a"), article("b"), article("c")])
    workplace.annotate("a", [place(30, 300)])
    workplace.annotate("b", [place(30, 35), place(32, 44)])
    workplace.annotate("c", [place(30, 35)])
    report = workplace.folder / "report.jsonl"
    with pytest.raises(DataError, match="2 problem") as caught:
        workplace.pull(report=report)
    assert ["a, task" in problem or "b, task" in problem for problem in caught.value.problems] == [True, True]
    assert not (workplace.folder / "pulled.jsonl").exists()
    assert len(report.read_text().splitlines()) == 2
    assert [document.id for document in workplace.pull(skip_bad=True)] == ["c"]
    assert capsys.readouterr().err.count("Left out:") == 2


def test_a_text_edited_in_label_studio_is_refused(workplace: Workplace) -> None:
    workplace.push([article("a")])
    workplace.annotate("a", [place(30, 35)])
    (task,) = workplace.tasks("a")
    (held,) = workplace.client.annotated_tasks(workplace.project)
    workplace.client.write("PATCH", f"api/tasks/{task}/", {"data": {**held.data, "text": "Nobody was hurt. " + TEXT}})
    with pytest.raises(DataError, match=f"a, task {task}: its text is not the one whose hash"):
        workplace.pull()


def test_the_newest_of_one_annotators_readings_counts(workplace: Workplace) -> None:
    workplace.push([article("a")])
    first = workplace.annotate("a", [place(30, 35)])
    workplace.annotate("a", [])
    assert [document.spans for document in workplace.pull()] == [()]
    workplace.change(first, result=[place(0, 6)])
    (document,) = workplace.pull()
    assert (document.provenance.annotation, [span.start for span in document.spans]) == (first, [0])


def test_since_last_reads_what_changed_and_forgets_what_went(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pull_module, "OVERLAP", pull_module.OVERLAP * 0)
    workplace.push([article(name) for name in "abcd"])
    annotations = {name: workplace.annotate(name, [place(30, 35)]) for name in "abc"}
    workplace.pull(since_last=True)
    assert "everything is read" in capsys.readouterr().out
    assert [document.id for document in workplace.pull(since_last=True)] == ["a", "b", "c"]
    assert "0 task(s) re-read or new" in capsys.readouterr().out

    workplace.annotate("d", [place(0, 6)])
    workplace.change(annotations["a"], was_cancelled=True)
    workplace.client.write("DELETE", f"api/annotations/{annotations['b']}/")
    incremental = workplace.pull(since_last=True)
    assert "3 task(s) re-read or new" in capsys.readouterr().out
    assert [document.id for document in incremental] == ["c", "d"]
    assert incremental == workplace.pull()

    out = workplace.folder / "pulled.jsonl"
    out.write_text(out.read_text().splitlines()[0] + "\n")
    assert workplace.pull(since_last=True) == incremental, "an edited file is not built upon"
    assert "is not as the last pull left it" in capsys.readouterr().out


def test_since_last_refuses_the_file_of_another_project(workplace: Workplace) -> None:
    workplace.push([article("a")])
    workplace.pull()
    title = f"test {uuid.uuid4().hex[:12]}"
    other = workplace.settings.model_copy(update={"project": ProjectSettings(title=title)})
    workplace.settings = other
    workplace.push([article("a")])
    with pytest.raises(DataError, match="was pulled from project"):
        workplace.pull(since_last=True)


def test_predictions_fill_tasks_once_and_are_shown(workplace: Workplace, capsys: pytest.CaptureFixture[str]) -> None:
    span = Span(start=30, end=35, label="PLACE", score=0.75)
    workplace.push([article("old")])
    predicted = [article("old", TEXT, span), article("new", TEXT, span), article("none")]
    path = workplace.write("predictions.jsonl", predicted)
    workplace.push(predictions=path, model_version="m-1")
    assert "Predictions of m-1: 3 new, 0 already there." in capsys.readouterr().out
    tasks = {name: workplace.tasks(name) for name in ("old", "new", "none")}
    assert [len(ids) for ids in tasks.values()] == [1, 1, 1]
    held = workplace.client.predictions(workplace.project, [ids[0] for ids in tasks.values()])
    assert [(item.model_version, item.result) for item in held] == [("m-1", regions(item)) for item in predicted]
    assert workplace.client.project(workplace.project).model_version == "m-1"

    workplace.push(predictions=path, model_version="m-1")
    assert "Predictions of m-1: 0 new, 3 already there." in capsys.readouterr().out
    other = workplace.write("other.jsonl", [article("old", TEXT), article("none")])
    with pytest.raises(DataError, match="under another --model-version") as caught:
        workplace.push(predictions=other, model_version="m-1")
    assert caught.value.problems == (f"old (task {tasks['old'][0]})",)
    workplace.push(predictions=other, model_version="m-2")
    assert workplace.client.project(workplace.project).model_version == "m-2"
    assert workplace.pull() == [], "a prediction is nobody's annotation"


def test_bad_input_is_refused_before_anything_is_sent(workplace: Workplace) -> None:
    wrong = workplace.write("wrong.jsonl", [article("a", TEXT, Span(start=0, end=6, label="PLCE"))])
    with pytest.raises(DataError, match="did you mean 'PLACE'"):
        workplace.push(predictions=wrong, model_version="m")
    nameless = workplace.write("nameless.jsonl", [article("a"), article("b", annotator="ann")])
    with pytest.raises(DataError) as caught:
        workplace.push([article("a")], annotations=(nameless,))
    assert len(caught.value.problems) == 2
    twice = workplace.write("twice.jsonl", [article("a"), article("a", TEXT + "!", annotator="x@example.org")])
    with pytest.raises(DataError, match="two different texts"):
        workplace.push(twice)
    with pytest.raises(ConfigError, match="go together"):
        workplace.push([article("a")], model_version="m")
    assert find_project(workplace.client, workplace.settings.project.title) is None


def test_a_recorded_annotation_without_its_task_is_named(workplace: Workplace) -> None:
    email = "Someone.Else@example.org"
    recorded = [article("a", annotator=email), article("b", annotator=email)]
    path = workplace.write("recorded.jsonl", recorded)
    with pytest.raises(DataError, match="have no task") as caught:
        workplace.push([article("a")], annotations=(path,))
    assert caught.value.problems == (f"b by {email}",)
    assert [document.provenance.annotators[0].casefold() for document in workplace.pull()] == [email.casefold()]


def test_a_page_is_updated_but_never_at_a_used_labels_cost(
    workplace: Workplace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace.push([article("a")])
    text = (ROOT / "configs/labels.yaml").read_text()
    unused = tmp_path / "unused.yaml"
    unused.write_text(text.replace("name: DATE", "name: TIME"))
    project = workplace.settings.project
    workplace.settings = workplace.settings.model_copy(
        update={"project": project.model_copy(update={"labels": unused})}
    )
    capsys.readouterr()
    workplace.push([article("a")])
    assert "its labelling page and instructions differed and was updated" in capsys.readouterr().out
    workplace.annotate("a", [place(30, 35)])
    used = tmp_path / "used.yaml"
    used.write_text(text.replace("name: PLACE", "name: SITE"))
    workplace.settings = workplace.settings.model_copy(update={"project": project.model_copy(update={"labels": used})})
    before = workplace.client.project(workplace.project)
    with pytest.raises(ServiceError, match="annotations hold label PLACE"):
        workplace.push([article("a")])
    assert workplace.client.project(workplace.project) == before


def test_two_projects_of_one_title_are_named(workplace: Workplace) -> None:
    title = workplace.settings.project.title
    ids = [workplace.client.create_project(title).id for _ in range(2)]
    with pytest.raises(ServiceError, match=f"ids {ids[0]}, {ids[1]}"):
        workplace.push([article("a")])


def test_text_comes_back_as_it_was_sent(workplace: Workplace) -> None:
    # Label Studio rewrites addresses of storages in a task unless asked not to; offsets count code points.
    text = "s3://bucket/key 😀👨‍👩‍👧 السورية e\u0301 \u00a0\u2028 <b>&amp;</b> Idlib"
    workplace.push([article("a", text)])
    start = text.index("Idlib")
    workplace.annotate("a", [place(start, start + 5)])
    (document,) = workplace.pull()
    assert (document.text, [document.surface(span) for span in document.spans]) == (text, ["Idlib"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[{"id": 1, "text": "x", "label": [], "annotator": 1, "annotation_id": 1}]', "JSON_MIN"),
        ('[{"id": 1, "data": {}, "completions": []}]', "before 1.0"),
        ('{"id": 1}', "no list of tasks"),
        ("[1", "is no JSON"),
        ('[{"data": {"text": "x"}, "annotations": []}]', "task number 1: id"),
    ],
)
def test_an_export_that_lost_something_is_refused(
    content: str, told: str, tmp_path: Path, label_studio: LabelStudio
) -> None:
    path = tmp_path / "export.json"
    path.write_text(content)
    with pytest.raises(DataError, match=told):
        run_pull(label_studio.settings, PullRequest(tmp_path / "out.jsonl", from_export=path))
    assert not (tmp_path / "out.jsonl").exists()


def test_an_annotator_whom_the_export_does_not_name_is_told(
    tmp_path: Path, label_studio: LabelStudio, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.json"
    task = {"id": 4, "data": {"text": TEXT}, "annotations": [{"id": 9, "completed_by": 12, "result": [place(30, 35)]}]}
    path.write_text(json.dumps([task]))
    run_pull(label_studio.settings, PullRequest(tmp_path / "out.jsonl", from_export=path))
    (document,) = read_documents(tmp_path / "out.jsonl")
    assert (document.id, document.provenance.annotators) == ("task-4", ("user-12",))
    told = capsys.readouterr()
    assert "--annotator 12=EMAIL" in told.err
    assert "text has no hash to check" in told.out


def test_the_command_line_tells_paths_from_overrides(tmp_path: Path) -> None:
    assert split_arguments(["seeds", "project.chunk=5"], "SOURCE") == (Path("seeds"), ["project.chunk=5"])
    odd = tmp_path / "a=b.jsonl"
    odd.touch()
    assert split_arguments([str(odd)], "SOURCE") == (odd, [])
    with pytest.raises(ConfigError, match="there are 2: a, b"):
        split_arguments(["a", "b"], "SOURCE")


def test_the_commands_run(workplace: Workplace) -> None:
    source = workplace.write("source.jsonl", [article("a")])
    server = workplace.settings.server
    overrides = [f"server.folder={server.folder}", f"project.title={workplace.settings.project.title}"]

    def annotate(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "annotate", *arguments, *overrides]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    pushed = annotate("push", str(source))
    assert (pushed.returncode, pushed.stderr) == (0, "")
    assert "Tasks: 1 new, 0 already there." in pushed.stdout
    out = workplace.folder / "out.jsonl"
    assert annotate("pull", str(out)).returncode == 0
    assert out.read_text() == ""
    missing = annotate("push", str(workplace.folder / "nothing.jsonl"))
    assert missing.returncode == 2
    assert missing.stderr.startswith("Error: There is no file")
    assert "Traceback" not in missing.stderr

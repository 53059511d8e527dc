"""Pre-annotation against a real server: a checkpoint and the weak functions predict, versions come and go."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotate.client import Client, Project
from annotate.exchange import PushRequest, run_push
from annotate.predictions import default_model
from annotate.prelabel.run import PrelabelRequest, run_prelabel
from annotate.prelabel.sending import Prelabeller
from annotate.prelabel.versions import held_versions, remove_version
from annotate.prelabel.weak.labeller import WeakLabeller
from annotate.project import existing_project
from annotate.session import RequestError
from annotate.settings import ROOT, AnnotateSettings, ProjectSettings, read_settings
from annotate.tasks import Json, read_result
from conflict_ner.documents import Document, Span, write_documents
from conflict_ner.errors import CheckpointError, ConfigError, DataError, ServiceError
from conflict_ner.schema import LabelSchema
from tests.conftest import Trained
from tests.live import LabelStudio, free_port

TEXTS = {
    "a": "Rebels killed 117 soldiers in Idlib on Tuesday, the Syrian army said.",
    "b": "Two days of clashes near Damboa left 15 dead and 20 wounded.",
    "c": "Nothing of note was said.",
}


@dataclass
class Workplace:
    """A project of one test's own with three articles in it."""

    settings: AnnotateSettings
    client: Client

    @property
    def project(self) -> Project:
        return existing_project(self.client, self.settings.project.title)

    def prelabel(self, **options: object) -> None:
        run_prelabel(self.settings, PrelabelRequest(**options))  # type: ignore[arg-type]

    def tasks(self) -> dict[str, int]:
        return {key.doc_id: key.id for key in self.client.find_tasks(self.project.id, TEXTS)}

    def held(self) -> dict[str, int]:
        """How many predictions of the three articles each version has."""
        found: dict[str, int] = {}
        for item in self.client.predictions(self.project.id, list(self.tasks().values())):
            found[item.model_version] = found.get(item.model_version, 0) + 1
        return found

    def records(self) -> list[Json]:
        items = self.client.tasks(
            self.project.id, [], fields="all", include="id,predictions,annotations,parent_prediction"
        )
        return list(items)

    def annotate(self, name: str, parent: int | None = None) -> int:
        """Store an annotation that began from a prediction."""
        body = {"result": [], "completed_by": 1, "parent_prediction": parent}
        return int(self.client.write("POST", f"api/tasks/{self.tasks()[name]}/annotations/", body)["id"])


@pytest.fixture
def workplace(label_studio: LabelStudio, tmp_path: Path, schema: LabelSchema) -> Iterator[Workplace]:
    settings = label_studio.settings.model_copy(
        update={"project": ProjectSettings(title=f"prelabel {uuid.uuid4().hex[:10]}", chunk=2)}
    )
    source = tmp_path / "source.jsonl"
    write_documents(source, [Document(id=name, text=text) for name, text in TEXTS.items()])
    with Client(label_studio.connection) as client:
        run_push(settings, PushRequest(source))
        yield Workplace(settings, client)


@pytest.mark.live
def test_a_model_and_the_weak_functions_predict_and_the_newest_is_shown(
    workplace: Workplace, trained: Trained, schema: LabelSchema, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace.prelabel(weak=True)
    weak = WeakLabeller(schema).version
    assert f"{weak}: predicted 3 task(s)" in capsys.readouterr().out
    assert workplace.project.model_version == weak
    (found,) = [item for item in workplace.records() if item["id"] == workplace.tasks()["a"]]
    (prediction,) = found["predictions"]
    assert 0.5 < prediction["score"] <= 1
    spans = read_result(prediction["result"], TEXTS["a"], schema)
    assert spans.problems == ()
    surfaces = [TEXTS["a"][span.start : span.end] for span in spans.spans]
    assert surfaces == ["Rebels", "117", "Idlib", "Tuesday", "Syrian army"]
    assert all("score" in region for region in prediction["result"] if region["type"] == "labels")

    workplace.prelabel(model=str(trained.model))
    told = capsys.readouterr().out
    version = f"{trained.model.name}-"
    assert f"{version}" in told and "predicted 3 task(s)" in told
    shown = workplace.project.model_version
    assert shown.startswith(version) and len(shown) == len(version) + 8
    assert workplace.held() == {weak: 3, shown: 3}

    before = workplace.records()
    workplace.prelabel(model=str(trained.model))
    workplace.prelabel(weak=True)
    told = capsys.readouterr().out
    assert told.count("nothing to do") == 2
    assert workplace.records() == before
    # Asked for again, the older version is shown again; nothing was sent.
    assert workplace.project.model_version == weak


@pytest.mark.live
def test_annotated_tasks_are_left_alone_unless_all_are_asked_for(workplace: Workplace) -> None:
    workplace.annotate("a")
    workplace.prelabel(weak=True, name="first")
    assert workplace.held() == {"first": 2}
    workplace.prelabel(weak=True, name="first", everything=True)
    assert workplace.held() == {"first": 3}


@pytest.mark.live
def test_names_within_names_are_told_apart(workplace: Workplace) -> None:
    # Label Studio filters versions by substring, and on SQLite without case.
    workplace.prelabel(weak=True, name="Weak-12")
    workplace.prelabel(weak=True, name="weak-1")
    workplace.prelabel(weak=True, name="weak-1")
    assert workplace.held() == {"Weak-12": 3, "weak-1": 3}


@pytest.mark.live
def test_stale_versions_go_and_what_annotations_began_from_stays(
    workplace: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("old", "older", "newest"):
        workplace.prelabel(weak=True, name=name)
    began = {
        record["model_version"]: record["id"]
        for item in workplace.records()
        for record in item["predictions"]
        if item["id"] == workplace.tasks()["b"]
    }
    kept, free = workplace.annotate("b", began["old"]), workplace.annotate("c")
    capsys.readouterr()
    workplace.prelabel(remove_stale=True)
    told = capsys.readouterr().out
    assert "newest: 3 prediction(s), shown" in told
    assert "Removed 2 prediction(s) of old; kept 1 that annotations began from." in told
    assert "Removed 3 prediction(s) of older." in told
    assert workplace.held() == {"newest": 3, "old": 1}
    assert workplace.project.model_version == "newest"
    annotations = {note["id"]: note for item in workplace.records() for note in item["annotations"]}
    assert set(annotations) == {kept, free}
    assert annotations[kept]["parent_prediction"] == began["old"]

    with pytest.raises(ConfigError, match="'newest' is what the page shows"):
        workplace.prelabel(remove=("newest",))
    with pytest.raises(ConfigError, match="did you mean 'newest'"):
        workplace.prelabel(remove=("newst",))
    workplace.client.write("DELETE", f"api/annotations/{kept}/")
    workplace.prelabel(remove=("old",))
    assert workplace.held() == {"newest": 3}
    capsys.readouterr()
    workplace.prelabel(remove_stale=True)
    assert "has no stale version" in capsys.readouterr().out


@pytest.mark.live
def test_no_version_is_stale_while_none_is_shown(workplace: Workplace) -> None:
    workplace.prelabel(weak=True, name="one")
    workplace.client.update_project(workplace.project.id, model_version="")
    with pytest.raises(ServiceError, match="shows none of its versions"):
        workplace.prelabel(remove_stale=True)
    (version,) = held_versions(workplace.client, workplace.project)
    assert remove_version(workplace.client, workplace.project, version).predictions == 3
    assert workplace.held() == {}


class Wrong:
    """A labeller whose labels no page has."""

    version = "wrong"

    def extract(self, documents: Iterator[Document]) -> Iterator[Document]:
        for document in documents:
            yield document.with_spans([Span(start=0, end=3, label="FORCE")])


@pytest.mark.live
def test_a_bad_prediction_is_not_sent(workplace: Workplace, schema: LabelSchema) -> None:
    prelabeller = Prelabeller(workplace.client, workplace.project, schema, "wrong", everything=False, chunk=2)
    with pytest.raises(DataError) as caught:
        prelabeller.run(Wrong())
    assert len(caught.value.problems) == 2
    assert f"a (task {workplace.tasks()['a']})" in caught.value.problems[0]
    assert workplace.held() == {}


class Interrupted(Client):
    """A client whose first predictions arrive, but whose answer is lost."""

    faults = 1

    def create_predictions(self, project: int, predictions: object) -> None:
        super().create_predictions(project, predictions)  # type: ignore[arg-type]
        if self.faults:
            type(self).faults -= 1
            raise RequestError("the answer was lost", uncertain=True)


@pytest.mark.live
def test_a_lost_answer_doubles_nothing(
    workplace: Workplace, schema: LabelSchema, label_studio: LabelStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotate.delivery.PAUSES", (0.01,))
    labeller = WeakLabeller(schema)
    with Interrupted(label_studio.connection) as client:
        sent = Prelabeller(client, workplace.project, schema, "once", everything=False, chunk=2).run(labeller)
    assert Interrupted.faults == 0
    assert sent.tasks == 3
    assert workplace.held() == {"once": 3}


@pytest.mark.live
def test_tasks_that_are_not_ours_are_told_or_predicted_by_their_task(
    workplace: Workplace, schema: LabelSchema, capsys: pytest.CaptureFixture[str]
) -> None:
    workplace.client.import_tasks(
        workplace.project.id, [{"data": {"text": "Rebels fled."}}, {"data": {"text": "Rebels\r\nfled."}}]
    )
    workplace.prelabel(weak=True, name="one")
    told = capsys.readouterr()
    assert "predicted 4 task(s)" in told.out
    assert told.err.count("Left out:") == 1
    assert len(workplace.records()) == 5, "no task was made"


@pytest.mark.live
def test_mistakes_are_told_with_a_remedy(workplace: Workplace, trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no folder"):
        workplace.prelabel(model=str(tmp_path / "none"))
    labels = tmp_path / "labels.yaml"
    labels.write_text((ROOT / "configs/labels.yaml").read_text().replace("name: PLACE", "name: SITE"))
    project = workplace.settings.project
    workplace.settings = workplace.settings.model_copy(
        update={"project": project.model_copy(update={"labels": labels})}
    )
    with pytest.raises(CheckpointError, match="predicts PLACE, which the project's labels"):
        workplace.prelabel(model=str(trained.model))
    with pytest.raises(ConfigError, match="The weak functions find PLACE"):
        workplace.prelabel(weak=True)
    workplace.settings = workplace.settings.model_copy(update={"project": ProjectSettings(title="No such project")})
    with pytest.raises(ServiceError, match="has no project titled 'No such project'"):
        workplace.prelabel(weak=True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"weak": True, "model": "models/mini"}, "give one of them"),
        ({"report": Path("seeds/gold.jsonl")}, "add --weak"),
        ({"keep": True, "weak": True}, "name the documents with --report"),
        ({"name": " ", "weak": True}, "--name is empty"),
        ({"remove": ("a",), "remove_stale": True}, "give one of them"),
        ({"remove": ("a",), "weak": True}, "--remove predicts nothing, so --weak"),
        ({"remove_stale": True, "everything": True}, "--remove-stale predicts nothing, so --all"),
        ({"report": Path("x"), "weak": True, "name": "y"}, "--report predicts nothing, so --name"),
    ],
)
def test_options_that_exclude_each_other(options: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        run_prelabel(read_settings(), PrelabelRequest(**options))  # type: ignore[arg-type]


def test_a_server_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "0" * 40)
    command = [sys.executable, "-m", "annotate", "prelabel", "--weak"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "is the server up?" in done.stderr and "Traceback" not in done.stderr


def test_the_default_model_is_read_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_model("models/mini") == str(ROOT / "models/mini")
    assert default_model("organisation/mini") == "organisation/mini"
    assert default_model(str(tmp_path)) == str(tmp_path)

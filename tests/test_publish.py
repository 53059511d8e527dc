"""Publishing a run: its card against a golden pattern, whole folders or none, the list, and a push to a hub."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, constants
from typer.testing import CliRunner

from conflict_ner.calibration import CALIBRATION_FILE, Calibration, Curve
from conflict_ner.checkpoint import DEFAULT_ENCODER, read_info, weights_sha256
from conflict_ner.documents import Document, Span
from conflict_ner.errors import CheckpointError, ConfigError, ConflictNerError, DataError, ServiceError
from tests import hub as hubs
from tests import small_models
from tests.conftest import Trained
from train.__main__ import app
from train.card.card import model_card
from train.card.facts import describe_encoder
from train.card.findings import confusion_section
from train.card.words import WIDGET
from train.corpus import read_corpus
from train.hub import Destination
from train.kfold import FOLDS_FILE, OUT_OF_FOLD
from train.model_list import BEGIN, END, write_list
from train.publish import Publication, own_files, prepare, publish, publish_and_tell
from train.run import CONFIG_FILE, SCORES_FILE, Run
from train.score import score_documents

GOLDEN = Path("tests/data/model-card.golden")


def copy_run(trained: Trained, folder: Path, **changes: object) -> Path:
    """Copy a run and its checkpoint to where they may be changed; return the run's folder."""
    shutil.copytree(trained.model, folder / "model")
    shutil.copytree(trained.run, folder / "run", ignore=shutil.ignore_patterns("checkpoints"))
    config = folder / "run" / CONFIG_FILE
    settings = yaml.safe_load(config.read_text())
    settings |= {"output": str(folder / "model"), "run": str(folder / "run"), **changes}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder / "run"


def make_kfold(trained: Trained, folder: Path) -> Path:
    """Write what a k-fold run of two folds leaves behind, with two spans of the last document missed."""
    settings = yaml.safe_load(trained.config.read_text())
    settings |= {"name": "folds", "run": str(folder), "output": None, "folds": 2}
    settings["trainer"]["learning_rate"] = 0.002
    folder.mkdir()
    (folder / CONFIG_FILE).write_text(yaml.safe_dump(settings), encoding="utf-8")
    gold = [document for documents in read_corpus(trained.corpus).values() for document in documents]
    read = [*gold[:-1], gold[-1].with_spans(gold[-1].spans[2:])]
    run = Run(folder)
    run.write_predictions(OUT_OF_FOLD, read)
    scores = score_documents(gold, read).model_dump(mode="json", exclude_none=True)
    run.finish({OUT_OF_FOLD: scores})
    ids = [document.id for document in gold]
    (folder / FOLDS_FILE).write_text(json.dumps([ids[:3], ids[3:]]), encoding="utf-8")
    for number, value in ((1, 0.5), (2, 0.7)):
        fold = json.loads(json.dumps(scores))
        fold["micro"]["strict"]["f1"]["value"] = value
        Run(folder / f"fold-{number}").folder.mkdir()
        Run(folder / f"fold-{number}").finish({"test": fold})
    return folder


@pytest.fixture(scope="module")
def publication(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """The small model, calibrated and with a k-fold run beside it, in a folder of models."""
    folder = tmp_path_factory.mktemp("published")
    run = copy_run(trained, folder)
    calibration = Calibration(
        method="Platt",
        source="folds",
        spans=321,
        ece_before=0.0811,
        ece_after=0.0242,
        curves={"PLACE": Curve(confidence=(0.0, 1.0), share=(0.0, 0.9))},
        thresholds={
            "0.8": {"ARMED_GROUP": 0.7, "PLACE": 0.6, "CASUALTY_COUNT": 0.5, "DATE": 0.25},
            "0.9": {"PLACE": 0.75},
        },
    )
    (folder / "model" / CALIBRATION_FILE).write_text(calibration.model_dump_json(), encoding="utf-8")
    kfold = make_kfold(trained, folder / "folds")
    found = prepare(run, to=folder / "models", kfold=kfold, licence="apache-2.0")
    publish(found)
    return found


@pytest.fixture
def card(publication: Publication) -> str:
    return (publication.target / "README.md").read_text(encoding="utf-8")


def unmatched(card: str) -> list[str]:
    """Return the golden lines that a card lacks, in their order, and headings that it has beyond them."""
    golden = [line for line in GOLDEN.read_text(encoding="utf-8").splitlines() if line]
    lines = iter(card.splitlines())
    missing = [line for line in golden if not any(re.fullmatch(line, found) for found in lines)]
    headings = [line for line in card.splitlines() if line.startswith("## ")]
    return missing[:1] + [heading for heading in headings if heading not in golden]


def test_the_card_is_as_the_golden_pattern_says(card: str) -> None:
    assert unmatched(card) == []


def test_a_card_that_lost_a_section_does_not_pass(card: str) -> None:
    parts = re.split(r"(?m)^(?=#{1,3} )", card)
    assert len(parts) > 15
    for number, part in enumerate(parts):
        assert unmatched("".join(parts[:number] + parts[number + 1 :])) != [], part.splitlines()[0]
    assert unmatched(card + "\n## News\n") == ["## News"]


def test_the_card_tells_what_lines_cannot(card: str) -> None:
    flat = " ".join(card.split())
    for told in (
        "Read [Misuse](#misuse) before you use it.",
        "`load('./small', precision=0.8)` leaves out spans too unsure for that.",
        "Never: no score of that label reaches it",
        "Strict F1 by fold: 0.500, 0.700; mean 0.600, standard deviation 0.141.",
        "but for: `trainer.learning_rate` 0.002 there, 0.003 here.",
        "expected calibration error 0.081 before, 0.024 after.",
    ):
        assert told in flat, told


def test_what_the_card_says_to_run_runs(
    publication: Publication, card: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(publication.target.parent)
    blocks = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert names["document"].text == WIDGET[0]
    assert names["extractor"].tagger.checkpoint.calibration is not None
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(names["document"].spans) + len(names["tagger"](WIDGET[0]))


def test_the_metadata_is_what_the_hub_reads(publication: Publication, card: str) -> None:
    data = ModelCard(card).data
    assert (data.license, data.library_name, data.pipeline_tag) == (
        "apache-2.0",
        "transformers",
        "token-classification",
    )
    assert data.language == ["en"]
    assert data.get("base_model") is None  # a folder of this machine is no id of the hub
    found = {(one.dataset_split, one.metric_type): one.metric_value for one in data.eval_results or []}
    scores = json.loads((publication.source.parent / "run" / SCORES_FILE).read_text())
    for split in ("test", "validation"):
        for name in ("f1", "precision", "recall"):
            assert found[split, name] == pytest.approx(scores[split]["micro"]["strict"][name]["value"], abs=1e-4)
    assert (OUT_OF_FOLD, "f1") in found
    manifest = publication.content.manifest
    known = manifest.model_copy(update={"config": manifest.config | {"hub_id": "team/corpus"}})
    assert ModelCard(model_card(replace(publication.content, manifest=known))).data.datasets == ["team/corpus"]


def test_the_packaged_encoder_is_known_by_its_hub_id_and_licence(publication: Publication) -> None:
    encoder = describe_encoder(DEFAULT_ENCODER)
    assert (encoder.hub_id, encoder.licence) == ("sentence-transformers/all-MiniLM-L6-v2", "apache-2.0")
    content = publication.content
    assert content.training is not None
    own = replace(content, training=content.training.model_copy(update={"encoder": encoder}), named_licence=None)
    data = ModelCard(model_card(own)).data
    assert (data.base_model, data.license) == ("sentence-transformers/all-MiniLM-L6-v2", "apache-2.0")
    strict = replace(content, info=content.info.model_copy(update={"least_score": 0.3}))
    assert "less sure of than 0.30 are left out" in " ".join(model_card(strict).split())
    nothing = replace(content, training=None, named_licence=None, scores={}, readings={}, pooled=None, calibration=None)
    bare = model_card(nothing)
    for told in ("was scored on nothing", "errors are not known", "not calibrated", "no record of time", "not stated"):
        assert told in bare, told


def test_a_split_of_invented_documents_is_named_as_such(publication: Publication) -> None:
    manifest = publication.content.manifest
    about = {"about": {"gold": {"synthetic": True}}}
    for split, told in (({"sources": ["gold"]}, True), ({"fraction": 0.1}, False), ({"groups": ["idlib"]}, False)):
        changed = manifest.model_copy(update={"config": manifest.config | about | {"validation": split}})
        card = model_card(replace(publication.content, manifest=changed))
        assert ("All of them are synthetic" in " ".join(card.split())) is told, split
        assert "5 of the 5 documents that the corpus was built from are synthetic" in card
        assert "**Synthetic.**" in card


def test_an_encoder_that_was_itself_trained_here_tells_its_line(trained: Trained, tmp_path: Path) -> None:
    (trained_card := tmp_path / "hub" / "README.md").parent.mkdir()
    trained_card.write_text("---\nlicense: mit\n---\n# A model\n", encoding="utf-8")
    (tmp_path / "hub" / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "stage").mkdir()
    info = read_info(trained.model).model_copy(update={"encoder": str(tmp_path / "hub")})
    (tmp_path / "stage" / "conflict_ner.json").write_text(info.model_dump_json(exclude_none=True), encoding="utf-8")
    found = describe_encoder(str(tmp_path / "stage"))
    assert (found.name, found.first.name, found.first.licence) == ("stage", "hub", "mit")
    assert describe_encoder("someone/some-model").hub_id == "someone/some-model"
    assert describe_encoder("models/none-such").hub_id is None


def test_errors_are_counted_by_sort_with_their_words(publication: Publication) -> None:
    text = "The SDF\nforces and RSF | men hit Aleppo and Idlib on Monday."
    places = {word: (text.index(word), text.index(word) + len(word)) for word in ("SDF\nforces", "SDF", "RSF | men",
              "Aleppo", "Idlib", "Monday")}  # fmt: skip

    def spans(*marks: tuple[str, str]) -> tuple[Span, ...]:
        return tuple(Span(start=places[word][0], end=places[word][1], label=label) for word, label in marks)

    gold = Document(
        id="a", text=text, spans=spans(("SDF\nforces", "ARMED_GROUP"), ("RSF | men", "ARMED_GROUP"),
                                       ("Aleppo", "PLACE"), ("Idlib", "PLACE"))
    )  # fmt: skip
    read = gold.with_spans(
        spans(("SDF", "ARMED_GROUP"), ("Aleppo", "ARMED_GROUP"), ("Idlib", "PLACE"), ("Monday", "DATE"))
    )
    told = confusion_section(replace(publication.content, readings={"test": [(gold, read)]}, pooled=None))
    assert "On the test split 1 of 4 gold spans were found exactly." in told
    assert "makes 4 errors: " in " ".join(told.split())
    for row in (
        "| missed | `ARMED_GROUP` | 1 | “RSF \\\\| men” |",
        "| spurious | `DATE` | 1 | “Monday” |",
        "| too short | `ARMED_GROUP` | 1 | “SDF forces” read as “SDF” |",
        "| wrong label | `PLACE` read as `ARMED_GROUP` | 1 | “Aleppo” |",
    ):
        assert row in told, told


def test_the_copy_is_whole_and_loads_what_the_run_wrote(publication: Publication) -> None:
    target = publication.target
    assert weights_sha256(target) == read_info(publication.source).weights_sha256
    assert {path.name for path in own_files(publication.source)} == {path.name for path in target.iterdir()}
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o044 == 0o044 for path in own_files(target))


def test_a_copy_that_breaks_off_leaves_what_was_there(
    publication: Publication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(publication, target=tmp_path / "models" / "small")
    publish(own)
    before = tree(tmp_path)
    copied = shutil.copyfile

    def break_off(source: Path, target: Path) -> None:
        if source.name == "tokenizer.json":
            raise OSError(28, "No space left on device")
        copied(source, target)

    monkeypatch.setattr(shutil, "copyfile", break_off)
    with pytest.raises(OSError, match="No space"):
        publish(own)
    monkeypatch.setattr(shutil, "copyfile", lambda source, target: Path(target).write_bytes(b""))
    with pytest.raises(CheckpointError, match="other weights than it"):
        publish(own)
    assert tree(tmp_path) == before


def test_a_run_trained_where_it_goes_keeps_its_weights_and_gets_its_card(trained: Trained, tmp_path: Path) -> None:
    run = copy_run(trained, tmp_path)
    weights = tmp_path / "model" / "model.safetensors"
    before = weights.stat().st_mtime_ns, weights.stat().st_ino
    (tmp_path / "model" / "README.md").write_text("old", encoding="utf-8")
    publish(prepare(run, name="model", to=tmp_path))
    assert (weights.stat().st_mtime_ns, weights.stat().st_ino) == before
    assert "# model\n" in (tmp_path / "model" / "README.md").read_text()
    assert "[model](model/)" in (tmp_path / "README.md").read_text()


def unfinished(run: Path) -> None:
    (run / "finished").unlink()


def changed_weights(run: Path) -> None:
    with (run.parent / "model" / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")


def gone(run: Path) -> None:
    shutil.rmtree(run.parent / "model")


def of_another_training(run: Path) -> None:
    facts = json.loads((run / "training.json").read_text())
    (run / "training.json").write_text(json.dumps(facts | {"weights_sha256": "0" * 64}))


def of_another_run(run: Path) -> None:
    info = run.parent / "model" / "conflict_ner.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | {"name": "other"}))


def of_another_corpus(run: Path) -> None:
    info = run.parent / "model" / "conflict_ner.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | {"corpus": {"manifest_sha256": "0" * 64}}))


def changed_readings(run: Path) -> None:
    path = run / "predictions" / "test.jsonl"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"spans": []}) + "\n")


def a_fold(run: Path) -> None:
    (run.parent / FOLDS_FILE).write_text("[]")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (unfinished, "resume=true"),
        (changed_weights, "are not those that were saved"),
        (gone, "no longer in .* Train anew with `python train/train.py"),
        (of_another_training, "another training of 'small'"),
        (of_another_run, "another run, 'other'"),
        (of_another_corpus, "has changed since small was trained"),
        (changed_readings, "changed after the run"),
        (a_fold, "one fold of a k-fold run"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_run_that_is_not_what_it_was_is_refused(trained: Trained, tmp_path: Path, damage: Any, told: str) -> None:
    run = copy_run(trained, tmp_path)
    damage(run)
    with pytest.raises(ConflictNerError, match=told):
        publish_and_tell(run, to=tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_is_no_run_or_not_one_model_is_told(trained: Trained, tmp_path: Path) -> None:
    kfold = make_kfold(trained, tmp_path / "folds")
    run = copy_run(trained, tmp_path)
    with pytest.raises(DataError, match=r"is a k-fold run.*--kfold"):
        prepare(kfold)
    with pytest.raises(DataError, match="did you mean 'run'"):
        prepare(tmp_path / "runn")
    with pytest.raises(DataError, match="is a checkpoint; name the run"):
        prepare(tmp_path / "model")
    with pytest.raises(DataError, match="is no k-fold run"):
        prepare(run, kfold=run)
    with pytest.raises(ConfigError, match="is no name"):
        prepare(run, name="../mini")


def test_another_model_goes_only_when_it_is_told_to(publication: Publication, tmp_path: Path) -> None:
    own = replace(publication, target=tmp_path / "small")
    own.target.mkdir()
    (own.target / "thesis.txt").write_text("years of work")
    with pytest.raises(CheckpointError, match="is no checkpoint of ours"):
        publish(own, replace_other=True)
    (own.target / "thesis.txt").unlink()
    info = publication.content.info.model_copy(update={"name": "other", "weights_sha256": "0" * 64})
    (own.target / "conflict_ner.json").write_text(info.model_dump_json(exclude_none=True))
    with pytest.raises(CheckpointError, match=r"of the run 'other'.*--replace"):
        publish(own)
    publish(own, replace_other=True)
    publish(own)
    uncalibrated = replace(own, content=replace(own.content, calibration=None))
    with pytest.raises(CheckpointError, match="is calibrated, and the run's own checkpoint is not"):
        publish(uncalibrated)
    assert weights_sha256(own.target) == weights_sha256(publication.source)


def test_the_list_names_what_is_there_and_keeps_the_words_around_it(publication: Publication, tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(publication.target, tmp_path / name)
    (tmp_path / "two" / "conflict_ner.json").write_text("{")
    (tmp_path / "README.md").write_text(f"# Ours\n\n{BEGIN}\nan earlier list\n{END}\n\nThe end.\n", encoding="utf-8")
    write_list(tmp_path)
    written = (tmp_path / "README.md").read_text()
    assert written.startswith(f"# Ours\n\n{BEGIN}\n")
    assert written.endswith(f"{END}\n\nThe end.\n")
    assert "an earlier list" not in written
    f1 = publication.content.scores["test"].strict_f1
    assert re.search(rf"\| \[one\]\(one/\) \| `encoder\d*` \| `seeds` [0-9a-f]{{12}} \| test {f1:.3f}; ", written)
    assert "| `python train/train.py one/train.yaml` |" in written
    assert "[two](two/)" in written
    assert "is damaged" in written
    write_list(tmp_path)
    assert (tmp_path / "README.md").read_text() == written
    (tmp_path / "README.md").write_text(f"{END}\n{BEGIN}\n")
    with pytest.raises(DataError, match="once each, in this order"):
        write_list(tmp_path)


def test_the_repositorys_own_list_has_its_marks() -> None:
    text = Path("models/README.md").read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[hubs.Hub]:
    """A hub on this machine, with a token for it."""
    with hubs.running() as found:
        monkeypatch.setattr(constants, "ENDPOINT", found.address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", "hf_of_the_tests")
        yield found


def test_a_dry_run_tells_all_and_does_nothing(trained: Trained, hub: hubs.Hub, tmp_path: Path) -> None:
    run = copy_run(trained, tmp_path)
    before = tree(tmp_path)
    arguments = [
        "--name",
        "new",
        "--to",
        str(tmp_path / "models"),
        "--push-to-hub",
        "team/mini",
        "--private",
        "--dry-run",
    ]
    done = CliRunner().invoke(app, ["publish", str(run), *arguments])
    assert done.exit_code == 0, done.output
    assert tree(tmp_path) == before
    assert hub.asked == []
    for told in (
        "would be copied",
        "team/mini (private)",
        "model.safetensors",
        "MB",
        "--licence names one",
        "A dry run",
    ):
        assert told in done.output, told


def push(publication: Publication, private: bool = True, revision: str | None = None) -> None:
    publish_and_tell(
        publication.source.parent / "run",
        name="mini",
        to=publication.source.parent / "pushed",
        licence="apache-2.0",
        destination=Destination("team/mini", private, revision),
    )


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the hub's own client, of its own upload
def test_a_push_is_one_commit_of_the_checkpoints_own_files(publication: Publication, hub: hubs.Hub) -> None:
    (publication.source / "notes.txt").write_text("not for others")
    push(publication)
    repository = hub.repositories["models/team/mini"]
    assert repository.private
    assert len(repository.commits) == 1
    assert hub.tokens == {"Bearer hf_of_the_tests", None}  # None: the upload of a large file has its own address
    assert set(repository.files) == {path.name for path in own_files(publication.source)}
    assert repository.files["model.safetensors"] == (publication.source / "model.safetensors").read_bytes()
    assert 'load("team/mini")' in repository.files["README.md"].decode()
    for name in ("README.md", "train.yaml", "conflict_ner.json", "config.json"):
        assert str(publication.source.parent).encode() not in repository.files[name], name
        assert b"/tmp" not in repository.files[name], name

    repository.files |= {"vocab.txt": b"of an earlier model", "picture.png": b"of a person", ".gitattributes": b""}
    push(publication, revision="next")
    assert len(repository.commits) == 2
    assert "vocab.txt" not in repository.files
    assert {"picture.png", ".gitattributes"} <= set(repository.files)
    assert "POST /api/models/team/mini/branch/next" in hub.asked
    assert "POST /api/models/team/mini/commit/next" in hub.asked


def test_what_the_hub_holds_is_not_overwritten(publication: Publication, hub: hubs.Hub) -> None:
    hub.repositories["datasets/team/mini"] = hubs.Repository()
    with pytest.raises(ServiceError, match="is a dataset on the hub"):
        push(publication)
    hub.repositories = {"models/team/mini": hubs.Repository(files={"flax_model.msgpack": b""})}
    with pytest.raises(ServiceError, match="another kind of model"):
        push(publication)
    hub.repositories = {"models/team/mini": hubs.Repository()}
    with pytest.raises(ServiceError, match="is public, and --private was asked for"):
        push(publication)
    assert not [asked for asked in hub.asked if asked.startswith("POST")]


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/api/models/team/mini", 401, "hf auth login.* Nothing was sent"),
        ("/api/repos/create", 403, "write access.* Nothing was sent"),
        ("/api/models/team/mini/commit/main", 403, "Nothing was committed. The repository was made and is empty"),
        ("/team/mini.git/info/lfs/objects/batch", 413, "413.* larger than the hub takes.* Nothing was committed"),
    ],
)
def test_a_hub_that_refuses_is_told_with_a_remedy(
    publication: Publication, hub: hubs.Hub, path: str, status: int, told: str
) -> None:
    hub.refuse = {path: status}
    with pytest.raises(ServiceError, match=told) as caught:
        push(publication)
    assert "hf_of_the_tests" not in str(caught.value)
    assert all(not repository.files for repository in hub.repositories.values())


def test_without_token_or_network_nothing_is_written(trained: Trained, tmp_path: Path) -> None:
    run = copy_run(trained, tmp_path)
    before = tree(tmp_path)
    line = [small_models.sys.executable, "-m", "train", "publish", str(run), "--to", str(tmp_path / "models"),
            "--push-to-hub", "team/mini"]  # fmt: skip
    home = {"HF_HOME": str(tmp_path / "home"), "HF_TOKEN": ""}
    for environment, told in (
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE forbids"),
        ({"HF_HUB_OFFLINE": "0"}, "there is no token"),
    ):
        done = small_models.run(line, cwd=small_models.ROOT, **home | environment)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert told in done.stderr
    assert tree(tmp_path) == before


def test_a_hub_that_is_not_there_is_told_after_the_local_copy_stands(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_tests")
    with pytest.raises(ServiceError, match=r"could not be sent to http://127.0.0.1:9 .*Nothing was sent"):
        push(publication)
    assert weights_sha256(publication.source.parent / "pushed" / "mini") == weights_sha256(publication.source)


@pytest.mark.parametrize("name", ["mini", "team/mini/x", "team/mi ni"])
def test_a_repository_has_an_owner_and_a_name(name: str) -> None:
    with pytest.raises(ConfigError, match="--push-to-hub"):
        Destination(name)


def test_private_and_revision_are_of_a_repository() -> None:
    done = CliRunner().invoke(app, ["publish", "runs/none", "--private"])
    assert isinstance(done.exception, ConfigError)

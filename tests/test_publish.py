"""Publishing a run: whole folders or none, refusals, and the list of what is there."""

from __future__ import annotations

import json
import re
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conflict_ner.checkpoint import read_info, weights_sha256
from conflict_ner.errors import CheckpointError, ConfigError, ConflictNerError, DataError
from tests.conftest import Trained
from tests.published import copy_run, make_kfold, tree
from train.kfold import FOLDS_FILE
from train.model_list import BEGIN, END, write_list
from train.publish import Publication, own_files, prepare, publish, publish_and_tell


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

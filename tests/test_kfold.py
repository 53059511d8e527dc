"""Grouped folds: divided without parting an event, trained by the command, taken up again after a break."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from conflict_ner.documents import Document, Meta, read_documents
from conflict_ner.errors import ConfigError, DataError
from tests import small_models
from tests.conftest import Trained
from train.__main__ import app
from train.emissions import read_emissions
from train.folds import make_folds
from train.splits import group_of


def documents(groups: list[int], prefix: str = "d") -> list[Document]:
    return [
        Document(id=f"{prefix}{number}", text=f"text {number}", meta=Meta(group=f"event {group}"))
        for number, group in enumerate(groups)
    ]


@given(st.lists(st.integers(0, 8), min_size=4, max_size=30).filter(lambda groups: len(set(groups)) >= 3))
def test_folds_hold_every_document_out_once_and_part_no_event(groups: list[int]) -> None:
    pool, always = documents(groups), documents([0, 1, 2], "always")
    folds = make_folds({"train": always, "test": pool}, ["test"], 3)
    assert len(folds) == 3
    assert sorted(document.id for fold in folds for document in fold.held_out) == sorted(one.id for one in pool)
    for fold in folds:
        assert fold.held_out
        assert {document.id for document in always} <= {document.id for document in fold.train}
        assert len(fold.train) + len(fold.held_out) == len(pool) + len(always)
        learned = {group_of(document) for document in fold.train if document not in always}
        assert not learned & {group_of(document) for document in fold.held_out}


def test_a_validation_split_that_is_not_held_out_chooses_the_epoch() -> None:
    splits = {"train": documents([0, 1]), "validation": documents([2], "v"), "test": documents([3, 4], "t")}
    for fold in make_folds(splits, ["test"], None):
        assert [document.id for document in fold.validation] == ["v0"]
        assert {"d0", "d1"} <= {document.id for document in fold.train}
    for fold in make_folds(splits, ["train", "validation"], 3):
        assert fold.validation == []


@pytest.mark.parametrize(
    ("held_out", "count", "told"),
    [(["tset"], 2, "did you mean 'test'"), (["test"], 5, "5 fold.s. of 2 group"), (["validation"], None, "1 fold")],
    ids=["split", "too many", "one group"],
)
def test_folds_that_cannot_be_made(held_out: list[str], count: int | None, told: str) -> None:
    splits = {"train": documents([0]), "validation": documents([1], "v"), "test": documents([2, 3], "t")}
    with pytest.raises(ConfigError, match=told):
        make_folds(splits, held_out, count)


def test_the_command_reads_each_document_with_a_model_that_did_not_see_it(trained: Trained, tmp_path: Path) -> None:
    config = small_models.write_config(tmp_path / "kfold.yaml", trained.encoder, trained.corpus)
    settings = yaml.safe_load(config.read_text())
    settings |= {"folds": 2, "held_out": ["train", "test"]}
    settings["trainer"] |= {"num_train_epochs": 2}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    first = CliRunner().invoke(app, ["kfold", str(config)])
    assert first.exit_code == 0, first.output
    assert "Fold 2 of 2" in first.output
    assert "Mean" in first.output
    assert "standard deviation" in first.output
    run = tmp_path / "run"
    members = json.loads((run / "folds.json").read_text())
    predicted = read_documents(run / "predictions" / "out-of-fold.jsonl")
    assert [document.id for document in predicted] == [name for fold in members for name in fold]
    scores = json.loads((run / "scores.json").read_text())["out-of-fold"]
    assert scores["documents"] == len(predicted)
    emissions = read_emissions(run / "emissions.npz")
    assert [one.document for one in emissions] == [document.id for document in predicted]
    for one, document in zip(emissions, predicted, strict=True):
        assert one.values.shape == (len(one.tokens), len(one.tags))
        np.testing.assert_allclose(np.exp(one.values).sum(axis=1), 1, atol=0.02)
        assert one.tokens.ends.max() <= len(document.text)
    for number, held_out in enumerate(members, start=1):
        learned = json.loads((run / f"fold-{number}" / "scores.json").read_text())
        assert learned["test"]["documents"] == len(held_out)

    stamps = {path: path.stat().st_mtime_ns for path in run.glob("fold-*/model/model.safetensors")}
    (run / "fold-2" / "finished").unlink()
    again = CliRunner().invoke(app, ["kfold", str(config)])
    assert again.exit_code == 0, again.output
    assert again.output.count("is finished, and was trained on the same") == 1
    changed = {path.parts[-3] for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp}
    assert changed == {"fold-2"}


def test_what_holds_no_emissions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="kfold CONFIG"):
        read_emissions(tmp_path / "none.npz")
    (tmp_path / "other.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(DataError, match="holds no emissions"):
        read_emissions(tmp_path / "other.npz")

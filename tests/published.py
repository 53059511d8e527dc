"""A small model's run as `publish` takes it: copies of it, a k-fold run beside it, and both published."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml

from conflict_ner.calibration import CALIBRATION_FILE, Calibration, Curve
from tests.conftest import Trained
from train.corpus import read_corpus
from train.kfold import FOLDS_FILE, OUT_OF_FOLD
from train.publish import Publication, prepare, publish
from train.run import CONFIG_FILE, Run
from train.score import score_documents


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


def make_publication(trained: Trained, folder: Path) -> Publication:
    """Publish the small model, calibrated and with a k-fold run beside it, in a folder of models."""
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


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

"""Scores on every document by models that never saw it: `python -m train kfold configs/train/kfold.yaml`.

Each fold is a run of its own, kept with its model; a fold that is finished is not trained again when the command is
repeated after a break. What the models read of the documents held out from them is kept: it is what calibration
(`calibrate`), annotation errors (`label-errors`) and comparisons (`compare`) are made from.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from conflict_ner.documents import Document, read_documents
from conflict_ner.errors import ConfigError
from train.config import TrainConfig, require_one_process

if TYPE_CHECKING:
    from train.folds import Fold
    from train.material import Material
    from train.score import Scores

OUT_OF_FOLD = "out-of-fold"
"""Name of the split that all documents held out make up, in the folder of the whole run."""
EMISSIONS_FILE = "emissions.npz"
FOLDS_FILE = "folds.json"


class KfoldConfig(TrainConfig):
    """A training run, repeated with other documents held out.

    Attributes:
        folds: how many; null for one a group.
        held_out: the splits of the corpus whose documents are held out in turn; the others are always trained on,
            but for a validation split, which chooses the epoch.
    """

    folds: int | None = Field(default=5, ge=2)
    held_out: tuple[str, ...] = Field(default=("train", "validation", "test"), min_length=1)

    @model_validator(mode="after")
    def _teachers_know_none(self) -> KfoldConfig:
        if self.teachers is not None and "train" in self.held_out:
            raise ValueError(
                "teachers learned from the train split, which held_out holds out in turn, so a score on it would be "
                "too good; leave teachers out, or train out of held_out"
            )
        return self

    def of_fold(self, number: int) -> TrainConfig:
        """Return the configuration of one fold's run, which lies in this one's folder."""
        folder = self.run_folder / f"fold-{number}"
        return self.plain(name=f"{self.name}-fold-{number}", run=folder, output=folder / "model", resume=None)


def held_out_splits(run: Path) -> tuple[str, ...]:
    """Return the splits of the corpus whose documents a k-fold run held out."""
    from conflict_ner.config import read_config
    from train.run import CONFIG_FILE

    return read_config(run / CONFIG_FILE, KfoldConfig, []).held_out


def kfold(config: KfoldConfig) -> Scores:
    """Train and score fold after fold, and write what all of them read.

    Returns:
        The pooled scores: all documents held out, each read by the model that did not see it.

    Raises:
        ConfigError, DataError, CheckpointError: as a training does.
    """
    from conflict_ner.console import out
    from train.emissions import read_emissions, write_emissions
    from train.folds import make_folds
    from train.material import Material
    from train.run import Run
    from train.score import score_documents

    require_one_process("kfold")
    material = Material.of(config)
    folds = make_folds(material.splits, config.held_out, config.folds)
    run = Run(config.run_folder)
    run.keep_config(config)
    _write_folds(config.run_folder / FOLDS_FILE, folds)
    predicted: list[Document] = []
    for number, fold in enumerate(folds, start=1):
        out.print(f"\n[bold]Fold {number} of {len(folds)}[/bold]: {len(fold.held_out)} document(s) held out")
        _train_fold(config, number, fold, material)
        predicted += read_documents(Run(config.of_fold(number).run_folder).predictions("test"))
    write_emissions(
        config.run_folder / EMISSIONS_FILE,
        (
            one
            for number in range(1, len(folds) + 1)
            for one in read_emissions(config.of_fold(number).run_folder / EMISSIONS_FILE)
        ),
    )
    run.write_predictions(OUT_OF_FOLD, predicted)
    gold = [document for fold in folds for document in fold.held_out]
    scores = score_documents(gold, predicted, material.schema.label_names)
    run.finish({OUT_OF_FOLD: scores.model_dump(mode="json", exclude_none=True)})
    return scores


def kfold_and_tell(config: KfoldConfig) -> None:
    """Run `kfold` and print each fold's score, their mean and spread, and the pooled table."""
    from conflict_ner.console import out, quiet_transformers
    from train.run import SCORES_FILE, Run
    from train.score import render

    quiet_transformers()
    pooled = kfold(config)
    folds = json.loads((config.run_folder / FOLDS_FILE).read_text(encoding="utf-8"))
    values = [_fold_f1(config, number) for number in range(1, len(folds) + 1)]
    out.print("\nStrict F1 by fold: " + ", ".join(f"{value:.3f}" for value in values))
    out.print(f"Mean {statistics.mean(values):.3f}, standard deviation {statistics.stdev(values):.3f}")
    out.print("\nAll documents held out, pooled:")
    out.print(render(pooled))
    for note in pooled.notes:
        out.print(note, markup=False, soft_wrap=True)
    run = Run(config.run_folder)
    for title, path in (
        ("Predictions", run.predictions(OUT_OF_FOLD)),
        ("Emissions", config.run_folder / EMISSIONS_FILE),
        ("Scores", run.folder / SCORES_FILE),
    ):
        out.print(f"{title + ':':13}{path}", markup=False, soft_wrap=True)


def _train_fold(config: KfoldConfig, number: int, fold: Fold, material: Material) -> None:
    """Train one fold unless it is there, finished, from the same configuration and documents."""
    from conflict_ner.console import out
    from conflict_ner.tagger import Tagger
    from train.emissions import emit, write_emissions
    from train.fine_tune import fine_tune
    from train.run import Run

    own = config.of_fold(number)
    run = Run(own.run_folder)
    emissions = own.run_folder / EMISSIONS_FILE
    if run.finished and emissions.is_file() and config.resume is not False and run.has(own, fold.splits):
        out.print("is finished, and was trained on the same; its model is taken as it is")
        return
    # A fold that was cut short, or was trained on something else, begins anew.
    fine_tune(own.model_copy(update={"resume": False}), material.with_splits(fold.splits))
    write_emissions(emissions, emit(Tagger.load(own.output_folder), fold.held_out))
    run.remember(own, fold.splits)


def _write_folds(path: Path, folds: Sequence[Fold]) -> None:
    from conflict_ner.files import replacing_file

    members = [[document.id for document in fold.held_out] for fold in folds]
    with replacing_file(path) as temporary:
        temporary.write_text(json.dumps(members, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _fold_f1(config: KfoldConfig, number: int) -> float:
    from train.run import Run

    scores = Run(config.of_fold(number).run_folder).scores()
    if "test" not in scores:
        raise ConfigError(f"{config.of_fold(number).run_folder} holds no score; add resume=false to train anew.")
    return scores["test"].strict_f1

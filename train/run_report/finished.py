"""What a finished run left behind, read back and checked: a report tells of one run and one corpus, or of none."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from conflict_ner.checkpoint import CheckpointInfo, WindowSettings, read_info
from conflict_ner.config import explain, load_yaml
from conflict_ner.documents import Document, read_documents
from conflict_ner.errors import DataError, did_you_mean
from conflict_ner.matching import merged, micro, strict
from conflict_ner.schema import LabelSchema
from train import rooted
from train.corpus import manifest_sha256, read_corpus, read_schema
from train.gold import gold_of
from train.run import CONFIG_FILE, HISTORY_FILE, SCORES_FILE, Run
from train.score import Scores, pair_documents

Pairs = Sequence[tuple[Document, Document]]
_LEADING = ("test", "out-of-fold", "validation")
_FOLD = "fold-{}"


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class EncoderName(_Lenient):
    """Which encoder a run began from."""

    name: str
    revision: str | None = None


class Settings(_Lenient):
    """The keys of a run's configuration that a report needs; a run of any recipe has them."""

    name: str
    corpus: Path
    output: Path | None = None
    encoder: EncoderName
    windows: WindowSettings = WindowSettings()
    resume: bool | None = None


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes:
        folder: where it lies.
        settings: what of its configuration is needed here.
        config: its whole resolved configuration, as YAML.
        ended: when the scores were written, UTC.
        schema: the labels.
        corpus: the documents of its corpus, split by split.
        corpus_sha256: hash of the corpus's manifest.
        scores: split -> scores, the split that counts most first.
        readings: split -> (gold, predicted) documents.
        histories: what the Trainer logged, of the run or of each of its folds, by name.
        checkpoint: the folder of the model, or of the first fold's; None where it is no longer there.
    """

    folder: Path
    settings: Settings
    config: str
    ended: datetime.datetime
    schema: LabelSchema
    corpus: Mapping[str, Sequence[Document]]
    corpus_sha256: str
    scores: Mapping[str, Scores]
    readings: Mapping[str, Pairs]
    histories: Mapping[str, Sequence[Mapping[str, float]]]
    checkpoint: Path | None


def read_finished(folder: Path) -> Finished:
    """Read a run's folder.

    Args:
        folder: of `train/train.py` or of `python -m train kfold`.

    Raises:
        DataError: there is no run, it is not finished, its predictions are missing, or its corpus or its
            predictions are not those that it was scored on.
    """
    settings = _settings(folder)
    run = Run(folder)
    scores = _scores(run)
    corpus = rooted(settings.corpus)
    sha256 = manifest_sha256(corpus)
    checkpoint = _checkpoint(folder, settings)
    if checkpoint is not None:
        _refuse_another_corpus(settings, corpus, sha256, read_info(checkpoint))
    schema = read_schema(corpus)
    return Finished(
        folder=folder,
        settings=settings,
        config=(folder / CONFIG_FILE).read_text(encoding="utf-8"),
        ended=datetime.datetime.fromtimestamp((folder / SCORES_FILE).stat().st_mtime, datetime.UTC),
        schema=schema,
        corpus=read_corpus(corpus),
        corpus_sha256=sha256,
        scores=scores,
        readings={split: _reading(run, split, score, schema) for split, score in scores.items()},
        histories=_histories(folder),
        checkpoint=checkpoint,
    )


def _settings(folder: Path) -> Settings:
    path = folder / CONFIG_FILE
    if not path.is_file():
        siblings = [child.parent.name for child in folder.parent.glob(f"*/{CONFIG_FILE}")]
        raise DataError(
            f"{str(folder)!r} is no run, it has no {CONFIG_FILE}{did_you_mean(folder.name, siblings)}. "
            "Train one with `python train/train.py configs/train/mini.yaml`."
        )
    try:
        return Settings.model_validate(load_yaml(path))
    except ValidationError as error:
        raise DataError(f"{path} is no configuration of a run:", explain(error, Settings)) from error


def _scores(run: Run) -> dict[str, Scores]:
    """Return the scores, the split that counts most first."""
    if not run.finished:
        raise DataError(
            f"The run in {run.folder} is not finished, and only a finished one is reported; "
            "continue it with resume=true."
        )
    scores = run.scores()
    if not scores:
        raise DataError(
            f"The run in {run.folder} has no score: its corpus has no validation and no test split. "
            "Build a corpus that holds documents out, and train again."
        )
    order = [*(split for split in _LEADING if split in scores), *(split for split in scores if split not in _LEADING)]
    return {split: scores[split] for split in order}


def _checkpoint(folder: Path, settings: Settings) -> Path | None:
    """Return where the run's model lies, or its first fold's, if it is still there and still this run's."""
    own = rooted(settings.output or Path("models") / settings.name)
    first = _FOLD.format(1)
    for path, name in ((folder / first / "model", f"{settings.name}-{first}"), (own, settings.name)):
        if (path / "config.json").is_file() and read_info(path).name == name:
            return path
    return None


def _refuse_another_corpus(settings: Settings, corpus: Path, sha256: str, info: CheckpointInfo) -> None:
    learned = info.corpus.get("manifest_sha256", sha256)
    if learned != sha256:
        raise DataError(
            f"The corpus {str(corpus)!r} has changed since {settings.name} was trained: its manifest is "
            f"{sha256[:12]}..., and the model learned from {learned[:12]}.... Train again, or build the corpus from "
            "the sources that it had then."
        )


def _reading(run: Run, split: str, scores: Scores, schema: LabelSchema) -> Pairs:
    """Return gold and predictions of a split, which must give the scores that the run has."""
    path = run.predictions(split)
    if not path.is_file():
        raise DataError(f"The run has scores of the {split} split and no {path}: what it read is lost. Train it again.")
    gold, _ = gold_of(run.folder, split)
    try:
        paired = pair_documents(gold, read_documents(path, schema))
    except DataError as error:
        raise DataError(
            f"{path} does not fit the corpus any more; train again on the corpus as it is now:", error.problems
        ) from error
    now = micro(merged(strict(one.spans, other.spans) for one, other in paired))
    then = scores.micro["strict"]
    if (now.gold, now.predicted, now.right) != (then.gold, then.predicted, then.right):
        raise DataError(
            f"{path} and the corpus give {now.right:.0f} right spans of {now.predicted} predicted and {now.gold} gold, "
            f"and {SCORES_FILE} says {then.right:.0f} of {then.predicted} and {then.gold}: one of them was changed "
            "after the run. Train it again."
        )
    return paired


def _histories(folder: Path) -> dict[str, Sequence[Mapping[str, float]]]:
    """Read what the Trainer logged, of the run itself or of each fold; a run of an earlier version has none."""
    found: dict[str, Sequence[Mapping[str, float]]] = {}
    number = 0
    own = folder / HISTORY_FILE
    if own.is_file():
        found[""] = _history(own)
    while (path := folder / _FOLD.format(number := number + 1) / HISTORY_FILE).is_file():
        found[f"fold {number}"] = _history(path)
    return found


def _history(path: Path) -> Sequence[Mapping[str, float]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [
            {str(name): float(value) for name, value in entry.items() if isinstance(value, int | float)}
            for entry in entries
        ]
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({error}); delete it, and the report does without curves.") from error

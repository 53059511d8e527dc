"""The folder of a training run, `runs/<name>`: its config, the Trainer's checkpoints, what it read, its scores.

A run that was cut short is never overwritten unasked: `resume=true` continues it, `resume=false` begins anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from conflict_ner.documents import Document, document_line, write_documents
from conflict_ner.errors import ConfigError, DataError
from conflict_ner.files import replacing_file
from train.config import TrainConfig
from train.material import Material
from train.score import Scores

CONFIG_FILE = "config.yaml"
SCORES_FILE = "scores.json"
HISTORY_FILE = "history.json"
TRAINING_FILE = "training.json"
PREDICTIONS = "predictions"
_FINISHED = "finished"
_MADE_FROM = "made-from.txt"
_BEGAN_WITH = "began-with.json"
# What a resumed optimizer has from its checkpoint, whatever the configuration says by then.
_KEPT_BY_OPTIMIZER = re.compile(r"head_rate|trainer\.(learning_rate|weight_decay|adam_\w+)")


@dataclass(frozen=True)
class Standing:
    """How far an unfinished run has come.

    Attributes:
        step: of its last checkpoint.
        best: strict F1 of the best checkpoint on the validation split.
        best_folder: where that one lies; None without a validation split.
    """

    step: int
    best: float
    best_folder: Path | None


@dataclass(frozen=True)
class Run:
    """A run's folder."""

    folder: Path

    @property
    def checkpoints(self) -> list[Path]:
        """The Trainer's checkpoints, the earliest first; one without its state was cut off while it was written."""
        found = [
            (int(match[1]), path)
            for path in (self.folder / "checkpoints").glob("checkpoint-*")
            if (match := re.fullmatch(r"checkpoint-(\d+)", path.name)) and _read_state(path) is not None
        ]
        return [path for _, path in sorted(found)]

    def standing(self) -> Standing | None:
        """Return how far the run has come; None before its first checkpoint."""
        if not (checkpoints := self.checkpoints):
            return None
        state = _read_state(checkpoints[-1]) or {}
        # By its name, for the run's folder may have been moved since.
        best = self.folder / "checkpoints" / Path(state.get("best_model_checkpoint") or "none").name
        return Standing(state["global_step"], state.get("best_metric") or 0.0, best if best.is_dir() else None)

    def remove_torn(self) -> None:
        """Remove checkpoints that were cut off while they were written: they only take room."""
        for path in (self.folder / "checkpoints").glob("checkpoint-*"):
            if path not in self.checkpoints:
                shutil.rmtree(path, ignore_errors=True)

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / _FINISHED).is_file()

    def to_resume(self, config: TrainConfig) -> Path | None:
        """Return the checkpoint to go on from, or None to begin anew.

        Raises:
            ConfigError: an unfinished run lies here and `resume` does not say what to do with it, or
                `resume=true` and there is nothing to continue.
        """
        last = self.checkpoints[-1] if self.checkpoints else None
        if config.resume:
            if last is None:
                raise ConfigError(
                    f"resume=true, but {self.folder} holds no checkpoint; leave resume out to begin anew."
                )
            if self.finished:
                raise ConfigError(
                    f"resume=true, but the run in {self.folder} is finished; raise trainer.num_train_epochs "
                    f"under a new name (name={config.name}-2), or leave resume out to begin anew."
                )
            return last
        if config.resume is None and last is not None and not self.finished:
            raise ConfigError(
                f"{self.folder} holds an unfinished run at {last.name}: "
                "add resume=true to continue it, or resume=false to throw it away and begin anew."
            )
        return None

    def scores(self) -> dict[str, Scores]:
        """Return the scores of a finished run by split.

        Raises:
            DataError: there are none, or they were written by another version.
        """
        path = self.folder / SCORES_FILE
        if not path.is_file():
            raise DataError(f"{self.folder} holds no {SCORES_FILE}: no finished run lies there.")
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            return {split: Scores.model_validate(scores) for split, scores in held.items()}
        except (ValueError, AttributeError) as error:
            raise DataError(f"{path} holds no scores of this version ({error}); run it anew.") from error

    def has(self, config: TrainConfig, splits: Mapping[str, Sequence[Document]]) -> bool:
        """Tell whether `remember` was called with the same configuration and documents."""
        path = self.folder / _MADE_FROM
        return path.is_file() and path.read_text(encoding="utf-8").strip() == _fingerprint(config, splits)

    def remember(self, config: TrainConfig, splits: Mapping[str, Sequence[Document]]) -> None:
        """Keep what the run was made from, for `has`."""
        with replacing_file(self.folder / _MADE_FROM) as temporary:
            temporary.write_text(_fingerprint(config, splits) + "\n", encoding="utf-8")

    def keep_config(self, config: TrainConfig) -> None:
        """Write the resolved config."""
        with replacing_file(self.folder / CONFIG_FILE) as temporary:
            temporary.write_text(resolved_yaml(config), encoding="utf-8")

    def begin(self, config: TrainConfig, material: Material) -> None:
        """Clear what an earlier run left, and write the resolved config and what the run begins with."""
        if not config.resume:
            for name in ("checkpoints", PREDICTIONS):
                shutil.rmtree(self.folder / name, ignore_errors=True)
            for name in (SCORES_FILE, HISTORY_FILE, TRAINING_FILE, _MADE_FROM):
                (self.folder / name).unlink(missing_ok=True)
        (self.folder / _FINISHED).unlink(missing_ok=True)
        self.remove_torn()
        self.keep_config(config)
        began = {"tags": list(material.schema.tags), "corpus": dict(material.corpus)}
        with replacing_file(self.folder / _BEGAN_WITH) as temporary:
            temporary.write_text(json.dumps(began, indent=1) + "\n", encoding="utf-8")

    def require_fit(self, checkpoint: Path, material: Material, weights: Mapping[str, tuple[int, ...]]) -> None:
        """Refuse to go on from a checkpoint that is of another model than the configuration now gives.

        Args:
            checkpoint: to go on from.
            material: of this run.
            weights: name -> shape of the model's weights.

        Raises:
            ConfigError: the labels, or the weights, are others.
        """
        anew = f"Begin anew with resume=false, or set back what {self.folder / CONFIG_FILE} says."
        path = self.folder / _BEGAN_WITH
        began = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if began.get("tags", list(material.schema.tags)) != list(material.schema.tags):
            raise ConfigError(
                f"{checkpoint} learned the tags {', '.join(began['tags'])}, and the corpus has "
                f"{', '.join(material.schema.tags)} by now; no training goes on with other labels. {anew}"
            )
        file = checkpoint / "model.safetensors"
        held = _shapes(file) if file.is_file() else dict(weights)
        if held != dict(weights):
            other = sorted({name for name in {*held, *weights} if held.get(name) != weights.get(name)})
            raise ConfigError(
                f"{checkpoint} is of another model than the configuration now gives ({len(other)} weights differ, "
                f"{other[0]!r} among them): encoder or loss were changed since. {anew}"
            )

    def predictions(self, split: str) -> Path:
        """Where the finished model's reading of a split lies, a `documents.jsonl` with scored spans."""
        return self.folder / PREDICTIONS / f"{split}.jsonl"

    def write_predictions(self, split: str, documents: Iterable[Document]) -> None:
        """Keep the finished model's reading of a split."""
        write_documents(self.predictions(split), documents)

    def write_history(self, entries: Sequence[Mapping[str, float]]) -> None:
        """Keep what the Trainer logged: losses, learning rates, the score of each epoch."""
        with replacing_file(self.folder / HISTORY_FILE) as temporary:
            temporary.write_text(json.dumps(list(entries), indent=1) + "\n", encoding="utf-8")

    def finish(self, scores: Mapping[str, Any]) -> None:
        """Write the scores and mark the run as finished."""
        with replacing_file(self.folder / SCORES_FILE) as temporary:
            temporary.write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (self.folder / _FINISHED).touch()

    def changes(self, config: TrainConfig) -> Iterator[str]:
        """Yield each value that differs from the configuration kept here."""
        before = yaml.safe_load((self.folder / CONFIG_FILE).read_text(encoding="utf-8"))
        yield from _changes(before, yaml.safe_load(resolved_yaml(config)))

    def resume_lines(self, checkpoint: Path, config: TrainConfig, material: Material) -> Iterator[str]:
        """Yield what a resumed run takes from its checkpoint, and what changed in the config since."""
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        yield (
            f"Resuming from {checkpoint}: step {state['global_step']} of {state['max_steps']}, "
            f"epoch {state['epoch']:.2f}, best strict F1 {state.get('best_metric') or 0:.3f}."
        )
        yield "From the checkpoint: weights, optimizer state, learning rates, random states, place in the data."
        changes = list(self.changes(config))
        yield "From the config: all else" + (", changed since the run began:" if changes else ", unchanged.")
        for change in changes:
            without_effect = ", which has no effect: the checkpoint's optimizer keeps its own"
            yield f"  {change}{without_effect if _KEPT_BY_OPTIMIZER.match(change) else ''}"
        path = self.folder / _BEGAN_WITH
        began = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if began and began["corpus"] != dict(material.corpus):
            yield "The corpus was built anew since the run began: from here on it learns from other documents."


def _read_state(checkpoint: Path) -> dict[str, Any] | None:
    """Return the state that the Trainer writes last; None where the checkpoint was cut off before or in it."""
    try:
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and "global_step" in state else None


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """Return name -> shape of the weights in a safetensors file, which its header tells; ConfigError: it is damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            return {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ConfigError(f"{file} is damaged ({error}); delete its folder to go on from the one before.") from error


def _fingerprint(config: TrainConfig, splits: Mapping[str, Sequence[Document]]) -> str:
    """Return a hash of a configuration and of documents with their spans; `resume` changes no result."""
    digest = hashlib.sha256(resolved_yaml(config.model_copy(update={"resume": None})).encode("utf-8"))
    for split, documents in sorted(splits.items()):
        digest.update(split.encode("utf-8"))
        for document in documents:
            digest.update(document_line(document).encode("utf-8"))
    return digest.hexdigest()


def resolved_yaml(config: TrainConfig) -> str:
    """Return the config with every default filled in, as YAML that `train.py` reads."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _changes(before: Any, after: Any, key: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from _changes(before.get(name), after.get(name), f"{key}.{name}".lstrip("."))
    elif before != after and key != "resume":
        yield f"{key}: {before!r} -> {after!r}"

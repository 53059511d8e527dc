"""The folder of a training run, `runs/<name>`: its resolved config, the Trainer's checkpoints, its scores.

A run that was cut short is never overwritten unasked: `resume=true` continues it, `resume=false` begins anew.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from conflict_ner.errors import ConfigError
from conflict_ner.files import replacing_file
from train.config import TrainConfig

CONFIG_FILE = "config.yaml"
SCORES_FILE = "scores.json"
_FINISHED = "finished"


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
            if (match := re.fullmatch(r"checkpoint-(\d+)", path.name)) and (path / "trainer_state.json").is_file()
        ]
        return [path for _, path in sorted(found)]

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

    def begin(self, config: TrainConfig) -> None:
        """Clear what an earlier run left, and write the resolved config."""
        if not config.resume:
            shutil.rmtree(self.folder / "checkpoints", ignore_errors=True)
            (self.folder / SCORES_FILE).unlink(missing_ok=True)
        (self.folder / _FINISHED).unlink(missing_ok=True)
        with replacing_file(self.folder / CONFIG_FILE) as temporary:
            temporary.write_text(resolved_yaml(config), encoding="utf-8")

    def finish(self, scores: Mapping[str, Any]) -> None:
        """Write the scores and mark the run as finished."""
        with replacing_file(self.folder / SCORES_FILE) as temporary:
            temporary.write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (self.folder / _FINISHED).touch()

    def resume_lines(self, checkpoint: Path, config: TrainConfig) -> Iterator[str]:
        """Yield what a resumed run takes from its checkpoint, and what changed in the config since."""
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        yield (
            f"Resuming from {checkpoint}: step {state['global_step']} of {state['max_steps']}, "
            f"epoch {state['epoch']:.2f}, best strict F1 {state.get('best_metric') or 0:.3f}."
        )
        yield "From the checkpoint: weights, optimizer state, learning-rate schedule, random states, data order."
        before = yaml.safe_load((self.folder / CONFIG_FILE).read_text(encoding="utf-8"))
        changes = list(_changes(before, yaml.safe_load(resolved_yaml(config))))
        yield "From the config: all else" + (", changed since the run began:" if changes else ", unchanged.")
        yield from (f"  {change}" for change in changes)


def resolved_yaml(config: TrainConfig) -> str:
    """Return the config with every default filled in, as YAML that `train.py` reads."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _changes(before: Any, after: Any, key: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from _changes(before.get(name), after.get(name), f"{key}.{name}".lstrip("."))
    elif before != after and key != "resume":
        yield f"{key}: {before!r} -> {after!r}"

"""The configuration of a learning curve, `configs/train/curve.yaml`: a training, on more and more documents."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from train.config import TeacherSettings, TrainConfig

ALL: Literal["all"] = "all"
_WRITTEN_HERE = ("eval_strategy", "eval_steps", "save_strategy", "save_steps", "max_steps")


class CurveConfig(TrainConfig):
    """A training, repeated on random parts of the train split.

    Attributes:
        sizes: numbers of documents, and `all`; a size that the corpus does not reach is left out, and told.
        seeds: one order of the documents each, whose beginnings are the parts, and one seed of the training.
        least_steps: of the optimizer; a small part is gone through more often, since too short a training would pass
            for too few documents.
        more: documents more, whose gain is told.
        keep_models: keep each run's checkpoint; a curve needs the scores alone.
    """

    sizes: tuple[Annotated[int, Field(ge=1)] | Literal["all"], ...] = (25, 50, 100, 200, 400, "all")
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(13, 14, 15), min_length=1)
    least_steps: int = Field(default=120, ge=0)
    more: int = Field(default=100, ge=1)
    keep_models: bool = False

    @field_validator("sizes", "seeds")
    @classmethod
    def _once_each(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{list(value)}: one of them stands there twice")
        return value

    @field_validator("teachers")
    @classmethod
    def _learns_alone(cls, value: TeacherSettings | None) -> TeacherSettings | None:
        if value is not None:
            raise ValueError("teachers know more documents than a part has, so no curve can be told; leave them out")
        return value

    @field_validator("trainer")
    @classmethod
    def _leaves_the_steps(cls, value: dict[str, Any]) -> dict[str, Any]:
        own = [key for key in _WRITTEN_HERE if key in value]
        if own:
            raise ValueError(
                f"{', '.join(own)}: a curve sets how often a part is gone through and scored; "
                "give num_train_epochs and least_steps"
            )
        return value

    def times(self, windows: int) -> int:
        """Return how many times as many epochs as the training has a part of so many windows is gone through."""
        return max(1, math.ceil(self.least_steps / (self.passes * self.steps(windows))))

    def steps(self, windows: int) -> int:
        """Return the optimizer's steps in an epoch of so many windows, in one process."""
        per_device = int(self.trainer.get("per_device_train_batch_size", 8))
        together = int(self.trainer.get("gradient_accumulation_steps", 1))
        return math.ceil(math.ceil(windows / per_device) / together)

    @property
    def passes(self) -> int:
        """Epochs of the training, and so how often each run is scored."""
        return math.ceil(float(self.trainer.get("num_train_epochs", 3)))

    def of_run(self, size: int, seed: int, windows: int) -> TrainConfig:
        """Return the configuration of one run, which lies in this one's folder.

        Args:
            size: documents asked for.
            seed: of their order and of the training.
            windows: of the documents.
        """
        folder = self.run_folder / f"{size}-documents-seed-{seed}"
        times = self.times(windows)
        trainer: dict[str, Any] = {**self.trainer, "num_train_epochs": self.passes * times}
        if times > 1:
            # Scored as often as a longer run: the best of many looks would flatter the small parts.
            every = times * self.steps(windows)
            trainer |= {"eval_strategy": "steps", "eval_steps": every, "save_strategy": "steps", "save_steps": every}
        return self.plain(
            name=f"{self.name}-{size}-{seed}",
            run=folder,
            output=folder / "model",
            resume=None,
            seed=seed,
            trainer=trainer,
        )

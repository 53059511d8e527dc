"""The configuration of a search, `configs/train/sweep.yaml`: a training, what may change in it, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from train.config import TrainConfig
from train.sweep.space import Parameter, Value, space_problems, value_at, with_values

BEST_FILE = "best.yaml"


class SweepConfig(TrainConfig):
    """A training, repeated with other values at some of its keys.

    Attributes:
        space: dotted key of the training, such as `trainer.learning_rate` -> its range or choices.
        trials: how many are wanted in all; a repeated command goes on to them.
        pruning: stop a trial whose score is below the median of the earlier ones after as many evaluations.
        backend: `optuna`, one trial after the other here; or `ray`, Ray Tune, many at once on a cluster.
    """

    space: dict[str, Parameter] = Field(min_length=1)
    trials: int = Field(default=20, ge=1)
    pruning: bool = False
    backend: Literal["optuna", "ray"] = "optuna"

    @model_validator(mode="after")
    def _space_fits(self) -> SweepConfig:
        problems = space_problems(self, self.space)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def of_trial(self, values: Mapping[str, Value]) -> TrainConfig:
        """Return the training of one trial."""
        return with_values(self, values)

    def of_best(self, values: Mapping[str, Value]) -> TrainConfig:
        """Return the training that the search found best, as a configuration of its own."""
        return with_values(self, values).plain(name=f"{self.name}-best", output=None, run=None, resume=None)

    @property
    def as_it_stands(self) -> dict[str, Value]:
        """The values that the training has without a search, of the keys whose range holds them."""
        there = {key: value_at(self, key) for key in self.space}
        return {key: value for key, value in there.items() if self.space[key].holds(value)}

    @property
    def best_file(self) -> Path:
        """Where the best configuration is written."""
        return self.run_folder / BEST_FILE

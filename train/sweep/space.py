"""What a search may change: the keys of a training's configuration, each with a range or with choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Any

from pydantic import model_validator

from conflict_ner.config import ConfigModel, validate
from conflict_ner.errors import ConfigError
from train.config import TrainConfig

Value = bool | int | float | str | None

FIXED = {
    "name": "it names the sweep",
    "corpus": "scores on other documents cannot be compared",
    "output": "it follows from the name",
    "run": "it follows from the name",
    "resume": "the sweep itself is taken up again by the same command",
    "seed": "the best seed is luck and no finding",
}
"""Keys of a training that no search may change, and why."""


class Parameter(ConfigModel):
    """The values that one key may take: `low` to `high`, or `choices`.

    Attributes:
        low, high: ends of the range, both among its values; with two whole numbers only whole ones are tried.
        step: distance of the values that are tried; null for any.
        log: as many trials between 1 and 10 as between 10 and 100.
        choices: the values themselves.
    """

    low: int | float | None = None
    high: int | float | None = None
    step: int | float | None = None
    log: bool = False
    choices: tuple[Value, ...] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Parameter:
        if self.choices is not None:
            if (self.low, self.high, self.step, self.log) != (None, None, None, False):
                raise ValueError("it has choices beside low, high, step or log; give a range or choices")
            if len({repr(choice) for choice in self.choices}) < 2:
                raise ValueError(f"choices {list(self.choices)!r}: two different ones at least are needed")
            return self
        if self.low is None or self.high is None:
            raise ValueError(
                "a range needs low and high, such as {low: 1.0e-5, high: 1.0e-3, log: true}; or give choices"
            )
        if self.low >= self.high:
            raise ValueError(f"low {self.low!r} is not below high {self.high!r}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError(f"log: true needs a low above 0 (seen: {self.low!r}) and no step (seen: {self.step!r})")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError(f"step {self.step!r} does not lie between 0 and the width of the range")
        if self.whole and self.step is not None and not isinstance(self.step, int):
            raise ValueError(
                f"step {self.step!r} of a range of whole numbers is no whole number; write low as a decimal"
            )
        return self

    @property
    def whole(self) -> bool:
        """Whether it is a range of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def ends(self) -> tuple[Value, ...]:
        """The ends of the range, or all choices: where a configuration is refused first."""
        return self.choices if self.choices is not None else (self.low, self.high)

    def holds(self, value: Any) -> bool:
        """Tell whether a trial might come upon a value."""
        if self.choices is not None:
            return any(value == choice and type(value) is type(choice) for choice in self.choices)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        assert self.low is not None
        assert self.high is not None
        steps = 0.0 if self.step is None else (value - self.low) / self.step
        return (
            self.low <= value <= self.high
            and abs(steps - round(steps)) < 1e-9
            and (value == round(value) or not self.whole)
        )


def with_values(config: TrainConfig, values: Mapping[str, Value]) -> TrainConfig:
    """Return the plain training of a configuration with other values at some of its keys.

    Args:
        config: what is changed.
        values: dotted key, such as `trainer.learning_rate`, -> value.

    Raises:
        ConfigError: the values break the rules of the configuration; holds every problem found.
    """
    data = config.plain().model_dump()
    for key, value in values.items():
        place: Any = data
        *outer, last = key.split(".")
        for number, part in enumerate(outer):
            if not isinstance(place.setdefault(part, {}), dict):
                raise ConfigError("The values do not fit:", [f"{'.'.join(outer[: number + 1])} holds no keys"])
            place = place[part]
        place[last] = value
    return validate(data, TrainConfig, source="with these values the configuration")


def value_at(config: TrainConfig, key: str) -> Value:
    """Return the value at a dotted key, None where none is given."""
    place: Any = config.model_dump()
    for part in key.split("."):
        place = place.get(part) if isinstance(place, dict) else None
    return place if isinstance(place, bool | int | float | str) else None


def space_problems(config: TrainConfig, space: Mapping[str, Parameter]) -> list[str]:
    """Return a sentence for each value of a space that the configuration refuses, alone or beside another.

    Ranges are tried at their ends: all rules of a configuration are bounds.
    """
    problems = [f"space.{key}: it cannot be searched, {why}" for key, why in FIXED.items() if key in space]
    left = {key: parameter for key, parameter in space.items() if key not in FIXED}
    good: dict[str, list[Value]] = {}
    for key, parameter in left.items():
        good[key] = []
        found: list[str] = []
        for value in parameter.ends:
            own = list(_refusals(config, {key: value}))
            if not own:
                good[key].append(value)
            found += [own_one for own_one in own if own_one not in found]
        problems += [f"space.{key}: {one}" for one in found]
    for one, other in combinations(good, 2):
        for pair in product(good[one], good[other]):
            told = ", ".join(f"{key}={value}" for key, value in zip((one, other), pair, strict=True))
            problems += [f"space: {told}: {refusal}" for refusal in _refusals(config, {one: pair[0], other: pair[1]})]
    return problems


def _refusals(config: TrainConfig, values: Mapping[str, Value]) -> Iterator[str]:
    try:
        with_values(config, values)
    except ConfigError as error:
        yield from error.problems

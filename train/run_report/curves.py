"""How a run learned: loss, validation score and learning rate over its epochs, and the time it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Curves:
    """What one training logged; points are (epoch, value).

    Attributes:
        name: of the fold; empty for a run that has none.
        loss: in training.
        validation_loss: after each epoch.
        score: strict F1 on the validation split after each epoch.
        rate: learning rate.
        seconds: that training took, with its looks at the validation split; None where it was not logged.
    """

    name: str
    loss: Sequence[Point]
    validation_loss: Sequence[Point]
    score: Sequence[Point]
    rate: Sequence[Point]
    seconds: float | None
    epochs: float

    @classmethod
    def of(cls, name: str, history: Sequence[Mapping[str, float]]) -> Curves:
        """Read them off the Trainer's log."""

        def line(key: str) -> list[Point]:
            return [(entry["epoch"], entry[key]) for entry in history if key in entry and "epoch" in entry]

        seconds = [entry["train_runtime"] for entry in history if "train_runtime" in entry]
        return cls(
            name=name,
            loss=line("loss"),
            validation_loss=line("eval_loss"),
            score=line("eval_strict_f1"),
            rate=line("learning_rate"),
            seconds=seconds[-1] if seconds else None,
            epochs=max((entry.get("epoch", 0.0) for entry in history), default=0.0),
        )

    @property
    def best(self) -> Point | None:
        """Epoch and score of the best epoch, the first of equals; it is the one that was kept."""
        return max(self.score, key=lambda point: point[1], default=None)

"""What the terminal shows during training: one bar, and one line an epoch."""

from __future__ import annotations

import sys
from typing import Any

from tqdm.auto import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class EpochLines(TrainerCallback):
    """A progress bar over the steps with the running loss, and after each epoch its score and the best so far."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._loss: float | None = None

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Open the bar, at the step that a resumed run stands at."""
        if state.is_world_process_zero:
            self._bar = tqdm(
                total=state.max_steps,
                initial=state.global_step,
                desc="training",
                unit="step",
                dynamic_ncols=True,
                mininterval=0.5 if sys.stderr.isatty() else 20,  # a log file needs no moving bar
            )

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(state.global_step - self._bar.n)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Show the running loss beside the bar."""
        if self._bar is not None and logs is not None and "loss" in logs:
            self._loss = float(logs["loss"])
            self._bar.set_postfix_str(f"loss {self._loss:.3f}", refresh=False)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Print the epoch's line above the bar."""
        if self._bar is None or metrics is None or "eval_strict_f1" not in metrics:
            return
        score, best = metrics["eval_strict_f1"], state.best_metric
        standing = "the best so far" if best is None or score > best else f"best {best:.3f}"
        loss = "" if self._loss is None else f"  loss {self._loss:.3f}"
        self._bar.write(
            f"epoch {state.epoch or 0:4.1f} of {args.num_train_epochs:g}{loss}"
            f"  validation: strict F1 {score:.3f} (P {metrics['eval_precision']:.3f}, R {metrics['eval_recall']:.3f})"
            f"  {standing}"
        )

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Close the bar."""
        self.close()

    def close(self) -> None:
        """Close the bar, if it is open."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

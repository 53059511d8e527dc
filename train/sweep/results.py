"""What a search came to: its trials, best first, on the terminal and as CSV, JSON and a plot; the best as YAML."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from conflict_ner.console import out
from conflict_ner.files import replacing_file
from train.output import write_json
from train.run import resolved_yaml
from train.sweep.config import SweepConfig
from train.sweep.space import Value

if TYPE_CHECKING:
    from rich.table import Table

CSV_FILE = "trials.csv"
JSON_FILE = "trials.json"
PLOT_FILE = "trials.svg"
_SHOWN = 20  # trials on the terminal

State = Literal["finished", "pruned", "failed", "cut short"]


class Trial(BaseModel):
    """One trial.

    Attributes:
        number: the first has 0.
        state: `cut short` is one that was stopped from outside; another repeats it.
        score: its best strict F1 on the validation split; None where it was never scored.
        seconds: it took.
        scores: the best so far after each evaluation.
        reason: why it failed.
        parameters: dotted key -> value.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    state: State
    score: float | None = None
    seconds: float | None = None
    scores: tuple[float, ...] = ()
    reason: str | None = None
    parameters: dict[str, Value]


class SweepResult(BaseModel):
    """A search.

    Attributes:
        name: of the search.
        corpus: the trials were scored on its validation split.
        parameters: the keys that were searched.
        trials: the best first; those that failed or were cut short last.
        as_it_stands: number of the trial with the configuration's own values, if there is one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    corpus: str
    parameters: tuple[str, ...]
    trials: tuple[Trial, ...]
    as_it_stands: int | None = None

    @classmethod
    def of(cls, config: SweepConfig, trials: Sequence[Trial]) -> SweepResult:
        """Put trials in order."""
        order = {"finished": 0, "pruned": 1, "failed": 2, "cut short": 3}
        ranked = sorted(trials, key=lambda trial: (order[trial.state], -(trial.score or 0.0), trial.number))
        own = config.as_it_stands if config.as_it_stands.keys() == config.space.keys() else None
        first = next((trial.number for trial in ranked if trial.state == "finished" and trial.parameters == own), None)
        return cls(
            name=config.name,
            corpus=config.corpus.as_posix(),
            parameters=tuple(config.space),
            trials=tuple(ranked),
            as_it_stands=first,
        )

    @property
    def finished(self) -> tuple[Trial, ...]:
        """The trials that ran to their end, the best first."""
        return tuple(trial for trial in self.trials if trial.state == "finished")

    @property
    def best(self) -> Trial | None:
        """The best of them."""
        return self.finished[0] if self.finished else None

    def trial(self, number: int) -> Trial:
        """Return a trial by its number."""
        return next(trial for trial in self.trials if trial.number == number)


def write_results(config: SweepConfig, result: SweepResult) -> None:
    """Write table, plot and best configuration into the run's folder."""
    from train.sweep.plot import plot

    folder = config.run_folder
    write_json(result, folder / JSON_FILE)
    with replacing_file(folder / CSV_FILE) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["trial", "state", "strict_f1", "seconds", *result.parameters, "reason"])
        for trial in result.trials:
            values = [trial.parameters.get(key) for key in result.parameters]
            writer.writerow([trial.number, trial.state, trial.score, trial.seconds, *values, trial.reason])
    with replacing_file(folder / PLOT_FILE) as temporary:
        temporary.write_text(plot(config.space, result), encoding="utf-8")
    if result.best is not None:
        with replacing_file(config.best_file) as temporary:
            temporary.write_text(best_yaml(config, result.best), encoding="utf-8")


def best_yaml(config: SweepConfig, best: Trial) -> str:
    """Return the configuration of a trial as a file for train.py."""
    path = _shown(config.best_file)
    head = (
        f"# The best of {config.name}: trial {best.number}, strict F1 {best.score:.4f} on the validation split.\n"
        f"# Launch:   python train/train.py {path}\n"
        f"# Override: python train/train.py {path} name={config.name}-best-2 seed={config.seed + 1}\n"
        f"# Needs: the corpus {config.corpus.as_posix()}\n"
    )
    return head + resolved_yaml(config.of_best(best.parameters))


def tell(config: SweepConfig, result: SweepResult) -> None:
    """Print the table, the best trial against the training as it stands, and where all of it lies."""
    out.print()
    out.print(_table(result))
    if len(result.trials) > _SHOWN:
        out.print(f"{len(result.trials) - _SHOWN} more in {CSV_FILE}")
    for trial in result.trials:
        if trial.state == "failed":
            out.print(f"Trial {trial.number} failed: {trial.reason}", style="yellow", markup=False)
    best = result.best
    if best is None or best.score is None:
        out.print("No trial is finished, so that there is no best one.", style="yellow")
    else:
        out.print(
            f"\nBest: trial {best.number}, strict F1 {best.score:.3f} on validation{_against(result, best.score)}."
        )
        out.print(
            f"It is the luckiest of {len(result.finished)} with one seed, on the documents that chose it: "
            "train it with other seeds, and compare on the test split."
        )
    path = _shown(config.best_file)
    for title, words in (
        ("Trials", str(config.run_folder / CSV_FILE)),
        ("Plot", str(config.run_folder / PLOT_FILE)),
        *([("Train it", f"python train/train.py {path}")] if best is not None else []),
    ):
        out.print(f"{title + ':':10}{words}", markup=False, soft_wrap=True)


def short_names(keys: Sequence[str]) -> Mapping[str, str]:
    """Return the last part of each key, or the whole where two end alike."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: name if last.count(name) == 1 else key for key, name in zip(keys, last, strict=True)}


def shown_value(value: Value) -> str:
    """Return a value in few characters."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _against(result: SweepResult, score: float) -> str:
    if result.as_it_stands is None:
        return ""
    own = result.trial(result.as_it_stands)
    return f"; the configuration as it stands: {own.score:.3f} (trial {own.number}, base)"


def _table(result: SweepResult) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("trial", justify="right")
    table.add_column("strict F1", justify="right")
    for name in short_names(result.parameters).values():
        head = name.replace("_", " ").replace(".", ". ")
        table.add_column(head, justify="right", min_width=max(len(word) for word in head.split()))
    table.add_column("seconds", justify="right")
    table.add_column("")
    for trial in result.trials[:_SHOWN]:
        own = "base" if trial.number == result.as_it_stands else ""
        state = own if trial.state == "finished" else trial.state
        if trial.state == "pruned":
            state = f"pruned after {len(trial.scores)}"
        table.add_row(
            str(trial.number),
            "" if trial.score is None else f"{trial.score:.3f}",
            *(shown_value(trial.parameters[key]) if key in trial.parameters else "" for key in result.parameters),
            "" if trial.seconds is None else f"{trial.seconds:.0f}",
            state,
            style="bold" if trial == result.best else None,
        )
    return table


def _shown(path: Path) -> str:
    from train import ROOT

    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)

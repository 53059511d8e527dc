"""The trials of a search in an Optuna study (Akiba et al. 2019), kept in the run's folder as one SQLite file."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conflict_ner.console import out
from conflict_ner.errors import ConfigError, ConflictNerError
from train.sweep.results import State, Trial
from train.sweep.space import Parameter, Value

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial
    from transformers import Trainer

    from train.sweep.config import SweepConfig

STUDY_FILE = "study.db"
REASON = "reason"
"""Attribute of a trial that failed by itself; one that was cut short from outside has none."""
_REPEATS = "repeats"
_LOCK_FILE = "sweep.lock"


def require() -> None:
    """Make sure that Optuna is there.

    Raises:
        ConfigError: it is not.
    """
    if importlib.util.find_spec("optuna") is None:
        raise ConfigError("A search needs Optuna, which is not installed here: pip install 'optuna>=5.0'.")


def begun(folder: Path) -> bool:
    """Tell whether a folder holds a study."""
    return (folder / STUDY_FILE).is_file()


def remove(folder: Path) -> None:
    """Throw a study away."""
    (folder / STUDY_FILE).unlink(missing_ok=True)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep other processes from the search in a folder; a trial left running by a dead one can then be known.

    Raises:
        ConfigError: another process is at it.
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(
            f"Another process is searching in {folder}; wait for it, or give this search a name."
        ) from error
    try:
        yield
    finally:
        lock.release()


def search(trainer: Trainer, config: SweepConfig) -> list[Trial]:
    """Run trials until as many as wanted are finished, and return all there are."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{config.run_folder / STUDY_FILE}")
    kept: dict[str, Any] = {"storage": storage, "study_name": config.name, "load_if_exists": True}
    try:
        study = optuna.create_study(direction="maximize", **kept)
        left = config.trials - _take_up(study, config)
        if left > 0:
            _run(trainer, config, study, left, kept)
        return [_record(trial) for trial in study.trials if trial.state != optuna.trial.TrialState.WAITING]
    finally:
        storage.remove_session()
        storage.engine.dispose()


def score_of(metrics: Mapping[str, float]) -> float:
    """Return what a search maximises."""
    return metrics["eval_strict_f1"]


def _run(trainer: Trainer, config: SweepConfig, study: Study, count: int, kept: Mapping[str, Any]) -> None:
    """Run so many trials by the Trainer's own search."""
    import torch
    from optuna.pruners import MedianPruner, NopPruner
    from optuna.samplers import TPESampler

    def values(trial: Any) -> dict[str, Any]:
        return {key: _suggest(trial, key, parameter) for key, parameter in config.space.items()}

    try:
        trainer.hyperparameter_search(
            hp_space=values,
            compute_objective=score_of,
            n_trials=count,
            direction="maximize",
            backend="optuna",
            # Each part of a search that was broken off draws its own trials.
            sampler=TPESampler(seed=config.seed + len(study.trials)),
            pruner=MedianPruner() if config.pruning else NopPruner(),
            catch=(torch.OutOfMemoryError, ConflictNerError),
            gc_after_trial=True,
            **kept,
        )
    except ValueError as error:
        # In the end the Trainer asks for the best trial, and there may be none; a trial's own error is kept with it.
        if any(str(error) in trial.user_attrs.get(REASON, "") for trial in study.trials):
            raise


def _take_up(study: Study, config: SweepConfig) -> int:
    """Put right what an earlier command left, and return the number of finished trials.

    A trial that was cut short is marked as failed and waits to be repeated. The training as it stands comes first:
    what the search gains is told against it.
    """
    from optuna.trial import TrialState

    if not study.trials and config.as_it_stands:
        study.enqueue_trial(config.as_it_stands)
    repeated = {trial.user_attrs.get(_REPEATS) for trial in study.trials}
    for trial in study.trials:
        if trial.state == TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
        elif trial.state != TrialState.FAIL or REASON in trial.user_attrs:
            continue
        wanted = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        if trial.number not in repeated and wanted:
            out.print(f"Trial {trial.number} was cut short; it is repeated.", style="yellow")
            study.enqueue_trial(wanted, user_attrs={_REPEATS: trial.number})
    finished = sum(trial.state in (TrialState.COMPLETE, TrialState.PRUNED) for trial in study.trials)
    if finished:
        out.print(f"{finished} of {config.trials} trials are finished, and are not run again.")
    return finished


def _suggest(trial: Any, key: str, parameter: Parameter) -> Value:
    """Have a trial choose a value, or name the one that it has chosen before."""
    if parameter.choices is not None:
        chosen: Value = trial.suggest_categorical(key, parameter.choices)
        return chosen
    if parameter.whole:
        whole: int = trial.suggest_int(key, parameter.low, parameter.high, step=parameter.step or 1, log=parameter.log)
        return whole
    number: float = trial.suggest_float(key, parameter.low, parameter.high, step=parameter.step, log=parameter.log)
    return number


def _record(trial: FrozenTrial) -> Trial:
    from optuna.trial import TrialState

    states: dict[TrialState, State] = {
        TrialState.COMPLETE: "finished",
        TrialState.PRUNED: "pruned",
        TrialState.FAIL: "failed" if REASON in trial.user_attrs else "cut short",
    }
    state = states.get(trial.state, "cut short")
    scores = tuple(score for _, score in sorted(trial.intermediate_values.items()))
    return Trial(
        number=trial.number,
        state=state,
        score=max(scores, default=None),
        seconds=trial.duration.total_seconds() if trial.duration is not None and state != "cut short" else None,
        scores=scores,
        reason=trial.user_attrs.get(REASON),
        parameters=trial.params,
    )

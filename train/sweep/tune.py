"""The trials of a search by Ray Tune (Liaw et al. 2018), many at once on the processors or machines of a Ray cluster.

Ray keeps the trials under `ray/` in the run's folder, which all machines must see.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conflict_ner.console import out
from conflict_ner.errors import ConfigError
from train.sweep.results import State, Trial
from train.sweep.space import Parameter, Value
from train.sweep.study import score_of

if TYPE_CHECKING:
    from transformers import Trainer

    from train.sweep.config import SweepConfig

_FOLDER = "ray"


def require() -> None:
    """Make sure that Ray Tune is there.

    Raises:
        ConfigError: it is not.
    """
    try:
        import ray.tune  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"backend: ray needs Ray Tune, which is not installed here ({error}): pip install 'ray[tune]', "
            "or leave backend out to search with Optuna, one trial after the other."
        ) from error


def begun(folder: Path) -> bool:
    """Tell whether a folder holds a search of Ray's."""
    return (folder / _FOLDER).is_dir()


def remove(folder: Path) -> None:
    """Throw it away."""
    shutil.rmtree(folder / _FOLDER, ignore_errors=True)


def sampler(parameter: Parameter) -> tuple[str, tuple[Any, ...]]:
    """Return the function of `ray.tune` that draws a parameter's values, by name, and what it takes."""
    if parameter.choices is not None:
        return "choice", (list(parameter.choices),)
    assert parameter.low is not None
    assert parameter.high is not None
    if parameter.step is not None:
        # Ray's own steps are multiples of the step, not of its distance from the low end.
        count = int((parameter.high - parameter.low) / parameter.step + 1e-9)
        values = [parameter.low + number * parameter.step for number in range(count + 1)]
        return "choice", ([min(value, parameter.high) for value in values],)
    if parameter.whole:
        return "lograndint" if parameter.log else "randint", (parameter.low, parameter.high + 1)
    return "loguniform" if parameter.log else "uniform", (parameter.low, parameter.high)


def search(trainer: Trainer, config: SweepConfig) -> list[Trial]:
    """Run trials until as many as wanted are finished, and return all there are."""
    from ray import tune
    from ray.tune.schedulers import MedianStoppingRule
    from ray.tune.search.basic_variant import BasicVariantGenerator

    space: dict[str, Any] = {}
    for key, parameter in config.space.items():
        name, arguments = sampler(parameter)
        space[key] = getattr(tune, name)(*arguments)
    more: dict[str, Any] = {}
    if config.pruning:
        more["scheduler"] = MedianStoppingRule("training_iteration", metric="objective", mode="max", grace_period=1)
    # As with Optuna, the training as it stands comes first.
    first = [config.as_it_stands] if config.as_it_stands.keys() == space.keys() else None
    best: Any = trainer.hyperparameter_search(
        hp_space=lambda _: space,
        compute_objective=score_of,
        n_trials=config.trials,
        direction="maximize",
        backend="ray",
        name=config.name,
        storage_path=str(config.run_folder / _FOLDER),
        resume="AUTO",
        search_alg=BasicVariantGenerator(points_to_evaluate=first, random_state=config.seed),
        **more,
    )
    if len(best.run_summary.trials) < config.trials:
        out.print(
            f"Ray goes on with the {len(best.run_summary.trials)} trials that it began with; "
            f"for {config.trials} give the search a new name.",
            style="yellow",
        )
    return [_record(number, trial) for number, trial in enumerate(best.run_summary.trials)]


def _record(number: int, trial: Any) -> Trial:
    """Return what Ray kept of a trial; one that its scheduler stopped early has ended like the others."""
    states: dict[str, State] = {"TERMINATED": "finished", "ERROR": "failed"}
    last: Mapping[str, Any] = trial.last_result or {}
    parameters: dict[str, Value] = dict(trial.config)
    return Trial(
        number=number,
        state=states.get(trial.status, "cut short"),
        score=last.get("objective"),
        seconds=last.get("time_total_s"),
        reason=f"see {trial.error_file}" if trial.error_file else None,
        parameters=parameters,
    )

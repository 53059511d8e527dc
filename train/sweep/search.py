"""Parameter search on the Trainer's own `hyperparameter_search`: `python -m train sweep configs/train/sweep.yaml`.

The same command goes on where it was stopped. A trial's score is the strict F1 on the validation split at its best
epoch, the very number that train.py keeps an epoch by.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Mapping
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import TrainOutput

from conflict_ner.console import out, quiet_transformers
from conflict_ner.errors import CheckpointError, ConfigError
from conflict_ner.spans import BioTags
from train.config import TrainConfig, faster_precision, require_one_process, training_arguments
from train.encoder import load_encoder
from train.material import Material
from train.run import Run
from train.sweep import study, tune
from train.sweep.config import SweepConfig
from train.sweep.results import SweepResult, tell, write_results
from train.sweep.space import Value
from train.tagging import TaggingModel
from train.teachers import examples_of
from train.trainer import SpanTrainer, build_trainer

SCORE = "eval_strict_f1"


class SearchTrainer(Trainer):
    """A Trainer whose every trial is a training of its own, built as train.py builds it.

    The search of transformers changes the arguments of one Trainer. Windows, the encoder, the losses and the head's
    rate are none of these, and some arguments (such as NEFTune's noise) are read when a Trainer is made, never again.

    Args:
        config: of the search.
        material: what is trained and scored on.
    """

    def __init__(self, config: SweepConfig, material: Material) -> None:
        arguments = _without_checkpoints(training_arguments(config.plain(), has_validation=True))
        # Model and documents are the trials' own; those here are asked for, and not used.
        super().__init__(args=arguments, model_init=_no_model, eval_dataset=[])
        self._config = config
        self._material = material

    def train(
        self, resume_from_checkpoint: str | bool | None = None, trial: Any = None, *_: Any, **__: Any
    ) -> TrainOutput:
        """Train one trial and report the best score so far after each evaluation."""
        values: Mapping[str, Value] = trial if isinstance(trial, Mapping) else self.hp_space(trial)
        out.print(f"\n[bold]Trial {getattr(trial, 'number', '')}[/bold]", told(values))
        trainer = build_trial(self._config.of_trial(values), self._material)
        trainer.add_callback(
            _Report(lambda best, evaluations: self._report_to_hp_search(trial, evaluations, {SCORE: best}))
        )
        try:
            finished: TrainOutput = trainer.train()
            return finished
        except Exception as error:
            if hasattr(trial, "set_user_attr"):
                trial.set_user_attr(study.REASON, f"{type(error).__name__}: {error}")
            raise
        finally:
            # Closes what shows the progress, whatever ended the trial.
            trainer.callback_handler.on_train_end(trainer.args, trainer.state, trainer.control)


class _Report(TrainerCallback):
    """Tells the search the best score so far after each evaluation.

    Args:
        report: takes the best score and the number of evaluations: epochs, where there is one an epoch.
    """

    def __init__(self, report: Callable[[float, int], None]) -> None:
        self._report = report
        self._scores: list[float] = []

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Report."""
        if metrics is not None and SCORE in metrics:
            self._scores.append(metrics[SCORE])
            self._report(max(self._scores), len(self._scores))


def build_trial(config: TrainConfig, material: Material) -> SpanTrainer:
    """Return what trains one trial as train.py would, but that keeps no checkpoint: a search wants scores alone."""
    arguments = _without_checkpoints(training_arguments(config, has_validation=True))
    encoder = load_encoder(config, material.schema)
    tags = BioTags.of(material.schema)
    examples = examples_of(config, material, ("train", "validation"), encoder.tokenizer)
    model = TaggingModel.of(encoder, tags, config.loss, config.teaching)
    return build_trainer(model, encoder.tokenizer, arguments, examples, tags, config)


def sweep(config: SweepConfig) -> SweepResult:
    """Search until there are so many finished trials as wanted, and write what came of all of them.

    Raises:
        ConfigError: the search cannot be run as it is, its backend is missing, another process is at it, or its folder
            holds one of another configuration or of other documents.
        DataError, CheckpointError: as a training does.
    """
    require_one_process("sweep")
    backend = {"optuna": study, "ray": tune}[config.backend]
    backend.require()
    material = Material.of(config).with_spans()
    if not material.splits.get("validation"):
        raise ConfigError(
            f"The corpus {config.corpus} has no validation split with spans, and a search chooses by the score on it; "
            "build one whose configuration holds out documents for validation."
        )
    _try_out(config, material)
    with study.only_one(config.run_folder):
        _claim(config, material)
        # Asked once: two trials must not differ because the machine was busy when one of them asked.
        precision = faster_precision() if config.precision == "auto" else config.precision
        trainer = SearchTrainer(config.model_copy(update={"precision": precision}), material)
        try:
            trials = backend.search(trainer, config)
        except BaseException:
            out.print("\nStopped; the same command goes on from here.", style="yellow")
            raise
        finally:
            shutil.rmtree(config.run_folder / "checkpoints", ignore_errors=True)  # empty: the Trainer makes it
    result = SweepResult.of(config, trials)
    write_results(config, result)
    return result


def sweep_and_tell(config: SweepConfig) -> None:
    """Run `sweep`, and print the table of trials and where the best configuration lies."""
    quiet_transformers()
    tell(config, sweep(config))


def told(values: Mapping[str, Value]) -> str:
    """Return values as one line."""
    return ", ".join(
        f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in values.items()
    )


def _no_model() -> Any:
    """Stand in for what the search makes anew for each trial: the trials make their own models."""
    return torch.nn.Identity()


def _without_checkpoints(arguments: TrainingArguments) -> TrainingArguments:
    return dataclasses.replace(arguments, save_strategy="no", load_best_model_at_end=False)


def _try_out(config: SweepConfig, material: Material) -> None:
    """Have the Trainer and the encoder look at the ends of the space before the first trial."""
    problems: list[str] = []
    for key, parameter in config.space.items():
        part = key.partition(".")[0]
        for value in parameter.ends if part in ("trainer", "encoder", "windows") else ():
            try:
                own = config.of_trial({key: value})
                if part == "trainer":
                    training_arguments(own, has_validation=True)
                else:
                    load_encoder(own, material.schema)
            except (ConfigError, CheckpointError) as error:
                problems.append(f"space.{key}: {value!r}: {error}")
    if problems:
        raise ConfigError("The space cannot be searched:", problems)


def _claim(config: SweepConfig, material: Material) -> None:
    """Make the folder this search's own, or make sure that it is."""
    run = Run(config.run_folder)
    own = config.model_copy(update={"trials": 1})  # more trials are the same search
    begun = study.begun(run.folder) or tune.begun(run.folder)
    if begun and config.resume is not False and not run.has(own, material.splits):
        raise ConfigError(
            f"{run.folder} holds a search of another configuration or of other documents. Give this one a name of its "
            f"own (name={config.name}-2), or add resume=false to throw the other away.",
            list(run.changes(config)),
        )
    if begun and config.resume is False:
        study.remove(run.folder)
        tune.remove(run.folder)
    run.keep_config(config)
    run.remember(own, material.splits)

"""Where a run is logged besides its own folder: `trainer.report_to=tensorboard`, `trackio`, or what else is installed.

TensorBoard's files lie in the run's folder: `tensorboard --logdir runs`. Trackio keeps its own on this machine
(`trackio show --project conflict-ner`) unless `trainer.trackio_space_id` names a place on a hub.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from conflict_ner.errors import ConfigError, did_you_mean
from conflict_ner.files import replacing_file
from train.config import TrainConfig

if TYPE_CHECKING:
    from transformers import Trainer, TrainingArguments

PROJECT = "conflict-ner"
LOGGED_AS = "logged-as.txt"
TENSORBOARD = "tensorboard"
_PACKAGES = {"azure_ml": "azureml-core", "comet_ml": "comet-ml"}


def prepare_loggers(arguments: TrainingArguments, config: TrainConfig, resumed: bool) -> None:
    """Check that the wanted loggers are installed, and name the run for them.

    A run that begins anew gets a name of its own, so that its curves are not drawn on from an earlier run's; one
    that is resumed keeps its name.

    Args:
        arguments: changed where the configuration says nothing else.
        config: of the run.
        resumed: whether it goes on from a checkpoint.

    Raises:
        ConfigError: a logger that the Trainer does not know, or whose package is not installed.
    """
    wanted = [arguments.report_to] if isinstance(arguments.report_to, str) else list(arguments.report_to or ())
    if not wanted:
        return
    _require(wanted)
    if "project" not in config.trainer:
        arguments.project = PROJECT
    if "run_name" not in config.trainer:
        path = config.run_folder / LOGGED_AS
        if not (resumed and path.is_file()):
            name = f"{config.name}-{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}"
            if arguments.process_index == 0:
                with replacing_file(path) as temporary:
                    temporary.write_text(name + "\n", encoding="utf-8")
        else:
            name = path.read_text(encoding="utf-8").strip()
        arguments.run_name = name


def keep_logs_in_run(trainer: Trainer, config: TrainConfig) -> None:
    """Put TensorBoard's files into the run's folder, by the run's name, unless TENSORBOARD_LOGGING_DIR is set."""
    from transformers.integrations.integration_utils import TensorBoardCallback

    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, TensorBoardCallback) and callback.logging_dir is None:
            callback.logging_dir = str(config.run_folder / TENSORBOARD / (trainer.args.run_name or config.name))


def _require(wanted: list[str]) -> None:
    from transformers.integrations.integration_utils import (
        INTEGRATION_TO_CALLBACK,
        get_available_reporting_integrations,
    )

    problems = [
        f"{name!r} is none that the Trainer knows{did_you_mean(name, (*INTEGRATION_TO_CALLBACK, 'all', 'none'))}"
        for name in wanted
        if name not in INTEGRATION_TO_CALLBACK
    ]
    found: list[str] = get_available_reporting_integrations()  # type: ignore[no-untyped-call]
    installed = {*found, "flyte"}  # transformers' list lacks that one
    problems += [
        f"{name!r} is not installed; `pip install {_PACKAGES.get(name, name)}`, or leave trainer.report_to out"
        for name in wanted
        if name in INTEGRATION_TO_CALLBACK and name not in installed
    ]
    if problems:
        raise ConfigError("trainer.report_to names loggers that cannot be used:", problems)

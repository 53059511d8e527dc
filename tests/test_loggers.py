"""Loggers of a run: named for a run begun anew, kept for a resumed one, refused where their package is missing."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from transformers import TrainingArguments
from transformers.integrations.integration_utils import (
    INTEGRATION_TO_CALLBACK,
    get_available_reporting_integrations,
)

from conflict_ner.config import read_config
from conflict_ner.errors import ConfigError
from tests import small_models
from train.config import TrainConfig, training_arguments
from train.loggers import LOGGED_AS, prepare_loggers

INSTALLED: list[str] = get_available_reporting_integrations()  # type: ignore[no-untyped-call]
MISSING = sorted(set(INTEGRATION_TO_CALLBACK) - {*INSTALLED, "flyte"})


def configured(folder: Path, encoder: Path, **trainer: object) -> tuple[TrainConfig, TrainingArguments]:
    path = small_models.write_config(folder / "c.yaml", encoder, folder, trainer=trainer)
    config = read_config(path, TrainConfig)
    return config, training_arguments(config, has_validation=False)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [("tensorbord", "did you mean 'tensorboard'"), (MISSING[0], f"'{MISSING[0]}' is not installed; `pip install ")],
    ids=["unknown", "missing"],
)
def test_a_logger_that_cannot_be_used_is_refused(tmp_path: Path, small_encoder: Path, wanted: str, told: str) -> None:
    config, arguments = configured(tmp_path, small_encoder, report_to=wanted)
    with pytest.raises(ConfigError, match=re.escape(told)):
        prepare_loggers(arguments, config, resumed=False)
    assert not (config.run_folder / LOGGED_AS).exists()


def test_a_run_that_logs_nowhere_is_not_named(tmp_path: Path, small_encoder: Path) -> None:
    config, arguments = configured(tmp_path, small_encoder)
    prepare_loggers(arguments, config, resumed=False)
    assert not config.run_folder.exists()


@pytest.mark.skipif(not INSTALLED, reason="no logger is installed: pip install tensorboardX")
def test_a_resumed_run_keeps_its_name(tmp_path: Path, small_encoder: Path) -> None:
    names = []
    for resumed in (False, True):
        config, arguments = configured(tmp_path, small_encoder, report_to=INSTALLED[0])
        prepare_loggers(arguments, config, resumed)
        names.append(arguments.run_name)
        assert arguments.project == "conflict-ner"
    assert names[0] == names[1]
    assert re.fullmatch(r"small-\d{8}-\d{6}", str(names[0]))
    config, arguments = configured(tmp_path, small_encoder, report_to=INSTALLED[0], run_name="mine", project="ours")
    prepare_loggers(arguments, config, resumed=False)
    assert (arguments.run_name, arguments.project) == ("mine", "ours")


@pytest.mark.skipif(
    not any(importlib.util.find_spec(name) for name in ("tensorboard", "tensorboardX")),
    reason="neither TensorBoard's package is installed: pip install tensorboardX",
)
def test_tensorboard_gets_the_scores_of_each_epoch(small_encoder: Path, seed_corpus: Path, tmp_path: Path) -> None:
    config = small_models.write_config(tmp_path / "c.yaml", small_encoder, seed_corpus)
    done = small_models.run(
        small_models.command(config.name, "trainer.num_train_epochs=1", "trainer.report_to=tensorboard"), cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    name = (tmp_path / "run" / LOGGED_AS).read_text().strip()
    (events,) = (tmp_path / "run" / "tensorboard" / name).iterdir()
    assert b"eval/strict_f1" in events.read_bytes()

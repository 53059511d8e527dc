"""Parameter search: its space, a search that is killed and gone on with, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import optuna
import pytest
import yaml
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from conflict_ner.config import read_config
from conflict_ner.errors import ConfigError
from tests import small_models
from tests.conftest import Trained
from train.__main__ import app
from train.config import TrainConfig
from train.fine_tune import fine_tune
from train.material import Material
from train.run import HISTORY_FILE
from train.sweep.config import SweepConfig
from train.sweep.results import SweepResult
from train.sweep.space import Parameter, value_at, with_values
from train.sweep.tune import sampler

SPACE: dict[str, Any] = {
    "trainer.learning_rate": {"low": 1.0e-3, "high": 1.0e-2, "log": True},
    "loss.chain": {"choices": [0.0, 1.0]},
    "windows.size": {"choices": [64, 96]},
}


def write_sweep(folder: Path, trained: Trained, **changes: object) -> Path:
    """Write a search of a small model; the range of the learning rate holds the training's own."""
    path = small_models.write_config(folder / "sweep.yaml", trained.encoder, trained.corpus)
    settings = yaml.safe_load(path.read_text())
    settings |= {"name": "small", "trials": 2, "pruning": True, "space": SPACE, "loss": {"chain": 1.0}} | changes
    settings["trainer"] |= {"num_train_epochs": 6}
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return path


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sweep", *arguments])


def refused(*arguments: str) -> str:
    result = command(*arguments)
    assert isinstance(result.exception, ConfigError), result.output
    return str(result.exception)


@pytest.fixture(scope="module")
def killed(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a search whose first process was killed in the middle of its first trial."""
    config = write_sweep(tmp_path_factory.mktemp("sweep"), trained)
    line = [sys.executable, "-m", "train", "sweep", str(config)]
    process = subprocess.Popen(line, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for printed in process.stdout:
        if "Trial 0" in printed:
            break
    time.sleep(0.2)
    assert process.poll() is None
    process.kill()
    process.wait()
    process.stdout.close()
    return config


@pytest.mark.faults
def test_a_search_that_was_killed_goes_on_and_repeats_the_trial(killed: Path, tmp_path: Path) -> None:
    first = command(str(killed))
    assert first.exit_code == 0, first.output
    assert "Trial 0 was cut short; it is repeated" in first.output
    run = killed.parent / "run"
    result = SweepResult.model_validate_json((run / "trials.json").read_text())
    assert sorted((trial.number, trial.state) for trial in result.trials) == [
        (0, "cut short"),
        (1, "finished"),
        (2, "finished"),
    ]
    config = read_config(killed, SweepConfig)
    assert result.trial(1).parameters == config.as_it_stands, "the training as it stands comes first"
    assert result.as_it_stands == 1
    assert set(result.trial(2).parameters) == set(SPACE)
    best = result.best
    assert best is not None
    assert best.score == max(trial.score or 0.0 for trial in result.finished)
    assert all(len(trial.scores) == 6 for trial in result.finished)

    with (run / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == [trial.number for trial in result.trials]
    assert {*SPACE, "strict_f1", "seconds"} <= rows[0].keys()
    drawn = ET.parse(run / "trials.svg").getroot()
    panels = list(drawn.iter("{http://www.w3.org/2000/svg}g"))
    assert len(panels) == 1 + len(SPACE)

    again = command(str(killed))
    assert "2 of 2 trials are finished" in again.output
    assert json.loads((run / "trials.json").read_text()) == result.model_dump(mode="json", exclude_none=True)

    # train.py takes the best configuration as it is, and reaches the trial's score by the same way.
    found = read_config(run / "best.yaml", TrainConfig, [f"run={tmp_path / 'run'}", f"output={tmp_path / 'model'}"])
    assert found.name == "small-best"
    assert {key: value_at(found, key) for key in SPACE} == best.parameters
    fine_tune(found, Material.of(found))
    history = json.loads((tmp_path / "run" / HISTORY_FILE).read_text())
    scores = [entry["eval_strict_f1"] for entry in history if "eval_strict_f1" in entry]
    assert max(scores) == pytest.approx(best.score, abs=1e-3)


def test_a_trial_below_the_others_is_stopped_early_where_that_is_asked_for(killed: Path) -> None:
    run = killed.parent / "run"
    before = command(str(killed))
    assert before.exit_code == 0, before.output
    storage = optuna.storages.RDBStorage(f"sqlite:///{run / 'study.db'}")
    study = optuna.load_study(study_name="small", storage=storage)
    beyond_reach = dict.fromkeys(range(1, 7), 1.0)
    for _ in range(5):
        study.add_trial(optuna.trial.create_trial(value=1.0, intermediate_values=beyond_reach))
    storage.engine.dispose()
    after = command(str(killed), "trials=8")
    assert after.exit_code == 0, after.output
    assert "pruned after 1" in after.output
    result = SweepResult.model_validate_json((run / "trials.json").read_text())
    assert [len(trial.scores) for trial in result.trials if trial.state == "pruned"] == [1]

    # The folder is that of one search: another one is refused, unless the first is to be thrown away.
    assert "seed: 3 -> 4" in refused(str(killed), "seed=4")
    lock = FileLock(run / "sweep.lock")
    with lock:
        assert "Another process is searching" in refused(str(killed))
    anew = command(str(killed), "seed=4", "resume=false", "trials=1", "trainer.num_train_epochs=1")
    assert anew.exit_code == 0, anew.output
    result = SweepResult.model_validate_json((run / "trials.json").read_text())
    assert [trial.number for trial in result.trials] == [0]


def test_what_the_encoder_or_the_trainer_refuses_is_told_before_the_first_trial(
    trained: Trained, tmp_path: Path
) -> None:
    space = {
        "encoder.config.hidden_dropout": {"choices": [0.0, 0.1]},
        "windows.size": {"low": 64, "high": 512},
        "trainer.lr_scheduler_type": {"choices": ["linear", "linaer"]},
    }
    told = refused(str(write_sweep(tmp_path, trained, space=space)))
    assert "hidden_dropout: unknown key; did you mean" in told
    assert "set windows.size=128 or less" in told
    assert "linaer" in told
    assert not (tmp_path / "run").exists()


def test_a_search_needs_a_validation_split(trained: Trained, tmp_path: Path) -> None:
    config = write_sweep(tmp_path, trained)
    corpus = Path("configs/corpus/seeds.yaml").resolve()
    built = CliRunner().invoke(
        app, ["corpus", str(corpus), f"output={tmp_path / 'bare'}", "validation.groups=[]", "validation.fraction=0"]
    )
    assert built.exit_code == 0, built.output
    assert "no validation split" in refused(str(config), f"corpus={tmp_path / 'bare'}")


@pytest.mark.parametrize("command", ["sweep", "kfold", "curve"])
def test_a_command_of_many_trainings_runs_in_one_process(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    done = CliRunner().invoke(app, [command, str(Path(f"configs/train/{command}.yaml").resolve())])
    assert isinstance(done.exception, ConfigError)
    assert "start it without torchrun" in str(done.exception)


def test_a_missing_ray_names_the_remedy(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it were not installed, also where it is
    assert "pip install 'ray[tune]'" in refused(str(write_sweep(tmp_path, trained)), "backend=ray")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"trainer.learning_rat": {"low": 0.1, "high": 0.2}},
            "learning_rat: unknown key; did you mean 'learning_rate'?",
        ),
        ({"windos.size": {"choices": [64, 96]}}, "windos: unknown key; did you mean 'windows'?"),
        ({"windows.sise": {"choices": [64, 96]}}, "windows.sise: unknown key; did you mean 'size'?"),
        ({"head_rate.x": {"low": 1, "high": 2}}, "head_rate holds no keys"),
        ({"head_rate": {"low": -1, "high": 2}}, "Input should be greater than 0 (seen: -1)"),
        ({"seed": {"low": 1, "high": 9}}, "the best seed is luck"),
        ({"corpus": {"choices": ["a", "b"]}}, "cannot be compared"),
        ({"loss.chain": {"choices": [0.0, 1.0]}, "loss.cross_entropy": {"choices": [0.0, 1.0]}}, "are both 0"),
        ({"head_rate": {"low": 2, "high": 1}}, "low 2 is not below high 1"),
        ({"head_rate": {"low": 0.0, "high": 1.0, "log": True}}, "needs a low above 0"),
        ({"head_rate": {"low": 1, "high": 2, "choices": [1, 2]}}, "give a range or choices"),
        ({"head_rate": {"choices": [1.0]}}, "two different ones"),
        ({"head_rate": {"low": 1.0}}, "a range needs low and high"),
        ({"head_rate": {"low": 1, "high": 4, "step": 0.5}}, "no whole number"),
        ({"head_rate": {"low": 1.0, "high": 4.0, "step": 5.0}}, "does not lie between"),
        ({"head_rate": {"lo": 1.0, "high": 4.0}}, "lo: unknown key; did you mean 'low'?"),
        ({}, "at least 1 item"),
    ],
)
def test_a_space_that_does_not_fit_is_refused(
    trained: Trained, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    path = write_sweep(tmp_path, trained, space=changes)
    with pytest.raises(ConfigError) as refusal:
        read_config(path, SweepConfig)
    assert told in str(refusal.value)


def test_all_that_is_wrong_with_a_space_is_told_at_once(trained: Trained, tmp_path: Path) -> None:
    space = {"head_rate": {"low": 0, "high": 1}, "windows.sise": {"choices": [1, 2]}, "seed": {"low": 1, "high": 2}}
    with pytest.raises(ConfigError) as refusal:
        read_config(write_sweep(tmp_path, trained, space=space), SweepConfig)
    for key in space:
        assert f"space.{key}: " in str(refusal.value)


@given(st.floats(0.001, 1), st.sampled_from([64, 96]), st.floats(0, 3))
def test_values_are_set_where_their_keys_say(rate: float, size: int, chain: float) -> None:
    config = TrainConfig(name="small", corpus=Path("corpus"))
    values = {"trainer.learning_rate": rate, "windows.size": size, "windows.overlap": 16, "loss.chain": chain}
    changed = with_values(config, values)
    assert {key: value_at(changed, key) for key in values} == values
    assert with_values(changed, {key: value_at(config, key) for key in values if key != "trainer.learning_rate"}) == (
        config.plain(trainer={"learning_rate": rate})
    )


@pytest.mark.parametrize(
    ("parameter", "name", "arguments"),
    [
        (Parameter(low=1e-5, high=1e-3, log=True), "loguniform", (1e-5, 1e-3)),
        (Parameter(low=0.0, high=1.0), "uniform", (0.0, 1.0)),
        (Parameter(low=2, high=6), "randint", (2, 7)),
        (Parameter(low=2, high=6, log=True), "lograndint", (2, 7)),
        (Parameter(low=0.1, high=0.3, step=0.1), "choice", ([0.1, 0.2, 0.3],)),
        (Parameter(choices=("a", None)), "choice", (["a", None],)),
    ],
)
def test_the_space_of_ray_holds_the_same_values(parameter: Parameter, name: str, arguments: tuple[Any, ...]) -> None:
    assert sampler(parameter) == (name, arguments)
    values = arguments[0] if name == "choice" else [arguments[0], arguments[1] - (1 if "int" in name else 0)]
    assert all(parameter.holds(value) for value in values)

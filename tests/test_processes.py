"""A training spread over processes or steps is the training of one process: loss and gradients are normalised alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from conflict_ner.checkpoint import read_info
from conflict_ner.config import read_config
from tests import small_models
from tests.conftest import Trained
from train.config import TrainConfig
from train.train import train
from train.trainer import LengthOrder

# Four steps of eight windows; in the fifth, two processes would even their shares out by reading a window twice.
STEPS = ("trainer.max_steps=4", "trainer.logging_steps=1", "encoder.freeze_embeddings=true")
LAUNCHER = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]


def overrides(folder: Path, windows: int, *more: str) -> list[str]:
    return [
        *STEPS,
        f"trainer.per_device_train_batch_size={windows}",
        *(f"{key}={folder / key}" for key in ("run", "output")),
        *more,
    ]


def launched(folder: Path, script: list[str], trained: Trained, *more: str) -> subprocess.CompletedProcess[str]:
    """Train in two processes of four windows a step."""
    line = [*LAUNCHER, *script, str(trained.config), *overrides(folder, 4, *more)]
    return small_models.run(line, cwd=small_models.ROOT, OMP_NUM_THREADS="1")


def losses(folder: Path) -> list[tuple[float, float]]:
    """Return what the Trainer logged at each step."""
    history = json.loads((folder / "run" / "history.json").read_text())
    return [(entry["loss"], entry["grad_norm"]) for entry in history if "grad_norm" in entry]


def distance(one: Path, other: Path) -> float:
    """Return the greatest difference of a weight between two finished models."""
    first, second = (load_file(folder / "output" / "model.safetensors") for folder in (one, other))
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first)


@pytest.fixture(scope="module")
def alone(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training of one process with eight windows a step."""
    folder = tmp_path_factory.mktemp("alone")
    train(read_config(trained.config, TrainConfig, overrides(folder, 8)))
    assert len(losses(folder)) == 4
    return folder


def test_accumulated_steps_are_the_same_training(alone: Path, trained: Trained, tmp_path: Path) -> None:
    more = "trainer.gradient_accumulation_steps=2"
    train(read_config(trained.config, TrainConfig, overrides(tmp_path, 4, more)))
    assert losses(tmp_path) == [pytest.approx(pair, rel=1e-3) for pair in losses(alone)]
    assert distance(alone, tmp_path) < 1e-3


def test_two_processes_are_the_same_training(alone: Path, trained: Trained, tmp_path: Path) -> None:
    done = launched(tmp_path, ["train/train.py"], trained)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in 2 processes" in done.stdout
    assert done.stdout.count("Scores on the test split") == 1
    assert losses(tmp_path) == [pytest.approx(pair, rel=1e-3) for pair in losses(alone)]
    assert distance(alone, tmp_path) < 1e-3
    assert read_info(tmp_path / "output").scores.keys() == {"validation_strict_f1", "test_strict_f1"}


def test_shards_are_the_same_training_and_are_saved_whole(alone: Path, trained: Trained, tmp_path: Path) -> None:
    shipped = yaml.safe_load(Path("configs/train/fsdp.yaml").read_text())["trainer"]
    more = [f"trainer.{key}={json.dumps(shipped[key])}" for key in ("fsdp", "fsdp_config")]
    done = launched(tmp_path, ["-m", "tests.fsdp_on_cpu"], trained, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "UserWarning" not in done.stderr
    assert (next((tmp_path / "run" / "checkpoints").iterdir()) / "pytorch_model_fsdp.bin").is_file()
    assert losses(tmp_path) == [pytest.approx(pair, rel=1e-3) for pair in losses(alone)]
    assert distance(alone, tmp_path) < 1e-3


def test_the_shipped_configuration_of_two_processes_is_that_of_one() -> None:
    one, two = (read_config(Path(f"configs/train/{name}.yaml"), TrainConfig) for name in ("mini", "ddp"))
    share = {"per_device_train_batch_size": one.trainer["per_device_train_batch_size"] // 2}
    assert two == one.model_copy(update={"name": "ddp", "trainer": {**one.trainer, **share}})


def order(epoch: int, drawn: int) -> list[int]:
    """Return the order of an epoch after so many random numbers were drawn, as dropout draws them."""
    torch.rand(drawn)
    return list(LengthOrder([40 - number % 17 for number in range(40)], 8, seed=13, epoch=lambda: epoch))


def test_the_order_follows_from_seed_and_epoch_alone() -> None:
    assert sorted(order(0, 1)) == list(range(40))
    assert order(0, 1) != order(1, 1)
    assert order(1, 1) == order(1, 100)

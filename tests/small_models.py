"""A small encoder made here, and a model trained on the seeds with it by the project's own script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

from tests import small_tokenizers

ROOT = Path(__file__).resolve().parents[1]


def save_encoder(folder: Path) -> Path:
    """Write a random BERT of two layers with a WordPiece vocabulary of the seeds, as a Hugging Face folder."""
    from transformers import BertConfig, BertModel, set_seed

    tokenizer = small_tokenizers.build("wordpiece")
    set_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=128,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.model_max_length = 128
    tokenizer.save_pretrained(folder)
    return folder


def write_config(path: Path, encoder: Path, corpus: Path, **changes: object) -> Path:
    """Write a training configuration whose outputs lie beside it."""
    config = {
        "name": "small",
        "corpus": str(corpus),
        "output": str(path.parent / "model"),
        "run": str(path.parent / "run"),
        "encoder": {"name": str(encoder), "freeze_embeddings": False},
        "windows": {"size": 96, "overlap": 32},
        "precision": "float32",
        "seed": 3,
        "trainer": {
            "num_train_epochs": 12,
            "per_device_train_batch_size": 8,
            "learning_rate": 3.0e-3,
            "train_sampling_strategy": "group_by_length",
        },
        **changes,
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def command(*arguments: str) -> list[str]:
    """Return the command line of a training."""
    return [sys.executable, str(ROOT / "train" / "train.py"), *arguments]


def run(line: list[str], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with its output kept."""
    return subprocess.run(
        line, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False
    )

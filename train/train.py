"""Fine-tune a token-classification model on a corpus: `python train/train.py configs/train/mini.yaml [key=value ...]`.

Also `python -m train.train ...` from the repository's root, and with several processes
`torchrun --nproc-per-node 2 train/train.py ...`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if not __package__:  # run as a script: its own folder is on the path, the repository's root is wanted there
    sys.path[0] = str(Path(__file__).resolve().parents[1])
# Two PyTorch processes that spin while they wait slow each other several times over.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from typing import TYPE_CHECKING, Annotated

import typer

from conflict_ner.console import new_app, quiet_transformers, run

if TYPE_CHECKING:
    from train.config import TrainConfig

app = new_app("Fine-tune a model on a corpus.")


@app.command()
def main(
    config: Annotated[Path, typer.Argument(help="A file of configs/train/.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="key=value, such as trainer.num_train_epochs=3", show_default=False)
    ] = None,
) -> None:
    """Train, keep the best epoch, score it, and write a Hugging Face folder with its card."""
    from conflict_ner.config import read_config
    from train.config import TrainConfig

    train(read_config(config, TrainConfig, overrides or []))


def train(config: TrainConfig) -> None:
    """Run one training from corpus to scored checkpoint.

    Raises:
        ConfigError: the configuration cannot be run as it is.
        DataError: the corpus is missing or broken.
        CheckpointError: the encoder cannot be found or opened.
    """
    from train.fine_tune import fine_tune
    from train.material import Material

    quiet_transformers()
    fine_tune(config, Material.of(config))


if __name__ == "__main__":
    run(app, "train/train.py")

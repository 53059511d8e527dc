"""What a training knows when it ends and nobody can tell later: time, machine, versions, the encoder's licence.

`train/train.py` keeps it as `training.json` in the run's folder, and the card is written from it.
"""

from __future__ import annotations

import datetime
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError
from yaml import YAMLError

from conflict_ner import __version__
from conflict_ner.checkpoint import DEFAULT_ENCODER, PACKAGE_PREFIX, find_encoder, read_info
from conflict_ner.config import explain
from conflict_ner.errors import CheckpointError, DataError
from conflict_ner.files import replacing_file
from train import shown
from train.run import TRAINING_FILE

if TYPE_CHECKING:
    from train.config import EncoderSettings
    from train.trainer import SpanTrainer

HUB_IDS = {DEFAULT_ENCODER: "sentence-transformers/all-MiniLM-L6-v2"}
"""Encoders that a Python package carries -> where they stand on the hub."""
_CARD = "README.md"
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_VERSIONS = ("torch", "transformers", "accelerate", "tokenizers", "datasets", "seqeval")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EncoderFacts(_Record):
    """What a model was fine-tuned from.

    Attributes:
        name: as a reader may see it: no folder of this machine.
        hub_id: where it stands on the hub, if that is known.
        revision: branch, tag or commit there.
        licence: as its own card states it.
        before: the encoder of the encoder, where that was a checkpoint of ours.
    """

    name: str
    hub_id: str | None = None
    revision: str | None = None
    licence: str | None = None
    before: EncoderFacts | None = None

    @property
    def first(self) -> EncoderFacts:
        """The encoder that the line of trainings began with."""
        return self if self.before is None else self.before.first


class TrainingFacts(_Record):
    """One training.

    Attributes:
        ended: when, UTC.
        weights_sha256: of the checkpoint that it wrote.
        seconds: of training alone; of a resumed run those since it was resumed.
        tokens_per_second: padding not counted; None for a resumed run.
        steps: of the optimizer, from the first.
        epochs: how many were run.
        best_epoch: the one whose weights were kept; None without a validation split.
        precision: that the computer used, `float32`, `bfloat16` or `float16`.
        device: what it ran on.
        threads: of a processor, in each process.
        processes: how many.
        parameters: of the model with its head.
        trained_parameters: those that were not frozen.
        versions: library -> version.
        encoder: what it began from.
    """

    ended: datetime.datetime
    weights_sha256: str
    seconds: float
    tokens_per_second: float | None = None
    steps: int
    epochs: float
    best_epoch: float | None = None
    precision: str
    device: str
    threads: int
    processes: int
    parameters: int
    trained_parameters: int
    versions: dict[str, str]
    encoder: EncoderFacts


def training_facts(
    trainer: SpanTrainer,
    encoder: EncoderSettings,
    weights_sha256: str,
    seconds: float,
    tokens_per_second: float | None,
) -> TrainingFacts:
    """Gather the facts of a training that has just ended.

    Args:
        trainer: after `train()`.
        encoder: of the configuration.
        weights_sha256: of the checkpoint that was written.
        seconds: of training alone.
        tokens_per_second: padding not counted.
    """
    import torch

    state, arguments = trainer.state, trainer.args
    model: Any = trainer.model
    best, steps = state.best_global_step, max(state.global_step, 1)
    precision = "bfloat16" if arguments.bf16 else "float16" if arguments.fp16 else "float32"
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.encoder.parameters()]
    return TrainingFacts(
        ended=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
        weights_sha256=weights_sha256,
        seconds=round(seconds, 1),
        tokens_per_second=round(tokens_per_second, 1) if tokens_per_second is not None else None,
        steps=state.global_step,
        epochs=round(float(state.epoch or 0), 2),
        best_epoch=round(float(state.epoch or 0) * best / steps, 2) if best else None,
        precision=precision,
        device=_device(arguments.device),
        threads=torch.get_num_threads(),
        processes=arguments.world_size,
        parameters=sum(size for size, _ in sizes),
        trained_parameters=sum(size for size, trained in sizes if trained),
        versions={"conflict-ner": __version__, "python": platform.python_version(), **_versions()},
        encoder=describe_encoder(encoder.name, encoder.revision),
    )


def _device(device: Any) -> str:
    import torch

    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"a CPU ({platform.machine()})" if device.type == "cpu" else str(device.type)


def _versions() -> dict[str, str]:
    found = {}
    for name in _VERSIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def describe_encoder(name: str, revision: str | None = None) -> EncoderFacts:
    """Tell what an encoder is, as far as this machine knows it; no network is asked.

    Args:
        name: as a configuration names it.
        revision: branch, tag or commit of a hub id.
    """
    if name.startswith(PACKAGE_PREFIX):
        try:
            licence = _licence(Path(find_encoder(name)) / _CARD)
        except CheckpointError:
            licence = None
        return EncoderFacts(name=name, hub_id=HUB_IDS.get(name), licence=licence)
    folder = Path(name).expanduser()
    if folder.is_dir():
        info = read_info(folder)
        before = describe_encoder(info.encoder) if info.encoder is not None else None
        return EncoderFacts(name=shown(name), licence=_licence(folder / _CARD), before=before)
    if name.startswith("models/") or not _HUB_ID.fullmatch(name):
        return EncoderFacts(name=shown(name))
    from huggingface_hub import try_to_load_from_cache

    card = try_to_load_from_cache(name, _CARD, revision=revision)
    return EncoderFacts(
        name=name, hub_id=name, revision=revision, licence=_licence(Path(card)) if isinstance(card, str) else None
    )


def _licence(card: Path) -> str | None:
    """Read the licence off an encoder's card."""
    from huggingface_hub.repocard import metadata_load

    if not card.is_file():
        return None
    try:
        stated = (metadata_load(card) or {}).get("license")
    except (ValueError, YAMLError):  # no metadata that can be read, so none is stated
        return None
    return str(stated) if stated else None


def write_facts(run: Path, facts: TrainingFacts) -> None:
    """Keep the facts in a run's folder."""
    with replacing_file(run / TRAINING_FILE) as temporary:
        temporary.write_text(facts.model_dump_json(indent=1, exclude_none=True) + "\n", encoding="utf-8")


def read_facts(run: Path) -> TrainingFacts | None:
    """Return the facts of a run; None for a run of a version that kept none.

    Raises:
        DataError: the file is damaged.
    """
    path = run / TRAINING_FILE
    if not path.is_file():
        return None
    try:
        return TrainingFacts.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(
            f"{path} is damaged; delete it, and the card does without what it held:", explain(error, TrainingFacts)
        ) from error

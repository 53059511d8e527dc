"""The configuration of a training run: `configs/train/*.yaml`, with `key=value` overrides."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from conflict_ner.checkpoint import DEFAULT_ENCODER, WindowSettings
from conflict_ner.config import ConfigModel
from conflict_ner.errors import ConfigError, did_you_mean
from train import rooted, shown

OWN_KEYS = {
    "output_dir": "run",
    "seed": "seed",
    "data_seed": "seed",
    "full_determinism": "seed",
    "bf16": "precision",
    "fp16": "precision",
    "resume_from_checkpoint": "resume",
    "load_best_model_at_end": "nothing: the best epoch by validation score is always taken",
    "metric_for_best_model": "nothing: the strict F1 on the validation split decides",
    "greater_is_better": "nothing: a higher strict F1 is better",
    "remove_unused_columns": "nothing: the examples hold what the model takes",
    "label_names": "nothing: the labels come from the corpus",
    "label_smoothing_factor": "loss: it says what a reading is judged by",
}
"""Arguments of the Trainer that this project sets itself, and the key to use in their place."""

_STRATEGIES = {"eval_strategy", "logging_strategy", "save_strategy"}
_ABOVE_ZERO = {
    "gradient_accumulation_steps",
    "learning_rate",
    "num_train_epochs",
    "per_device_eval_batch_size",
    "per_device_train_batch_size",
}


class EncoderSettings(ConfigModel):
    """The pretrained encoder.

    Attributes:
        name: a folder, a hub id, or `package:NAME/FOLDER` for a folder inside an installed package.
        revision: branch, tag or commit of a hub id.
        new_head: begin with a fresh head where `name` is a finished model; by default its head and transitions go on.
        freeze_embeddings: leave the word embeddings as they are (faster, and no worse on this data).
        freeze_layers: leave this many of the lowest layers, and all embeddings, as they are: half as much work or less.
        config: values of the encoder's own config.json to change, such as its dropout.
    """

    name: str = DEFAULT_ENCODER
    revision: str | None = None
    new_head: bool = False
    freeze_embeddings: bool = True
    freeze_layers: int = Field(default=0, ge=0)
    config: dict[str, Any] = Field(default_factory=dict)


class LossSettings(ConfigModel):
    """What a reading is judged by; the parts add up, each with its weight.

    Attributes:
        cross_entropy: of each piece's tag alone.
        chain: of the whole sequence of tags, with learned transitions (train/chain.py).
    """

    cross_entropy: float = Field(default=1.0, ge=0)
    chain: float = Field(default=1.0, ge=0)

    @model_validator(mode="after")
    def _judges_something(self) -> LossSettings:
        if not self.cross_entropy and not self.chain:
            raise ValueError("cross_entropy and chain are both 0; a model learns from one of them at least")
        return self


class TeacherSettings(ConfigModel):
    """Finished models whose reading is learned beside the gold tags (train/teachers.py).

    Attributes:
        models: checkpoints of the corpus's labels, of any size and tokenizer.
        texts: a corpus or a `documents.jsonl` whose texts are learned from too, with the spans that the teachers read
            there; any spans that they have are passed over.
        by_sentence: cut these texts into sentences, for a corpus of sentences.
        most: so many of them, drawn by `seed`; null takes all.
        seed: of the draw.
        weight: of the teachers' probabilities in the loss, beside those of `loss`.
    """

    models: tuple[Path, ...] = Field(min_length=1)
    texts: Path | None = None
    by_sentence: bool = False
    most: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    weight: float = Field(default=1.0, ge=0)

    @property
    def portable(self) -> TeacherSettings:
        """The same, with no folder of this machine in its paths."""
        texts = Path(shown(self.texts)) if self.texts is not None else None
        return self.model_copy(update={"models": tuple(Path(shown(one)) for one in self.models), "texts": texts})


class TrainConfig(ConfigModel):
    """One training run.

    Attributes:
        name: names the run; `output` and `run` derive from it unless given.
        corpus: a folder made by `python -m train corpus`.
        output: where the finished checkpoint goes; by default `models/<name>`.
        run: where the Trainer's own checkpoints, the log and the scores go; by default `runs/<name>`.
        encoder: what is fine-tuned.
        windows: how long texts are cut, in tokens, special tokens counted in.
        consistency: share of a name's mean reading over a text in its reading at each place; 0 reads each by itself.
        least_score: spans below it are left out; null chooses it on the validation split (train/least_score.py).
        precision: autocast in `bfloat16` or `float16`, or `float32`; `auto` is bfloat16 where that is faster here.
        loss: what a reading is judged by.
        teachers: finished models that this one learns from too.
        head_rate: the weights that the run begins with, a fresh head and transitions, learn at the rate times this.
        seed: fixes initial weights, order and dropout.
        resume: true continues the run in `run`, false starts anew, null refuses to overwrite an unfinished one.
        trainer: passed through to `transformers.TrainingArguments`.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    corpus: Path
    output: Path | None = None
    run: Path | None = None
    encoder: EncoderSettings = EncoderSettings()
    windows: WindowSettings = WindowSettings()
    consistency: float = Field(default=0.4, ge=0, le=1)
    least_score: float | None = Field(default=None, ge=0, le=1)
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    loss: LossSettings = LossSettings()
    teachers: TeacherSettings | None = None
    head_rate: float = Field(default=10.0, gt=0)
    seed: int = Field(default=13, ge=0)
    resume: bool | None = None
    trainer: dict[str, Any] = Field(default_factory=dict)

    @property
    def output_folder(self) -> Path:
        """The absolute folder of the finished checkpoint."""
        return rooted(self.output or Path("models") / self.name)

    @property
    def run_folder(self) -> Path:
        """The absolute folder of the run."""
        return rooted(self.run or Path("runs") / self.name)

    def plain(self, **changes: Any) -> TrainConfig:
        """Return the plain training of a configuration that adds keys of its own, with changes."""
        return TrainConfig(**{name: getattr(self, name) for name in TrainConfig.model_fields} | changes)

    @field_validator("trainer")
    @classmethod
    def _knows_its_keys(cls, value: dict[str, Any]) -> dict[str, Any]:
        problems = list(_trainer_problems(value))
        if problems:
            raise ValueError("; ".join(problems))
        return value

    @property
    def teaching(self) -> float:
        """How much the teachers' probabilities count in the loss."""
        return self.teachers.weight if self.teachers is not None else 0.0

    @model_validator(mode="after")
    def _windows_overlap(self) -> TrainConfig:
        if self.windows.overlap > self.windows.size // 2:
            raise ValueError(
                f"windows.overlap {self.windows.overlap} is more than half of windows.size {self.windows.size}"
            )
        return self


def _trainer_problems(given: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each key under `trainer:` that TrainingArguments does not take."""
    from transformers import TrainingArguments

    allowed = {field.name: field for field in dataclasses.fields(TrainingArguments) if field.init}
    for key, value in given.items():
        if key in OWN_KEYS:
            yield f"{key} is set by this project; use {OWN_KEYS[key]}"
        elif key not in allowed:
            yield f"{key}: unknown key{did_you_mean(key, allowed)}"
        elif (kind := _other_kind(value, getattr(allowed[key].type, "__name__", str(allowed[key].type)))) is not None:
            yield f"{key}: {value!r} is no {kind}; the default is {allowed[key].default!r}"
        elif not _is_above_zero(key, value):
            yield f"{key}: {value!r} is not above 0; the default is {allowed[key].default!r}"


def _is_above_zero(key: str, value: Any) -> bool:
    """Tell whether a number that must be above zero is; what is no number is judged elsewhere."""
    return key not in _ABOVE_ZERO or isinstance(value, str) or not isinstance(value, int | float) or value > 0


def _other_kind(value: Any, annotation: str) -> str | None:
    """Return the kind that a plain annotation (`bool`, `int`, `float`) wants, if `value` is of another."""
    if "bool" in annotation:
        return None if isinstance(value, bool | str) or value is None else "truth value"
    if annotation.startswith(("int", "float")) and (isinstance(value, bool | str | list | dict)):
        return "number"
    return None


def training_arguments(config: TrainConfig, has_validation: bool) -> Any:
    """Build the Trainer's arguments.

    Args:
        config: the run's configuration.
        has_validation: whether there is a validation split to score each epoch on.

    Raises:
        ConfigError: a value that TrainingArguments refuses.
    """
    import torch
    from transformers import TrainingArguments

    precision = config.precision if config.precision != "auto" else faster_precision()
    given: dict[str, Any] = {
        "use_cpu": not torch.accelerator.is_available(),
        "bf16": precision == "bfloat16",
        "fp16": precision == "float16",
        "report_to": "none",
        "save_strategy": "epoch",
        "save_total_limit": 2,  # with the best model kept: the best and the last
        "logging_steps": 10,
        "dataloader_pin_memory": torch.accelerator.is_available(),
        "ddp_find_unused_parameters": False,  # every weight has a gradient, and looking for others takes time
        "logging_nan_inf_filter": False,  # the run stops at the first such loss, see train/trainer.py
        **({"eval_strategy": "epoch"} if has_validation else {}),
        # YAML reads `no` as false, and the Trainer wants the word.
        **{key: "no" if value is False and key in _STRATEGIES else value for key, value in config.trainer.items()},
        "output_dir": str(config.run_folder / "checkpoints"),
        "seed": config.seed,
        "data_seed": config.seed,
        "remove_unused_columns": False,
        **({"load_best_model_at_end": True, "metric_for_best_model": "strict_f1"} if has_validation else {}),
    }
    if not has_validation:
        given["eval_strategy"] = "no"
    try:
        arguments = TrainingArguments(**given)
    except (ValueError, TypeError, ImportError) as error:
        raise ConfigError(f"The Trainer refuses the arguments under `trainer:`: {error}") from error
    if arguments.fsdp and arguments.world_size == 1:
        raise ConfigError(
            "trainer.fsdp spreads a model over several processes, and this is one: launch it with "
            "`torchrun --nproc-per-node GPUS train/train.py CONFIG`, or leave trainer.fsdp out."
        )
    return arguments


def require_one_process(command: str) -> None:
    """Refuse to go on as one of several processes: a command of many trainings would write each of them twice.

    Raises:
        ConfigError: torchrun has started several.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise ConfigError(
            f"`python -m train {command}` runs in one process, and torchrun has started several; start it without "
            "torchrun."
        )


def faster_precision() -> Literal["float32", "bfloat16"]:
    """Say whether bfloat16 pays on this machine, by timing one matrix product of an encoder's size in both.

    A processor with bfloat16 units takes about half of float32's time, one without them ten times as long, and
    no list of processors stays right.
    """
    import torch

    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")
    assert device is not None
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return (
        "bfloat16" if _product_seconds(torch.bfloat16, device) < _product_seconds(torch.float32, device) else "float32"
    )


def _product_seconds(dtype: Any, device: Any) -> float:
    import torch

    left, right = torch.ones(1024, 384, dtype=dtype, device=device), torch.ones(384, 1536, dtype=dtype, device=device)
    float((left @ right)[0, 0])
    seconds: list[float] = []
    for _ in range(5):
        begin = time.perf_counter()
        float((left @ right)[0, 0])
        seconds.append(time.perf_counter() - begin)
    return min(seconds)

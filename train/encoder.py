"""Open the encoder of a run: a pretrained one with a fresh head, or a checkpoint whose head and transitions go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from conflict_ner.checkpoint import find_encoder, longest_window, require_fast
from conflict_ner.errors import CheckpointError, ConfigError, did_you_mean
from conflict_ner.schema import LabelSchema
from conflict_ner.transitions import Transitions, read_transitions
from train import rooted
from train.config import TrainConfig

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Encoder:
    """What a run begins with.

    Attributes:
        model: the encoder with its head.
        tokenizer: a fast one.
        new: names of the weights that the pretrained encoder does not bring.
        transitions: those of a checkpoint that had learned some.
        continued: whether the head is that of a checkpoint.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    new: frozenset[str]
    transitions: Transitions | None
    continued: bool


def load_encoder(config: TrainConfig, schema: LabelSchema) -> Encoder:
    """Open the encoder that a configuration names; a fresh head's weights follow from `config.seed`.

    Raises:
        CheckpointError: it cannot be found or opened, has no fast tokenizer, or reads other labels.
        ConfigError: `encoder.config` names values that the encoder's config does not have, or it has fewer layers
            than are to be frozen.
    """
    from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer, set_seed

    name = config.encoder.name
    path = find_encoder(str(rooted(Path(name))) if rooted(Path(name)).is_dir() else name, config.encoder.revision)
    set_seed(config.seed)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        before = AutoConfig.from_pretrained(path)
        finished = _has_head(before)
        continued = finished and not config.encoder.new_head
        if continued:
            _require_same_tags(name, before, schema)
        encoder_config = AutoConfig.from_pretrained(path, id2label=schema.id2tag, label2id=schema.tag2id)
        unknown = [
            f"encoder.config.{key}: unknown key{did_you_mean(key, encoder_config.to_dict())}"
            for key in config.encoder.config
            if not hasattr(encoder_config, key)
        ]
        if unknown:
            raise ConfigError(f"The encoder {name!r} has no such value(s) in its config.json:", unknown)
        encoder_config.update(config.encoder.config)
        replaced = finished and not continued
        model, report = AutoModelForTokenClassification.from_pretrained(
            path, config=encoder_config, output_loading_info=True, ignore_mismatched_sizes=replaced
        )
        new = _renew_head(model) if replaced else frozenset(report["missing_keys"])
        transitions = read_transitions(Path(path), schema.tags) if continued else None
    except ImportError as error:
        raise CheckpointError(f"The encoder {name!r} needs a package that is missing here: {error}") from error
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"The encoder {name!r} cannot be opened: {error}{_hint(Path(path))}") from error
    require_fast(tokenizer, name)
    if 2 * len(tokenizer) < model.get_input_embeddings().num_embeddings:
        raise CheckpointError(
            f"The tokenizer of {name!r} knows {len(tokenizer)} pieces, and its weights are for "
            f"{model.get_input_embeddings().num_embeddings}: its folder lacks tokenizer.json, or has another model's."
        )
    most = longest_window(model.config, tokenizer)
    if config.windows.size > most:
        raise CheckpointError(
            f"windows.size {config.windows.size} is more than {name!r} can take; set windows.size={most} or less."
        )
    _freeze(model, config)
    return Encoder(model, tokenizer, new, transitions, continued)


def _hint(folder: Path) -> str:
    """Say what a tokenizer needs that is published as a SentencePiece model alone, such as DeBERTa's."""
    if (folder / "tokenizer.json").is_file() or not any(folder.glob("*.model")):
        return ""
    return " Its tokenizer is a SentencePiece model, which is read with: pip install sentencepiece protobuf"


def _has_head(config: PreTrainedConfig) -> bool:
    """Tell whether a folder holds a token-classification model, and not an encoder alone."""
    return any(name.endswith("ForTokenClassification") for name in config.architectures or ())


def _require_same_tags(name: str, config: PreTrainedConfig, schema: LabelSchema) -> None:
    """Refuse a head whose tags are others, even where they are as many: it would read one label as another."""
    names: Any = config.id2label
    found = [names[number] for number in range(len(names))]
    if found != list(schema.tags):
        raise CheckpointError(
            f"{name!r} is a finished model that reads {', '.join(_labels(found))}, and the corpus is labelled with "
            f"{', '.join(schema.label_names)}. Add encoder.new_head=true to take its encoder alone, "
            "or name a checkpoint with the labels of the corpus."
        )


def _labels(tags: list[str]) -> Iterator[str]:
    """Yield the labels behind tags such as B-PLACE, each once."""
    yield from dict.fromkeys(tag.partition("-")[2] or tag for tag in tags if tag != "O")


def _freeze(model: PreTrainedModel, config: TrainConfig) -> None:
    """Keep what the configuration says as it is; ConfigError: there are not so many layers."""
    from torch import nn

    if config.encoder.freeze_embeddings:
        model.get_input_embeddings().weight.requires_grad_(False)
    count = config.encoder.freeze_layers
    if not count:
        return
    inner: Any = model.base_model
    layers = max((part for part in inner.modules() if isinstance(part, nn.ModuleList)), key=len)
    if count > len(layers):
        raise ConfigError(f"encoder.freeze_layers {count} is more than the {len(layers)} of {config.encoder.name!r}.")
    # Embeddings that learned below layers that do not would take the whole way back, and the time that it takes.
    for part in (getattr(inner, "embeddings", inner.get_input_embeddings()), *layers[:count]):
        part.requires_grad_(False)


def _renew_head(model: PreTrainedModel) -> frozenset[str]:
    """Give all that a token-classification model has besides its encoder fresh weights, and return their names."""
    from transformers import AutoModelForTokenClassification

    automatic: Any = AutoModelForTokenClassification
    fresh = automatic.from_config(model.config)
    inner = f"{model.base_model_prefix}."
    head = {name: weights for name, weights in fresh.state_dict().items() if not name.startswith(inner)}
    model.load_state_dict(head, strict=False)
    return frozenset(head)

"""Open the pretrained encoder of a run with a fresh token-classification head for the schema's tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conflict_ner.checkpoint import find_encoder, require_fast
from conflict_ner.errors import CheckpointError, ConfigError, did_you_mean
from conflict_ner.schema import LabelSchema
from train.config import TrainConfig

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def load_encoder(config: TrainConfig, schema: LabelSchema) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return model and tokenizer; the head's initial weights follow from `config.seed`.

    Raises:
        CheckpointError: the encoder cannot be found or opened, or has no fast tokenizer.
        ConfigError: `encoder.config` names values that the encoder's config does not have.
    """
    from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer, set_seed

    name = config.encoder.name
    path = find_encoder(name, config.encoder.revision)
    set_seed(config.seed)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        encoder_config = AutoConfig.from_pretrained(path, id2label=schema.id2tag, label2id=schema.tag2id)
        unknown = [
            f"encoder.config.{key}: unknown key{did_you_mean(key, encoder_config.to_dict())}"
            for key in config.encoder.config
            if not hasattr(encoder_config, key)
        ]
        if unknown:
            raise ConfigError(f"The encoder {name!r} has no such value(s) in its config.json:", unknown)
        encoder_config.update(config.encoder.config)
        model = AutoModelForTokenClassification.from_pretrained(path, config=encoder_config)
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"The encoder {name!r} cannot be opened: {error}") from error
    require_fast(tokenizer, name)
    most = getattr(model.config, "max_position_embeddings", None)
    if most is not None and config.windows.size > most:
        raise CheckpointError(
            f"windows.size {config.windows.size} is more than {name!r} can take; set windows.size={most} or less."
        )
    if config.encoder.freeze_embeddings:
        model.get_input_embeddings().weight.requires_grad_(False)
    return model, tokenizer

"""The shipped configurations of other encoders, each trained two steps on a random small model of its kind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForTokenClassification,
    BertConfig,
    DebertaV2Config,
    ModernBertConfig,
    MPNetConfig,
    PreTrainedConfig,
    set_seed,
)

from conflict_ner.checkpoint import read_info
from conflict_ner.config import read_config
from conflict_ner.documents import Document
from conflict_ner.errors import CheckpointError, ConfigError
from conflict_ner.schema import LabelSchema
from conflict_ner.spans import BioTags
from conflict_ner.transitions import read_transitions
from tests import small_models, small_tokenizers
from tests.conftest import Trained
from train.config import TrainConfig, training_arguments
from train.encoder import load_encoder
from train.examples import encode
from train.tagging import TaggingModel
from train.train import train
from train.trainer import build_trainer

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
DEBERTA = {
    "relative_attention": True,
    "position_buckets": 32,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "type_vocab_size": 0,
}
MODERN = {"local_attention": 16, "pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3}
# Configuration -> how a model of its architecture is made, its tokenizer, and the longest text it takes.
CASES: dict[str, tuple[type[PreTrainedConfig], dict[str, object], str, int]] = {
    "conflibert": (BertConfig, {}, "wordpiece", 512),
    "conflibert-2": (ModernBertConfig, MODERN, "byte-level", 8192),
    "modernbert-base": (ModernBertConfig, MODERN, "byte-level", 8192),
    "fsdp": (ModernBertConfig, MODERN, "byte-level", 8192),
    "deberta-v3-base": (DebertaV2Config, DEBERTA, "metaspace", 512),
    "mpnet": (MPNetConfig, {}, "wordpiece", 512),
}
ONE_PROCESS = ("trainer.fsdp=false", "precision=float32")
SLOW = '{"tokenizer_class": "CanineTokenizer"}'
SHORT = ("trainer.max_steps=2", "trainer.per_device_train_batch_size=4", "precision=float32")


def save_encoder(folder: Path, kind: type[PreTrainedConfig], more: dict[str, object], words: str, longest: int) -> Path:
    """Write a random model as those who pretrained it publish it: with a masked-language head, or none."""
    from transformers import AutoModelForMaskedLM

    tokenizer = small_tokenizers.build(words)
    set_seed(0)
    sizes = {**SIZES, "vocab_size": len(tokenizer), "max_position_embeddings": longest, **more}
    AutoModelForMaskedLM.from_config(kind(**sizes)).save_pretrained(folder)
    tokenizer.model_max_length = longest
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", ["conflibert", "modernbert-base", "deberta-v3-base", "mpnet"])
def test_a_shipped_configuration_trains_its_architecture(name: str, seed_corpus: Path, tmp_path: Path) -> None:
    encoder = save_encoder(tmp_path / "encoder", *CASES[name])
    paths = [f"run={tmp_path / 'run'}", f"output={tmp_path / 'model'}", f"corpus={seed_corpus}"]
    overrides = [*paths, *SHORT, *ONE_PROCESS, f"encoder.name={encoder}"]
    train(read_config(Path(f"configs/train/{name}.yaml"), TrainConfig, overrides))
    assert "I-CASUALTY_COUNT" in json.loads((tmp_path / "model" / "config.json").read_text())["label2id"]
    assert json.loads((tmp_path / "run" / "scores.json").read_text()).keys() == {"validation", "test"}


@pytest.mark.parametrize("name", CASES)
def test_new_weights_learn_faster_and_frozen_ones_not_at_all(
    name: str, schema: LabelSchema, gold: list[Document], tmp_path: Path
) -> None:
    encoder = save_encoder(tmp_path / "encoder", *CASES[name])
    path = Path(f"configs/train/{name}.yaml")
    config = read_config(path, TrainConfig, [f"run={tmp_path / 'run'}", f"encoder.name={encoder}", *ONE_PROCESS])
    begun, tags = load_encoder(config, schema), BioTags.of(schema)
    trainer = build_trainer(
        TaggingModel.of(begun, tags, config.loss),
        begun.tokenizer,
        training_arguments(config, has_validation=False),
        {"train": encode(gold[:1], begun.tokenizer, tags, config.windows)},
        tags,
        config,
    )
    optimized = {id(one): group["lr"] for group in trainer.create_optimizer().param_groups for one in group["params"]}
    rates = {weights: optimized.get(id(one), 0.0) for weights, one in trainer.model.named_parameters()}
    rate = trainer.args.learning_rate
    inner = f"encoder.{begun.model.base_model_prefix}."
    assert {"chain.first", "chain.between", "encoder.classifier.weight", "encoder.classifier.bias"} <= rates.keys()
    for weights, found in rates.items():
        frozen = config.encoder.freeze_embeddings and weights.endswith("word_embeddings.weight")
        # ModernBERT's prediction head has pretrained layers of its own before the classifier.
        brought = weights.startswith((inner, "encoder.head."))
        assert found == pytest.approx(0.0 if frozen else rate if brought else 10 * rate), weights


@pytest.mark.parametrize("name", ["conflibert", "modernbert-base", "deberta-v3-base", "mpnet"])
def test_the_lowest_layers_can_be_left_as_they_are(name: str, schema: LabelSchema, tmp_path: Path) -> None:
    encoder = save_encoder(tmp_path / "encoder", *CASES[name])
    path, frozen = Path(f"configs/train/{name}.yaml"), [f"encoder.name={encoder}", "encoder.freeze_layers=1"]
    model = load_encoder(read_config(path, TrainConfig, frozen), schema).model
    learning = {weights for weights, one in model.named_parameters() if one.requires_grad}
    assert not [weights for weights in learning if "embeddings." in weights and "rel_embeddings" not in weights]
    assert not [weights for weights in learning if ".layer.0." in weights or ".layers.0." in weights]
    assert [weights for weights in learning if ".layer.1." in weights or ".layers.1." in weights]
    with pytest.raises(ConfigError, match=r"encoder\.freeze_layers 3 is more than the 2"):
        load_encoder(read_config(path, TrainConfig, [*frozen, "encoder.freeze_layers=3"]), schema)


def begin_with(path: Path, tmp_path: Path, seed_corpus: Path, *overrides: str) -> TrainConfig:
    """Return the shipped configuration of a second stage that begins with a checkpoint."""
    paths = [f"run={tmp_path / 'run'}", f"output={tmp_path / 'model'}", f"corpus={seed_corpus}"]
    given = [f"encoder.name={path}", "windows.size=96", "windows.overlap=32", *SHORT, *paths, *overrides]
    return read_config(Path("configs/train/two-stage.yaml"), TrainConfig, given)


def test_a_second_stage_goes_on_with_head_and_transitions(
    trained: Trained, schema: LabelSchema, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = begin_with(trained.model, tmp_path, trained.corpus)
    begun = load_encoder(config, schema)
    first = AutoModelForTokenClassification.from_pretrained(trained.model)
    assert torch.equal(begun.model.classifier.weight, first.classifier.weight)
    model = TaggingModel.of(begun, BioTags.of(schema), config.loss)
    assert model.new == frozenset()
    kept = read_transitions(trained.model, schema.tags)
    assert kept is not None
    assert kept.between.any()
    assert model.transitions is not None
    assert (model.transitions.between == kept.between).all()
    train(config)
    assert "its head and transitions go on" in capsys.readouterr().out
    assert read_info(tmp_path / "model").encoder == str(trained.model)


def test_a_model_of_other_labels_is_refused_or_gives_its_encoder_alone(
    trained: Trained, schema: LabelSchema, tmp_path: Path
) -> None:
    # As many labels, and one of another name: transformers alone would take the head over without a word.
    other = tmp_path / "other"
    shutil.copytree(trained.model, other)
    (other / "config.json").write_text((other / "config.json").read_text().replace("PLACE", "SPOT"))
    with pytest.raises(CheckpointError, match="reads ARMED_GROUP, SPOT, CASUALTY_COUNT, DATE") as caught:
        train(begin_with(other, tmp_path, trained.corpus))
    assert "encoder.new_head=true" in str(caught.value)
    begun = load_encoder(begin_with(other, tmp_path, trained.corpus, "encoder.new_head=true"), schema)
    first = AutoModelForTokenClassification.from_pretrained(trained.model)
    assert begun.new == {"classifier.weight", "classifier.bias"}
    assert not torch.equal(begun.model.classifier.weight, first.classifier.weight)
    assert torch.equal(begun.model.bert.encoder.layer[1].output.dense.weight,
                       first.bert.encoder.layer[1].output.dense.weight)  # fmt: skip
    assert begun.transitions is None


@pytest.mark.parametrize(
    ("missing", "files", "told"),
    [
        ("tokenizer*.json", {}, "its folder lacks tokenizer.json"),
        (
            "tokenizer*.json",
            {"tokenizer_config.json": '{"tokenizer_class": "CanineTokenizer"}'},
            "no character offsets",
        ),
        ("tokenizer.json", {"spm.model": "none"}, "pip install sentencepiece protobuf"),
        ("model.safetensors", {"model.safetensors": "none"}, "cannot be opened"),
    ],
    ids=["no tokenizer", "slow tokenizer", "sentencepiece", "damaged weights"],
)
def test_an_encoder_that_cannot_be_used_is_told(
    small_encoder: Path, schema: LabelSchema, tmp_path: Path, missing: str, files: dict[str, str], told: str
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(small_encoder, broken)
    for path in broken.glob(missing):
        path.unlink()
    for name, content in files.items():
        (broken / name).write_text(content)
    config = small_models.write_config(tmp_path / "small.yaml", broken, tmp_path)
    with pytest.raises(CheckpointError, match=told):
        load_encoder(read_config(config, TrainConfig), schema)

"""One fine-tuning: material in, a scored checkpoint and its run folder out."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conflict_ner.checkpoint import CheckpointInfo, save_checkpoint
from conflict_ner.console import out
from conflict_ner.schema import LabelSchema
from conflict_ner.spans import BioTags
from conflict_ner.tagger import Tagger
from conflict_ner.transitions import TRANSITIONS_FILE, transitions_json
from conflict_ner.trimming import are_trimmed
from train import rooted
from train.card.card import local_address, write_card
from train.card.content import CardContent, Pairs, with_scores
from train.card.facts import training_facts, write_facts
from train.config import TrainConfig, training_arguments
from train.corpus import read_manifest
from train.encoder import Encoder, load_encoder
from train.examples import Examples, loss_lines
from train.faults import faults_told
from train.least_score import chosen
from train.loggers import keep_logs_in_run, prepare_loggers
from train.material import Material
from train.predict import predict
from train.run import CONFIG_FILE, SCORES_FILE, Run, resolved_yaml
from train.score import Scores, render, score_documents
from train.tagging import TaggingModel
from train.teachers import examples_of
from train.trainer import SpanTrainer, build_trainer

if TYPE_CHECKING:
    from transformers import TrainingArguments

CHECKPOINT_CONFIG = "train.yaml"
"""The resolved configuration, as it is kept beside the weights."""
SCORED = ("validation", "test")


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        scores: split -> scores of the finished checkpoint, as its users will read it.
        seconds: of training alone; a resumed run counts those since it was resumed.
        tokens_per_second: in training, padding not counted; None for a resumed run, which does not know its past.
    """

    scores: Mapping[str, Scores]
    seconds: float
    tokens_per_second: float | None


def fine_tune(config: TrainConfig, material: Material) -> Outcome | None:
    """Train on the train split, keep the best epoch by the validation split, score, and write it all.

    Returns:
        The outcome; None in the helping processes of a distributed run.

    Raises:
        ConfigError: the configuration cannot be run as it is.
        CheckpointError: the encoder cannot be found or opened.
        TrainingError: it cannot go on, see train/faults.py.
    """
    run = Run(config.run_folder)
    resume_from = run.to_resume(config)
    given, material = material, material.with_spans()
    arguments = training_arguments(config, has_validation="validation" in material.splits)
    is_main = arguments.process_index == 0
    prepare_loggers(arguments, config, resumed=resume_from is not None)
    encoder = load_encoder(config, material.schema)
    tokenizer, tags = encoder.tokenizer, BioTags.of(material.schema)
    examples = examples_of(config, material, tuple(material.splits), tokenizer, tell=is_main)
    model = TaggingModel.of(encoder, tags, config.loss, config.teaching)
    trainer = build_trainer(model, tokenizer, arguments, examples, tags, config)
    if resume_from is not None:
        run.require_fit(resume_from, material, {name: tuple(one.shape) for name, one in model.state_dict().items()})
    if is_main:
        _tell_plan(config, encoder, examples, arguments)
        if given.splits.get("validation") and "validation" not in material.splits:
            out.print(
                f"  no document of the validation split of {config.corpus} has a span, so no epoch can be told from "
                "another by it: the last one is taken; label some of them, or divide the corpus otherwise",
                style="yellow",
                markup=False,
            )
        if resume_from is not None:
            for line in run.resume_lines(resume_from, config, material):
                out.print(line, markup=False, soft_wrap=True)
    keep_logs_in_run(trainer, config)
    outcome = None
    with faults_told(run, config, is_main):
        if is_main:
            run.begin(config, material)
        result = trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
        trainer.model = trainer.whole_model()
        if is_main:
            seconds = float(result.metrics["train_runtime"])
            speed = examples["train"].pieces * result.metrics["epoch"] / seconds if resume_from is None else None
            told = f", {speed:,.0f} tokens a second, padding not counted." if speed is not None else "."
            out.print(f"Trained in {seconds:.0f} s{told}")
            outcome = Outcome(_finish(config, material, trainer, tokenizer, seconds, speed), seconds, speed)
    trainer.accelerator.wait_for_everyone()
    trainer.accelerator.end_training()
    return outcome


def _tell_plan(
    config: TrainConfig, encoder: Encoder, examples: Mapping[str, Examples], arguments: TrainingArguments
) -> None:
    where = f" in {arguments.world_size} processes" if arguments.world_size > 1 else ""
    out.print(f"Training [bold]{config.name}[/bold]{where}: {config.encoder.name} on {config.corpus}")
    if arguments.fsdp and arguments.device.type == "cpu":
        out.print(
            "  FSDP shards over GPUs alone, and there is none: each process holds the whole model", style="yellow"
        )
    if encoder.continued:
        brought = "head and transitions go" if encoder.transitions is not None else "head goes"
        out.print(f"  it reads the labels of the corpus already: its {brought} on", markup=False)
    for split, encoded in examples.items():
        spans = sum(len(item.document.spans) for item in encoded.documents)
        out.print(
            f"  {split}: {len(encoded.documents)} documents, {spans:,} spans, {encoded.pieces:,} tokens "
            f"in {len(encoded.features)} windows"
        )
    for split, encoded in examples.items():
        if encoded.lost:
            for line in loss_lines(encoded, split):
                out.print(line, style="yellow", markup=False)
    if not any(encoded.lost for encoded in examples.values()):
        out.print("  every span can be represented by the tokenizer: none is lost, nothing is truncated")


def _finish(
    config: TrainConfig,
    material: Material,
    trainer: SpanTrainer,
    tokenizer: Any,
    seconds: float,
    tokens_per_second: float | None,
) -> dict[str, Scores]:
    """Write the checkpoint, score it as its users will read it, and write the scores into card and run."""
    model: TaggingModel = trainer.model
    info = CheckpointInfo(
        name=config.name,
        labels=material.schema,
        windows=config.windows,
        consistency=config.consistency,
        trimmed=are_trimmed(material.splits["train"]),
        least_score=config.least_score if config.least_score is not None else chosen(trainer.state.log_history),
        encoder=config.encoder.name,
        corpus=dict(material.corpus),
        created=datetime.datetime.now(datetime.UTC).date(),
    )
    files = {CHECKPOINT_CONFIG: resolved_yaml(config)}
    if model.transitions is not None:
        files[TRANSITIONS_FILE] = transitions_json(model.transitions, material.schema.tags)
    saved = save_checkpoint(config.output_folder, model.encoder, tokenizer, info, files)
    facts = training_facts(trainer, config.encoder, saved.weights_sha256 or "", seconds, tokens_per_second)
    run = Run(config.run_folder)
    readings = _read_held_out(config, material, run)
    scores = _score(readings, material.schema)
    info = save_checkpoint(config.output_folder, model.encoder, tokenizer, with_scores(info, scores), files)
    card = CardContent(
        name=config.name,
        address=local_address(config.output_folder),
        info=info,
        config=config,
        training=facts,
        manifest=read_manifest(rooted(config.corpus)),
        splits=material.splits,
        scores=scores,
        readings=readings,
        transitions=model.transitions is not None,
    )
    write_card(config.output_folder, card)
    run.write_history(trainer.state.log_history)
    write_facts(run.folder, facts)
    run.finish({split: score.model_dump(mode="json", exclude_none=True) for split, score in scores.items()})
    for title, path in (
        ("Model", config.output_folder),
        ("Scores", run.folder / SCORES_FILE),
        ("Config", run.folder / CONFIG_FILE),
    ):
        out.print(f"{title + ':':8}{path}", markup=False, soft_wrap=True)
    return scores


def _read_held_out(config: TrainConfig, material: Material, run: Run) -> dict[str, Pairs]:
    """Read the held-out splits with the finished checkpoint, keep what it read, and pair it with gold."""
    tagger = Tagger.load(config.output_folder)
    readings: dict[str, Pairs] = {}
    for split in SCORED:
        documents = material.splits.get(split)
        if not documents:
            out.print(f"There is no {split} split in {config.corpus}: no {split} score.")
            continue
        predicted = predict(tagger, documents)
        run.write_predictions(split, predicted)
        readings[split] = list(zip(documents, predicted, strict=True))
    return readings


def _score(readings: Mapping[str, Pairs], schema: LabelSchema) -> dict[str, Scores]:
    """Score each split, and print its table."""
    scores = {}
    for split, pairs in readings.items():
        gold, predicted = zip(*pairs, strict=True)
        scores[split] = score_documents(gold, predicted, schema.label_names)
        out.print(f"\nScores on the {split} split:")
        out.print(render(scores[split]))
        for note in scores[split].notes:
            out.print(note, markup=False, soft_wrap=True)
    return scores

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

from typing import TYPE_CHECKING, Annotated, Any

import typer

from conflict_ner.console import new_app, out, quiet_transformers, run

if TYPE_CHECKING:
    from conflict_ner.documents import Document
    from conflict_ner.schema import LabelSchema
    from train.config import TrainConfig
    from train.examples import Examples

CHECKPOINT_CONFIG = "train.yaml"
"""The resolved configuration, as it is kept beside the weights."""

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
    from conflict_ner.errors import ConfigError
    from conflict_ner.spans import BioTags
    from train import rooted
    from train.config import training_arguments
    from train.corpus import read_corpus, read_schema
    from train.encoder import load_encoder
    from train.examples import encode
    from train.run import Run

    quiet_transformers()
    corpus_folder = rooted(config.corpus)
    corpus, schema = read_corpus(corpus_folder), read_schema(corpus_folder)
    if not corpus.get("train"):
        raise ConfigError(
            f"The corpus {corpus_folder} has no train split; build one that leaves documents to train on."
        )
    run_folder = Run(config.run_folder)
    resume_from = run_folder.to_resume(config)
    arguments = training_arguments(config, has_validation=bool(corpus.get("validation")))
    is_main = arguments.process_index == 0
    model, tokenizer = load_encoder(config, schema)
    tags = BioTags.of(schema)
    examples = {split: encode(documents, tokenizer, tags, config.windows) for split, documents in corpus.items()}
    if is_main:
        _tell_plan(config, examples, arguments.world_size)
        if resume_from is not None:
            for line in run_folder.resume_lines(resume_from, config):
                out.print(line, markup=False)
        run_folder.begin(config)
    trainer = _build_trainer(model, tokenizer, arguments, examples, tags)
    try:
        result = trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
    except BaseException:
        if is_main and run_folder.checkpoints:
            out.print(
                f"Training stopped early; {run_folder.checkpoints[-1]} is kept. Add resume=true to go on from there.",
                style="yellow",
            )
        raise
    if is_main:
        seconds = result.metrics["train_runtime"]
        speed = examples["train"].pieces * result.metrics["epoch"] / seconds
        # A resumed run counts the epochs before it and not their time.
        out.print(
            f"Trained in {seconds:.0f} s"
            + (f", {speed:,.0f} tokens a second, padding not counted." if resume_from is None else ".")
        )
        _save(config, schema, trainer.model, tokenizer, corpus)
    trainer.accelerator.wait_for_everyone()
    trainer.accelerator.end_training()


def _tell_plan(config: TrainConfig, examples: dict[str, Examples], processes: int) -> None:
    from train.examples import loss_lines

    where = f" in {processes} processes" if processes > 1 else ""
    out.print(f"Training [bold]{config.name}[/bold]{where}: {config.encoder.name} on {config.corpus}")
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


def _build_trainer(model: Any, tokenizer: Any, arguments: Any, examples: dict[str, Examples], tags: Any) -> Any:
    from torch.utils.data import SequentialSampler
    from transformers import DataCollatorForTokenClassification, PrinterCallback, ProgressCallback, Trainer

    from conflict_ner.matching import merged, micro, strict
    from train.progress import EpochLines

    validation = examples.get("validation")

    def metrics(evaluated: Any) -> dict[str, float]:
        assert validation is not None
        predicted = validation.predicted(evaluated.predictions, tags)
        counts = micro(
            merged(
                strict(item.document.spans, spans) for item, spans in zip(validation.documents, predicted, strict=True)
            )
        )
        return {"strict_f1": counts.f1, "precision": counts.precision, "recall": counts.recall}

    class OrderedTrainer(Trainer):
        """Keeps the windows of a document together and in order where they are scored.

        The Trainer's own sampler would order them by length when training does.
        """

        def _get_eval_sampler(self, eval_dataset: Any) -> SequentialSampler:
            return SequentialSampler(eval_dataset)

    trainer = OrderedTrainer(
        model=model,
        args=arguments,
        data_collator=DataCollatorForTokenClassification(tokenizer, pad_to_multiple_of=8),
        train_dataset=examples["train"].features,
        eval_dataset=validation.features if validation else None,
        compute_metrics=metrics if validation else None,
        callbacks=[EpochLines()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    return trainer


def _save(
    config: TrainConfig, schema: LabelSchema, model: Any, tokenizer: Any, corpus: dict[str, list[Document]]
) -> None:
    """Write the checkpoint, score it as its users will read it, and write the scores into card and run."""
    from conflict_ner.checkpoint import CheckpointInfo, save_checkpoint
    from conflict_ner.tagger import Tagger
    from train import rooted
    from train.card import model_card
    from train.corpus import manifest_sha256
    from train.run import CONFIG_FILE, SCORES_FILE, Run, resolved_yaml
    from train.score import predict, render, score_documents

    corpus_folder = rooted(config.corpus)
    info = CheckpointInfo(
        name=config.name,
        labels=schema,
        windows=config.windows,
        encoder=config.encoder.name,
        corpus={"name": corpus_folder.name, "manifest_sha256": manifest_sha256(corpus_folder)},
    )
    files = {CHECKPOINT_CONFIG: resolved_yaml(config)}
    save_checkpoint(config.output_folder, model, tokenizer, info, files)
    tagger = Tagger.load(config.output_folder)
    scores = {}
    for split in ("validation", "test"):
        documents = corpus.get(split)
        if not documents:
            out.print(f"There is no {split} split in {config.corpus}: no {split} score.")
            continue
        scores[split] = score_documents(documents, predict(tagger, documents), schema.label_names)
        out.print(f"\nScores on the {split} split:")
        out.print(render(scores[split]))
        for note in scores[split].notes:
            out.print(note, markup=False, soft_wrap=True)
    info = info.model_copy(
        update={"scores": {f"{split}_strict_f1": round(score.strict_f1, 4) for split, score in scores.items()}}
    )
    files["README.md"] = model_card(info, scores, corpus)
    save_checkpoint(config.output_folder, model, tokenizer, info, files)
    run_folder = Run(config.run_folder)
    run_folder.finish({split: score.model_dump(mode="json", exclude_none=True) for split, score in scores.items()})
    for title, path in (
        ("Model", config.output_folder),
        ("Scores", run_folder.folder / SCORES_FILE),
        ("Config", run_folder.folder / CONFIG_FILE),
    ):
        out.print(f"{title + ':':8}{path}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(app, "train/train.py")

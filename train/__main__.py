"""The command line of the machine-learning side: `python -m train COMMAND`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conflict_ner.console import new_app, run

app = new_app("Build a corpus, look it over, train on it, and score what came out.")

Json = Annotated[Path | None, typer.Option("--json", help="Also write it as JSON here; - for standard output alone.")]


@app.command()
def corpus(
    config: Annotated[Path, typer.Argument(help="A file of configs/corpus/.", show_default=False)],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Such as seed=7.", show_default=False)
    ] = None,
) -> None:
    """Build the corpus that a configuration describes."""
    from conflict_ner.config import read_config
    from train.corpus import CorpusConfig, build_and_tell

    build_and_tell(read_config(config, CorpusConfig, overrides or []))


@app.command()
def check(
    corpus: Annotated[Path, typer.Argument(help="A folder made by `python -m train corpus`.", show_default=False)],
    encoder: Annotated[
        str | None, typer.Option(help="Whose tokenizer is asked: folder, package:... or hub id [the packaged MiniLM].")
    ] = None,
    window: Annotated[int | None, typer.Option(help="Tokens of a window [as in training].", min=16)] = None,
    overlap: Annotated[int | None, typer.Option(help="Tokens that windows share [as in training].", min=0)] = None,
    json: Json = None,
) -> None:
    """Look a corpus over before training: counts, overlap, lost spans, long and doubled documents."""
    from train.check import check_and_tell

    check_and_tell(corpus, encoder, window, overlap, json)


@app.command()
def score(
    gold: Annotated[Path, typer.Argument(help="A documents.jsonl, or a corpus folder.", show_default=False)],
    model: Annotated[str | None, typer.Option(help="Checkpoint folder or hub id.", show_default=False)] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="A documents.jsonl with predicted spans.", show_default=False)
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split of a corpus folder [test].", show_default=False)] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples; 0 for no intervals.", min=0)] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the resampling.", min=0)] = 0,
    json: Json = None,
) -> None:
    """Score a model, or a file of predictions, against gold documents."""
    from train.score import score_and_tell

    score_and_tell(gold, model, predictions, split, resamples, seed, json)


if __name__ == "__main__":
    run(app, "python -m train")

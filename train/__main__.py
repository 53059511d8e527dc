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
def kfold(
    config: Annotated[Path, typer.Argument(help="configs/train/kfold.yaml, or one like it.", show_default=False)],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Such as folds=3.", show_default=False)
    ] = None,
) -> None:
    """Train fold after fold, and score each document by the model that did not see it."""
    from conflict_ner.config import read_config
    from train.kfold import KfoldConfig, kfold_and_tell

    kfold_and_tell(read_config(config, KfoldConfig, overrides or []))


@app.command()
def sweep(
    config: Annotated[Path, typer.Argument(help="configs/train/sweep.yaml, or one like it.", show_default=False)],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Such as trials=40.", show_default=False)
    ] = None,
) -> None:
    """Search for better values of a training's configuration; the same command goes on where it was stopped."""
    from conflict_ner.config import read_config
    from train.sweep.config import SweepConfig
    from train.sweep.search import sweep_and_tell

    sweep_and_tell(read_config(config, SweepConfig, overrides or []))


@app.command()
def curve(
    config: Annotated[Path, typer.Argument(help="configs/train/curve.yaml, or one like it.", show_default=False)],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Such as seeds=[13,14].", show_default=False)
    ] = None,
) -> None:
    """Train on more and more documents, and tell what a hundred more would bring."""
    from conflict_ner.config import read_config
    from train.curve.config import CurveConfig
    from train.curve.run import curve_and_tell

    curve_and_tell(read_config(config, CurveConfig, overrides or []))


@app.command()
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of runs, or files of predictions; the first is compared with.", show_default=False
        ),
    ],
    gold: Annotated[
        Path | None, typer.Option(help="A documents.jsonl or a corpus folder [the first run's corpus].")
    ] = None,
    split: Annotated[str, typer.Option(help="Whose predictions: test, validation or out-of-fold.")] = "test",
    rounds: Annotated[int, typer.Option(help="Rounds of resampling and of swapping.", min=100)] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of both.", min=0)] = 0,
    json: Json = None,
) -> None:
    """Tell whether a run is better than another on the same documents, or lucky."""
    from train.compare import compare_and_tell

    compare_and_tell(runs, gold, split, rounds, seed, json)


@app.command()
def calibrate(
    run: Annotated[Path, typer.Argument(help="Folder of a run, such as runs/kfold.", show_default=False)],
    model: Annotated[Path | None, typer.Option(help="The checkpoint that gets the calibration.")] = None,
    split: Annotated[str, typer.Option(help="Whose predictions: out-of-fold, validation or test.")] = "out-of-fold",
    precision: Annotated[
        list[float] | None, typer.Option(help="A wanted precision; may be given often [0.8 0.9 0.95].", min=0, max=1)
    ] = None,
    gold: Annotated[Path | None, typer.Option(help="A documents.jsonl or a corpus folder [the run's corpus].")] = None,
) -> None:
    """Make a model's span scores mean what they say, from documents that were held out."""
    from train.calibrate import PRECISIONS, calibrate_and_tell

    calibrate_and_tell(run, model, split, precision or PRECISIONS, gold)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run, such as runs/mini.", show_default=False)],
    output: Annotated[Path | None, typer.Option(help="The page [report.html in the run's folder].")] = None,
    shown: Annotated[int, typer.Option(help="Errors that it shows at most.", min=0)] = 500,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write one page on a run: scores, curves, confusions, errors in their text, calibration, configuration."""
    from train.run_report.command import report_and_tell

    report_and_tell(run, output, shown, show)


@app.command("label-errors")
def label_errors(
    run: Annotated[Path, typer.Argument(help="Folder of a finished k-fold run.", show_default=False)],
    output: Annotated[Path | None, typer.Option(help="The file [label-errors.jsonl in the run's folder].")] = None,
    top: Annotated[int, typer.Option(help="How many are printed.", min=0)] = 20,
    json: Json = None,
) -> None:
    """Rank likely annotation errors by what models that did not learn from them read."""
    from train.suspects.command import label_errors_and_tell

    label_errors_and_tell(run, output, top, json)


@app.command()
def publish(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run, such as runs/mini.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="Of the published model [the run's].")] = None,
    to: Annotated[Path | None, typer.Option(help="The folder of models [models].")] = None,
    kfold: Annotated[Path | None, typer.Option(help="A k-fold run of the recipe, for its pooled scores.")] = None,
    licence: Annotated[str | None, typer.Option(help="Of the weights, such as cc-by-nc-4.0 [the encoder's].")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Let another model of that name go.")] = False,
    push_to_hub: Annotated[str | None, typer.Option(metavar="ORG/NAME", help="Send it to this repository too.")] = None,
    private: Annotated[bool, typer.Option("--private", help="For its owners alone.")] = False,
    revision: Annotated[str | None, typer.Option(help="Branch of the repository [main].")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")] = False,
) -> None:
    """Bring a run's model to models/ with a card written from the run, and to a hub where one is named."""
    from conflict_ner.errors import ConfigError
    from train.publish import MODELS, publish_and_tell

    if push_to_hub is None and (private or revision is not None):
        raise ConfigError("--private and --revision are of a repository on the hub; name it with --push-to-hub.")
    destination = None
    if push_to_hub is not None:
        from train.hub import Destination

        destination = Destination(push_to_hub, private, revision)
    publish_and_tell(run, name, to or MODELS, kfold, licence, replace, destination, dry_run)


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


@app.command()
def re3d(
    folder: Annotated[Path | None, typer.Argument(help="Where it goes [runs/data/re3d].", show_default=False)] = None,
) -> None:
    """Get re3d, a public benchmark, as documents.jsonl files that `corpus` takes."""
    from train.re3d import prepare_and_tell

    prepare_and_tell(folder)


if __name__ == "__main__":
    run(app, "python -m train")

"""The command line of the library: `conflict-ner extract | info`."""

from __future__ import annotations

import json
import os
import sys
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from conflict_ner import __version__
from conflict_ner.console import err, new_app, out, quiet_transformers, run

if TYPE_CHECKING:
    from conflict_ner.extract import Extractor

MODEL_VARIABLE = "CONFLICT_NER_MODEL"
DEFAULT_MODEL = "models/mini"

app = new_app("Find armed groups, places, casualty counts and dates in conflict news.")

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help=f"folder or hub id [${MODEL_VARIABLE}, else {DEFAULT_MODEL}]", show_default=False
    ),
]


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Find armed groups, places, casualty counts and dates in conflict news."""
    if version:
        out.print(__version__)
        raise typer.Exit()


@app.command()
def extract(
    files: Annotated[list[str], typer.Argument(help="text files, documents.jsonl files, or - for standard input")],
    model: ModelOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document a line instead of the view")] = False,
    device: Annotated[str | None, typer.Option(help="torch device, such as cpu or cuda:0", show_default=False)] = None,
    precision: Annotated[
        float | None,
        typer.Option(help="leave out spans too unsure for it, such as 0.9", min=0, max=1, show_default=False),
    ] = None,
) -> None:
    """Print the spans of articles: in colour for people, with --json for programs."""
    from conflict_ner.inputs import read_inputs

    documents = read_inputs(files)
    first = next(documents, None)  # a wrong file name is told before a model is loaded
    if first is None:
        err.print("There is no document in the input.", style="yellow")
        return
    extractor = _load(model, device, precision)
    extracted = extractor.extract(chain([first], documents))
    if as_json:
        for document in extracted:
            sys.stdout.write(json.dumps(document.to_record(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    from conflict_ner.show import View

    view = View(extractor.tagger.tags.labels, extractor.tagger.checkpoint.info.labels, plain=out.color_system is None)
    if not view.plain:
        out.print(view.legend(), end="\n\n")
    for document in extracted:
        out.print(view.render(document))


@app.command()
def info(model: Annotated[str | None, typer.Argument(help="folder or hub id", show_default=False)] = None) -> None:
    """Print what a checkpoint is: labels, windows, corpus, scores, and whether its weights are whole."""
    from rich.table import Table

    from conflict_ner.checkpoint import find_checkpoint, read_info, weights_sha256

    folder = find_checkpoint(_model_name(model))
    checkpoint = read_info(folder)
    digest = weights_sha256(folder)
    if checkpoint.weights_sha256 is None:
        whole = "no hash to compare with"
    else:
        whole = "as saved" if checkpoint.weights_sha256 == digest else "CHANGED since they were saved"
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_row("folder", str(folder))
    table.add_row("name", checkpoint.name or "(made elsewhere)")
    table.add_row("encoder", checkpoint.encoder or "unknown")
    table.add_row("labels", ", ".join(checkpoint.labels.label_names) if checkpoint.labels else "see config.json")
    table.add_row("windows", f"{checkpoint.windows.size} tokens, overlapping by {checkpoint.windows.overlap}")
    for key, value in checkpoint.corpus.items():
        table.add_row(f"corpus {key}", value)
    for key, score in checkpoint.scores.items():
        table.add_row(key, f"{score:.3f}")
    table.add_row("weights", f"sha256 {digest[:16]}, {whole}")
    out.print(table)


def main() -> None:
    """Entry point of the `conflict-ner` command."""
    run(app, "conflict-ner")


def _load(model: str | None, device: str | None, precision: float | None) -> Extractor:
    from conflict_ner.extract import load

    quiet_transformers()
    return load(_model_name(model), device, precision=precision)


def _model_name(model: str | None) -> str:
    return model or os.environ.get(MODEL_VARIABLE) or DEFAULT_MODEL


if __name__ == "__main__":
    main()

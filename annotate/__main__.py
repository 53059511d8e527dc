"""The command line of the annotation side: `python -m annotate COMMAND`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annotate.adjudication.command import app as adjudicate
from annotate.agreement.command import agreement
from annotate.backend.command import app as backend
from annotate.prelabel.command import prelabel
from annotate.queue.command import queue
from conflict_ner.console import new_app, run

app = new_app("Label Studio around the project: start it, fill it, bring the annotators' work home.")

Config = Annotated[Path | None, typer.Option("--config", help="The settings; by default configs/annotate.yaml.")]
Overrides = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings to override, such as server.port=8090.")
]


@app.command()
def up(
    overrides: Overrides = None,
    config: Config = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return once it answers; end it with `down`.")] = False,
) -> None:
    """Start Label Studio and wait until it answers; Ctrl-C ends it."""
    from annotate.commands import bring_up
    from annotate.settings import read_settings

    bring_up(read_settings(config, overrides or ()), detach)


@app.command()
def down(overrides: Overrides = None, config: Config = None) -> None:
    """End the Label Studio that `up --detach` started."""
    from annotate.commands import take_down
    from annotate.settings import read_settings

    take_down(read_settings(config, overrides or ()))


@app.command()
def doctor(overrides: Overrides = None, config: Config = None) -> None:
    """Find out what is wrong between this project and Label Studio, and print the remedies."""
    from annotate.commands import examine
    from annotate.settings import read_settings

    examine(read_settings(config, overrides or ()))


@app.command()
def push(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE] [KEY=VALUE]...",
            help="A folder of articles or a documents.jsonl (default: seeds), and settings to override.",
        ),
    ] = None,
    annotations: Annotated[
        list[Path] | None,
        typer.Option(help="Recorded annotators to replay: a documents.jsonl or a folder of them; may be repeated."),
    ] = None,
    predictions: Annotated[Path | None, typer.Option(help="A documents.jsonl with spans to pre-fill tasks.")] = None,
    model_version: Annotated[str | None, typer.Option(help="The name of the model that predicted.")] = None,
    review: Annotated[
        Path | None, typer.Option(help="Open what this list of label errors doubts for a second look.")
    ] = None,
    config: Config = None,
) -> None:
    """Fill the labelling project; what is there already is left alone."""
    from annotate.exchange import PushRequest, run_push, split_arguments
    from annotate.settings import read_settings

    source, overrides = split_arguments(arguments or (), "SOURCE")
    if review is not None:
        from annotate.review import run_review
        from conflict_ner.errors import ConfigError

        if source or annotations or predictions or model_version:
            raise ConfigError("--review opens tasks that are there for a second look; push anything else without it.")
        run_review(read_settings(config, overrides), review)
        return
    request = PushRequest(source, tuple(annotations or ()), predictions, model_version)
    run_push(read_settings(config, overrides), request)


@app.command()
def pull(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The documents.jsonl to write.")],
    overrides: Overrides = None,
    since_last: Annotated[
        bool, typer.Option("--since-last", help="Read only what changed since the last pull into OUT, and merge.")
    ] = False,
    from_export: Annotated[
        Path | None, typer.Option(help="Read this Label Studio export (format JSON) and no server.")
    ] = None,
    annotator: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=EMAIL", help="Who the user of that id in an export is; may be repeated."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out annotations that cannot be read.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write each trim, refusal and omission here as JSON lines.")
    ] = None,
    config: Config = None,
) -> None:
    """Bring the annotators' work home as documents.jsonl, whole or not at all."""
    from annotate.exchange import PullRequest, run_pull
    from annotate.settings import read_settings

    names = tuple(annotator or ())
    request = PullRequest(target, since_last, from_export, names, skip_bad, report)
    run_pull(read_settings(config, overrides or ()), request)


app.command()(prelabel)
app.add_typer(backend, name="backend")
app.command()(queue)
app.command()(agreement)
app.add_typer(adjudicate, name="adjudicate")


if __name__ == "__main__":
    run(app, "python -m annotate")

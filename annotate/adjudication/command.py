"""The command line of `python -m annotate adjudicate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conflict_ner.console import new_app

app = new_app("Settle disagreements in a project of their own; the annotators' project is only read.")

Config = Annotated[Path | None, typer.Option("--config", help="The settings; by default configs/annotate.yaml.")]
_ARGUMENTS = "Pulled files to compare instead of the project on the server, and settings to override."


@app.command("open")
def open_(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[DOCUMENTS]... [KEY=VALUE]...", help=_ARGUMENTS)
    ] = None,
    config: Config = None,
) -> None:
    """Fill the review project: one task for each article on which two or more annotators differ."""
    from annotate.adjudication.opening import run_open
    from annotate.settings import read_settings

    paths, overrides = _split(arguments or ())
    run_open(read_settings(config, overrides), paths)


@app.command()
def pull(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The documents.jsonl to write.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[DOCUMENTS]... [KEY=VALUE]...", help=_ARGUMENTS)
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out what cannot be read.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write each trim, refusal and omission here as JSON lines.")
    ] = None,
    config: Config = None,
) -> None:
    """Bring home one settled reading of each article that several annotators read: agreed by all, or adjudicated."""
    from annotate.adjudication.gold import GoldRequest, run_gold
    from annotate.settings import read_settings

    paths, overrides = _split(arguments or ())
    run_gold(read_settings(config, overrides), GoldRequest(target, tuple(paths), skip_bad, report))


def _split(arguments: list[str] | tuple[()]) -> tuple[list[Path], list[str]]:
    """Tell files from `key=value` overrides."""
    overrides = [argument for argument in arguments if "=" in argument and not Path(argument).exists()]
    return [Path(argument) for argument in arguments if argument not in overrides], overrides

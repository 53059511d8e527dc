"""The command line of `python -m annotate prelabel`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def prelabel(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Settings to override, such as project.title=Sudan."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The checkpoint that predicts: a folder or a hub id; by default backend.model."),
    ] = None,
    weak: Annotated[bool, typer.Option("--weak", help="Predict by weak labelling functions, without a model.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Predict annotated tasks too; by default only those without an annotation.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="The version's name; by default it tells the weights.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="GOLD", help="With --weak: measure each function on these documents; no server."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="With --report: the measured precisions become the predictions' scores.")
    ] = False,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="VERSION", help="Remove this version's predictions; may be repeated.")
    ] = None,
    remove_stale: Annotated[
        bool, typer.Option("--remove-stale", help="Remove the versions that the page does not show.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option("--config", help="The settings; by default configs/annotate.yaml.")
    ] = None,
) -> None:
    """Give tasks predictions to correct: by a checkpoint, or by weak functions on the day without one."""
    from annotate.prelabel.run import PrelabelRequest, run_prelabel
    from annotate.settings import read_settings

    request = PrelabelRequest(model, weak, everything, name, report, keep, tuple(remove or ()), remove_stale)
    run_prelabel(read_settings(config, overrides or ()), request)

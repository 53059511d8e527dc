"""The command line of `python -m annotate queue`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def queue(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Settings to override, such as queue.model=models/mini-2."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="How many articles get a number; by default queue.limit.", min=1, max=9999)
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="The settings; by default configs/annotate.yaml.")
    ] = None,
) -> None:
    """Order the work: what the model is unsure of first, and no batch of ten alike."""
    from annotate.settings import read_settings

    settings = read_settings(config, [*(overrides or ()), *([] if limit is None else [f"queue.limit={limit}"])])
    from annotate.queue.run import run_queue  # torch: after the settings, so that a mistake in them is told at once

    run_queue(settings)

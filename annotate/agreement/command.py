"""The command line of `python -m annotate agreement`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def agreement(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DOCUMENTS]... [KEY=VALUE]...",
            help="Pulled files or recorded annotators, by default the project on the server; and settings to override.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write all figures, counts and disagreements here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page for the team here: one file, no server.")] = None,
    resamples: Annotated[int, typer.Option(min=0, help="Resamples for the 95 % intervals; 0 for none.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the resampling.")] = 0,
    shown: Annotated[int, typer.Option(min=0, help="How many disagreements the page shows at most.")] = 500,
    config: Annotated[Path | None, typer.Option("--config", help="By default configs/annotate.yaml.")] = None,
) -> None:
    """Measure how far annotators agree, and what pre-annotation does to them."""
    from annotate.agreement.run import AgreementRequest, run_agreement
    from annotate.settings import read_settings

    given = arguments or []
    overrides = [argument for argument in given if "=" in argument and not Path(argument).exists()]
    paths = tuple(Path(argument) for argument in given if argument not in overrides)
    request = AgreementRequest(paths, json, html, resamples, seed, shown)
    run_agreement(read_settings(config, overrides), request)

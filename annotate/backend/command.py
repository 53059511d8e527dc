"""The command line of `python -m annotate backend`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conflict_ner.console import new_app

app = new_app("The live model: serve it, and have Label Studio ask it for predictions.")

Config = Annotated[Path | None, typer.Option("--config", help="The settings; by default configs/annotate.yaml.")]
Overrides = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings to override, such as backend.port=9091.")
]


@app.command()
def serve(overrides: Overrides = None, config: Config = None) -> None:
    """Serve the model to Label Studio until Ctrl-C."""
    from annotate.backend.serving import serve
    from annotate.settings import read_settings

    given = [*(["--config", str(config.resolve())] if config else []), *(overrides or ())]
    serve(read_settings(config, overrides or ()), given)


@app.command()
def register(overrides: Overrides = None, config: Config = None) -> None:
    """Add the running backend to the project, or bring its entry up to date."""
    from annotate.backend.registration import register
    from annotate.settings import read_settings

    register(read_settings(config, overrides or ()))


@app.command()
def unregister(overrides: Overrides = None, config: Config = None) -> None:
    """Take the backend out of the project; the predictions that it made stay."""
    from annotate.backend.registration import unregister
    from annotate.settings import read_settings

    unregister(read_settings(config, overrides or ()))

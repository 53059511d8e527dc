"""The model that a command reads with, and how: `--model`, a variable of the environment, or the default."""

from __future__ import annotations

import os
from typing import Annotated

import typer

MODEL_VARIABLE = "CONFLICT_NER_MODEL"
DEFAULT_MODEL = "models/mini"

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help=f"folder, package or hub id [${MODEL_VARIABLE}, else {DEFAULT_MODEL}]",
        show_default=False,
    ),
]
DeviceOption = Annotated[str | None, typer.Option(help="torch device, such as cpu or cuda:0", show_default=False)]
PrecisionOption = Annotated[
    float | None,
    typer.Option(help="leave out spans too unsure for it, such as 0.9", min=0, max=1, show_default=False),
]
EngineOption = Annotated[
    str | None, typer.Option(help="torch or openvino [the fastest that is there]", show_default=False)
]


def model_name(given: str | None) -> str:
    """Return the name of the model: the one that was given, that of the environment, or the default."""
    return given or os.environ.get(MODEL_VARIABLE) or DEFAULT_MODEL

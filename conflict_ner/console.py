"""What the three command lines share: the terminals, and errors told without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from rich.console import Console

from conflict_ner.errors import EXIT_CODE, ConflictNerError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def new_app(help_text: str) -> typer.Typer:
    """Return a typer app with the settings of this project: no local variables in tracebacks."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def run(app: typer.Typer, program: str, arguments: Sequence[str] | None = None) -> None:
    """Run `app` and exit: a user's mistake prints its message on stderr and exits with EXIT_CODE."""
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name=program)
    except ConflictNerError as error:
        tell(error)
        sys.exit(EXIT_CODE)


def tell(error: ConflictNerError) -> None:
    """Print an error's message on stderr."""
    err.print(f"Error: {error}", style="red", markup=False, soft_wrap=True)


def quiet_transformers() -> None:
    """Keep transformers' own bars and reports off the terminal of our commands; its errors still come."""
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]

"""The command line of the library: `conflict-ner COMMAND`."""

from __future__ import annotations

from typing import Annotated

import typer

from conflict_ner import __version__
from conflict_ner.commands.bulk import bulk
from conflict_ner.commands.export import export
from conflict_ner.commands.extract import extract
from conflict_ner.commands.info import info
from conflict_ner.commands.package import package
from conflict_ner.commands.serve import serve
from conflict_ner.console import new_app, out, run

app = new_app("Find armed groups, places, casualty counts and dates in conflict news.")
for command in (extract, bulk, serve, export, package, info):
    app.command()(command)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Find armed groups, places, casualty counts and dates in conflict news."""
    if version:
        out.print(__version__)
        raise typer.Exit()


def main() -> None:
    """Entry point of the `conflict-ner` command."""
    run(app, "conflict-ner")


if __name__ == "__main__":
    main()

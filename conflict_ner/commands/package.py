"""`conflict-ner package`: a checkpoint as a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def package(
    model: Annotated[str, typer.Argument(help="folder of a checkpoint")],
    name: Annotated[str, typer.Option(help="of the package, such as conflict-ner-mini")],
    version: Annotated[str, typer.Option(help="of the package, such as 1.0")],
    out: Annotated[Path, typer.Option(help="folder for the wheel")] = Path("dist"),
) -> None:
    """Make a wheel of a checkpoint, its card and its export: after `pip install`, extraction finds it by its name."""
    from conflict_ner.console import out as terminal
    from conflict_ner.package import Naming
    from conflict_ner.package import package as write

    wheel = write(model, name, version, out)
    called = Naming.checked(name, version).name
    terminal.print(f"{wheel}, {wheel.stat().st_size / 1e6:,.1f} MB", soft_wrap=True)
    terminal.print(f"pip install {wheel}, then: conflict-ner extract -m {called} article.txt", soft_wrap=True)

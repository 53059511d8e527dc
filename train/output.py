"""Write a result as JSON where `--json` says: a file, whole or not at all, or standard output."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from conflict_ner.console import out
from conflict_ner.files import replacing_file

STANDARD_OUTPUT = Path("-")


def write_json(result: BaseModel, path: Path) -> None:
    """Write `result` to `path`; `-` stands for standard output."""
    text = result.model_dump_json(indent=2, exclude_none=True) + "\n"
    if path == STANDARD_OUTPUT:
        out.print(text, end="", markup=False, soft_wrap=True)
        return
    with replacing_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")

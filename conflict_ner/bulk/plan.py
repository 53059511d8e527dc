"""What a bulk run is: input, model, settings. An output goes on only with the plan that it was begun with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from conflict_ner import __version__
from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.streams import content_sha256

PLAN_FILE = "bulk.json"


class Plan(BaseModel):
    """What a run's output depends on.

    Attributes:
        format: of the output folder.
        library: the version of conflict-ner.
        input: name of the file or folder that is read.
        input_sha256: hash of its bytes.
        model: the checkpoint as it was named.
        model_sha256: hash of its files.
        runtime: what computes it, such as `torch` or `openvino bf16`.
        columns: where an article's parts stand.
        limit: the number of the last row; None for all.
        readings: whether whole readings are kept, not their events alone.
        precision: which spans are left out; None for none.
        settings: how facts are normalised.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    library: str = __version__
    input: str
    input_sha256: str
    model: str
    model_sha256: str
    runtime: str = "torch"
    columns: Columns
    limit: int | None = None
    readings: bool = False
    precision: float | None = None
    settings: dict[str, Any] = {}

    def changes_from(self, begun: Plan) -> Iterator[str]:
        """Yield what an output was begun with and this plan has otherwise, one sentence each."""
        if (self.input, self.input_sha256) != (begun.input, begun.input_sha256):
            told = "another input" if self.input != begun.input else "the same file before it was changed"
            yield f"it was begun with {told}: {begun.input!r}, sha256 {begun.input_sha256[:12]}"
        if self.model_sha256 != begun.model_sha256:
            yield f"it was begun with another model: {begun.model!r}, sha256 {begun.model_sha256[:12]}"
        if self.library != begun.library:
            yield f"it was begun with conflict-ner {begun.library}, and this is {self.library}"
        for name in ("runtime", "columns", "limit", "readings", "precision", "settings"):
            before, now = getattr(begun, name), getattr(self, name)
            if before != now:
                yield f"it was begun with {name} {_shown(before)}, and now has {_shown(now)}"


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items()) or "none"
    return str(value)


def input_sha256(path: Path) -> str:
    """Return the hash of an input's bytes; of a folder, of all its files with their names."""
    return content_sha256(path)


def model_sha256(folder: Path) -> str:
    """Return a hash over all files of a checkpoint that a reading depends on: weights, tokenizer, settings."""
    digest = hashlib.sha256()
    for path in sorted(file for file in folder.iterdir() if file.suffix in {".json", ".safetensors", ".txt", ".model"}):
        digest.update(f"{path.name} {content_sha256(path)}\n".encode())
    return digest.hexdigest()

"""An export beside a checkpoint: MODEL/openvino/ with the model, and `export.json` that says what it was made from."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conflict_ner.config import explain
from conflict_ner.errors import CheckpointError

EXPORT_FILE = "export.json"
MODEL_FILE = "model.xml"
WEIGHTS_FILE = "model.bin"
FOLDER = "openvino"

Precision = Literal["fp32", "bf16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "int8")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parity(_Record):
    """How far an export finds the spans that PyTorch finds: the same start, end and label.

    Attributes:
        texts: how many were read by both.
        tokens: their length.
        same: spans found by both.
        torch_only: spans that PyTorch alone found.
        engine_only: spans that the export alone found.
        computed_in: the precision that the machine of the check has for it.
    """

    texts: Annotated[int, Field(ge=1)]
    tokens: Annotated[int, Field(ge=0)]
    same: Annotated[int, Field(ge=0)]
    torch_only: Annotated[int, Field(ge=0)]
    engine_only: Annotated[int, Field(ge=0)]
    computed_in: Precision

    @property
    def agreement(self) -> float:
        """F1 of the one's spans against the other's."""
        return 2 * self.same / max(1, 2 * self.same + self.torch_only + self.engine_only)

    def told(self) -> str:
        """Return the counts as a sentence."""
        return (
            f"{self.same} spans are the same, {self.torch_only} are found by torch alone and {self.engine_only} by the "
            f"export alone: {self.agreement:.1%} agreement on {self.texts} texts of {self.tokens:,} tokens, "
            f"computed in {self.computed_in}"
        )


class Export(_Record):
    """The content of `export.json`.

    Attributes:
        format: version of this record.
        engine: what reads it.
        precision: what it was made for.
        weights_sha256: hash of the weights that it was made from.
        versions: package -> version that made it.
        created: the day.
        parity: how it compared with PyTorch.
    """

    format: Literal[1] = 1
    engine: Literal["openvino"] = "openvino"
    precision: Precision
    weights_sha256: str
    versions: dict[str, str]
    created: datetime.date
    parity: Parity


def export_folder(checkpoint: Path) -> Path:
    """Return where the export of a checkpoint lies, or would lie."""
    return checkpoint / FOLDER


def read_export(checkpoint: Path) -> Export | None:
    """Read what a checkpoint's export is; None where it has none.

    Raises:
        CheckpointError: its files are damaged, incomplete or of a newer format.
    """
    folder = export_folder(checkpoint)
    path = folder / EXPORT_FILE
    if not path.is_file():
        return None
    missing = [name for name in (MODEL_FILE, WEIGHTS_FILE) if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(f"{folder} has no {' and no '.join(missing)}; {remedy(checkpoint)}.")
    try:
        return Export.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise CheckpointError(
            f"{path} is damaged or of a newer format: {'; '.join(explain(error, Export))}; {remedy(checkpoint)}."
        ) from error


def is_stale(export: Export, checkpoint: Path) -> bool:
    """Say whether an export was made from other weights than now lie in its checkpoint."""
    from conflict_ner.checkpoint import weights_sha256

    return export.weights_sha256 != weights_sha256(checkpoint)


def remedy(checkpoint: Path) -> str:
    """Return what to do about an export that cannot be used."""
    return f"make it anew with `conflict-ner export {checkpoint}`, or delete {export_folder(checkpoint)}"

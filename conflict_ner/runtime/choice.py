"""Which engine reads a checkpoint: the fastest that is there, is of these weights, and can run on this machine."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from conflict_ner.errors import CheckpointError, ConfigError, did_you_mean
from conflict_ner.runtime import openvino
from conflict_ner.runtime.exported import MODEL_FILE, Precision, export_folder, is_stale, read_export, remedy

if TYPE_CHECKING:
    from conflict_ner.runtime.engine import Engine

EngineName = Literal["torch", "openvino"]
ENGINES: tuple[EngineName, ...] = ("torch", "openvino")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """An engine for a checkpoint.

    Attributes:
        engine: its name.
        precision: in which its export was checked, and is computed where the CPU can; None for PyTorch.
        note: what a user may want to know: why not the faster one, or that the CPU computes otherwise; often empty.
        wrong: the note tells of something to mend, such as an export of other weights.
    """

    engine: EngineName
    precision: Precision | None = None
    note: str = ""
    wrong: bool = False

    @property
    def name(self) -> str:
        """The engine and the precision that it computes in; scores of two names may differ in their last digits."""
        return f"{self.engine} {openvino.runs_as(self.precision)}" if self.precision else self.engine

    def tell(self) -> None:
        """Log the note; as a warning where it tells of something to mend."""
        if self.note:
            _log.log(logging.WARNING if self.wrong else logging.INFO, "%s.", self.note)

    def __str__(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name


def choose(folder: Path, wanted: str | None = None, device: str | None = None) -> Choice:
    """Choose the engine of a checkpoint.

    Args:
        folder: the checkpoint.
        wanted: `torch`, `openvino`, or None for the fastest that can be used.
        device: a torch device; any but the CPU is PyTorch's, and so is a GPU that is there while none is named.

    Raises:
        ConfigError: there is no engine of that name, or it is not installed, or does not read on that device.
        CheckpointError: the checkpoint has no export for the wanted engine, or one that cannot be used.
    """
    if wanted is not None and wanted not in ENGINES:
        raise ConfigError(f"There is no engine {wanted!r}{did_you_mean(wanted, ENGINES)}.")
    if wanted == "openvino":
        return _openvino(folder, device)
    if wanted == "torch" or not _on_cpu(device) or not export_folder(folder).is_dir():
        return Choice("torch")
    try:
        choice = _openvino(folder, device)
    except CheckpointError as error:
        return Choice("torch", note=str(error).rstrip("."), wrong=True)
    except ConfigError as error:
        return Choice("torch", note=str(error).rstrip("."))
    if choice.precision == "int8" and not openvino.multiplies_bytes():
        return Choice("torch", note="this CPU has no instructions for products of bytes, so int8 would be slower")
    return choice


def open_engine(folder: Path, choice: Choice) -> Engine | None:
    """Return the engine of a choice; None for PyTorch, which needs the checkpoint's model.

    Raises:
        CheckpointError: it cannot open the export.
    """
    choice.tell()
    if choice.precision is None:
        return None
    return openvino.OpenVinoEngine(export_folder(folder) / MODEL_FILE, choice.precision)


def _openvino(folder: Path, device: str | None) -> Choice:
    export = read_export(folder)
    if export is None:
        raise CheckpointError(f"{folder} has no export for openvino; make it with `conflict-ner export {folder}`.")
    if device is not None and not device.startswith("cpu"):
        raise ConfigError(
            f"The engine openvino reads on the CPU, not on {device!r}; leave the device or the engine out."
        )
    if openvino.installed() is None:
        raise ConfigError(f"{folder} has an export for openvino, which is not installed; {openvino.INSTALL}.")
    if is_stale(export, folder):
        raise CheckpointError(
            f"The export in {export_folder(folder)} was made from other weights than lie beside it, "
            f"and is passed over; {remedy(folder)}."
        )
    checked = export.parity.computed_in
    note = ""
    if openvino.runs_as(export.precision) != export.precision:
        note = "this CPU has no bfloat16, so the bf16 export is computed in fp32"
    elif checked != export.precision:
        note = (
            "the bf16 export was made on a CPU without bfloat16 and checked in fp32 alone, so it is computed in fp32; "
            f"`conflict-ner export {folder}` makes it anew on this one"
        )
    return Choice("openvino", checked, note)


def _on_cpu(device: str | None) -> bool:
    if device is not None:
        return device.startswith("cpu")
    import torch

    return not torch.cuda.is_available()

"""Export a checkpoint for a fast engine: convert, compare with PyTorch on texts, and keep it beside the checkpoint."""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.resources
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conflict_ner import __version__
from conflict_ner.checkpoint import Checkpoint, find_checkpoint, load_checkpoint, weights_sha256
from conflict_ner.documents import read_documents
from conflict_ner.errors import CheckpointError, DataError
from conflict_ner.files import replacing_folder
from conflict_ner.inputs import read_inputs
from conflict_ner.runtime import openvino
from conflict_ner.runtime.exported import EXPORT_FILE, MODEL_FILE, Export, Precision, export_folder
from conflict_ner.runtime.parity import compare, require
from conflict_ner.runtime.quantise import Batch, to_int8
from conflict_ner.tagger import Frame
from conflict_ner.tokens import tokenize

MOST_CALIBRATING = 100  # windows; NNCF's figures hardly move after a few dozen
CHECK_FILE = "check.jsonl"


def export(
    model: str | Path,
    precision: Precision,
    texts: Sequence[str],
    least: float | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Export:
    """Write MODEL/openvino whole or not at all; what stood there is replaced once the new one has passed its check.

    Args:
        model: of the checkpoint; it must lie in a folder that can be written to.
        precision: fp32; bf16, whose weights take half the room; or int8, which is fitted on every other text.
        texts: the check reads them with PyTorch and with the export.
        least: least agreement, 0 to 1, of the spans of both; None takes what the precision should reach.
        tell: is given a line at each step.

    Raises:
        CheckpointError: the checkpoint cannot be opened or converted, or the export does not find the same spans.
        ConfigError: OpenVINO, or NNCF for int8, is not installed.
        DataError: the texts hold too few spans.
    """
    folder = find_checkpoint(model)
    if not any(folder.glob("*.safetensors")):
        raise CheckpointError(f"{folder} has no *.safetensors, by whose hash an export is known; save the model anew.")
    checkpoint = load_checkpoint(folder)
    checking = list(texts)
    with replacing_folder(export_folder(folder)) as temporary:
        tell(f"converting {folder} for OpenVINO")
        converted: Any = openvino.convert(checkpoint.model)
        if precision == "int8":
            if len(texts) < 2:
                raise DataError("An int8 export needs two texts at least: one half fits it, the other checks it.")
            batches = calibrating(checkpoint, texts[::2])
            tell(f"fitting eight bits on {len(batches)} windows")
            converted, checking = to_int8(converted, batches), list(texts[1::2])
        openvino.save(converted, temporary / MODEL_FILE, halved=precision != "fp32")
        tell(f"reading {len(checking)} texts with torch and with the export")
        parity = compare(checkpoint, openvino.OpenVinoEngine(temporary / MODEL_FILE, precision), checking)
        require(parity, precision, least)
        record = Export(
            precision=precision,
            weights_sha256=weights_sha256(folder),
            versions=_versions(precision),
            created=datetime.date.today(),
            parity=parity,
        )
        (temporary / EXPORT_FILE).write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return record


def check_texts(files: Sequence[str] = ()) -> list[str]:
    """Return the texts of files, or the reports that come with the library.

    Raises:
        DataError: a file cannot be read, or no file has a text.
    """
    if files:
        texts = [document.text for document in read_inputs(files) if document.text.strip()]
        if not texts:
            raise DataError(f"There is no text in {', '.join(files)}; name articles, or leave --check out.")
        return texts
    with importlib.resources.as_file(importlib.resources.files("conflict_ner.runtime") / CHECK_FILE) as path:
        return [document.text for document in read_documents(path)]


def calibrating(checkpoint: Checkpoint, texts: Sequence[str]) -> list[Batch]:
    """Return windows of texts as the engine is given them, one a batch."""
    frame, most = Frame.of(checkpoint.tokenizer), checkpoint.info.windows.size
    batches: list[Batch] = []
    for tokens in tokenize(texts, checkpoint.tokenizer):
        for start in range(0, len(tokens), most - len(frame)):
            ids = frame.around(tokens.ids[start : start + most - len(frame)])[None]
            batches.append((ids, np.ones_like(ids)))
    return batches[:: max(1, len(batches) // MOST_CALIBRATING)][:MOST_CALIBRATING]


def _versions(precision: Precision) -> dict[str, str]:
    packages = ["openvino", "torch", "transformers", *(["nncf"] if precision == "int8" else [])]
    return {"conflict-ner": __version__, **{name: importlib.metadata.version(name) for name in packages}}

"""`conflict-ner info`: what a checkpoint is."""

from __future__ import annotations

from typing import Annotated

import typer

from conflict_ner.commands.model import model_name
from conflict_ner.console import out


def info(model: Annotated[str | None, typer.Argument(help="folder or hub id", show_default=False)] = None) -> None:
    """Print what a checkpoint is: labels, windows, corpus, scores, and whether its weights are whole."""
    from rich.table import Table

    from conflict_ner.checkpoint import find_checkpoint, read_info, weights_sha256
    from conflict_ner.runtime.choice import choose

    folder = find_checkpoint(model_name(model))
    checkpoint = read_info(folder)
    digest = weights_sha256(folder)
    if checkpoint.weights_sha256 is None:
        whole = "no hash to compare with"
    else:
        whole = "as saved" if checkpoint.weights_sha256 == digest else "CHANGED since they were saved"
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_row("folder", str(folder))
    table.add_row("name", checkpoint.name or "(made elsewhere)")
    table.add_row("encoder", checkpoint.encoder or "unknown")
    table.add_row("labels", ", ".join(checkpoint.labels.label_names) if checkpoint.labels else "see config.json")
    table.add_row("windows", f"{checkpoint.windows.size} tokens, overlapping by {checkpoint.windows.overlap}")
    for key, value in checkpoint.corpus.items():
        table.add_row(f"corpus {key}", value)
    for key, score in checkpoint.scores.items():
        table.add_row(key, f"{score:.3f}")
    table.add_row("engine", str(choose(folder)))
    table.add_row("weights", f"sha256 {digest[:16]}, {whole}")
    out.print(table)

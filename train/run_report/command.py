"""Report a finished run on one page: `python -m train report runs/mini`."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from conflict_ner.console import err, out, quiet_transformers
from conflict_ner.errors import CheckpointError, DataError
from train.run_report.alignment import align
from train.run_report.content import SHOWN, gather
from train.run_report.finished import read_finished
from train.run_report.page import write_page

PAGE = "report.html"


def report_and_tell(run: Path, output: Path | None = None, shown: int = SHOWN, show: bool = False) -> None:
    """Write the page of a run and say what is on it.

    Args:
        run: the folder of a finished run.
        output: the page; by default `report.html` in that folder.
        shown: errors that it shows at most.
        show: open it in the browser.

    Raises:
        DataError: the run is not finished, or it, its predictions and its corpus no longer fit; or `output` is a
            folder.
    """
    path = output if output is not None else run / PAGE
    if path.is_dir():
        raise DataError(f"--output {str(path)!r} is a folder; name a file in it, such as {path / PAGE}.")
    quiet_transformers()
    with err.status("Reading the run"):
        finished = read_finished(run)
    aligned, unaligned = None, ""
    with err.status("Cutting the corpus into tokens"):
        try:
            aligned = align(finished)
        except CheckpointError as error:
            unaligned = str(error)
    with err.status("Sorting the errors"):
        content = gather(finished, aligned, unaligned, shown)
        write_page(path, content)
    out.print(content.headline, markup=False, soft_wrap=True)
    if content.caution:
        out.print(content.caution, style="yellow", markup=False, soft_wrap=True)
    if unaligned:
        out.print(f"What alignment lost is not known: {unaligned}", style="yellow", markup=False, soft_wrap=True)
    out.print(
        f"Page written to {path}: {content.shown:,} of {content.errors:,} errors shown, "
        f"{path.stat().st_size / 1e6:.1f} MB",
        markup=False,
        soft_wrap=True,
    )
    if show:
        webbrowser.open(path.resolve().as_uri())

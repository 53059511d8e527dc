"""`conflict-ner export`: make a checkpoint fast on CPUs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import typer


def export(
    model: Annotated[str, typer.Argument(help="folder of a checkpoint")],
    engine: Annotated[Literal["openvino"], typer.Option(help="what reads the export")] = "openvino",
    precision: Annotated[
        Literal["fp32", "bf16", "int8"], typer.Option(help="of the computation; int8 needs conflict-ner[int8]")
    ] = "bf16",
    check: Annotated[
        list[str] | None,
        typer.Option(help="text or documents.jsonl file to compare with torch on; may be given again"),
    ] = None,
    least: Annotated[
        float | None,
        typer.Option(help="least agreement with torch, such as 0.97", min=0, max=1, show_default=False),
    ] = None,
) -> None:
    """Write MODEL/openvino, which extraction on a CPU then reads; it pays where the CPU has bfloat16.

    The export is kept only if it finds the spans that torch finds.
    """
    from rich.status import Status

    from conflict_ner.checkpoint import find_checkpoint
    from conflict_ner.console import err, out, quiet_transformers
    from conflict_ner.export import check_texts
    from conflict_ner.export import export as write
    from conflict_ner.runtime.exported import export_folder

    folder = find_checkpoint(model)
    texts = check_texts(check or ())
    quiet_transformers()
    with Status("", console=err) as status:
        done = write(folder, precision, texts, least, tell=cast(Any, status.update))
    out.print(f"{done.parity.told()}.", soft_wrap=True)
    out.print(f"{engine} {precision} is in {export_folder(folder)}.", soft_wrap=True)

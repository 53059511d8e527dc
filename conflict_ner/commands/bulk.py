"""`conflict-ner bulk`: many articles in, event tables out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conflict_ner.commands.model import DeviceOption, ModelOption, PrecisionOption, model_name
from conflict_ner.commands.normalising import CountryOption, DateOrderOption, GazetteerOption, VagueOption, settings
from conflict_ner.console import err, out

if TYPE_CHECKING:
    from conflict_ner.bulk.run import Result

INTERRUPTED = 130


def bulk(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="*.jsonl, *.csv, *.parquet, each also .gz or .zst; a documents.jsonl; or a folder of *.txt",
        ),
    ],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="a new folder, or that of a run that was cut short")],
    model: ModelOption = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            help="acled, ged, parquet, geojson, readings, beside events.jsonl; may be given again",
            show_default=False,
        ),
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="the article [text]", show_default=False)] = None,
    id_column: Annotated[str | None, typer.Option(help="its id [id, else numbered]", show_default=False)] = None,
    published_column: Annotated[
        str | None, typer.Option(help="day of publication, as 2024-11-30 [published]", show_default=False)
    ] = None,
    title_column: Annotated[str | None, typer.Option(help="headline [title]", show_default=False)] = None,
    source_column: Annotated[str | None, typer.Option(help="publisher [source]", show_default=False)] = None,
    url_column: Annotated[str | None, typer.Option(help="address [url]", show_default=False)] = None,
    batch: Annotated[int, typer.Option(help="articles that are read together", min=1)] = 32,
    save_every: Annotated[float, typer.Option(help="seconds of work that a crash can cost", min=0)] = 20,
    limit: Annotated[int | None, typer.Option(help="read the first N rows", min=1, show_default=False)] = None,
    engine: Annotated[str, typer.Option(help="local, or ray for many machines")] = "local",
    workers: Annotated[
        int | None,
        typer.Option(help="processes, each with a model [1; with ray, processors less one]", min=1, show_default=False),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh/--resume", help="remove what OUT holds of an earlier run, or go on with it")
    ] = False,
    vague: VagueOption = "lower_bound",
    date_order: DateOrderOption = "dmy",
    country: CountryOption = None,
    gazetteer: GazetteerOption = None,
    precision: PrecisionOption = None,
    device: DeviceOption = None,
) -> None:
    """Read a file of many articles into event tables; a run that was cut short goes on where it stood."""
    from conflict_ner.bulk.columns import Columns
    from conflict_ner.bulk.run import Request, run_bulk

    chosen = settings(vague, date_order, country, gazetteer)
    request = Request(
        source=source,
        output=output,
        model=model_name(model),
        columns=Columns(
            text=text_column,
            id=id_column,
            published=published_column,
            title=title_column,
            source=source_column,
            url=url_column,
        ),
        formats=tuple(formats or ()),
        batch=batch,
        part_seconds=save_every,
        limit=limit,
        engine=engine,
        workers=workers,
        fresh=fresh,
        device=device,
        precision=precision,
        settings=chosen,
    )
    _tell(run_bulk(request), output)


def _tell(result: Result, folder: Path) -> None:
    """Print how a run ended; one that was interrupted exits with the shell's own code for that."""
    tally = result.tally
    told = f"{tally.articles:,} articles read, {tally.events:,} events, {tally.rejected:,} rows rejected."
    if result.interrupted:
        told = f"Interrupted: {told} All of it is kept in {folder}; the same command goes on from there."
        err.print(told, style="yellow", markup=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED)
    if result.was_finished:
        told = f"{folder} is finished already: {told} With --fresh it is made anew."
    elif result.rows:
        told += f" This run: {result.rows / max(result.seconds, 1e-6):,.1f} rows a second."
    out.print(told, markup=False, soft_wrap=True)
    for file in result.files:
        out.print(f"  {file}", markup=False, soft_wrap=True)
    if tally.rejected:
        err.print(f"Why rows were rejected stands in {folder / 'rejects.jsonl'}.", style="yellow", soft_wrap=True)

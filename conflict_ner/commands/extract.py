"""`conflict-ner extract`: articles in, spans, facts and events out."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from conflict_ner.commands.model import DeviceOption, EngineOption, ModelOption, PrecisionOption, model_name
from conflict_ner.commands.normalising import CountryOption, DateOrderOption, GazetteerOption, VagueOption, settings
from conflict_ner.console import err, out, quiet_transformers

if TYPE_CHECKING:
    from conflict_ner.documents import Document


def extract(
    files: Annotated[list[str], typer.Argument(help="text files, documents.jsonl files, or - for standard input")],
    model: ModelOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document a line instead of the view")] = False,
    events: Annotated[
        bool, typer.Option("--events", help="what the spans mean, and the events they tell of, as well")
    ] = False,
    published: Annotated[
        datetime.datetime | None,
        typer.Option(
            help="day of publication of texts that do not tell it, which `Tuesday` is reckoned from",
            formats=["%Y-%m-%d"],
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    engine: EngineOption = None,
    vague: VagueOption = "lower_bound",
    date_order: DateOrderOption = "dmy",
    country: CountryOption = None,
    gazetteer: GazetteerOption = None,
) -> None:
    """Print the spans of articles, and with --events what they mean: in colour for people, with --json for programs."""
    from conflict_ner.inputs import read_inputs

    chosen = settings(vague, date_order, country, gazetteer)
    documents = _published(read_inputs(files), None if published is None else published.date())
    first = next(documents, None)  # a wrong file name is told before a model is loaded
    if first is None:
        err.print("There is no document in the input.", style="yellow")
        return
    from conflict_ner.extract import load

    quiet_transformers()
    extractor = load(model_name(model), device, precision=precision, settings=chosen, engine=engine)
    err.print(f"read by {extractor.tagger.engine.name}", style="dim")
    extracted = extractor.extract(chain([first], documents))
    if as_json:
        for document in extracted:
            record = extractor.read(document).to_record() if events else document.to_record()
            sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    from conflict_ner.show import View

    view = View(extractor.tagger.tags.labels, extractor.tagger.checkpoint.info.labels, plain=out.color_system is None)
    if not view.plain:
        out.print(view.legend(), end="\n\n")
    for document in extracted:
        out.print(view.render(document, extractor.read(document) if events else None))


def _published(documents: Iterator[Document], day: datetime.date | None) -> Iterator[Document]:
    """Yield the documents; those that do not tell their day of publication get this one."""
    for document in documents:
        if day is None or document.meta.published is not None:
            yield document
        else:
            yield document.model_copy(update={"meta": document.meta.model_copy(update={"published": day})})

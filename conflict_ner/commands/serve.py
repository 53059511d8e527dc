"""`conflict-ner serve`: the model over HTTP, with a page for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conflict_ner.commands.model import DeviceOption, EngineOption, ModelOption, PrecisionOption, model_name
from conflict_ner.commands.normalising import CountryOption, DateOrderOption, GazetteerOption, VagueOption
from conflict_ner.commands.normalising import settings as normalise_settings
from conflict_ner.console import err, quiet_transformers


def serve(
    model: ModelOption = None,
    host: Annotated[str, typer.Option(help="address to listen at; 0.0.0.0 opens it to the network")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8080,
    key_file: Annotated[
        Path | None,
        typer.Option(help="file with the key that clients must send [else $CONFLICT_NER_KEY]", show_default=False),
    ] = None,
    batch_texts: Annotated[int, typer.Option(help="texts that are read together, at most")] = 32,
    batch_wait_ms: Annotated[float, typer.Option(help="milliseconds that a text waits for others")] = 5,
    queue_texts: Annotated[int, typer.Option(help="texts that may wait; more are told to come again")] = 256,
    request_bytes: Annotated[int, typer.Option(help="largest request with one article")] = 1 << 20,
    batch_bytes: Annotated[int, typer.Option(help="largest request to /v1/batch")] = 32 << 20,
    patience_seconds: Annotated[float, typer.Option(help="how long a request may wait for its answer")] = 120,
    stop_seconds: Annotated[int, typer.Option(help="how long what was taken is gone on with at the end")] = 30,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    engine: EngineOption = None,
    vague: VagueOption = "lower_bound",
    date_order: DateOrderOption = "dmy",
    country: CountryOption = None,
    gazetteer: GazetteerOption = None,
) -> None:
    """Serve spans, facts and events over HTTP, and a page to paste articles into, until Ctrl-C."""
    from conflict_ner.service.running import need_packages

    need_packages()
    from conflict_ner.config import validate
    from conflict_ner.service import running
    from conflict_ner.service.settings import ServiceSettings

    chosen = normalise_settings(vague, date_order, country, gazetteer)
    limits = {
        "host": host,
        "port": port,
        "batch_texts": batch_texts,
        "batch_wait_ms": batch_wait_ms,
        "queue_texts": queue_texts,
        "request_bytes": request_bytes,
        "batch_bytes": batch_bytes,
        "patience_seconds": patience_seconds,
        "stop_seconds": stop_seconds,
    }
    limited = validate(limits, ServiceSettings, source="the command line")
    key = running.chosen_key(key_file)
    with running.bound_socket(limited) as bound:
        from conflict_ner.extract import load

        quiet_transformers()
        with err.status("Opening the model"):
            extractor = load(model_name(model), device, precision=precision, settings=chosen, engine=engine)
        running.serve(extractor, limited, key, bound)

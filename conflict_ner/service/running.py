"""Run a service: open the model, then the port, and answer until told to end."""

from __future__ import annotations

import colorsys
import importlib.util
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conflict_ner import __version__
from conflict_ner.console import err, out
from conflict_ner.errors import ConfigError
from conflict_ner.service.keys import KEY_VARIABLE, Key, read_key
from conflict_ner.service.settings import ServiceSettings

if TYPE_CHECKING:
    from conflict_ner.extract import Extractor
    from conflict_ner.service.app import Service
    from conflict_ner.service.gate import Gate
    from conflict_ner.service.wire import Version

BACKLOG = 2048
PACKAGES = ("fastapi", "uvicorn", "prometheus_client")


def need_packages() -> None:
    """Refuse to go on without what the extra `serve` installs.

    Raises:
        ConfigError: as said.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"The service needs {', '.join(missing)}, which is not installed; `pip install 'conflict-ner[serve]'`."
        )


def serve(extractor: Extractor, settings: ServiceSettings, key: Key | None, port: socket.socket) -> None:
    """Answer until SIGTERM or Ctrl-C; what was taken by then is finished.

    Args:
        extractor: reads the texts.
        settings: the limits.
        key: None where everybody may ask.
        port: bound, not yet listening.
    """
    from conflict_ner.service.app import new_app

    service = new_service(extractor, settings)
    with err.status("Loading the tables"):
        service.batcher.start()
    port.listen(BACKLOG)
    host, number = port.getsockname()[:2]
    if (told := warning(settings, key)) is not None:
        err.print(told, style="yellow", markup=False, soft_wrap=True)
    shown = f"[{host}]" if ":" in host else host
    shown = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(shown, shown)
    out.print(f"{service.version.model} answers; its page is http://{shown}:{number}/", markup=False, soft_wrap=True)
    out.print(f"Routes: http://{shown}:{number}/openapi.json. Ctrl-C ends it.", markup=False, soft_wrap=True)
    _run(new_app(service, key), settings, port)


def warning(settings: ServiceSettings, key: Key | None) -> str | None:
    """Return what to think of before others can call; None where nobody else can, or a key keeps them out."""
    if settings.is_local or key is not None:
        return None
    return (
        f"Warning: everybody who can reach {settings.host}:{settings.port} can use this service. Give it a key, by "
        f"{KEY_VARIABLE} or --key-file, or listen at 127.0.0.1."
    )


def new_service(extractor: Extractor, settings: ServiceSettings) -> Service:
    """Return a service around an extractor; its batcher is not started."""
    from conflict_ner.service.app import Service
    from conflict_ner.service.batching import Batcher
    from conflict_ner.service.metrics import Metrics

    wait = settings.batch_wait_ms / 1000
    batcher = Batcher(extractor, settings.batch_texts, wait, settings.queue_texts, Metrics())
    return Service(batcher, settings, version_of(extractor))


def version_of(extractor: Extractor) -> Version:
    """Tell which program and model read, and the labels with their colours."""
    from conflict_ner.service.wire import LabelInfo, Version

    tagger = extractor.tagger
    info = tagger.checkpoint.info
    schema = info.labels
    labels = []
    for number, name in enumerate(tagger.tags.labels):
        label = schema.label(name) if schema is not None else None
        colour = _colour(number, len(tagger.tags.labels)) if label is None else label.colour
        labels.append(LabelInfo(name=name, colour=colour, description="" if label is None else label.description))
    return Version(
        version=__version__,
        model=info.name or tagger.checkpoint.folder.name,
        encoder=info.encoder,
        engine=tagger.engine.name,
        labels=labels,
    )


def _colour(number: int, labels: int) -> str:
    """Return a colour for a label of a checkpoint that knows no schema."""
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(number / labels, 0.38, 0.55))
    return f"#{red:02x}{green:02x}{blue:02x}"


def chosen_key(file: Path | None) -> Key | None:
    """Return the key of the file or the environment, which then no longer holds it for what this process starts."""
    key = read_key(file, os.environ)
    os.environ.pop(KEY_VARIABLE, None)
    return key


def bound_socket(settings: ServiceSettings) -> socket.socket:
    """Take the port, without listening yet: who calls meanwhile is refused.

    Raises:
        ConfigError: it is taken, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((settings.host, settings.port))
    except OSError as error:
        taken.close()
        raise ConfigError(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror or error}). End the program that "
            "has the port, or choose another with --port (0 takes a free one); --host has to be an address of this "
            "machine."
        ) from error
    return taken


def _run(app: Gate, settings: ServiceSettings, port: socket.socket) -> None:
    import uvicorn

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "uvicorn", "transformers"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=settings.stop_seconds,
        server_header=False,
    )
    # uvicorn ends gracefully at both signals and then sends them anew: that is an end as wished, not a failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        uvicorn.Server(config).run(sockets=[port])
    except KeyboardInterrupt:
        pass
    finally:
        out.print("The service has ended.")

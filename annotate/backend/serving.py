"""`python -m annotate backend serve`: open the checkpoint, then the port, and answer until Ctrl-C."""

from __future__ import annotations

import logging
import os
import shlex
import socket
import sys
from collections.abc import Sequence

from annotate.backend.secret import read_secret
from annotate.backend.service import Service, new_app
from annotate.backend.training import Trainings, training_commands
from annotate.predictions import default_model
from annotate.project import load_schema
from annotate.settings import ROOT, AnnotateSettings, BackendSettings, rooted
from conflict_ner.console import err, out, quiet_transformers
from conflict_ner.errors import ConfigError

STOP_SECONDS = 10
BACKLOG = 512  # connections that may wait for their turn


def serve(settings: AnnotateSettings, given: Sequence[str]) -> None:
    """Serve the model until Ctrl-C.

    Args:
        settings: which checkpoint, address and trainings.
        given: `--config FILE` and overrides of this command, which the commands of a training get too.

    Raises:
        ConfigError: no secret, a port that is taken, or commands of a training that cannot be read.
        CheckpointError: the checkpoint cannot be used; nothing listens then.
    """
    backend = settings.backend
    secret = read_secret(backend, os.environ)
    schema = load_schema(settings.project)
    trainings = Trainings(rooted(backend.folder), _commands(backend, given), ROOT)
    with bound_socket(backend.host, backend.port) as port:
        quiet_transformers()
        from annotate.backend.model import LiveModel

        with err.status(f"Opening {backend.model}"):
            model = LiveModel(default_model(backend.model), schema)
        _listen(port, backend)
        out.print(f"{model.version} answers at http://{backend.host}:{backend.port}; Ctrl-C ends it.", markup=False)
        _run(Service(model, trainings, secret, backend.secret_variable), port)


def bound_socket(host: str, port: int) -> socket.socket:
    """Take a port, without listening yet: who calls meanwhile is refused.

    Raises:
        ConfigError: it is taken, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise _port_error(host, port, error) from error
    return taken


def _commands(backend: BackendSettings, given: Sequence[str]) -> list[list[str]]:
    places = {"python": sys.executable, "folder": str(rooted(backend.folder)), "model": default_model(backend.model)}
    quoted = {name: shlex.quote(place) for name, place in places.items()}
    return training_commands(backend.training, {**quoted, "settings": shlex.join(given)})


def _listen(port: socket.socket, backend: BackendSettings) -> None:
    try:
        port.listen(BACKLOG)
    except OSError as error:
        raise _port_error(backend.host, backend.port, error) from error


def _port_error(host: str, port: int, error: OSError) -> ConfigError:
    other = port + 1 if port < 65535 else 9090
    return ConfigError(
        f"{host}:{port} cannot be listened on ({error.strerror or error}). End the program that has the port, or "
        f"choose another, backend.port={other}; backend.host has to be an address of this machine."
    )


def _run(service: Service, port: socket.socket) -> None:
    import uvicorn

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "uvicorn", "transformers"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    config = uvicorn.Config(
        new_app(service),
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
    try:
        uvicorn.Server(config).run(sockets=[port])
    except KeyboardInterrupt:
        out.print("The backend has ended; a training that runs goes on.", markup=False)

"""Real Label Studio servers for the tests: started by the project's own `up`, on a free port, in a folder of their own.

They run where `make label-studio` has made `.venv-label-studio`, or CONFLICT_NER_LABEL_STUDIO_VENV names another, on
SQLite, or on PostgreSQL with `python -m pytest -m live --database postgresql`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from annotate.connection import Connection
from annotate.server import SQLITE_NAME, installed_version, start, stop
from annotate.settings import AnnotateSettings, ServerSettings, read_settings, rooted
from annotate.state import STATE_NAME, ServerState, new_password, new_token

if TYPE_CHECKING:
    from tests.postgresql import Cluster

VENV_VARIABLE = "CONFLICT_NER_LABEL_STUDIO_VENV"
# A folder that `up` has filled and `down` has left: a copy of it starts in seconds, a new one in half a minute.
TEMPLATE_VARIABLE = "CONFLICT_NER_LABEL_STUDIO_TEMPLATE"
# Below those of outgoing connections: a server that is ended and started again finds its own port free.
PORTS = range(20_000, 32_000)
# For a test that is about SQLite itself, whatever the others run on.
ON_SQLITE = "server.database=sqlite"

# Where the servers keep their data in this run of the tests; None is SQLite.
_cluster: Cluster | None = None


def use_postgresql(cluster: Cluster | None) -> None:
    """Let all servers that are started from now on keep their data in a cluster."""
    global _cluster
    _cluster = cluster


@dataclass(frozen=True)
class LabelStudio:
    """A running server of the tests."""

    settings: AnnotateSettings
    connection: Connection
    state: ServerState


def label_studio_venv() -> Path:
    """Return the virtual environment of Label Studio, or skip the test and say how to make it."""
    venv = rooted(Path(os.environ.get(VENV_VARIABLE) or ServerSettings().venv))
    wanted, found = ServerSettings().version, installed_version(venv)
    if found != wanted:
        held = f"holds Label Studio {found}" if found else "holds no Label Studio"
        pytest.skip(f"{venv} {held}; run `make label-studio`, or set {VENV_VARIABLE} to one with {wanted}")
    return venv


def free_port() -> int:
    """Return a port of loopback that nothing listens on, and that no outgoing connection is given meanwhile."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def held_port() -> Iterator[int]:
    """Keep a port of loopback for listeners that come and go: meanwhile nobody else is given it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        # A listener with the same option may share the port; a socket without it may not.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            port = free_port()
            with suppress(OSError):
                holder.bind(("127.0.0.1", port))
                break
        yield port


def server_overrides(folder: Path, venv: Path | None = None) -> list[str]:
    """Return the `key=value` overrides for a server of its own in `folder`."""
    return [
        f"server.folder={folder}",
        f"server.port={free_port()}",
        f"server.venv={venv or label_studio_venv()}",
        *(_cluster.overrides(folder) if _cluster else ()),
    ]


def server_folder(place: Path) -> Path:
    """Return a folder for a new server in `place`: a copy of the template where there is one, else an empty one."""
    template = os.environ.get(TEMPLATE_VARIABLE)
    folder = place / "server"
    if _cluster is not None:
        _copy_of_template(_cluster, folder)
    elif template:
        shutil.copytree(template, folder)
    else:
        folder.mkdir()
    return folder


@contextmanager
def running(overrides: list[str]) -> Iterator[LabelStudio]:
    """Start a server by the project's own code, and end it by its pid when the block is left."""
    settings = read_settings(overrides=overrides)
    started = start(settings, tell=print)
    connection = Connection(url=started.state.url, api_key=started.state.token, source="the tests' server")
    try:
        yield LabelStudio(settings, connection, started.state)
    finally:
        stop(settings)
        if started.process is not None:
            started.process.wait(timeout=30)


def copy_of_database(server: LabelStudio, folder: Path) -> Path:
    """Copy the database and the secret key of a running server, so that a second one starts in seconds.

    On PostgreSQL it is the copy of what the running one began with: a database in use cannot be copied.
    """
    if _cluster is not None:
        _copy_of_template(_cluster, folder)
        (folder / STATE_NAME).unlink()
        return folder
    folder.mkdir(parents=True)
    shutil.copy(server.state.folder / ".env", folder)
    with (
        closing(sqlite3.connect(server.state.folder / SQLITE_NAME)) as source,
        closing(sqlite3.connect(folder / SQLITE_NAME)) as target,
    ):
        source.backup(target)
    return folder


def execute(folder: Path, statement: str) -> None:
    """Run an SQL statement in the database of a server."""
    if _cluster is not None:
        _cluster.execute(folder, statement)
        return
    with closing(sqlite3.connect(folder / SQLITE_NAME)) as database:
        database.execute(statement)
        database.commit()


def personal_access_token(state: ServerState) -> str:
    """Make one as the page does: log in with the password that `up` made, and ask for it."""
    with httpx.Client(base_url=state.url, follow_redirects=True) as client:
        client.get("/user/login/")
        login = {"email": state.email, "password": state.password}
        client.post("/user/login/", data={**login, "csrfmiddlewaretoken": client.cookies["csrftoken"]})
        headers = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": state.url}
        made = client.post("/api/token/", headers=headers)
        assert made.status_code == 201, made.text
        return str(made.json()["token"])


def _copy_of_template(cluster: Cluster, folder: Path) -> None:
    """Copy a server that was started once, for a minute, and never used."""
    template = cluster.place / "label-studio"
    if not template.exists():
        with running(server_overrides(template)):
            pass
    shutil.copytree(template, folder)
    cluster.create(folder, template)


def state_in(folder: Path, pid: int | None) -> ServerState:
    """Return the state of a server that was never started."""
    return ServerState(
        url="http://127.0.0.1:8080",
        port=8080,
        pid=pid,
        folder=folder,
        email="admin@example.org",
        password=new_password(),
        token=new_token(),
        version="1.23.2",
        database="sqlite",
    )

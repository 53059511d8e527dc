"""`up` with a real PostgreSQL, in a cluster of its own that ends with the test."""

from __future__ import annotations

import getpass
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from annotate.probe import Key, open_client, try_key
from annotate.server import start, stop
from annotate.settings import read_settings
from annotate.state import is_running
from conflict_ner.errors import ServiceError
from tests.live import free_port, running, server_overrides

PROGRAMS = ("initdb", "pg_ctl", "createdb")
VARIABLE = "TEST_POSTGRES_PASSWORD"
USER = "label_studio"


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL."""

    port: int
    password: str

    @property
    def overrides(self) -> list[str]:
        return [
            "server.database=postgresql",
            f"server.postgresql.port={self.port}",
            f"server.postgresql.password_variable={VARIABLE}",
        ]


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, which Debian keeps out of PATH; skip when there is none."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in folders:
        if all((folder / name).exists() for name in PROGRAMS):
            return folder
    pytest.skip("PostgreSQL is not installed; install it (apt-get install postgresql) to run this test")


def unprivileged_user() -> str:
    """Return whom PostgreSQL runs as: it refuses root."""
    if os.getuid() != 0:
        return getpass.getuser()
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next((name for name in ("postgres", "nobody") if name in known), None)
    return user or pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A fresh cluster that asks for a password, with an empty database for Label Studio."""
    folder, user, port, password = programs(), unprivileged_user(), free_port(), secrets.token_hex(8)
    # Not pytest's own folder, which the other user may not enter.
    place = Path(tempfile.mkdtemp(prefix="conflict-ner-postgresql-"))
    data, password_file = place / "data", place / "password"
    password_file.write_text(password, encoding="utf-8")

    def run(program: str, *arguments: str) -> None:
        with (place / f"{program}.log").open("ab") as log:
            done = subprocess.run(
                [str(folder / program), *arguments],
                user=user if os.getuid() == 0 else None,
                env={"PATH": os.defpath, "HOME": str(place), "LC_ALL": "C.UTF-8", "PGPASSWORD": password},
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        assert done.returncode == 0, (place / f"{program}.log").read_text(encoding="utf-8")

    try:
        if os.getuid() == 0:
            for path in (place, password_file):
                shutil.chown(path, user)
        own = ["-A", "scram-sha-256", "-U", USER, f"--pwfile={password_file}", "--no-sync"]
        run("initdb", "-D", str(data), "-E", "UTF8", *own)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(place / "server.log"), "-o", options, "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", USER, "label_studio")
            yield Cluster(port, password)
        finally:
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place)


@pytest.mark.live
def test_a_refused_password_is_told_before_anything_starts(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "wrong")
    with pytest.raises(ServiceError, match=rf"password authentication failed.*{VARIABLE}"):
        start(read_settings(overrides=[*server_overrides(tmp_path), *cluster.overrides]), tell=print)
    assert not (tmp_path / "server.json").exists()


@pytest.mark.live
def test_the_server_runs_on_postgresql_and_keeps_its_token(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, cluster.password)
    overrides = [*server_overrides(tmp_path), *cluster.overrides]
    with running(overrides) as first, open_client(first.state.url) as client:
        assert first.state.database == "postgresql"
        assert try_key(client, first.state.token).key is Key.LEGACY
        assert not (tmp_path / "label_studio.sqlite3").exists()
        secret = (tmp_path / ".env").read_text(encoding="utf-8")
    assert not is_running(first.state)
    with running(overrides) as second, open_client(second.state.url) as client:
        assert second.state.token == first.state.token
        assert try_key(client, second.state.token).key is Key.LEGACY
        assert (tmp_path / ".env").read_text(encoding="utf-8") == secret
    assert stop(read_settings(overrides=overrides)) is None

"""A real PostgreSQL for the tests, in a cluster of its own that ends with them: `with cluster() as running`."""

from __future__ import annotations

import getpass
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.live import free_port

PROGRAMS = ("initdb", "pg_ctl", "createdb", "psql")
VARIABLE = "TEST_POSTGRES_PASSWORD"
USER = "label_studio"


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL, and the databases made in it.

    Attributes:
        port: of loopback.
        password: of USER; `up` finds it in the environment variable VARIABLE.
        place: its folder.
        databases: the database of each server's folder.
    """

    port: int
    password: str = field(repr=False)
    place: Path
    databases: dict[Path, str] = field(default_factory=dict)

    def overrides(self, folder: Path) -> list[str]:
        """Return the `key=value` overrides for a server in `folder`; an empty database is made where it has none."""
        if folder.resolve() not in self.databases:
            self.create(folder)
        return [
            "server.database=postgresql",
            f"server.postgresql.port={self.port}",
            f"server.postgresql.name={self.databases[folder.resolve()]}",
            f"server.postgresql.password_variable={VARIABLE}",
        ]

    def create(self, folder: Path, template: Path | None = None) -> None:
        """Make the database of a server's folder: empty, or a copy of another's, which no server may use now."""
        name = f"label_studio_{len(self.databases)}"
        copied = ["--template", self.databases[template.resolve()]] if template else []
        self.run("createdb", *self._login, *copied, name)
        self.databases[folder.resolve()] = name

    def execute(self, folder: Path, statement: str) -> None:
        """Run an SQL statement in the database of a server's folder."""
        options = ["--set", "ON_ERROR_STOP=1", "--command", statement]
        self.run("psql", *self._login, "--dbname", self.databases[folder.resolve()], *options)

    @property
    def _login(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER]

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user that it may run as, and insist that it ends well."""
        with (self.place / f"{program}.log").open("ab") as log:
            done = subprocess.run(
                [str(programs() / program), *arguments],
                user=unprivileged_user() if os.getuid() == 0 else None,
                env={"PATH": os.defpath, "HOME": str(self.place), "LC_ALL": "C.UTF-8", "PGPASSWORD": self.password},
                cwd=self.place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        assert done.returncode == 0, (self.place / f"{program}.log").read_text(encoding="utf-8")


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


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a fresh cluster that asks for a password, on a free port of loopback."""
    programs()
    # Not pytest's own folder, which the other user may not enter.
    place = Path(tempfile.mkdtemp(prefix="conflict-ner-postgresql-"))
    made = Cluster(free_port(), secrets.token_hex(8), place)
    data, password_file = place / "data", place / "password"
    try:
        password_file.write_text(made.password, encoding="utf-8")
        if os.getuid() == 0:
            for path in (place, password_file):
                shutil.chown(path, unprivileged_user())
        own = ["-A", "scram-sha-256", "-U", USER, f"--pwfile={password_file}", "--no-sync"]
        made.run("initdb", "-D", str(data), "-E", "UTF8", *own)
        options = f"-p {made.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        made.run("pg_ctl", "-D", str(data), "-w", "-l", str(place / "server.log"), "-o", options, "start")
        try:
            yield made
        finally:
            made.run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place)

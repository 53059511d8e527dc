"""The environment of the Label Studio process: what it is told, and what it must not see."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path

from annotate.settings import PostgreSQL, ServerSettings
from annotate.state import ServerState
from conflict_ner.errors import ConfigError, ServiceError
from conflict_ner.files import replacing_file

# Label Studio reads each of its settings without a prefix too (HOST, PORT, USERNAME, DEBUG, CI, SECRET_KEY,
# STORAGE_TYPE, ...), so nothing of the caller's shell passes but what a process needs to run at all.
PASSED = frozenset({"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ"})

# Each of these makes Label Studio call home, or its pages fetch something from outside.
SILENT = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
}

# Both are needed for a backend on loopback or in a private network: the first for its own address, the second
# for the webhook that comes with it. They open more than that: see `loopback_backend` in configs/annotate.yaml.
PRIVATE_ADDRESSES = {"ML_BLOCK_LOCAL_IP": "false", "SSRF_PROTECTION_ENABLED": "false"}
# A script of our own on Label Studio's pages, by Django's own means: a settings module and a template in a folder.
FRONT_END = Path(__file__).resolve().parent / "front_end"
SETTINGS_MODULE = "conflict_ner_settings"
DATABASE_SECONDS = 10


def keep_secret_key(folder: Path) -> None:
    """Make, once, the key that signs sessions and personal access tokens, in the file where Label Studio looks.

    Label Studio would make one itself, but one in fifty of its own starts with `$`, which it then cannot
    read back: each start gets another key, and every personal access token dies with the old one.

    Args:
        folder: the server's folder; a `.env` that is there already is left alone.
    """
    path = folder / ".env"
    if not path.exists():
        with replacing_file(path, mode=0o600) as fresh:
            fresh.write_text(f"SECRET_KEY={secrets.token_hex(32)}\n", encoding="utf-8")


def server_environment(server: ServerSettings, state: ServerState, caller: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of the server.

    Args:
        server: the settings; of the database above all.
        state: the folder and the credentials of the first user.
        caller: the environment of the calling shell, of which little is passed on.

    Raises:
        ConfigError: the variable that should hold the PostgreSQL password is not set.
    """
    passed = {name: value for name, value in caller.items() if name in PASSED or name.startswith("LC_")}
    own = {
        "BASE_DATA_DIR": str(state.folder),
        "USERNAME": state.email,
        "PASSWORD": state.password,
        "USER_TOKEN": state.token,
        "ENABLE_LEGACY_API_TOKEN": "true",
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        **SILENT,
        **(PRIVATE_ADDRESSES if server.loopback_backend else {}),
        **_database(server, caller),
    }
    python = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(FRONT_END), "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE}
    return {**passed, **python, **{f"LABEL_STUDIO_{name}": value for name, value in own.items()}}


def _database(server: ServerSettings, caller: Mapping[str, str]) -> dict[str, str]:
    if server.database == "sqlite":
        return {"DJANGO_DB": "sqlite"}
    where = server.postgresql
    return {
        "DJANGO_DB": "default",
        "POSTGRE_HOST": where.host,
        "POSTGRE_PORT": str(where.port),
        "POSTGRE_NAME": where.name,
        "POSTGRE_USER": where.user,
        "POSTGRE_PASSWORD": _database_password(where, caller),
    }


def _database_password(where: PostgreSQL, caller: Mapping[str, str]) -> str:
    password = caller.get(where.password_variable, "")
    if not password:
        raise ConfigError(
            f"server.database is postgresql, but the environment variable {where.password_variable} "
            f"(server.postgresql.password_variable) holds no password for the user {where.user!r}. "
            f"Set it: export {where.password_variable}=..., or use server.database=sqlite."
        )
    return password


def check_database(server: ServerSettings, python: Path, caller: Mapping[str, str]) -> None:
    """Connect to PostgreSQL once, with the driver of Label Studio's own environment; no-op for SQLite.

    Args:
        server: the settings.
        python: the interpreter of Label Studio's environment.
        caller: the environment with the password.

    Raises:
        ConfigError: the password variable is not set.
        ServiceError: the database cannot be reached, or refuses.
    """
    if server.database == "sqlite":
        return
    where = server.postgresql
    login = {
        "PGHOST": where.host,
        "PGPORT": str(where.port),
        "PGDATABASE": where.name,
        "PGUSER": where.user,
        "PGPASSWORD": _database_password(where, caller),
        "PGCONNECT_TIMEOUT": str(DATABASE_SECONDS),
    }
    asked = subprocess.run(
        [str(python), "-c", "import psycopg; psycopg.connect().close()"],
        env={"PATH": os.defpath, **login},
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        # The driver's own line; what follows it are hints, what stands before it is a traceback.
        told = [line.partition("Error: ")[2] for line in asked.stderr.splitlines() if "Error: " in line]
        reason = told[-1].rstrip(".") if told else f"{python} ended with exit code {asked.returncode}"
        raise ServiceError(
            f"The PostgreSQL database {where.name!r} at {where.host}:{where.port} cannot be used as "
            f"{where.user!r}: {reason}. Start PostgreSQL, or mend server.postgresql and the password in "
            f"{where.password_variable}; a missing database is made by `createdb {where.name}`."
        )

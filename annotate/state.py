"""What is remembered of a server that `annotate up` started: `server.json` in its folder, mode 0600."""

from __future__ import annotations

import json
import secrets
import subprocess
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from conflict_ner.errors import DataError
from conflict_ner.files import replacing_file

STATE_NAME = "server.json"
LOG_NAME = "label-studio.log"
FOLDER_OPTION = "--data-dir"


class ServerState(BaseModel):
    """One server: the credentials, made once, and the process, while there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    port: int
    pid: int | None
    # Where the state lies, not what it says: a folder that was moved or copied stays usable.
    folder: Annotated[Path, Field(exclude=True)]
    email: str
    # Neither stands in `repr`, and so in no log.
    password: Annotated[str, Field(repr=False)]
    # Label Studio refuses a longer token on PostgreSQL and takes a shorter one for a mistake.
    token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$"), Field(repr=False)]
    version: str
    database: str


def state_file(folder: Path) -> Path:
    """Return where the state of the server in `folder` is kept."""
    return folder / STATE_NAME


def log_file(folder: Path) -> Path:
    """Return where the server in `folder` writes its log."""
    return folder / LOG_NAME


def new_token() -> str:
    """Return a fresh API token: exactly 40 hexadecimal digits."""
    return secrets.token_hex(20)


def new_password() -> str:
    """Return a fresh password that can be typed: 20 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(15)


def read_state(folder: Path) -> ServerState | None:
    """Return the state kept in `folder`, or None when there is none.

    Raises:
        DataError: the file is damaged.
    """
    path = state_file(folder)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return ServerState.model_validate({**data, "folder": folder})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, ValidationError) as error:
        raise DataError(
            f"{path} cannot be read ({type(error).__name__}); it holds the token and password of the server. "
            "Put a good copy back, or remove the whole folder to start with an empty database."
        ) from error


def write_state(state: ServerState) -> None:
    """Write `state` into its folder, readable by its owner alone."""
    with replacing_file(state_file(state.folder), mode=0o600) as path:
        path.write_text(state.model_dump_json(indent=2) + "\n", encoding="utf-8")


def is_running(state: ServerState) -> bool:
    """Tell whether the process that `state` names lives and is the server of that folder.

    Pids are reused, so the command line has to be Label Studio's with this folder in it.
    """
    if state.pid is None:
        return False
    command = command_line(state.pid)
    return "label-studio" in command and f"{FOLDER_OPTION} {state.folder} " in command


def command_line(pid: int) -> str:
    """Return the command line of a process; empty when it is gone or ended but not yet reaped."""
    proc = Path("/proc")
    if (proc / "self" / "cmdline").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return ""
    listed = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()

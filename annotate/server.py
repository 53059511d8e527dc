"""A Label Studio server from start to end: `python -m annotate up [--detach]` and `python -m annotate down`."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from annotate.environment import check_database, keep_secret_key, server_environment
from annotate.probe import KeyAnswer, is_up, open_client, try_key
from annotate.settings import AnnotateSettings, ServerSettings, rooted
from annotate.state import (
    FOLDER_OPTION,
    ServerState,
    is_running,
    log_file,
    new_password,
    new_token,
    read_state,
    write_state,
)
from conflict_ner.errors import ConfigError, ServiceError

HOST = "127.0.0.1"
# A first start takes 35 s here (60 s with PostgreSQL); a slow machine is given five minutes.
START_SECONDS = 300
STOP_SECONDS = 15
POLL_SECONDS = 0.3
TAIL_LINES = 15
SQLITE_NAME = "label_studio.sqlite3"


@dataclass(frozen=True)
class Started:
    """A server that answers: its state, what it made of the token, and its process if we started it now."""

    state: ServerState
    key: KeyAnswer
    process: subprocess.Popen[bytes] | None


def start(settings: AnnotateSettings, tell: Callable[[str], None]) -> Started:
    """Start the server of `settings.server.folder` and return once it answers; one that runs is left alone.

    The process is a session of its own: it outlives the caller unless `end` or `stop` ends it.

    Args:
        settings: which version, folder, port and database.
        tell: is told, in a sentence, what is being waited for.

    Raises:
        ConfigError: the environment of Label Studio is missing or of another version, the port is
            taken, the email is not the folder's, or the PostgreSQL password is not set.
        ServiceError: the database cannot be reached, or the server died or never answered.
    """
    server = settings.server
    folder = rooted(server.folder).resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Also where it stood before: the database holds every user's token.
    folder.chmod(0o700)
    with _alone_in(folder):
        known = read_state(folder)
        if known is not None and is_running(known):
            wait_until_up(known, died=lambda: not is_running(known))
            return Started(known, _try_token(known), process=None)
        python, script = check_installation(server)
        check_port(server.port)
        check_database(server, python, os.environ)
        state = _next_state(server, folder, known)
        write_state(state)
        keep_secret_key(folder)
        tell(f"Starting Label Studio {server.version} ({_patience(server, folder)})")
        process = _launch(server, state, [str(python), str(script)])
        state = state.model_copy(update={"pid": process.pid})
        try:
            write_state(state)
            wait_until_up(state, died=lambda: process.poll() is not None)
            return Started(state, _try_token(state), process)
        except BaseException:
            end_process_group(process.pid, ended=lambda: process.poll() is not None)
            write_state(state.model_copy(update={"pid": None}))
            raise


def hold(started: Started) -> None:
    """Stay with a server that `start` has just begun until it ends.

    Raises:
        ServiceError: the server died by itself.
    """
    process, state = started.process, started.state
    if process is None:
        return
    process.wait()
    now = read_state(state.folder)
    # `down` takes the pid out of the state before it ends the process; if it is still there, nobody did.
    if now is not None and now.pid == state.pid:
        write_state(state.model_copy(update={"pid": None}))
        raise ServiceError(f"Label Studio died with exit code {process.returncode}.{_tail(log_file(state.folder))}")


def end(started: Started) -> None:
    """End a server that `start` has just begun.

    Raises:
        ServiceError: the process does not end even when it is killed.
    """
    process = started.process
    if process is not None:
        end_process_group(process.pid, ended=lambda: process.poll() is not None)
        write_state(started.state.model_copy(update={"pid": None}))


def stop(settings: AnnotateSettings) -> ServerState | None:
    """End the server of `settings.server.folder` and return what it was; None when none runs.

    Raises:
        DataError: the state file is damaged.
        ServiceError: the process does not end even when it is killed.
    """
    state = read_state(rooted(settings.server.folder).resolve())
    if state is None or state.pid is None:
        return None
    running = is_running(state)
    # Before the signal, so that an `up` in the foreground knows that this end was asked for.
    write_state(state.model_copy(update={"pid": None}))
    if not running:
        return None
    end_process_group(state.pid, ended=lambda: not is_running(state))
    return state


@contextmanager
def ending_with_caller() -> Iterator[None]:
    """Treat SIGTERM and a closed terminal like Ctrl-C, so that a server in the foreground ends with us."""
    previous = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def check_installation(server: ServerSettings) -> tuple[Path, Path]:
    """Return the interpreter and the start script of Label Studio's own environment.

    Raises:
        ConfigError: there is none, or it holds another version than `server.version`.
    """
    venv = rooted(server.venv)
    python, script = venv / "bin" / "python", venv / "bin" / "label-studio"
    found = installed_version(venv)
    if found is None or not python.exists() or not script.exists():
        raise ConfigError(
            f"There is no Label Studio in {venv} (server.venv). Make it with `make label-studio` "
            "(a few minutes, about 200 packages), or set server.venv to an environment that has it."
        )
    if found != server.version:
        raise ConfigError(
            f"{venv} holds Label Studio {found}, but server.version is {server.version}. "
            "Run `make label-studio` to install the wanted version."
        )
    return python, script


def installed_version(venv: Path) -> str | None:
    """Return the version of Label Studio in a virtual environment, or None."""
    found = sorted(venv.glob("lib/python3.*/site-packages/label_studio-*.dist-info"))
    return found[-1].name.removeprefix("label_studio-").removesuffix(".dist-info") if found else None


def check_port(port: int) -> None:
    """Refuse a port that is taken: Label Studio itself would move to the next one without a word.

    Raises:
        ConfigError: the port is taken, or needs rights that we lack.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # A listener on all addresses can hide from bind(), not from connect().
            taken = probe.connect_ex((HOST, port)) == 0
    except PermissionError as error:
        raise ConfigError(f"Port {port} needs the rights of root; choose one above 1023: server.port=8080.") from error
    except OSError:
        taken = True
    if taken:
        raise ConfigError(
            f"Port {port} is taken by another program. End that program, or choose another port: server.port={port + 1}"
        )


def wait_until_up(state: ServerState, died: Callable[[], bool]) -> None:
    """Return once `/health` answers.

    Raises:
        ServiceError: the process died, the time is over, or it took another port; with the log's end.
    """
    import httpx

    log = log_file(state.folder)
    deadline = time.monotonic() + START_SECONDS
    with open_client(state.url) as client:
        while time.monotonic() < deadline:
            if died():
                raise ServiceError(f"Label Studio died while starting.{_tail(log)}")
            if _has_moved(log):
                raise ServiceError(f"Another program took port {state.port} meanwhile; choose one: server.port=...")
            with suppress(httpx.HTTPError):
                if is_up(client) and not died():
                    return
            time.sleep(POLL_SECONDS)
    raise ServiceError(f"Label Studio does not answer at {state.url} after {START_SECONDS} s.{_tail(log)}")


def end_process_group(pid: int, ended: Callable[[], bool]) -> None:
    """Ask the process group of `pid` to end, and kill it when it has not after STOP_SECONDS.

    Raises:
        ServiceError: it lives on even so.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if ended():
                return
            time.sleep(0.05)
    raise ServiceError(f"Process {pid} does not end, not even by SIGKILL; look at it with `ps -p {pid}`.")


def _launch(server: ServerSettings, state: ServerState, command: list[str]) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own, with its output in the log."""
    arguments = ["start", FOLDER_OPTION, str(state.folder), "--no-browser", "--log-level", "WARNING"]
    address = ["--internal-host", HOST, "--port", str(state.port)]
    environment = server_environment(server, state, os.environ)
    with _new_log(log_file(state.folder)) as log:
        return subprocess.Popen(
            [*command, *arguments, *address],
            env=environment,
            cwd=state.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
        )


def _new_log(path: Path) -> IO[bytes]:
    """Open a fresh log; the one before is kept beside it, for it may tell of a crash."""
    if path.exists():
        path.replace(path.with_suffix(".log.1"))
    return path.open("wb")


def _next_state(server: ServerSettings, folder: Path, known: ServerState | None) -> ServerState:
    """Return the state to start with: the credentials of the folder, or new ones."""
    if known is not None and known.email != server.email:
        raise ConfigError(
            f"server.email is {server.email!r}, but the user of {folder} is {known.email!r}. "
            f"Start it with server.email={known.email}, or give the other user a folder of its own: server.folder=..."
        )
    return ServerState(
        url=f"http://{HOST}:{server.port}",
        port=server.port,
        pid=None,
        folder=folder,
        email=server.email,
        password=known.password if known else new_password(),
        token=known.token if known else new_token(),
        version=server.version,
        database=server.database,
    )


def _patience(server: ServerSettings, folder: Path) -> str:
    if server.database == "postgresql":
        return "seconds, or about a minute if the database is new"
    return "a few seconds" if (folder / SQLITE_NAME).exists() else "the first start makes the database: 30 to 60 s"


def _try_token(state: ServerState) -> KeyAnswer:
    import httpx

    try:
        with open_client(state.url) as client:
            return try_key(client, state.token)
    except httpx.HTTPError as error:
        raise ServiceError(f"Label Studio at {state.url} stopped answering: {type(error).__name__}.") from error


def _has_moved(log: Path) -> bool:
    """Tell whether Label Studio found its port taken after all, and went to the next one."""
    return log.exists() and b"Trying to start at" in log.read_bytes()


def _tail(log: Path) -> str:
    """Return the end of a log as the last part of an error message."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    shown = "\n".join(f"    {line}" for line in lines[-TAIL_LINES:] if line.strip())
    return f" The end of {log}:\n{shown}" if shown else f" Its log {log} is empty."


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two `up` at once do not start two servers on one database.

    Raises:
        ServiceError: another `up` holds it.
    """
    with (folder / ".up.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServiceError(
                f"Another `up` is starting a server in {folder}; wait for it, then try again."
            ) from error
        yield

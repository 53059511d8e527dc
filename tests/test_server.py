"""The life of a real Label Studio server: started, refused, found running, ended."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from annotate.environment import check_database, keep_secret_key, server_environment
from annotate.probe import Key, KeyAnswer, open_client, try_key
from annotate.server import SQLITE_NAME, Started, check_port, end_process_group, hold, start, stop
from annotate.settings import ROOT, ServerSettings, read_settings
from annotate.state import is_running, read_state, write_state
from conflict_ner.errors import ConfigError, ServiceError
from tests.live import (
    ON_SQLITE,
    LabelStudio,
    copy_of_database,
    execute,
    free_port,
    label_studio_venv,
    server_overrides,
    state_in,
)

# What a careless shell may hold: each of these would change or break the server if it were passed on.
HOSTILE = {
    "HOST": "https://elsewhere.example.org",
    "PORT": "1",
    "USERNAME": "mallory@example.org",
    "PASSWORD": "guess",
    "USER_TOKEN": "short",
    "DEBUG": "true",
    "CI": "true",
    "SECRET_KEY": "known to everybody",
    "LOG_LEVEL": "DEBUG",
    "DATABASE_NAME": "/nowhere/db.sqlite3",
    "STORAGE_TYPE": "s3",
    "DJANGO_SETTINGS_MODULE": "elsewhere.settings",
    "DJANGO_DB": "mysql",
    "LABEL_STUDIO_HOST": "https://elsewhere.example.org",
    "LABEL_STUDIO_PORT": "2",
    "HEARTEX_DEBUG": "true",
    "POSTGRE_HOST": "elsewhere.example.org",
    "PYTHONPATH": "/nowhere",
}


def annotate(*arguments: str, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m annotate` in a process of its own and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "annotate", *arguments],
        cwd=ROOT,
        env={**os.environ, **(extra or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def overrides_for(folder: Path, venv: str = "/nowhere/venv") -> list[str]:
    return [f"server.folder={folder}", f"server.venv={venv}", f"server.port={free_port()}"]


@pytest.fixture
def folder(label_studio: LabelStudio, tmp_path: Path) -> Iterator[Path]:
    """A folder with the database and credentials of the session's server; what runs there is ended."""
    place = copy_of_database(label_studio, tmp_path / "server")
    write_state(label_studio.state.model_copy(update={"folder": place}))
    yield place
    stop(read_settings(overrides=[f"server.folder={place}"]))


def test_a_port_that_is_taken_is_refused_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"Port {port} is taken .* server.port={port + 1}"):
            check_port(port)
    check_port(port)


def test_a_port_that_is_taken_on_all_addresses_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="is taken"):
            check_port(taken.getsockname()[1])


def test_without_an_installation_the_remedy_is_told(tmp_path: Path) -> None:
    done = annotate("up", *overrides_for(tmp_path / "server", venv=str(tmp_path / "venv")))
    assert done.returncode == 2
    assert "make label-studio" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "server" / "server.json").exists()


def test_another_version_than_the_wanted_is_refused(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "lib/python3.11/site-packages/label_studio-1.20.0.dist-info").mkdir(parents=True)
    (venv / "bin").mkdir()
    for name in ("python", "label-studio"):
        (venv / "bin" / name).touch()
    settings = read_settings(overrides=overrides_for(tmp_path / "server", str(venv)))
    with pytest.raises(ConfigError, match=r"holds Label Studio 1\.20\.0, but server\.version is 1\.23\.2"):
        start(settings, tell=print)


def test_two_starts_at_once_are_refused(tmp_path: Path) -> None:
    with (tmp_path / ".up.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(ServiceError, match="Another `up` is starting"):
            start(read_settings(overrides=overrides_for(tmp_path)), tell=print)


def test_unknown_settings_are_told_with_the_nearest_name() -> None:
    done = annotate("up", "server.prot=1")
    assert done.returncode == 2
    assert "did you mean 'port'" in done.stderr


def test_down_without_a_server_says_so(tmp_path: Path) -> None:
    done = annotate("down", f"server.folder={tmp_path}")
    assert done.returncode == 0
    assert "nothing to end" in done.stdout


def test_the_child_sees_nothing_of_a_careless_shell(tmp_path: Path) -> None:
    state = state_in(tmp_path, pid=None)
    child = server_environment(ServerSettings(), state, {**HOSTILE, "PATH": "/bin", "LC_ALL": "C.UTF-8"})
    assert child["PATH"] == "/bin"
    assert child["LC_ALL"] == "C.UTF-8"
    own = {"DJANGO_SETTINGS_MODULE", "PYTHONPATH"}  # names that the server is given too, with values of our own
    assert own <= HOSTILE.keys()
    assert not (HOSTILE.keys() - own) & child.keys()
    told = {value for name, value in child.items() if name != "PYTHONUNBUFFERED"}
    assert not (set(HOSTILE.values()) - {"true"}) & told
    assert child["LABEL_STUDIO_COLLECT_ANALYTICS"] == "false"
    assert child["LABEL_STUDIO_SENTRY_DSN"] == ""


def test_the_secret_key_is_made_once_and_can_be_read_back(tmp_path: Path) -> None:
    keep_secret_key(tmp_path)
    path = tmp_path / ".env"
    made = path.read_text(encoding="utf-8")
    # A key that starts with `$` is one that Label Studio cannot read back.
    assert re.fullmatch(r"SECRET_KEY=[0-9a-f]{64}\n", made)
    assert path.stat().st_mode & 0o777 == 0o600
    keep_secret_key(tmp_path)
    assert path.read_text(encoding="utf-8") == made


def test_postgresql_without_its_password_is_refused(tmp_path: Path) -> None:
    server = ServerSettings(database="postgresql")
    with pytest.raises(ConfigError, match="POSTGRES_PASSWORD"):
        server_environment(server, state_in(tmp_path, pid=None), {})


@pytest.mark.live
def test_postgresql_that_is_not_there_is_told(tmp_path: Path) -> None:
    server = ServerSettings(database="postgresql", postgresql={"port": free_port()})  # type: ignore[arg-type]
    with pytest.raises(
        ServiceError, match=r"PostgreSQL database 'label_studio' at 127.0.0.1:\d+ cannot be used .*refused"
    ):
        check_database(server, label_studio_venv() / "bin" / "python", {"POSTGRES_PASSWORD": "x"})


def test_a_process_that_ignores_the_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotate.server.STOP_SECONDS", 1)
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True) as deaf:
        assert deaf.stdout is not None
        assert deaf.stdout.readline() == b"deaf\n"
        end_process_group(deaf.pid, ended=lambda: deaf.poll() is not None)
        assert deaf.returncode == -signal.SIGKILL


@contextmanager
def held(folder: Path) -> Iterator[tuple[Started, subprocess.Popen[bytes]]]:
    """A process that stands for a server in the foreground: what is tested is who notices its end."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        state = state_in(folder, pid=process.pid)
        write_state(state)
        try:
            yield Started(state, KeyAnswer(Key.LEGACY), process), process
        finally:
            process.kill()


def test_a_server_in_the_foreground_that_dies_is_told(tmp_path: Path) -> None:
    (tmp_path / "label-studio.log").write_text("\n".join(f"line {number}" for number in range(40)), encoding="utf-8")
    with held(tmp_path) as (started, process):
        process.kill()
        with pytest.raises(ServiceError, match=r"(?s)died with exit code -9.*line 39") as told:
            hold(started)
    assert "line 9\n" not in str(told.value)
    now = read_state(tmp_path)
    assert now is not None
    assert now.pid is None


def test_a_server_in_the_foreground_that_was_asked_to_end_is_no_failure(tmp_path: Path) -> None:
    with held(tmp_path) as (started, process):
        write_state(started.state.model_copy(update={"pid": None}))
        process.terminate()
        hold(started)


@pytest.mark.live
def test_ctrl_c_during_the_start_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "server"
    command = [sys.executable, "-m", "annotate", "up", "--detach", *server_overrides(place)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as caller:
        deadline = time.monotonic() + 30
        while (state := read_state(place)) is None or not is_running(state):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        caller.send_signal(signal.SIGINT)
        _, trouble = caller.communicate(timeout=30)
    assert caller.returncode == 130
    assert "Stopped before it was ready" in trouble
    assert not is_running(state)
    left = read_state(place)
    assert left is not None
    assert (left.pid, left.token) == (None, state.token)


@pytest.mark.live
def test_detached_life_in_a_careless_shell(folder: Path, label_studio: LabelStudio) -> None:
    """The server survives its caller, keeps its token over a restart, is found running, and ends for good."""
    overrides = server_overrides(folder)
    begun = annotate("up", "--detach", *overrides, extra=HOSTILE)
    assert begun.returncode == 0, begun.stderr
    state = read_state(folder)
    assert state is not None
    assert state.pid is not None
    assert is_running(state)
    for promised in (state.url, state.email, str(folder), "label-studio.log"):
        assert promised in begun.stdout
    assert state.password not in begun.stdout
    assert os.getsid(state.pid) == state.pid

    child = Path(f"/proc/{state.pid}/environ").read_text(encoding="utf-8").split("\0")
    assert not {f"{name}={value}" for name, value in HOSTILE.items()} & set(child)

    assert state.token == label_studio.state.token
    with open_client(state.url) as client:
        answer = try_key(client, state.token)
    assert (answer.key, answer.user) == (Key.LEGACY, "admin@example.org")

    again = annotate("up", "--detach", *overrides, f"server.port={free_port()}")
    assert again.returncode == 0
    assert "already runs" in again.stdout
    assert "end it with `down` first" in again.stderr
    assert read_state(folder) == state

    ended = annotate("down", *overrides)
    assert ended.returncode == 0
    assert "has ended" in ended.stdout
    assert not is_running(state)
    check_port(state.port)
    assert "nothing to end" in annotate("down", *overrides).stdout
    assert is_running(label_studio.state), "another server must not be touched"


@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_the_server_ends_with_its_caller(folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "annotate", "up", *server_overrides(folder)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as caller:
        assert caller.stdout is not None
        for line in caller.stdout:
            if line.startswith("Ctrl-C"):
                break
        state = read_state(folder)
        assert state is not None
        assert is_running(state)
        caller.send_signal(number)
        rest, trouble = caller.communicate(timeout=30)
    assert caller.returncode == 0, trouble
    assert "has ended" in rest
    assert "Traceback" not in trouble
    assert not is_running(state)
    check_port(state.port)


@pytest.mark.live
def test_a_server_that_dies_while_starting_shows_its_log(tmp_path: Path) -> None:
    place = tmp_path / "server"
    place.mkdir()
    (place / SQLITE_NAME).write_bytes(b"this is no database" * 400)
    began = time.monotonic()
    with pytest.raises(ServiceError, match=r"(?s)died while starting.*file is not a database"):
        start(read_settings(overrides=[*server_overrides(place), ON_SQLITE]), tell=print)
    assert time.monotonic() - began < 60
    state = read_state(place)
    assert state is not None
    assert state.pid is None


@pytest.mark.live
def test_a_database_that_knows_another_token_is_told(folder: Path) -> None:
    """The state was lost, the database was not: the server runs, and the remedy says what can be done."""
    (folder / "server.json").unlink()
    done = annotate("up", "--detach", *server_overrides(folder))
    assert done.returncode == 2
    assert "is ready at" in done.stdout
    assert "does not open the server" in done.stderr
    assert "server.json" in done.stderr


@pytest.mark.live
def test_legacy_tokens_that_are_off_are_told(folder: Path) -> None:
    execute(folder, "UPDATE jwt_auth_jwtsettings SET legacy_api_tokens_enabled = false")
    done = annotate("up", "--detach", *server_overrides(folder))
    assert done.returncode == 2
    assert "legacy tokens switched off" in done.stderr
    assert "API Tokens Settings" in done.stderr
    examined = annotate("doctor", *server_overrides(folder))
    assert examined.returncode == 2
    assert "API Tokens Settings" in examined.stdout


@pytest.mark.live
def test_another_email_than_the_folders_is_refused(folder: Path) -> None:
    settings = read_settings(overrides=[*server_overrides(folder), "server.email=other@example.org"])
    with pytest.raises(ConfigError, match=r"Start it with server\.email=admin@example\.org"):
        start(settings, tell=print)

"""No secret reaches a terminal, a log, a written file, the list of processes, or a committed file."""

from __future__ import annotations

import base64
import os
import re
import secrets as random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from annotate.connection import KEY_VARIABLE, URL_VARIABLE
from annotate.redaction import redacted
from annotate.server import SQLITE_NAME, stop
from annotate.settings import ROOT, read_settings
from annotate.state import STATE_NAME, read_state, write_state
from conflict_ner.documents import Document, write_documents
from conflict_ner.errors import EXIT_CODE
from tests.conftest import Trained
from tests.faults import Fault, Planned, proxying
from tests.live import (
    LabelStudio,
    copy_of_database,
    execute,
    free_port,
    personal_access_token,
    server_overrides,
)

# The files that are there to hold secrets; all else that a command writes must hold none.
KEEPERS = (STATE_NAME, ".env")
BACKEND_VARIABLE = "CONFLICT_NER_BACKEND_SECRET"
WRONG = "0123456789abcdef" * 2 + "01234567"
PROCESSES = Path("/proc")


@dataclass
class Watch:
    """Secrets, and where they were seen."""

    folder: Path
    secrets: set[str]
    told: list[str] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)

    def annotate(self, *arguments: str, status: int = 0, **environment: str) -> str:
        """Run `python -m annotate`, insist on how it ends, and keep what it says."""
        command = [sys.executable, "-m", "annotate", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        self.told.append(f"{' '.join(arguments)}: {said}")
        assert done.returncode == status, said
        assert "Traceback" not in said
        return said

    def shown(self) -> list[str]:
        """Return what the commands said, what the process list showed and what was written that holds a secret."""
        found = [text for text in (*self.told, *self.listed) if self.holds(text)]
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name not in KEEPERS and not path.name.startswith(SQLITE_NAME):
                found += [str(path)] if self.holds(path.read_text(encoding="utf-8", errors="replace")) else []
        return found

    def holds(self, text: str) -> bool:
        return any(secret in text for secret in self.secrets)


@contextmanager
def watching(folder: Path, *secrets: str) -> Iterator[Watch]:
    """Look at the command lines of all processes, fifty times a second, while the block runs."""
    watch, over = Watch(folder, set(secrets)), threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            for path in PROCESSES.glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                except OSError:
                    continue
                if watch.holds(line):
                    watch.listed.add(line)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """A watch over all that is done in a folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    backend = random.token_hex(20)
    monkeypatch.setenv(BACKEND_VARIABLE, backend)
    basic = base64.b64encode(f"label-studio:{backend}".encode()).decode()
    with watching(tmp_path, backend, basic, WRONG) as over:
        yield over


@pytest.fixture
def server(label_studio: LabelStudio, watch: Watch) -> Iterator[list[str]]:
    """The overrides of a server that is not up yet, whose secrets are watched."""
    folder = copy_of_database(label_studio, watch.folder / "server")
    # A user has one personal access token, and another test may have made it on the server that was copied.
    execute(folder, "DELETE FROM token_blacklist_outstandingtoken")
    write_state(label_studio.state.model_copy(update={"folder": folder}))
    key = (folder / ".env").read_text(encoding="utf-8").partition("=")[2].strip()
    watch.secrets |= {label_studio.state.token, label_studio.state.password, key}
    overrides = server_overrides(folder)
    yield overrides
    stop(read_settings(overrides=overrides))


@pytest.mark.live
@pytest.mark.skipif(not PROCESSES.is_dir(), reason="there is no /proc to read the process list from")
def test_the_commands_tell_no_secret(watch: Watch, server: list[str]) -> None:
    settings = read_settings(overrides=server)
    url = f"http://127.0.0.1:{settings.server.port}"
    source, out = watch.folder / "source.jsonl", watch.folder / "pulled.jsonl"
    write_documents(source, [Document(id="a", text="Rebels took Idlib.")])

    watch.annotate("up", *server, "server.venv=/nowhere", status=EXIT_CODE)
    watch.annotate("up", "--detach", *server)
    state = read_state(settings.server.folder)
    assert state is not None
    watch.annotate("doctor", *server)
    watch.annotate("push", str(source), *server)
    watch.annotate("pull", str(out), *server)

    for wrong in (WRONG, f"{WRONG}\n{WRONG}"):
        refused = {URL_VARIABLE: url, KEY_VARIABLE: wrong}
        assert "doctor" in watch.annotate("push", str(source), *server, status=EXIT_CODE, **refused) or "\n" in wrong
    watch.annotate("doctor", *server, status=EXIT_CODE, **{URL_VARIABLE: url, KEY_VARIABLE: WRONG})
    # Easily done: the two are swapped, or the address holds a password.
    watch.annotate("pull", str(out), *server, status=EXIT_CODE, **{URL_VARIABLE: state.token, KEY_VARIABLE: url})
    address = url.replace("//", f"//admin:{state.password}@")
    watch.annotate("pull", str(out), *server, status=EXIT_CODE, **{URL_VARIABLE: address, KEY_VARIABLE: state.token})

    personal = personal_access_token(state)
    watch.secrets |= {personal, personal.rpartition(".")[2]}
    with proxying(url) as proxy:
        # A server that repeats the request's headers in its answer.
        proxy.plan = [Planned("*", Fault.BROKEN) for _ in range(4)]
        through = {URL_VARIABLE: proxy.url, KEY_VARIABLE: state.token}
        assert "answered 500" in watch.annotate("push", str(source), *server, status=EXIT_CODE, **through)
        watch.annotate("doctor", *server, status=EXIT_CODE, **through)
        through[KEY_VARIABLE] = personal
        for fault, told in ((Fault.BROKEN, "(500)"), (Fault.TIMEOUT_BEFORE, "no JSON")):
            proxy.plan = [Planned("*/token/refresh/", fault)]
            assert told in watch.annotate("pull", str(out), *server, status=EXIT_CODE, **through)
        assert proxy.plan == []

    watch.annotate("down", *server)
    watch.annotate("push", str(source), *server, status=EXIT_CODE)
    watch.annotate("doctor", *server, status=EXIT_CODE)
    gone = {URL_VARIABLE: url, KEY_VARIABLE: state.token}
    assert "cannot be reached" in watch.annotate("push", str(source), *server, status=EXIT_CODE, **gone)

    assert watch.shown() == []
    folder = settings.server.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {name: (folder / name).stat().st_mode & 0o777 for name in KEEPERS} == dict.fromkeys(KEEPERS, 0o600)


@pytest.mark.live
@pytest.mark.skipif(not PROCESSES.is_dir(), reason="there is no /proc to read the process list from")
def test_the_backend_tells_no_secret(watch: Watch, label_studio: LabelStudio, trained: Trained) -> None:
    watch.secrets.add(label_studio.state.token)
    port = free_port()
    backend = [f"backend.port={port}", f"backend.model={trained.model}", f"backend.folder={watch.folder / 'backend'}"]
    server = [f"server.folder={label_studio.settings.server.folder}", "project.title=Nobody made this project"]
    log = watch.folder / "backend.log"
    command = [sys.executable, "-m", "annotate", "backend", "serve", *backend]
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as serving:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                for _ in range(600):
                    try:
                        assert client.get("/health").status_code in {200, 401}
                        break
                    except httpx.TransportError:
                        assert serving.poll() is None, log.read_text()
                        time.sleep(0.1)
                for header in (f"Bearer {WRONG}", f"Bearer {os.environ[BACKEND_VARIABLE]}"):
                    client.post("/predict", headers={"authorization": header}, content=b"{")
            watch.annotate("backend", "register", *backend, *server, status=EXIT_CODE)
        finally:
            serving.send_signal(signal.SIGINT)
    unset = {BACKEND_VARIABLE: ""}
    assert BACKEND_VARIABLE in watch.annotate("backend", "serve", *backend, status=EXIT_CODE, **unset)
    assert log.stat().st_size > 0
    assert watch.shown() == []


@pytest.mark.skipif(not PROCESSES.is_dir(), reason="there is no /proc to read the process list from")
def test_the_watch_sees_a_secret_wherever_it_is(tmp_path: Path) -> None:
    secret = random.token_hex(20)
    with watching(tmp_path, secret) as watch:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)", secret], check=True)
        (tmp_path / "log").write_text(f"key={secret}")
        (tmp_path / STATE_NAME).write_text(secret)
        watch.told.append(f"Error: {secret}")
    assert len(watch.shown()) == 3


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Token {WRONG}",
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl",
        "authorization: basic bGFiZWw6c2VjcmV0MTIz",
        "the key my own secret key was refused",
        "Cookie: sessionid=abcdefgh",
    ],
)
def test_what_signs_a_request_is_taken_out_of_a_message(text: str) -> None:
    shown = redacted(text, "my own secret key")
    assert "[secret]" in shown
    assert not re.search(r"0123|eyJ|bGFi|my own|abcdefgh", shown)


def test_words_stay_in_a_message() -> None:
    told = "Invalid token. legacy token authentication has been disabled for this organization; Basic authentication"
    assert redacted(told, "", "short") == told


# What secrets look like: a token of Label Studio, a signed JSON web token, keys of well-known services.
TELLING = re.compile(
    rb'(?<![0-9a-fA-F])(?<!COMMIT = ")[0-9a-f]{40}(?![0-9a-fA-F])'  # a token of Label Studio is as long as a commit
    rb"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}"
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    rb"|\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|github_pat_\w{30,}|hf_[A-Za-z]{30,}|sk-[\w-]{30,}|xox[abp]-[\w-]{20,})"
)


def committed() -> list[Path]:
    """Return the files that git holds, or would with the next `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no checkout of git, so nothing is committed")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_committed_file_holds_a_secret() -> None:
    files = committed()
    assert ROOT / "README.md" in files
    assert [str(path) for path in files if TELLING.search(path.read_bytes())] == []
    private = {*KEEPERS, SQLITE_NAME}
    assert [str(path) for path in files if path.name in private or path.suffix in {".pem", ".key"}] == []


@pytest.mark.parametrize(
    "planted",
    [
        f"token: {random.token_hex(20)}",
        "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0." + "c2ln" * 8,
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "gh" + "p_" + "a1" * 18,
    ],
    ids=["token", "personal token", "private key", "token of a forge"],
)
def test_a_planted_secret_is_found(planted: str) -> None:
    assert TELLING.search(planted.encode())
    assert not TELLING.search(random.token_hex(32).encode()), "a digest of SHA-256 is no token"

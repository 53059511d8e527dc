"""Faults between us and a real server: nothing arrives twice, nothing is lost, and no secret is told."""

from __future__ import annotations

import http.client
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatch
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from annotate import delivery
from annotate.client import Client
from annotate.connection import KEY_VARIABLE, URL_VARIABLE, Connection
from annotate.exchange import PushRequest, run_push
from annotate.session import RequestError
from annotate.settings import AnnotateSettings, ProjectSettings
from conflict_ner.documents import Document, Provenance, Span, write_documents
from tests.live import LabelStudio, free_port

pytestmark = pytest.mark.live

TEXT = "Rebels killed 117 soldiers in Idlib's centre on Tuesday."
NAMES = ("a", "b", "c")


class Fault(Enum):
    """What the proxy does with one request."""

    DROP_AFTER = "the server does it, and the connection breaks before its answer"
    TIMEOUT_AFTER = "the server does it, and a gateway answers 504"
    TIMEOUT_BEFORE = "a gateway answers 504, and the server never hears of it"
    TIMEOUT_WHILE = "a gateway answers 504 while the server is still at work"


@dataclass
class Proxy:
    """A gateway before the server; `plan` holds the faults that await the next request of each pattern."""

    url: str
    plan: list[tuple[str, Fault]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    late: list[threading.Thread] = field(default_factory=list)

    def fault(self, method: str, path: str) -> Fault | None:
        """Take the fault planned for a request, if one is."""
        self.seen.append(f"{method} {path}")
        for number, (wanted, _) in enumerate(self.plan):
            if fnmatch(f"{method} {path}", wanted):
                return self.plan.pop(number)[1]
        return None


def _handler(proxy: Proxy, upstream: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            # The next request on this connection overwrites path and headers while a late one still needs its own.
            send = partial(self._forward, self.command, self.path, dict(self.headers), body)
            fault = proxy.fault(self.command, urlsplit(self.path).path)
            if fault is Fault.TIMEOUT_BEFORE:
                return self._answer(504, b"<html>gateway timeout</html>", "text/html")
            if fault is Fault.TIMEOUT_WHILE:

                def later() -> None:
                    time.sleep(0.7)
                    send()

                thread = threading.Thread(target=later)
                thread.start()
                proxy.late.append(thread)
                return self._answer(504, b"", "text/html")
            status, content, kind = send()
            if fault is Fault.DROP_AFTER:
                self.close_connection = True
                return None
            if fault is Fault.TIMEOUT_AFTER:
                return self._answer(504, b"<html>gateway timeout</html>", "text/html")
            return self._answer(status, content, kind)

        def _forward(self, method: str, path: str, given: dict[str, str], body: bytes) -> tuple[int, bytes, str]:
            where = urlsplit(upstream)
            connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
            try:
                headers = {name: value for name, value in given.items() if name.lower() != "host"}
                connection.request(method, path, body, {**headers, "Connection": "close"})
                answer = connection.getresponse()
                return answer.status, answer.read(), answer.getheader("content-type") or "application/json"
            finally:
                connection.close()

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            if status != 204:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler


@contextmanager
def proxying(upstream: str) -> Iterator[Proxy]:
    port = free_port()
    proxy = Proxy(f"http://127.0.0.1:{port}")
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(proxy, upstream))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        for late in proxy.late:
            late.join()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Bench:
    """One test's project behind the proxy, with a way past it to see what the server really holds."""

    settings: AnnotateSettings
    proxy: Proxy
    past: Client
    folder: Path

    def push(self, *, replay: bool = False, predict: bool = False) -> None:
        spans = (Span(start=30, end=35, label="PLACE"),)
        provenance = Provenance(annotators=(self.annotator,))
        documents = [Document(id=name, text=TEXT, spans=spans, provenance=provenance) for name in NAMES]
        path = self.folder / "documents.jsonl"
        write_documents(path, documents)
        request = PushRequest(path, (path,) if replay else (), path if predict else None, "m-1" if predict else None)
        run_push(self.settings, request)

    @property
    def annotator(self) -> str:
        return f"{self.settings.project.title.replace(' ', '-')}@example.org"

    @property
    def project(self) -> int:
        (project,) = self.past.projects(self.settings.project.title)
        return project.id

    def held(self) -> list[str]:
        return sorted(key.doc_id for key in self.past.find_tasks(self.project, NAMES))

    def count(self, wanted: str) -> int:
        return sum(wanted in seen for seen in self.proxy.seen)


@pytest.fixture
def bench(label_studio: LabelStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(delivery, "PAUSES", (0.2, 1.0))
    title = f"fault {uuid.uuid4().hex[:12]}"
    settings = label_studio.settings.model_copy(update={"project": ProjectSettings(title=title)})
    with proxying(label_studio.connection.url) as proxy, Client(label_studio.connection) as past:
        monkeypatch.setenv(URL_VARIABLE, proxy.url)
        monkeypatch.setenv(KEY_VARIABLE, label_studio.connection.api_key)
        yield Bench(settings, proxy, past, tmp_path)


@pytest.mark.parametrize(
    ("fault", "requests"),
    [(Fault.DROP_AFTER, 1), (Fault.TIMEOUT_AFTER, 1), (Fault.TIMEOUT_WHILE, 1), (Fault.TIMEOUT_BEFORE, 2)],
    ids=lambda value: getattr(value, "name", str(value)).lower(),
)
def test_after_a_fault_each_task_is_there_once(bench: Bench, fault: Fault, requests: int) -> None:
    bench.proxy.plan = [("POST /api/projects/*/import", fault)]
    bench.push()
    assert bench.proxy.plan == [], "the fault happened"
    assert bench.held() == list(NAMES)
    assert bench.count("/import") == requests
    bench.push()
    assert bench.held() == list(NAMES)
    assert bench.count("/import") == requests


def test_faults_that_go_on_end_the_push_and_the_same_command_finishes_it(bench: Bench) -> None:
    bench.proxy.plan = [("POST /api/projects/*/import", Fault.TIMEOUT_BEFORE)] * delivery.ATTEMPTS
    with pytest.raises(RequestError, match="answered 504") as caught:
        bench.push()
    assert caught.value.uncertain
    assert bench.held() == []
    bench.push()
    assert bench.held() == list(NAMES)


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.TIMEOUT_AFTER], ids=lambda fault: fault.name.lower())
def test_projects_users_annotations_and_predictions_are_made_once_too(bench: Bench, fault: Fault) -> None:
    paths = (
        "POST /api/projects/",
        "POST /api/users/",
        "POST /api/tasks/*/annotations/",
        "POST /api/projects/*/import/predictions",
    )
    bench.proxy.plan = [(path, fault) for path in paths]
    bench.push(replay=True, predict=True)
    assert bench.proxy.plan == [], "all faults happened"
    assert bench.held() == list(NAMES)
    assert list(bench.past.users().values()).count(bench.annotator) == 1
    tasks = list(bench.past.annotated_tasks(bench.project))
    assert [len(task.annotations) for task in tasks] == [1, 1, 1]
    assert len(bench.past.predictions(bench.project, [task.id for task in tasks])) == 3


def test_a_refusal_tells_status_and_reason_and_no_secret(bench: Bench, label_studio: LabelStudio) -> None:
    token = label_studio.connection.api_key
    with Client(label_studio.connection) as client, pytest.raises(RequestError) as caught:
        client.create_project("x", label_config="<View><Nonsense></View>")
    assert caught.value.status == 400
    assert not caught.value.uncertain
    assert "label_config" in str(caught.value)
    wrong = Connection(label_studio.connection.url, "0" * 40, "test")
    with Client(wrong) as client, pytest.raises(RequestError, match="doctor") as refused:
        client.users()
    assert refused.value.status == 401
    for error in (caught.value, refused.value):
        told = str(error).casefold()
        assert not any(word in told for word in (token, "0" * 40, "cookie", "authorization", "csrf", "header"))


def test_a_server_that_is_not_there_is_told(label_studio: LabelStudio) -> None:
    nowhere = Connection(f"http://127.0.0.1:{free_port()}", label_studio.connection.api_key, "test")
    with Client(nowhere) as client, pytest.raises(RequestError, match="cannot be reached") as caught:
        client.create_user("x@example.org")
    assert (caught.value.status, caught.value.uncertain) == (None, False)


@pytest.mark.parametrize("faults", [0, 1, 2])
def test_delivery_sends_again_only_what_is_missing(monkeypatch: pytest.MonkeyPatch, faults: int) -> None:
    monkeypatch.setattr(delivery, "PAUSES", (0.0,))
    arrived: list[int] = []
    sent: list[tuple[int, ...]] = []

    def send(items: Sequence[int]) -> None:
        sent.append(tuple(items))
        arrived.append(items[0])
        if len(sent) <= faults:
            raise RequestError("broke", uncertain=True)
        arrived.extend(items[1:])

    again = delivery.deliver((1, 2, 3), send, lambda items: [item for item in items if item not in arrived])
    assert arrived == [1, 2, 3]
    assert sent == [(1, 2, 3), (2, 3), (3,)][: faults + 1]
    assert again is (faults > 0)

"""A gateway of the tests that stands before a real server and spoils chosen requests: `with proxying(url) as proxy`."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatch
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote_plus, urlsplit

from tests.live import free_port

# How long a late request waits before it reaches the server, after its sender was told 504.
LATE_SECONDS = 0.4
# How long the server may work on a request before it is struck in the middle of it.
WORK_SECONDS = 0.03


class Fault(Enum):
    """What the proxy does with one request."""

    DROP_AFTER = "the server does it, and the connection closes before its answer"
    RESET_BEFORE = "the connection is reset, and the server never hears of it"
    TIMEOUT_BEFORE = "a gateway answers 504, and the server never hears of it"
    TIMEOUT_AFTER = "the server does it, and a gateway answers 504"
    TIMEOUT_WHILE = "a gateway answers 504 while the server is still at work"
    BUSY = "429, and the server never hears of it"
    BUSY_FOR = "429 with Retry-After, and the server never hears of it"
    HALF_BODY = "the server does it, and half of its answer arrives"
    BROKEN = "500 with a page that repeats the request's headers"
    STRIKE_BEFORE = "what the test strikes dies before the server hears of it"
    STRIKE_WHILE = "what the test strikes dies while the server is at work on it"
    STRIKE_AFTER = "what the test strikes dies after the server has done it, before its answer"


@dataclass
class Planned:
    """A fault that awaits the n-th request of a pattern: method and address, with its query or without it."""

    request: str
    fault: Fault
    nth: int = 1


@dataclass
class Proxy:
    """A gateway before the server.

    Attributes:
        url: where it listens.
        plan: the faults that have not happened yet.
        strike: what the STRIKE faults call; it kills the server or the client. After it nobody listens here any more,
            as nobody would at a dead server's address.
        seen: each request that came: method and address, with its query unquoted.
        late: the requests that are still to reach the server.
        close: stops listening.
    """

    url: str
    plan: list[Planned] = field(default_factory=list)
    strike: Callable[[], None] = lambda: None
    seen: list[str] = field(default_factory=list)
    late: list[threading.Thread] = field(default_factory=list)
    close: Callable[[], None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, method: str, path: str) -> Fault | None:
        """Take the fault planned for a request, if one is."""
        asked = f"{method} {unquote_plus(path)}"
        with self._lock:
            self.seen.append(asked)
            for planned in self.plan:
                if _matches(asked, planned.request):
                    planned.nth -= 1
                    if planned.nth == 0:
                        self.plan.remove(planned)
                        return planned.fault
        return None

    def count(self, request: str) -> int:
        """Return how many requests of a pattern came."""
        return sum(_matches(seen, request) for seen in self.seen)


@contextmanager
def proxying(upstream: str, port: int | None = None) -> Iterator[Proxy]:
    """Run a proxy before the server at `upstream`; a `port` of its own lets a later one have the same address."""
    port = port or free_port()
    proxy = Proxy(f"http://127.0.0.1:{port}")
    server = _listening(port, _handler(proxy, upstream))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()

    def close() -> None:
        server.shutdown()
        server.server_close()

    proxy.close = close
    try:
        yield proxy
    finally:
        for late in proxy.late:
            late.join()
        close()
        thread.join()


def _listening(port: int, handler: type[BaseHTTPRequestHandler]) -> _Server:
    """Return a server on a port that an earlier one has just left: now and then the system needs a moment."""
    until = time.monotonic() + 20
    while True:
        try:
            return _Server(("127.0.0.1", port), handler)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if time.monotonic() > until:
                users = [line for line in Path("/proc/net/tcp").read_text().splitlines() if f":{port:04X} " in line]
                raise OSError(f"port {port} is still in use after 20 seconds: {users}") from error
            time.sleep(0.05)


def _matches(asked: str, request: str) -> bool:
    return fnmatch(asked, request) or fnmatch(asked.partition("?")[0], request)


class _Broken(Exception):  # noqa: N818 - it ends a connection on purpose
    """The connection to the client is over."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections break here on purpose."""


def _handler(proxy: Proxy, upstream: str) -> type[BaseHTTPRequestHandler]:
    where = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body of an answer are two packets: the second must not wait for an acknowledgement.
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            # The server makes a thread and a connection to its database for each connection of ours: keep one.
            self._upstream = self._connect()

        def finish(self) -> None:
            self._upstream.close()
            super().finish()

        def _connect(self) -> http.client.HTTPConnection:
            return http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            fault = proxy.fault(self.command, self.path)
            # The next request on this connection overwrites path and headers while a late one still needs its own.
            request = (self.command, self.path, dict(self.headers), body)
            send = partial(_forward, self._upstream, *request)
            match fault:
                case Fault.RESET_BEFORE:
                    self._reset()
                case Fault.TIMEOUT_BEFORE:
                    return self._answer(504, b"<html>gateway timeout</html>", "text/html")
                case Fault.BUSY | Fault.BUSY_FOR:
                    extra = {"retry-after": "1"} if fault is Fault.BUSY_FOR else {}
                    return self._answer(429, b'{"detail": "Request was throttled."}', extra=extra)
                case Fault.BROKEN:
                    echo = json.dumps({"detail": f"Server error in {self.headers}", "exc_info": str(self.headers)})
                    return self._answer(500, echo.encode())
                case Fault.TIMEOUT_WHILE:
                    # By then this connection serves the next request.
                    late = threading.Thread(target=self._send_late, args=request)
                    late.start()
                    proxy.late.append(late)
                    return self._answer(504, b"", "text/html")
                case Fault.STRIKE_BEFORE:
                    self._strike()
                case Fault.STRIKE_WHILE:
                    at_work = threading.Thread(target=_quietly, args=(send,))
                    at_work.start()
                    time.sleep(WORK_SECONDS)
                    proxy.strike()
                    at_work.join()
                    proxy.close()
                    self._reset()
            try:
                status, content, kind = send()
            except (OSError, http.client.HTTPException):
                self._reset()
            if fault is Fault.STRIKE_AFTER:
                self._strike()
            if fault is Fault.DROP_AFTER:
                raise _Broken
            if fault is Fault.TIMEOUT_AFTER:
                return self._answer(504, b"<html>gateway timeout</html>", "text/html")
            return self._answer(status, content, kind, half=fault is Fault.HALF_BODY)

        def _send_late(self, *request: Any) -> None:
            time.sleep(LATE_SECONDS)
            with closing(self._connect()) as connection:
                _quietly(partial(_forward, connection, *request))

        def _strike(self) -> NoReturn:
            proxy.strike()
            proxy.close()
            self._reset()

        def _reset(self) -> NoReturn:
            # Without lingering, a closed socket answers with a reset instead of an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()
            raise _Broken

        def _answer(
            self,
            status: int,
            content: bytes,
            kind: str = "application/json",
            half: bool = False,
            extra: dict[str, str] | None = None,
        ) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            for name, value in (extra or {}).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if half else content)
            if half:
                raise _Broken

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler


def _quietly(send: Callable[[], object]) -> None:
    with suppress(OSError, http.client.HTTPException):
        send()


def _forward(
    connection: http.client.HTTPConnection, method: str, path: str, given: dict[str, str], body: bytes
) -> tuple[int, bytes, str]:
    """Send a request on to the server, and return status, content and content type of its answer."""
    connection.request(method, path, body, {name: value for name, value in given.items() if name.lower() != "host"})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.getheader("content-type") or "application/json"

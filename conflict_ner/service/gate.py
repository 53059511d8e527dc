"""The gate before the routes: the key, the size of requests, the headers of every answer, and the counting."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from conflict_ner.service.keys import Key, Refusal
from conflict_ner.service.metrics import Metrics
from conflict_ner.service.settings import ServiceSettings

LOG = logging.getLogger("conflict_ner.service")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

BATCH_ROUTE = "/v1/batch"
# Open without the key: they tell nothing of any article. All else asks for it, also what a later version adds.
OPEN = ("/", "/health", "/ready", "/version", "/openapi.json")
OPEN_FOLDER = "/web/"
# What is sent beyond the limit is taken and thrown away up to this many times it, so that the client, who reads
# nothing before it has sent all, comes to read why it was refused.
_PATIENCE_WITH_SIZE = 16
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
        b"require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Gate:
    """Lets requests through to the application, or says why not.

    Args:
        app: the routes.
        settings: how large and how slow a request may be.
        key: None where everybody may ask.
        metrics: is told of each answer.
    """

    def __init__(self, app: App, settings: ServiceSettings, key: Key | None, metrics: Metrics) -> None:
        self.app = app
        self.settings = settings
        self.key = key
        self.metrics = metrics

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        answer = _Answer(send)
        self.metrics.open.inc()
        try:
            await self._pass(scope, receive, answer)
        except Exception as error:
            # The message of an error may quote an article, so the log gets its place alone.
            place = traceback.extract_tb(error.__traceback__)[-1]
            LOG.error("A request failed: %s at %s:%s.", type(error).__name__, place.filename, place.lineno)
            if answer.status is None:
                await answer.refuse(Refusal(500, f"The service has a defect ({type(error).__name__}); see its log."))
        finally:
            self.metrics.open.dec()
            route = getattr(scope.get("route"), "path", None) or "other"
            self.metrics.request(route, answer.status or 499, time.perf_counter() - begin)

    async def _pass(self, scope: MutableMapping[str, Any], receive: Receive, answer: _Answer) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        refusal = self._key_refusal(scope["path"], headers.get(b"authorization"))
        if refusal is None and scope["method"] in {"POST", "PUT", "PATCH"}:
            limit = self.settings.batch_bytes if scope["path"] == BATCH_ROUTE else self.settings.request_bytes
            try:
                async with asyncio.timeout(self.settings.body_seconds):
                    body = await _body(receive, limit, headers.get(b"content-length"))
            except TimeoutError:
                body = Refusal(408, f"The request did not come whole within {self.settings.body_seconds:g} s.")
            if body is None:
                return
            if isinstance(body, Refusal):
                refusal = body
            else:
                receive = _Replay(body, receive)
        if refusal is not None:
            await answer.refuse(refusal)
        else:
            await self.app(scope, receive, answer)

    def _key_refusal(self, path: str, authorization: bytes | None) -> Refusal | None:
        if self.key is None or path in OPEN or path.startswith(OPEN_FOLDER):
            return None
        return self.key.refusal(None if authorization is None else authorization.decode("latin-1"))


class _Answer:
    """Sends an answer with the headers that all have, and keeps its status; None until it has begun."""

    def __init__(self, send: Send) -> None:
        self.status: int | None = None
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        body = json.dumps({"detail": refusal.reason, "problems": []}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if refusal.status == 401:
            headers.append((b"www-authenticate", b'Bearer realm="conflict-ner"'))
        if refusal.status in {408, 413}:
            headers.append((b"connection", b"close"))
        await self({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


class _Replay:
    """Gives the body that was read, and after it what else the server has to tell."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _body(receive: Receive, limit: int, stated: bytes | None) -> bytes | Refusal | None:
    """Return a request's body, why it is refused, or None where the client has gone."""
    too_large = Refusal(413, f"The request has more than {limit:,} bytes, which is the most; send it in parts.")
    if stated is not None and stated.isdigit() and int(stated) > limit * _PATIENCE_WITH_SIZE:
        return too_large
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= limit * _PATIENCE_WITH_SIZE:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size, more = size + len(part), message.get("more_body", False)
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
    return too_large if size > limit else b"".join(parts)

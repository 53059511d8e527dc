"""A client of the service that needs nothing but Python: copy this file, or import it.

client = Client("http://127.0.0.1:8080")
for span in client.spans("Rebels killed 12 soldiers near Idlib."):
    print(span["word"], span["entity_group"])
"""

from __future__ import annotations

import datetime
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Literal, TypedDict, cast
from urllib.parse import urlsplit

Wanted = Literal["spans", "facts", "events"]
Day = datetime.date | str
BATCH_LINES = 256
BATCH_CHARACTERS = 1_000_000
_BUSY = 429
_HEADER_VALUE = re.compile(r"[!-~]+")


class ClientError(Exception):
    """The service refused, or cannot be reached.

    Attributes:
        status: the HTTP status; None where there was no answer.
        problems: the fields that are wrong, each with its reason.
    """

    def __init__(self, message: str, status: int | None = None, problems: Iterable[Mapping[str, str]] = ()) -> None:
        self.status = status
        self.problems = tuple(problems)
        super().__init__(message)


class NamedSpan(TypedDict):
    """A span, shaped as transformers' token-classification pipeline returns it."""

    entity_group: str
    score: float
    word: str
    start: int
    end: int


class Client:
    """Asks a service of `conflict-ner serve`.

    Args:
        url: its address, such as `http://127.0.0.1:8080`.
        key: its key, where it has one; it is sent to that address alone, redirects are not followed.
        timeout: seconds that an answer may take; a busy service is asked again until they are over.

    Raises:
        ValueError: the address is none of http or https, or the key holds what no HTTP header can.
    """

    def __init__(self, url: str, key: str | None = None, timeout: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a service; give one such as 'http://127.0.0.1:8080'")
        if key is not None and not _HEADER_VALUE.fullmatch(key):
            raise ValueError("the key is empty, or has blanks or letters that no HTTP header can hold")
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._key = key
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if parts.hostname in {"127.0.0.1", "::1", "localhost"}:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def spans(self, text: str, published: Day | None = None) -> list[NamedSpan]:
        """Return the spans of a text; offsets are indices into it.

        Raises:
            ClientError: the service refused, or cannot be reached.
        """
        return cast("list[NamedSpan]", self._post("/v1/spans", _article(text, published)))

    def facts(self, text: str, published: Day | None = None, id: str = "text") -> dict[str, Any]:  # noqa: A002
        """Return what the spans mean, as the JSON of `conflict_ner.facts.Facts`.

        Args:
            text: the article.
            published: the day of publication, which `Tuesday` is reckoned from.
            id: the article's name.

        Raises:
            ClientError: the service refused, or cannot be reached.
        """
        return cast("dict[str, Any]", self._post("/v1/facts", _article(text, published, id)))

    def events(self, text: str, published: Day | None = None, id: str = "text") -> dict[str, Any]:  # noqa: A002
        """Return the events that a text tells of, as the JSON of `conflict_ner.events.Events`; see `facts`."""
        return cast("dict[str, Any]", self._post("/v1/events", _article(text, published, id)))

    def batch(self, articles: Iterable[str | Mapping[str, Any]], what: Wanted = "events") -> Iterator[dict[str, Any]]:
        """Yield an answer for each article, in order, however many they are.

        Args:
            articles: texts, or mappings with `text`, and if known `published` and `id`.
            what: what is read from them.

        Yields:
            `id`, `line` (the article's number, from 1), and the answer under the name of what was asked; or `error`,
            with what is wrong with this article.

        Raises:
            ClientError: the service refused a whole request, or cannot be reached.
        """
        before = 0
        for lines in _portions(articles):
            for answer in self._ask(f"/v1/batch?what={what}", b"\n".join(lines), "application/jsonl").splitlines():
                record = json.loads(answer)
                record["line"] += before
                if record["id"] == f"line-{record['line'] - before}":
                    record["id"] = f"line-{record['line']}"
                yield record
            before += len(lines)

    def _post(self, route: str, article: Mapping[str, Any]) -> Any:
        return json.loads(self._ask(route, json.dumps(article).encode(), "application/json"))

    def _ask(self, route: str, body: bytes, content_type: str) -> bytes:
        headers = {"Content-Type": content_type}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        deadline = time.monotonic() + self.timeout
        while True:
            request = urllib.request.Request(self.url + route, body, headers, method="POST")
            try:
                with self._opener.open(request, timeout=max(0.1, deadline - time.monotonic())) as answer:
                    return cast("bytes", answer.read())
            except urllib.error.HTTPError as error:
                with error:
                    wait = _seconds(error.headers.get("Retry-After"))
                    if error.code != _BUSY or time.monotonic() + wait > deadline:
                        raise _refused(self.url, error) from None
                time.sleep(wait)
            except (OSError, HTTPException) as error:
                reason = error.reason if isinstance(error, urllib.error.URLError) else error
                told = "it did not answer in time" if isinstance(reason, TimeoutError) else str(reason)
                raise ClientError(
                    f"The service at {self.url} cannot be reached: {told}. Start it with `conflict-ner serve`, or "
                    "check the address; a request that is far too large is cut off too."
                ) from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Tells of a redirect instead of following it, which would take the key to another address."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing."""


def _article(text: str, published: Day | None, id: str | None = None) -> dict[str, Any]:  # noqa: A002
    article: dict[str, Any] = {"text": text}
    if published is not None:
        article["published"] = str(published)
    if id is not None:
        article["id"] = id
    return article


def _portions(articles: Iterable[str | Mapping[str, Any]]) -> Iterator[list[bytes]]:
    """Yield lines in requests of a size that the service takes."""
    lines: list[bytes] = []
    size = 0
    for given in articles:
        line = json.dumps({"text": given} if isinstance(given, str) else dict(given), default=str).encode()
        if lines and (len(lines) == BATCH_LINES or size + len(line) > BATCH_CHARACTERS):
            yield lines
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield lines


def _refused(url: str, error: urllib.error.HTTPError) -> ClientError:
    try:
        told = json.loads(error.read())
        return ClientError(str(told["detail"]), error.code, told.get("problems", ()))
    except (ValueError, TypeError, KeyError, AttributeError, OSError):
        return ClientError(f"{url} answers with status {error.code} and is no service of conflict-ner.", error.code)


def _seconds(header: str | None) -> float:
    return float(header) if header is not None and header.isdigit() else 1.0

"""A signed HTTP session with Label Studio: the one file that imports its SDK.

A legacy token signs a request as it is. A personal access token has to be swapped for a short-lived one, which
the SDK does; it takes one to two seconds to import, so it is loaded for such a token alone. Nothing that writes
is retried: a caller looks up what arrived first (`annotate/delivery.py`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx

from annotate.connection import Connection
from annotate.probe import is_loopback
from annotate.redaction import redacted
from annotate.tasks import Json
from conflict_ner.errors import ServiceError

READ_TIMEOUT = 120.0  # seconds; a page of a thousand tasks takes one or two
WRITE_TIMEOUT = 300.0
# Seconds before a reading request is sent again; a server that names a longer time is given that, up to a minute.
RETRY_PAUSES = (1.0, 2.0)
LONGEST_PAUSE = 60.0

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class RequestError(ServiceError):
    """A request that Label Studio refused, or whose answer never came.

    Attributes:
        status: the HTTP status; None when no answer came.
        uncertain: whether the server may have done, or may still do, what was asked.
        wait: seconds for which the server asked to be left alone, up to LONGEST_PAUSE.
    """

    def __init__(self, message: str, status: int | None = None, uncertain: bool = False, wait: float = 0.0) -> None:
        self.status = status
        self.uncertain = uncertain
        self.wait = wait
        super().__init__(message)


class Session:
    """What all requests to one server share: its address, the key, the connections.

    Every method raises RequestError when the server cannot be reached or refuses. Use it in a `with` block,
    which closes its connections.
    """

    def __init__(self, connection: Connection) -> None:
        """Prepare to talk to `connection`; nothing is sent yet, but a stale token is told at once."""
        self.url = connection.url
        # Proxies of the environment are for other hosts.
        self._http = httpx.Client(
            base_url=self.url, timeout=READ_TIMEOUT, trust_env=not is_loopback(self.url), follow_redirects=True
        )
        # What the SDK raises when it cannot swap the token; nothing while it is not loaded.
        self._refused: tuple[type[Exception], ...] = ()
        self._key = connection.api_key
        self._authorization = self._signer()

    def close(self) -> None:
        """Close the connections to the server."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, params: Json | None = None) -> Any:
        """Return the parsed answer to a GET of `path` (such as `api/tasks`); a fault that may pass is waited out."""
        for pause in (*RETRY_PAUSES, None):
            try:
                return self._request("GET", path, params=params)
            except RequestError as error:
                if not error.uncertain or pause is None:
                    raise
                time.sleep(max(pause, error.wait))
        raise AssertionError("the loop returns or raises")

    def write(self, method: str, path: str, body: Any = None, timeout: float = READ_TIMEOUT) -> Any:
        """Send `body` once, never twice, and return the parsed answer; bytes are JSON already."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        return self._request(method, path, content=content, headers=headers, timeout=timeout)

    def _request(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
        with self._told(f"{method} {path}"):
            signed = {**(headers or {}), "authorization": self._authorization()}
            answer = self._http.request(method, path, headers=signed, **options)
        return self._json(method, path, answer)

    def _signer(self) -> Callable[[], str]:
        """Return a function that gives the header that signs a request."""
        if "." not in self._key:
            return lambda: f"Token {self._key}"
        from label_studio_sdk.client import LabelStudio
        from label_studio_sdk.core.api_error import ApiError

        self._refused = (ApiError,)
        with self._told("opening the connection"):
            sdk: Any = LabelStudio(base_url=self.url, api_key=self._key, httpx_client=self._http)  # type: ignore[no-untyped-call]
        return lambda: str(sdk._client_wrapper.get_headers()["Authorization"])

    def _json(self, method: str, path: str, answer: httpx.Response) -> Any:
        """Return the body of a good answer; anything else is told by status and reason alone."""
        try:
            body = answer.json() if answer.content else {}
        except ValueError:
            body = None
        if answer.status_code < 400 and body is not None:
            return body
        status = answer.status_code
        after = answer.headers.get("retry-after", "")
        raise RequestError(
            f"{self.url} answered {status} to {method} {path}{self._reason(body)}.{_remedy(status)}",
            status=status,
            uncertain=status >= 500 or status in {408, 429} or status < 400,
            wait=min(float(after), LONGEST_PAUSE) if after.isdecimal() else 0.0,
        )

    def _reason(self, body: Any) -> str:
        """Return Label Studio's own words of a refusal: the detail and the validation errors, nothing else."""
        if not isinstance(body, dict):
            return ""
        parts = [str(body[name]) for name in ("detail", "validation_errors") if body.get(name)]
        told = redacted("; ".join(parts), self._key, *self._http.cookies.values())
        return f" ({told[:500]})" if told else ""

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what httpx and the SDK raise into RequestError, without headers or tokens."""
        try:
            yield
        except self._refused as error:
            status, reason = getattr(error, "status_code", None), self._reason(getattr(error, "body", None))
            message = f"{self.url} refused the token ({status}) at {what}{reason}.{_remedy(401)}"
            raise RequestError(message, status=status) from None
        except json.JSONDecodeError:
            # The SDK expects JSON when it swaps the token, which it does before anything else is sent.
            message = f"{self.url} answered no JSON when the token was to be swapped for {what}; is a gateway between?"
            raise RequestError(f"{message} Run the command again; `python -m annotate doctor` finds out.") from None
        except _NEVER_SENT as error:
            message = f"{self.url} cannot be reached ({type(error).__name__}) for {what}; is the server up?"
            raise RequestError(f"{message} `python -m annotate doctor` finds out.") from None
        except httpx.RequestError as error:
            message = f"The connection to {self.url} broke ({type(error).__name__}) during {what}"
            raise RequestError(f"{message}; run the command again.", uncertain=True) from None


def _remedy(status: int) -> str:
    if status in {401, 403}:
        return " `python -m annotate doctor` says what is wrong with the token."
    if status == 404:
        return " Look whether the project still exists."
    if status == 429:
        return " The server is asked too much: wait a minute, then run the command again."
    if status == 408 or status >= 500:
        return " Run the command again: what has arrived is found and not sent twice. The server's log may say more."
    return ""

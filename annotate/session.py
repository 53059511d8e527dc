"""A signed HTTP session with Label Studio: the one file that imports its SDK.

The SDK signs the requests (it swaps a personal access token for a short-lived one) and sends them. Nothing
that writes is retried: a caller looks up what arrived first (`annotate/delivery.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from annotate.connection import Connection
from annotate.probe import is_loopback
from annotate.tasks import Json
from conflict_ner.errors import ServiceError

READ_TIMEOUT = 120.0  # seconds; a page of a thousand tasks takes one or two
WRITE_TIMEOUT = 300.0


class RequestError(ServiceError):
    """A request that Label Studio refused, or whose answer never came.

    Attributes:
        status: the HTTP status; None when no answer came.
        uncertain: whether the server may have done, or may still do, what was asked.
    """

    def __init__(self, message: str, status: int | None = None, uncertain: bool = False) -> None:
        self.status = status
        self.uncertain = uncertain
        super().__init__(message)


class Session:
    """What all requests to one server share: its address, the key, the connections.

    Every method raises RequestError when the server cannot be reached or refuses. Use it in a `with` block,
    which closes its connections.
    """

    def __init__(self, connection: Connection) -> None:
        """Prepare to talk to `connection`; nothing is sent yet, but a stale token is told at once."""
        import httpx
        from label_studio_sdk.client import LabelStudio
        from label_studio_sdk.core.api_error import ApiError

        self.url = connection.url
        self._broken = httpx.RequestError
        self._never_sent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
        self._refused = ApiError
        # Proxies of the environment are for other hosts.
        self._session = httpx.Client(timeout=READ_TIMEOUT, trust_env=not is_loopback(self.url), follow_redirects=True)
        with self._told("opening the connection"):
            sdk: Any = LabelStudio(base_url=self.url, api_key=connection.api_key, httpx_client=self._session)  # type: ignore[no-untyped-call]
        self._http = sdk._client_wrapper.httpx_client

    def close(self) -> None:
        """Close the connections to the server."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, params: Json | None = None) -> Any:
        """Return the parsed answer to a GET of `path` (such as `api/tasks`)."""
        with self._told(f"GET {path}"):
            answer = self._http.request(path, method="GET", params=params, request_options={"max_retries": 2})
        return self._json("GET", path, answer)

    def write(self, method: str, path: str, body: Any = None, timeout: float = READ_TIMEOUT) -> Any:
        """Send `body` as JSON once, never twice, and return the parsed answer."""
        with self._told(f"{method} {path}"):
            answer = self._http.request(
                path,
                method=method,
                # As bytes: the SDK's own encoder walks every value of the body.
                content=None if body is None else json.dumps(body).encode(),
                headers={"content-type": "application/json"},
                request_options={"max_retries": 0, "timeout": timeout},
            )
        return self._json(method, path, answer)

    def _json(self, method: str, path: str, answer: Any) -> Any:
        """Return the body of a good answer; anything else is told by status and reason alone."""
        try:
            body = answer.json() if answer.content else {}
        except ValueError:
            body = None
        if answer.status_code < 400 and body is not None:
            return body
        status = int(answer.status_code)
        raise RequestError(
            f"{self.url} answered {status} to {method} {path}{_reason(body)}.{_remedy(status)}",
            status=status,
            uncertain=status >= 500 or status in {408, 429} or status < 400,
        )

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what httpx and the SDK raise into RequestError, without headers or tokens."""
        try:
            yield
        except self._refused as error:
            status = error.status_code
            message = f"{self.url} refused the token ({status}) at {what}{_reason(error.body)}.{_remedy(401)}"
            raise RequestError(message, status=status) from None
        except self._never_sent as error:
            message = f"{self.url} cannot be reached ({type(error).__name__}) for {what}; is the server up?"
            raise RequestError(f"{message} `python -m annotate doctor` finds out.") from None
        except self._broken as error:
            message = f"The connection to {self.url} broke ({type(error).__name__}) during {what}"
            raise RequestError(f"{message}; run the command again.", uncertain=True) from None


def _reason(body: Any) -> str:
    """Return Label Studio's own words of a refusal: the detail and the validation errors, nothing else."""
    if not isinstance(body, dict):
        return ""
    parts = [str(body[name]) for name in ("detail", "validation_errors") if body.get(name)]
    return f" ({'; '.join(parts)[:500]})" if parts else ""


def _remedy(status: int) -> str:
    if status in {401, 403}:
        return " `python -m annotate doctor` says what is wrong with the token."
    if status == 404:
        return " Look whether the project still exists."
    return ""

"""The secret between Label Studio and the backend: read from the environment, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from annotate.settings import BackendSettings
from conflict_ner.errors import ConfigError

LEAST = 16
_PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Secret:
    """The user and the secret that open the backend; the secret is kept out of `repr`, and so out of logs."""

    user: str
    value: str = field(repr=False)

    @property
    def nudge(self) -> str:
        """The key that Label Studio's webhook carries; it opens the counting of events and nothing else.

        Everybody who may see a project's settings can read the headers of its webhooks, but not the
        password of its backend: so the webhook gets a key of its own, from which the secret cannot be had.
        """
        return hmac.new(self.value.encode(), b"webhook", hashlib.sha256).hexdigest()

    def opens(self, authorization: str | None) -> bool:
        """Tell whether an `Authorization` header (`Basic` or `Bearer`) holds the secret."""
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() == "bearer":
            return _same(given.strip(), self.value)
        if scheme.lower() == "basic":
            return _same(_decoded(given.strip()), f"{self.user}:{self.value}")
        return False

    def nudges(self, authorization: str | None) -> bool:
        """Tell whether an `Authorization` header holds the webhook's key."""
        scheme, _, given = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and _same(given.strip(), self.nudge)


def read_secret(backend: BackendSettings, environment: Mapping[str, str]) -> Secret:
    """Return the secret that the environment holds.

    Raises:
        ConfigError: it is not set, too short, or holds what no HTTP header can.
    """
    name = backend.secret_variable
    value = environment.get(name, "").strip()
    if not value:
        raise ConfigError(
            f"The environment variable {name} (backend.secret_variable) holds no secret, and the backend opens to "
            f"nobody without one. Make it once, for `serve` and `register` alike: export {name}=$(openssl rand -hex 20)"
        )
    if len(value) < LEAST or not _PRINTABLE.fullmatch(value):
        raise ConfigError(
            f"The secret in {name} has {len(value)} characters; it needs {LEAST} or more, printable ASCII without "
            f"blanks. Make one with: export {name}=$(openssl rand -hex 20)"
        )
    return Secret(backend.user, value)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def _decoded(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode("utf-8", "surrogateescape")
    except ValueError:  # no base64, or not even ASCII
        return ""

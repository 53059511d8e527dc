"""Which Label Studio to talk to: the one the environment names, or the one `annotate up` started."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from annotate.settings import AnnotateSettings, rooted
from annotate.state import is_running, read_state, state_file
from conflict_ner.errors import ConfigError, ServiceError

URL_VARIABLE = "LABEL_STUDIO_URL"
KEY_VARIABLE = "LABEL_STUDIO_API_KEY"
FROM_ENVIRONMENT = f"the environment ({URL_VARIABLE})"
START_COMMAND = "python -m annotate up --detach"


@dataclass(frozen=True)
class Connection:
    """An address and the key that opens it; the key is kept out of `repr`, and so out of logs."""

    url: str
    api_key: str = field(repr=False)
    source: str


def find_connection(settings: AnnotateSettings) -> Connection:
    """Return the server of the environment, or else the running one that `annotate up` started.

    Args:
        settings: the folder of the local server is `settings.server.folder`.

    Raises:
        ConfigError: one of LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY is set without the other, or
            the address is none.
        ServiceError: neither is set, and no server of ours runs.
    """
    return _from_environment() or _from_state(settings)


def _from_environment() -> Connection | None:
    url, key = (os.environ.get(name, "").strip() for name in (URL_VARIABLE, KEY_VARIABLE))
    if not url and not key:
        return None
    if not url or not key:
        given, missing = (KEY_VARIABLE, URL_VARIABLE) if key else (URL_VARIABLE, KEY_VARIABLE)
        raise ConfigError(
            f"{given} is set but {missing} is not: a server of your own needs both. "
            f"Set {missing}, or unset {given} to use the server that `{START_COMMAND}` starts."
        )
    return Connection(url=normalised_url(url), api_key=key, source=FROM_ENVIRONMENT)


def _from_state(settings: AnnotateSettings) -> Connection:
    folder = rooted(settings.server.folder)
    state = read_state(folder)
    if state is None or not is_running(state):
        raise ServiceError(
            f"No Label Studio of this project runs (looked in {state_file(folder)}). "
            f"Start one with `{START_COMMAND}`, or set {URL_VARIABLE} and {KEY_VARIABLE} to use another."
        )
    return Connection(url=state.url, api_key=state.token, source=str(state_file(folder)))


def normalised_url(url: str) -> str:
    """Return the base address in the form the SDK needs: a sub-path ends in `/`, a bare host does not.

    Raises:
        ConfigError: there is no `http://` or `https://`, or no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConfigError(f"{URL_VARIABLE} is {url!r}; it has to look like http://127.0.0.1:8080.")
    path = parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/" if path else "", "", ""))

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
            the address is none, or the key cannot be one.
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
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            f"{KEY_VARIABLE} holds a space, a line break or a letter that no key has (it is not shown here, for it may "
            "be a secret); copy the token anew from the account page of Label Studio."
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
        ConfigError: there is no `http://` or `https://`, or no host, or there is a password in it.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        # The two variables are easily swapped, and a key must not be printed.
        shown = "not shown, for it may be the key" if _may_be_a_key(url) else repr(url)
        raise ConfigError(f"{URL_VARIABLE} is no address ({shown}); it has to look like http://127.0.0.1:8080.")
    if "@" in parts.netloc:
        host = parts.netloc.rpartition("@")[2]
        raise ConfigError(
            f"{URL_VARIABLE} holds a user or a password before the @ of {host}; an address stands in messages and "
            f"files. Set {URL_VARIABLE}={parts.scheme}://{host}, and the token in {KEY_VARIABLE}."
        )
    path = parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/" if path else "", "", ""))


def _may_be_a_key(text: str) -> bool:
    """Tell whether a value may be a secret: a password with its user, a JSON web token, one long word."""
    return "@" in text or text.startswith("eyJ") or (len(text) >= 20 and "." not in text and "/" not in text)

"""Questions to a server over HTTP: is it up, is it Label Studio, which version, is the key any good."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from annotate.redaction import redacted

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 10.0


class Key(Enum):
    """What a server made of an API key."""

    LEGACY = "legacy token"
    PERSONAL = "personal access token"
    LEGACY_OFF = "legacy token, but this server has legacy tokens switched off"
    SHORT_LIVED = "access token of a few minutes, not the personal access token itself"
    CUT = "personal access token without its last part"
    REFUSED = "refused"


@dataclass(frozen=True)
class KeyAnswer:
    """The verdict on a key, the user it opens, and the server's own words where it refused."""

    key: Key
    user: str = ""
    reason: str = ""


def open_client(url: str, timeout: float = TIMEOUT_SECONDS) -> httpx.Client:
    """Return an httpx client for the server at `url`; proxies of the environment are for other hosts.

    Args:
        url: the base address, with a sub-path if there is one.
        timeout: seconds for each request.
    """
    import httpx

    return httpx.Client(base_url=url, timeout=timeout, trust_env=not is_loopback(url))


def is_loopback(url: str) -> bool:
    """Tell whether the address is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_up(client: httpx.Client) -> bool:
    """Tell whether `/health` answers as Label Studio's does.

    Raises:
        httpx.HTTPError: there is no answer at all.
    """
    answer = client.get("health")
    return answer.status_code == 200 and _mapping(answer).get("status") == "UP"


def moved_to(client: httpx.Client) -> str:
    """Return the address that the server sends its visitors on to; empty when it does not.

    Raises:
        httpx.HTTPError: there is no answer at all.
    """
    following = client.get("health").next_request
    return str(following.url).rstrip("/").removesuffix("/health") if following else ""


def server_version(client: httpx.Client) -> str | None:
    """Return the version that `/api/version` states; None when the server is no Label Studio.

    Raises:
        httpx.HTTPError: there is no answer at all.
    """
    answer = client.get("api/version", follow_redirects=True)
    package = _mapping(answer).get("label-studio-os-package")
    version = package.get("version") if isinstance(package, dict) else None
    return version if isinstance(version, str) else None


def try_key(client: httpx.Client, api_key: str) -> KeyAnswer:
    """Use `api_key` for one harmless request and tell what it is.

    A personal access token is a JWT that has to be swapped for an access token first.

    Raises:
        httpx.HTTPError: there is no answer at all.
    """
    if api_key.count(".") == 1 and _claims(api_key):
        return KeyAnswer(Key.CUT)
    kind = _claims(api_key).get("token_type") if api_key.count(".") == 2 else None
    if kind == "refresh":
        return _try_personal(client, api_key)
    if kind == "access":
        return KeyAnswer(Key.SHORT_LIVED)
    answer = _who_am_i(client, f"Token {api_key}")
    if answer.status_code == 200:
        return KeyAnswer(Key.LEGACY, user=_email(answer))
    reason = _reason(answer, api_key)
    return KeyAnswer(Key.LEGACY_OFF if "legacy token" in reason else Key.REFUSED, reason=reason)


def _try_personal(client: httpx.Client, api_key: str) -> KeyAnswer:
    swapped = client.post("api/token/refresh/", json={"refresh": api_key})
    access = _mapping(swapped).get("access")
    if swapped.status_code != 200 or not isinstance(access, str):
        return KeyAnswer(Key.REFUSED, reason=_reason(swapped, api_key))
    answer = _who_am_i(client, f"Bearer {access}")
    if answer.status_code != 200:
        return KeyAnswer(Key.REFUSED, reason=_reason(answer, api_key, access))
    return KeyAnswer(Key.PERSONAL, user=_email(answer))


def _who_am_i(client: httpx.Client, authorization: str) -> httpx.Response:
    return client.get("api/current-user/whoami", headers={"Authorization": authorization}, follow_redirects=True)


def _email(answer: httpx.Response) -> str:
    return str(_mapping(answer).get("email", ""))


def _reason(answer: httpx.Response, *secrets: str) -> str:
    detail = _mapping(answer).get("detail")
    return f"HTTP {answer.status_code}" + (f", {redacted(detail, *secrets)}" if isinstance(detail, str) else "")


def _mapping(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; empty when it holds none."""
    try:
        data = answer.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT without checking its signature; empty when it is none."""
    parts = token.split(".")
    with suppress(ValueError, binascii.Error):
        data = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        if isinstance(data, dict):
            return data
    return {}

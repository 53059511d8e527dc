"""Keys and tokens taken out of what others say, before it is printed: a server or a gateway may repeat a request."""

from __future__ import annotations

import re

SHOWN = "[secret]"
# What signs a request: a JSON web token, and what follows the name of a scheme; ordinary words hold no digit.
_SIGNED = re.compile(
    r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|(?:(?<=\bToken )|(?<=\bBasic )|(?<=\bBearer ))(?=\S*\d)\S{8,}", re.IGNORECASE
)
_COOKIES = re.compile(r"^((?:set-)?cookie:).*$", re.IGNORECASE | re.MULTILINE)
# A shorter value would take ordinary words out.
_SHORTEST = 8


def redacted(text: str, *secrets: str) -> str:
    """Return `text` without `secrets`, without anything that looks like a signed request, and without cookies."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, SHOWN)
    return _COOKIES.sub(rf"\1 {SHOWN}", _SIGNED.sub(SHOWN, text))

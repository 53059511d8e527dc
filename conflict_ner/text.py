"""Normalise text once, on entry: after this, offsets, hash and display all mean the same string.

`\\r\\n` and a lone `\\r` become `\\n`; NUL and lone surrogates, which no database or file can hold,
become U+FFFD. Nothing else changes (no NFC, no trimming), so offsets move for line ends alone.
"""

from __future__ import annotations

import hashlib
import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(raw: str) -> str:
    """Return `raw` with each NUL and lone surrogate replaced by U+FFFD; the length stays the same."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", raw) if _is_unstorable(raw) else raw


def normalise_text(raw: str) -> str:
    """Return `raw` with `\\n` line ends and without NUL and lone surrogates."""
    return storable(raw.replace("\r\n", "\n").replace("\r", "\n"))


def is_normalised(text: str) -> bool:
    """Tell whether `normalise_text` would leave a text as it is."""
    return "\r" not in text and not _is_unstorable(text)


def _is_unstorable(raw: str) -> bool:
    # Ten times as fast as the expression above, and asked for each text several times.
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return "\x00" in raw


def normalise_offset(raw: str, offset: int) -> int:
    """Move an offset into `raw` to the place it has in `normalise_text(raw)`."""
    return offset - raw.count("\r\n", 0, offset + 1)


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a normalised text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()

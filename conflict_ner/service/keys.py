"""The key that opens a service: from the environment or a file, never from a command line that others can list."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conflict_ner.errors import ConfigError

KEY_VARIABLE = "CONFLICT_NER_KEY"
LEAST = 16
_PRINTABLE = re.compile(r"[!-~]+")
_MAKE = "make one with `openssl rand -hex 20`"


@dataclass(frozen=True)
class Refusal:
    """Why a request is not let in."""

    status: int
    reason: str


@dataclass(frozen=True)
class Key:
    """A bearer key; it is kept out of `repr`, and so out of logs."""

    value: str = field(repr=False)

    def refusal(self, authorization: str | None) -> Refusal | None:
        """Return why an `Authorization` header does not open the service; None where it does."""
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            return Refusal(401, "This service asks for a key; send it as the header `Authorization: Bearer KEY`.")
        same = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), self.value.encode())
        return None if same else Refusal(403, "The key is not the one of this service.")


def read_key(file: Path | None, environment: Mapping[str, str]) -> Key | None:
    """Return the key of a file, else that of the environment, else None.

    Raises:
        ConfigError: the file cannot be read, or the key is short or holds what no HTTP header can.
    """
    if file is None and KEY_VARIABLE not in environment:
        return None
    source = f"the environment variable {KEY_VARIABLE}" if file is None else f"the file {str(file)!r}"
    if file is None:
        value = environment[KEY_VARIABLE].strip()
    else:
        try:
            value = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            told = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(f"The key cannot be read from {source}: {told}; {_MAKE}.") from error
    if len(value) < LEAST or not _PRINTABLE.fullmatch(value):
        raise ConfigError(
            f"The key in {source} has {len(value)} characters; it needs {LEAST} or more, printable ASCII without "
            f"blanks; {_MAKE}."
        )
    return Key(value)

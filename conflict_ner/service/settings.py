"""What a service is told: where it listens, how much it takes, how it reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from conflict_ner.config import ConfigModel

MIB = 1 << 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ServiceSettings(ConfigModel):
    """The limits of a service.

    Attributes:
        host: the address to listen at; by default nobody but this machine can call it.
        port: 0 takes a free one.
        batch_texts: texts that are read together, at most.
        batch_wait_ms: milliseconds that the first text of a batch waits for others.
        queue_texts: texts that may wait; who comes after them is told to come again (429).
        request_bytes: the largest request with one article.
        batch_bytes: the largest request to `/v1/batch`.
        patience_seconds: how long a request may wait for its answer.
        body_seconds: how long a client may take to send its request.
        stop_seconds: how long a service that is told to end goes on with what it has taken.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    batch_texts: Annotated[int, Field(ge=1, le=4096)] = 32
    batch_wait_ms: Annotated[float, Field(ge=0, le=1000)] = 5.0
    queue_texts: Annotated[int, Field(ge=1)] = 256
    request_bytes: Annotated[int, Field(ge=1024)] = MIB
    batch_bytes: Annotated[int, Field(ge=1024)] = 32 * MIB
    patience_seconds: Annotated[float, Field(gt=0)] = 120.0
    body_seconds: Annotated[float, Field(gt=0)] = 60.0
    stop_seconds: Annotated[int, Field(ge=0)] = 30

    @property
    def is_local(self) -> bool:
        """Say whether only this machine can call."""
        return self.host in LOOPBACK

"""Send once: after a broken connection or a server error, look up what arrived before anything is sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from annotate.session import RequestError

# Seconds between the looks after a fault: a server may still be at work on a request whose answer was lost.
PAUSES = (1.0, 3.0, 6.0)
ATTEMPTS = 3

Item = TypeVar("Item")


def deliver(
    items: Sequence[Item],
    send: Callable[[Sequence[Item]], None],
    missing: Callable[[Sequence[Item]], Sequence[Item]],
) -> bool:
    """Send `items` so that each arrives once.

    Args:
        items: what is to be sent in one request.
        send: sends them; raises RequestError.
        missing: looks up which of them the server does not hold.

    Returns:
        Whether anything had to be sent again, so that the caller can look for doubles.

    Raises:
        RequestError: the server refuses, or faults go on.
    """
    again = False
    for attempt in range(1, ATTEMPTS + 1):
        try:
            send(items)
        except RequestError as error:
            if not error.uncertain:
                raise
            items = _look_again(items, missing, error.wait)
            if items and attempt == ATTEMPTS:
                raise
            if not items:
                return again
            again = True
        else:
            return again
    return again


def repeat(send: Callable[[], object]) -> int:
    """Send what may arrive twice without harm: after a fault it is simply sent again.

    Returns:
        How often it was sent.

    Raises:
        RequestError: the server refuses, or faults go on.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            send()
        except RequestError as error:
            if not error.uncertain or attempt == ATTEMPTS:
                raise
            time.sleep(max(PAUSES[min(attempt, len(PAUSES)) - 1], error.wait))
        else:
            return attempt
    raise AssertionError("the loop returns or raises")


def _look_again(
    items: Sequence[Item], missing: Callable[[Sequence[Item]], Sequence[Item]], wait: float
) -> Sequence[Item]:
    """Return what has not arrived after the last pause, or after `wait` seconds; stop early once all has."""
    for pause in PAUSES:
        time.sleep(max(pause, wait))
        wait = 0.0
        items = missing(items)
        if not items:
            break
    return items

"""The part of a text that is shown around a place: the sentence or so that it stands in."""

from __future__ import annotations

import re

CONTEXT = 160  # characters of text on either side at most
_EDGE = re.compile(r"[\n.!?]\s")  # where a sentence or a paragraph ends, near enough for an excerpt


def context(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the part of a text that is shown around [start, end): the sentence, cut at words where it is long."""
    low, high = max(0, start - CONTEXT), min(len(text), end + CONTEXT)
    edges = [match.end() for match in _EDGE.finditer(text, low, start)]
    if edges:
        low = edges[-1]
    elif low > 0:
        space = text.find(" ", low, start)
        low = space + 1 if space >= 0 else low
    edge = _EDGE.search(text, end, high)
    if edge is not None:
        high = edge.start() + (text[edge.start()] != "\n")
    elif high < len(text):
        space = text.rfind(" ", end, high)
        high = space if space >= 0 else high
    # White space between paragraphs is no context.
    return start - len(text[low:start].lstrip()), end + len(text[end:high].rstrip())


def goes_on(text: str, place: int) -> bool:
    """Tell whether a sentence goes on over a place, so that an excerpt that is cut there shows an ellipsis."""
    before = text[max(0, place - 3) : place].rstrip(" ")
    return place < len(text) and text[place] != "\n" and before[-1:] not in {"", "\n", ".", "!", "?"}

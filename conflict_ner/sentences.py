"""Sentences: where each begins and ends in a text; a line's end ends one too."""

from __future__ import annotations

import bisect
import re
from functools import lru_cache

_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])|\n+")
# A stop behind these does not end a sentence.
_SHORT = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Gen|Col|Lt|Maj|Capt|Brig|Sgt|Gov|Sen|Rep|No|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|[A-Z])|\b(?:[A-Za-z]\.)+[A-Za-z])\.$"
)


@lru_cache(maxsize=4)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the start and the end of each sentence, in order; white space between two belongs to neither.

    There is always one, so that each place of a text has its sentence.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if "\n" in match[0] or not _SHORT.search(text, max(start, match.start() - 12), match.start()):
            if match.start() > start:
                found.append((start, match.start()))
            start = match.end()
    if start < len(text) or not found:
        found.append((start, len(text)))
    return tuple(found)


def sentence_number(text: str, place: int) -> int:
    """Return the number of the sentence that holds a place of the text, or of the last one that begins before it."""
    return max(0, bisect.bisect_right(sentences(text), (place, len(text))) - 1)

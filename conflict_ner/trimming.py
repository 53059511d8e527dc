"""Trim what an annotator's mouse, or a model, took along: white space, punctuation and a possessive at a span's ends.

`"rebels' ` becomes `rebels` and `Syria's` becomes `Syria`; `U.S.`, `30 Nov.`, `NDFB (Songbijit)`, `1990's` and
`60+` stay whole, because there the sign belongs to the expression (annotate/guidelines.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from conflict_ner.documents import Document, Span

_CLOSING = {"(": ")", "[": "]", "{": "}", "“": "”", "„": "“", "«": "»", "‹": "›"}
_OPENING = {")": "(", "]": "[", "}": "{", "”": "“", "»": "«", "›": "‹"}
_APOSTROPHES = "'’‘ʼ`´"
_POSSESSIVE = re.compile(rf"(?<=[^\W\d_])[{_APOSTROPHES}][sS]$")
# Initials (U.S., p.m.) and the short forms of months, days and ranks that are written with a stop.
_ABBREVIATION = re.compile(
    r"(?:(?:\b[^\W\d_]\.){2,}"
    r"|\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun"
    r"|Gov|Prov|Dist|St|Mt|Ft|Co|Bros|Inc|Ltd|Jr|Sr|No|Nos|ca|approx|est|Brig|Gen|Bn|Regt|Div)\.)$"
)
# Signs that Unicode calls punctuation but that carry meaning at an end: `40%`, `#Aleppo`, `@handle`.
_MEANT = frozenset("%‰#@&*§")


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span [start, end) of `text` without what does not belong to the expression.

    Args:
        text: the document's text.
        start: index of the span's first character.
        end: index after its last character.

    Returns:
        The new start and end; they are equal when nothing but white space and punctuation was marked.
    """
    while start < end:
        surface = text[start:end]
        if _drops_first(surface):
            start += 1
        elif _drops_last(surface):
            end -= 1
        elif possessive := _POSSESSIVE.search(surface):
            end = start + possessive.start()
        else:
            break
    return start, end


def trimmed(spans: Sequence[Span], text: str) -> tuple[Span, ...]:
    """Return a text's spans trimmed; one that holds nothing but signs is left out."""
    found = []
    for span in spans:
        start, end = trim(text, span.start, span.end)
        if (start, end) == (span.start, span.end):
            found.append(span)
        elif start < end:
            found.append(span.model_copy(update={"start": start, "end": end}))
    return tuple(found)


def are_trimmed(documents: Iterable[Document]) -> bool:
    """Tell whether trimming would leave all spans of the documents as they are."""
    return all(
        trim(document.text, span.start, span.end) == (span.start, span.end)
        for document in documents
        for span in document.spans
    )


def _drops_first(surface: str) -> bool:
    sign = surface[0]
    if _is_blank(sign):
        return True
    if not _is_punctuation(sign):
        return False
    rest = surface[1:]
    if sign in _CLOSING:
        return not _closes_before_end(rest, sign)
    if sign == '"':
        return '"' not in rest[:-1]
    if sign in _APOSTROPHES:
        # `'90s` is a decade, `'Army' of Conquest` holds its own quotes.
        return not (rest[:1].isdigit() or re.search(rf"\w[{_APOSTROPHES}](?=[\s\-,.])", rest))
    return True


def _drops_last(surface: str) -> bool:
    sign = surface[-1]
    if _is_blank(sign):
        return True
    if not _is_punctuation(sign):
        return False
    rest = surface[:-1]
    if sign in _OPENING:
        return not _opened_after_start(rest, sign)
    if sign == '"':
        return rest[1:].count('"') % 2 == 0
    if sign == ".":
        return not _ABBREVIATION.search(surface)
    if sign in _APOSTROPHES:
        return not re.search(rf"[\s\-(][{_APOSTROPHES}]\w", rest)
    return True


def _closes_before_end(rest: str, opening: str) -> bool:
    """Tell whether a bracket that opens the span closes inside it; one around the whole does not count."""
    depth = 1
    for place, sign in enumerate(rest):
        depth += (sign == opening) - (sign == _CLOSING[opening])
        if depth == 0:
            return place < len(rest) - 1
    return False


def _opened_after_start(rest: str, closing: str) -> bool:
    """Tell whether the bracket that ends the span was opened inside it; one around the whole does not count."""
    depth = 1
    for place in range(len(rest) - 1, -1, -1):
        depth += (rest[place] == closing) - (rest[place] == _OPENING[closing])
        if depth == 0:
            return place > 0
    return False


def _is_blank(sign: str) -> bool:
    """Tell white space and invisible format characters; the tags of flag emoji are no such thing."""
    return sign.isspace() or (unicodedata.category(sign) in {"Cf", "Cc"} and ord(sign) < 0xE0000)


def _is_punctuation(sign: str) -> bool:
    return sign not in _MEANT and (unicodedata.category(sign).startswith("P") or sign in "`´")

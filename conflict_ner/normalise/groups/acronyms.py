"""Acronyms that an article defines itself: `Hayat Tahrir al-Sham (HTS)`, `the ELN (National Liberation Army)`.

Such a definition holds for the whole article, before any table. Two names that are both marked as armed groups, one in
brackets behind the other, define each other whatever their letters (`Kurdistan Workers' Party (PKK)`); elsewhere the
letters have to fit, by the method of Schwartz and Hearst ("A simple algorithm for identifying abbreviation definitions
in biomedical text", Pacific Symposium on Biocomputing, 2003).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from conflict_ner.documents import Document, Span
from conflict_ner.normalise.groups.aliases import is_acronym
from conflict_ner.normalise.groups.mentions import is_name

# What may stand between a name and its acronym.
_BETWEEN = re.compile(
    r"['’”\"]*(?:['’]s)?"
    r"(?: (?:group|militia|movement|alliance|organi[sz]ation|rebels|guerrillas|party|force|militants))?,?"
    r" ?[(\[](?:the |or |known (?:by (?:its|the) (?:\w+ )?acronym|as)(?: the)? |now |also |abbreviated )?[“‘\"']?"
    r"|,? (?:or|known (?:by (?:its|the) (?:\w+ )?acronym|as)|abbreviated(?: as)?|also known as)(?: the)? [“‘\"']?"
)
_BRACKETED = re.compile(r"[(\[][“‘\"']?(?P<acronym>[A-Z0-9][A-Za-z0-9/-]{1,11})[”’\"']?(?=[),;\]]| in )")
_NAME_WORDS = re.compile(
    r"(?:(?:[A-ZÀ-Þ][\w'’.-]*|of|for|and|the|in|to|de|la|del|los|pour|et|des|du|(?:w?al|ul|el)-[\w'’-]+|\d+)"
    r"[ /–-]){1,14}$"
)
_LONGEST = 140  # characters of a name


def defined_acronyms(document: Document, label: str) -> Mapping[str, str]:
    """Return the acronyms that a document defines, and the name that each stands for.

    Args:
        document: an article with its spans.
        label: of the spans that name armed groups.
    """
    found: dict[str, str] = {}
    spans = [span for span in document.spans if span.label == label]
    for one, other in pairwise(spans):
        pair = _pair(document, one, other)
        if pair is not None:
            found.setdefault(*pair)
    for acronym, name in _by_letters(document.text):
        found.setdefault(acronym, name)
    return found


def one_line(document: Document, span: Span) -> str:
    """Return a span's words parted by single spaces."""
    return " ".join(document.surface(span).split())


def _pair(document: Document, one: Span, other: Span) -> tuple[str, str] | None:
    """Return (acronym, name) where one span stands in brackets behind the other."""
    if not _BETWEEN.fullmatch(document.text, one.end, other.start):
        return None
    first, second = one_line(document, one), one_line(document, other)
    if is_acronym(second) and _may_be_defined(first, second):
        return second, first
    if is_acronym(first) and _may_be_defined(second, first):
        return first, second
    return None


def _may_be_defined(name: str, acronym: str) -> bool:
    """Tell whether a mention is a name that an acronym can stand for; `armed group (3R)` is none."""
    return len(name) > len(acronym) and not is_acronym(name) and is_name(name)


def _by_letters(text: str) -> Iterator[tuple[str, str]]:
    for match in _BRACKETED.finditer(text):
        acronym = match["acronym"]
        if not is_acronym(acronym):
            continue
        before = text[max(0, match.start() - _LONGEST) : match.start()]
        words = _NAME_WORDS.search(before)
        if words is not None and (name := _fitting(acronym, words[0].rstrip())):
            yield acronym, name


def _fitting(acronym: str, words: str) -> str | None:
    """Return the shortest end of some words that holds an acronym's letters in order, its first as a word's first."""
    signs = [sign.lower() for sign in acronym if sign.isalnum()]
    place = len(words)
    for number in range(len(signs) - 1, -1, -1):
        place = words.lower().rfind(signs[number], 0, place)
        while place > 0 and number == 0 and words[place - 1].isalnum():
            place = words.lower().rfind(signs[number], 0, place)
        if place < 0:
            return None
    name = words[place:]
    # A few letters are soon found in any words: most of them have to begin one.
    initials = {part[0].lower() for part in re.split(r"[ /–-]", name) if part}
    fitting = sum(sign in initials for sign in signs)
    return name if fitting * 3 >= len(signs) * 2 and " " in name and name[0].isupper() else None

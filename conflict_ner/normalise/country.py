"""The country that a text is about: what its places, adjectives and armed groups say together.

Most mentions say nothing of their country by themselves: `rebels`, `the army`, `Tripoli`, `SLA`. Each place, adjective
and named group of a text is a vote for a country; a name that is repeated counts more, but not in proportion.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from conflict_ner.documents import Document
from conflict_ner.normalise import nations
from conflict_ner.normalise.groups import aliases
from conflict_ner.normalise.spelling import fold

# Weights of one mention. A capital stands for a government as often as for its land (`Moscow denied it`).
COUNTRY, PLACE, CAPITAL, GROUP, ADJECTIVE, OUTSIDE = 1.5, 1.5, 0.8, 1.2, 0.6, 0.4
_OPENING = 250  # characters in which a text tells where it plays: dateline, headline, first sentence
_OPENING_BONUS = 1.6
_LONGEST = 4  # words of a name
_WORD = re.compile(r"(?<!\w)[A-ZÀ-Þ][\w'’.-]*")
_NEXT_WORD = re.compile(r" [^\W_][\w'’.-]*")
# Words that stand before or behind a place's name and are no part of it.
_SIDES = re.compile(
    r"(?i:^(?:the|central|northern|southern|eastern|western|north|south|east|west|greater|upper|lower) )"
    r"|(?i: (?:province|governorate|district|region|county|state|department|municipality|township|territory|city|town"
    r"|village|camp|refugee camp|border|frontier|airport|road|valley|area|agency|prefecture|countryside|peninsula"
    r"|basin|delta|mountains|hills|division|upazila|tehsil|oblast|raion|commune|zone|island|corridor))$"
)


def document_countries(document: Document) -> Mapping[str, float]:
    """Weigh which countries a document is about.

    Args:
        document: with its PLACE and ARMED_GROUP spans; its text alone is used where it has none.

    Returns:
        ISO 3166 alpha-2 codes to weights that sum to 1, best first; empty where nothing tells.
    """
    return _weighed(document.text, tuple((span.start, span.end, span.label) for span in document.spans))


@lru_cache(maxsize=16)
def _weighed(text: str, spans: tuple[tuple[int, int, str], ...]) -> Mapping[str, float]:
    counts: Counter[tuple[str, str, float]] = Counter()
    for start, name, code, weight in _votes(text, spans):
        counts[name, code, weight * (_OPENING_BONUS if start < _OPENING else 1)] += 1
    weights: defaultdict[str, float] = defaultdict(float)
    for (_, code, weight), times in counts.items():
        weights[code] += weight * math.sqrt(times)
    total = sum(weights.values())
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return {code: weight / total for code, weight in ranked}


def _votes(text: str, spans: tuple[tuple[int, int, str], ...]) -> Iterator[tuple[int, str, str, float]]:
    """Yield (where, the name, a country's code, weight) for all that speaks for a country."""
    covered: list[tuple[int, int]] = []
    for start, end, label in spans:
        surface = text[start:end]
        if label == "PLACE":
            covered.append((start, end))
            yield from ((start, *vote) for vote in place_votes(surface))
        elif label == "ARMED_GROUP":
            found = aliases.find(surface)
            if found is not None and found.certain and len(found.organisations) == 1:
                organisation = found.organisations[0]
                area = organisation.area
                covered.append((start, end))
                yield from ((start, organisation.id, code, GROUP / len(area)) for code in area)
    yield from _words_outside(text, _Inside(covered))


def place_votes(name: str) -> Iterator[tuple[str, str, float]]:
    """Yield (name, a country's code, weight) for the countries in which a place may lie, as far as the table tells."""
    wanted = _key(name)
    while wanted:
        if wanted in nations.names():
            yield wanted, nations.names()[wanted], COUNTRY
            return
        for table, weight in ((nations.capitals(), CAPITAL), (nations.places(), PLACE)):
            if codes := table.get(wanted):
                yield from ((wanted, code, weight / len(codes)) for code in codes)
                return
        shorter = _SIDES.sub("", wanted)
        if shorter == wanted:
            return
        wanted = shorter


class _Inside:
    """Tells of rising offsets whether they lie in one of some ranges."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._left = iter(sorted(ranges))
        self._range = next(self._left, None)

    def __contains__(self, offset: int) -> bool:
        while self._range is not None and self._range[1] <= offset:
            self._range = next(self._left, None)
        return self._range is not None and self._range[0] <= offset


def _words_outside(text: str, covered: _Inside) -> Iterator[tuple[int, str, str, float]]:
    """Yield a vote for each adjective and each name of a country that stands outside the spans."""
    behind = 0
    for match in _WORD.finditer(text):
        start = match.start()
        if start < behind or _key(match[0]) not in _first_words() or start in covered:
            continue
        found = _longest_name(text, start, match.end())
        if found is not None:
            behind, name = found
            yield from ((start, name, code, weight) for code, weight in _votes_of(name))


def _longest_name(text: str, start: int, end: int) -> tuple[int, str] | None:
    """Return where the longest known name ends that begins with the word [start, end), and its key."""
    best = None
    for _ in range(_LONGEST):
        key = _key(text[start:end])
        for name in (key, key.removesuffix("s")):
            if _votes_of(name):
                best = (end, name)
                break
        following = _NEXT_WORD.match(text, end)
        if following is None:
            break
        end = following.end()
    return best


@lru_cache(maxsize=16384)
def _key(words: str) -> str:
    return fold(words)


@cache
def _first_words() -> frozenset[str]:
    """Return the first words of all names and adjectives that vote, plural forms included."""
    firsts = {name.split()[0] for name in (*nations.names(), *nations.adjectives(), *nations.peoples())}
    return frozenset(firsts | {f"{word}s" for word in firsts})


@lru_cache(maxsize=4096)
def _votes_of(name: str) -> tuple[tuple[str, float], ...]:
    if code := nations.adjectives().get(name):
        return ((code, ADJECTIVE),)
    if code := nations.names().get(name):
        return ((code, OUTSIDE),)
    people = nations.peoples().get(name)
    return tuple((code, ADJECTIVE / len(people.countries)) for code in people.countries) if people else ()

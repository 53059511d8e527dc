"""What the labelling functions share: folded text, gazetteers found by their first word, page furniture."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from pathlib import Path

import yaml

from conflict_ner.documents import Span

DATA = Path(__file__).resolve().parent / "data"

_RUN = re.compile(r"[^\W_]+")
# Lines that belong to the page and not to the article: navigation, appeals, prompts (annotate/guidelines.md).
_FURNITURE = re.compile(
    r"skip to (?:main )?content|read more|keep reading|^list (?:\d+ )?of \d|end of list|^share\b|share this"
    r"|^subscribe|subscribe to"
    r"|log in|sign (?:in|up)|newsletter|^advert(?:isement)?$|cookies|follow us|^comments?\b|comments?$"
    r"|want to bookmark|join (?:our|the) "
    r"|view all|^related\b|most (?:read|popular)|all rights reserved|copyright|©|^e-?mail\b|^print\b|print$|^tags:"
    r"|raised:|^we need:"
    r"|donat|become a supporter|fighting fund|days remaining|^by our |^home\b.*[>|›]|^menu\b|breaking news alerts"
    r"|^photo gallery"
    r"|^additional reporting|free press release|app store|google play|whatsapp|click here|^back to top|^loading"
    r"|terms of use|privacy"
    r"|^you(?:'|’)?ve |your support (?:helps|makes)|support our journalism|^trending|^recommended|^next article"
    r"|^previous article",
    re.IGNORECASE,
)


_LINKED = re.compile(r"\s*read more\b", re.IGNORECASE)


# Where a page was scraped without its breaks, an appeal runs into the article: `... the difference.Jihadists claim`.
_GLUED = re.compile(r"(?<=[a-z])[.!?](?=[A-Z][a-z])")


class _Fold(dict[int, str]):
    """Lower case without accents, character by character, so that offsets stay."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        base = unicodedata.normalize("NFD", sign)[0] if code > 127 else sign
        low = "'" if base in "’‘ʼ`´ʿʾ" else base.lower()
        self[code] = low if len(low) == 1 else sign
        return self[code]


_FOLD = _Fold()


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, with straight apostrophes, and as long as before."""
    return text.translate(_FOLD)


# Names are folded by the thousand; only texts, which every function asks for, are worth keeping.
_folded_text = lru_cache(maxsize=4)(fold)


@lru_cache(maxsize=4)
def words(text: str) -> tuple[tuple[str, int], ...]:
    """Return a text's words, folded, each with its place; a hyphen parts two words."""
    return tuple((match[0], match.start()) for match in _RUN.finditer(_folded_text(text)))


def matches(pattern: re.Pattern[str], text: str, openings: frozenset[str]) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that open with one of these words, or with a figure if `#` is among them.

    A pattern tried at a few words is many times faster than one tried at each character.
    """
    done = 0
    figures = "#" in openings
    for word, start in words(text):
        if start < done or not (word in openings or (figures and word[0].isdigit())):
            continue
        match = pattern.match(text, start)
        if match is not None:
            yield match
            done = match.end()


def remember(function: Callable[[str], Iterator[Span]]) -> Callable[[str], Iterator[Span]]:
    """Keep a function's last findings, for those that build upon it."""
    found = lru_cache(maxsize=2)(lambda text: tuple(function(text)))

    @wraps(function)
    def run(text: str) -> Iterator[Span]:
        return iter(found(text))

    return run


class Gazetteer:
    """Names, found in a text in one pass over its words.

    A name is found whatever its case, if it is written with a capital; one in capitals alone (`HTS`, `Isis`'s
    `ISIS`) only in capitals.
    """

    def __init__(self, names: Iterable[str]) -> None:
        # By the first two words, since hundreds of names may share the first: `al`, `san`, `new`.
        self._names: dict[tuple[str, str], list[tuple[str, bool]]] = {}
        for name in dict.fromkeys(names):
            folded = fold(name)
            own = list(_RUN.finditer(folded))
            if own and own[0].start() == 0:
                second = own[1][0] if len(own) > 1 else ""
                self._names.setdefault((own[0][0], second), []).append((folded, name.isupper()))
        for found in self._names.values():
            found.sort(key=lambda item: -len(item[0]))
        self._firsts = {first for first, _ in self._names}

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the places of names, the longest where several begin; none overlaps another."""
        folded = _folded_text(text)
        done = 0
        own = words(text)
        for number, (word, start) in enumerate(own, start=1):
            if start < done or word not in self._firsts:
                continue
            second = own[number][0] if number < len(own) else ""
            for name, capitals in (*self._names.get((word, second), ()), *self._names.get((word, ""), ())):
                end = start + len(name)
                if not folded.startswith(name, start) or (end < len(text) and text[end].isalnum()):
                    continue
                surface = text[start:end]
                if surface.isupper() if capitals else any(sign.isupper() for sign in surface):
                    yield start, end
                    done = end
                    break


def table(name: str) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a table in `data/`: the fields between `|`; blank lines and `#` comments are none."""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield tuple(field.strip() for field in line.split("|") if field.strip())


@lru_cache(maxsize=1)
def _word_lists() -> dict[str, str]:
    lists: dict[str, str] = yaml.safe_load((DATA / "words.yaml").read_text(encoding="utf-8"))
    return lists


def word_list(name: str) -> tuple[str, ...]:
    """Return one of the lists in `data/words.yaml`; bars part its entries."""
    return tuple(entry.strip() for entry in _word_lists()[name].split("|"))


def furniture(text: str) -> list[tuple[int, int]]:
    """Return the places of the lines that are page furniture and no part of the article."""
    places: list[tuple[int, int]] = []
    start = 0
    before = ""
    for line in text.split("\n"):
        match = _FURNITURE.search(line) if len(line) < 160 or _GLUED.search(line) else None
        if match is not None:
            if _LINKED.match(line) and before.strip():
                # What stands directly above `Read More` is another article's headline.
                places.append((start - len(before) - 1, start - 1))
            glued = _GLUED.search(line, match.end())
            places.append((start, start + (len(line) if glued is None else glued.end())))
        start += len(line) + 1
        before = line
    return places


def flat(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans of which none overlaps another, from left to right; of two that do, the longer one stays."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if kept and span.start < kept[-1].end:
            if span.end - span.start > kept[-1].end - kept[-1].start:
                kept[-1] = span
            continue
        kept.append(span)
    yield from kept


def alternatives(words: Iterable[str]) -> str:
    """Return words as alternatives of a regular expression, longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))

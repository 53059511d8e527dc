"""Cues: the words of a text that tell what befell people, and the numbers that they may be told of."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, get_args

from conflict_ner.facts import CasualtyType
from conflict_ner.normalise.counts import numerals
from conflict_ner.normalise.tables import rows
from conflict_ner.sentences import sentence_number

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d[\d.,]*")
_QUANTITIES = frozenset(
    {*numerals.UNITS, *numerals.TENS, *numerals.SCALES, "tens", "several", "many", "few"}
    | {f"{word}s" for word in numerals.SCALES}
)
# Cues that may share one count: `killed and wounded`, `dead or missing`, `killed, wounded or captured`.
_SHARING = frozenset(
    ("kill", "dead", "death", "wound", "injure", "injuries", "hurt", "maim", "capture", "take", "missing")
)
_AND = re.compile(r"\s*(?:,|/|&|-|,? ?(?:and|or|and/or)(?: the| else)?)\s*", re.IGNORECASE)
_FEW_WORDS = re.compile(r"(?:\s+\w+){0,2}\s+")
_HELPER = r"\s(?:\w+ly |also |all |now |then )?$"
_BE = re.compile(r"\b(?:was|were|been|being|is|are|be|got|get|reported|feared|confirmed|left|believed|found)" + _HELPER)
_HAVE = re.compile(r"\b(?:has|had|have|having|to|would|will|could|may|might)" + _HELPER)
_NOT = re.compile(r"\b(?:no|not|nobody|none|never|without|\w+n't)\s(?:one |yet |been |were |was )*$")
_HEARD_BEFORE = 24  # characters in which a helping verb or a denial is looked for
# Whom nobody found, saw or heard from is missing: `have not been seen`, `could not be traced`.
_FINDING = frozenset(
    (
        *("found", "find", "seen", "heard", "traced", "located", "accounted", "reached", "identified", "recovered"),
        *("met", "back", "return", "returned"),
    )
)
_NO = frozenset(("not", "never", "cannot", "nor", "yet", "nobody", "none"))


Kind = Literal[CasualtyType, "-"]
TYPES: tuple[CasualtyType, ...] = get_args(CasualtyType)
_KINDS: dict[str, Kind] = {"-": "-", **{kind: kind for kind in TYPES}}


@dataclass(frozen=True)
class Cue:
    """A word or phrase that tells of a casualty type.

    Attributes:
        start: index of its first character.
        end: index after its last.
        kind: the casualty type that it tells, `-` for none.
        name: of the table's row that has it.
        form: `act`, `past`, `self`, `noun` or `state`, as data/casualty_cues.txt explains them; of a participle, the
            words before it tell `passive` (`were killed`) and `perfect` (`had killed`) from `past`.
        negated: whether the words before it deny it: `nobody was hurt`.
        sentence: the number of the sentence that it begins in.
    """

    start: int
    end: int
    kind: Kind
    name: str
    form: str
    negated: bool = False
    sentence: int = 0


@dataclass(frozen=True)
class Told:
    """A text's cues, and the places of its words and of its numbers, all in the order of the text."""

    cues: tuple[Cue, ...]
    cue_starts: tuple[int, ...]
    words: tuple[int, ...]
    numbers: tuple[tuple[int, int], ...]
    number_starts: tuple[int, ...]

    def cues_between(self, low: int, high: int) -> tuple[Cue, ...]:
        """Return the cues that begin in [low, high)."""
        return self.cues[bisect.bisect_left(self.cue_starts, low) : bisect.bisect_left(self.cue_starts, high)]

    def cues_in(self, low: int, high: int) -> int:
        """Count the cues that begin in [low, high)."""
        return _inside(self.cue_starts, low, high)

    def words_in(self, low: int, high: int) -> int:
        """Count the words that begin in [low, high)."""
        return _inside(self.words, low, high)

    def quantities_in(self, low: int, high: int) -> int:
        """Count the numbers that begin in [low, high)."""
        return _inside(self.number_starts, low, high)

    def number_behind(self, text: str, place: int) -> bool:
        """Tell whether a number stands directly behind a place."""
        number = bisect.bisect_left(self.number_starts, place)
        return number < len(self.numbers) and not text[place : self.number_starts[number]].strip()

    def number_before(self, text: str, place: int) -> bool:
        """Tell whether a number stands before a place with two words at most between."""
        number = bisect.bisect_left(self.number_starts, place) - 1
        return number >= 0 and _FEW_WORDS.fullmatch(text, self.numbers[number][1], place) is not None


def _inside(starts: tuple[int, ...], low: int, high: int) -> int:
    return bisect.bisect_left(starts, high) - bisect.bisect_left(starts, low)


@cache
def _table() -> dict[str, list[tuple[tuple[str, ...], Kind, str, str]]]:
    """Return the cues by their first word, the longest first: (words, kind, name, form)."""
    table: dict[str, list[tuple[tuple[str, ...], Kind, str, str]]] = {}
    for kind, name, forms in rows("casualty_cues.txt"):
        for part in forms.split(";"):
            form, _, phrases = part.partition(":")
            for phrase in phrases.split(","):
                words = tuple(phrase.split())
                table.setdefault(words[0], []).append((words, _KINDS[kind], name, form.strip()))
    for entries in table.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return table


@lru_cache(maxsize=4)
def told(text: str) -> Told:
    """Find a text's cues and numbers in one pass over its words."""
    table = _table()
    lowered = _lowered(text)
    words = [(match[0], match.start(), match.end()) for match in _WORD.finditer(lowered)]
    cues: list[Cue] = []
    numbers: list[tuple[int, int]] = []
    done = 0
    for place, (word, start, end) in enumerate(words):
        if word[0] <= "9" or word in _QUANTITIES or ("-" in word and word.partition("-")[0] in numerals.TENS):
            first = start
            if numbers and not text[numbers[-1][1] : start].strip(" -"):
                first = numbers.pop()[0]
            numbers.append((first, end))
        if place < done:
            continue
        if word in _FINDING and _is_denied(text, words, place):
            cues.append(Cue(start, end, "missing", "not found", "state"))
        elif word in table:
            after = words[place + 1][0] if place + 1 < len(words) else ""
            for phrase, kind, name, form in table[word]:
                last = place + len(phrase)
                if len(phrase) > 1 and phrase[1] != after:
                    continue
                if len(phrase) < 3 or tuple(other for other, _, _ in words[place:last]) == phrase:
                    cues.append(Cue(start, words[last - 1][2], kind, name, form))
                    done = last
                    break
    joined = tuple(_seen_in_place(text, lowered, cue) for cue in _joined(text, cues, numbers))
    return Told(
        joined,
        tuple(cue.start for cue in joined),
        tuple(start for _, start, _ in words),
        tuple(numbers),
        tuple(start for start, _ in numbers),
    )


def _seen_in_place(text: str, lowered: str, cue: Cue) -> Cue:
    """Return the cue with what the words before it make of it."""
    before = lowered[max(0, cue.start - _HEARD_BEFORE) : cue.start]
    form = cue.form
    if form == "past":
        form = "passive" if _BE.search(before) else "perfect" if _HAVE.search(before) else form
    negated = cue.kind != "missing" and _NOT.search(before) is not None
    return Cue(cue.start, cue.end, cue.kind, cue.name, form, negated, sentence_number(text, cue.start))


def _lowered(text: str) -> str:
    """Return the text in lower case with straight apostrophes, as long as before."""
    lowered = text.replace("’", "'").lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text.replace("’", "'"))


def _is_denied(text: str, words: list[tuple[str, int, int]], place: int) -> bool:
    """Tell whether one of the four words before a word, in its sentence, denies it."""
    before = words[max(0, place - 4) : place]
    if not any(word in _NO or word.endswith("n't") for word, _, _ in before):
        return False
    return "." not in text[before[0][1] : words[place][1]]


def _joined(text: str, cues: list[Cue], numbers: list[tuple[int, int]]) -> Iterator[Cue]:
    """Make one cue of those that share a count: `killed and wounded`, `killed, wounded or captured`."""
    place = 0
    while place < len(cues):
        last = place
        while last + 1 < len(cues) and _share(text, cues[last], cues[last + 1]):
            last += 1
        first, final = cues[place], cues[last]
        if len({cue.kind for cue in cues[place : last + 1]}) > 1 and not _have_own(text, first, final, numbers):
            yield Cue(first.start, final.end, "unspecified", "joined", final.form)
            place = last + 1
        else:
            yield first
            place += 1


def _share(text: str, one: Cue, other: Cue) -> bool:
    if one.name not in _SHARING or other.name not in _SHARING or other.start - one.end > 15:
        return False
    return _AND.fullmatch(text, one.end, other.start) is not None


def _have_own(text: str, first: Cue, last: Cue, numbers: list[tuple[int, int]]) -> bool:
    """Tell whether each of two cues has a number of its own: `3 killed and wounded 5`."""
    before = any(end <= first.start and _FEW_WORDS.fullmatch(text, end, first.start) for _, end in numbers)
    behind = any(start >= last.end and not text[last.end : start].strip() for start, _ in numbers)
    return before and behind

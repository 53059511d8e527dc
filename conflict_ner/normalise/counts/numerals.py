"""Numbers as English news writes them: `117`, `1,208`, `2,50,000`, `1.2 million`, `two hundred and six`, `a dozen`.

`amounts` reads a phrase into its words with each number in it made one item; what the words beside it mean (`at
least`, `or so`) is for who asks. Vague numbers (`several`, `dozens`) come as how many of which unit, so that the
asker decides what `several` is worth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal

Vagueness = Literal["plural", "several", "few", "many", "unknown"]

_SMALL = "one two three four five six seven eight nine ten eleven twelve"
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
UNITS: dict[str, int] = {word: value for value, word in enumerate(f"{_SMALL} {_TEENS}".split(), start=1)}
TENS: dict[str, int] = {word: 10 * value for value, word in enumerate(_TENS.split(), start=2)}
# What multiplies the number before it; lakh and crore are those of South Asia.
SCALES: dict[str, int] = {
    "dozen": 12,
    "score": 20,
    "hundred": 100,
    "thousand": 1_000,
    "lakh": 100_000,
    "lac": 100_000,
    "million": 1_000_000,
    "crore": 10_000_000,
    "billion": 1_000_000_000,
}
_PLURALS: dict[str, int] = {"tens": 10, **{f"{word}s": value for word, value in SCALES.items()}}
_SUFFIXES: dict[str, int] = {"k": 1_000, "m": 1_000_000, "mn": 1_000_000, "mln": 1_000_000, "bn": 1_000_000_000}
_GROUPS_OF_PEOPLE: dict[str, int] = {
    "single": 1, "both": 2, "pair": 2, "couple": 2, "duo": 2, "trio": 3, "zero": 0, "nil": 0, "none": 0,
}  # fmt: skip
_VAGUE: dict[str, Vagueness] = {
    "several": "several",
    "numerous": "several",
    "few": "few",
    "handful": "few",
    "smattering": "few",
    "many": "many",
    "countless": "many",
    "innumerable": "many",
    "untold": "many",
    "multiple": "several",
}
# `a ... number`, told by the word between; with none of these it is `several`.
_NUMBER_WORDS = frozenset({"number", "numbers", "no"})
_UNKNOWN = re.compile(
    r"un(?:known|k|kn|specified|disclosed|determined|confirmed|certain|stated|counted)$|indeterminate$"
)
# These point back to a number told before.
_SAME = frozenset({"as", "so", "same", "equal", "similar", "identical"})
_LARGE = frozenset(
    {"large", "untold", "great", "high", "huge", "considerable", "significant", "substantial", "growing", "good"}
)
_LITTLE = frozenset({"small", "low", "limited"})
_FRACTIONS: dict[str, Fraction] = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}
_PARTS = frozenset(
    ("third", "thirds", "quarters", "fourth", "fourths", "fifth", "fifths", "tenth", "tenths", "percent", "%", "‰")
)

_BLANK = "[ \u00a0\u202f\u2009]"
_TOKEN = re.compile(
    rf"\d+(?:[.,'’]\d+)+|\d{{1,3}}(?:{_BLANK}\d{{3}})+(?!\d)|\d+|[½¼¾]|[^\W\d_]+(?:['’][^\W\d_]+)?|[^\s]",
)
_GROUPED = re.compile(
    rf"\d{{1,3}}(?:(?P<sign>[,.'’]|{_BLANK})\d{{3}})(?:(?P=sign)\d{{3}})*$|\d{{1,2}}(?:,\d\d)*,\d{{3}}$"
)
_DECIMAL = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+)[.,](\d{1,2}|\d+)$")
_LONGEST = 15  # digits; longer ones are no number of people


@dataclass(frozen=True)
class Amount:
    """A number in a phrase.

    Attributes:
        value: the number; of a vague one, the unit (`dozens` and `several dozen` 12, `several` 1).
        vague: how many of the unit, where the phrase does not say; None for a plain number.
        scale: the scale word that it ends in (`fifty thousand` 1000), or 1: `thirty to fifty thousand` shares it.
    """

    value: int
    vague: Vagueness | None = None
    scale: int = 1


Item = Amount | str


def tokens(phrase: str) -> list[str]:
    """Return the words, figures and signs of a phrase in lower case."""
    return _TOKEN.findall(phrase.lower().replace("’", "'"))


def amounts(phrase: str) -> list[Item]:
    """Return a phrase's words and signs in lower case, each number in it read as one `Amount`.

    A fraction of something (`two thirds`, `5 %`) is no amount, nor is a number told before (`as many`): its words
    stay words.
    """
    words = _corrected(tokens(phrase))
    found: list[Item] = []
    articles: list[int] = []
    place = 0
    while place < len(words):
        read = _vague_amount(words, place) or _plain_amount(words, place)
        if read is None:
            found.append(words[place])
            place += 1
            continue
        amount, end = read
        fraction = end < len(words) and (
            words[end] in _PARTS or words[end : end + 2] in (["per", "cent"], ["-", "thirds"])
        )
        if words[place:end] in (["a"], ["an"]):
            articles.append(len(found))
        found.append(f"{words[place]}-part" if fraction else amount)
        place = end + 1 if fraction else end
    if sum(isinstance(item, Amount) for item in found) > len(articles):
        # An article counts where nothing else does: not in `an estimated 300`.
        for number in articles:
            found[number] = "a"
    return found


def figure(raw: str, *, scaled: bool = False) -> Fraction | None:
    """Return what a figure is worth, or None where it is no whole number of anything.

    Args:
        raw: the digits with their signs: `1,208`, `1.208`, `1 208`, `2,50,000`, `1.2`.
        scaled: whether a scale word follows, which alone lets it have decimals: `1.2` million, `2,5` lakh.
    """
    if len(raw) > 2 * _LONGEST or sum(sign.isdecimal() for sign in raw) > _LONGEST:
        return None
    if raw.isdecimal():
        return Fraction(int(raw))
    decimal = _DECIMAL.match(raw)
    if scaled and decimal is not None and (len(decimal[2]) != 3 or raw.startswith("0")):
        whole = int(decimal[1].replace(",", ""))
        return whole + Fraction(int(decimal[2]), 10 ** len(decimal[2]))
    if _GROUPED.match(raw):
        return Fraction(int("".join(sign for sign in raw if sign.isdecimal())))
    return None


def _plain_amount(words: Sequence[str], place: int) -> tuple[Amount, int] | None:
    """Read a number that begins at a word; return it and the place behind it."""
    begin = place
    if words[place] in ("a", "an"):
        after = words[place + 1] if place + 1 < len(words) else ""
        if after == "-" and place + 2 < len(words):
            after = words[place + 2]
        if not (after in SCALES or after in _GROUPS_OF_PEOPLE or after in ("half", "quarter")):
            return Amount(1), place + 1
        place += 1
    group = _GROUPS_OF_PEOPLE.get(words[place])
    if group is not None:
        end = place + 1
        if end < len(words) and words[end] == "of":
            end += 1
        if group == 2 and words[place] in ("pair", "couple") and end < len(words) and words[end].rstrip("s") in SCALES:
            scale = SCALES[words[end].rstrip("s")]
            return Amount(group * scale, scale=scale), end + 1
        return Amount(group), place + 1
    part = _part_of_scale(words, place)
    if part is not None:
        return part
    reader = _Reader()
    end = reader.read(words, place)
    if end == place or reader.value is None:
        return (Amount(1), begin + 1) if begin < place else None
    return Amount(reader.value, scale=reader.scale), end


def _part_of_scale(words: Sequence[str], place: int) -> tuple[Amount, int] | None:
    """Read `half a million`, `half-dozen`, `a quarter of a million`, `three quarters of a million`."""
    share, end = Fraction(0), place
    if words[place] == "half":
        share, end = Fraction(1, 2), place + 1
    elif words[place] == "quarter":
        share, end = Fraction(1, 4), place + 1
    elif words[place] == "three" and words[place + 1 : place + 2] == ["quarters"]:
        share, end = Fraction(3, 4), place + 2
    if not share:
        return None
    while end < len(words) and words[end] in ("of", "a", "-"):
        end += 1
    if end < len(words) and words[end] in SCALES:
        scale = SCALES[words[end]]
        return Amount(int(share * scale), scale=1), end + 1
    return None


class _Reader:
    """Adds up the words of one number, from the left."""

    def __init__(self) -> None:
        self._total = Fraction(0)
        self._group: Fraction | None = None
        # What is added next must be smaller than this: after `two hundred`, a number under 100.
        self._limit: float = float("inf")
        self._last_scale: float = float("inf")
        self.scale = 1

    @property
    def value(self) -> int | None:
        """The number, or None where it has a fraction of one."""
        total = self._total + (self._group or 0)
        return int(total) if total.denominator == 1 and total < 10**_LONGEST else None

    def read(self, words: Sequence[str], place: int) -> int:
        """Read on from a word as far as the number goes; return the place behind it."""
        end = place
        while end < len(words):
            step = end
            if end > place and words[step] in ("and", "-", ",") and step + 1 < len(words):
                if words[step] == "," and not self._last_scale < float("inf"):
                    break
                if words[step] == "-" and not self._may_join(words, step):
                    break
                half = words[step + 1 : step + 3] == ["a", "half"]
                if words[step] == "and" and (half or words[step + 1] == "half"):
                    self._add_half()
                    end = step + (3 if half else 2)
                    continue
                if words[step] == "and" and self._limit < 100:
                    break
                step += 1
            if not self._take(words, step, joined=step > end):
                break
            end = step + 1
        return end

    def _may_join(self, words: Sequence[str], place: int) -> bool:
        """Tell whether a hyphen is one inside a number (`twenty-one`), not one between two (`20-25`)."""
        before, after = words[place - 1], words[place + 1]
        return (before in TENS and UNITS.get(after, 10) < 10) or after in SCALES or before in SCALES

    def _take(self, words: Sequence[str], place: int, *, joined: bool) -> bool:
        word = words[place]
        after = words[place + 1] if place + 1 < len(words) else ""
        scale = SCALES.get(word) or (_PLURALS.get(word) if self._group is not None and word != "tens" else None)
        if scale is None and word in _SUFFIXES and place and words[place - 1][-1].isdecimal():
            scale = _SUFFIXES[word]
        if scale is not None:
            return not (joined and words[place - 1] == "and") and self._multiply(scale)
        value = UNITS.get(word) or TENS.get(word)
        if value is not None:
            return self._add(Fraction(value), limit=10 if word in TENS else 1)
        if word in _FRACTIONS:
            return self._add(_FRACTIONS[word], limit=0)
        if word[0].isdecimal():
            read = figure(word, scaled=after in SCALES or after in _PLURALS or after in _SUFFIXES)
            return read is not None and self._add(read, limit=1)
        return False

    def _add(self, value: Fraction, limit: float) -> bool:
        if value >= self._limit:
            return False
        self._group = (self._group or Fraction(0)) + value
        self._limit, self.scale = limit, 1
        return True

    def _multiply(self, scale: int) -> bool:
        group = Fraction(1) if self._group is None and (scale < 1_000 or not self._total) else self._group
        if group is None:
            return False
        if scale >= 1_000:
            if scale >= self._last_scale or not group:
                return False
            self._total += group * scale
            self._group, self._limit, self._last_scale = None, scale, scale
        elif group >= 100:
            return False
        else:
            self._group, self._limit = group * scale, 100 if scale == 100 else 0
        self.scale = scale
        return True

    def _add_half(self) -> None:
        """Read `and a half`: of one (`two and a half` thousand), or of the scale before it (`a million and a half`)."""
        if self._group is None and self._last_scale < float("inf"):
            self._total += Fraction(int(self._last_scale), 2)
            self._limit = 0
        else:
            self._group = (self._group or Fraction(0)) + Fraction(self.scale, 2)


def _vague_amount(words: Sequence[str], place: int) -> tuple[Amount, int] | None:
    """Read `several`, `a few dozen`, `tens of thousands`, `an unknown number`; return it and the place behind it."""
    start = place
    if words[place] in ("a", "an", "the") and place + 1 < len(words):
        place += 1
    if place and words[place - 1] in _SAME:
        return None
    number = _vague_number(words, place)
    if number is not None and (place > start or _UNKNOWN.match(words[place]) or words[place] in _LARGE | _LITTLE):
        return number
    if words[place] in ("good", "great") and words[place + 1 : place + 2] == ["many"]:
        place += 1
    vagueness = _VAGUE.get(words[place])
    if vagueness is not None:
        end = place + 1
        while words[end : end + 2] == [",", words[place]] or words[end : end + 2] == ["and", words[place]]:
            end += 2  # many, many
        after = end + 1 if words[end : end + 1] in (["of"], ["more"], ["-"]) else end
        unit = _unit(words, after)
        if unit is not None and words[end : end + 1] != ["more"]:
            return Amount(unit[0], vague="several"), unit[1]
        return Amount(1, vague=vagueness), end
    unit = _unit(words, place) if words[place] in _PLURALS else None
    return None if unit is None else (Amount(unit[0], vague="plural"), unit[1])


def _vague_number(words: Sequence[str], place: int) -> tuple[Amount, int] | None:
    """Read `unknown number`, `large number`, `number`."""
    for end in range(place, min(place + 3, len(words))):
        if words[end] in _NUMBER_WORDS and (end > place or words[end] == "number"):
            between = words[place:end]
            if _SAME.intersection(between):
                return None
            vague: Vagueness = "several"
            if any(_UNKNOWN.match(word) for word in between):
                vague = "unknown"
            elif _LARGE.intersection(between):
                vague = "many"
            elif _LITTLE.intersection(between):
                vague = "few"
            behind = end + 2 if words[end + 1 : end + 2] == ["."] and words[end] == "no" else end + 1
            return Amount(1, vague=vague), behind
    return None


def _unit(words: Sequence[str], place: int) -> tuple[int, int] | None:
    """Read `dozen`, `hundreds`, `tens of thousands`, `hundreds upon hundreds`: its worth and the place behind it."""
    value, end = 1, place
    while end < len(words):
        scale = SCALES.get(words[end]) or _PLURALS.get(words[end])
        if scale is None:
            break
        value, end = value * scale, end + 1
        if words[end : end + 1] in (["and"], ["upon"], ["on"]) and words[end + 1 : end + 2] == [words[end - 1]]:
            end += 2
        if words[end : end + 1] == ["of"] and words[end + 1 : end + 2] and words[end + 1] in _PLURALS | SCALES:
            end += 1
    return (value, end) if end > place else None


@cache
def _numerals() -> frozenset[str]:
    return frozenset({*UNITS, *TENS, *SCALES, *_PLURALS, *_VAGUE, *_GROUPS_OF_PEOPLE, "half"})


def _is_numeral(word: str) -> bool:
    return (
        word[0].isdecimal() or word in ("a", "an") or word in _NUMBER_WORDS or word in _numerals() or word in _FRACTIONS
    )


def _corrected(words: list[str]) -> list[str]:
    """Return the words with misspelt numerals put right, where they are all there is or carry a number on."""
    alone = not any(_is_numeral(word) for word in words)
    found: list[str] = []
    for word in words:
        shortest = 3 if found[-1:] == ["-"] else 4
        right = word if _is_numeral(word) or len(word) < shortest else _respelled(word)
        before = [other for other in found[-2:] if other != "-"][-1:]
        carries_on = before and (
            (right in SCALES and (before[0] in UNITS or before[0] in TENS or before[0][0].isdecimal()))
            or (before[0] in TENS and UNITS.get(right, 10) < 10)
        )
        found.append(right if alone or carries_on else word)
    return found


def _respelled(word: str) -> str:
    """Return the one numeral that a misspelt word is one letter off, else the word."""
    if not word.isascii() or word.endswith(("th", "ths", "rds")):
        return word
    near = [numeral for numeral in (*UNITS, *TENS, *SCALES, *_PLURALS) if len(numeral) > 3 and _one_off(word, numeral)]
    return near[0] if len(near) == 1 else word


def _one_off(word: str, other: str) -> bool:
    """Tell whether one letter more, fewer or other, or two exchanged, make one word of the other."""
    if abs(len(word) - len(other)) > 1:
        return False
    first = 0
    while first < min(len(word), len(other)) and word[first] == other[first]:
        first += 1
    one, two = word[first:], other[first:]
    return one[1:] == two or one == two[1:] or one[1:] == two[1:] or (one[:2] == two[:2][::-1] and one[2:] == two[2:])

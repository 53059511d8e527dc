"""Casualty counts as numbers with bounds: `at least 12` is 12 or more, `20-25` is 20 to 25, `dozens` is 24 or more.

The number is read by `numerals`; the words around it bound it. A phrase that gives no figure (`dozens`, `several`)
has a lower bound alone, as careful analysts code it; a preset counts it as the ACLED codebook does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

from conflict_ner.facts import Count
from conflict_ner.normalise.counts.numerals import Amount, Item, Vagueness, amounts

Bound = Literal["at_least", "at_most", "about"]


class VagueWords(BaseModel):
    """What a number without a figure is worth.

    Attributes:
        plural: how many of the unit a bare plural stands for (`dozens`, `hundreds`).
        several: the same for `several` and `a few` of a unit, and for `several` alone.
        few: for `a few` and `a handful` alone.
        many: for `many` alone.
        unknown: for `an unknown number`.
        best: whether the value is also the best estimate, or a lower bound alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    plural: int
    several: int
    few: int
    many: int
    unknown: int
    best: bool


LOWER_BOUND = VagueWords(plural=2, several=3, few=3, many=3, unknown=1, best=False)
# After the coding rules for fatalities of the Armed Conflict Location & Event Data Project: 10 for tens, 12 for
# dozens, 100 for hundreds; where no figure is told at all, 3, or 10 for many.
ACLED = VagueWords(plural=1, several=3, few=3, many=10, unknown=3, best=True)
VAGUE_PRESETS: Mapping[str, VagueWords] = {"lower_bound": LOWER_BOUND, "acled": ACLED}

# Adverbs that may stand before a bounding word: `well over`, `far more than`, `just under`.
_ADVERB = r"(?:(?:well|just|far|much|slightly|little|considerably|significantly|substantially|somewhat|way|probably) )*"
# Read in this order: `no more than` is a ceiling, `more than` a floor.
_BOUNDING: tuple[tuple[Bound, str], ...] = (
    (
        "at_most",
        r"(?:no|not|never) (?:more|greater|higher) than|not exceeding|(?:fewer|less|lower|smaller) than"
        r"(?<!no fewer than)(?<!not fewer than)(?<!no less than)(?<!not less than)(?<!nothing less than)"
        r"|up ?to|as (?:many|much|high) as|(?<!not )at (?:the )?(?:very )?most"
        r"|(?:a )?maximum(?: of)?|under|below|<|< =|≤",
    ),
    (
        "at_least",
        r"at ?- ?least|at ?(?:the )?(?:very )?least|at a minimum|more than|greater than|higher than|over"
        r"|above|beyond|(?:no|not|nothing) (?:fewer|less) than|upwards?(?: of)?|(?:in )?excess of|exceeding"
        r"|as few as|(?:a )?minimum(?: of)?|north of|>|> =|≥",
    ),
    (
        "about",
        r"about|around|some|roughly|(?:an )?estimated|est|approximately|approx|circa|ca|c|nearly|almost|close to"
        r"|near(?:er|ly)?(?: to)?|closer to|nearing|approaching|perhaps|maybe|possibly|probably|apparently|~|≈"
        r"|scarcely|barely|hardly|(?:an )?average(?: of)?|in the (?:region|order) of|on the order of"
        r"|something like",
    ),
)
_BEFORE = tuple((bound, re.compile(rf"(?:^|(?<= )){_ADVERB}(?:{words})(?= |$)")) for bound, words in _BOUNDING)
_AFTER: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    (
        "at_least",
        re.compile(r"^(?:- )?(?:\+|plus|or more|and (?:more|above|counting|over)|or (?:above|over)|at least)\b|^\+"),
    ),
    (
        "at_most",
        re.compile(r"^(?:or (?:fewer|less|under)|(?:and|or) (?:below|under)|at (?:the )?most|max(?:imum)?|tops)\b"),
    ),
    (
        "about",
        re.compile(
            r"^(?:- )?(?:(?:odd|ish|something|some)\b|or so\b|or thereabouts|(?:more or less|approximately|roughly"
            r"|approx|estimated|\?))"
        ),
    ),
)
_POSSIBLY = re.compile(r"\b(?:perhaps|possibly|maybe|probably|as many as|up to|even)\b")
_RANGE = re.compile(
    r"^(?:(?:-|–|—|to|or|and|/|till|until|through|up to|(?:,|or|and|-)? ?(?:perhaps|possibly|maybe|probably"
    r"|as many as|up to|even|if not))(?: (?:perhaps|possibly|maybe|even|as many as|up to|about|around|some))*)$"
)
# Two bounds in one phrase: `more than 30 but fewer than 40`.
_AND_UNDER = re.compile(r"^,? ?(?:but|and|yet)(?: \w+)? (?:fewer|less|no more|not more) than$")


@dataclass(frozen=True)
class _Read:
    """A phrase in parts: the words before its first amount, the amounts with the words between, the words behind."""

    before: str
    numbers: tuple[Amount, ...]
    between: tuple[str, ...]
    after: str


@lru_cache(maxsize=1024)
def read_count(surface: str, vague: VagueWords = LOWER_BOUND) -> Count | None:
    """Read a counting phrase.

    Args:
        surface: the phrase as the text has it, in any case: `At least 12`, `2,5 lakh`, `dozens`, `more then 30`.
        vague: what `dozens`, `several` and their like are worth; LOWER_BOUND, or a preset of VAGUE_PRESETS.

    Returns:
        The count, or None where the phrase gives no number (`as many`, `two thirds`), or gives several that are
        no range. `nearly 20` is about 20; `up to 20` has no lower bound, `more than 20` no upper one.
    """
    if surface.isdecimal() and len(surface) < 10:
        return _single(Amount(int(surface)), None, vague)
    numbers = _between_and(surface)
    if numbers is not None:
        return _range(numbers[0], numbers[1], _bound_before(numbers[2]), vague)
    read = _parts(amounts(surface))
    if read is None:
        return None
    before, after = _bound_before(read.before.replace(" then", " than")), _bound_after(read.after)
    if len(read.numbers) == 1:
        return _single(read.numbers[0], _stronger(before, after), vague)
    if len(read.numbers) > 2:
        return None
    first, second = read.numbers
    joint = read.between[0]
    if joint == "(" and first.value == second.value:
        return _single(first, _stronger(before, after), vague)  # one (1)
    if joint in ("of", "out of", "of the"):
        return _single(first, before, vague)
    if _AND_UNDER.match(joint) and before == "at_least":
        return _range(first, second, None, vague)
    if _RANGE.match(joint):
        told_end = _POSSIBLY.search(joint) is not None
        return _range(first, second, None if told_end else _stronger(before, after), vague)
    return None


def _between_and(surface: str) -> tuple[Amount, Amount, str] | None:
    """Read `between X and Y`; the `and` that parts them is the one that leaves a number on both sides."""
    match = re.search(r"\bbetween\b", surface, re.IGNORECASE)
    if match is None:
        return None
    words = surface[match.end() :].split()
    for place in reversed(range(len(words))):
        if words[place].lower() not in ("and", "to", "&", "-", "–"):
            continue
        first, second = _parts(amounts(" ".join(words[:place]))), _parts(amounts(" ".join(words[place + 1 :])))
        if first is None or second is None or len(first.numbers) != 1 or len(second.numbers) != 1:
            continue
        if (
            not second.before
            and not first.after
            and first.numbers[0].value < _shared(first.numbers[0], second.numbers[0])[1]
        ):
            return first.numbers[0], second.numbers[0], surface[: match.start()].lower().strip()
    return None


def _parts(items: Sequence[Item]) -> _Read | None:
    """Sort a phrase's items; None where there is no amount."""
    places = [place for place, item in enumerate(items) if isinstance(item, Amount)]
    if not places:
        return None
    words = [
        " ".join(item for item in items[first:last] if isinstance(item, str))
        for first, last in _gaps(places, len(items))
    ]
    numbers = tuple(item for item in items if isinstance(item, Amount))
    return _Read(words[0], numbers, tuple(words[1:-1]), words[-1])


def _gaps(places: Sequence[int], end: int) -> list[tuple[int, int]]:
    """Return the stretches before, between and behind some places."""
    edges = [-1, *places, end]
    return [(first + 1, last) for first, last in pairwise(edges)]


def _bound_before(words: str) -> Bound | None:
    for bound, pattern in _BEFORE:
        if pattern.search(words):
            return bound
    return None


def _bound_after(words: str) -> Bound | None:
    return next((bound for bound, pattern in _AFTER if pattern.search(words)), None)


def _stronger(one: Bound | None, other: Bound | None) -> Bound | None:
    """Return the bound of a phrase with one on either side: `about 20 or more` is a floor."""
    return other if one in (None, "about") and other is not None else one


def _single(amount: Amount, bound: Bound | None, vague: VagueWords) -> Count:
    if amount.vague is not None:
        low = _worth(amount, vague)
        if bound == "at_most":
            return Count(low=None, best=low if vague.best else None, high=None, modality="vague")
        return Count(low=low, best=low if vague.best else None, high=None, modality="vague")
    value = amount.value
    if bound == "at_least":
        return Count(low=value, best=value, high=None, modality="at_least")
    if bound == "at_most":
        return Count(low=None, best=value, high=value, modality="at_most")
    return Count(low=value, best=value, high=value, modality="exact" if bound is None else "about")


def _range(first: Amount, second: Amount, bound: Bound | None, vague: VagueWords) -> Count | None:
    """Return the count between two numbers, of which the lower one is the best estimate."""
    if first.vague is not None or second.vague is not None:
        # `tens, perhaps hundreds`: the smaller is what is sure.
        return _single(min(first, second, key=lambda amount: _worth(amount, vague)), None, vague).model_copy(
            update={"modality": "vague", "high": None, **({} if vague.best else {"best": None})}
        )
    low, high = sorted(_shared(first, second))
    if bound == "at_least":
        return Count(low=low, best=low, high=None, modality="at_least")
    if bound == "at_most":
        return Count(low=None, best=high, high=high, modality="at_most")
    return Count(low=low, best=low, high=high, modality="about")


def _shared(first: Amount, second: Amount) -> tuple[int, int]:
    """Return a range's ends, with what they share: `thirty to fifty thousand`, `two or three dozen`, `120-30`."""
    low, high = first.value, second.value
    if first.scale == 1 and second.scale > 1 and low < high // second.scale:
        return low * second.scale, high
    width = 10 ** len(str(high))
    if first.scale == second.scale == 1 and high < low and width <= low and low % width < high:
        return low, low // width * width + high
    return low, high


def _worth(amount: Amount, vague: VagueWords) -> int:
    if amount.vague is None:
        return amount.value
    count: Mapping[Vagueness, int] = {
        "plural": vague.plural,
        "several": vague.several,
        "few": vague.few,
        "many": vague.many,
        "unknown": vague.unknown,
    }
    return amount.value * count[amount.vague]

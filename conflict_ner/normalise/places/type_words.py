"""What words beside a place's name say of its kind: `Idlib province`, `Governorate of Idlib`, `Mount Sinjar`.

The words stand in data/place_types.tsv; the same words are taken off the names of divisions when the gazetteer is
built, so that `Idlib Governorate` is found as `Idlib`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from conflict_ner.facts import PlaceKind
from conflict_ner.normalise.spelling import fold
from conflict_ner.normalise.tables import rows

# A part of a settlement, or a camp that is a settlement where the text speaks of the displaced, beside the kinds.
TypeKind = PlaceKind | Literal["part", "haven"]
DIVISIONS: frozenset[TypeKind] = frozenset({"adm1", "adm2"})
_LONGEST = 4
_LINKS = frozenset({"of", "de", "del", "du", "des", "do", "da", "the", "la", "el"})
# What is no name alone: `Northern Province` is a name, `the North` and `the old town` are none.
_NO_NAME = (
    "north south east west northern southern eastern western central upper lower middle new old the national federal "
    "capital sadar general military international state greater inner outer main rural urban city town district "
    "province region village municipal coast grand green blue red white black first second third la el los las le al a"
)
_NO_NAMES = frozenset(_NO_NAME.split())


@dataclass(frozen=True, slots=True)
class TypedName:
    """A place's name without its type word.

    Attributes:
        name: what is left, as it was written.
        kinds: what the type word allows, in the order in which a gazetteer is asked.
        word: the type word, folded.
    """

    name: str
    kinds: tuple[TypeKind, ...]
    word: str


def typed_name(surface: str) -> TypedName | None:
    """Return a surface parted into name and type word, or None where it has no type word, or is nothing else."""
    words = surface.split()
    folded = [fold(word) for word in words]
    after, before = _words()
    for length in range(min(_LONGEST, len(words) - 1), 0, -1):
        word = " ".join(folded[-length:])
        if word in after:
            return _typed(words[:-length], after[word], word)
    for length in range(min(_LONGEST, len(words) - 1), 0, -1):
        word = " ".join(folded[:length])
        if word in before:
            rest = length
            while rest < len(words) - 1 and folded[rest] in _LINKS:
                rest += 1
            return _typed(words[rest:], before[word], word)
    return None


def is_no_name(name: str) -> bool:
    """Tell whether a name is made of words alone that tell nothing without more: `North`, `Old City`."""
    return all(part in _NO_NAMES for part in fold(name).split(" "))


def without_type(names: Iterable[str], kinds: Set[str] = DIVISIONS) -> Iterator[str]:
    """Yield names without their words for a kind: `Idlib` of `Idlib Governorate`."""
    for name in names:
        typed = typed_name(name)
        if typed is not None and kinds & set(typed.kinds):
            yield typed.name


def _typed(words: list[str], kinds: tuple[TypeKind, ...], word: str) -> TypedName | None:
    name = " ".join(words).strip(" ,'’-")
    if not name or (is_no_name(name) and kinds[0] != "adm1"):
        return None
    return TypedName(name=name, kinds=kinds, word=word)


@cache
def _words() -> tuple[dict[str, tuple[TypeKind, ...]], dict[str, tuple[TypeKind, ...]]]:
    """Return the type words behind a name and before it."""
    after: dict[str, tuple[TypeKind, ...]] = {}
    before: dict[str, tuple[TypeKind, ...]] = {}
    for position, kinds, words in rows("place_types.tsv", "\t"):
        for word in words.split(" | "):
            of_word = cast("tuple[TypeKind, ...]", tuple(kinds.split(" ")))
            if position != "before":
                after.setdefault(fold(word), of_word)
            if position != "after":
                before.setdefault(fold(word), of_word)
    return after, before

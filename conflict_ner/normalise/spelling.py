"""The spelling of place names: what two ways to write one name have in common.

`Maarat al-Numan`, `Ma'arrat al Nu'man` and `Maaret-al-Numan` differ in signs, articles and doubled letters. `key` is
what is left without case, accents and signs; `bare_key` lacks the articles as well; `similarity` measures the rest.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SMALL = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ə": "a", "ħ": "h", "ı": "i"}
_LETTERS = str.maketrans({"ß": "ss", **_SMALL})
_CAPITALS = str.maketrans({letter.upper(): plain.title() for letter, plain in _SMALL.items()})
# Apostrophes of all kinds, hamza and ayn stand inside a word; other signs part two words.
_INSIDE = re.compile("[.'’‘ʻʼʾʿˈ`´“”\"]")
_SIGNS = re.compile(r"[^a-z0-9]+")
# The article of Arabic, Persian and Somali names before a word, in the forms that sounds around it give it.
_ARTICLE = "al el ul ad ed ud ar er ur as es us ash esh ush an en un az ez uz at et ath"
_ARTICLES = frozenset(_ARTICLE.split())
# Doubled letters, and an h that ends a name behind a vowel: `Afgooye` and `Afgoye`, `Hodeidah` and `Hodeida`.
_DOUBLED = re.compile(r"(.)\1+|(?<=[aeiou])h$")
_UNSTABLE = str.maketrans("qcx", "kkk", "h")
_VOWELS = re.compile("[aeiouwy]+")
# A name may have words added: `Zamora` is Zamora de Hidalgo, `Lakki Marwat` is Lakki.
_NAME_LETTERS, _WORDS_ADDED = 4, 0.9
_SHORT = {"st": "saint", "ste": "sainte", "mt": "mount", "ft": "fort"}


@lru_cache(maxsize=1 << 14)
def fold(name: str) -> str:
    """Return a name in small ASCII letters, its words parted by one space, other signs left out."""
    small = name.lower()
    if not small.isascii():
        parts = unicodedata.normalize("NFKD", small.translate(_LETTERS))
        small = "".join(sign for sign in parts if not unicodedata.combining(sign))
    return _SIGNS.sub(" ", _INSIDE.sub("", small)).strip()


def ascii_name(name: str) -> str:
    """Return a name in ASCII letters with its capitals and signs, as GeoNames' `asciiname`."""
    if name.isascii():
        return name
    letters = re.sub("[’‘ʻʼʾʿˈ`´]", "'", name.translate(_LETTERS).translate(_CAPITALS))
    parts = unicodedata.normalize("NFKD", letters)
    return "".join(sign for sign in parts if sign.isascii())


def key(name: str) -> str:
    """Return a name's letters and figures alone: `Bir al-Abd` and `Bi'r al 'Abd` are both `biralabd`."""
    words = fold(name).split(" ")
    return "".join(_SHORT.get(word, word) for word in words) if words[0] in _SHORT else "".join(words)


def bare_key(name: str) -> str:
    """Return a name's key without articles and doubled letters: `el-Arish` and `'Arrish` are both `arish`."""
    words = fold(name).split(" ")
    kept = [word for word in words if word not in _ARTICLES]
    if kept and kept[0] == "the":
        del kept[0]
    return _DOUBLED.sub(r"\1", "".join(kept or words))


def skeleton(written: str) -> str:
    """Return what ways to write a foreign name in English share: consonants, and where vowels stand between them.

    Vowels, w and y are one sign, h and a silent e are none, k, q, c and x are one letter: `Zuweid` and `Zuwayd`,
    `Ingushetia` and `Ingushetiya`, `Nakoura` and `Naqoura` are the same, `Karabila` and `Karbala` are not.

    Args:
        written: a key.
    """
    return _VOWELS.sub("a", written.removesuffix("e").translate(_UNSTABLE))


def similarity(one: str, other: str) -> float:
    """Return how alike two keys are, from 0 to 1: twice the common letters in order by all letters.

    The longest common subsequence is counted with the bits of one integer (Hyyrö, "Bit-parallel LCS-length
    computation revisited", 2004); the ratio is that of `rapidfuzz.fuzz.ratio`.
    """
    if not one or not other:
        return float(one == other)
    places: dict[str, int] = {}
    for number, sign in enumerate(one):
        places[sign] = places.get(sign, 0) | 1 << number
    whole = (1 << len(one)) - 1
    row = whole
    for sign in other:
        common = row & places.get(sign, 0)
        row = (row + common) | (row - common)
    return 2 * (whole & ~row).bit_count() / (len(one) + len(other))


@lru_cache(maxsize=20_000)
def closeness(written: str, name: str) -> float:
    """Return how near a key is to a name, from 0 to 1; 1 where it is only another way to write it in English.

    Args:
        written: a key.
        name: a name as it stands in a gazetteer.
    """
    wanted = _DOUBLED.sub(r"\1", written)
    forms = (bare_key(name), _DOUBLED.sub(r"\1", key(name)))
    if skeleton(wanted) in map(skeleton, forms):
        return 1.0
    shorter, longer = sorted((wanted, forms[0]), key=len)
    if len(shorter) >= _NAME_LETTERS and longer.startswith(shorter):
        return _WORDS_ADDED
    return max(similarity(wanted, form) for form in forms)

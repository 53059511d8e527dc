"""Aliases: the table of armed groups, and which of its organisations a name may mean.

A name is found as it is written, without regard to accents, hyphens and apostrophes; else in another transliteration
(`Jaish al-Fatah`, `Jaysh al Fateh`) or spelling (`Defence`, `Defense`), where that leads to one organisation.
Capitals count: `MEND` is a group and `mend` a word; `the National Guard` is a name and `a national guard` is none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from conflict_ner.facts import Group, GroupKind
from conflict_ner.normalise import nations
from conflict_ner.normalise.spelling import fold
from conflict_ner.normalise.tables import listed, records

_ACRONYM = re.compile(r"(?=.*[A-Z].*[A-Z]|[A-Z]\d|\d+[A-Z])[A-Z0-9][A-Za-z0-9'./’-]*")
_TITLE_ACRONYM = 3  # letters from which newspapers write an acronym as a word: `Isis`, `Farc`, `Eta`
_ONE_WORD_SMALL = 5  # letters from which a name of one word may lack its capital: `peshmerga`
_OWN_ACRONYM = 6  # letters from which an acronym is one organisation's alone: `MINUSMA`
_OWN_WORDS = 4  # words from which a name of common words is
_LOOSE = 6  # letters that a name in another transliteration must have at least
_QUALIFIED = re.compile(r"(.+) \(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Organisation:
    """A row of the table of armed groups.

    Attributes:
        id: stays the same for as long as the organisation is listed.
        name: its usual English name, with its place in brackets where namesakes have to be told apart.
        acronym: of the name in English or its own language.
        aliases: other names.
        kind: what it is when it is no state's army.
        country: ISO code of the state whose force it is, or where it is mainly based; None for what many share.
        area: ISO codes of the countries in which it acts, its own included.
        since: first year under this name.
        until: last year under this name.
        army: (first, last) years in which it was its state's own army.
    """

    id: str
    name: str
    acronym: str | None
    aliases: tuple[str, ...]
    kind: GroupKind
    country: str | None
    area: frozenset[str]
    since: int | None
    until: int | None
    army: tuple[tuple[int, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Name, acronym and aliases."""
        return (self.name, *((self.acronym,) if self.acronym else ()), *self.aliases)

    def group(self, year: int | None) -> Group:
        """Return the organisation as a fact tells it, of the kind that it was in a year."""
        in_power = year is not None and any(first <= year <= last for first, last in self.army)
        return Group(
            id=self.id,
            name=self.name,
            kind="state_force" if in_power else self.kind,
            country=self.country,
            since=self.since,
            until=self.until,
        )


@dataclass(frozen=True, slots=True)
class Match:
    """Organisations that a name may mean.

    Attributes:
        organisations: one or more.
        certain: whether the name alone decides: it is neither a short acronym nor made of words that many names share.
        first: ids of those whose main name or acronym it is, no alias.
        common: whether it is made of words that many names share, and may be any land's: `Maoists`, `National Guard`.
    """

    organisations: tuple[Organisation, ...]
    certain: bool
    first: frozenset[str] = frozenset()
    common: bool = False


@dataclass(frozen=True, slots=True)
class _Alias:
    text: str
    organisation: Organisation


@cache
def words(use: str) -> frozenset[str]:
    """Return the words of force of one use, in small letters; the uses are told in data/force_words.tsv."""
    return frozenset(word for row in records("force_words.tsv") if row["use"] == use for word in listed(row["words"]))


@cache
def organisations() -> tuple[Organisation, ...]:
    """Return the table of armed groups."""
    return tuple(_organisation(row) for row in records("groups.tsv"))


def _organisation(row: dict[str, str]) -> Organisation:
    country = row["country"] or None
    kind: GroupKind = row["kind"]  # type: ignore[assignment]  # the table's test holds it to the four kinds
    aliases = listed(row["aliases"])
    qualified = _QUALIFIED.fullmatch(row["name"])
    if qualified and fold(qualified[2]) in _place_names() and qualified[1] not in aliases:
        aliases = (qualified[1], *aliases)
    return Organisation(
        id=row["id"],
        name=row["name"],
        acronym=row["acronym"] or None,
        aliases=aliases,
        kind=kind,
        country=country,
        area=frozenset(row["area"].split()) | ({country} if country else set()),
        since=int(row["since"]) if row["since"] else None,
        until=int(row["until"]) if row["until"] else None,
        army=tuple(_years(entry) for entry in row["army"].split()),
    )


def _years(entry: str) -> tuple[int, int]:
    first, last = entry.split("-")
    return int(first), int(last) if last else 9999


@cache
def _place_names() -> frozenset[str]:
    return frozenset({*nations.names(), *nations.places(), *nations.capitals()})


@cache
def _index() -> Mapping[str, tuple[_Alias, ...]]:
    found: defaultdict[str, list[_Alias]] = defaultdict(list)
    for organisation in organisations():
        for text in organisation.names:
            found[fold(text)].append(_Alias(text, organisation))
    return {key: tuple(aliases) for key, aliases in found.items()}


@cache
def _loose_index() -> Mapping[str, tuple[Organisation, ...]]:
    found: defaultdict[str, dict[str, Organisation]] = defaultdict(dict)
    for organisation in organisations():
        for text in organisation.names:
            if not is_acronym(text) and (key := loose_key(text)):
                found[key][organisation.id] = organisation
    return {key: tuple(found[key].values()) for key in found}


def is_acronym(name: str) -> bool:
    """Tell whether a name is written as an acronym: `HTS`, `M23`, `FAMa`, `SPLM-N`, `CPI (Maoist)` is none."""
    return bool(_ACRONYM.fullmatch(name)) and not re.search(r"[a-z]{3}", name)


@lru_cache(maxsize=4096)
def is_distinctive(name: str) -> bool:
    """Tell whether a name holds a word that is neither a common word of such names nor a country's."""
    return any(
        word not in _common() and word.removesuffix("s") not in _common() and f"{word}s" not in _common()
        for word in fold(name).split()
        if not word.isdigit()
    )


@cache
def _common() -> frozenset[str]:
    own = {fold(word) for use in ("common", "type", "unit", "generic", "state_force", "militia") for word in words(use)}
    lands = {part for name in (*nations.names(), *nations.adjectives(), *nations.peoples()) for part in name.split()}
    ordinals = {f"{number}{end}" for number in range(1, 400) for end in ("st", "nd", "rd", "th")}
    return frozenset({part for word in own for part in word.split()} | lands | ordinals | {"s", "us", "u"})


@lru_cache(maxsize=4096)
def find(name: str) -> Match | None:
    """Return the organisations that a name may mean, None where the table has none of that name.

    Args:
        name: as a text has it, without article, possessive and a noun of people behind it.
    """
    found = {
        alias.organisation.id: alias.organisation
        for alias in _index().get(fold(name), ())
        if _may_be_written(alias.text, name)
    }
    if found:
        certain = _decides(name, found.values())
        own = {fold(name)}
        first = {one.id for one in found.values() if own & {fold(one.name), fold(one.acronym or "")}}
        common = not certain and not is_acronym(name) and not is_distinctive(name)
        return Match(tuple(found.values()), certain, frozenset(first), common)
    if not _may_be_loose(name):
        return None
    loose = _loose_index().get(loose_key(name), ())
    return Match(loose, certain=False) if loose else None


def _decides(name: str, found: Iterable[Organisation]) -> bool:
    """Tell whether a name is so much its own that no text has to speak for it."""
    if is_acronym(name):
        return len(fold(name)) >= _OWN_ACRONYM
    if _is_title_acronym(name):
        return False
    own = [word for word in fold(name).split() if word not in _NO_WORDS]
    return is_distinctive(name) or len(own) >= _OWN_WORDS or _tells_country(name, found)


def _tells_country(name: str, found: Iterable[Organisation]) -> bool:
    """Tell whether a name says of which country it is: `U.S. Marines`."""
    lands = [nations.adjectives().get(word) or nations.names().get(word) for word in fold(name).split()]
    return None in lands and any(organisation.country in lands for organisation in found if organisation.country)


def _is_title_acronym(name: str) -> bool:
    return name.isalpha() and len(name) <= _ONE_WORD_SMALL and fold(name).upper() in _acronyms()


@cache
def _acronyms() -> frozenset[str]:
    return frozenset(text for organisation in organisations() for text in organisation.names if is_acronym(text))


def _may_be_written(alias: str, name: str) -> bool:
    """Tell whether the capitals of a name allow it to be this alias; both have the same letters."""
    if alias == name or (name.isupper() and (" " in name or len(name) >= _ONE_WORD_SMALL or not is_acronym(alias))):
        return alias == name or not (is_acronym(name) and len(fold(name)) < 4 and not is_acronym(alias))
    if is_acronym(alias):
        letters = re.sub(r"[^\w]", "", name)
        if letters.isupper() or "".join(filter(str.isalnum, alias)) == letters:
            return True
        return name.istitle() and name.isalpha() and len(name) >= _TITLE_ACRONYM
    if " " not in alias:
        return name[0].isupper() or (len(name) >= _ONE_WORD_SMALL and is_distinctive(alias))
    if is_distinctive(alias):
        pairs = zip(re.findall(r"\w+", alias), re.findall(r"\w+", name), strict=False)
        return any(one[0].isupper() and other[0].isupper() and is_distinctive(one) for one, other in pairs)
    return all(
        part[0].isupper() or not part[0].isalpha() or not own[0].isupper()
        for own, part in zip(re.findall(r"[\w'’]+", alias), re.findall(r"[\w'’]+", name), strict=False)
    )


def _may_be_loose(name: str) -> bool:
    return (
        name[:1].isalpha()
        and any(sign.isupper() for sign in name)
        and not is_acronym(name)
        and is_distinctive(name)
        and len(loose_key(name)) >= _LOOSE
    )


_LOOSE_WORDS = {
    "defence": "defense",
    "organisation": "organization",
    "centre": "center",
    "labour": "labor",
    "armoured": "armored",
    "mechanised": "mechanized",
    "stabilisation": "stabilization",
    "mobilisation": "mobilization",
    "guerilla": "guerrilla",
}
_NO_WORDS = frozenset(
    {"the", "of", "for", "and", "in", "group", "movement", "organization", *"aeis"}
    | {
        "al",
        "el",
        "ul",
        "ol",
        "il",
        "as",
        "ash",
        "an",
        "ad",
        "ar",
        "at",
        "az",
        "es",
        "ed",
        "ur",
        "us",
        "ud",
        "wa",
        "wal",
    }
    | {"va", "de", "la", "le", "les", "los", "las", "du", "des", "do", "da"}
)
_SOUNDS = (
    (re.compile(r"dj"), "j"),
    (re.compile(r"ou|oo|au|o|w(?![aeiou])"), "u"),
    (re.compile(r"ee|ei|ai|ay|ey|ie|y|e"), "i"),
    (re.compile(r"q|ck"), "k"),
    (re.compile(r"c(?=[aou]|[^iehy]|$)"), "k"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile(r"(?<=..)[hs]$"), ""),
)


@lru_cache(maxsize=4096)
def loose_key(name: str) -> str:
    """Return what the spellings of one name share: sounds in place of letters, without articles and plurals."""
    return "".join(map(_sounds, loose_words(name)))


def loose_words(name: str) -> list[str]:
    """Return a name's words in American spelling, without articles and what is left out at will."""
    folded = [_LOOSE_WORDS.get(word, word) for word in fold(name).split()]
    return [word for word in folded if word not in _NO_WORDS]


@lru_cache(maxsize=8192)
def _sounds(word: str) -> str:
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word

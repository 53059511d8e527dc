"""A place's mention in a text: what its words and the words around it say of the kind, and who could be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from conflict_ner.facts import PlaceKind
from conflict_ner.normalise.places.gazetteer import Found
from conflict_ner.normalise.places.type_words import TypeKind, is_no_name, typed_name
from conflict_ner.normalise.spelling import key
from conflict_ner.normalise.tables import rows

_SETTLED: tuple[TypeKind, ...] = ("country", "adm1", "adm2", "settlement")
_UNLISTED = frozenset({"site", "physical", "region"})
_FAMOUS = 100_000
_FIT_POORLY = -2.5
_AROUND = 60
_HAVEN_AROUND = 200

# A type word outside the span: `Aleppo and Latakia provinces`, `the districts of Djugu and Irumu`, `city of Idlib`.
# The name is atomic, so that many capitalised words in a row are read once.
_NAME = r"(?>[A-ZÀ-Þ'’][\w'’-]*(?: (?!LGAs|Local)(?:(?:al|el|de|del|la|du|and)[ -])?[A-ZÀ-Þ'’][\w'’-]*)*)"
_FIRST = r"provinces|governorates|states|regions|departments|oblasts|prefectures"
_SECOND = r"districts|counties|LGAs|local government areas|territories|woredas|cercles"
_SHARED = re.compile(
    rf"(?:,? {_NAME},?){{0,6}}?(?:,? (?:and|or|&) {_NAME})? (?:(?P<first>{_FIRST})|(?P<second>{_SECOND}))\b"
)
_COUNTED = r"\d+|two|three|four|five|six|seven|eight|nine|ten|several|some|many|most|all|other|various|both|central"
_OF = re.compile(
    rf"(?:(?P<inner>{_NAME}) |\b(?P<counted>{_COUNTED}) )?"
    rf"\b(?:(?P<first>province|governorate|state|oblast|{_FIRST})|(?P<second>district|county|{_SECOND})"
    rf"|(?P<town>city|cities|town|towns|village|villages|hamlet|hamlets)) of (?:{_NAME}(?:, | and |, and ))*$"
)
_RULES = re.compile(r"\b[Gg]overnor(?:ate)? of $")
_RULED = re.compile(r"(?:['’]s)? (?:provincial |state |regional )?(?:[Gg]overnor|provincial)\b")
_DISPLACED = re.compile(r"\b(?:refugee|displace|IDP|UNRWA|camp residents|Palestinian)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Region:
    """A well-known area that is no division: with the countries that it lies in, where they are few."""

    kind: PlaceKind
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A place's name as a text has it.

    Attributes:
        surface: the span's characters.
        name: the surface without its type word.
        kinds: the kinds that the words allow, in order of preference; empty where they say nothing.
        typed: whether the surface itself holds a type word.
        inner: the name of a district that is told to lie in it.
    """

    surface: str
    name: str
    kinds: tuple[TypeKind, ...]
    typed: bool
    inner: str | None = None

    @property
    def is_part(self) -> bool:
        """Whether it is a piece of a settlement."""
        return "part" in self.kinds

    @property
    def may_be_near(self) -> bool:
        """Whether names that are only nearly this one are worth a look: quarters and hamlets are seldom listed."""
        return not self.typed or self.kinds[0] in {"adm1", "adm2"}

    @property
    def unlinked_kind(self) -> PlaceKind | None:
        """The kind of a mention that the library's own table does not hold."""
        return cast("PlaceKind", self.kinds[0]) if self.kinds and self.kinds[0] in _UNLISTED else None


def mention(text: str, start: int, end: int) -> Mention:
    """Read the mention of a place at [start, end) of a text."""
    surface = " ".join(text[start:end].split())
    typed = typed_name(surface)
    if typed is None:
        around, inner = _around(text, start, end)
        return Mention(surface, surface, around, typed=False, inner=inner)
    kinds = typed.kinds
    if kinds == ("haven",):
        beside = text[max(0, start - _HAVEN_AROUND) : end + _HAVEN_AROUND]
        kinds = ("settlement",) if "refugee" in typed.word or _DISPLACED.search(beside) else ("site",)
    return Mention(surface, typed.name, kinds, typed=True)


def _around(text: str, start: int, end: int) -> tuple[tuple[TypeKind, ...], str | None]:
    """Return the kinds that the words around a span allow, and what is told to lie in it: `Zhari district of` it."""
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    shared = _SHARED.match(after)
    if shared is not None:
        return (("adm1", "adm2") if shared["first"] else ("adm2", "adm1")), None
    match = _OF.search(before) if " of " in before else None
    if match is None:
        return (("adm1",) if _RULES.search(before) or _RULED.match(after) else ()), None
    if match["second"]:
        # `The districts of Djugu and Irumu` are districts; `four districts of` it are in a province or in a city.
        return (() if match["inner"] or match["counted"] else ("adm2", "adm1")), match["inner"]
    return (("adm1", "adm2") if match["first"] else ("settlement",)), None


def lookups(spoken: Mention, whole: Iterable[Found], named: Iterable[Found]) -> list[tuple[Found, float]]:
    """Return the entries that a mention may mean, each with how well its kind fits: 0, or less.

    The whole surface may be a name (`Mexico City`, `Fort Portal`, `Solomon Islands`); else the name without its type
    word must be of a kind that the word allows, so that an airport is not the town that it is called after.

    Args:
        spoken: the mention.
        whole: entries of the name that is the whole surface.
        named: entries of the name without the type word.
    """
    if not spoken.typed:
        return [] if is_no_name(spoken.name) else _fitting(spoken, named)
    met = [(one, 0.0) for one in whole if one.how != "bare" or spoken.unlinked_kind is None]
    known = {one.entry.id for one, _ in met}
    return met + [one for one in _fitting(spoken, named) if one[0].entry.id not in known]


def _fitting(spoken: Mention, named: Iterable[Found]) -> list[tuple[Found, float]]:
    named = list(named)
    # `Guatemala` and `Kuwait` are countries before they are their capitals.
    countries = {one.entry.country for one in named if one.entry.kind == "country" and not spoken.kinds}
    fitting = []
    for one in named:
        fit = kind_fit(spoken, one.entry.kind)
        if fit is not None and (one.entry.kind == "country" or one.entry.country not in countries):
            fitting.append((one, fit))
    # Where a name itself is met in a country, those that are its like but for the article are not meant there.
    exact = {(one.entry.country, one.entry.kind) for one, fit in fitting if one.how != "bare"}
    return [(one, fit) for one, fit in fitting if one.how != "bare" or (one.entry.country, one.entry.kind) not in exact]


def is_famous(found: Found) -> bool:
    """Whether a place is so well known by this name that a text may mean it wherever it plays."""
    entry = found.entry
    return entry.kind == "country" or (found.how == "name" and (entry.capital or entry.population >= _FAMOUS))


def kind_fit(spoken: Mention, kind: PlaceKind) -> float | None:
    """Return how well a kind fits a mention, 0 at best, or None where the mention can not be of it."""
    if not spoken.kinds:
        return 0.0 if kind in _SETTLED else -1.0
    allowed = tuple("settlement" if one == "part" else one for one in spoken.kinds)
    if kind in allowed:
        return -1.5 * allowed.index(kind)
    # A word around the span is weaker than one in it: `the governor of Kabul` has an office in a city.
    return None if spoken.typed else _FIT_POORLY


def region_of(name: str) -> Region | None:
    """Return the well-known region of that name."""
    return _regions().get(key(name))


@cache
def _regions() -> Mapping[str, Region]:
    regions: dict[str, Region] = {}
    for kind, countries, names in rows("regions.tsv", "\t"):
        region = Region("physical" if kind == "physical" else "region", tuple(countries.split()))
        regions.update((key(name), region) for name in names.split(" | "))
    return regions

"""Nations: countries and peoples by the words that texts have for them, as the tables of this library list them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from conflict_ner.normalise.spelling import fold
from conflict_ner.normalise.tables import listed, records


@dataclass(frozen=True, slots=True)
class Country:
    """A country and what it is called.

    Attributes:
        code: ISO 3166 alpha-2; `XK` is Kosovo.
        name: in English.
        names: its other names, former ones too.
        adjectives: of the country, and what its people are called.
        capitals: its seats of government, former ones too.
        places: its regions, towns and sites that reports of conflicts name most.
        neighbours: codes of the countries by land.
        army_of: code of the state whose army is meant there where a text does not say whose; None for its own.
        army_until: the last year of that; None where it lasts.
    """

    code: str
    name: str
    names: tuple[str, ...]
    adjectives: tuple[str, ...]
    capitals: tuple[str, ...]
    places: tuple[str, ...]
    neighbours: frozenset[str]
    army_of: str | None
    army_until: int | None

    def army(self, year: int | None) -> str:
        """Return the code of the state whose army is meant in this country in a year."""
        if self.army_of is None or (self.army_until is not None and (year is None or year > self.army_until)):
            return self.code
        return self.army_of


@dataclass(frozen=True, slots=True)
class People:
    """What an adjective says that is no country's: `Kurdish`, `Bosnian Serb`, `UN`.

    Attributes:
        countries: codes of where its forces are mostly met; none where the word does not tell.
        army: kind of an army or of troops of that name; None where they are a state's own.
        has_army: whether it has an army, so that its soldiers are no other's.
    """

    countries: tuple[str, ...]
    army: str | None
    has_army: bool


@cache
def countries() -> Mapping[str, Country]:
    """Return all countries by code."""
    return {
        row["code"]: Country(
            code=row["code"],
            name=row["name"],
            names=listed(row["other_names"]),
            adjectives=listed(row["adjectives"]),
            capitals=listed(row["capitals"]),
            places=listed(row["places"]),
            neighbours=frozenset(row["neighbours"].split()),
            army_of=row["army_of"][:2] or None,
            army_until=int(row["army_of"][3:]) if "-" in row["army_of"] else None,
        )
        for row in records("countries.tsv")
    }


@cache
def names() -> Mapping[str, str]:
    """Return the code of each country by its folded names."""
    return {
        fold(name): country.code
        for country in reversed(list(countries().values()))
        for name in (country.name, *country.names)
    }


@cache
def adjectives() -> Mapping[str, str]:
    """Return the code of each country by its folded adjectives: `syrian`."""
    return {fold(word): country.code for country in countries().values() for word in country.adjectives}


@cache
def capitals() -> Mapping[str, tuple[str, ...]]:
    """Return the codes of countries by the folded names of their capitals."""
    return _by_place("capitals")


@cache
def places() -> Mapping[str, tuple[str, ...]]:
    """Return the codes of countries by the folded names of their regions, towns and sites."""
    return _by_place("places")


def _by_place(column: str) -> Mapping[str, tuple[str, ...]]:
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for country in countries().values():
        for place in getattr(country, column):
            found[fold(place)][country.code] = None
    return {place: tuple(codes) for place, codes in found.items()}


@cache
def peoples() -> Mapping[str, People]:
    """Return what the folded adjectives say that are no country's."""
    return {
        fold(word): People(tuple(row["countries"].split()), row["army"] or None, bool(row["soldiers"]))
        for row in records("peoples.tsv")
        for word in listed(row["word"])
    }

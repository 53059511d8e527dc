"""The gazetteer: places by name, from the table that this library brings and from GeoNames files of the user's own.

The table (data/gazetteer.npz, made by scripts/build_gazetteer.py) holds countries, their first and second level
divisions, and the populated places of 1,000 inhabitants and more. A country file of GeoNames, such as `SY.txt`, adds
what is smaller, and what is no settlement: airports, bases, hills, rivers.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from zipfile import is_zipfile

from conflict_ner.errors import DataError
from conflict_ner.facts import PlaceKind
from conflict_ner.normalise.places.table import Entry, Found, Record, Table
from conflict_ner.normalise.places.type_words import DIVISIONS, without_type
from conflict_ner.normalise.spelling import bare_key, key

__all__ = ["Entry", "Found", "Gazetteer", "read_country_file"]

TABLE = Path(__file__).parents[1] / "data" / "gazetteer.npz"
# The columns of GeoNames' main table (download.geonames.org/export/dump/readme.txt).
_COLUMNS = 19
_DIVISIONS: dict[str, PlaceKind] = {"PCLI": "country", "ADM1": "adm1", "ADM2": "adm2"}
_KINDS: dict[str, PlaceKind] = {"P": "settlement", "S": "site", "R": "site", "H": "physical", "T": "physical"}
# Feature codes of class L and V that are sites; the rest of them are regions and woods.
_SITES = frozenset({"AIRB", "INDS", "MILB", "MNA", "NVB", "OAS", "OILF", "PRK", "RES", "TRB"})
# Abandoned, destroyed and historical places.
_GONE = frozenset({"PPLH", "PPLQ", "PPLW", "PPLCH", "ADM1H", "ADM2H", "PCLH"})


class Gazetteer:
    """Places by name, out of one or more tables; an entry of a later table replaces those of its id."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tuple(reversed(tables))
        self._found = lru_cache(maxsize=4096)(self._find)
        self._near = lru_cache(maxsize=4096)(self._find_near)

    @classmethod
    def load(cls, *country_files: Path) -> Gazetteer:
        """Return the library's gazetteer with the user's files of GeoNames added; the library's is read once.

        Args:
            country_files: files such as `SY.txt`, unpacked, as `read_country_file` reads them.

        Raises:
            DataError: a file is missing or is not what it should be.
        """
        return cls([_table(), *(Table.of(read_country_file(path)) for path in country_files)])

    def find(self, name: str) -> list[Found]:
        """Return the entries that have this name, whatever its case, accents and signs.

        Those that have it but for its articles and doubled letters come last, as `bare`.
        """
        return list(self._found(name))

    def _find(self, name: str) -> list[Found]:
        wanted, bare = key(name), bare_key(name)
        found = self._all([table.find(wanted) for table in self._tables])
        if bare != wanted:
            known = {one.entry.id for one in found}
            further = self._all([table.find(bare) for table in self._tables])
            found = found + [one._replace(how="bare", alike=1.0) for one in further if one.entry.id not in known]
        return found

    def find_near(self, name: str, country: str) -> list[Found]:
        """Return the entries of a country that have nearly this name, the nearest first.

        Args:
            name: a name; one of less than five letters is near to nothing.
            country: ISO 3166 alpha-2.
        """
        return list(self._near(bare_key(name), country))

    def _find_near(self, wanted: str, country: str) -> list[Found]:
        near = self._all([table.find_near(wanted, country) for table in self._tables])
        return sorted(near, key=lambda found: (-found.alike, -found.entry.population, found.entry.id))

    @staticmethod
    def _all(found: Sequence[list[Found]]) -> list[Found]:
        if len(found) == 1:
            return found[0]
        by_id: dict[int, Found] = {}
        for one in (one for of_table in found for one in of_table):
            by_id.setdefault(one.entry.id, one)
        return list(by_id.values())


@cache
def _table() -> Table:
    return Table.read(TABLE)


def read_country_file(path: Path) -> Iterator[Record]:
    """Yield the places of a country file as GeoNames publishes it (`SY.txt`, unpacked, tab-separated, 19 columns).

    Raises:
        DataError: the file is missing, or a line is not of that form; names file and line.
    """
    rows = list(_country_rows(path))
    first = {row[10]: int(row[0]) for row in rows if row[7] == "ADM1"}
    second = {(row[10], row[11]): int(row[0]) for row in rows if row[7] == "ADM2"}
    for row in rows:
        kind = _kind(row[6], row[7])
        others = [name for name in (row[2], *row[3].split(",")) if len(key(name)) > 2]
        stripped = without_type([row[1], *others], DIVISIONS if kind in DIVISIONS else {kind})
        yield Record(
            id=int(row[0]),
            name=row[1],
            others=tuple(dict.fromkeys([*others, *(stripped if kind != "settlement" else ())])),
            kind=kind,
            country=row[8],
            adm1=first.get(row[10]) if kind != "country" else None,
            adm2=second.get((row[10], row[11])) if kind not in {"country", "adm1"} else None,
            lat=float(row[4]),
            lon=float(row[5]),
            population=int(row[14] or 0),
            capital=row[7] == "PPLC",
        )


def _country_rows(path: Path) -> Iterator[list[str]]:
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}; unpack a country file of GeoNames, such as SY.txt.")
    if is_zipfile(path):
        raise DataError(f"{path} is packed; unpack it, and give the country file in it, such as SY.txt.")
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            try:
                if len(row) != _COLUMNS:
                    raise ValueError(f"{len(row)} columns in place of {_COLUMNS}")
                int(row[0]), float(row[4]), float(row[5]), int(row[14] or 0)
            except ValueError as error:
                raise DataError(
                    f"{path}, line {number}: not a line of a country file of GeoNames ({error}); "
                    "give SY.txt as it lies in SY.zip on download.geonames.org/export/dump"
                ) from error
            if row[7] not in _GONE and len(row[8]) == 2 and key(row[1]):
                yield row


def _kind(feature_class: str, feature_code: str) -> PlaceKind:
    if feature_code in _DIVISIONS:
        return _DIVISIONS[feature_code]
    if feature_class in _KINDS:
        return _KINDS[feature_class]
    return "site" if feature_code in _SITES else "region"

"""A gazetteer's table: places and their names in a few arrays, so that 200,000 places need 40 MB and load at once.

Rows are sorted by country; the keys of all names (`spelling.key`) stand sorted in one block of bytes and are searched
by halving. In the file, numbers that rise or lie close together are stored as steps, and each byte of a number in a
stretch of its own, which deflates to 6 MB.
"""

from __future__ import annotations

import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from conflict_ner.errors import DataError
from conflict_ner.facts import PlaceKind
from conflict_ner.normalise.spelling import ascii_name, bare_key, closeness, key, similarity, skeleton

# How a name was met: as the main name, as another name, without articles and doubled letters, in another spelling of
# the same consonants, or with letters that differ.
How = Literal["name", "other", "bare", "variant", "near"]
Array = np.ndarray[Any, Any]

_HOW: tuple[How, ...] = ("name", "other", "bare")
_KINDS: tuple[PlaceKind, ...] = ("country", "adm1", "adm2", "settlement", "site", "physical", "region")
# A shorter name is near to too many; from which similarity a key is near, and another spelling.
_LEAST_LETTERS = 5
_LEAST_CONSONANTS = 3
_NEAR = 0.9
_VARIANT = 0.75
# A settlement's name has to be closer, and where letters differ, longer: short names that differ by a letter are two.
_VARIANT_TOWN = 0.8
_LEAST_NEAR = 8
# What is near to another name of a settlement than the main one must be like the main one too.
_NEAR_MAIN = 0.6
# The letters that a skeleton keeps as they are, as numbers from a = 1.
_STABLE = [ord(letter) & 31 for letter in "bdfgjlmnprstvz"]
_WEIGHTS = np.array([16**place for place in range(len(_STABLE))], dtype=np.int64)
_DEGREE = 10_000
_TYPES: dict[str, Any] = {
    "ids": np.uint32,
    "kinds": np.uint8,
    "codes": np.dtype("S2"),
    "countries": np.uint8,
    "adm1": np.uint32,
    "adm2": np.uint32,
    "lat": np.uint32,
    "lon": np.uint32,
    "placed": np.bool_,
    "population": np.uint32,
    "capitals": np.uint32,
    "names": np.uint8,
    "name_lengths": np.uint16,
    "keys": np.uint8,
    "key_lengths": np.uint8,
    "postings": np.uint32,
    "posting_counts": np.uint16,
}


class Record(NamedTuple):
    """A place as a table is made from it; `adm1` and `adm2` are ids of other records."""

    id: int
    name: str
    others: tuple[str, ...]
    kind: PlaceKind
    country: str
    adm1: int | None = None
    adm2: int | None = None
    lat: float | None = None
    lon: float | None = None
    population: int = 0
    capital: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A place of a gazetteer.

    Attributes:
        id: its GeoNames id.
        name: its main name, with accents.
        kind: what it is.
        country: ISO 3166 alpha-2.
        adm1: name of the first level division that it lies in, or is.
        adm2: name of the second level division that it lies in, or is.
        lat: degrees north; of a country or a division the middle of its settlements; None where not known.
        lon: degrees east.
        population: inhabitants; of a division those of its settlements; 0 where not known.
        capital: whether it is its country's capital.
    """

    id: int
    name: str
    kind: PlaceKind
    country: str
    adm1: str | None
    adm2: str | None
    lat: float | None
    lon: float | None
    population: int
    capital: bool

    @property
    def ascii(self) -> str:
        """The name in ASCII letters."""
        return ascii_name(self.name)


class Found(NamedTuple):
    """An entry that has a name, how the name was met, and how alike the two are.

    `alike` is 1, but for a name that is only near, and for another name of a settlement: how far it is from the main
    one tells a variant (`Mykolaiv`, `Mykolayiv`) from a name in another language.
    """

    entry: Entry
    how: How
    alike: float = 1.0


class Table:
    """Places and their names; made by `Table.of` or read by `Table.read`."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._ids = _summed(arrays["ids"])
        self._kinds = arrays["kinds"]
        self._countries = arrays["countries"]
        self._codes = [code.decode() for code in arrays["codes"].tolist()]
        self._adm1, self._adm2 = _summed(arrays["adm1"]), _summed(arrays["adm2"])
        self._lat, self._lon = _summed(arrays["lat"]), _summed(arrays["lon"])
        self._placed = arrays["placed"]
        self._population = arrays["population"]
        self._capitals = frozenset(arrays["capitals"].tolist())
        self._names = _Strings(arrays["names"], arrays["name_lengths"])
        self._keys = _Strings(arrays["keys"], arrays["key_lengths"])
        self._postings = arrays["postings"]
        self._posting_ends = np.cumsum(arrays["posting_counts"], dtype=np.int64)
        self._entry = lru_cache(maxsize=10_000)(self._make_entry)
        self._spellings = cache(self._make_spellings)

    def __len__(self) -> int:
        return len(self._kinds)

    @classmethod
    def of(cls, records: Iterable[Record]) -> Table:
        """Make a table of records."""
        return cls(arrays_of(records))

    @classmethod
    def read(cls, path: Path) -> Table:
        """Read a table that `write_table` wrote.

        Raises:
            DataError: the file is missing or is no such table.
        """
        try:
            with np.load(path, allow_pickle=False) as planes:
                return cls({name: planes[name].T.copy().view(kind).reshape(-1) for name, kind in _TYPES.items()})
        except (OSError, EOFError, ValueError, KeyError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"The gazetteer {path} cannot be read ({error}); install or build it anew.") from error

    def entries(self) -> Iterator[Entry]:
        """Yield all entries."""
        return map(self._make_entry, range(len(self)))

    def find(self, wanted: str) -> list[Found]:
        """Return the entries that have a name with this key."""
        found = [Found(self._entry(posting >> 2), _HOW[posting & 3]) for posting in self._find(wanted.encode())]
        return [
            one._replace(alike=closeness(wanted, one.entry.name))
            if one.how == "other" and one.entry.kind == "settlement"
            else one
            for one in found
        ]

    def find_near(self, wanted: str, country: str) -> list[Found]:
        """Return the entries of a country that have a name whose key is nearly this one.

        Near is a key of the same `spelling.skeleton` that has three consonants, or one with few letters that differ.

        Args:
            wanted: a key; one of less than five letters is near to nothing.
            country: ISO 3166 alpha-2.
        """
        if len(wanted) < _LEAST_LETTERS or not wanted.isascii():
            return []
        spellings = self._spellings(country)
        signs = np.frombuffer(wanted.encode(), dtype=np.uint8)
        letters = _letters(signs, np.array([len(wanted)]))
        # The keys are sorted; those that begin with another letter are other names.
        first, last = np.searchsorted(spellings.firsts, [signs[0], signs[0] + 1])
        # Keys whose letters, in whatever order, differ by more than this can not be as alike.
        most = (1 - _NEAR) * (spellings.sizes[first:last] + len(wanted))
        differing = np.abs(spellings.letters[first:last] - letters).sum(axis=1, dtype=np.int16)
        hopeful = np.flatnonzero(differing <= most) + first
        bones = skeleton(wanted)
        if sum(sign != "a" for sign in bones) >= _LEAST_CONSONANTS:
            hopeful = np.union1d(hopeful, np.flatnonzero(spellings.consonants == _consonants(letters)[0]))
        found: dict[int, Found] = {}
        for number in spellings.numbers[hopeful].tolist():
            spelling = self._keys[number].decode()
            alike = similarity(wanted, spelling)
            how: How = "variant" if skeleton(spelling) == bones else "near"
            for posting in self._find(self._keys[number]) if alike >= (_VARIANT if how == "variant" else _NEAR) else ():
                entry = self._entry(posting >> 2)
                if entry.country != country:
                    continue
                if entry.kind == "settlement" and not _is_near_town(wanted, spelling, alike, how, entry):
                    continue
                if entry.id not in found or found[entry.id].alike < alike:
                    found[entry.id] = Found(entry, how, alike)
        return list(found.values())

    def _find(self, wanted: bytes) -> list[int]:
        number = bisect_left(self._keys, wanted)
        if not wanted or number == len(self._keys) or self._keys[number] != wanted:
            return []
        begin = int(self._posting_ends[number - 1]) if number else 0
        postings: list[int] = self._postings[begin : int(self._posting_ends[number])].tolist()
        return postings

    def _make_entry(self, row: int) -> Entry:
        adm1, adm2 = int(self._adm1[row]), int(self._adm2[row])
        placed = bool(self._placed[row])
        return Entry(
            id=int(self._ids[row]),
            name=self._names[row].decode(),
            kind=_KINDS[self._kinds[row]],
            country=self._codes[self._countries[row]],
            adm1=self._names[adm1].decode() if adm1 >= 0 else None,
            adm2=self._names[adm2].decode() if adm2 >= 0 else None,
            lat=int(self._lat[row]) / _DEGREE if placed else None,
            lon=int(self._lon[row]) / _DEGREE if placed else None,
            population=int(self._population[row]),
            capital=row in self._capitals,
        )

    def _make_spellings(self, country: str) -> _Spellings:
        code = self._codes.index(country) if country in self._codes else len(self._codes)
        rows = self._postings >> 2
        first, last = np.searchsorted(self._countries, [code, code + 1])
        places = np.flatnonzero((rows >= first) & (rows < last))
        numbers = np.unique(np.searchsorted(self._posting_ends, places, side="right")).astype(np.int32)
        signs, sizes = self._keys.gather(numbers)
        letters = _letters(signs, sizes)
        firsts = signs[np.cumsum(sizes) - sizes]
        return _Spellings(numbers, firsts, letters, _consonants(letters), sizes.astype(np.int16))


class _Spellings(NamedTuple):
    """The keys of a country: their numbers, first signs, how often each letter stands in each, their consonants as one
    number, and their lengths."""

    numbers: Array
    firsts: Array
    letters: Array
    consonants: Array
    sizes: Array


class _Strings:
    """Many short strings in one block of bytes."""

    def __init__(self, block: Array, lengths: Array) -> None:
        self._block = block.tobytes()
        self._lengths = lengths
        self._ends = memoryview(np.cumsum(lengths, dtype=np.uint32).data)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> bytes:
        return self._block[self._ends[number - 1] if number else 0 : self._ends[number]]

    def gather(self, numbers: Array) -> tuple[Array, Array]:
        """Return the signs of some strings, one behind the other, and the strings' lengths."""
        sizes = self._lengths[numbers].astype(np.int64)
        begins = np.asarray(self._ends)[numbers].astype(np.int64) - sizes
        shift = np.repeat(begins - np.cumsum(sizes) + sizes, sizes)
        return np.frombuffer(self._block, dtype=np.uint8)[shift + np.arange(len(shift))], sizes


def _is_near_town(wanted: str, spelling: str, alike: float, how: How, entry: Entry) -> bool:
    """Tell whether a settlement may be meant by a name that is nearly one of its own."""
    if how == "variant" and alike < _VARIANT_TOWN:
        return False
    if how == "near" and min(len(wanted), len(spelling)) < _LEAST_NEAR:
        return False
    return closeness(wanted, entry.name) >= _NEAR_MAIN


def arrays_of(records: Iterable[Record]) -> dict[str, Array]:
    """Return records as the arrays of a table."""
    rows = sorted(records, key=lambda row: (row.country, _KINDS.index(row.kind), row.adm1 or 0, row.adm2 or 0, row.id))
    codes = sorted({record.country for record in rows})
    number_of_code = {code: number for number, code in enumerate(codes)}
    number_of = {record.id: number for number, record in enumerate(rows)}
    names = [record.name.encode() for record in rows]
    postings: dict[bytes, dict[int, int]] = {}
    for number, record in enumerate(rows):
        for text, how in _keys_of(record):
            of_key = postings.setdefault(text.encode()[:255], {})
            of_key[number] = min(how, of_key.get(number, how))
    postings.pop(b"", None)
    keys = sorted(postings)
    listed = [number << 2 | how for text in keys for number, how in sorted(postings[text].items())]
    columns: dict[str, Any] = {
        "ids": _steps([record.id for record in rows]),
        "kinds": [_KINDS.index(record.kind) for record in rows],
        "codes": [code.encode() for code in codes],
        "countries": [number_of_code[record.country] for record in rows],
        "adm1": _steps([number_of.get(record.adm1 or 0, -1) for record in rows]),
        "adm2": _steps([number_of.get(record.adm2 or 0, -1) for record in rows]),
        "lat": _steps(_degrees(record.lat for record in rows)),
        "lon": _steps(_degrees(record.lon for record in rows)),
        "placed": [record.lat is not None and record.lon is not None for record in rows],
        "population": [record.population for record in rows],
        "capitals": [number for number, record in enumerate(rows) if record.capital],
        "names": np.frombuffer(b"".join(names), dtype=np.uint8),
        "name_lengths": [len(name) for name in names],
        "keys": np.frombuffer(b"".join(keys), dtype=np.uint8),
        "key_lengths": [len(text) for text in keys],
        "postings": listed,
        "posting_counts": [len(postings[text]) for text in keys],
    }
    return {name: np.array(columns[name], dtype=kind) for name, kind in _TYPES.items()}


def write_table(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write a table's arrays; the same arrays give the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            planes = np.ascontiguousarray(array).view(np.uint8).reshape(len(array), array.itemsize).T
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w") as file:
                np.save(file, np.ascontiguousarray(planes), allow_pickle=False)


def _keys_of(record: Record) -> Iterator[tuple[str, int]]:
    """Yield a record's keys, each with how it has it, a number of `_HOW`."""
    yield key(record.name), 0
    for other in record.others:
        yield key(other), 1
    for name in (record.name, *record.others):
        yield bare_key(name), 2


def _letters(signs: Array, sizes: Array) -> Array:
    """Return how often each letter stands in each of the texts whose signs follow each other."""
    places = np.repeat(np.arange(len(sizes)) * 32, sizes) + (signs & 31)
    return np.bincount(places, minlength=32 * len(sizes)).astype(np.int8).reshape(-1, 32)


def _consonants(letters: Array) -> Array:
    """Return a number for the letters that a skeleton keeps as they are; others than of the same letters differ."""
    return letters[:, _STABLE].astype(np.int64) @ _WEIGHTS


def _degrees(values: Iterable[float | None]) -> list[int]:
    """Return degrees in ten thousandths; an unknown one is as the one before it."""
    known = accumulate(values, lambda last, value: last if value is None else value, initial=0.0)
    return [round((value or 0.0) * _DEGREE) for value in list(known)[1:]]


def _steps(numbers: list[int]) -> Array:
    """Return each number's step from the one before, the sign in its lowest bit."""
    steps = np.diff(np.array(numbers, dtype=np.int64), prepend=0)
    return (steps << 1 ^ steps >> 63).astype(np.uint32)


def _summed(steps: Array) -> Array:
    signed = steps.astype(np.int64)
    return np.cumsum(signed >> 1 ^ -(signed & 1)).astype(np.int32)

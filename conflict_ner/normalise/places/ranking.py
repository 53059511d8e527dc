"""Which of the places of a name a text means: by country, by nearness to the text's other places, by size.

Each candidate has a weight on a logarithmic scale; the weights of a name's candidates, and one for none of them, are
turned into shares that sum to 1. A name is linked when its best candidate has most. Names that are sure without the
others are the points that the others are measured from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from conflict_ner.facts import PlaceKind
from conflict_ner.normalise.places.gazetteer import Entry, Found
from conflict_ner.normalise.places.names import Mention
from conflict_ner.normalise.spelling import bare_key, key

# The share from which a name is linked, and from which it is a point for others.
LINKED = 0.6
SURE = 0.85
# The weight of none of the candidates; with it, a place abroad is taken from about 100,000 inhabitants.
_NONE = -2.4
_COUNTRY = 1.2
_COUNTRY_ITSELF = 0.3
# What a country that the text does not speak of counts, and from which share, and of how many
# names, its names alone tell a country.
_ABROAD = 0.003
_SPOKEN_OF = 0.02
_GUESSED = 0.25
_GUESSED_BY = 2.0
# A capital is spoken of wherever a text plays.
_CAPITAL = 0.05
_CAPITAL_ITSELF = 1.0
_HOW: Mapping[str, float] = {"name": 0.0, "other": -0.3, "bare": -0.8, "variant": -2.5, "near": -4.0}
_PER_UNLIKE: Mapping[str, float] = {"other": -3.0, "variant": -7.0, "near": -7.0}
# The other names of a place abroad are mostly those of other languages.
_OTHER_ABROAD = -3.0
# Divisions have no inhabitants of their own to be known by: tenfolds of people.
_KNOWN_AS: Mapping[PlaceKind, float] = {"adm1": 5.5, "adm2": 3.5}
# Kilometres to the nearest other place, and what they say of a place; a city is spoken of from afar.
_NEAR = ((50.0, 1.5), (120.0, 1.0), (250.0, 0.4), (400.0, -0.5), (700.0, -2.0), (math.inf, -4.0))
# How near another place must be to a name that is only nearly right, and what is taken where none is.
_SUPPORT: Mapping[str, float] = {"variant": 0.4, "near": 1.0}
_ALONE = -2.0
# What it says that a name stands before that of a country or a division: `Riosucio, Chocó`.
_STATED = 3.0
_WHOLES = frozenset({"country", "adm1", "adm2"})
_WITHIN: Mapping[str, float] = {"adm1": 1.6, "adm2": 2.2}
_POINTS = frozenset({"adm2", "settlement", "site"})
_DEGREE = 111.2  # kilometres
_SAME_PLACE = 25.0
_PART_WITHIN = 40.0
_SEAT_WITHIN = 60.0
# From how many people a town is a division's seat; with a longer name (Rostov-on-Don), from which share of its people.
_SEAT = 3_000
_LARGE_SEAT = 0.1
_TOWN_FIRST = 3.0
_ALIKE = 0.68
# A place of a country that the text hardly speaks of, far from all its other places and not told to lie there: what
# that says of one that has the name only as a further one, and of a town of less than a city's people.
_STRAY_SHARE = 0.12
_STRAY_OTHER, _STRAY_TOWN = -4.0, -2.5
_CITY, _METROPOLIS = 100_000, 500_000
_OWN_ALIKE = 0.75  # another name of a settlement from which it is but another spelling
# A small place whose main name is quite another one, far from the text's other places.
_RENAMED_ALIKE, _RENAMED_PEOPLE, _RENAMED_FAR = 0.5, 50_000, -2.0
_FAR = 250.0
# More than the text's other places can make good.
_HOPELESS = 8.0
_MOST_CANDIDATES = 12
_ROUNDS = 3


@dataclass(slots=True)
class Candidate:
    """An entry that a name may mean, with its share of certainty.

    `weight` is what it has by itself, `sum` with what the text's other places add.
    """

    found: Found
    entry: Entry
    weight: float
    sum: float = 0.0
    share: float = 0.0


@dataclass(slots=True)
class Name:
    """One way in which a text names a place, with who could be meant, the likeliest first.

    `above` are the names that directly follow it as what it lies in: `Riosucio, Chocó`, `Tripoli in Lebanon`.
    """

    mention: Mention
    found: Sequence[tuple[Found, float]]
    count: int = 1
    above: list[Name] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None

    @property
    def certainty(self) -> float:
        """The share of the best candidate and of those that are the same place, such as a town and its old fort."""
        best = self.best
        return sum(one.share for one in self.candidates if best and _are_one(one.entry, best.entry))


class _Others(NamedTuple):
    """The sure places of a text beside the one that is looked at: its divisions, and its points on the map."""

    divisions: Sequence[Entry]
    points: Sequence[tuple[float, float]]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> _Others:
        divisions: list[Entry] = []
        points: list[tuple[float, float]] = []
        for entry in entries:
            if entry.kind in _WITHIN:
                divisions.append(entry)
            if entry.kind in _POINTS and entry.lat is not None and entry.lon is not None:
                points.append((entry.lat, entry.lon))
        return cls(divisions, points)


def rank(names: Sequence[Name], countries: Mapping[str, float]) -> None:
    """Give each name its candidates with their shares.

    Args:
        names: the names of one text.
        countries: the text's countries (ISO 3166 alpha-2) and how much it speaks of each.
    """
    points: list[tuple[Name, Entry]] = []
    guessed = _guessed(names, _GUESSED_BY if countries else 1.0)
    for _ in range(_ROUNDS):
        weights = _countries(countries, guessed, names)
        sure = {id(name): entry for name, entry in points}
        for name in names:
            others = _Others.of(entry for other, entry in points if other is not name)
            above = [sure[id(one)] for one in name.above if id(one) in sure and sure[id(one)].kind in _WHOLES]
            _rank_one(name, weights, others, above)
        before = [entry.id for _, entry in points]
        points = [(name, name.best.entry) for name in names if name.best is not None and name.certainty >= SURE]
        if [entry.id for _, entry in points] == before:
            break


def distance(one: Entry, other: Entry) -> float:
    """Return the kilometres between two entries, as on a flat map around them; infinite where one has no point."""
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return math.inf
    east = abs(one.lon - other.lon)
    if east > 180:
        east = 360 - east
    return _DEGREE * math.hypot(one.lat - other.lat, east * math.cos(math.radians((one.lat + other.lat) / 2)))


def _guessed(names: Sequence[Name], least: float) -> dict[str, float]:
    """Return the countries that names have in common, by how well known the places are that have them there."""
    votes: dict[str, float] = {}
    for name in names:
        best: dict[str, float] = {}
        for found, fit in name.found:
            known = math.exp(fit + _known(found))
            best[found.entry.country] = max(known, best.get(found.entry.country, 0.0))
        for code, known in best.items():
            votes[code] = votes.get(code, 0.0) + known / sum(best.values())
    # A country that two names agree on is worth more than two that one name each points to.
    squares = {code: vote**2 for code, vote in votes.items()}
    return {code: share for code, share in _shares(squares).items() if share >= _GUESSED and votes[code] >= least}


def _countries(told: Mapping[str, float], guessed: Mapping[str, float], names: Sequence[Name]) -> dict[str, float]:
    """Return how much a text speaks of each country: what is told, what its names have in common, and the sure ones."""
    known = {code for code, share in _shares(told).items() if share >= _SPOKEN_OF} | set(guessed)
    seen: dict[str, float] = {}
    for name in names:
        if name.best is not None and name.best.entry.country in known and name.certainty >= SURE:
            seen[name.best.entry.country] = seen.get(name.best.entry.country, 0.0) + math.sqrt(name.count)
    weights: dict[str, float] = {}
    for part, weight in ((_shares(told), 0.5), (_shares(seen), 0.3), (guessed, 0.2)):
        for code, share in part.items():
            weights[code] = weights.get(code, 0.0) + weight * share
    return _shares(weights)


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {code: weight / total for code, weight in weights.items()} if total else {}


def _rank_one(name: Name, countries: Mapping[str, float], others: _Others, above: Sequence[Entry]) -> None:
    weighed = sorted(
        (Candidate(found, found.entry, _weight(found, fit, countries)) for found, fit in name.found),
        key=lambda candidate: -candidate.weight,
    )[:_MOST_CANDIDATES]
    weighed = [candidate for candidate in weighed if candidate.weight > weighed[0].weight - _HOPELESS]
    for candidate in weighed:
        candidate.sum = candidate.weight + _surroundings(candidate, name, others)
    for whole in above:
        inside = [
            candidate for candidate in weighed if candidate.entry is not whole and _lies_in(candidate.entry, whole)
        ]
        # In a list (`Borno, Yobe`) none lies in the next one, and it tells nothing.
        for candidate in inside:
            candidate.sum += _STATED
    for candidate in weighed:
        if not any(_lies_in(candidate.entry, whole) for whole in above):
            candidate.sum += _strayed(candidate, name, countries.get(candidate.entry.country, 0.0), others)
    _prefer_the_town(weighed, name)
    weighed.sort(key=lambda candidate: (-candidate.sum, candidate.entry.id))
    if weighed and weighed[0].found.how != "name":
        # Of entries that are one place, the one that bears the name: New Delhi, not Delhi.
        named = (one for one in weighed if one.found.how == "name" and _are_one(one.entry, weighed[0].entry))
        if (better := next(named, None)) is not None:
            better.sum = weighed[0].sum
            weighed.remove(better)
            weighed.insert(0, better)
    if weighed:
        top = max(weighed[0].sum, _NONE)
        total = math.exp(_NONE - top) + sum(math.exp(candidate.sum - top) for candidate in weighed)
        for candidate in weighed:
            candidate.share = math.exp(candidate.sum - top) / total
    name.candidates = weighed


def _weight(found: Found, fit: float, countries: Mapping[str, float]) -> float:
    entry = found.entry
    share = countries.get(entry.country, 0.0)
    if entry.kind == "country":
        return fit + _known(found) + _COUNTRY_ITSELF * math.log(share + _ABROAD)
    abroad = _OTHER_ABROAD if found.how != "name" and share < _SPOKEN_OF and entry.kind == "settlement" else 0.0
    if entry.capital and found.how == "name":
        share = max(share, _CAPITAL)
    return fit + _known(found) + _COUNTRY * math.log(share + _ABROAD) + abroad


def _known(found: Found) -> float:
    """Return how well known a place is by the name that it was found by: about the tenfolds of its people."""
    entry = found.entry
    spelt = _HOW[found.how] + _PER_UNLIKE.get(found.how, 0.0) * (1 - found.alike)
    if entry.kind in _KNOWN_AS:
        return _KNOWN_AS[entry.kind] + (0.0 if found.how in {"other", "bare"} else spelt)
    known = math.log10(entry.population + 10) + (1.0 if entry.kind == "country" else 0.0)
    return known + spelt + (_CAPITAL_ITSELF if entry.capital and found.how == "name" else 0.0)


def _are_one(one: Entry, other: Entry) -> bool:
    """Whether two entries of a name are one place, which the gazetteer holds twice."""
    if one.id == other.id:
        return True
    return one.kind == other.kind and one.country == other.country and distance(one, other) <= _SAME_PLACE


def _surroundings(candidate: Candidate, name: Name, others: _Others) -> float:
    """Return what the text's other places add to an entry, or take from it."""
    entry = candidate.entry
    if entry.kind == "country":
        return 0.0
    wholes = (one for one in others.divisions if one.id != entry.id and _lies_in(entry, one))
    within = max((_WITHIN[one.kind] for one in wholes), default=0.0)
    nearest = _nearest(entry, others.points)
    if name.mention.is_part and (nearest is None or nearest > _PART_WITHIN):
        return -8.0
    if nearest is None:
        return within
    near = next(value for limit, value in _NEAR if nearest <= limit)
    if near < _SUPPORT.get(candidate.found.how, near) and not within:
        return min(near, 0.0) + _ALONE
    if near < 0:
        near *= 0.0 if entry.kind != "settlement" or entry.capital else _smallness(entry)
    return within + near


def _strayed(candidate: Candidate, name: Name, share: float, others: _Others) -> float:
    """Return what it takes from an entry that nothing in the text but its name speaks for it."""
    entry, found = candidate.entry, candidate.found
    takes = 0.0
    if entry.kind == "country" or (entry.capital and found.how == "name"):
        return takes
    if share < _STRAY_SHARE:
        if not _is_own_name(found, name):
            takes = _STRAY_OTHER if entry.population < _METROPOLIS or entry.kind != "settlement" else 0.0
        elif entry.population < _CITY:
            takes = _STRAY_TOWN
    elif found.alike < _RENAMED_ALIKE and found.how == "other" and entry.population < _RENAMED_PEOPLE:
        takes = _RENAMED_FAR if others.points else 0.0
    if not takes or any(one.id != entry.id and _lies_in(entry, one) for one in others.divisions):
        return 0.0
    nearest = _nearest(entry, others.points)
    return takes if nearest is None or nearest > _FAR else 0.0


def _is_own_name(found: Found, name: Name) -> bool:
    """Tell whether an entry was found by its main name, however spelt or cut, and not by quite another one."""
    if found.how != "other":
        return found.how == "name"
    if found.entry.kind == "settlement":
        return found.alike >= _OWN_ALIKE
    return key(found.entry.name).startswith(key(name.mention.name))


def _nearest(entry: Entry, points: Sequence[tuple[float, float]]) -> float | None:
    """Return the kilometres to the nearest of some points, as on a flat map; None where there is none."""
    if not points:
        return None
    if entry.lat is None or entry.lon is None:
        return math.inf
    lat, lon, narrower = entry.lat, entry.lon, math.cos(math.radians(entry.lat))
    eastward = (abs(east - lon) for _, east in points)
    squares = (
        (north - lat) ** 2 + ((east if east <= 180 else 360 - east) * narrower) ** 2
        for (north, _), east in zip(points, eastward, strict=True)
    )
    return _DEGREE * math.sqrt(min(squares))


def _smallness(entry: Entry) -> float:
    """Return 1 for a village, 0 for a city of 300,000 people and more, which is spoken of from afar."""
    return min(1.0, max(0.0, (5.5 - math.log10(entry.population + 10)) / 2.5))


def _lies_in(entry: Entry, whole: Entry) -> bool:
    """Whether an entry lies in a country or a division, as far as the gazetteer tells."""
    if entry.country != whole.country:
        return False
    if whole.kind == "adm1":
        return entry.adm1 == whole.adm1
    return whole.kind != "adm2" or (entry.adm1 == whole.adm1 and entry.adm2 == whole.adm2)


def _prefer_the_town(weighed: list[Candidate], name: Name) -> None:
    """Take the town before the division that is called after it, where the text does not say which is meant.

    Both are one answer: the division does not take from the town's share. A small town that has the division's name
    only as a further one (Jolo, also Sulu) comes second.
    """
    if name.mention.kinds and name.mention.unlinked_kind is None:
        return
    for town in [one for one in weighed if one.entry.kind == "settlement"]:
        for division in [one for one in weighed if _is_called_after(one.entry, town.entry)]:
            first, second = (town, division)
            if not _is_as_near(town.found, division.found) and division.sum > town.sum:
                first, second = second, first
            first.sum = max(town.sum, division.sum)
            second.sum = first.sum - _TOWN_FIRST


def _is_called_after(division: Entry, town: Entry) -> bool:
    """Whether a division of the town's name has it for its seat, and not a village of that name in a far corner."""
    if division.kind not in {"adm1", "adm2"} or division.country != town.country:
        return False
    if town.capital:
        return True
    if division.kind == "adm1":
        least = max(_SEAT, _LARGE_SEAT * division.population if _is_longer(town.name, division.name) else 0)
        return division.adm1 == town.adm1 and town.population >= least
    if division.adm1 != town.adm1:
        return False
    return town.adm2 in {None, division.adm2} or distance(division, town) < _SEAT_WITHIN


def _is_as_near(town: Found, division: Found) -> bool:
    """Whether a town has the name as much as the division has it."""
    if town.how in {"variant", "near"}:
        return division.how in {"variant", "near"}
    return town.how != "other" or town.alike >= _ALIKE


def _is_longer(name: str, other: str) -> bool:
    """Whether a name is another with words added: `Maryland City` in Maryland, `Ciudad Guerrero` in Guerrero."""
    longer, shorter = bare_key(name), bare_key(other)
    return shorter != longer and shorter in longer

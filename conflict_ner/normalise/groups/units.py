"""Numbered units and branches of a state's forces: `81st Brigade`, `LIB 143`, `58th Front`, `Colombian Air Force`.

No table can list them all, and none has to: the number, the words for what the unit is, and the country whose force it
is make a name that is the same in every text. So the id is composed of them: `ua-81-brigade`, `mm-143-light-infantry-
battalion`, `co-air-force`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from conflict_ner.facts import GroupKind
from conflict_ner.normalise import nations
from conflict_ner.normalise.groups import forces
from conflict_ner.normalise.spelling import fold

COMPOSED = "composed of its words and the country: the table of groups has no row for it"

_LARGE = frozenset(
    """army corps division brigade regiment battalion rifles front infantry fleet flotilla squadron force region zone
    company grenadiers lancers para team unit""".split()  # noqa: SIM905
)
# What these are is told by the word before them alone (`9th Military Zone`, `Task Force 32`); others are areas, teams.
_ONLY_BEHIND = {
    "zone": "military",
    "region": "military",
    "force": "task guard",
    "team": "combat",
    "unit": "expeditionary",
}
_LEAST_COMPANY = 100  # a company's number from which it is no part of some battalion
_SHORT = {
    "ib": "infantry battalion",
    "lib": "light infantry battalion",
    "lid": "light infantry division",
    "bgf": "border guard force",
    "rct": "regimental combat team",
    "bn": "battalion",
    "bns": "battalion",
    "bde": "brigade",
    "div": "division",
    "regt": "regiment",
    "inf": "infantry",
    "rr": "rashtriya rifles",
    "armored": "armoured",
    "mechanised": "mechanized",
    "motorised": "motorized",
    "manoeuvre": "maneuver",
}
_ORDINALS = {
    word: str(number)
    for number, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split(),  # noqa: SIM905
        start=1,
    )
}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_ROMAN = {
    "I": "1",
    "II": "2",
    "III": "3",
    "IV": "4",
    "V": "5",
    "VI": "6",
    "VII": "7",
    "VIII": "8",
    "IX": "9",
    "X": "10",
}
_ROMAN |= {"XI": "11", "XII": "12", "XIII": "13", "XIV": "14", "XV": "15", "XVI": "16", "XVII": "17", "XVIII": "18"}
_FIGURES = re.compile(r"(\d{1,4})(?:st|nd|rd|th|er|e|eme|ieme)?")
_GLUED = re.compile(r"\b(\d+)(?=(?:IB|RR|Bn|BN)\b)")
_LEFT_OUT = re.compile(r"\s*\([^()]*\)|\bNo\.? ?(?=\d)|[\"“”]")
# Words that one army alone has in the names of its units, with where its units are met.
_STYLES: tuple[tuple[str, re.Pattern[str], frozenset[str]], ...] = (
    (
        "IN",
        re.compile(r"\b(?:rashtriya|assam|dogra|sikh|maratha|gorkha|crpf|cobra|naga|irb|ssb|bsf|itbp)\b"),
        frozenset({"IN"}),
    ),
    (
        "RU",
        re.compile(
            r"\bmotor(?:ized)? rifle\b|\bnaval infantry\b|\bairborne regiment\b|\b(?:tank|combined arms) army\b"
            r"|\bguards (?:\w+ )*(?:air|airborne|tank|motor\w*|army)\b"
        ),
        frozenset(["RU", "UA", "GE", "AZ", "AM", "TJ", "AF", "MD", "SY", "UZ", "KG"]),
    ),
    (
        "US",
        re.compile(r"\b(?:stryker|armoured cavalry|regimental combat team|marine expeditionary)\b"),
        frozenset(["IQ", "AF", "US", "SY"]),
    ),
)
# Words that both sides of a war could have, but in its texts one has alone.
_UKRAINIAN = re.compile(r"\b(?:mechanized|airmobile|territorial)\b")
_SURE, _RIVAL = 0.5, 0.2  # shares of a text's weight: of its own country at least, of another that may be meant
_FAR_AHEAD = 2.0  # how much more a text must speak of its own country than of that other
_FORCES = (
    "army|armies|forces?|troops|soldiers|military|marines|paratroop|police|tanks?|jets?|brigade|battalion|division"
    "|regiment|corps|unit|commander|general|colonel|guard"
)
_OF = re.compile(r",? (?:of|from) (?:the )?((?:[A-Z][\w.’']*\s?){1,3})")
_BEFORE = re.compile(
    r"\b([A-Z][\w.]*(?: [A-Z][\w.]*)?)(?:['’]s)?(?: (?:army|military|forces|troops|marines)(?:['’]s)?)? $"
)
_BRANCHES = (
    r"air force|navy|armed forces|ground forces|land forces|naval forces|coast guard|national police|marine corps"
    r"|national guard|border guard|special forces|defence forces?|federal police"
)
_BRANCH = re.compile(rf"(?P<land>.+) (?P<branch>{_BRANCHES})")


@dataclass(frozen=True, slots=True)
class Unit:
    """A numbered unit by its parts: its number, and the words for what it is, in one spelling."""

    number: str
    words: tuple[str, ...]

    @property
    def kind(self) -> GroupKind:
        """A front is a rebel army's; all others are a state's as far as the words tell."""
        return "rebel" if self.words[-1] == "front" else "state_force"

    def id(self, country: str) -> str:
        """Return the id of the unit of that name in a country's forces."""
        return "-".join((country.lower(), self.number, *self.words))


@lru_cache(maxsize=4096)
def unit_of(name: str) -> Unit | None:
    """Return a numbered unit's parts, None where a name is none, or one of a part that is too small to be known.

    Args:
        name: without its owner: `24th Mechanised Brigade`, `Infantry Battalion 531`, `55 RR`, `43 Battalion CRPF`.
    """
    plain = _GLUED.sub(r"\1 ", _LEFT_OUT.sub("", name))
    raw = plain.replace("/", " ").split()
    # A second name is another unit's: `3rd Battalion, Parachute Regiment` stays one of its regiment.
    parts = [_ROMAN.get(part.strip(","), fold(part)) for part in raw]
    parts = [word for part in parts if part for word in _SHORT.get(part, part).split()]
    found = [(place, number) for place, part in enumerate(parts) if (number := _number(part)) is not None]
    if len(found) > 1 and {place for place, _ in found} == {0, 1} and parts[0] in _TENS:
        found = [(0, str(_TENS[parts[0]] + int(found[1][1])))]
        del parts[1]
    if len(found) != 1 or len(parts) < 2:
        return None
    (place, number) = found[0]
    words = parts[:place] + parts[place + 1 :]
    with_corps = place == 0 and raw[-1][0].isupper()
    if place not in (0, len(parts) - 1) or not _is_unit(words, number, with_corps):
        return None
    if not (any(sign.isdigit() for sign in name) or name[0].isupper()):
        return None  # `the second battalion` is one of any two
    return Unit(number.lstrip("0") or "0", tuple(words))


def _number(part: str) -> str | None:
    if match := _FIGURES.fullmatch(part):
        return match[1]
    if part in _TENS:
        return str(_TENS[part])
    return _ORDINALS.get(part)


def _is_unit(words: list[str], number: str, with_corps: bool) -> bool:
    last = words[-1]
    if last not in _LARGE:
        # `43 Battalion CRPF`, `1st Battalion Coldstream Guards`: of a corps that is named behind it.
        return with_corps and words[0] in ("battalion", "regiment", "brigade")
    before = words[-2] if len(words) > 1 else ""
    if last in _ONLY_BEHIND and before not in _ONLY_BEHIND[last].split():
        return False
    return last != "company" or int(number) >= _LEAST_COMPANY


def country_of(name: str, unit: Unit, text: str, countries: Mapping[str, float], army: str | None) -> str | None:
    """Return whose force a unit is that is named without its owner; None where the text leaves that open.

    Args:
        name: as the text has it.
        unit: its parts.
        text: the text.
        countries: ISO codes to weights, best first.
        army: whose army is meant in the text's first country.
    """
    if (beside := _told_beside(name, text)) is not None:
        return beside
    words = " ".join(unit.words)
    for code, style, met in _STYLES:
        if style.search(words):
            return code if met & {land for land, share in countries.items() if share >= _RIVAL / 2} else None
    if _UKRAINIAN.search(words) and countries.get("UA", 0.0) >= _RIVAL:
        return "UA"
    shares = [*countries.values(), 0.0, 0.0]
    if shares[0] < _SURE or (shares[1] >= _RIVAL and shares[0] < _FAR_AHEAD * shares[1]):
        return None
    rivals = [code for code, share in [*countries.items()][1:] if share >= _RIVAL / 2]
    return None if any(_has_forces(rival, text) for rival in rivals) else army


def _has_forces(country: str, text: str) -> bool:
    """Tell whether a text speaks of a country's forces: `Russian paratroops`, `the Israeli army`."""
    land = nations.countries()[country]
    adjectives = "|".join(map(re.escape, land.adjectives)) or "(?!)"
    names = "|".join(map(re.escape, (land.name, *land.names)))
    told = rf"\b(?:{adjectives})s?\b(?: [\w-]+)?? (?:{_FORCES})|\b(?:{_FORCES})\w* of (?:the )?(?:{names})\b"
    return re.search(told, text, re.IGNORECASE) is not None


def _told_beside(name: str, text: str) -> str | None:
    """Return the country that the words directly before or behind a name tell: `the Russian 3rd Division`."""
    for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
        before = _BEFORE.search(text[max(0, match.start() - 40) : match.start()])
        behind = _OF.match(text[match.end() : match.end() + 40])
        for phrase in (before and before[1], behind and behind[1]):
            if phrase and (land := forces.nation_in(phrase)) is not None:
                return land
    return None


@lru_cache(maxsize=4096)
def branch_id(name: str) -> tuple[str, str] | None:
    """Return id and country of a branch of a state's forces: (`co-air-force`, `CO`) of `Colombian Air Force`."""
    match = _BRANCH.fullmatch(fold(name).replace("defense", "defence"))
    land = forces.nation_in(match["land"]) if match else None
    if match is None or land is None or not name[0].isupper() or not name.rsplit(" ", 1)[-1][0].isupper():
        return None
    return f"{land.lower()}-{match['branch'].replace(' ', '-')}", land


def composed_id(name: str, country: str | None) -> str | None:
    """Return the id that a name gets in a country's forces, None where a name is neither a unit nor a branch."""
    if (branch := branch_id(name)) is not None:
        return branch[0]
    unit = unit_of(name)
    return unit.id(country) if unit is not None and country is not None else None

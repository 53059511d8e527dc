"""Forces without a name: what `Syrian army`, `Assad's forces` or `rebels` are, and whose.

A phrase is read from its noun (`army`, `militias`, `gunmen`), the words before it that decide the kind (`government`,
`rebel`, `UN`), and what says whose force it is: an adjective of a country or a people, a country, a leader. Where
nothing says so, it belongs to the country of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from conflict_ner.facts import GroupKind
from conflict_ner.normalise import nations
from conflict_ner.normalise.groups.aliases import words
from conflict_ner.normalise.spelling import fold
from conflict_ner.normalise.tables import listed, records

_LONGEST_LAND = 3  # words of a country's or a people's name
_KINDS: tuple[GroupKind, ...] = ("state_force", "militia", "coalition", "generic")
# Words that lean on another country or group do not make it the force's own: `Turkey-backed rebels`.
_LEANING = re.compile(
    r"\b[\w.'’]+(?: [\w.'’]+)??[- ](?:backed|supported|aligned|allied|affiliated|linked|inspired|funded|sponsored"
    r"|trained|friendly|loyal|leaning|speaking|armed|equipped|held|hired|run)\b|\b(?:anti|pro|non|ex)-[\w.'’]+",
    re.IGNORECASE,
)
_PRO_STATE = re.compile(
    r"\bpro-(?:government|regime|junta|state)\b|\bgovernment-(?:backed|allied|aligned)\b", re.IGNORECASE
)
_LED = re.compile(r"\b([\w.'’]+(?: [\w.'’]+)??)-led\b", re.IGNORECASE)
_TAIL = re.compile(
    r" (?:of|from|loyal to|allied (?:to|with)|under|in|with|linked to|led by|backed by|at|for|against)\b.*$", re.DOTALL
)
_OWNER = re.compile(r"^(.+?)['’]s? (.+)$|^(.+s)['’] (.+)$", re.DOTALL)
_LOYAL_TO = re.compile(r" (?:of|loyal to|allied to|under) (?:the )?(.+)$", re.DOTALL)
_TITLE = re.compile(
    r"^(?:the |late |former |ousted |deposed |interim |acting )*(?:president|vice[- ]president|prime minister|premier"
    r"|king|emperor|sultan|colonel|col\.?|general|gen\.?|marshal|field marshal|major|maj\.?|captain|commander|warlord"
    r"|dictator|strongman|leader|sheikh|mullah|chairman|brigadier|lieutenant|lt\.?|governor|minister|mr\.?|imam|ayatollah"
    r"|comandante|chief|cleric) ",
    re.IGNORECASE,
)
_STATESMAN = re.compile(r"(?:^|\b)(?:president|prime minister|premier|king|emperor|sultan|dictator)\b", re.IGNORECASE)
_CIVIL = re.compile(r"\b(?:police\w*|security|guards?|presidential|intelligence)\b", re.IGNORECASE)
_OF_THE_STATE = frozenset(
    ["soldiers", "soldier", "officers", "policemen", "police", "recruits", "conscripts", "battalion", "regiment"]
)
# Who left an army is no part of it.
_LEAVERS = frozenset(["defectors", "deserters", "mutineers", "renegades", "dissidents", "veterans", "ex-soldiers"])
_AFFILIATE = re.compile(r"\b(?:affiliate|affiliates|offshoot|branch|franchise|splinter|ally|allies)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Force:
    """What a phrase says of a force.

    Attributes:
        kind: what it is.
        country: ISO code where the phrase itself tells it.
        of_text: whether it belongs to the country that the text is about where the phrase tells none.
        is_army: whether it is an army's, and so that of who holds the country.
    """

    kind: GroupKind
    country: str | None
    of_text: bool
    is_army: bool = False


@dataclass(frozen=True, slots=True)
class _Leader:
    kind: GroupKind
    country: str
    since: int
    until: int


@cache
def _leaders() -> dict[str, tuple[_Leader, ...]]:
    found: dict[str, list[_Leader]] = {}
    for row in records("leaders.tsv"):
        kind: GroupKind = row["kind"]  # type: ignore[assignment]  # the table's test holds it to the kinds
        leader = _Leader(kind, row["country"], int(row["since"] or 0), int(row["until"] or 9999))
        for name in listed(row["names"]):
            found.setdefault(fold(name), []).append(leader)
    return {name: tuple(leaders) for name, leaders in found.items()}


@cache
def _nouns() -> dict[str, GroupKind]:
    named: dict[str, GroupKind] = dict.fromkeys(words("named"), "state_force")
    return named | {noun: kind for kind in reversed(_KINDS) for noun in words(kind)}


@cache
def _longest_noun() -> int:
    return max(noun.count(" ") for noun in _nouns()) + 1


def noun_at_end(phrase: str) -> str | None:
    """Return the noun of force that a phrase ends in, its longest: `armed men`; None where it ends in none."""
    parts = phrase.lower().replace("’", "'").split()
    for size in range(min(_longest_noun(), len(parts)), 0, -1):
        noun = " ".join(parts[-size:])
        if noun in _nouns():
            return noun
    return None


def force_of(phrase: str, year: int | None) -> Force | None:
    """Read a phrase that names no organisation.

    Args:
        phrase: `Syrian army`, `President Assad's forces`, `UN peacekeepers`, `rebels`.
        year: of the text; a leader's name counts from the first year on that the table gives.

    Returns:
        Kind and country, None where the phrase holds no noun of force.
    """
    owned = _OWNER.match(phrase)
    owner, rest = ((owned[1] or owned[3]), (owned[2] or owned[4])) if owned else (None, phrase)
    loyal = _LOYAL_TO.search(rest)
    core = _TAIL.sub("", rest)
    noun = noun_at_end(core)
    if noun is None:
        return _people_alone(core)
    before = core[: len(core) - len(noun)].strip()
    leader = _leader(owner, year) or (_leader(loyal[1], year) if loyal else None) or _leader(before, year)
    kind = _kind(noun, before)
    if kind == "coalition" and _LED.search(before):
        return Force(kind, None, False)  # `US-led coalition`
    if leader is not None and kind not in ("militia", "coalition"):
        return Force(leader.kind, leader.country, False)
    own = _land(owner) if owner else None
    if own is None:
        own = _land(_LEANING.sub(" ", before))
    if own is None and loyal:
        own = _land(loyal[1])
    if own is not None:
        return _of_land(kind, noun, own)
    if owner and _STATESMAN.search(owner):
        return Force("state_force" if kind == "generic" else kind, None, True)
    if kind == "coalition":
        return Force(kind, None, not _is_foreign_coalition(noun, before))
    return Force(kind, None, True, kind == "state_force" and not _CIVIL.search(f"{before} {noun}"))


def _people_alone(phrase: str) -> Force | None:
    """Read a people's name in the place of its force: `Cossacks`."""
    land = _nation(fold(phrase)) or _nation(fold(phrase).removesuffix("s"))
    if land is None:
        return None
    country = land.codes[0] if len(land.codes) == 1 else None
    kind: GroupKind = "rebel" if land.army == "rebel" else "militia" if land.army == "militia" else "generic"
    return Force(kind, country, country is None)


@dataclass(frozen=True, slots=True)
class _Land:
    """Whose a force is: a country's (army None) or a people's, and whether that people has an army of its own."""

    codes: tuple[str, ...]
    army: str | None
    has_army: bool = True


def _of_land(kind: GroupKind, noun: str, own: _Land) -> Force:
    if own.army is not None and not own.has_army and noun in _OF_THE_STATE:
        return Force(kind, None, True)  # `Hutu soldiers` serve the country of the text
    if own.army is not None and kind == "state_force":
        kind = own.army  # type: ignore[assignment]  # the table's test holds it to the kinds
        if kind in ("rebel", "militia"):
            # `Abkhaz army` is a rebel army; `Tuareg fighters` stay what they are.
            kind = kind if own.codes or kind == "militia" else "generic"
    if own.army == "coalition":
        return Force("coalition" if kind in ("state_force", "coalition") or noun == "force" else kind, None, False)
    if noun in words("hired"):
        return Force(kind, None, True)
    if own.army is not None:
        single = own.codes[0] if len(own.codes) == 1 else None
        return Force(kind, single, single is None)
    return Force(kind, own.codes[0], False)


def _kind(noun: str, before: str) -> GroupKind:
    """Return the kind that a noun and the words before it make."""
    kind = _nouns()[noun]
    modifiers = [part for part in re.split(r"[\s,]+", before.lower()) if part]
    if kind == "coalition":
        return kind
    led = _LED.search(before)
    if led is not None and noun.endswith(("forces", "force", "troops", "soldiers")):
        leader = fold(led[1]).rsplit(" ", 1)[-1]
        is_state = leader in nations.adjectives() or leader in nations.names() or leader in words("joint")
        return "coalition" if is_state else "generic"  # `US-led forces`, `Kurdish-led forces`
    if _PRO_STATE.search(before):
        return "militia" if kind in ("militia", "generic") and not noun.endswith("force") else "state_force"
    if (kind == "state_force" or noun == "force") and any(modifier in words("joint") for modifier in modifiers):
        return "coalition"
    for modifier in reversed(modifiers):
        if modifier in words("opposed"):
            if noun.removesuffix("s") in ("brigade", "battalion"):
                return "militia"  # `Salafist brigade`
            return "generic" if kind in ("state_force", "generic") else kind
        if modifier in words("state") and kind != "militia" and noun not in _LEAVERS:
            return "state_force"
        if modifier.startswith("anti-") and kind == "state_force":
            return "generic"
    leaning = _LEANING.search(before)
    if leaning is not None and kind == "state_force" and not leaning[0].lower().startswith("ex-"):
        return "generic"
    return kind


def _is_foreign_coalition(noun: str, before: str) -> bool:
    """Tell whether a coalition is one of states: peacekeepers, or led by a country."""
    return (
        bool(_LED.search(before))
        or noun in ("peacekeepers", "peacekeeper", "blue helmets", "peacekeeping force")
        or any(part in words("joint") for part in before.lower().split())
    )


def _leader(phrase: str | None, year: int | None) -> _Leader | None:
    if not phrase:
        return None
    wanted = phrase.strip()
    while title := _TITLE.match(wanted):
        wanted = wanted[title.end() :]
    wanted = fold(re.sub(r"['’]s?$", "", wanted))
    found = _leaders().get(wanted, ())
    # After a leader's last year a text still tells of those days.
    fitting = [leader for leader in found if year is None or leader.since <= year]
    return max(fitting, key=lambda leader: leader.since) if fitting else None


def _land(phrase: str) -> _Land | None:
    """Return whose a force is by the words of a phrase: countries, peoples, and where there are none places."""
    found = list(_lands(phrase, _nation)) or list(_lands(phrase, _place))
    if not found:
        return None
    if len({land.codes for land in found}) > 1:
        # `Russian and Syrian troops` are of two countries; `Syrian Kurdish fighters` of the narrower word's.
        peoples = [land for land in found if land.army is not None]
        lands = [land for land in found if land.army is None]
        if peoples and lands:
            return _Land(lands[0].codes, peoples[0].army, peoples[0].has_army)
        if len(lands) > 1:
            return _Land((), "coalition")
    return found[-1]


def _lands(phrase: str, look_up: Callable[[str], _Land | None]) -> Iterator[_Land]:
    """Yield what the words of a phrase stand for, the longest names first."""
    parts = fold(phrase).split()
    number = 0
    while number < len(parts):
        for size in range(min(_LONGEST_LAND, len(parts) - number), 0, -1):
            land = look_up(" ".join(parts[number : number + size]))
            if land is not None:
                yield land
                number += size - 1
                break
        number += 1


@lru_cache(maxsize=4096)
def _nation(name: str) -> _Land | None:
    if people := nations.peoples().get(name):
        return _Land(people.countries, people.army or "state_force", people.has_army)
    for wanted in (name, name.removesuffix("s")):
        if code := nations.adjectives().get(wanted) or nations.names().get(wanted):
            return _Land((code,), None)
    return None


def _place(name: str) -> _Land | None:
    codes = nations.capitals().get(name) or nations.places().get(name)
    return _Land(codes[:1], None) if codes else None


def is_affiliate(phrase: str) -> bool:
    """Tell whether a phrase speaks of a group through another: `al-Qaeda affiliate`."""
    return bool(_AFFILIATE.search(phrase))


def land_in(phrase: str) -> str | None:
    """Return the code of the country that a phrase holds a word of, None where it holds none or several."""
    land = _land(phrase)
    return land.codes[0] if land is not None and len(land.codes) == 1 else None


def nation_in(phrase: str) -> str | None:
    """Return the code of the country that a phrase is a word for, or ends in one for; no place's and no people's."""
    for name in (fold(phrase), fold(phrase).rsplit(" ", 1)[-1]):
        land = _nation(name)
        if land is not None and land.army is None:
            return land.codes[0]
    return None


def is_people(name: str) -> bool:
    """Tell whether a name is a people's or the people of a country: `Cossacks`, `Georgians`."""
    return _nation(fold(name)) is not None or _nation(fold(name).removesuffix("s")) is not None


def is_land(word: str) -> bool:
    """Tell whether a word is a country's or a people's, or a place's."""
    return (_nation(fold(word)) or _place(fold(word))) is not None

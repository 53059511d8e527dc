"""Mentions: where in an armed-group mention its name stands, and what a name that no table lists tells by its form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from conflict_ner.facts import GroupKind
from conflict_ner.normalise.groups import forces
from conflict_ner.normalise.groups.aliases import words
from conflict_ner.normalise.spelling import fold

_POSSESSOR = re.compile(r"(.+?)['’][sS]? (?=\S)|(.+[sS])['’] (?=\S)", re.DOTALL)
_ARTICLE = re.compile(r"(?:[Tt]he|THE) ")
# Words before a name that belong to its description: `US-backed`, `separatist`, `rebel group`.
_DESCRIBED = re.compile(
    r"(?:(?:[\w.]+-(?:backed|led|aligned|allied|linked|supported|affiliated|dominated|based)|[a-z][a-z-]+) )+"
    r"(?=[A-Z0-9])"
)
_LEANING = re.compile(r"[\w.]+-(?:backed|led|aligned|allied|linked|supported)")
_NO_LONGER = re.compile(
    r"(?:.* )?(?:former|ex|anti|pro|non|dissident|breakaway|rival|splinter|renegade|fake|and|or|of|the)[- ]",
    re.IGNORECASE,
)
_ORDINAL = (
    r"(?:\d+(?:st|nd|rd|th|er|e)?|First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|Eleventh|Twelfth"
    r"|(?:Twenty|Thirty|Forty|Fifty|Sixty)-\w+|[IVX]{1,5})"
)
# `129th Battalion`, `24th Mechanized Brigade`, `58th Front`; the words between say what for.
_NUMBERED = re.compile(rf"(?:.*\s)?{_ORDINAL}(?: [\w’'()-]+){{0,5}}? (?P<type>[\w’'-]+)", re.DOTALL)
# `Brigade 204`, `Light Infantry Battalion 368`, `LIB 143`, `Battalion No. 31`.
_NUMBER_BEHIND = re.compile(r"(?:[\w’'-]+ ){0,4}?(?P<type>[\w’'-]+) (?:No\.? ?)?\d[\w./-]*(?: .*)?", re.DOTALL)
# `94IB`, `13 RR`, `2 Para`, and a number alone in a list: `the 14th and 72nd brigades`.
_SHORT_UNIT = re.compile(r"\d+(?:st|nd|rd|th)|\d+ ?(?:IB|INF|Bn|Bde|Div|Regt|RR|AR|AAB|SF|Para|PARA)(?: .*)?")
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_SMALL_UNITS = frozenset(["ib", "lib", "lid", "bn", "bde", "bgf", "task"])
_REBEL_FORM = re.compile(
    r"\b(?:Liberation|Revolutionary|Resistance|Freedom|Independence|Salvation|People[’']?s|Peoples|Patriotic|Mujahi?deen"
    r"|Mujahidin|Jihad|Islamic|Harakat|Jaysh|Jaish|Jabhat|Ansar|Jund|Ajnad|Ahrar|Faylaq|Saraya|Liwa|Front|Frente"
    r"|Movement|Movimiento|Mouvement|Army(?! (?:Corps|Region|Group)))\b"
)
_MILITIA_FORM = re.compile(
    r"\b(?:Self-Defen[cs]e|Militia|Militias|Vigilant\w+|Village|Volunteers?|Cartel|Gang|Boys|Home Guards?)\b|^Los [A-Z]"
)
_STATE_FORM = re.compile(
    r"\b(?:Air Force|Navy|Police|Constabulary|Armed Forces|Regular Army|Royal|Presidential|Ministry"
    r"|Gendarmerie|Coast Guard|Border (?:Guards?|Police|Patrol|Security|Service)|Special Forces"
    r"|Battalion|Regiment|Division|Corps|Rifles|Rangers|Marines"
    r"|Commandos?|Command|Infantry|Squadron|Fleet|Military|Army Region|Task Force|Combat Team|Response Team|Elite Force"
    r"|(?:Operations|Intervention) Forces?|Department|Unit \d+|General Staff|Security (?:Service|Forces?))\b"
)
# The branches of a state's forces whose names with capitals are names: `Afghan Air Force`.
_BRANCH = re.compile(
    r".*\b(?:Armed Forces|Defen[cs]e Forces?|Air Force|Navy|Marine Corps|National Guard|Coast Guard|National Police"
    r"|Police Force|Border Guard)"
)


def possessor(mention: str) -> tuple[str, str] | None:
    """Return whose a mention says that its force is, and the rest: (`FARC`, `58th Front`); None where it says none."""
    match = _POSSESSOR.match(mention)
    return (match[1] or match[2], mention[match.end() :]) if match else None


def without_article(mention: str) -> str:
    """Return a mention without `the` before it."""
    article = _ARTICLE.match(mention)
    return mention[article.end() :] if article else mention


@lru_cache(maxsize=4096)
def names_in(mention: str) -> tuple[str, ...]:
    """Return what may be the name in a mention, the likeliest first.

    The whole, then without its article, its possessor and the nouns of people behind it: of `the PKK militants` also
    `PKK militants` and `PKK`.
    """
    return tuple(dict.fromkeys(_names_in(mention)))


def _names_in(mention: str) -> Iterator[str]:
    yield mention
    bare = without_article(mention)
    yield bare
    owned = possessor(bare)
    if owned is not None and owned[1][0].isupper():
        yield owned[1]
    if (described := _DESCRIBED.match(bare)) and not _NO_LONGER.match(bare):
        yield bare[described.end() :]
    name = bare
    while (noun := forces.noun_at_end(name)) is not None and len(noun) < len(name) and noun not in words("part"):
        name = name[: len(name) - len(noun)].rstrip()
        if not name:
            return
        yield name


def without_part(mention: str) -> str | None:
    """Return the group of whose part a mention speaks: `PKK` of `PKK youth wing`; None where it speaks of none."""
    noun = forces.noun_at_end(mention)
    if noun is None or noun not in words("part") or len(noun) == len(mention):
        return None
    return mention[: len(mention) - len(noun)].rstrip() or None


def is_name(mention: str) -> bool:
    """Tell whether a mention is written as a name: `Ajnad al-Sham`; `Syrian Army` and `REBELS` are phrases."""
    last = mention.rsplit(maxsplit=1)[-1]
    noun = forces.noun_at_end(mention)
    if noun is not None and (mention.isupper() or " " not in mention):
        return False
    if not _begins_a_name(last) or not _begins_a_name(mention):
        return False
    if noun is None:
        return not forces.is_people(mention)
    before = mention[: len(mention) - len(noun)].strip()
    if _BRANCH.fullmatch(mention) and forces.land_in(before) is not None:
        return before[0].isupper()
    # `Syrian Army` and `Government Forces` say no more than in small letters.
    return any(not _is_modifier(word) and not forces.is_land(word) for word in before.split())


def _begins_a_name(words_: str) -> bool:
    return not words_[0].islower() or bool(_ARABIC.match(words_))


def _is_modifier(word: str) -> bool:
    return bool(_LEANING.fullmatch(word)) or any(word.lower() in words(use) for use in ("state", "opposed", "joint"))


_DESCRIPTION = re.compile(r"(?:\b[\w’'-]+,? ){1,4}(?:called |named |known as |dubbed )?(?:the |[“‘\"'])*$")
_DESCRIBING: tuple[tuple[GroupKind, re.Pattern[str]], ...] = (
    ("militia", re.compile(r"\b(?:militia|gang|cartel|vigilante|paramilitary|mafia|criminal|self-defen[cs]e)\b")),
    (
        "rebel",
        re.compile(
            r"\b(?:rebel|insurgent|militant|guerrilla|separatist|jihadist|islamist|terrorist|extremist|secessionist)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "state_force",
        re.compile(r"\b(?:army|army's|police|military|navy|elite|special) (?:unit|force|battalion|brigade)\b"),
    ),
)
_ARABIC = re.compile(r"(?:al|el|ul|as|ash|an|ad|ar|at|az|wal)-[A-Z]")


def numbered_unit(name: str) -> GroupKind | None:
    """Return what the type of a numbered unit says of its kind, None where a name is no numbered unit."""
    plain = _BRACKETS.sub("", name)
    if _SHORT_UNIT.fullmatch(plain):
        return "state_force"
    for pattern in (_NUMBERED, _NUMBER_BEHIND):
        match = pattern.fullmatch(plain)
        if match is None:
            continue
        last = match["type"].lower()
        if last in words("rebel_unit"):
            return "rebel"
        if last.removesuffix("s") in words("unit") or last in words("state_force") or last in _SMALL_UNITS:
            return "state_force"
    return None


def kind_by_form(name: str) -> GroupKind | None:
    """Return what the words of a name say of its kind, None where they say nothing."""
    if _MILITIA_FORM.search(name):
        return "militia"
    if _BRANCH.fullmatch(name) and forces.land_in(name) is not None and "Liberation" not in name:
        return "state_force"
    if _STATE_FORM.search(name) and not re.search(r"\b(?:Liberation|People[’']s|Revolutionary)\b", name):
        return "state_force"
    if _REBEL_FORM.search(name):
        return "rebel"
    return None


def kind_by_description(before: str) -> GroupKind | None:
    """Return what the words directly before a name say of its kind: `the rebel group`, `a militia called`."""
    match = _DESCRIPTION.search(before)
    return next((kind for kind, word in _DESCRIBING if word.search(match[0])), None) if match else None


def is_short_form(name: str, full: tuple[str, ...]) -> bool:
    """Tell whether a name's words stand in a longer name in the same order: `Boys` in `West Side Boys`.

    A single word may lack its plural or the article that grew on to it (`Hizb` of `Hizbul Mujahideen`).
    """
    parts = fold(name).split()
    if tuple(parts) == full or not parts:
        return False
    if len(parts) == 1:
        return any(word in (parts[0], f"{parts[0]}s", f"{parts[0]}ul") or f"{word}s" == parts[0] for word in full)
    rest = iter(full)
    return all(part in rest for part in parts)

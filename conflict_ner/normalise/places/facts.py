"""Places: each PLACE span becomes a point of the gazetteer, or says why it does not.

A name is looked up as it stands, then without its type word among the entries of the kinds that the word allows, then,
in the countries that the text speaks of, among names that are nearly it. Which of several places is meant is for
`ranking`. What no gazetteer of settlements and divisions can hold (roads, rivers, regions) stays without a
point: no coordinates are better than wrong ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from conflict_ner.documents import Document, Span
from conflict_ner.facts import Place, PlaceFact
from conflict_ner.normalise.places.gazetteer import Entry, Found, Gazetteer
from conflict_ner.normalise.places.names import Mention, is_famous, lookups, mention, region_of
from conflict_ner.normalise.places.ranking import LINKED, Name, rank

LABEL = "PLACE"
_LIES_IN = re.compile(r",? \(|, | in (?:the )?|, (?:in|a \w+ (?:in|of)) (?:the )?| (?:area|district|province) of ")
_OWNS = re.compile(r"['’]s (?:\w+ern )?")
# How many candidates a fact keeps, and the least share of one that it keeps.
_KEPT = 5
_LEAST_SHARE = 0.02
# How many places a reason names.
_NAMED = 3
# Of how many countries names that are nearly the wanted one are looked through, and from which weight.
_NEAR_COUNTRIES = 2
_NEAR_WEIGHT = 0.15
_AS_MUCH = 0.75


def place_facts(
    document: Document, countries: Mapping[str, float], gazetteer: Gazetteer | None = None
) -> tuple[PlaceFact, ...]:
    """Return a fact for each PLACE span of a document, in the order of the text.

    Args:
        document: text and spans.
        countries: ISO 3166 alpha-2 of the countries that the text speaks of, and how much; may be empty.
        gazetteer: the library's own where none is given.
    """
    gazetteer = gazetteer or Gazetteer.load()
    spans = [span for span in document.spans if span.label == LABEL]
    names: dict[tuple[str, tuple[str, ...]], Name] = {}
    of_span: list[Name] = []
    for span in spans:
        spoken = _with_kinds(mention(document.text, span.start, span.end), gazetteer)
        known = names.get((spoken.surface.casefold(), spoken.kinds))
        if known is None:
            known = names[spoken.surface.casefold(), spoken.kinds] = Name(spoken, _found(spoken, countries, gazetteer))
        else:
            known.count += 1
        of_span.append(known)
    _link_parts(document.text, spans, of_span)
    rank(list(names.values()), countries)
    return tuple(_fact(document, span, name) for span, name in zip(spans, of_span, strict=True))


def _with_kinds(spoken: Mention, gazetteer: Gazetteer) -> Mention:
    """Take a name for a division where a second level one is told to lie in it: `Zhari district of Kandahar`."""
    if spoken.inner is not None and any(found.entry.kind == "adm2" for found in gazetteer.find(spoken.inner)):
        return replace(spoken, kinds=("adm1",))
    return spoken


def _link_parts(text: str, spans: Sequence[Span], names: Sequence[Name]) -> None:
    """Tell each name the names beside it that say what it lies in: `Argelia, Cauca`, `Syria's Idlib`."""
    for number in range(len(spans) - 2, -1, -1):
        between = text[spans[number].end : spans[number + 1].start]
        name, other = names[number], names[number + 1]
        if name is not other and _LIES_IN.fullmatch(between):
            name.above = list({id(one): one for one in (*name.above, other, *other.above) if one is not name}.values())
        elif name is not other and _OWNS.fullmatch(between):
            other.above.append(name)


def _found(spoken: Mention, countries: Mapping[str, float], gazetteer: Gazetteer) -> list[tuple[Found, float]]:
    if region_of(spoken.surface) is not None:
        return []
    named = gazetteer.find(spoken.name)
    found = lookups(spoken, gazetteer.find(spoken.surface) if spoken.typed else [], named)
    main = sorted((code for code, weight in countries.items() if weight >= _NEAR_WEIGHT), key=lambda c: -countries[c])
    if spoken.may_be_near and not any(one.entry.country in main or is_famous(one) for one, _ in found):
        near = [
            one
            for code in main[:_NEAR_COUNTRIES]
            for one in gazetteer.find_near(spoken.name, code)
            # In another than the text's own country, a town of nearly the name is mostly another town.
            if one.entry.kind != "settlement" or countries[code] >= _AS_MUCH * countries[main[0]]
        ]
        known = {one.entry.id for one, _ in found}
        found += [one for one in lookups(spoken, [], near) if one[0].entry.id not in known]
    return found


def _fact(document: Document, span: Span, name: Name) -> PlaceFact:
    surface = document.surface(span)
    if name.certainty < LINKED:
        return PlaceFact(span=span, surface=surface, why=_why(name))
    best, *others = name.candidates[:_KEPT]
    place = _place(best.entry, name.certainty)
    if place is None:
        return PlaceFact(span=span, surface=surface, why=f"the gazetteer has no point for {_described(best.entry)}")
    further = (_place(one.entry, one.share) for one in others if one.share >= _LEAST_SHARE)
    return PlaceFact(span=span, surface=surface, candidates=(place, *(one for one in further if one is not None)))


def _place(entry: Entry, score: float) -> Place | None:
    """Return an entry as a fact's place; None where it has no point."""
    if entry.lat is None or entry.lon is None:
        return None
    return Place(
        id=str(entry.id),
        name=entry.name,
        kind=entry.kind,
        country=entry.country,
        adm1=entry.adm1,
        adm2=entry.adm2,
        lat=entry.lat,
        lon=entry.lon,
        score=round(min(score, 1.0), 3),
    )


def _why(name: Name) -> str:
    """Return why a name is not linked."""
    spoken = name.mention
    region = region_of(spoken.surface) or region_of(spoken.name)
    if region is not None and not name.candidates:
        return f"a {region.kind} of no or several divisions: it has no point"
    if not name.candidates and spoken.unlinked_kind is not None:
        return f"a {spoken.unlinked_kind}: the gazetteer holds countries, divisions and settlements"
    if not name.candidates:
        return "not in the gazetteer"
    likely = [one.entry for one in name.candidates if one.share > name.candidates[0].share / 2]
    if len(likely) > 1 and sum(one.share for one in name.candidates) > LINKED:
        return f"several places are as likely: {'; '.join(map(_described, likely[:_NAMED]))}"
    return f"in the gazetteer, but unlikely here: {_described(name.candidates[0].entry)}"


def _described(entry: Entry) -> str:
    inside = ", ".join(part for part in (entry.adm2, entry.adm1, entry.country) if part and part != entry.name)
    return f"{entry.name} ({entry.kind}, {inside})"

"""Armed groups: the organisation that a mention names, or what kind of force it is and whose.

A mention is an organisation of the table where its words name one and the text does not speak against it; an acronym
means what the article itself defines it to mean; a name that the article has told in full may come back shortened
(`the Tigers`). All other mentions are read as phrases: `Syrian army` is the state force of Syria, `rebels` belong to
the country of the text. What stays open says why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conflict_ner.documents import Document, Span
from conflict_ner.facts import Group, GroupFact, GroupKind
from conflict_ner.normalise import nations
from conflict_ner.normalise.country import document_countries
from conflict_ner.normalise.groups import aliases, forces, mentions, units
from conflict_ner.normalise.groups.acronyms import defined_acronyms, one_line
from conflict_ner.normalise.groups.aliases import Match, Organisation, is_acronym, is_distinctive, loose_words, words
from conflict_ner.normalise.groups.namesakes import Setting, why_open
from conflict_ner.normalise.spelling import fold

LABEL = "ARMED_GROUP"
_WORD = re.compile(r"[^\W\d_]\w*")
_CAPITALS = 0.08  # share of words with a capital in a text that is written with capitals, at least
_DESCRIPTION = 60  # characters before a name that may describe it


def group_facts(document: Document, countries: Mapping[str, float] | None = None) -> tuple[GroupFact, ...]:
    """Say which group each ARMED_GROUP span of a document means.

    Args:
        document: an article with its spans.
        countries: ISO codes to weights, best first; `document_countries(document)` where it is not given.

    Returns:
        A fact for each such span, in the order of the text.
    """
    spans = [span for span in document.spans if span.label == LABEL]
    if not spans:
        return ()
    reading = _Reading(document, spans, document_countries(document) if countries is None else countries)
    return tuple(reading.fact(span) for span in spans)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a mention means in an article: a group, the table's row if it has one, else why not.

    It is open where the table has rows of that name, and the text does not tell which is meant.
    """

    group: Group | None
    organisation: Organisation | None = None
    defined_here: bool = False
    why: str | None = None
    is_open: bool = False

    @property
    def is_named(self) -> bool:
        return self.group is not None and self.group.name is not None and not self.is_open


class _Reading:
    """One article while its groups are read."""

    def __init__(self, document: Document, spans: list[Span], countries: Mapping[str, float]) -> None:
        self._document = document
        self._setting = Setting.of(document, countries)
        self._has_capitals = _has_capitals(document.text)
        self._surfaces = dict.fromkeys(one_line(document, span) for span in spans)
        self._told = self._told_beyond_doubt()
        self._meanings: dict[str, _Meaning] = {}
        self._seen: dict[str, Group] = {}  # the latest group by the last word of its name and of its mention
        defined = defined_acronyms(document, LABEL)
        self._read_definitions(defined)
        self._full_names = self._told_in_full((*self._surfaces, *defined.values()))

    def fact(self, span: Span) -> GroupFact:
        """Return the fact of one span; spans are asked for in the order of the text."""
        surface = one_line(self._document, span)
        meaning = self._meanings.get(surface)
        if meaning is None:
            meaning = self._meanings[surface] = self._meaning(surface)
        group = meaning.group
        if group is not None and group.name is None:
            group = self._back_reference(surface) or group
        if group is not None and " " in (group.name or surface):
            for name in (group.name or surface, surface):
                self._seen[name.lower().rsplit(" ", 1)[-1]] = group
            if group.name and group.kind == "coalition":
                self._seen["force"] = group
        return GroupFact(
            span=span,
            surface=self._document.surface(span),
            group=group,
            defined_here=meaning.defined_here,
            why=meaning.why,
        )

    # What the article tells as a whole.

    def _told_beyond_doubt(self) -> frozenset[str]:
        """Return the ids of the organisations that the article names so that no other can be meant."""
        found = set()
        for surface in self._surfaces:
            for name in mentions.names_in(surface):
                match = aliases.find(name)
                if match is not None and match.certain and len(match.organisations) == 1:
                    found.add(match.organisations[0].id)
                    break
        return frozenset(found)

    def _read_definitions(self, defined: Mapping[str, str]) -> None:
        """Settle the meaning of each defined acronym, and of the name that defines it."""
        for acronym, name in defined.items():
            meaning = self._defined(acronym, name)
            if meaning is not None:
                self._meanings[acronym] = meaning
                if name in self._surfaces:
                    self._meanings.setdefault(name, _Meaning(meaning.group, meaning.organisation, False, meaning.why))

    def _defined(self, acronym: str, name: str) -> _Meaning | None:
        """Return what a definition means; None where it is none: `Calima Bloc (AUC)` tells of two organisations."""
        match, short = aliases.find(name), aliases.find(acronym)
        organisation = None
        if match is not None:
            both = [one for one in match.organisations if short and one in short.organisations]
            if short is not None and not both and self._setting.settle(short, self._told) is not None:
                return None
            organisation = both[0] if len(both) == 1 else self._setting.settle(match, self._told)
        if organisation is None and short is not None:
            alike = [one for one in short.organisations if _is_alike(name, one) and self._setting.is_near(one)]
            organisation = alike[0] if len(alike) == 1 else None
        if organisation is not None:
            return _Meaning(self._setting.group(organisation), organisation, True)
        unlisted = self._unlisted(name)
        return _Meaning(unlisted.group, None, True, unlisted.why)

    def _told_in_full(self, surfaces: tuple[str, ...]) -> list[tuple[tuple[str, ...], _Meaning]]:
        """Return the words and the meanings of the article's names of two words and more."""
        found: dict[tuple[str, ...], _Meaning] = {}
        for surface in surfaces:
            for name in mentions.names_in(surface):
                parts = tuple(fold(name).split())
                if len(parts) < 2 or not name[0].isupper() or parts in found:
                    continue
                meaning = self._meanings.get(name) or self._listed(name)
                if meaning is not None and meaning.is_named:
                    found[parts] = meaning
                    break
        return list(found.items())

    # One mention.

    def _meaning(self, surface: str) -> _Meaning:
        if not fold(surface):
            return _Meaning(None, why="no letter and no figure")
        open_question = None
        for name in mentions.names_in(surface):
            known = self._meanings.get(name)
            if known is not None and known.is_named:
                return known
            meaning = self._listed(name)
            if meaning is not None and meaning.is_named:
                return meaning
            open_question = open_question or meaning
            # `Wahdat men` comes back to Hezb-e Wahdat where the text says `Wahdat` too; `Kuki men` may be any.
            if name in self._surfaces and name[:1].isupper() and (meaning := self._shortened(name)) is not None:
                return meaning
        if open_question is not None and mentions.is_name(surface):
            return self._composed(surface, surface) or open_question
        return self._owned(surface) or self._phrase(surface)

    def _listed(self, name: str) -> _Meaning | None:
        """Return the organisation of the table that a name means here, None where the table has none of that name."""
        match = aliases.find(name)
        if match is None and name.islower() and not self._has_capitals:
            match = _without_capitals(name)
        if match is None:
            match = self._without_adjective(name)
        if match is None:
            return None
        organisation = self._setting.settle(match, self._told)
        if organisation is not None:
            return _Meaning(self._setting.group(organisation), organisation)
        return self._open(name, match)

    def _open(self, name: str, match: Match) -> _Meaning:
        """Return what is known of a name that may mean several: what they have in common."""
        kinds = {organisation.kind for organisation in match.organisations}
        kind = kinds.pop() if len(kinds) == 1 else mentions.kind_by_form(name) or "generic"
        lands = {organisation.country for organisation in match.organisations}
        country = lands.pop() if len(lands) == 1 and len(match.organisations) > 1 else self._setting.home
        return _Meaning(Group(name=name, kind=kind, country=country), why=why_open(name, match), is_open=True)

    def _without_adjective(self, name: str) -> Match | None:
        """Return the match of a name behind an adjective that agrees with it: `Lebanese Hezbollah`."""
        adjective, _, rest = name.partition(" ")
        own, people = nations.adjectives().get(fold(adjective)), nations.peoples().get(fold(adjective))
        if not rest or (own is None and people is None):
            return None
        match = aliases.find(rest)
        if match is None or not match.certain or len(match.organisations) > 1:
            return None
        area = match.organisations[0].area
        agrees = own in area if own else not people or not people.countries or bool(area & set(people.countries))
        return match if agrees else None

    def _shortened(self, name: str) -> _Meaning | None:
        """Return what a name means that is a part of one other name of the article."""
        parts = fold(name).split()
        if forces.land_in(name) is not None or (
            len(parts) > 1 and not is_distinctive(name) and any(part in words("type") for part in parts)
        ):
            return None
        # `Boys` may be those of the West Side; `Brigade`, `Rebels` are any.
        by_noun = all(map(_is_noun_of_force, parts))
        if by_noun and (len(parts) > 1 or parts[0] not in words("common")):
            return None
        found = {
            meaning.group.id or meaning.group.name: meaning
            for full, meaning in self._full_names
            if meaning.group is not None
            and mentions.is_short_form(name, full)
            and (not by_noun or full[-1] == parts[0])
        }
        if len(found) != 1:
            return None
        meaning = next(iter(found.values()))
        return _Meaning(meaning.group, meaning.organisation, False, meaning.why)

    def _owned(self, surface: str) -> _Meaning | None:
        """Read what belongs to a named group: `FARC's 58th Front`, `al-Qaeda affiliate`, `KIA Battalion 6`."""
        if forces.is_affiliate(surface):
            owner = self._group_inside(surface)
            if owner is not None:
                country = forces.land_in(surface) or self._setting.home or owner.country
                return _Meaning(Group(kind=owner.kind, country=country))
        owned = mentions.possessor(surface)
        whole = mentions.without_part(surface)
        if whole is not None and not owned and (meaning := self._meaning_of_name(whole)) is not None:
            return self._part(surface, meaning)
        owner = self._group_of_name(owned[0].strip()) if owned else self._group_at_end(surface)
        if owner is None:
            return None
        rest = owned[1] if owned else surface
        if rest[0].isupper() or rest[0].isdigit():
            unit = units.composed_id(rest, owner.country)
            why = units.COMPOSED if unit else _not_listed(rest)
            return _Meaning(Group(id=unit, name=rest, kind=owner.kind, country=owner.country), why=why)
        return _Meaning(Group(kind=owner.kind, country=owner.country))

    def _part(self, surface: str, whole: _Meaning) -> _Meaning:
        """Read a named group with a noun of a part behind it: `PKK youth wing`, but `UTAG unit` is all of UTAG."""
        noun = surface.rsplit(" ", 1)[-1].lower()
        if whole.organisation and any(fold(name).endswith(f" {noun}") for name in whole.organisation.names):
            return whole
        return _Meaning(Group(kind=whole.group.kind, country=whole.group.country)) if whole.group else whole

    def _meaning_of_name(self, name: str) -> _Meaning | None:
        meaning = self._meanings.get(name) or self._listed(name)
        return meaning if meaning is not None and meaning.is_named else None

    def _group_of_name(self, name: str) -> Group | None:
        meaning = self._meaning_of_name(name)
        return meaning.group if meaning is not None else None

    def _group_inside(self, phrase: str) -> Group | None:
        """Return the group that is named anywhere in a phrase, the longest first."""
        parts = [re.sub(r"['’]s?$", "", part) for part in phrase.split()]
        for size in range(len(parts) - 1, 0, -1):
            for start in range(len(parts) - size + 1):
                name = " ".join(parts[start : start + size])
                if (group := self._group_of_name(name)) is not None:
                    return group
        return None

    def _group_at_end(self, name: str) -> Group | None:
        """Return the group that a name begins or ends with, where the rest makes it a part: `TTP (Malakand)`."""
        parts = re.split(r"[ -]+", name)
        if len(parts) < 2 or not mentions.is_name(name):
            return None
        for size in range(len(parts) - 1, 0, -1):
            for some in (parts[:size], parts[-size:]):
                short = " ".join(some)
                if (is_acronym(short) or len(loose_words(short)) > 1) and (
                    group := self._group_of_name(short)
                ) is not None:
                    return group
        return None

    def _phrase(self, surface: str) -> _Meaning:
        """Read a mention that names no listed organisation."""
        owned = mentions.possessor(surface)
        name = owned[1] if owned else surface
        if (composed := self._composed(surface, name)) is not None:
            return composed
        if (kind := mentions.numbered_unit(name)) is not None:
            name = _without_nation(name)
            return _Meaning(
                Group(name=name, kind=kind, country=forces.land_in(surface) or self._setting.home),
                why=_not_listed(name),
            )
        if mentions.is_name(surface):
            return self._unlisted(surface)
        force = forces.force_of(mentions.without_article(surface), self._setting.year)
        if force is None:
            return _Meaning(None, why="neither a name of the table nor a phrase with a noun of force")
        home = self._setting.army if force.is_army else self._setting.home
        return _Meaning(Group(kind=force.kind, country=force.country or (home if force.of_text else None)))

    def _composed(self, surface: str, name: str) -> _Meaning | None:
        """Read a unit or a branch of a state's forces, whose name says all where its country is known."""
        if (branch := units.branch_id(surface)) is not None:
            group = Group(id=branch[0], name=surface, kind="state_force", country=branch[1])
            return _Meaning(group, why=units.COMPOSED)
        name = _without_nation(name)
        unit = units.unit_of(name)
        if unit is None:
            return None
        setting = self._setting
        country = forces.land_in(surface)
        if country is None:
            country = units.country_of(name, unit, setting.text, setting.countries, setting.army)
        if country is None:
            return None
        return _Meaning(Group(id=unit.id(country), name=name, kind=unit.kind, country=country), why=units.COMPOSED)

    def _unlisted(self, name: str) -> _Meaning:
        """Read a name that the table lacks: its kind by its words, else by those before it, else it stays generic."""
        if (composed := self._composed(name, name)) is not None:
            return composed
        kind = mentions.kind_by_form(name) or self._kind_by_description(name) or "generic"
        country = forces.land_in(name) or self._setting.home
        return _Meaning(Group(name=name, kind=kind, country=country), why=_not_listed(name))

    def _kind_by_description(self, name: str) -> GroupKind | None:
        text = self._setting.text
        places = (match.start() for match in re.finditer(re.escape(name), text))
        kinds = (mentions.kind_by_description(text[max(0, start - _DESCRIPTION) : start]) for start in places)
        return next((kind for kind in kinds if kind is not None), None)

    def _back_reference(self, surface: str) -> Group | None:
        """Return what `the front` or `the brigade` is: as the last group whose name ends so."""
        noun = surface.lower()
        group = self._seen.get(noun) if noun in words("back") else None
        return Group(kind=group.kind, country=group.country) if group else None


def _has_capitals(text: str) -> bool:
    """Tell whether a text is written with capitals; a hasty message may do without."""
    first = [word[0] for word in _WORD.findall(text)]
    return sum(map(str.isupper, first)) > _CAPITALS * len(first)


def _without_capitals(name: str) -> Match | None:
    """Return the match of a name of a text without capitals: `rsf`, `ansar al-sunna`."""
    if forces.noun_at_end(name) == name or not is_distinctive(name):
        return None
    match = aliases.find(name.title() if " " in name else name.upper())
    return None if match is None else Match(match.organisations, certain=False, first=match.first)


def _is_noun_of_force(word: str) -> bool:
    return word in words("type") or word.removesuffix("s") in words("type") or forces.noun_at_end(word) is not None


def _without_nation(name: str) -> str:
    """Return a unit's name without the adjective before it: `Russian 201st Division`."""
    first, _, rest = name.partition(" ")
    return rest if rest and (fold(first) in nations.adjectives() or first == "army") else name


def _not_listed(name: str) -> str:
    return f"{name!r} is not in the table of groups"


def _is_alike(name: str, organisation: Organisation) -> bool:
    """Tell whether a name shares most of its words with a name of an organisation: `Allied Democratic Force`."""
    own = _sounds(name)
    others = (_sounds(known) for known in organisation.names if not is_acronym(known))
    return any(len(own & other) * 3 >= 2 * max(len(own), len(other)) for other in others)


def _sounds(name: str) -> set[str]:
    return {aliases.loose_key(part) for part in fold(name).split()} - {""}

"""Victims: whose dead a count tells, as far as the words around it say so."""

from __future__ import annotations

import re

from conflict_ner.assembly.clauses import Clause
from conflict_ner.assembly.words import word_set
from conflict_ner.facts import CountFact, Group

_KINDS = {
    "civilian": "civilian civilians residents villagers villager women children worshippers passengers farmers students"
    " pupils tourists shoppers pilgrims journalists journalist reporters teachers boys girls babies woman boy girl baby"
    " fishermen workers miners monks nuns priests priest townspeople traders vendors herders herdsmen peasants"
    " inhabitants refugees bystanders",
    "state": "soldiers police policemen policeman officers officer troops commandos commando constable constables"
    " airmen marines guards guard gendarmes servicemen sailors peacekeepers soldier paratroopers recruits conscripts"
    " rangers agents jawans personnel sappers federals pilots security",
    "armed": "rebels militants fighters terrorists gunmen insurgents cadres guerrillas guerrilla attackers jihadists"
    " assailants terrorist insurgent rebel militant attacker assailant bombers militiamen bandits extremists"
    " separatists combatants",
}
_CLASS: dict[str, str] = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_SIDES = frozenset((*_KINDS, "own"))
_WORD = re.compile(r"[A-Za-z]+")
_STOP = re.compile(r"[.;:,()\n]|\s(?:and|in|at|by|when|after|who|near|since|were|was|had|have|as)\s")
# `lost four men`, `its own dead at 15`, `put its losses at seven`: one side's own.
_OWN = re.compile(
    r"\b(?:its|their|his|our) (?:own )?(?:dead|side|loss(?:es)?|men|casualties|fatalities|toll)\b[^.;,]{0,30}$"
    r"|\bother side\b[^.;,]{0,20}$|\b(?:lost|loses|losing|loss(?:es)?)\b[^.;,]{0,20}$",
    re.IGNORECASE,
)
_LONGEST_LABEL = 60
# `Of the attackers 95 fell`, `enemy: 900 dead`
_SIDE = re.compile(r"\b(?:of the |the |^)(\w+)(?::|['’]s(?: (?:dead|losses))?(?: at)?|) $", re.IGNORECASE)
# `Losses B | 384 dead`, `friends: 49 dead`, at the beginning of a line
_LABEL = re.compile(
    r"(?=[^\n]*\b(?:loss\w*|killed|dead|martyrs|enemy|friends|own)\b)(?![^\n]*\b(?:toll|totals?)\b)"
    r"[^.:|\n]{1,60}[:|] $",
    re.IGNORECASE,
)
# Nouns that tell of no side: whoever they were.
_GENERIC = word_set(
    "bodies corpses deaths lives persons victims casualties fatalities others killings graves names coffins deceased"
    " martyrs whose hours days times this was has"
)


def is_side(told: str) -> bool:
    """Tell whether victims are those of a side, or of a labelled line; not merely a noun."""
    return told in _SIDES or told.endswith(" ")


def victims(fact: CountFact, clause: Clause) -> str | None:
    """Return whose dead a count tells: a side, the label of its line, a noun; None where it tells nothing."""
    span = fact.span
    behind = _STOP.split(clause.text[span.end : span.end + 60], maxsplit=1)[0]
    words: list[str] = [word.lower() for word in _WORD.findall(behind)[:6]]
    found = next((_CLASS[word] for word in words if word in _CLASS), None)
    if found is not None:
        return found
    reached = span.end + len(behind)
    named = next((one.group for one in clause.groups if span.end <= one.span.start < reached), None)
    if named is not None:
        return _side(named)
    line = clause.text.rfind("\n", 0, span.start) + 1
    label = _LABEL.match(clause.text, line, span.start) if span.start - line <= _LONGEST_LABEL else None
    if label is not None:
        return label[0]
    before = clause.text[max(clause.start, span.start - 60) : span.start]
    own = _OWN.search(before)
    if own is not None:
        loser = next((one.group for one in reversed(clause.groups) if one.span.end <= span.start), None)
        return _side(loser) if own[0][:2].lower() == "lo" and loser and loser.kind != "generic" else "own"
    noun = next((word for word in words[:3] if len(word) > 3 and word.endswith("s") and word not in _GENERIC), None)
    if noun is not None:
        return noun
    side = _SIDE.search(before)
    return _CLASS.get(side[1].lower(), side[1].lower()) if side is not None else None


def _side(group: Group) -> str:
    return "state" if group.kind in ("state_force", "coalition") else "armed"

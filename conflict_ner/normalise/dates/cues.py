"""Date cues: what the words around a date phrase tell of it: that it is still to come, is over, joins another."""

from __future__ import annotations

import re
from datetime import timedelta

from conflict_ner.normalise.dates.context import DateOrder

_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})\2(?:19|20)\d\d(?![\d/])")
_CLAUSE_END = re.compile(r"[.!?;:\n•](?=\s|[\"'”’)]|$)|[\"“”]|\s[—–-]\s")
_CLAUSE = 140  # characters looked at before a phrase
# Words that look ahead, and how far: what is scheduled may be months away, what runs until a day ends soon.
_AHEAD: tuple[tuple[timedelta, re.Pattern[str]], ...] = (
    (
        timedelta(days=240),
        re.compile(
            r"\b(?:(?:will|shall|won't|won’t|would|should) (?!have\b)"
            r"|(?:is|are|was|were) (?:(?:now|still|also|not|due|set|expected|likely|scheduled) )?to (?!have\b)"
            r"|(?:due|scheduled|slated|planned|expected|forecast)(?: (?:for|to|on|in|by|at|before|back)\b| $)"
            r"|set for|expects? [^.;]{0,40}\bby|call(?:ed)? (?:\w+ ){0,5}for $|(?:promised|promises?) [^.;]{0,30}\bby"
            r"|(?:expects?|plans?|hopes?|intends?|promised|promises|offers?|offered|agreed|wants) (?:\w+ )?to )"
        ),
    ),
    (
        timedelta(days=100),
        re.compile(
            r"\b(?:(?:meets?|plays?|votes|opens|resumes|starts|begins|flies|leaves|expires|ends|goes|falls|holds)"
            r"\b(?! by\b)|ahead of|in time for|deadline|ultimatum|until then"
            r"|next (?:issue|report|update|flash|bulletin|sale|match)|promised by"
            r"|(?:curfew|closed|shut|banned|barred|bans?|cancelled|suspended|stopped|extended|valid|runs?|lasts?"
            r"|sold out|have|has|given|gave|may not|avoid)\b[^.;]{0,60}\b(?:until|till)"
            r"|(?:asked for|wants?|needs?|must) [^.;]{0,40}\bby)"
        ),
    ),
)
# What stands between such words and the phrase must not tell of the past.
_PAST = re.compile(
    r"\b(?:killed|wounded|injured|died|attacked|shot|after|since|when|where|who|which|that|said|told|was|were|had|took"
    r"|fired|made|signed|reached|announced|declared|launched|begun|seized|captured|stormed|missed|because|following"
    r"|over the|from|during)\b"
)
# Told of a day, these tell that it is over: no such day is still to come.
_OVER = re.compile(
    r"\b(?:killed|wounded|injured|died|attacked|ambushed|bombed|raided|shot|captured|seized|stormed|arrested|exchanged"
    r"|abducted|kidnapped|launched|arrived|fell|burned|destroyed|fled)\b[^.;]*$"
)
_THAT = re.compile(r"\bthat\s+$", re.IGNORECASE)
_DEFINITE = re.compile(r"\bthe\s+$", re.IGNORECASE)
_SINCE = re.compile(r"\b(?:since|until|till)(?: the)?\s+$", re.IGNORECASE)
_BESIDE = re.compile(r"\s*(?:,|\(|–|—|-|:)?\s*(?:(?:which (?:was|fell)|on|the|a|i\.e\.)\s+){0,3}", re.IGNORECASE)
_OF_YEAR = re.compile(r"\s*,?\s*(?:in|of)\s+|\s*,?\s*")
_APPOSED = re.compile(r"\s*,\s*(?:on|at|in)\s+(?:the\s+)?", re.IGNORECASE)
_JOINED = re.compile(r"\s*(?:and|to|-|–|or|&|until)\s*(?:the\s+)?", re.IGNORECASE)


def clause_before(text: str, start: int) -> str:
    """Return what stands of a clause before the phrase that begins at `start`."""
    before = text[max(0, start - _CLAUSE) : start]
    begins = 0
    for end in _CLAUSE_END.finditer(before):
        begins = end.end()
    return before[begins:]


def ahead(clause: str) -> timedelta:
    """Return how far the clause before a phrase looks to what is to come; nothing where it does not."""
    for distance, words in _AHEAD:
        found = list(words.finditer(clause))
        if found and _PAST.search(clause, found[-1].end()) is None:
            return distance
    return timedelta(0)


def is_over(clause: str) -> bool:
    """Tell whether the clause before a phrase tells of what has happened."""
    return _OVER.search(clause) is not None


def is_definite(text: str, start: int) -> bool:
    """Tell whether `the` stands before a phrase."""
    return _DEFINITE.search(text, max(0, start - 8), start) is not None


def is_pointed_at(text: str, start: int) -> bool:
    """Tell whether `that` stands before a phrase."""
    return _THAT.search(text, max(0, start - 8), start) is not None


def lasts(text: str, start: int) -> bool:
    """Tell whether a phrase bounds a state (`since March`) rather than dates what happened."""
    return _SINCE.search(text, max(0, start - 12), start) is not None


def is_beside(text: str, start: int, end: int) -> bool:
    """Tell whether the text between two phrases makes the one explain the other: `Independence Day, January 4`."""
    return start < end and bool(text[start:end].strip()) and _BESIDE.fullmatch(text, start, end) is not None


def is_apposed(text: str, start: int, end: int) -> bool:
    """Tell whether the second of two phrases names the day that the first counts off: `a week later, on 13 May`."""
    return _APPOSED.fullmatch(text, start, end) is not None


def is_joined(text: str, start: int, end: int) -> bool:
    """Tell whether two phrases are the ends of one period: `the 10th and 13th of December`."""
    return _JOINED.fullmatch(text, start, end) is not None


def is_of_year(text: str, start: int, end: int) -> bool:
    """Tell whether the second of two phrases is the year of the first: `Eid al-Adha in 2011`."""
    return _OF_YEAR.fullmatch(text, start, end) is not None


def order_shown(text: str) -> DateOrder | None:
    """Return the order of day and month that a text's own dates show, if all that fit one way fit the same way."""
    shown: set[DateOrder] = set()
    for first, _, second in _NUMERIC.findall(text):
        if int(first) > 12 >= int(second) > 0:
            shown.add("dmy")
        elif int(second) > 12 >= int(first) > 0:
            shown.add("mdy")
    return shown.pop() if len(shown) == 1 else None

"""Which counts must not be added up: parts of another count (subset), and tolls of a war or a year (cumulative).

Both are read from the words around a count, from the numbers of the document and, where they are known, its dates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from conflict_ner.facts import CountFact, Interval
from conflict_ner.normalise.counts.subsets import subsets, value
from conflict_ner.sentences import sentence_number, sentences

Dates = Mapping[tuple[int, int], Interval]

# What began so long before the publication, or lasts so long, is more than one incident.
_SINCE_LONG = timedelta(days=7)
_LASTS_LONG = timedelta(days=31)
_REACH = 90  # characters between a count and its `since`
_FEW_LOST = 5  # `has lost four players` is one event
_MANY = 20  # `killed three in 2018` is one event, `killed 490 in 2018` are many
_SHORT_SENTENCE = 80  # characters: `The coalition concedes a few dozen.` goes on from the sentence before it

_SINCE = re.compile(
    r"(?<!has )(?<!have )(?<!had )\bsince\b(?!\s*(?:[.,;:)\"”]|then\b|$)|\s+(?:that|it|they|he|she|we|there|this)"
    r"(?:['’]s| (?:is|was|are|were|had|has)\b))",
    re.IGNORECASE,
)
# `since the killing of 17`: the count names the event.
_NAMED = re.compile(r"\s+(?:the|an?)\b[^,:;]*\bof\s+", re.IGNORECASE)
_RECENT = re.compile(
    r"since\s+(?:(?:early|late|the|this|yesterday|last|around|about|\d+(?:[.:]\d\d)?)\s+)*"
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|dawn|midnight|morning|night|noon|evening|afternoon|yesterday|today"
    r"|sunrise|daybreak|[ap]\.?m\b)",
    re.IGNORECASE,
)
_HELD = re.compile(r"\b(?:held|holds?|holding|kept|captive|captivity|hostage|prison|jail)\b", re.IGNORECASE)
_FEW = r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|many|a few|a couple of)"
_LONG_TIME = re.compile(
    r"\b(?:in|over|during|within|past|last)\s+(?:(?:the|these|those|its|his|past|last|previous|first"
    rf"|nearly|almost|more than|some|about)\s+)*(?:{_FEW}[ -](?:weeks?|months?|years?|decades?)|fortnight|decade"
    r"|century|(?:first|second|third|last) (?:half|quarter)|past (?:year|month))\b"
    r"|\b(?:this|every|each|per) year(?:['’]s (?:toll|tally|count|total))?\b|\b(?:so far|to date) this\b"
    r"|\bannual(?:ly)?\b|\b(?:monthly|yearly)\b"
    rf"|\b{_FEW}[ -](?:month|year|week|decade)s?['’]",
    re.IGNORECASE,
)
_WARS = r"(?:war|conflict|insurgency|uprising|revolt|rebellion|insurrection|troubles|genocide|dictatorship)"
_WAR = re.compile(
    rf"\b(?:{_WARS}|campaign|violence|unrest|feud|struggle|epidemic)\b[^.;\n]{{0,50}}\b(?:has|have|had)\s+(?:\w+\s+)?"
    r"(?:killed|cost|claimed|left|taken|wounded|injured|seen)\b"
    rf"|\b(?:in|during|throughout|of|for|from) (?:the|its|this|that|his) (?:[\w-]+ ){{0,2}}{_WARS}\b"
    r"|\b(?:campaign|operation|war|conflict) as a whole\b|\bwhole (?:war|campaign|operation)\b"
    r"|\b(?:month|year)['’]s (?:toll|tally|count|total)\b",
    re.IGNORECASE,
)
# One of these stands in whatever the two expressions find; looking for them first saves most of the time.
_TIME_WORDS = ("week", "month", "year", "decade", "centur", "half", "quarter", "fortnight", "annual")
_WAR_WORDS = (
    *("war", "conflict", "insurgency", "uprising", "revolt", "rebellion", "insurrection", "troubles", "genocide"),
    *("dictatorship", "campaign", "violence", "unrest", "feud", "struggle", "epidemic", "operation", "month", "year"),
)
_RATE = re.compile(r"[^.;:\n]{0,30}?\b(?:a|per|each|every) day\b|[^.;:\n]{0,12}\bdaily\b", re.IGNORECASE)
_PERFECT = re.compile(
    r"(?<!to )\b(?:has|have|['’]ve) (?:\w+ )?(?:been (?:\w+ )?(?:killed|martyred|wounded|injured|slain|murdered"
    r"|executed|abducted|kidnapped|documented|recorded)|lost|died|killed|cost|claimed|fallen|perished|said|put|counted|given)\b",
    re.IGNORECASE,
)
# One event, or a day, that a count without any other word of time belongs to.
_EVENT = re.compile(
    r"\b(?:attack|blast|bomb|bombing|explosion|raid|ambush|strike|airstrike|shelling|clash|clashes|crash|quake"
    r"|earthquake|hurricane|cyclone|storm|flood|landslide|massacre|gunmen|gunfight|shoot-?out|firefight|battle|fighting"
    r"|siege|mine|stampede|avalanche|today|yesterday|tonight|overnight|hours|days|now|morning|\w+day)s?\b",
    re.IGNORECASE,
)
_SINGLE = re.compile(
    r"\b(?:an?|the|one) (?:[\w-]+ ){0,2}(?:attack|blast|bomb|bombing|explosion|raid|ambush|massacre)\b", re.IGNORECASE
)
_DURING = re.compile(r"\b(?:in|during|throughout|over|of|for|by)\s+(?:the\s+)?$", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from)\s+$", re.IGNORECASE)
# What a clause's time does not reach across, and what it does.
_HARD_CUT = re.compile(r",? (?:when|where|in which|which|who)\b", re.IGNORECASE)
# `, taking the toll to`: what stands before has a time of its own.
_SUM_CUT = re.compile(r", (?:taking|bringing|raising|lifting|pushing|carrying|making|itself|without)\b", re.IGNORECASE)
# `the worst attack since`: this tells of no count.
_RANKED = re.compile(
    r"\b(?:first|second|third|fourth|fifth|last|only|worst|most|(?!at least)[a-z]+(?<!l)(?<!arr)est)\b[^.;:]{0,60}$",
    re.IGNORECASE,
)
_SOFT_CUT = re.compile(r";|, (?:but|while|whereas|and)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Flags:
    """What keeps a count out of a sum.

    Attributes:
        subset: it counts part of what another count of the text counts.
        cumulative: it is a toll over many incidents or a long time.
    """

    subset: bool
    cumulative: bool


def flags(
    text: str, counts: Sequence[CountFact], dates: Dates | None = None, published: date | None = None
) -> tuple[Flags, ...]:
    """Tell for each count of a document whether it is part of another one, and whether it is a toll over long.

    Args:
        text: the document's text.
        counts: all its counts, in the order of the text, with their casualty types.
        dates: the resolved dates, by the start and the end of their spans; without them the words alone decide.
        published: the day of publication, from which `since` is reckoned; without it the latest of the dates.

    Returns:
        The flags of each count, in the order given.
    """
    parts = subsets(text, counts)
    times = _Times(text, dates or {}, published)
    long: list[bool] = []
    for number, fact in enumerate(counts):
        first_part = min(
            (counts[part].span.start for part, whole in parts.items() if whole == number < part), default=None
        )
        told = times.of(fact, first_part)
        if told is None and number:
            told = _goes_on(text, counts[number - 1], fact, times) and long[-1]
        long.append(bool(told))
    for part, whole in parts.items():
        # A part of a toll over long, told in the same breath, is one itself.
        if long[whole] and 0 < counts[part].span.start - counts[whole].span.end < _SHORT_SENTENCE:
            long[part] = True
    return tuple(Flags(subset=number in parts, cumulative=long[number]) for number in range(len(counts)))


def _goes_on(text: str, before: CountFact, fact: CountFact, times: _Times) -> bool:
    """Tell whether a count without a time of its own shares that of the count before it."""
    one, other = sentence_number(text, before.span.start), sentence_number(text, fact.span.start)
    first, last = sentences(text)[other]
    if one == other:
        return _HARD_CUT.search(text, before.span.end, fact.span.start) is None
    if before.casualty_type != fact.casualty_type or other - one > 1 or "\n" in text[before.span.end : fact.span.start]:
        return False
    return not times.dated(first, last) and (
        last - first < _SHORT_SENTENCE or _PERFECT.search(text, first, last) is not None
    )


class _Times:
    """What a text's clauses tell of the time over which they count."""

    def __init__(self, text: str, dates: Dates, published: date | None) -> None:
        self._text = text
        self._dates = sorted(dates.items())
        self._today = published or max((interval.start for interval in dates.values()), default=None)

    def dated(self, low: int, high: int) -> bool:
        """Tell whether a stretch holds a date."""
        return any(low <= start < high for (start, _), _ in self._dates)

    def of(self, fact: CountFact, until: int | None = None) -> bool | None:
        """Tell whether a count is over long; None where its clause, which ends at `until`, tells no time."""
        text, span = self._text, fact.span
        if _RATE.match(text, span.end):
            return False
        low, high = self._clause(span.start, span.end)
        high = high if until is None else min(high, until)
        since = self._since(fact, low, high)
        if since is not None:
            return since
        near = [self._lasts(fact, place, interval, low) for place, interval in self._dates if low <= place[0] < high]
        if True in near or self._tells_length(low, high):
            return True
        if near:
            return False
        first, _ = sentences(text)[sentence_number(text, span.start)]
        if (
            (value(fact) or 0) >= _FEW_LOST
            and _PERFECT.search(text, low, high)
            and not _EVENT.search(text, first, high)
            and fact.casualty_type != "captured"
        ):
            return True
        return None

    def _clause(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the sentence around a count whose time is the count's."""
        low, high = sentences(self._text)[sentence_number(self._text, start)]
        for pattern in (_HARD_CUT, _SUM_CUT, _SOFT_CUT):
            for cut in pattern.finditer(self._text, low, high):
                if cut.end() <= start and ":" not in self._text[low : cut.start()]:
                    low = cut.end()
                elif cut.start() >= end:
                    high = cut.start()
                    break
        return low, high

    def _since(self, fact: CountFact, low: int, high: int) -> bool | None:
        """Tell what a `since` makes of a count; None where there is none."""
        match = _SINCE.search(self._text, low, high)
        if match is None or _RANKED.search(self._text, max(low, match.start() - 80), match.start()):
            return None
        if match.start() - fact.span.end > _REACH or _NAMED.fullmatch(self._text, match.end(), fact.span.start):
            return None
        if fact.casualty_type == "captured" and _HELD.search(self._text, low, high):
            return False
        for (start, _), interval in self._dates:
            if match.end() <= start < match.end() + 40 and self._today is not None:
                return self._today - interval.start >= _SINCE_LONG
        return _RECENT.match(self._text, match.start()) is None

    def _tells_length(self, low: int, high: int) -> bool:
        """Tell whether a clause speaks of a long time or of a war."""
        clause = self._text[low:high].lower()
        if any(word in clause for word in _WAR_WORDS) and _WAR.search(clause):
            return True
        if not any(unit in clause for unit in _TIME_WORDS):
            return False
        match = _LONG_TIME.search(self._text, low, high)
        return match is not None and not _RANKED.search(self._text, max(low, match.start() - 80), match.start())

    def _lasts(self, fact: CountFact, place: tuple[int, int], interval: Interval, low: int) -> bool:
        """Tell whether a date of the clause is a long time that the count is over."""
        text, (start, end) = self._text, place
        before = text[max(low, start - 16) : start]
        if _BETWEEN.search(before):
            for (other, _), later in self._dates:
                if end < other < end + 12:
                    return later.end - interval.start > _LASTS_LONG
        if interval.end - interval.start <= _LASTS_LONG or not _DURING.search(before):
            return False
        if (value(fact) or 0) < _MANY:
            return False
        first, last = sentences(text)[sentence_number(text, start)]
        return _SINGLE.search(text, first, last) is None

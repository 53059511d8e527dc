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
_MANY_LOST = 100  # `at least 20 have been killed` may be of the attack told before
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
    r"|\b(?:in|over|during|within|past|last)\s+(?:(?:the|these|those|its|past|last|first|nearly|almost)\s+)*"
    r"(?:[2-9]\d|1\d\d|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred)(?:-\w+)?) days\b"
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
_TIME_WORDS = ("days", "week", "month", "year", "decade", "centur", "half", "quarter", "fortnight", "annual")
_WAR_WORDS = (
    *("war", "conflict", "insurgency", "uprising", "revolt", "rebellion", "insurrection", "troubles", "genocide"),
    *("dictatorship", "campaign", "violence", "unrest", "feud", "struggle", "epidemic", "operation", "month", "year"),
)
# `31 attacks on police stations, with nine dead`
_INCIDENTS = re.compile(
    r"\b(?:counted|recorded|documented|registered|verified|logged|listed|noted) (?:\S+ ){1,3}"
    r"(?:attacks|incidents|clashes|raids|bombings|air ?strikes|ambushes|assaults)\b",
    re.IGNORECASE,
)
# `He put guerrilla dead at`
_PUT = re.compile(r"(?:he|she|they|it) (?:also )?(?:puts?|gave|gives|counts?|counted|listed|lists) ", re.IGNORECASE)
_NOT_COUNTING = re.compile(
    r"\b(?:not counting|not including|excluding|apart from|besides|leaving out)\b", re.IGNORECASE
)
_ALONE = re.compile(r" alone\b")
# `bringing to 33 the number held`
_NUMBER_HELD = re.compile(r" the number (?:of \w+ )?(?:still )?(?:held|in captivity|in custody)\b")
_RATE = re.compile(r"[^.;:\n]{0,30}?\b(?:a|per|each|every) day\b|[^.;:\n]{0,12}\bdaily\b", re.IGNORECASE)
_PERFECT = re.compile(
    r"(?<!to )\b(?:has|have|['’]ve|had now) (?:\w+ )?(?:been (?:\w+ )?(?:killed|martyred|wounded|injured|slain|murdered"
    r"|executed|abducted|kidnapped|documented|recorded)|lost|died|killed|cost|claimed|fallen|perished|said|put|counted|given)\b",
    re.IGNORECASE,
)
# One event, or a day, that a count without any other word of time belongs to.
_EVENT = re.compile(
    r"\b(?:attack|blast|bomb|bombing|explosion|raid|ambush|strike|airstrike|shelling|clash|clashes|crash|quake"
    r"|earthquake|hurricane|cyclone|storm|flood|landslide|massacre|gunmen|gunfight|shoot-?out|firefight|battle|fighting"
    r"|siege|mine|stampede|avalanche|today|yesterday|tonight|overnight|hours|days|morning|\w+day)s?\b",
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
    times = _Times(text, counts, dates or {}, published)
    long: list[bool] = []
    for number, fact in enumerate(counts):
        first_part = min(
            (counts[part].span.start for part, whole in parts.items() if whole == number < part), default=None
        )
        told = times.of(fact, first_part)
        if told is None and number:
            before = _alike_before(text, counts, number)
            told = _goes_on(text, counts[before], fact, times) and long[before]
        long.append(bool(told))
    for part, whole in parts.items():
        # A part of a toll over long, told in the same breath, is one itself.
        if long[whole] and 0 < counts[part].span.start - counts[whole].span.end < _SHORT_SENTENCE:
            long[part] = True
    return tuple(Flags(subset=number in parts, cumulative=long[number]) for number in range(len(counts)))


def _alike_before(text: str, counts: Sequence[CountFact], number: int) -> int:
    """Return the count before one, or, in the sentence of that, the last of the same type."""
    last = sentence_number(text, counts[number - 1].span.start)
    for other in range(number - 1, -1, -1):
        if sentence_number(text, counts[other].span.start) != last:
            break
        if counts[other].casualty_type == counts[number].casualty_type:
            return other
    return number - 1


def _goes_on(text: str, before: CountFact, fact: CountFact, times: _Times) -> bool:
    """Tell whether a count without a time of its own shares that of the count before it."""
    one, other = sentence_number(text, before.span.start), sentence_number(text, fact.span.start)
    first, last = sentences(text)[other]
    if one == other:
        return _HARD_CUT.search(text, before.span.end, fact.span.start) is None
    if before.casualty_type != fact.casualty_type or other - one > 1 or "\n" in text[before.span.end : fact.span.start]:
        return False
    return not times.dated(first, last) and (
        last - first < _SHORT_SENTENCE
        or _PERFECT.search(text, first, last) is not None
        or _PUT.match(text, first, fact.span.start) is not None
    )


class _Times:
    """What a text's clauses tell of the time over which they count."""

    def __init__(self, text: str, counts: Sequence[CountFact], dates: Dates, published: date | None) -> None:
        self._starts = [fact.span.start for fact in counts]
        self._text = text
        self._dates = sorted(dates.items())
        self._today = published or max((interval.start for interval in dates.values()), default=None)

    def _counted(self, low: int, high: int) -> bool:
        """Tell whether a stretch holds a count."""
        return any(low <= start < high for start in self._starts)

    def _paragraph(self, place: int) -> int:
        """Return where the line of a sentence begins."""
        return self._text.rfind("\n", 0, place) + 1

    def dated(self, low: int, high: int) -> bool:
        """Tell whether a stretch holds a date."""
        return any(low <= start < high for (start, _), _ in self._dates)

    def of(self, fact: CountFact, until: int | None = None) -> bool | None:
        """Tell whether a count is over long; None where its clause, which ends at `until`, tells no time."""
        text, span = self._text, fact.span
        if _RATE.match(text, span.end):
            return False
        if fact.casualty_type == "captured" and _NUMBER_HELD.match(text, span.end):
            return True
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
            and not _EVENT.search(text, first if (value(fact) or 0) >= _MANY_LOST else self._paragraph(first), high)
            and fact.casualty_type != "captured"
        ):
            return True
        return None

    def _clause(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the sentence around a count whose time is the count's."""
        low, high = sentences(self._text)[sentence_number(self._text, start)]
        apart = _NOT_COUNTING.search(self._text, low, start)
        low = apart.end() if apart else low
        for pattern in (_HARD_CUT, _SUM_CUT, _SOFT_CUT):
            if pattern is _SOFT_CUT and not self._counted(low, start):
                # What stands before a soft cut is the count's own time, if it counts nothing else.
                cut = pattern.search(self._text, end, high)
                high = cut.start() if cut else high
                break
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
        if match is None and _INCIDENTS.search(self._text, low, fact.span.start):
            return True
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
        if _ALONE.match(text, end) and interval.end - interval.start >= _SINCE_LONG and _DURING.search(before):
            return True
        if interval.end - interval.start <= _LASTS_LONG or not _DURING.search(before):
            return False
        if (value(fact) or 0) < _MANY:
            return False
        first, last = sentences(text)[sentence_number(text, start)]
        return _SINGLE.search(text, first, last) is None

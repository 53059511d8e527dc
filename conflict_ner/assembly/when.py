"""When: which of the dates around a count an event happened on, and not when it was reported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from conflict_ner.assembly.clauses import Clause
from conflict_ner.assembly.words import act_of, word_set
from conflict_ner.facts import DateFact, Interval

_SAID = word_set(
    "said says told reported announced stated confirmed added tweeted wrote declared claimed acknowledged"
    " uploaded posted"
    " published accused accuses denied condemned testified disclosed statement communique communiqué briefing reporters"
    " conference interview argued estimated warned"
)
# Behind one of these the date is of what was reported: `said dozens had been killed on Sunday`.
_TOLD_OF = word_set("that had have has was were been killed died dead wounded captured seized attacked bombed shot")
_REPORT_REACH = 5  # words
_BEFORE_DATE = word_set("on in at late early the last about")
_UNTIL = word_set("until till before by through end ends expires")
_FOUNDED = word_set("anniversary elections election born founded formed created")
# `On Thursday, Reuters reported`, `on Monday the ministry announced`.
_REPORTS = re.compile(
    r",? (?:[\w'’.-]+ ){1,4}?(?:said|told|reported|announced|stated|confirmed|claimed|declared|posted)\b"
)
_FIRST_SINCE = re.compile(
    r"\b(?:first|worst|most|\w+est|only|control|held|hold|besieged|ruled|under|remained?|ongoing|in (?:its|his"
    r"|their) hands)\b"
    r"[^.;]{0,60}$",
    re.IGNORECASE,
)
# `a city that had thrown them out in August`
_HAD = re.compile(r"\b(?:that|which|who|where) had\b[^.;,]*$")
_ALL = timedelta(days=45)
_LONGEST = timedelta(days=370)
_DAY = timedelta(days=1)
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_DAYS_AFTER = re.compile(r"\b(\d|a|one|two|three|four|five|six|seven) days? after\b", re.IGNORECASE)
_HEARD = 80  # characters before a date
_STAMP = 25  # characters beside names and dates
GOES_ON = re.compile(
    r"^\W*(?:within|hours? (?:later|earlier|after)|minutes? (?:later|after)|moments|(?:later )?(?:that|the same)"
    r" (?:day|night|morning"
    r"|evening|afternoon)|(?:that|this|it) was (?:on |early |late )?(?=(?-i:[A-Z0-9]))"
    r"|simultaneously|meanwhile|at the same time|a second|another|the (?:second|first|third|attack"
    r"|blast|bomb|bomber|gunmen|clash|explosion|raid|ambush|attackers?|victims|dead|wounded)|among the)\b",
    re.IGNORECASE,
)

# `The attack, on Monday outside Maungdaw`: the event that was told before.
REFERS = re.compile(
    r"^\W*the (?:attacks?|blasts?|bombs?|bombings?|explosions?|raid|ambush|assault|massacre|killings?|strikes?"
    r"|shelling|shootings?|clash(?:es)?|bloodshed|abductions?)\b",
    re.IGNORECASE,
)


def happened(clause: Clause, fact: DateFact, published: date | None) -> Interval | None:
    """Return the days on which a date of a clause says that something happened; None where it is of no event.

    Args:
        clause: where it stands.
        fact: the date.
        published: the day of publication, up to which `since Tuesday` reaches.
    """
    if fact.span.start not in clause.days:
        clause.days[fact.span.start] = _happened(clause, fact, published)
    return clause.days[fact.span.start]


def _happened(clause: Clause, fact: DateFact, published: date | None) -> Interval | None:
    interval = fact.interval
    if interval is None or (clause.in_dateline(fact) and not clause.item):
        return None
    if published is not None and interval.start > published:
        return None
    text, start = clause.text, fact.span.start
    before = text[max(clause.dateline_end, start - _HEARD) : start]
    words = before.lower().split()
    lead = len(words)
    while lead and words[lead - 1] in _BEFORE_DATE:
        lead -= 1
    if words[lead - 2 : lead] == ["as", "of"]:
        return None
    if lead and words[lead - 1] == "since":
        if published is None or published - interval.start > _ALL or _FIRST_SINCE.search(before):
            return None
        return Interval(start=interval.start, end=max(published + _DAY, interval.end), precision="range")
    if interval.end - interval.start > _LONGEST:
        return None
    # `until Monday` is another day; `before daybreak Sunday` is that day, and so is `by midday on Tuesday Farah was
    # lost`, while `17 were dead by Monday noon` may have died before.
    if (
        lead
        and words[lead - 1] in _UNTIL
        and not (interval.precision == "part_of_day" and (words[lead - 1] == "before" or not clause.counts))
    ):
        return None
    if not _FOUNDED.isdisjoint(words[max(0, lead - 2) :]) or _is_stamp(clause, fact):
        return None
    if _HAD.search(before):
        return None
    if is_of_report(clause, fact):
        return None
    return earlier(interval, days_after(clause, clause.dateline_end, clause.end))


def is_of_report(clause: Clause, fact: DateFact) -> bool:
    """Tell whether a date is that of a report on what happened: `police said Monday`, `On Monday, Reuters reported`."""
    start, end = fact.span.start, fact.span.end
    words = clause.text[max(clause.dateline_end, start - _HEARD) : start].lower().split()
    while words and words[-1] in _BEFORE_DATE:
        words.pop()
    return _is_reported(words) or (start - clause.dateline_end < 12 and _REPORTS.match(clause.text, end) is not None)


def days_after(clause: Clause, start: int, end: int) -> int:
    """Return how many days before what a stretch of a clause tells its act was; 0 where it does not say.

    `were holding 44 on Friday, a day after overrunning their post`: it was on Thursday.
    """
    match = _DAYS_AFTER.search(clause.text, start, end)
    if match is None or act_of(clause.text[match.end() : end]) is None or act_of(clause.text[start : match.start()]):
        return 0
    return _NUMBERS.get(match[1].lower()) or int(match[1])


def earlier(interval: Interval, days: int) -> Interval:
    """Return an interval some days before another."""
    if not days:
        return interval
    late = timedelta(days=days)
    return interval.model_copy(update={"start": interval.start - late, "end": interval.end - late})


def _is_reported(words: Sequence[str]) -> bool:
    """Tell whether the words before a date lead from one of saying to it: `police told reporters on`."""
    for word in reversed(words[-_REPORT_REACH:]):
        bare = word.rstrip(",")
        if bare in _SAID:
            return True
        if bare in _TOLD_OF or not bare or bare[-1] in ".;:":
            return False
    return False


def _is_stamp(clause: Clause, fact: DateFact) -> bool:
    """Tell whether a date stands alone in its line, as that of the publication does."""
    behind, before = clause.text[clause.end : clause.end + 1], clause.text[max(0, clause.start - 1) : clause.start]
    if clause.counts or clause.groups or (behind + before).strip("\n"):
        return False
    spans = [fact.span for fact in clause.places] + [fact.span for fact in clause.dates]
    names = sum(span.end - span.start for span in spans)
    return clause.end - clause.start - names < _STAMP and not (clause.headline and clause.places)


def overlap(one: Interval, other: Interval) -> bool:
    """Tell whether two intervals share a day."""
    return one.start < other.end and other.start < one.end

"""Labelling functions for DATE: weekdays, calendar dates, months and years, relative expressions, named days."""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotate.prelabel.weak.text import matches
from conflict_ner.documents import Span

LABEL = "DATE"

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
)
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
_PART = r"(?:morning|afternoon|evening|night|noon|midnight|midday|dawn|dusk|lunchtime)"
_YEAR = r"(?:1[5-9]\d\d|20\d\d)"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])"
_ORDINAL_DAY = rf"{_DAY}(?:st|nd|rd|th)?"
_SHIFT = (
    r"(?:[Ll]ate|[Ee]arly|[Mm]id|[Ee]nd of|[Ss]tart of|[Bb]eginning of|[Ff]irst half of|[Ss]econd half of|first of"
    r"|(?:first|second|third|fourth|last) week of)"
)
_FULL_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_CLOCK = (
    r"(?:(?:\d{1,2}(?:[.:]\d\d)?\s?(?:a\.m\.|p\.m\.|am|pm|hrs|hours|GMT|gmt)(?: local time| GMT)?"
    r"|\d{1,2}[.:]\d\d(?: GMT| hrs| hours)?|\d{4} (?:GMT|gmt|hrs)))"
)
_LEAD = (
    rf"(?:(?:late|early|{_CLOCK}|noon|midnight|dawn|dusk|midday|first light|sunrise|sunset)(?:,? on)? "
    r"|(?:night|morning|evening|afternoon|early hours|small hours|dawn) of )"
)
_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several)"
_UNIT = r"(?:day|night|week|month|year|weekend)"


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){pattern}(?![\w])", flags)


_WEEKDAYS = _compiled(
    rf"(?:{_LEAD})?(?:(?:last|next|previous|following|late|early)\ )?{_WEEKDAY}"
    rf"(?: (?:early |late )?{_PART}| last| at noon)?",
    re.IGNORECASE,
)
_ABSOLUTE = _compiled(
    rf"(?:(?:{_LEAD})?(?:{_WEEKDAY},? )?(?:the )?(?:"
    # 4-6 September 2010, 4 to 6 December, 27 October to 2 November 2016, 14 March, 9 May 2018
    rf"{_ORDINAL_DAY}(?: ?(?:-|–| to | and ) ?{_ORDINAL_DAY})?(?: of)? {_MONTH}"
    rf"(?:(?: ?(?:-|–|to) ?){_ORDINAL_DAY} {_MONTH})?(?:,? {_YEAR})?(?:,? \d\d:\d\d)?"
    # June 14, Aug. 11, 2015, April 11-12
    rf"|{_MONTH} {_ORDINAL_DAY}(?!\d|:\d|,\d)(?: ?(?:-|–) ?{_DAY}(?!\d))?(?:,? {_YEAR})?"
    r")(?: this year| last year)?)",
    re.IGNORECASE,
)
_NUMERIC = _compiled(
    r"(?:20\d\d|19\d\d)-[01]\d-[0-3]\d(?:,? \d\d:\d\d(?::\d\d)?(?: hrs)?)?"
    r"|[0-3]?\d[/.][01]?\d[/.](?:20|19)\d\d|[0-3]\d-[01]\d-(?:20|19)\d\d"
)
_MONTHS = _compiled(
    rf"(?:(?:{_SHIFT}[ -])?(?:last |next |this |previous |following )?"
    rf"{_FULL_MONTH}(?:(?: to |-|–){_FULL_MONTH})?"
    rf"(?:,? {_YEAR}| this year| last year| of last year)?"
    r"|(?:(?:late|early|mid)[ -])?(?:spring|summer|autumn|winter) (?:of )?(?:19|20)\d\d(?:-\d\d)?)"
)
_YEARS = re.compile(rf"(?<![\w.,/:$£€#-]){_YEAR}(?:s|[-–](?:\d{{4}}|\d\d))?(?![\w,./:-]*\d)(?!\w|%)")
_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|of|the|from|between|through|for|until|till|by|during|before|after|to|and|a|or|early"
    r"|late)\s+(?P<shift>(?:late|early|mid)[ -])?$",
    re.IGNORECASE,
)
_YEAR_NOUNS = re.compile(
    r"\s+(?:people|civilians|men|women|soldiers|troops|fighters|rebels|families|homes|houses|villagers|residents"
    r"|metres|meters|km|kilomet|miles|feet|prisoners|refugees|tonnes|rounds|children|dollars|guerrillas|police)"
)
_RELATIVE = _compiled(
    rf"(?:(?:{_LEAD})?(?:yesterday|today|tonight|tomorrow)(?: (?:early |late )?{_PART})?"
    r"|(?:the )?day (?:before yesterday|after tomorrow)"
    r"|(?:earlier|later) (?:this|last) (?:week|month|year|spring|summer|autumn|winter)"
    r"|(?:early |late )?(?:this|last|next) (?:week|month|year|weekend|spring|summer|autumn|winter|fall)"
    rf"|(?:early |late )?(?:this|last) (?:{_PART})"
    r"|(?:late |early )?last night"
    r"|(?:end|start|beginning|first week|last week) of (?:this|last|next) (?:week|month|year)"
    rf"|{_NUMBER} {_UNIT}s (?:earlier|before|later|afterwards|ago)"
    r"|(?<=\ba )(?:week|month|year|day|night|fortnight) (?:earlier|later|ago|before|after)(?! the| a )"
    rf"|(?:previous|following|same|next|preceding) (?:day|night|week|month|year|{_PART}|{_WEEKDAY}|spring|summer"
    rf"|winter)"
    r"|(?<=the )(?:day|night|week|month|year) before(?! the\b| a\b)"
    rf"|{_NUMBER} (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days ago"
    r"|weekend)",
    re.IGNORECASE,
)
_NAMED = _compiled(
    r"(?:last |next |this )?(?:Christmas Eve|Christmas Day|Christmas|Boxing Day|New Year's (?:Day|Eve)|New Year"
    r"|Easter (?:Sunday|Monday)"
    r"|Easter|Good Friday|Palm Sunday|Holy Week|Ramadan|Eid al-Fitr|Eid al-Adha|Eid|Ashura|Nowruz|Diwali|Holi|Halloween"
    r"|Independence Day|Labour Day|May Day|Republic Day|Orthodox Christmas|Yom Kippur|Passover|Thanksgiving)"
)
_QUARTERS = _compiled(
    rf"(?:(?:first|second|third|fourth|final|last) quarter(?: of {_YEAR})?"
    rf"|(?:{_SHIFT}[ -])(?:the )?(?:week|month|year|weekend|{_YEAR}s?)"
    r"|(?:early |late |mid-)?(?:1[5-9]|20)\d0s"
    r"|(?:\w+)(?<=first|econd|third|ourth|fifth|sixth|venth|ighth|ninth|tenth|venth|elfth|eenth|tieth|first) century)"
)
# `May` and `March` are words too: as a month they do not open a sentence before a pronoun or a name.
_NO_MONTH = re.compile(r"(?:May|March) (?:I|he|she|it|they|we|you|the|a|not|be|have|God|Allah|on)\b")
# `MAY`, `may` and `march` of running text.
_ONLY_MONTH = re.compile(r"May|March")


_FIGURE = frozenset("#")
_DAYS_OPEN = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
_LEADS_OPEN = frozenset(
    {
        "late",
        "early",
        "noon",
        "midnight",
        "dawn",
        "dusk",
        "midday",
        "first",
        "sunrise",
        "sunset",
        "night",
        "morning",
        "evening",
        "afternoon",
        "small",
        "#",
        "last",
        "next",
        "previous",
        "following",
    }
)
_MONTHS_OPEN = frozenset(
    {
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sept",
        "sep",
        "oct",
        "nov",
        "dec",
    }
)
_RELATIVE_OPEN = _LEADS_OPEN | frozenset(
    {
        "yesterday",
        "today",
        "tonight",
        "tomorrow",
        "the",
        "day",
        "earlier",
        "later",
        "this",
        "end",
        "start",
        "beginning",
        "week",
        "month",
        "year",
        "fortnight",
        "same",
        "preceding",
        "weekend",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "several",
    }
)


def _spans(pattern: re.Pattern[str], text: str, openings: frozenset[str] | None = None) -> Iterator[Span]:
    for match in pattern.finditer(text) if openings is None else matches(pattern, text, openings):
        start, end = match.span()
        surface = match[0]
        if surface[:4].lower() == "the ":
            start += 4
        while start < end and text[start] in " ,":
            start += 1
        while end > start and text[end - 1] in " ,":
            end -= 1
        if start < end:
            yield Span(start=start, end=end, label=LABEL)


def dates_weekday(text: str) -> Iterator[Span]:
    """Weekdays with their part of the day and clock time: `Saturday morning`, `dawn on Sunday`, `last Thursday`."""
    yield from _spans(_WEEKDAYS, text, _DAYS_OPEN | _LEADS_OPEN)


def dates_absolute(text: str) -> Iterator[Span]:
    """A day of a month, with or without the year, and ranges: `30 November 2024`, `June 14`, `4-6 September`."""
    for span in _spans(_ABSOLUTE, text, _DAYS_OPEN | _LEADS_OPEN | _MONTHS_OPEN):
        if any(sign.isupper() for sign in text[span.start : span.end]):
            yield span


_DAY_ALONE = re.compile(
    r"(?:(?<=\bon the )|(?<=\bby the ))\d{1,2}(?:st|nd|rd|th)(?=[,.;:)\n]|$| (?:the|of|and|in|at|when|it|he|she|they"
    r"|we|a)\b)",
    re.IGNORECASE,
)


def dates_day_of_month(text: str) -> Iterator[Span]:
    """A day of a month that was named before: `on the 17th`."""
    yield from _spans(_DAY_ALONE, text, _FIGURE)


def dates_numeric(text: str) -> Iterator[Span]:
    """Dates in figures: `2015-06-02`, `16/11/2023`, `03.11.2022`."""
    yield from _spans(_NUMERIC, text, _FIGURE)


def dates_month(text: str) -> Iterator[Span]:
    """A month alone or with its year, and what shifts it: `March 2011`, `late August`, `last November`."""
    for span in _spans(_MONTHS, text):
        surface = text[span.start : span.end]
        before = text[max(0, span.start - 16) : span.start]
        if _ONLY_MONTH.fullmatch(surface):
            if _NO_MONTH.match(text, span.start):
                continue
            if not re.search(
                r"\b(?:in|since|until|by|of|from|to|for|and|between|during|before|after|every|each|on) $", before
            ):
                continue
        if re.search(r"\d(?:st|nd|rd|th)?(?: of)? $", before) or re.match(
            r" \d{1,2}(?:st|nd|rd|th)?\b(?!:|,\d)", text[span.end : span.end + 6]
        ):
            continue
        yield span


def dates_year(text: str) -> Iterator[Span]:
    """A year behind a preposition or article, unless it counts something: `in 2011`, `the 2011 Arab Spring`."""
    for match in matches(_YEARS, text, _FIGURE):
        before = _YEAR_BEFORE.search(text, max(0, match.start() - 20), match.start())
        if before is not None and not _YEAR_NOUNS.match(text, match.end()):
            start = match.start() if before["shift"] is None else before.start("shift")
            yield Span(start=start, end=match.end(), label=LABEL)


def dates_relative(text: str) -> Iterator[Span]:
    """Expressions counted from the day of publication or of the story: `yesterday`, `two days earlier`, `this week`."""
    yield from _spans(_RELATIVE, text, _RELATIVE_OPEN)


def dates_named_days(text: str) -> Iterator[Span]:
    """Feasts and holidays: `Ramadan`, `Easter Sunday`, `New Year's Day`."""
    yield from _spans(_NAMED, text)


def dates_periods(text: str) -> Iterator[Span]:
    """Quarters, decades, centuries and shifted years: `third quarter`, `1990s`, `end of 2016`."""
    yield from _spans(_QUARTERS, text)


FUNCTIONS = (
    dates_weekday,
    dates_absolute,
    dates_day_of_month,
    dates_numeric,
    dates_month,
    dates_year,
    dates_relative,
    dates_named_days,
    dates_periods,
)

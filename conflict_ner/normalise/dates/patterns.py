"""Date patterns: the phrases of one piece (`18 DEC 19`, `last November`, `two weeks ago`, `Eid al-Fitr`) as forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from conflict_ner.normalise.dates.feasts import ISLAMIC_MONTHS, feast, islamic_month_number
from conflict_ner.normalise.dates.forms import (
    Calendar,
    Counted,
    Day,
    FeastDay,
    Form,
    IslamicDate,
    Month,
    NumericDay,
    Quarter,
    Range,
    Relation,
    Season,
    Unit,
    Unread,
    Weekday,
    Years,
    YearWord,
)
from conflict_ner.normalise.dates.words import (
    MONTH,
    MONTHS,
    NUMBER,
    NUMBERS,
    ORDINAL,
    ORDINALS,
    SEASON,
    SEASONS,
    WEEKDAY,
    WEEKDAYS,
)

NO_DATE = "the phrase is not one that is read as a date"
NO_NUMBER = "the phrase tells no number to count by"
FISCAL = "fiscal years begin on other days in other countries"

DAY = rf"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|d)?|{ORDINAL}"
_RELATIONS: dict[str, Relation] = {
    "this": "this", "current": "this", "last": "last", "past": "last", "next": "next", "coming": "next",
    "upcoming": "next", "same": "same", "that": "same", "the same": "same", "that same": "same",
    "this past": "last", "this coming": "next", "previous": "previous",
    "preceding": "previous", "prior": "previous", "following": "following", "subsequent": "following",
}  # fmt: skip
_RELATION = "|".join(sorted(_RELATIONS, key=lambda word: -len(word)))
_YEAR = rf"(?:of |in )?(?:the )?(?:\d{{4}}|'\d\d|(?:{_RELATION}) year)"
UNITS: dict[str, tuple[Unit, int]] = {
    "day": ("day", 1), "night": ("day", 1), "week": ("week", 1), "fortnight": ("week", 2), "month": ("month", 1),
    "year": ("year", 1), "decade": ("decade", 1), "weekend": ("weekend", 1), "evening": ("day", 1),
}  # fmt: skip
_UNIT = "|".join(UNITS)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11,
          "xii": 12}  # fmt: skip
_BACK, _FORTH_FROM_TEXT, _BACK_FROM_TEXT = ("ago",), ("later", "after", "afterwards", "afterward", "on", "hence"), (
    "earlier", "before", "previously", "prior", "beforehand")  # fmt: skip
_DECADES = {"twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970,
            "eighties": 1980, "nineties": 1990, "noughties": 2000}  # fmt: skip
_COUNTERS = "|".join((*_BACK, *_FORTH_FROM_TEXT, *_BACK_FROM_TEXT))
_HOLY_MONTH = "|".join(ISLAMIC_MONTHS)

Builder = Callable[[re.Match[str]], Form | None]


def simple(phrase: str) -> Form | None:
    """Return the form of a plain phrase of one piece, without its clock time; None where it is none."""
    for pattern, build in _PATTERNS:
        match = pattern.fullmatch(phrase)
        if match is not None:
            form = build(match)
            if form is not None:
                return form
    return _feast(phrase)


# What the patterns' groups say.
def number_of(word: str) -> int:
    """Return a number in figures or words."""
    return int(word) if word.isdecimal() else NUMBERS[word]


def day_number(word: str) -> int:
    """Return the number of an ordinal: `18th`, `first`."""
    return ORDINALS[word] if word in ORDINALS else int(re.sub(r"\D", "", word))


def _year(words: str | None) -> YearWord:
    """Return a year of the phrase; one of two figures is negative, so that its century stays open."""
    if words is None:
        return None
    last = words.removeprefix("of ").removeprefix("in ").removeprefix("the ")
    if last.endswith(" year"):
        return _RELATIONS[last.removesuffix(" year")]
    return int(last) if len(last) == 4 else short_year(last)


def short_year(figures: str) -> int:
    """Return a year of two figures, marked as such: `99` is -99, and `00` is -100."""
    return -(int(figures.lstrip("'")) or 100)


def _relation(match: re.Match[str]) -> Relation | None:
    word = match["relation"]
    return None if word is None else _RELATIONS[word]


def _build_day(match: re.Match[str]) -> Day:
    weekday = match["weekday"]
    return Day(
        day=day_number(match["day"]),
        month=MONTHS[match["month"]],
        year=_year(match["year"]),
        weekday=None if weekday is None else WEEKDAYS[weekday],
    )


def _build_short_day(match: re.Match[str]) -> Day:
    return replace(_build_day(match), year=short_year(match["year"]))


def _build_day_alone(match: re.Match[str]) -> Day:
    weekday = match["weekday"]
    return Day(day_number(match["day"]), weekday=None if weekday is None else WEEKDAYS[weekday])


def _build_numeric(match: re.Match[str]) -> NumericDay:
    year = match["year"]
    return NumericDay(int(match["first"]), int(match["second"]), int(year) if len(year) == 4 else short_year(year))


def _build_decade(match: re.Match[str]) -> Years:
    figures = match["decade"]
    if figures.endswith("00") and len(figures) == 4 and int(figures) < 2000:
        return Years(int(figures), 100)
    return Years(int(figures) if len(figures) == 4 else 1900 + int(figures), 10)


def _build_century(match: re.Match[str]) -> Form:
    if match["era"]:
        return Unread("years before 1 are beyond the calendar")
    return Years(100 * (day_number(match["ordinal"]) - 1) + 1, 100)


def _build_year_pair(match: re.Match[str]) -> Form | None:
    """Read `2014-15` and `1999/2000` as years; `2019-04` is a month."""
    first, figures = int(match["first"]), match["last"]
    last = int(figures) if len(figures) == 4 else first - first % 100 + int(figures)
    if len(figures) == 2 and last != first + 1 and 1 <= int(figures) <= 12:
        return Month(int(figures), first)
    last += 100 if len(figures) == 2 and last < first else 0
    return Range(Years(first), Years(last)) if last > first else None


def _build_season(match: re.Match[str]) -> Season:
    return Season(SEASONS[match["season"]], _year(match["year"]), _relation(match))


def _build_quarter(match: re.Match[str]) -> Form:
    word = match["number"]
    number = 4 if word in {"final", "last"} else day_number(word)
    return Quarter(number, _year(match["year"])) if 1 <= number <= 4 else Unread(NO_DATE)


def _build_calendar(match: re.Match[str]) -> Calendar:
    unit, steps = UNITS[match["unit"]]
    return Calendar(unit, _relation(match), steps)


def _build_counted(match: re.Match[str]) -> Form:
    if match["vague"]:
        return Unread(NO_NUMBER)
    unit, size = UNITS[match["unit"]]
    number = size * number_of(match["number"] or "one")
    word = match["counter"]
    return Counted(unit, number if word in _FORTH_FROM_TEXT else -number, from_text=word not in _BACK)


def _build_weeks_ago(match: re.Match[str]) -> Counted:
    return Counted("week", -number_of(match["number"] or "one"), weekday=WEEKDAYS[match["weekday"]])


def _build_weekday(match: re.Match[str]) -> Weekday:
    after = match["after"]
    week = match["week"]
    return Weekday(
        WEEKDAYS[match["weekday"]],
        "last" if after else _relation(match),
        None if week is None else _RELATIONS[week],
    )


def _build_islamic(match: re.Match[str]) -> IslamicDate | None:
    month = islamic_month_number(match["holy"])
    if month is None:
        return None
    day, year = match["day"], _year(match["year"])
    islamic = bool(match["era"]) or (isinstance(year, int) and 1200 < year < 1600)
    return IslamicDate(month, None if day is None else day_number(day), year, _relation(match), islamic)


def _patterns(*rows: tuple[str, Builder]) -> tuple[tuple[re.Pattern[str], Builder], ...]:
    return tuple((re.compile(pattern), build) for pattern, build in rows)


_OPTIONAL_WEEKDAY = rf"(?:(?:(?:{_RELATION}) )?(?P<weekday>{WEEKDAY})(?: the)? )?"
_OPTIONAL_RELATION = rf"(?:(?P<relation>{_RELATION}) )?"
_OPTIONAL_YEAR = rf"(?:(?: |/|-)(?P<year>{_YEAR}))?"
_PATTERNS = _patterns(
    # 18 December 2019, the sixth of April, Friday 9 Mar
    (rf"{_OPTIONAL_WEEKDAY}(?P<day>{DAY})(?: of)?[ /.-]?(?P<month>{MONTH}){_OPTIONAL_YEAR}(?: ad)?", _build_day),
    # December 18, 2019
    (rf"{_OPTIONAL_WEEKDAY}(?P<month>{MONTH}) (?:the )?(?P<day>{DAY}){_OPTIONAL_YEAR}(?: ad)?", _build_day),
    # 18 DEC 19
    (rf"{_OPTIONAL_WEEKDAY}(?P<day>{DAY})[ /.-]?(?P<month>{MONTH})[ /.-]?(?P<year>\d\d)", _build_short_day),
    # 2019-12-18, 2019/12/18, 20191218
    (
        r"(?P<year>\d{4})(?P<sign>[-/. ]?)(?P<month>0\d|1[0-2]|(?<=[-/.])[1-9])(?P=sign)"
        r"(?P<day>[0-3]\d|(?<=[-/.])[1-9])",
        lambda match: Day(int(match["day"]), int(match["month"]), int(match["year"])),
    ),
    # 18/12/2019, 18.12.19
    (
        rf"{_OPTIONAL_WEEKDAY}(?P<first>\d\d?)(?P<sign>[-/.])(?P<second>\d\d?)(?P=sign)(?P<year>\d{{4}}|\d\d)(?: ad)?",
        _build_numeric,
    ),
    (r"9/11", lambda match: Day(11, 9, 2001)),
    (r"(?P<first>\d\d?)[/.](?P<second>\d\d?)", lambda match: NumericDay(int(match["first"]), int(match["second"]))),
    (
        rf"(?P<day>\d\d?)[/.-](?P<roman>{'|'.join(_ROMAN)})[/.-](?P<year>\d{{4}})",
        lambda match: Day(int(match["day"]), _ROMAN[match["roman"]], int(match["year"])),
    ),
    # the 18th, Wednesday 18
    (rf"{_OPTIONAL_WEEKDAY}(?P<day>{DAY})", _build_day_alone),
    # March 2011, last November, January last year
    (
        rf"{_OPTIONAL_RELATION}(?:month of )?(?P<month>{MONTH})(?: |/|-)?(?P<year>(?<=[ /-]){_YEAR})?",
        lambda match: Month(MONTHS[match["month"]], _year(match["year"]), _relation(match)),
    ),
    (r"(?:year )?(?P<year>\d{4}|'\d\d)(?: ad| ce)?", lambda match: _one_year(_year(match["year"]))),
    (r"(?P<first>\d{4})[-/](?P<last>\d{4}|\d\d)", _build_year_pair),
    (r"(?P<month>0?[1-9]|1[0-2])/(?P<year>\d{4})", lambda match: Month(int(match["month"]), int(match["year"]))),
    (rf"(?P<decade>{'|'.join(_DECADES)})", lambda match: Years(_DECADES[match["decade"]], 10)),
    (r"'?(?P<decade>\d\d0|[2-9]0|\d{3}0)s", _build_decade),
    (rf"(?P<ordinal>{DAY}) century(?P<era> bce?)?(?: ad| ce)?", _build_century),
    (
        rf"{_OPTIONAL_RELATION}(?P<season>{SEASON})(?:(?: of)? (?P<year>{_YEAR}))?(?:[-/]\d\d(?:\d\d)?)?",
        _build_season,
    ),
    (rf"(?P<number>{DAY}|final|last) quarter(?:(?: of)? (?:(?P<year>{_YEAR})|the year))?", _build_quarter),
    (
        rf"q(?P<number>[1-4])(?:(?: of)? ?(?P<year>{_YEAR}))?|",
        lambda match: _build_quarter(match) if match[0] else None,
    ),
    (r"(?:fy ?\d\d(?:\d\d)?|.*\b(?:fiscal|financial) year.*)", lambda match: Unread(FISCAL)),
    # yesterday, today
    (r"(?:this|present|current) day|today", lambda match: Counted("day", 0)),
    (r"yesterday|last day", lambda match: Counted("day", -1)),
    (r"tomorrow", lambda match: Counted("day", 1)),
    (r"day before yesterday", lambda match: Counted("day", -2)),
    (r"day after tomorrow", lambda match: Counted("day", 2)),
    (r"next day", lambda match: Counted("day", 1, from_text=True)),
    # this week, the previous month, weekend
    (rf"(?P<relation>{_RELATION}) (?P<unit>(?!night|evening)(?:{_UNIT}))", _build_calendar),
    (r"(?P<relation>(?!))?(?P<unit>weekend)", _build_calendar),
    (
        r"(?P<unit>week|weekend|month|year) before last",
        lambda match: Calendar(UNITS[match["unit"]][0], "last", 2),
    ),
    (
        r"(?:this|the same) time last (?P<unit>week|month|year)|(?P<long>year) ago this month",
        lambda match: Counted("month", -12) if "year" in match[0] else Counted(UNITS[match["unit"]][0], -1),
    ),
    # two weeks ago, a month later
    (
        rf"(?:(?:about|around|some|nearly|almost|roughly|just|only|exactly|more than|over) )*"
        rf"(?:(?P<vague>several|few|a few|many|some|recent) |(?P<number>{NUMBER}) |)(?:or so )?(?:a )?"
        rf"(?P<unit>{_UNIT})s? (?:or so )?(?P<counter>{_COUNTERS})(?: that)?",
        _build_counted,
    ),
    (r"half a year (?P<counter>ago|later|earlier)", lambda match: _months(6, match["counter"])),
    (r"(?:a )?year and a half (?P<counter>ago|later|earlier)", lambda match: _months(18, match["counter"])),
    (rf"(?:(?P<number>{NUMBER}) )?weeks? ago (?:on |last )?(?P<weekday>{WEEKDAY})", _build_weeks_ago),
    # Tuesday, last Tuesday, Saturday last, Friday of last week
    (
        rf"{_OPTIONAL_RELATION}(?P<weekday>{WEEKDAY})(?P<after> (?:last|past)(?! week))?"
        rf"(?:(?: of)? (?P<week>{_RELATION}) week)?",
        _build_weekday,
    ),
    (
        rf"(?P<number>{NUMBER}) (?P<weekday>{WEEKDAY})s ago",
        lambda match: Weekday(WEEKDAYS[match["weekday"]], back=number_of(match["number"])),
    ),
    (
        rf"(?:(?:{WEEKDAY}) )?{_OPTIONAL_RELATION}(?:(?P<day>{DAY})(?: day)?(?: of)? )?"
        rf"(?:(?:holy |fasting )?month of )?(?P<holy>{_HOLY_MONTH})"
        rf"(?: (?P<year>{_YEAR}))?(?P<era> (?:ah|h))?",
        _build_islamic,
    ),
)


def _months(number: int, counter: str) -> Counted:
    return Counted("month", number if counter == "later" else -number, from_text=counter != "ago")


def _one_year(year: YearWord) -> Form | None:
    return Years(year) if isinstance(year, int) else None


_FEAST = re.compile(rf"{_OPTIONAL_RELATION}(?P<name>.+?)(?P<eve> eve)?(?: (?P<year>{_YEAR}))?")


def _feast(phrase: str) -> Form | None:
    match = _FEAST.fullmatch(phrase.replace(".", " "))
    if match is None:
        return None
    year, relation = _year(match["year"]), _relation(match)
    for name, eve in ((f"{match['name']}{match['eve'] or ''}", False), (match["name"], bool(match["eve"]))):
        found = feast(name)
        if found is not None:
            return Unread(found) if isinstance(found, str) else FeastDay(name, year, relation, eve)
    if match["name"] == "new year weekend":
        return Calendar("weekend")
    return None

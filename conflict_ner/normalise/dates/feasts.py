"""Feasts: on which days Christmas, Easter, Nowruz, Eid al-Fitr or Yom Kippur fall in a year.

Rules of our own, since they are few: fixed days, Easter and what is counted from it, days of the Islamic and of the
Hebrew calendar. A day that differs from country to country (`Independence Day`), or that hangs on a calendar that is
not reckoned here (`Diwali`), has no rule but a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from conflict_ner.normalise.dates.calendars import (
    Days,
    day_of,
    easter,
    hebrew_new_year,
    islamic_month,
    islamic_year_of,
    orthodox_easter,
)

BY_THE_MOON = (
    "Islamic months begin when the moon is seen: the days are reckoned and may have been kept one day earlier or later"
)
BY_COUNTRY = "this day is kept on other dates in other countries, and the country is not known"
_NOT_RECKONED = "this feast follows a calendar that is not reckoned here"
_EQUINOX = "Nowruz is the spring's equinox: in some years it was kept on 20 March"

# What no rule finds is told why.
Rule = Callable[[int], tuple[Days, ...]]


@dataclass(frozen=True)
class Feast:
    """A day, or a few, of each year.

    Attributes:
        rule: the feast's days that begin in a Gregorian year: mostly one, of an Islamic feast none, one or two.
        doubt: what a reader should know of the days found.
    """

    rule: Rule
    doubt: str | None = None


def _fixed(month: int, day: int, days: int = 1) -> Feast:
    return Feast(lambda year: (day_of(date(year, month, day), days),))


def _from_easter(shift: int, days: int = 1, orthodox: bool = False) -> Feast:
    sunday = orthodox_easter if orthodox else easter
    return Feast(lambda year: (day_of(sunday(year) + timedelta(days=shift), days),))


def _nth_weekday(month: int, weekday: int, number: int) -> Feast:
    def rule(year: int) -> tuple[Days, ...]:
        first = date(year, month, 1)
        return (day_of(first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))),)

    return Feast(rule)


def _islamic(month: int, day: int, days: int = 1) -> Feast:
    return Feast(lambda year: tuple(islamic_days(year, month, day, days)), BY_THE_MOON)


def _hebrew(shift: int, days: int = 1, spring: bool = False) -> Feast:
    """Return a feast so many days after the Hebrew new year of a year's autumn, or, of spring feasts, before it."""

    def rule(year: int) -> tuple[Days, ...]:
        new_year = hebrew_new_year(year + 3761)
        return (day_of(new_year + timedelta(days=-shift if spring else shift), days),)

    return Feast(rule)


def islamic_days(year: int, month: int, day: int | None = None, days: int = 1) -> Sequence[Days]:
    """Return a day of the Islamic calendar, or its whole month, as often as it begins in a Gregorian year."""
    first = islamic_year_of(date(year, 1, 1))
    found = []
    for islamic_year in range(first - 1, first + 3):
        whole = islamic_month(islamic_year, month)
        begun = whole if day is None else day_of(whole.start + timedelta(days=day - 1), days)
        if begun.start.year == year:
            found.append(begun)
    return found


_EID_AL_FITR = _islamic(10, 1, days=3)
_EID_AL_ADHA = _islamic(12, 10, days=4)


def _either_eid(year: int) -> tuple[Days, ...]:
    return tuple(sorted(_EID_AL_FITR.rule(year) + _EID_AL_ADHA.rule(year)))


# Names are looked up without signs and apostrophes: `new years day`, `eid al fitr`.
_FEASTS: tuple[tuple[str, Feast | str], ...] = (
    (r"new years?(?: day)?", _fixed(1, 1)),
    (r"new years? eve", _fixed(12, 31)),
    (r"epiphany", _fixed(1, 6)),
    (r"(?:orthodox|coptic|russian|ethiopian) christmas(?: day)?|genn?a", _fixed(1, 7)),
    (r"(?:orthodox|coptic|russian|ethiopian) christmas eve|genn?a eve", _fixed(1, 6)),
    (r"timkat", _fixed(1, 19)),
    (r"(?:saint |st )?valentines day", _fixed(2, 14)),
    (r"(?:international )?womens day", _fixed(3, 8)),
    (r"(?:saint |st )?patricks day", _fixed(3, 17)),
    (r"(?:nowruz|newroz|nawruz|nauroz|navruz|nevruz|norouz|persian new year)", Feast(_fixed(3, 21).rule, _EQUINOX)),
    (r"april fools day", _fixed(4, 1)),
    (r"(?:thingyan|songkran)", _fixed(4, 13, 3)),
    (r"anzac day", _fixed(4, 25)),
    (r"(?:may|labour|workers|international workers|maharashtra) day", _fixed(5, 1)),
    (r"nakba day", _fixed(5, 15)),
    (r"juneteenth", _fixed(6, 19)),
    (r"bastille day", _fixed(7, 14)),
    (r"assumption(?: day)?", _fixed(8, 15)),
    (r"victory and homeland thanksgiving day", _fixed(8, 5)),
    (r"enkutatash", _fixed(9, 11)),
    (r"meskel", _fixed(9, 27)),
    (r"hallowe?en", _fixed(10, 31)),
    (r"all saints(?: day)?", _fixed(11, 1)),
    (r"all souls(?: day)?|(?:the )?day of the dead", _fixed(11, 2)),
    (r"(?:armistice|remembrance|veterans) day", _fixed(11, 11)),
    (r"human rights day", _fixed(12, 10)),
    (r"christmas eve", _fixed(12, 24)),
    (r"christmas(?: day)?|xmas", _fixed(12, 25)),
    (r"boxing day|(?:saint |st )?stephens day", _fixed(12, 26)),
    (r"ash wednesday", _from_easter(-46)),
    (r"palm sunday", _from_easter(-7)),
    (r"(?:holy week|semana santa)", _from_easter(-7, days=7)),
    (r"maundy thursday|holy thursday", _from_easter(-3)),
    (r"(?:orthodox|coptic) good friday", _from_easter(-2, orthodox=True)),
    (r"good friday", _from_easter(-2)),
    (r"(?:easter|holy) saturday|easter eve", _from_easter(-1)),
    (r"(?:orthodox|coptic) easter(?: sunday)?", _from_easter(0, orthodox=True)),
    (r"easter(?: sunday| day)?", _from_easter(0)),
    (r"easter weekend", _from_easter(-2, days=4)),
    (r"(?:orthodox|coptic) easter monday", _from_easter(1, orthodox=True)),
    (r"easter monday", _from_easter(1)),
    (r"easter week", _from_easter(0, days=7)),
    (r"ascension(?: day)?", _from_easter(39)),
    (r"pentecost|whit sunday", _from_easter(49)),
    (r"whit monday", _from_easter(50)),
    (r"thanksgiving(?: day)?", _nth_weekday(11, 3, 4)),
    (r"labor day", _nth_weekday(9, 0, 1)),
    (r"(?:islamic|hijri|muslim) new year", _islamic(1, 1)),
    (r"(?:ashura|ashoura|ashoora|ashur)(?: day)?", _islamic(1, 10)),
    (r"(?:arbaeen|arbain)", _islamic(2, 20)),
    (r"(?:mawlid|mouloud|milad)(?: al nabi| un nabi)?|(?:the )?prophets birthday", _islamic(3, 12)),
    (r"(?:laylat al qadr|shab e qadr)", _islamic(9, 27)),
    (r"(?:e?id|aid|idul|hari raya|lebaran)(?: ?(?:al|el|ul|ur))?[ -]?(?:fit[rh]i?|fitri|sagh?ir|seghir)", _EID_AL_FITR),
    (r"(?:korite|lebaran|sallah|ramazan bayrami?|uraza bayram)", _EID_AL_FITR),
    (
        r"(?:e?id|aid|idul|hari raya)(?: ?(?:al|el|ul|ud|uz))?[ -]?(?:[az]d?z?ha|adha|azha|kabir|kebir|zuha|haji)",
        _EID_AL_ADHA,
    ),
    (r"(?:tabaski|bakr(?:i )?eid|bakrid|kurban bayrami?|feast of (?:the )?sacrifice)", _EID_AL_ADHA),
    (r"(?:e?id|aid)(?: (?:day|holidays?|week))?", Feast(_either_eid, BY_THE_MOON)),
    (r"hajj", _islamic(12, 8, days=6)),
    (r"rosh hashanah?", _hebrew(0, days=2)),
    (r"yom kippur", _hebrew(9)),
    (r"sukkot", _hebrew(14, days=7)),
    (r"simchat torah|shemini atzeret", _hebrew(21)),
    (r"(?:passover|pesach)", _hebrew(163, days=7, spring=True)),
    (r"purim", _hebrew(193, spring=True)),
    (r"shavuot", _hebrew(113, spring=True)),
    (
        r"(?:diwali|deepavali|holi|dussehra|durga puja|vesakh?|loy krathong|losar|tet|ganesh chaturthi|mahashivratri"
        r"|(?:chinese|lunar|tibetan) new year|navratri|ugadi|baisakhi|vaisakhi|hanukkah|tisha bav|lent|advent)",
        _NOT_RECKONED,
    ),
    (
        r"(?:independence|republic|victory|national|army|liberation|revolution|martyrs|constitution|democracy|unity"
        r"|foundation|memorial|flag|heroes|mothers|fathers|childrens|election|armed forces|defence|navy|state"
        r"|teachers|police|youth) day",
        BY_COUNTRY,
    ),
)
_COMPILED = tuple((re.compile(pattern), feast) for pattern, feast in _FEASTS)
ISLAMIC_MONTHS = (
    r"muh?arram",
    r"safar",
    r"rabi(?: ?(?:al|ul|i|u))?[ -]?(?:awwal|awal|ula|1|i)",
    r"rabi(?: ?(?:al|ul|us|ath))?[ -]?(?:thani|sani|akhir|2|ii)",
    r"jum[ao]da(?: ?(?:al|ul|i))?[ -]?(?:awwal|awal|ula|ola|1|i)",
    r"jum[ao]da(?: ?(?:al|ul|us|ath))?[ -]?(?:thani|sani|akhira?h?|2|ii)",
    r"rajab",
    r"sha ?a?ban",
    r"ram[ae]?[dz]h?a?n",
    r"shaw+al",
    r"(?:dh?u|zu|dhi|zi)(?: ?a?l)?[ -]?[qk]a+d+ah?",
    r"(?:dh?u|zu|dhi|zi)(?: ?a?l)?[ -]?hij+ah?",
)
_ISLAMIC_MONTH = tuple(re.compile(pattern) for pattern in ISLAMIC_MONTHS)


def feast(name: str) -> Feast | str | None:
    """Return the feast of a plain lower-case name, the reason why it has no rule, or None where it is no feast."""
    for pattern, found in _COMPILED:
        if pattern.fullmatch(name):
            return found
    return None


def islamic_month_number(name: str) -> int | None:
    """Return the number, from 1, of an Islamic month's plain lower-case name."""
    for number, pattern in enumerate(_ISLAMIC_MONTH, start=1):
        if pattern.fullmatch(name):
            return number
    return None

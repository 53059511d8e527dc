"""Calendars: weeks, months, seasons and years as days, and the moons and Easters that feasts are reckoned from.

All is arithmetic and needs no table. Sources: Easter by the anonymous Gregorian computus (Meeus 1991, ch. 8); the
Hebrew calendar by its molad rules (Reingold and Dershowitz, Calendrical Calculations, ch. 8); new moons by the first
terms of Meeus, ch. 49, which err by minutes.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

SeasonName = Literal["spring", "summer", "autumn", "winter"]
FIRST_MONTH: dict[SeasonName, int] = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
SATURDAY = 5


class Days(NamedTuple):
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date


def day_of(day: date, number: int = 1) -> Days:
    """Return `number` days from a day on."""
    return Days(day, day + timedelta(days=number))


def week_of(day: date) -> Days:
    """Return the calendar week of a day, Monday to Sunday."""
    return day_of(day - timedelta(days=day.weekday()), 7)


def weekend_before(day: date) -> Days:
    """Return the last Saturday and Sunday that began on or before a day."""
    return day_of(weekday_before(day, SATURDAY), 2)


def weekday_before(day: date, weekday: int) -> date:
    """Return the last such weekday (Monday is 0) on or before a day."""
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def weekday_after(day: date, weekday: int) -> date:
    """Return the first such weekday after a day."""
    return day + timedelta(days=(weekday - day.weekday() - 1) % 7 + 1)


def months_of(year: int, month: int, number: int = 1) -> Days:
    """Return `number` calendar months; a month beyond December is one of a later year, one below 1 of an earlier."""
    return Days(_first_of(year, month), _first_of(year, month + number))


def years_of(year: int, number: int = 1) -> Days:
    """Return `number` calendar years."""
    return Days(date(year, 1, 1), date(year + number, 1, 1))


def quarter_of(year: int, quarter: int) -> Days:
    """Return a quarter of a calendar year; the first is 1."""
    return months_of(year, 3 * quarter - 2, 3)


def season_of(year: int, season: SeasonName) -> Days:
    """Return a season of the northern half of the earth; a winter belongs to the year in which it begins."""
    return months_of(year, FIRST_MONTH[season], 3)


def month_shifted(day: date, months: int) -> Days:
    """Return the calendar month so many months after that of a day."""
    return months_of(day.year, day.month + months)


def _first_of(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def easter(year: int) -> date:
    """Return Easter Sunday of the western churches."""
    century, in_century = divmod(year, 100)
    cycle = year % 19
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * cycle + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (in_century // 4) - epact - in_century % 4) % 7
    late = (cycle + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def orthodox_easter(year: int) -> date:
    """Return Easter Sunday of the churches that reckon it by the Julian calendar, as a Gregorian day."""
    moon = (19 * (year % 19) + 15) % 30
    weekday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
    month, day = divmod(moon + weekday + 114, 31)
    return date(year, month, day + 1) + timedelta(days=year // 100 - year // 400 - 2)


# The new moon before Muharram of the year 1 is this many lunations before the first of January 2000's.
_LUNATIONS_BEFORE_2000 = 17037
# An Islamic month begins with the day after a new moon that comes before this share of the day (about ten hours UTC).
# Of 48 beginnings of Ramadan, Shawwal and the pilgrimage's feast that were announced in Mecca from 2010 to 2025, 43
# fall on the day so found, and five a day beside it.
_SIGHTED_FROM = 0.58


@lru_cache(maxsize=256)
def islamic_month(year: int, month: int) -> Days:
    """Return an Islamic month; since it begins with a sighting of the moon, it may have been kept a day beside."""
    lunation = 12 * (year - 1) + month - 1 - _LUNATIONS_BEFORE_2000
    return Days(_moon_sighted(lunation), _moon_sighted(lunation + 1))


def islamic_year_of(day: date) -> int:
    """Return the Islamic year in which a day lies, or the one beside it: years differ by where the moon was seen."""
    return math.floor((day.toordinal() - date(622, 7, 19).toordinal()) / 354.36707) + 1


def _moon_sighted(lunation: int) -> date:
    return date.fromordinal(math.floor(_new_moon(lunation) + _SIGHTED_FROM) + 1)


def _new_moon(lunation: int) -> float:
    """Return when a new moon is, as an ordinal day with its fraction (UTC); lunation 0 is that of January 2000."""
    julian_days_before_year_one = 1721424.5
    sun = math.radians(2.5534 + 29.10535670 * lunation)
    moon = math.radians(201.5643 + 385.81693528 * lunation)
    node = math.radians(160.7108 + 390.67050284 * lunation)
    mean = 2451550.09766 + 29.530588861 * lunation + 0.00015437 * (lunation / 1236.85) ** 2
    true = (
        -0.40720 * math.sin(moon)
        + 0.17241 * math.sin(sun)
        + 0.01608 * math.sin(2 * moon)
        + 0.01039 * math.sin(2 * node)
        + 0.00739 * math.sin(moon - sun)
        - 0.00514 * math.sin(moon + sun)
        + 0.00208 * math.sin(2 * sun)
    )
    return mean + true - julian_days_before_year_one


def hebrew_new_year(year: int) -> date:
    """Return the first of Tishri of a Hebrew year."""
    return date.fromordinal(_HEBREW_EPOCH + _hebrew_days(year) + _hebrew_delay(year))


_HEBREW_EPOCH = -1373427  # the ordinal day of the first of Tishri of the year 1


def _hebrew_days(year: int) -> int:
    months = (235 * year - 234) // 19
    parts = 12084 + 13753 * months
    days = 29 * months + parts // 25920
    return days + 1 if 3 * (days + 1) % 7 < 3 else days


def _hebrew_delay(year: int) -> int:
    before, this, after = _hebrew_days(year - 1), _hebrew_days(year), _hebrew_days(year + 1)
    if after - this == 356:
        return 2
    return 1 if this - before == 382 else 0

"""Feasts and months of the Islamic, Hebrew and Christian calendars."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.normalise.dates.calendars import easter, hebrew_new_year, islamic_month, orthodox_easter

# The days announced in Mecca for the first of Ramadan, of Shawwal, and the tenth of Dhu al-Hijjah.
ANNOUNCED = {
    1431: ("2010-08-11", "2010-09-10", "2010-11-16"),
    1434: ("2013-07-10", "2013-08-08", "2013-10-15"),
    1436: ("2015-06-18", "2015-07-17", "2015-09-24"),
    1438: ("2017-05-27", "2017-06-25", "2017-09-01"),
    1440: ("2019-05-06", "2019-06-04", "2019-08-11"),
    1442: ("2021-04-13", "2021-05-13", "2021-07-20"),
    1444: ("2023-03-23", "2023-04-21", "2023-06-28"),
    1446: ("2025-03-01", "2025-03-30", "2025-06-06"),
}


def test_the_islamic_calendar_is_a_day_from_what_was_announced_at_most() -> None:
    errors = []
    for year, days in ANNOUNCED.items():
        for (month, day), announced in zip(((9, 1), (10, 1), (12, 10)), days, strict=True):
            reckoned = islamic_month(year, month).start + timedelta(days=day - 1)
            errors.append(abs((reckoned - date.fromisoformat(announced)).days))
    assert max(errors) <= 1
    assert sum(errors) <= 4


@given(st.integers(1, 3000), st.integers(1, 12))
def test_islamic_months_follow_each_other(year: int, month: int) -> None:
    start, end = islamic_month(year, month)
    assert (end - start).days in {29, 30}
    following = islamic_month(year + month // 12, month % 12 + 1)
    assert following.start == end


def test_easter_and_the_hebrew_new_year() -> None:
    known = {2000: "2000-04-23", 2008: "2008-03-23", 2016: "2016-03-27", 2024: "2024-03-31"}
    assert {year: easter(year).isoformat() for year in known} == known
    eastern = {2000: "2000-04-30", 2016: "2016-05-01", 2024: "2024-05-05", 2025: "2025-04-20"}
    assert {year: orthodox_easter(year).isoformat() for year in eastern} == eastern
    hebrew = {5734: "1973-09-27", 5781: "2020-09-19", 5784: "2023-09-16"}
    assert {year: hebrew_new_year(year).isoformat() for year in hebrew} == hebrew

"""Date phrases: the words of a phrase read into its form, without looking at publication or text.

A phrase is made plain, its clock time and part of the day are taken off, and what is left is one of the patterns of
`patterns`, a layer around one (`late`, `first week of`), or two of these with `to` between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from conflict_ner.normalise.dates.forms import (
    Calendar,
    Day,
    Edge,
    Form,
    Month,
    PartOfDay,
    Piece,
    Range,
    Shifted,
    Unread,
)
from conflict_ner.normalise.dates.patterns import DAY, NO_DATE, UNITS, day_number, number_of, short_year, simple
from conflict_ner.normalise.dates.words import MONTH, MONTHS, NUMBER, WEEKDAY, WEEKDAYS, plain, trimmed, without_clock

LONGEST = 120  # characters; a longer phrase is no date
_DEEPEST = 4  # layers
_MOST_DASHES = 6  # at which one phrase is parted in two

_EDGES: dict[str, Edge] = {
    "early": "early", "beginning": "start", "start": "start", "opening": "start", "outset": "start", "turn": "start",
    "mid": "mid", "middle": "mid", "late": "late", "end": "end", "close": "end", "earlier": "earlier",
    "later": "later", "first half": "first_half", "second half": "second_half", "latter half": "second_half",
    "very early": "early", "very late": "late", "eve": "eve", "week": "week_of", "week beginning": "week_from",
    "week starting": "week_from", "week from": "week_from", "week ending": "week_until", "week to": "week_until",
    "week commencing": "week_from", "h1": "first_half", "h2": "second_half",
}  # fmt: skip
_EDGE = "|".join(sorted(_EDGES, key=lambda word: -len(word)))


@lru_cache(maxsize=4096)
def read_phrase(surface: str) -> Form:
    """Return the form of a date phrase; `Unread` where it has none that is known."""
    if len(surface) > LONGEST:
        return Unread(NO_DATE)
    phrase = plain(surface)
    grouped = _date_time_group(phrase)
    if grouped is not None:
        return PartOfDay(grouped)
    bare = without_clock(phrase)
    form = _layered(bare.words, _DEEPEST) or _range(bare.words)
    if form is None:
        return Unread(NO_DATE)
    return PartOfDay(form) if bare.has_part and not isinstance(form, Unread) else form


def _layered(phrase: str, depth: int) -> Form | None:
    """Read a phrase that may have layers around a simple one."""
    phrase = trimmed(phrase)
    if not phrase or depth == 0:
        return None
    form = simple(phrase)
    if form is not None:
        return form
    for pattern, build in _LAYERS:
        match = pattern.fullmatch(phrase)
        if match is None:
            continue
        alone = _PERIOD_ALONE.fullmatch(match["rest"])
        inner = _layered(match["rest"], depth - 1) if alone is None else Calendar(UNITS[alone["unit"]][0], "this")
        if inner is not None:
            return build(match, inner)
    return None


# Layers: an edge or a piece of a period.
def _build_edge(match: re.Match[str], inner: Form) -> Form:
    return inner if isinstance(inner, Unread) else Shifted(_EDGES[match["edge"]], inner)


def _build_edges(match: re.Match[str], inner: Form) -> Form:
    if isinstance(inner, Unread):
        return inner
    return Range(Shifted(_EDGES[match["edge"]], inner), Shifted(_EDGES[match["until"]], inner))


def _build_piece(match: re.Match[str], inner: Form) -> Form:
    if isinstance(inner, Unread):
        return inner
    place, number = match["place"], match["number"]
    if match["weekday"] is not None:
        return Piece(
            "day", 1, -1 if place in {"last", "final"} else day_number(place), inner, WEEKDAYS[match["weekday"]]
        )
    size = 3 if number in {"few", "couple of"} else number_of(number or "one")
    if number is None and match["plural"]:
        size = 7  # `first days of August`, like its start
    return Piece(UNITS[match["unit"]][0], size, -1 if place in {"last", "final"} else day_number(place), inner)


_LAYERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Form], Form]], ...] = (
    (
        re.compile(
            rf"(?P<place>last|final|{DAY}) (?:(?P<number>few|couple of|{NUMBER}) )?"
            rf"(?:(?P<unit>day|week|weekend|month|year)(?P<plural>s)?|(?P<weekday>{WEEKDAY})) (?:of|in) (?:the )?"
            r"(?P<rest>.+)"
        ),
        _build_piece,
    ),
    # mid to late August
    (re.compile(rf"(?P<edge>{_EDGE}) (?:to|and|or) (?P<until>{_EDGE}) (?P<rest>.+)"), _build_edges),
    (re.compile(rf"(?P<edge>{_EDGE})(?: part)?(?: of| in|)(?: the)? (?P<rest>.+)"), _build_edge),
    (
        re.compile(r"(?:all of|whole of|rest of|whole|course of|wake of|run up to)(?: the)? (?P<rest>.+)"),
        lambda _, inner: inner,
    ),
)


# Ranges.
_SEPARATORS = tuple(
    re.compile(pattern)
    for pattern in (
        r" (?:to|until|till|through|thru|into)(?: the)? ",
        r" and(?: the)? ",
        r"(?<=\d)(?:st|nd|rd|th)? ?[-/] ?(?=\d)",
        r" ?[-/&] ?",
        r" or ",
    )
)
_PERIOD_ALONE = re.compile(r"(?:the )?(?P<unit>week|month|year|decade)")


def _range(phrase: str) -> Form | None:
    phrase = phrase.removeprefix("week of ")  # week of Oct. 1-7
    for separator in _SEPARATORS:
        for match in islice(separator.finditer(phrase), _MOST_DASHES):
            first = _layered(phrase[: match.start()], _DEEPEST)
            last = _layered(phrase[match.end() :], _DEEPEST)
            if first is None or last is None or isinstance(first, Unread) or isinstance(last, Unread):
                continue
            first, last = _completed(first, last)
            return Range(first, last)
    return None


def _completed(first: Form, last: Form) -> tuple[Form, Form]:
    """Give the ends of a range the month and year that only one of them names: `8-10 May 2019`, `May 8 to 10`."""
    if isinstance(first, Day) and isinstance(last, Day):
        if first.month is None and last.month is not None:
            return replace(first, month=last.month, year=last.year), last
        if last.month is None and first.month is not None:
            return first, replace(last, month=first.month, year=first.year)
    if isinstance(first, Day | Month) and isinstance(last, Day | Month) and first.month and last.month:
        later = (first.month, getattr(first, "day", 0)) > (last.month, getattr(last, "day", 0))
        if first.year is None and isinstance(last.year, int):
            return replace(first, year=last.year - 1 if later and last.year > 0 else last.year), last
        if last.year is None and isinstance(first.year, int):
            return first, replace(last, year=first.year + 1 if later and first.year > 0 else first.year)
    return first, last


# A date-time group: day, hour and minute, zone letter, month, year (`121430B APR 18`).
_GROUP = re.compile(
    rf"(?:dtg )?(?P<day>[0-3]\d)(?:[0-2]\d[0-5]\d) ?[a-z]?(?: ?(?P<month>{MONTH}))? ?(?P<year>\d{{4}}|\d\d)?"
)


def _date_time_group(phrase: str) -> Day | None:
    match = _GROUP.fullmatch(phrase)
    if match is None or match["month"] is None:
        return None
    year = match["year"]
    number = None if year is None else int(year) if len(year) == 4 else short_year(year)
    return Day(int(match["day"]), MONTHS[match["month"]], number)

"""Date words: a phrase in plain letters, the names in it, and its clock time and part of the day taken off."""

from __future__ import annotations

import re
from typing import NamedTuple

from conflict_ner.normalise.dates.calendars import SeasonName

_MONTH_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
                "november", "december")  # fmt: skip
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SMALL = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
          "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")  # fmt: skip
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
             "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
             "nineteenth", "twentieth")  # fmt: skip

MONTHS: dict[str, int] = {
    form: number for number, name in enumerate(_MONTH_NAMES, start=1) for form in (name, name[:3])
} | {"sept": 9}
WEEKDAYS: dict[str, int] = {form: number for number, name in enumerate(_DAY_NAMES) for form in (name, name[:3])} | {
    "tues": 1,
    "weds": 2,
    "thur": 3,
    "thurs": 3,
}
SEASONS: dict[str, SeasonName] = {
    "spring": "spring",
    "springtime": "spring",
    "summer": "summer",
    "autumn": "autumn",
    "fall": "autumn",
    "winter": "winter",
}
NUMBERS: dict[str, int] = (
    {word: number for number, word in enumerate(_SMALL, start=1)}
    | {f"twenty {word}": 20 + number for number, word in enumerate(_SMALL[:9], start=1)}
    | {"a": 1, "an": 1, "a couple of": 2, "couple of": 2, "a dozen": 12, "thirty": 30, "forty": 40, "fifty": 50,
       "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "a hundred": 100}
)  # fmt: skip
ORDINALS: dict[str, int] = (
    {word: number for number, word in enumerate(_ORDINALS, start=1)}
    | {f"twenty {word}": 20 + number for number, word in enumerate(_ORDINALS[:9], start=1)}
    | {"thirtieth": 30, "thirty first": 31}
)


def alternatives(words: dict[str, int] | dict[str, SeasonName]) -> str:
    """Return a table's words as alternatives of an expression, the longest first."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


MONTH = alternatives(MONTHS)
WEEKDAY = alternatives(WEEKDAYS)
SEASON = alternatives(SEASONS)
NUMBER = rf"\d{{1,3}}|{alternatives(NUMBERS)}"
ORDINAL = alternatives(ORDINALS)
_NAME = rf"(?:{MONTH}|{WEEKDAY}|{SEASON})"

_SIGNS = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'", "\u00b4": "'"}
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys(',;"\u201c\u201d*_|[]{}', " ")
)
_PLAIN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"\([^()]*\)", " "),
        (r"[()]", " "),
        (r"\b([ap])\. ?m\b\.?", r"\1m"),
        (r"(?<=[a-z])\.|(?<=\d)\.(?=\s|$)", " "),
        (r"(?<!\w)'(?=\d\d(?:s|\b))", "#"),  # '99 and '90s, kept apart from 99 and 90s
        (r"'", ""),
        (r"#", "'"),
        (r"\b(mid|early|late|pre|post)-(?=\w)", r"\1 "),
        (rf"(?<=\d)-({MONTH})-(?=\d\d(?:\d\d)?\b)", r" \1 "),
        (rf"(?<=\d)({MONTH})(?=\d\d(?:\d\d)?\b)", r" \1 "),
        (rf"\b({_NAME}) ?- ?(?={_NAME}\b)", r"\1 to "),
        (r"(?<=[a-z])-(?=[a-z])", " "),
        (r"(?<=[a-z]) ?- ?(?=\d)|(?<=\d) ?- ?(?=[a-z])|(?<=\w) - (?=\w)", " to "),
        (r"\s+", " "),
        (r"\b(\d{1,2})(?: \d{1,2})+ (?:and|or|to) (?=\d{1,2}\b)", r"\1 to "),  # 15, 16 and 17 June
    )
)


def plain(surface: str) -> str:
    """Return a phrase in lower case, without apostrophes, brackets, commas and stops, with ` to ` for most dashes."""
    phrase = surface.translate(_SIGNS).casefold()
    for pattern, put in _PLAIN:
        phrase = pattern.sub(put, phrase)
    return phrase.strip(" -/:.")


class Bare(NamedTuple):
    """A phrase without its clock time and part of the day, and whether it had one."""

    words: str
    has_part: bool


_HOUR = rf"(?:{'|'.join(_SMALL[:12])})"
_ZONE = r"(?:hrs?|hours?|h|gmt|utc|bst|est|edt|cet|eet|local(?: time)?|z)"
_PART = (
    r"(?:(?:early |late |mid ?)?(?:mornings?|afternoons?|evenings?)|(?:late |mid ?)?night(?!s)|nightfall|noon(?:time)?"
    r"|mid ?day|mid ?night|pre ?dawn|dawn|dusk|daybreak|day ?light|sunrise|sunset|sundown|lunch ?time|first light"
    r"|last light|(?:early|small|wee|late|first|predawn) hours|overnight|siesta)"
)
_DAY_FOLLOWS = (
    r"(?= (?:on |of )?(?:the )?(?:(?:night|evening|morning|afternoon) of|today|yesterday|tomorrow"
    rf"|(?:(?:this|last|next|following|previous|same|that) )?(?:{WEEKDAY}|day)\b"
    rf"|\d\d?(?:st|nd|rd|th)? (?:of )?(?:{MONTH})|(?:{MONTH}) \d\d?\b|\d\d?(?:st|nd|rd|th)?$))"
)
# A relation and a part of a day are a day told by its relation: `next morning`, `last night`.
_RELATED_PART = re.compile(
    rf"\b(?P<relation>this|last|next|following|previous|preceding|same|that|yesterday|tomorrow) {_PART}(?: of)?(?!\w)"
)
_NIGHTS = (
    (re.compile(r"\bnight before last\b"), "day before yesterday"),
    (re.compile(r"\b(?:tonight|overnight tonight)\b"), "this day"),
    (re.compile(r"\b(?:night|evening|morning|afternoon) (?=(?:before|after|earlier|later)\b)"), "day "),
    (re.compile(r"\bnights of\b"), "night of"),
    (re.compile(r"\bnights (?=before|after|earlier|later|ago)"), "days "),
    (re.compile(rf"\b(today|yesterday|tomorrow) (?:{WEEKDAY})\b"), r"\1"),
    (re.compile(r"\b((?:day|week|month|year)s?) on$"), r"\1 later"),
)
_CLOCKS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b\d{{1,2}}(?:[:.h]\d\d){{0,2}} ?(?:am|pm)\b(?: {_ZONE}\b)*|\b12 noon\b",
        rf"\b(?:\d{{1,2}}[:.h]\d\d(?::\d\d)?|\d{{3,4}}) ?{_ZONE}\b(?: {_ZONE}\b)*",
        r"\b\d{1,2}:\d\d(?::\d\d)?z?\b|(?<=\d)t\d\d:?\d\d\S*",
        rf"^(?:\d{{1,2}}[.h]\d\d|\d{{4}}){_DAY_FOLLOWS}",
        r"^\d{1,2}\.\d\d (?=\d{1,2}\.\d{1,2})",
        r"(?<=day) (?:at )?\d{1,2}[.h]\d\d$|(?<=yesterday|.tomorrow) (?:at )?\d{1,2}[.h]\d\d$",
        r"(?:(?<=\d)|(?<=[a-z]{3}))(?: at| approx| about| around| circa| ca){1,2} \d{4}$",
        r"(?<=[a-z] \d{4}) (?:[01]?\d|2[0-3])$",  # `30 November 2024 15`, of which `:54` was cut off
        rf"\b(?:half past|half|(?:a )?quarter (?:past|to)|{_HOUR} minutes (?:past|to)) {_HOUR}\b(?: oclock)?",
        rf"\b{_HOUR} oclock\b",
        rf"^{_HOUR}(?= (?:this|in the|on|yesterday|tomorrow)\b)",
        rf"\bat (?:about |around |nearly |just after |just before )?{_HOUR}\b",
    )
)
_EARLY_OR_LATE = re.compile(rf"^(?:earlier|early|late|later|very early|very late)(?: in the day)?{_DAY_FOLLOWS}")
_PARTS = re.compile(rf"(?<!\w)(?:(?:on|in|at|by|from|before|after) )?(?:the )?{_PART}(?: (?:on|of|in|to|into))?(?!\w)")
_LEADING = re.compile(
    r"^(?:(?:on|of|in|at|by|to|and|from|between|since|during|until|till|around|about|approx|approximately|circa|ca"
    r"|through|throughout|for|before|after|the|just|only|local(?: time)?|gmt|utc|-|\.|/|:) )+"
)
_TRAILING = re.compile(
    r"(?: (?:on|of|in|at|to|and|the|from|around|about|approx|approximately|circa|local(?: time)?|gmt|utc|-))+$"
)


def without_clock(phrase: str) -> Bare:
    """Take the clock time and the part of the day off a plain phrase: `7 am on wednesday` is `wednesday`.

    `this morning` becomes `this day`, `night of 8 to 9 may` becomes `8 to 9 may`.
    """
    rest = _LEADING.sub("", phrase)
    for pattern, put in _NIGHTS:
        rest = pattern.sub(put, rest)
    rest = _RELATED_PART.sub(_day_of_part, rest)
    for clock in _CLOCKS:
        rest = clock.sub(" ", rest)
    rest = _EARLY_OR_LATE.sub("", trimmed(rest))
    rest = _PARTS.sub(" ", rest)
    rest = trimmed(rest)
    return Bare(rest, has_part=rest != trimmed(phrase))


def trimmed(phrase: str) -> str:
    """Return a plain phrase without the prepositions and articles at its ends."""
    tidy = " ".join(phrase.split()).strip(" -/:.")
    return _TRAILING.sub("", _LEADING.sub("", tidy + " ").strip()).strip()


def _day_of_part(match: re.Match[str]) -> str:
    relation = match["relation"]
    return relation if relation in {"yesterday", "tomorrow"} else f"{relation} day"

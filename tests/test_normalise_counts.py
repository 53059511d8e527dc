"""Counts: what a counting phrase says, and what it leaves open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.normalise.counts.numerals import TENS, UNITS, Amount, amounts, figure
from conflict_ner.normalise.counts.phrases import ACLED, LOWER_BOUND, VAGUE_PRESETS, read_count

GOLD = Path(__file__).parent / "data" / "normalise" / "counts-open.jsonl"

EXACT = {
    "12": 12,
    "02": 2,
    "117": 117,
    "1,208": 1_208,
    "215,000": 215_000,
    "2,50,000": 250_000,
    "1 000": 1_000,
    "1.500": 1_500,
    "٢٠": 20,
    "Fifty-one": 51,
    "thirty two": 32,
    "Two hundred and seventy-six": 276,
    "three hundred twenty": 320,
    "twelve hundred": 1_200,
    "two hundred and fifty-six thousand": 256_000,
    "half a million": 500_000,
    "a quarter of a million": 250_000,
    "1.2 million": 1_200_000,
    "2,5 lakh": 250_000,
    "2.5 lakhs": 250_000,
    "3 crore": 30_000_000,
    "1 crore 20 lakh": 12_000_000,
    "10k": 10_000,
    "a million and a half": 1_500_000,
    "two and a half thousand": 2_500,
    "a": 1,
    "An": 1,
    "One (1)": 1,
    "a dozen": 12,
    "half a dozen": 6,
    "half-dozen": 6,
    "three dozen": 36,
    "a couple": 2,
    "a couple of dozen": 24,
    "a pair": 2,
    "a score": 20,
    "hundred": 100,
    "fourty": 40,
    "ninteen": 19,
    "two hunderd": 200,
    "20 soldiers": 20,
}
AT_LEAST = {
    "at least 12": 12,
    "atleast 5": 5,
    "More than 30": 30,
    "more then 30": 30,
    "over a thousand": 1_000,
    "well over 100,000": 100_000,
    "no fewer than 145": 145,
    "not less than thirty": 30,
    "upwards of 200": 200,
    "in excess of 4,000": 4_000,
    "60+": 60,
    "a dozen+": 12,
    "30-plus": 30,
    "sixty or more": 60,
    "about 20 or more": 20,
    "at least half a million": 500_000,
    "at least a score": 20,
    "more than a dozen": 12,
    "more than hundred": 100,
    "at least 20-25": 20,
    "> 30": 30,
}
AT_MOST = {
    "up to 20": 20,
    "as many as six": 6,
    "as many as half a million": 500_000,
    "no more than 20": 20,
    "not more then 20": 20,
    "at most 5": 5,
    "fewer than a dozen": 12,
    "just under 40": 40,
    "30 or fewer": 30,
    "up to 20 or 25": 25,
}
ABOUT = {
    "about 60": 60,
    "some 410": 410,
    "nearly a thousand": 1_000,
    "almost 1,000": 1_000,
    "close to 100": 100,
    "estimated thirty": 30,
    "an estimated 1.3 million": 1_300_000,
    "a dozen or so": 12,
    "forty-odd": 40,
    "three hundred-odd": 300,
    "fifty-something": 50,
    "perhaps two thousand": 2_000,
    "~40": 40,
    "c. 40": 40,
}
RANGES = {
    "20-25": (20, 25),
    "103 – 138": (103, 138),
    "120-30": (120, 130),
    "two to three": (2, 3),
    "seven or eight": (7, 8),
    "nine to 47": (9, 47),
    "between 10 and 15": (10, 15),
    "between one hundred and twenty and two hundred": (120, 200),
    "thirty to fifty thousand": (30_000, 50_000),
    "10 to 15 thousand": (10_000, 15_000),
    "two or three dozen": (24, 36),
    "50 to 130": (50, 130),
    "more than 30 but fewer than 40": (30, 40),
    "12, possibly 20": (12, 20),
}
VAGUE = {
    "dozens": (24, 12),
    "scores": (40, 20),
    "hundreds": (200, 100),
    "tens": (20, 10),
    "thousands": (2_000, 1_000),
    "tens of thousands": (20_000, 10_000),
    "hundreds upon hundreds": (200, 100),
    "several": (3, 3),
    "many": (3, 10),
    "a few": (3, 3),
    "a handful": (3, 3),
    "several dozen": (36, 36),
    "a few hundred": (300, 300),
    "many thousands": (3_000, 3_000),
    "at least dozens": (24, 12),
    "tens, perhaps hundreds": (20, 10),
    "an unknown number": (1, 3),
    "unk no.": (1, 3),
    "a large number": (3, 10),
}
UNREADABLE = (
    "",
    "as many",
    "the same number",
    "two-thirds",
    "a third",
    "20%",
    "5 per cent",
    "12.5",
    "one (2)",
    "soldiers",
    "15 dead and 20 wounded",
    "9" * 5000,
)


def bounds(surface: str) -> tuple[int | None, int | None, int | None, str]:
    count = read_count(surface)
    assert count is not None, surface
    return count.low, count.best, count.high, count.modality


@pytest.mark.parametrize(("surface", "number"), EXACT.items())
def test_a_figure_is_that_number(surface: str, number: int) -> None:
    assert bounds(surface) == (number, number, number, "exact")


@pytest.mark.parametrize(("surface", "number"), AT_LEAST.items())
def test_a_floor_is_open_above(surface: str, number: int) -> None:
    assert bounds(surface) == (number, number, None, "at_least")


@pytest.mark.parametrize(("surface", "number"), AT_MOST.items())
def test_a_ceiling_is_open_below(surface: str, number: int) -> None:
    assert bounds(surface) == (None, number, number, "at_most")


@pytest.mark.parametrize(("surface", "number"), ABOUT.items())
def test_an_estimate_is_its_figure(surface: str, number: int) -> None:
    assert bounds(surface) == (number, number, number, "about")


@pytest.mark.parametrize(("surface", "ends"), RANGES.items())
def test_a_range_is_about_and_its_lower_end_the_best(surface: str, ends: tuple[int, int]) -> None:
    assert bounds(surface) == (ends[0], ends[0], ends[1], "about")


@pytest.mark.parametrize(("surface", "lows"), VAGUE.items())
def test_a_vague_word_has_a_lower_bound_alone(surface: str, lows: tuple[int, int]) -> None:
    assert bounds(surface) == (lows[0], None, None, "vague")


@pytest.mark.parametrize(("surface", "lows"), VAGUE.items())
def test_the_acled_preset_counts_vague_words(surface: str, lows: tuple[int, int]) -> None:
    count = read_count(surface, ACLED)
    assert count is not None
    assert (count.low, count.best, count.modality) == (lows[1], lows[1], "vague")


def test_a_preset_changes_no_figure() -> None:
    for surface in (*EXACT, *AT_LEAST, *AT_MOST, *ABOUT, *RANGES):
        assert read_count(surface, ACLED) == read_count(surface, LOWER_BOUND)


def test_a_vague_ceiling_has_no_lower_bound() -> None:
    count = read_count("up to several dozen")
    assert count is not None
    assert (count.low, count.best, count.high) == (None, None, None)


def test_the_presets_have_names() -> None:
    assert VAGUE_PRESETS["acled"] is ACLED
    assert VAGUE_PRESETS["lower_bound"] is LOWER_BOUND


@pytest.mark.parametrize("surface", UNREADABLE)
def test_what_is_no_number_is_not_guessed(surface: str) -> None:
    assert read_count(surface) is None


@pytest.mark.parametrize("quote", ["“{}”", "'{}'", "({})", " {}\n", "{},"])
def test_signs_around_a_count_change_nothing(quote: str) -> None:
    for surface in ("at least 12", "dozens", "2,5 lakh", "fifty-one"):
        assert read_count(quote.format(surface)) == read_count(surface)


def test_case_changes_nothing() -> None:
    for surface in (*EXACT, *AT_LEAST, *AT_MOST, *ABOUT, *RANGES, *VAGUE):
        assert read_count(surface.upper()) == read_count(surface.lower())


def test_an_article_counts_only_where_nothing_else_does() -> None:
    assert amounts("an estimated 300") == ["a", "estimated", Amount(300)]
    assert amounts("a") == [Amount(1)]


@pytest.mark.parametrize(
    ("raw", "scaled", "value"),
    [("1,208", False, 1208), ("1.2", False, None), ("1.5", True, 1.5), ("2,5", True, 2.5), ("100,00", False, None)],
)
def test_a_figure_has_decimals_only_before_a_scale(raw: str, scaled: bool, value: float | None) -> None:
    assert figure(raw, scaled=scaled) == value


WORDS = st.sampled_from(
    [
        *(
            "at",
            "least",
            "most",
            "more",
            "than",
            "up",
            "to",
            "between",
            "and",
            "or",
            "about",
            "nearly",
            "a",
            "an",
            "of",
        ),
        *("half", "dozen", "dozens", "score", "hundred", "hundreds", "thousand", "million", "lakh", "two", "three"),
        *(
            "twenty",
            "several",
            "few",
            "many",
            "unknown",
            "number",
            "as",
            "some",
            "-",
            "–",
            ",",
            "(",
            ")",
            "+",
            "%",
            ".",
        ),
        *("12", "1,200", "1.5"),
    ]
)


@given(st.one_of(st.text(), st.lists(WORDS, max_size=8).map(" ".join)))
def test_any_text_gives_ordered_bounds_or_nothing(surface: str) -> None:
    for preset in VAGUE_PRESETS.values():
        count = read_count(surface, preset)
        if count is not None:
            told = [bound for bound in (count.low, count.best, count.high) if bound is not None]
            assert told == sorted(told)
            assert all(bound >= 0 for bound in told)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_written_figure_is_read_back(number: int) -> None:
    for surface in (str(number), f"{number:,}"):
        assert bounds(surface) == (number, number, number, "exact")


@given(st.integers(min_value=1, max_value=99), st.integers(min_value=1, max_value=999))
def test_words_are_read_back(thousands: int, rest: int) -> None:
    surface = f"{in_words(thousands)} thousand {'and ' if rest < 100 else ''}{in_words(rest)}"
    number = thousands * 1000 + rest
    assert bounds(surface) == (number, number, number, "exact")


def in_words(number: int) -> str:
    small, tens = list(UNITS), list(TENS)
    if number >= 100:
        rest = f" and {in_words(number % 100)}" if number % 100 else ""
        return f"{small[number // 100 - 1]} hundred{rest}"
    if number < 20:
        return small[number - 1]
    return tens[number // 10 - 2] + (f"-{small[number % 10 - 1]}" if number % 10 else "")


def test_the_open_gold_is_read_right() -> None:
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    wrong = []
    for row in rows:
        count, gold = read_count(row["surface"]), row["gold"]
        if count is None or any(getattr(count, name) != gold[name] for name in ("low", "best", "high", "modality")):
            wrong.append((row["surface"], count))
    assert len(rows) == 90
    assert not wrong

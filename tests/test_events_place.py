"""Events: which place, which day and which row is the one that a reader would take."""

from __future__ import annotations

import datetime

import pytest

from tests.marked_events import events, only

MARCH = [datetime.date(2015, 3, day) for day in range(1, 32)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[Rebels|G]] killed [[12|k]] people near the [[Turkish border|P]] in the [[Idlib|P]] area.", "Idlib"),
        ("A bomb in the [[Samed building|P]] in [[Idlib|P]] killed [[12|k]] people.", "Idlib"),
        ("[[Rebels|G]] attacked from [[Saraqib|P]] towards [[Idlib|P]], killing [[12|k]] people.", "Idlib"),
        ("They had fled from [[Idlib|P]]. [[Troops|G]] killed [[12|k]] people, they said.", "Idlib"),
        ("[[Gunmen|G]] invaded [[Idlib|P]], killing [[12|k]] people.", "Idlib"),
    ],
)
def test_the_place_is_where_it_happened(text: str, place: str) -> None:
    slot = only(text).place
    assert slot is not None
    assert slot.evidence.surface == place


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("[[Gunmen|G]] killed [[four|k]] people in [[Idlib|P]] before [[daybreak Sunday|D]].", MARCH[28]),
        ("[[Rebels|G]] held [[44|c]] men on [[Friday|D]], a day after overrunning a post near [[Idlib|P]].", MARCH[25]),
        ("[[Idlib|P]] fell before lunch. Shops closed. That was [[Friday|D]].", MARCH[26]),
        ("By [[midday on Friday|D]] [[Idlib|P]] was lost to the [[rebels|G]].", MARCH[26]),
    ],
)
def test_the_day_is_when_it_happened(text: str, day: datetime.date) -> None:
    slot = only(text).date
    assert slot is not None
    assert slot.interval.start == day


def test_a_headline_told_again_is_the_main_event_of_many() -> None:
    told = "".join(f"\n\n[[{word}|k]] people were killed in [[{place}|P]]." for word, place in _OTHERS)
    found = events(f"Bomb in [[Idlib|P]] kills [[17|k]]\n\nA bomb in [[Idlib|P]] killed [[17|k]] people.{told}")
    assert found.main == found.rows[0].id


def test_a_text_that_comes_to_an_event_at_its_end_is_about_something_else() -> None:
    found = events("[[ISIL|G]] has many names. " * 9 + "\n\n[[Twelve|k]] people were shot dead in [[Idlib|P]].")
    assert (len(found.rows), found.main) == (1, None)


def test_the_act_of_an_area_and_the_count_below_it_are_one_event() -> None:
    row = only(
        "[[Gunmen|G]] attacked villages in [[Idlib province|P]].\n\n[[12|k]] people were killed in [[Tal Gharib|P]]."
    )
    assert row.killed is not None
    assert row.killed.best == 12


@pytest.mark.parametrize(
    ("text", "place"),
    [
        # What the text opens with, before what is told below.
        (
            "Shells fell on [[Saraqib|P]] and people fled. Some slept in fields.\n\n[[Two|k]] died, they said.",
            "Saraqib",
        ),
        # The smaller place before the country.
        ("[[Rebels|G]] in [[Syria|P]] attacked. They stormed [[Idlib|P]], killing [[12|k]] people.", "Idlib"),
    ],
)
def test_the_main_event_is_where_most_speaks_for(text: str, place: str) -> None:
    found = events(text)
    slot = next(row for row in found.rows if row.id == found.main).place
    assert slot is not None
    assert slot.evidence.surface == place


def test_the_places_of_one_clause_are_told_apart_by_its_words() -> None:
    slot = only("[[Rebels|G]] near the [[Samed building|P]] in [[Idlib|P]] killed [[12|k]] people.").place
    assert slot is not None
    assert slot.evidence.surface == "Idlib"


_OTHERS = [("Three", "Raqqa"), ("Four", "Aleppo"), ("Five", "Homs"), ("Six", "Hama")]

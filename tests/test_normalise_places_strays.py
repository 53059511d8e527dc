"""Places abroad: what only its name speaks for is not linked, and what further_places.tsv adds is."""

from __future__ import annotations

import pytest

from conflict_ner.normalise.country import document_countries
from conflict_ner.normalise.places.facts import place_facts
from tests.marked_groups import document


def linked(marked: str) -> dict[str, tuple[str, str] | None]:
    """Return name and country of what each marked place is linked to."""
    story = document(marked)
    facts = place_facts(story, document_countries(story))
    return {fact.surface: (fact.place.name, fact.place.country) if fact.place else None for fact in facts}


@pytest.mark.parametrize(
    ("stray", "text"),
    [
        ("Old Bridge", "[[Monrovia|P]], [[Liberia|P]]: militias hold the [[Old Bridge|P]]."),
        ("Klecka", "[[Pristina|P]], [[Kosovo|P]]: the lime kiln of [[Klecka|P]] was shown in [[Belgrade|P]]."),
        ("Fajardo province", "[[Lima|P]], [[Peru|P]]: patrols left for [[Fajardo province|P]]."),
    ],
)
def test_what_only_its_name_speaks_for_is_not_linked(stray: str, text: str) -> None:
    assert linked(text)[stray] is None


def test_a_city_and_a_capital_are_meant_wherever_a_text_plays() -> None:
    found = linked("[[Khartoum|P]], [[Sudan|P]]: pilgrims left [[Omdurman|P]] for [[Mecca|P]], envoys for [[Doha|P]].")
    assert (found["Mecca"], found["Doha"]) == (("Makkah", "SA"), ("Doha", "QA"))


@pytest.mark.parametrize(
    ("name", "text", "country"),
    [
        ("Pibor", "[[Juba|P]], [[South Sudan|P]]: raiders left [[Pibor|P]].", "SS"),
        ("Serekaniye", "[[Qamishli|P]], [[Syria|P]]: shells fell on [[Serekaniye|P]].", "SY"),
        ("Rolpa", "[[Kathmandu|P]], [[Nepal|P]]: police left [[Rolpa|P]].", "NP"),
    ],
)
def test_places_of_this_projects_own_table_are_linked(name: str, text: str, country: str) -> None:
    place = linked(text)[name]
    assert place is not None
    assert place[1] == country

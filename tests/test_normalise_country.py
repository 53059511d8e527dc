"""The country that a text is about, and the tables of countries, peoples and leaders."""

from __future__ import annotations

import pytest

from conflict_ner.normalise import nations
from conflict_ner.normalise.country import document_countries
from conflict_ner.normalise.groups.facts import group_facts
from conflict_ner.normalise.tables import records
from tests.marked_groups import KINDS, document


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("[[KABUL|P]], June 5: [[rebels|G]] attacked a post.", "AF"),
        ("Turkish and Russian envoys met over [[Idlib|P]], [[Aleppo|P]] and [[Hama|P]] in [[Syria|P]].", "SY"),
        ("The Nigerian police blamed [[Boko Haram|G]].", "NG"),
        ("[[Idlib province|P]] was shelled, said [[Moscow|P]].", "SY"),
        ("[[Ta'ang National Liberation Army|G]] men took the town.", "MM"),
        ("In Burkina Faso nobody knew.", "BF"),
        ("In the Central African Republic nobody knew.", "CF"),
        ("[[Tripoli|P]] and [[Misrata|P]] were quiet.", "LY"),
        ("[[Tripoli|P]] and [[Tyre|P]] were quiet, a Lebanese officer said.", "LB"),
    ],
)
def test_the_country_of_a_text_comes_first(text: str, country: str) -> None:
    weights = document_countries(document(text))
    assert next(iter(weights)) == country
    assert sum(weights.values()) == pytest.approx(1)
    assert list(weights.values()) == sorted(weights.values(), reverse=True)


def test_the_opening_of_a_text_tells_most() -> None:
    far = "He said so at length, and nobody in the room had an answer to that. " * 5
    assert next(iter(document_countries(document(f"[[Lahore|P]] was calm. {far} [[Herat|P]] was not.")))) == "PK"
    assert next(iter(document_countries(document(f"[[Herat|P]] was calm. {far} [[Lahore|P]] was not.")))) == "AF"


def test_a_place_of_two_countries_counts_once() -> None:
    weights = document_countries(document("[[Kashmir|P]] and [[Herat|P]]"))
    assert weights == {"AF": pytest.approx(1 / 2), "IN": pytest.approx(1 / 4), "PK": pytest.approx(1 / 4)}


def test_a_text_that_tells_no_country_has_none() -> None:
    assert document_countries(document("The [[rebels|G]] left the [[village|P]] at dawn.")) == {}


def test_given_countries_are_taken() -> None:
    story = document("The [[army|G]] was in [[Damascus|P]].")
    assert [fact.group and fact.group.country for fact in group_facts(story, {"PE": 1.0})] == ["PE"]


def test_countries_and_leaders_name_known_countries() -> None:
    lands = nations.countries()
    for country in lands.values():
        for code in country.neighbours & set(lands):
            assert country.code in lands[code].neighbours, (country.code, code)
    assert all(set(people.countries) <= set(lands) for people in nations.peoples().values())
    assert all(people.army in {None, *KINDS} for people in nations.peoples().values())
    for row in records("leaders.tsv"):
        assert row["country"] in lands, row
        assert row["kind"] in KINDS, row

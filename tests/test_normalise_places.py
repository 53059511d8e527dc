"""Places: what a span means on the map, and when it stays without a point."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.documents import Document, Span
from conflict_ner.facts import Place, PlaceFact
from conflict_ner.markup import parse_markup, read_marked
from conflict_ner.normalise.country import document_countries
from conflict_ner.normalise.places.facts import place_facts
from conflict_ner.normalise.places.gazetteer import TABLE, Entry, Gazetteer
from conflict_ner.normalise.places.names import mention
from conflict_ner.normalise.places.ranking import distance
from conflict_ner.normalise.places.type_words import typed_name, without_type
from conflict_ner.schema import LabelSchema

SCHEMA = LabelSchema.load(Path("configs/labels.yaml"))
DATA = TABLE.parent
# Reached on the open half of the gold: a lower share is a step back.
RIGHT, LINKED = 0.95, 0.88


@cache
def library() -> Gazetteer:
    return Gazetteer.load()


def facts(markup: str, **countries: float) -> list[PlaceFact]:
    """The facts of a text whose places are marked `[[like this]]`."""
    text, spans = parse_markup(markup.replace("]]", "|PLACE]]"), SCHEMA)
    return list(place_facts(Document(id="x", text=text, spans=spans), countries, library()))


def place(markup: str, **countries: float) -> tuple[str, str] | None:
    """Kind and country of the first place of a text."""
    first = facts(markup, **countries)[0].place
    return (first.kind, first.country) if first else None


# --- what the words say


@pytest.mark.parametrize(
    ("surface", "name", "first"),
    [
        ("Idlib province", "Idlib", "adm1"),
        ("Governorate of Idlib", "Idlib", "adm1"),
        ("Idlib Governorate", "Idlib", "adm1"),
        ("North Waziristan District", "North Waziristan", "adm2"),
        ("Wukari LGA", "Wukari", "adm2"),
        ("Departamento de Arauca", "Arauca", "adm1"),
        ("Zamboanga City", "Zamboanga", "settlement"),
        ("Hittin quarter", "Hittin", "part"),
        ("Barangay Osmeña", "Osmeña", "part"),
        ("Abu Duhur military airport", "Abu Duhur", "site"),
        ("Camp Speicher", "Speicher", "site"),
        ("Chad border", "Chad", "site"),
        ("Preedy Police Station area", "Preedy", "site"),
        ("Euphrates river", "Euphrates", "physical"),
        ("Mount Sinjar", "Sinjar", "physical"),
    ],
)
def test_a_type_word_is_parted_from_the_name(surface: str, name: str, first: str) -> None:
    typed = typed_name(surface)
    assert typed is not None
    assert (typed.name, typed.kinds[0]) == (name, first)


@pytest.mark.parametrize("surface", ["Idlib", "province", "Old City", "Sadar upazila", "", "Deir ez-Zor"])
def test_a_name_without_a_type_word_is_left_whole(surface: str) -> None:
    assert typed_name(surface) is None


def test_divisions_are_known_without_their_words_too() -> None:
    assert list(without_type(["Idlib Governorate", "Kursk vilayəti", "Aleppo", "Kabul Airport"])) == ["Idlib", "Kursk"]


@pytest.mark.parametrize(
    ("markup", "kinds"),
    [
        ("clashes in [[Aleppo]] and Latakia provinces", ("adm1", "adm2")),
        ("clashes in Aleppo and [[Latakia]] provinces", ("adm1", "adm2")),
        ("in [[Yala]], Pattani and Narathiwat provinces", ("adm1", "adm2")),
        ("the province of [[Idlib]]", ("adm1", "adm2")),
        ("the districts of Djugu and [[Irumu]]", ("adm2", "adm1")),
        ("in four districts of [[Songkhla]]", ()),
        ("the city of [[Idlib]]", ("settlement",)),
        ("towns of Kafa and [[Multe]]", ("settlement",)),
        ("the governor of [[Homs]] said", ("adm1",)),
        ("northwest [[Syria]]", ()),
    ],
)
def test_a_type_word_outside_the_span_counts(markup: str, kinds: tuple[str, ...]) -> None:
    text, spans = parse_markup(markup.replace("]]", "|PLACE]]"), SCHEMA)
    assert mention(text, spans[0].start, spans[0].end).kinds == kinds


def test_many_capitalised_words_in_a_row_are_read_once() -> None:
    begin = time.perf_counter()
    for _ in range(20):
        mention("Idlib" + " A" * 40, 0, 5)
    assert time.perf_counter() - begin < 1


def test_a_camp_is_a_settlement_where_the_displaced_live() -> None:
    assert mention("refugees in Kakuma camp", 12, 23).kinds == ("settlement",)
    assert mention("soldiers in Kakuma camp", 12, 23).kinds == ("site",)


# --- which place


@pytest.mark.parametrize(
    ("markup", "countries", "expected"),
    [
        ("in [[Syria]]", {}, ("country", "SY")),
        ("in [[Burma]]", {}, ("country", "MM")),
        ("in [[Zaire]]", {}, ("country", "CD")),
        ("the [[DRC]] said", {}, ("country", "CD")),
        ("in [[NIGER]]", {"NE": 1.0}, ("country", "NE")),
        ("in [[Niger State]]", {"NG": 1.0}, ("adm1", "NG")),
        ("in [[Guatemala]]", {"GT": 1.0}, ("country", "GT")),
        ("in [[Idlib]]", {"SY": 1.0}, ("settlement", "SY")),
        ("in [[Idlib province]]", {"SY": 1.0}, ("adm1", "SY")),
        ("the province of [[Idlib]]", {"SY": 1.0}, ("adm1", "SY")),
        ("in [[Anbar]]", {"IQ": 1.0}, ("adm1", "IQ")),
        ("in [[Lamu County]]", {"KE": 1.0}, ("adm1", "KE")),
        ("in [[Soum province]]", {"BF": 1.0}, ("adm2", "BF")),
        ("in [[Chechnya]]", {"RU": 1.0}, ("adm1", "RU")),
        ("Zhari district of [[Kandahar]]", {"AF": 1.0}, ("adm1", "AF")),
        ("Vostochny district of [[Mariupol]]", {"UA": 1.0}, ("settlement", "UA")),
        ("in [[Mexico City]]", {"MX": 1.0}, ("settlement", "MX")),
        ("[[Washington]] said", {"SY": 1.0}, ("settlement", "US")),
        ("[[MOSCOW]] -", {"SY": 1.0}, ("settlement", "RU")),
        ("in [[Rome]]", {"LY": 1.0}, ("settlement", "IT")),
    ],
)
def test_kind_and_country(markup: str, countries: Mapping[str, float], expected: tuple[str, str]) -> None:
    assert place(markup, **countries) == expected


@pytest.mark.parametrize(
    ("name", "country", "lat", "lon"),
    [
        ("Hodeida", "YE", 14.8, 42.95),
        ("Maaret al-Numan", "SY", 35.65, 36.68),
        ("Busra Sham", "SY", 32.52, 36.48),
        ("Sheikh Zuweid", "EG", 31.2, 34.1),
        ("al-Arish", "EG", 31.1, 33.8),
        ("Afgoye", "SO", 2.1, 45.1),
        ("Kiev", "UA", 50.45, 30.5),
        ("Rangoon", "MM", 16.8, 96.2),
        ("Saigon", "VN", 10.8, 106.7),
    ],
)
def test_transliterations_and_former_names(name: str, country: str, lat: float, lon: float) -> None:
    found = facts(f"in [[{name}]]", **{country: 1.0})[0].place
    assert found is not None
    assert found.country == country
    assert distance(_point(found), _at(lat, lon)) < 25


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("from [[Abu Duhur military airport]]", "a site"),
        ("on the [[Chad border]]", "a site"),
        ("in [[Syria Street]]", "a site"),
        ("on the [[Euphrates river]]", "a physical"),
        ("on the [[Euphrates]]", "a physical"),
        ("across the [[Sahel]]", "a region"),
        ("in the [[Middle East]]", "a region"),
        ("in [[Qwertyuiopia]]", "not in the gazetteer"),
        ("in the [[North]]", "not in the gazetteer"),
        ("in [[San Pedro]]", "several places"),
    ],
)
def test_no_point_is_better_than_a_wrong_one(markup: str, reason: str) -> None:
    fact = facts(markup, SY=0.4, MX=0.6)[0]
    assert fact.candidates == ()
    assert fact.why is not None
    assert fact.why.startswith(reason)


def test_the_country_settles_which_tripoli() -> None:
    assert place("in [[Tripoli]]", LB=0.9, LY=0.1) == ("settlement", "LB")
    assert place("in [[Tripoli]]", LY=0.9, LB=0.1) == ("settlement", "LY")


def test_the_texts_other_places_settle_which_bijapur() -> None:
    north, south = (
        facts("[[Bijapur]], [[Dantewada]], [[Jagdalpur]]", IN=1.0),
        facts("[[Bijapur]], [[Sholapur]]", IN=1.0),
    )
    assert [one[0].place.adm1 for one in (north, south) if one[0].place] == ["Chhattisgarh", "Karnataka"]


def test_the_name_behind_says_where_a_place_lies() -> None:
    choco, caldas = facts("in [[Riosucio]], [[Chocó]]", CO=1.0), facts("in [[Riosucio]], [[Caldas department]]", CO=1.0)
    assert [one[0].place.adm1 for one in (choco, caldas) if one[0].place] == ["Chocó", "Caldas Department"]


def test_a_text_without_a_country_is_placed_by_what_its_names_share() -> None:
    assert {(fact.place.country if fact.place else None) for fact in facts("[[Malindi]], [[Garsen]], [[Lamu]]")} == {
        "KE"
    }


def test_candidates_are_ranked_and_their_certainty_is_a_share() -> None:
    candidates = facts("in [[Tripoli]]", LB=0.9, LY=0.1)[0].candidates
    assert len(candidates) > 1
    assert list(candidates) == sorted(candidates, key=lambda one: -one.score)
    assert candidates[0].score >= 0.6


def test_two_mentions_of_a_name_are_one_place() -> None:
    assert len({fact.place.id for fact in facts("[[Idlib]], then [[IDLIB]]", SY=1.0) if fact.place}) == 1


# --- any text


@st.composite
def documents(draw: st.DrawFn) -> Document:
    words = st.text(min_size=1, max_size=12) | st.sampled_from(["Idlib", "province", "of", ",", "and", "(", "Syria's"])
    parts = draw(st.lists(words, min_size=1, max_size=12))
    spans, text = [], ""
    for part in parts:
        start = len(text)
        text += part + draw(st.sampled_from([" ", ", ", "\n", " in "]))
        if draw(st.booleans()):
            spans.append(Span(start=start, end=start + len(part), label=draw(st.sampled_from(["PLACE", "DATE"]))))
    return Document.from_raw("x", text, [span for span in spans if "\r" not in text])


@given(documents(), st.dictionaries(st.sampled_from(["SY", "IN", "US", "XX"]), st.floats(0, 1)))
def test_any_text_has_a_fact_for_each_place(document: Document, countries: dict[str, float]) -> None:
    found = place_facts(document, countries, library())
    assert [fact.span for fact in found] == [span for span in document.spans if span.label == "PLACE"]
    for fact in found:
        assert fact.surface == document.surface(fact.span)
        assert (fact.why is None) == bool(fact.candidates)
        assert all(0 <= one.score <= 1 and -90 <= one.lat <= 90 and -180 <= one.lon <= 180 for one in fact.candidates)


# --- the gold


class Gold(NamedTuple):
    """A place of the open half of the gold."""

    document: str
    start: int
    end: int
    name: str
    kind: str
    country: str | None
    lat: float | None
    lon: float | None
    linkable: bool


def gold_places() -> list[Gold]:
    rows = map(json.loads, Path("tests/data/normalise/places-open.jsonl").read_text(encoding="utf-8").splitlines())
    return [Gold(row["document"], row["start"], row["end"], **row["gold"]) for row in rows]


def test_the_open_gold_is_reached(gold: list[Document]) -> None:
    """Right is the country and the kind, and of a settlement a point within 25 km, else the name."""
    linked = right = linkable = reached = 0
    for row in gold_places():
        path = Path("seeds/synthetic") / f"{row.document}.marked"
        document = read_marked(path, SCHEMA) if path.exists() else next(one for one in gold if one.id == row.document)
        found = place_facts(document, document_countries(document), library())
        best = next(fact.place for fact in found if (fact.span.start, fact.span.end) == (row.start, row.end))
        linkable += row.linkable
        if best is not None:
            linked += 1
            right += is_right(best, row)
            reached += row.linkable and is_right(best, row)
    assert right / linked >= RIGHT
    assert reached / linkable >= LINKED


def is_right(found: Place, row: Gold) -> bool:
    if (found.country, found.kind) != (row.country, row.kind):
        return False
    if found.kind == "settlement" and row.lat is not None and row.lon is not None:
        return distance(_point(found), _at(row.lat, row.lon)) <= 25
    names = [row.name, *without_type([row.name])]
    return int(found.id) in {one.entry.id for name in names for one in library().find(name)}


def _point(found: Place) -> Entry:
    return _at(found.lat, found.lon)


def _at(lat: float, lon: float) -> Entry:
    return Entry(0, "", "settlement", "", None, None, lat, lon, 0, capital=False)

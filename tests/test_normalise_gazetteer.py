"""The gazetteer: spellings, the table and its file, what the library brings, and a country file of the user's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.documents import Document
from conflict_ner.errors import DataError
from conflict_ner.markup import parse_markup
from conflict_ner.normalise import nations
from conflict_ner.normalise.places.facts import place_facts
from conflict_ner.normalise.places.gazetteer import TABLE, Gazetteer
from conflict_ner.normalise.places.table import Record, Table, arrays_of, write_table
from conflict_ner.normalise.spelling import ascii_name, bare_key, closeness, fold, key, similarity, skeleton
from conflict_ner.schema import LabelSchema

DATA = TABLE.parent


# --- spelling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bir al-Abd", "Bi'r al 'Abd"),
        ("Şāʻdah", "sa'dah"),
        ("Łódź", "LODZ"),
        ("N’Djamena", "Ndjamena"),
        ("Saint John's", "St. John's"),
    ],
)
def test_signs_accents_and_case_do_not_part_two_spellings(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("el-Arish", "al Arish"), ("Al Hodeidah", "Hodeida"), ("Afgooye", "Afgoye"), ("the Hague", "Hague")],
)
def test_a_bare_key_lacks_articles_and_doubled_letters(one: str, other: str) -> None:
    assert key(one) != key(other)
    assert bare_key(one) == bare_key(other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("zuweid", "zuwayd", True),
        ("ingushetia", "ingushetiya", True),
        ("nakoura", "naqoura", True),
        ("karabila", "karbala", False),
        ("kharna", "khanna", False),
        ("landhi", "alandi", False),
    ],
)
def test_a_skeleton_keeps_consonants_and_where_vowels_stand(one: str, other: str, same: bool) -> None:
    assert (skeleton(one) == skeleton(other)) is same


def test_the_ascii_name_keeps_capitals_and_signs() -> None:
    assert ascii_name("Ḩalab ash Sharqīyah, Łódź") == "Halab ash Sharqiyah, Lodz"


def test_closeness_tells_a_variant_from_a_name_in_another_language() -> None:
    assert closeness(key("Hodeidah"), "Al Ḩudaydah") == 1
    assert closeness(key("Sulu"), "Jolo") < 0.5


@given(st.text("abc", max_size=9), st.text("abc", max_size=9))
def test_similarity_is_twice_the_common_letters_by_all_letters(one: str, other: str) -> None:
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, left in enumerate(one):
        for j, right in enumerate(other):
            rows[i + 1][j + 1] = rows[i][j] + 1 if left == right else max(rows[i][j + 1], rows[i + 1][j])
    expected = 2 * rows[-1][-1] / (len(one) + len(other)) if one and other else float(one == other)
    assert similarity(one, other) == pytest.approx(expected)


@given(st.text())
def test_any_name_has_keys(name: str) -> None:
    for text in (fold(name).replace(" ", ""), key(name), bare_key(name)):
        assert text == "" or (text.isascii() and text.isalnum() and text == text.lower())


# --- a table


RECORDS = [
    Record(1, "Syria", ("Syrian Arab Republic",), "country", "SY", lat=35.0, lon=38.0),
    Record(2, "Idlib Governorate", ("Idlib",), "adm1", "SY", adm1=2, lat=35.8, lon=36.7),
    Record(3, "Idlib", ("Edleb",), "settlement", "SY", adm1=2, lat=35.93, lon=36.63, population=128_840),
    Record(4, "Sarāqib", ("Saraqeb",), "settlement", "SY", adm1=2, lat=35.86, lon=36.81, population=34_231),
    Record(5, "Nowhere District", (), "adm2", "SY", adm1=2, adm2=5),
    Record(6, "Idlib", (), "settlement", "ZZ", lat=-1.5, lon=-179.9999),
]


def test_a_table_finds_main_and_other_names() -> None:
    found = Table.of(RECORDS).find(key("IDLIB"))
    assert {(one.entry.id, one.how) for one in found} == {(2, "other"), (3, "name"), (6, "name")}
    assert Table.of(RECORDS).find("") == []
    assert Table.of(RECORDS).find("zzz") == []


def test_an_entry_tells_what_it_lies_in() -> None:
    table = Table.of(RECORDS)
    saraqib = table.find("saraqeb")[0].entry
    assert (saraqib.name, saraqib.ascii, saraqib.adm1, saraqib.adm2) == (
        "Sarāqib",
        "Saraqib",
        "Idlib Governorate",
        None,
    )
    assert (saraqib.lat, saraqib.lon, saraqib.population) == (35.86, 36.81, 34_231)
    assert table.find("nowheredistrict")[0].entry.lat is None
    assert [one.entry.lon for one in table.find("idlib") if one.entry.country == "ZZ"] == [-179.9999]


def test_a_table_finds_what_is_nearly_the_name_in_a_country() -> None:
    table = Table.of(RECORDS)
    assert [(one.entry.id, one.how) for one in table.find_near("sarakeb", "SY")] == [(4, "variant")]
    assert table.find_near("sarakeb", "ZZ") == []
    assert table.find_near("sarakeb", "XX") == []
    assert table.find_near("idl", "SY") == []


def test_a_table_is_the_same_when_read_back(tmp_path: Path) -> None:
    write_table(tmp_path / "one.npz", arrays_of(RECORDS))
    write_table(tmp_path / "other.npz", arrays_of(reversed(RECORDS)))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    assert list(Table.read(tmp_path / "one.npz").entries()) == list(Table.of(RECORDS).entries())


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_a_bad_table_is_refused_with_its_path(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.npz"):
        Table.read(path)


# --- the library's gazetteer


def test_the_librarys_table_is_small_and_whole() -> None:
    assert TABLE.stat().st_size < 6_200_000
    entries = list(Table.read(TABLE).entries())
    assert len(entries) > 200_000
    assert {entry.kind for entry in entries} == {"country", "adm1", "adm2", "settlement"}
    assert all(-90 <= entry.lat <= 90 and -180 <= (entry.lon or 0) <= 180 for entry in entries if entry.lat is not None)
    without_a_point = [entry for entry in entries if entry.lat is None]
    assert not [entry for entry in without_a_point if entry.kind == "settlement"]
    assert len(without_a_point) < 13_000
    assert "CC BY 4.0" in (DATA / "gazetteer.LICENSE.txt").read_text(encoding="utf-8")


def test_the_table_is_read_when_it_is_needed_and_not_before() -> None:
    code = (
        "import conflict_ner.normalise.places.facts, conflict_ner.normalise.places.gazetteer as g, sys;"
        "sys.exit(g._table.cache_info().currsize or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_name_of_a_country_leads_to_it_or_to_a_part_of_it() -> None:
    """The tables of countries and the gazetteer, which was built from them, agree."""
    for code, country in nations.countries().items():
        for name in (country.name, *country.names):
            assert code in {found.entry.country for found in Gazetteer.load().find(name)}, (code, name)


def test_every_further_name_of_a_division_leads_to_one() -> None:
    for line in (DATA / "division_names.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, names = line.split("\t")
            for name in names.split(" | "):
                found = [one.entry for one in Gazetteer.load().find(name) if one.how != "bare"]
                assert any(one.country == country and one.kind in {"adm1", "adm2"} for one in found), (country, name)


# --- a country file of the user's own


ROW = (
    "{id}\t{name}\t{name}\t{others}\t{lat}\t{lon}\t{kind}\t{code}\tSY\t\t12\t\t\t\t{population}\t\t\tAsia/Damascus\t"
    "2024-01-01\n"
)


def country_file(folder: Path) -> Path:
    rows = [
        ROW.format(id=1, name="Idlib", others="", lat=35.8, lon=36.7, kind="A", code="ADM1", population=0),
        ROW.format(id=2, name="Habash", others="Habbash", lat=35.5, lon=36.5, kind="P", code="PPL", population=0),
        ROW.format(
            id=3, name="Abu ad Duhur Airbase", others="", lat=35.73, lon=37.1, kind="S", code="AIRB", population=0
        ),
        ROW.format(id=4, name="Jabal az Zāwiyah", others="", lat=35.7, lon=36.6, kind="T", code="MTS", population=0),
        ROW.format(id=5, name="Qaşr", others="", lat=35.0, lon=36.0, kind="P", code="PPLQ", population=0),
    ]
    path = folder / "SY.txt"
    path.write_text("".join(rows), encoding="utf-8")
    return path


def test_a_country_file_adds_villages_sites_and_mountains(tmp_path: Path, schema: LabelSchema) -> None:
    gazetteer = Gazetteer.load(country_file(tmp_path))
    text, spans = parse_markup(
        "[[Habash|PLACE]], [[Abu Duhur military airport|PLACE]], [[Jabal al-Zawiya|PLACE]], [[Homs|PLACE]]", schema
    )
    found = [fact.place for fact in place_facts(Document(id="x", text=text, spans=spans), {"SY": 1.0}, gazetteer)]
    assert [(one.id, one.kind) for one in found if one][:3] == [("2", "settlement"), ("3", "site"), ("4", "physical")]
    assert found[3] is not None
    assert found[0] is not None
    assert found[0].adm1 == "Idlib"
    assert not [one for one in gazetteer.find("Qaşr") if one.entry.id == 5]


@pytest.mark.parametrize("content", ["a line", "x" + "\t" * 18, "1\tA\tA\t\tnorth\teast" + "\t" * 13])
def test_a_bad_country_file_names_its_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "SY.txt"
    path.write_text(content + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1"):
        Gazetteer.load(path)


def test_a_missing_country_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"SY\.txt"):
        Gazetteer.load(tmp_path / "SY.txt")

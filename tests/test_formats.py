"""Event rows and readings as files: what is written comes back, and says no more than the events do."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflict_ner import arrow
from conflict_ner.assembly import assemble
from conflict_ner.documents import Document
from conflict_ner.errors import DataError
from conflict_ner.formats import FORMATS, write_events
from conflict_ner.formats.geojson import feature
from conflict_ner.formats.jsonl import (
    read_readings,
    read_rows,
    reading_from_line,
    row_from_line,
    row_line,
    write_readings,
    write_rows,
)
from conflict_ner.formats.rows import EventRow, actor_names, rows_of
from conflict_ner.formats.tables import (
    ACLED_COLUMNS,
    GED_COLUMNS,
    acled_cells,
    date_prec,
    fatalities,
    ged_cells,
    geo_precision,
    harmless,
    time_precision,
    where_prec,
)
from conflict_ner.normalise.normaliser import Normaliser
from conflict_ner.reading import Reading
from tests.event_rows import actor, event_rows, killed, place, row, texts, when

FORMULA = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")
NUMBERS = {"latitude", "longitude", "fatalities", "score", "time_precision", "geo_precision"} | {
    *("best", "high", "low", "date_prec", "where_prec"),
}


@pytest.fixture(scope="module")
def readings(gold: list[Document]) -> list[Reading]:
    """The seeds with their facts and events."""
    normaliser, found = Normaliser(), []
    for document in gold:
        facts = normaliser(document)
        found.append(Reading(document=document, facts=facts, events=assemble(document, facts)))
    return found


@given(event_rows)
def test_a_row_comes_back_from_its_line(drawn: EventRow) -> None:
    line = row_line(drawn)
    assert line.count("\n") == 1
    assert row_from_line(line) == drawn


@given(st.lists(event_rows, max_size=4))
@settings(max_examples=20)
def test_rows_come_back_from_a_jsonl_and_a_parquet_file(drawn: list[EventRow]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        assert write_rows(path, drawn) == len(drawn)
        assert list(read_rows(path)) == drawn
        if arrow.find_spec("pyarrow") is not None:
            from conflict_ner.formats.parquet import read_parquet

            path = Path(folder) / "events.parquet"
            assert write_events(path, "parquet", drawn) == len(drawn)
            assert list(read_parquet(path)) == drawn


def test_parquet_columns_have_types_whatever_the_rows_hold(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    write_events(tmp_path / "e.parquet", "parquet", [row()])
    event = parquet.read_schema(tmp_path / "e.parquet").field("event").type
    assert event.field("killed").type.field("low").type == pyarrow.int64()
    assert event.field("date").type.field("interval").type.field("start").type == pyarrow.date32()
    assert event.field("actors").type.value_type.field("group").type.field("name").type == pyarrow.string()
    assert event.field("needs_review").type == pyarrow.bool_()


def test_parquet_is_written_group_by_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(arrow, "ROWS", 3)
    assert write_events(tmp_path / "e.parquet", "parquet", (row() for _ in range(7))) == 7
    file = parquet.ParquetFile(tmp_path / "e.parquet")
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [3, 3, 1]


def test_readings_come_back_from_their_lines(readings: list[Reading], tmp_path: Path) -> None:
    assert write_readings(tmp_path / "readings.jsonl", readings) == 5
    back = list(read_readings(tmp_path / "readings.jsonl"))
    assert [reading.to_record() for reading in back] == [reading.to_record() for reading in readings]
    assert [reading.events for reading in back] == [reading.events for reading in readings]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not JSON"),
        ("[]", "a JSON object is needed, and this is list"),
        ('{"id": "a/1"}', "event.sentence"),
        ('{"identity": "a/1"}', "event.identity: unknown key"),
    ],
)
def test_a_bad_line_is_named_with_its_problem(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "e.jsonl").write_text(row_line(row()) + line + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        list(read_rows(tmp_path / "e.jsonl"))
    assert f"{tmp_path / 'e.jsonl'}, line 2" in str(caught.value)
    assert told in str(caught.value)
    with pytest.raises(DataError):
        reading_from_line(line)


@given(st.lists(event_rows, max_size=4))
@settings(max_examples=30)
def test_tables_have_a_line_an_event_and_no_formula(drawn: list[EventRow]) -> None:
    for name, columns in (("acled", ACLED_COLUMNS), ("ged", GED_COLUMNS)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / FORMATS[name]
            assert write_events(path, name, drawn) == len(drawn)
            assert path.read_text(encoding="utf-8").count("\n") == len(drawn) + 1
            table = _table(path)
        assert len(table) == len(drawn)
        for line, told in zip(table, drawn, strict=True):
            assert tuple(line) == columns
            assert not any(
                cell[:1] in tuple("=+-@\t＝＋－＠") and cell for key, cell in line.items() if key not in NUMBERS
            )
            assert line["document"] == harmless(told.event.document)


@given(texts)
def test_a_cell_loses_nothing_but_white_space(text: str) -> None:
    cell = harmless(text)
    assert isinstance(cell, str)
    assert cell.split() in (text.split(), f"'{' '.join(text.split())}".split())
    assert harmless(-3.5) == -3.5


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", "＝1"])
def test_a_formula_of_an_article_becomes_text(text: str) -> None:
    assert harmless(text) == f"'{text.strip()}"


@given(event_rows)
def test_the_order_of_actors_shows_in_no_table(drawn: EventRow) -> None:
    event = drawn.event.model_copy(update={"actors": drawn.event.actors[::-1]})
    turned = drawn.model_copy(update={"event": event})
    for cells in (acled_cells, ged_cells, feature):
        assert cells(turned) == cells(drawn)  # type: ignore[operator]


def test_actors_are_named_once_by_their_group() -> None:
    told = row(actors=(actor("rebels"), actor("HTS", "Hay'at Tahrir al-Sham"), actor("it", "Hay'at Tahrir al-Sham")))
    assert actor_names(told.event) == ("Hay'at Tahrir al-Sham", "rebels")
    assert _cells(told)["actors"] == "Hay'at Tahrir al-Sham; rebels"


@pytest.mark.parametrize(
    ("days", "source", "acled", "ged"),
    [
        (1, "text", 1, 1),
        (2, "text", 2, 2),
        (6, "text", 2, 2),
        (7, "text", 2, 3),
        (8, "text", 3, 4),
        (31, "text", 3, 4),
        (32, "text", 3, 5),
        (366, "text", 3, 5),
        (1, "publication", 3, 5),
    ],
)
def test_the_codes_of_dates(days: int, source: str, acled: int, ged: int) -> None:
    event = row(date=when(days, source)).event
    assert (time_precision(event), date_prec(event)) == (acled, ged)


@pytest.mark.parametrize(
    ("kind", "acled", "ged"),
    [
        ("settlement", 1, 1),
        ("site", 1, 1),
        ("adm2", 2, 3),
        ("adm1", 3, 4),
        ("region", 3, 5),
        ("physical", 2, 5),
        ("country", 3, 6),
    ],
)
def test_the_codes_of_places(kind: Any, acled: int, ged: int) -> None:
    event = row(place=place(kind)).event
    assert (geo_precision(event), where_prec(event)) == (acled, ged)


def test_what_is_not_told_is_empty_and_never_nought() -> None:
    cells = _cells(row())
    assert [name for name, cell in cells.items() if cell is not None] == [
        *("event_id", "actors", "notes", "source", "document", "main", "score", "needs_review"),
    ]
    assert cells["actors"] == ""
    assert dict(zip(GED_COLUMNS, ged_cells(row()), strict=True))["best"] is None


@pytest.mark.parametrize(
    ("bounds", "lowest"),
    [
        ((12, 12, 12), 12),
        ((10, 12, 15), 10),
        ((12, None, None), 12),
        ((None, 20, 20), 20),
        ((0, None, 20), None),  # up to twenty
        ((0, 0, 0), 0),  # nobody, says the text
        ((None, None, None), None),
    ],
)
def test_fatalities_are_the_lowest_report(bounds: tuple[int | None, int | None, int | None], lowest: int) -> None:
    assert fatalities(row(killed=killed(*bounds)).event) == lowest


def test_the_day_of_an_acled_row_is_the_middle_and_both_ends_stand_beside_it() -> None:
    cells = _cells(row(date=when(7)))
    assert [str(cells[name]) for name in ("event_date", "date_start", "date_end")] == [
        *("2015-03-04", "2015-03-01", "2015-03-07"),
    ]


@given(st.lists(event_rows, max_size=3))
@settings(max_examples=30)
def test_geojson_is_a_collection_of_features(drawn: list[EventRow]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.geojson"
        assert write_events(path, "geojson", drawn) == len(drawn)
        collection = json.loads(path.read_text(encoding="utf-8"))
    assert collection.keys() == {"type", "features"}
    assert collection["type"] == "FeatureCollection"
    for item, told in zip(collection["features"], drawn, strict=True):
        assert item.keys() == {"type", "id", "geometry", "properties"}
        assert (item["type"], item["id"]) == ("Feature", told.event.id)
        if item["geometry"] is not None:
            assert item["geometry"]["type"] == "Point"
            east, north = item["geometry"]["coordinates"]
            assert told.event.place is not None
            assert told.event.place.place is not None
            assert (told.event.place.place.lat, told.event.place.place.lon) == (north, east)


def test_a_feature_without_a_point_has_no_geometry() -> None:
    unlinked = place("settlement").model_copy(update={"place": None})
    assert feature(row(place=unlinked))["geometry"] is None
    assert feature(row(place=unlinked))["properties"]["place"] == "Idlib"
    assert feature(row())["geometry"] is None
    told = feature(row(place=place("settlement"), date=when(7)))
    assert told["geometry"] == {"type": "Point", "coordinates": [36.63, 35.93]}
    assert (told["properties"]["date_start"], told["properties"]["date_end"]) == ("2015-03-01", "2015-03-07")


@pytest.mark.parametrize("name", FORMATS)
def test_the_events_of_the_seeds_are_written_in_every_format(
    name: str, readings: list[Reading], tmp_path: Path
) -> None:
    if name == "parquet":
        pytest.importorskip("pyarrow")
    rows = list(rows_of(readings))
    assert write_events(tmp_path / FORMATS[name], name, rows) == len(rows)
    assert (tmp_path / FORMATS[name]).stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [FORMATS[name]]


def test_an_unknown_format_names_the_nearest_and_a_missing_package_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"no format 'geojsn'; did you mean 'geojson'\?"):
        write_events(tmp_path / "e", "geojsn", [])
    monkeypatch.setattr(arrow, "find_spec", lambda _: None)
    with pytest.raises(DataError, match=r"pip install 'conflict-ner\[bulk\]'"):
        write_events(tmp_path / "e.parquet", "parquet", [])
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    def broken() -> Any:
        yield row()
        raise RuntimeError

    for name in ("jsonl", "acled", "geojson", *(("parquet",) if arrow.find_spec("pyarrow") else ())):
        path = tmp_path / FORMATS[name]
        path.write_text("old", encoding="utf-8")
        with pytest.raises(RuntimeError):
            write_events(path, name, broken())
        assert path.read_text(encoding="utf-8") == "old"
    assert not list(tmp_path.glob(".*"))


def _cells(told: EventRow) -> dict[str, Any]:
    return dict(zip(ACLED_COLUMNS, acled_cells(told), strict=True))


def _table(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(10**9)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))

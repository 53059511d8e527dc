"""conflict_ner/scan.py and the quick reading of a good record: both judge as the careful reading does."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner import documents as documents_module
from conflict_ner import scan as scan_module
from conflict_ner.documents import document_from_record, locate_documents
from conflict_ner.errors import DataError
from conflict_ner.scan import Seen, scan_documents, seen
from conflict_ner.schema import LabelSchema
from conflict_ner.text import text_sha256

SCHEMA = LabelSchema.load(Path("configs/labels.yaml"))
TEXT = "Rebels killed 117 in Idlib.\n"
SHA256 = text_sha256(TEXT)

SPANS = st.fixed_dictionaries(
    {
        "start": st.sampled_from([0, 14, 21, 27, -1, "0", 0.0, True]) | st.integers(0, 30),
        "end": st.sampled_from([6, 17, 26, 99, None]) | st.integers(0, 30),
        "label": st.sampled_from(["PLACE", "CASUALTY_COUNT", "PLCE", "", 1]),
    },
    optional={
        "text": st.sampled_from(["Rebels", "117", "Idlib", None, 3]),
        "attributes": st.sampled_from([{}, {"casualty_type": "killed"}, {"casualty_type": "slain"}, {"x": "y"}, []]),
        "score": st.sampled_from([0, 0.5, 1, "0.25", 1.5, None, "high"]),
        "origin": st.sampled_from(["manual", None, "guess"]),
        "colour": st.just("red"),
    },
)
RECORDS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "", 1]),
        "text": st.sampled_from([TEXT, "Rebels\r\nkilled 117", "a\x00b", "", 7]),
    },
    optional={
        "spans": st.lists(SPANS, max_size=3) | st.sampled_from([None, {}, [1]]),
        "meta": st.sampled_from([{}, {"title": "T"}, {"published": "2015-03-28"}, {"published": "soon"}, {"x": 1}]),
        "provenance": st.sampled_from(
            [{}, {"annotators": ["a@example.org"]}, {"text_sha256": SHA256}, {"adjudicated": True}, {"task": "x"}]
        ),
        "more": st.just(1),
    },
)


def good(**more: Any) -> dict[str, Any]:
    spans = [{"start": 0, "end": 6, "label": "ARMED_GROUP", "text": "Rebels"}]
    return {"id": "a", "text": TEXT, "spans": spans, **more}


def judged(function: Any, *arguments: Any) -> Any:
    """Return what a function gives, or what it complains of."""
    try:
        return function(*arguments)
    except DataError as error:
        return error.problems


@given(st.lists(RECORDS, max_size=3), st.booleans())
def test_a_scan_judges_as_reading_does(records: list[dict[str, Any]], blank: bool) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "documents.jsonl"
        path.write_text(("\n" * blank).join(json.dumps(record) + "\n" for record in records))

        def read(path: Path, schema: LabelSchema) -> list[Seen]:
            return [seen(place, document) for place, document in locate_documents(path, schema)]

        assert judged(scan_documents, path, SCHEMA) == judged(read, path, SCHEMA)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_large_file_is_shared_out_between_processes(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_module, "LARGE", 0)
    monkeypatch.setattr(scan_module, "PROCESSES", count)
    monkeypatch.setattr("os.cpu_count", lambda: count)
    path = tmp_path / "documents.jsonl"
    lengths = [1, 200, 3, 90, 1, 1, 40]
    path.write_text("\n".join(json.dumps(good(id=f"{n}", text=TEXT * size)) for n, size in enumerate(lengths)))
    expected = [seen(place, document) for place, document in locate_documents(path, SCHEMA)]
    assert scan_documents(path, SCHEMA) == expected
    assert [item.id for item in expected] == [str(number) for number in range(7)]
    path.write_text(path.read_text().replace('"id": "5"', '"id": "4"'))
    with pytest.raises(DataError, match="line 6, id: '4'"):
        scan_documents(path, SCHEMA)
    path.write_text(path.read_text().replace("ARMED_GROUP", "GROUP"))
    with pytest.raises(DataError) as caught:
        scan_documents(path, SCHEMA)
    assert len(caught.value.problems) == 7


@given(RECORDS)
def test_a_record_is_judged_alike_quickly_and_part_by_part(record: dict[str, Any]) -> None:
    quickly = judged(document_from_record, record, SCHEMA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents_module, "_good_document", lambda record, schema: None)
        assert judged(document_from_record, record, SCHEMA) == quickly


def test_a_good_record_takes_the_quick_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text(json.dumps(good(meta={"published": "2015-03-28"}, provenance={"annotators": ["a"]})) + "\n")

    def careful(*_: object) -> None:
        raise AssertionError("the careful way was taken")

    with monkeypatch.context() as patch:
        patch.setattr("conflict_ner.scan.document_from_line", careful)
        patch.setattr("conflict_ner.scan.locate_documents", careful)
        (found,) = scan_documents(path, SCHEMA)
    ((place, document),) = locate_documents(path, SCHEMA)
    assert found == seen(place, document)


@pytest.mark.parametrize(
    "bad",
    [
        good(provenance={"text_sha256": "0" * 64}),
        good(spans=[*good()["spans"], {"start": 3, "end": 9, "label": "PLACE"}]),
        good(spans=[{"start": 0, "end": 6, "label": "PLACE", "text": "rebels"}]),
        good(text=TEXT + "\ud800"),
    ],
)
def test_what_only_a_closer_look_finds_is_found(bad: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text(json.dumps(good(id="first")) + "\n" + json.dumps(bad) + "\n")
    if "\ud800" in bad["text"]:
        assert [item.id for item in scan_documents(path, SCHEMA)] == ["first", "a"], "a lone surrogate is replaced"
        return
    with pytest.raises(DataError, match="line 2"):
        scan_documents(path, SCHEMA)


def test_a_document_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text((json.dumps(good()) + "\n") * 2)
    with pytest.raises(DataError, match="stands already on line 1"):
        scan_documents(path, SCHEMA)
    with pytest.raises(DataError, match="There is no file"):
        scan_documents(tmp_path / "none.jsonl", SCHEMA)

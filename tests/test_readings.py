"""train/readings.py: every source's problems are told, and one reading of each document is taken by the rule."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from conflict_ner.documents import Document, Provenance, Span, write_documents
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from train.readings import Reading, choice_lines, choose_readings, read_sources

TEXT = "Rebels entered Idlib."


def reading(name: str, *annotators: str, source: str = "gold", adjudicated: bool = False, text: str = TEXT) -> Reading:
    provenance = Provenance(annotators=annotators, adjudicated=adjudicated)
    return Reading(Document(id=name, text=text, provenance=provenance), source)


def taken(readings: list[Reading], *prefer: str) -> dict[str, tuple[str, str]]:
    """Return id -> (who was taken, the rule that decided)."""
    chosen, choices = choose_readings(readings, prefer)
    assert len({one.document.id for one in chosen}) == len(chosen)
    who = {one.document.id: one.who for one in chosen}
    assert {choice.id: choice.taken for choice in choices} == {choice.id: who[choice.id] for choice in choices}
    return {choice.id: (choice.taken, choice.rule) for choice in choices}


def test_an_adjudicated_reading_wins_over_a_preferred_one() -> None:
    readings = [reading("a", "ann"), reading("a", "bob", adjudicated=True)]
    assert taken(readings, "ann") == {"a": ("adjudicated by bob", "adjudicated")}


def test_then_the_order_of_prefer_decides() -> None:
    readings = [reading("a", "ann"), reading("a", "bob"), reading("a", "cem"), reading("b", "ann")]
    assert taken(readings, "cem", "bob") == {"a": ("cem", "preferred")}


def test_then_who_annotated_most_of_the_source() -> None:
    readings = [reading("a", "ann"), reading("a", "bob"), reading("b", "bob")]
    assert taken(readings) == {"a": ("bob", "most documents")}


def test_work_in_another_source_does_not_count() -> None:
    readings = [reading("a", "ann"), reading("a", "bob"), reading("b", "bob", source="other")]
    assert taken(readings) == {"a": ("ann", "name")}


def test_then_the_name_and_at_last_the_order_of_the_sources() -> None:
    assert taken([reading("a", "bob"), reading("a", "ann")]) == {"a": ("ann", "name")}
    twice = [reading("a", "ann", source="second"), reading("a", "ann", source="first")]
    assert taken(twice) == {"a": ("ann", "first source")}
    assert choose_readings(twice)[0][0].source == "second"


def test_a_single_reading_is_no_choice() -> None:
    chosen, choices = choose_readings([reading("b", "ann"), reading("a")])
    assert [one.document.id for one in chosen] == ["b", "a"]
    assert choices == ()


def test_the_choices_are_counted_for_the_reader() -> None:
    readings = [reading(name, who) for name in ("a", "b") for who in ("ann", "bob")]
    assert choice_lines(choose_readings(readings)[1]) == [
        "2 document(s) with several readings: taken is ann (gold), decided by: name"
    ]


def test_contradictions_are_told_all_at_once() -> None:
    readings = [
        reading("a", "ann"),
        reading("a", "bob", text=TEXT + " Later."),
        reading("b", "ann"),
        reading("b", "ann"),
    ]
    with pytest.raises(DataError) as caught:
        choose_readings(readings, ["amn"])
    different, twice, unknown = caught.value.problems
    assert different.startswith("'a' has different texts, ")
    assert twice == "'b' stands 2 times in gold by ann; keep one of them"
    assert unknown == "prefer: 'amn' annotated nothing in the sources; did you mean 'ann'?"


def test_marked_files_and_jsonl_are_read_with_their_hashes(tmp_path: Path, schema: LabelSchema) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.marked").write_text(f"In [[{name}|PLACE]].", encoding="utf-8")
    jsonl = tmp_path / "c.jsonl"
    write_documents(jsonl, [Document(id="c", text=TEXT, spans=(Span(start=0, end=6, label="ARMED_GROUP"),))])
    readings, sources = read_sources({"marked": f"{tmp_path}/*.marked", "gold": str(jsonl)}, schema)
    assert [(one.document.id, one.source) for one in readings] == [("a", "marked"), ("b", "marked"), ("c", "gold")]
    assert (sources["marked"].files, sources["marked"].readings) == (2, 2)
    assert sources["gold"].sha256 == hashlib.sha256(jsonl.read_bytes()).hexdigest()
    before = sources["marked"].sha256
    (tmp_path / "b.marked").write_text("In [[B|PLACE]].", encoding="utf-8")
    assert read_sources({"marked": f"{tmp_path}/*.marked"}, schema)[1]["marked"].sha256 != before


def test_the_problems_of_all_sources_are_told(tmp_path: Path, schema: LabelSchema) -> None:
    (tmp_path / "bad.marked").write_text("In [[Idlib|PLAICE]].", encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text('{"id": "a"}\n', encoding="utf-8")
    (tmp_path / "notes.txt").touch()
    sources = {
        "marked": f"{tmp_path}/*.marked",
        "gold": f"{tmp_path}/bad.jsonl",
        "none": f"{tmp_path}/*.none",
        "folder": str(tmp_path),
        "text": f"{tmp_path}/notes.txt",
    }
    with pytest.raises(DataError) as caught:
        read_sources(sources, schema)
    marked, gold, none, folder, text = caught.value.problems
    assert marked.startswith(
        f"marked: {tmp_path}/bad.marked, line 1: label 'PLAICE' is not in the schema; did you mean"
    )
    assert gold.startswith(f"gold: {tmp_path}/bad.jsonl, line 1, text: ")
    assert none.startswith("none: ") and "finds no file" in none and "sources.none=PATH" in none
    assert folder.startswith("folder: ") and "is a folder; name its files" in folder
    assert text.startswith("text: ") and "end in .txt" in text

"""Documents to tasks and back: nothing is lost, and what is broken is told."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotate.report import Kind
from annotate.settings import ROOT
from annotate.tasks import (
    Annotation,
    Task,
    byline,
    document_of,
    prediction,
    read_result,
    reading_id,
    regions,
    task_data,
)
from conflict_ner.documents import Document, Meta, Span, read_documents
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from conflict_ner.trimming import trim
from tests.strategies import flat_spans

SCHEMA = LabelSchema.load(ROOT / "configs/labels.yaml")
FIVE = LabelSchema.load(ROOT / "tests/data/five-labels.yaml")
TEXT = "Rebels killed 117 soldiers in Idlib's centre on Tuesday."
SIGNS = "aZ9 \n.,'’\"-()\u00a0\u200d😀🏴é\u0301السوريةΩ\u2028\ufeff"


def label(id_: str, start: int, end: int, *labels: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": "?", "labels": list(labels)}
    return {"id": id_, "from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


def choice(id_: str, *chosen: str, name: str = "casualty_type") -> dict[str, Any]:
    value = {"start": 14, "end": 17, "text": "117", "choices": list(chosen)}
    return {"id": id_, "from_name": name, "to_name": "text", "type": "choices", "value": value}


@given(st.text(st.sampled_from(SIGNS), min_size=24, max_size=24), flat_spans(24), st.data())
@example("😀" * 24, (Span(start=0, end=1, label="PLACE"), Span(start=1, end=2, label="PLACE")), None)
def test_spans_make_the_round_trip(text: str, drawn: tuple[Span, ...], data: st.DataObject | None) -> None:
    values = SCHEMA.label("CASUALTY_COUNT").attributes[0].value_names  # type: ignore[union-attr]
    spans = []
    for span in drawn:
        # What trimming would change is not what this test is about.
        start, end = trim(text, span.start, span.end)
        if start < end:
            asked = span.label == "CASUALTY_COUNT" and data is not None
            attributes = {"casualty_type": data.draw(st.sampled_from(values))} if asked and data else {}
            spans.append(span.model_copy(update={"start": start, "end": end, "attributes": attributes}))
    document = Document(id="d", text=text, spans=tuple(spans))
    sent = json.loads(json.dumps(regions(document)))
    data_order = reversed(sent)  # Label Studio promises no order
    reading = read_result(data_order, text, SCHEMA)
    assert reading.problems == ()
    assert reading.spans == document.spans
    assert {finding.kind for finding in reading.findings} <= {Kind.UNANSWERED}


def test_a_schema_with_two_attributes_on_one_label_makes_it_too() -> None:
    spans = (
        Span(start=0, end=6, label="DISEASE", attributes={"severity": "grave", "status": "denied"}),
        Span(start=14, end=17, label="DOSE"),
    )
    document = Document(id="d", text=TEXT, spans=spans)
    reading = read_result(regions(document), TEXT, FIVE)
    assert (reading.spans, reading.findings, reading.problems) == (spans, (), ())


@given(st.text(st.sampled_from(SIGNS), max_size=40))
def test_a_task_holds_the_document(text: str) -> None:
    meta = Meta(title="T", source="S", published=datetime.date(2015, 3, 28), group="g", inferred=("published",))
    document = Document.from_raw("d", text, meta=meta)
    data = json.loads(json.dumps(task_data(document)))
    assert document_of(Task(id=1, data=data)) == document
    assert data["sha256"] == document.sha256


def test_the_byline_tells_what_is_inferred() -> None:
    day = datetime.date(2015, 3, 28)
    assert byline(Meta(title="T", source="S", published=day)) == "S · 28 March 2015"
    assert byline(Meta(title="T", source="S", published=day, inferred=("published",))) == (
        "S · 28 March 2015 (date inferred)"
    )
    assert byline(Meta(title="T", source="S", inferred=("source",))) == "S (inferred) · date not known"
    assert byline(Meta()) == "Untitled · date not known"


def test_regions_are_deterministic_and_share_the_id_with_their_choice() -> None:
    document = Document(
        id="d",
        text=TEXT,
        spans=(
            Span(start=0, end=6, label="ARMED_GROUP", score=0.91239),
            Span(start=14, end=17, label="CASUALTY_COUNT", attributes={"casualty_type": "killed"}, score=0.5),
        ),
    )
    first, second, third = found = regions(document)
    assert found == regions(document)
    assert second["id"] == third["id"] != first["id"]
    assert (first["score"], third["type"], third["value"]["choices"]) == (0.9124, "choices", ["killed"])
    assert prediction(document, "m")["score"] == pytest.approx((0.91239 + 0.5) / 2, abs=1e-4)
    assert "score" not in prediction(document.with_spans(()), "m")


def test_a_reading_has_one_id_for_one_work() -> None:
    document = Document(id="d", text=TEXT, spans=(Span(start=0, end=6, label="ARMED_GROUP"),))
    one = reading_id(1, "a@example.org", document)
    assert uuid.UUID(one).version == 5
    assert one == reading_id(1, "a@example.org", document)
    others = {
        reading_id(2, "a@example.org", document),
        reading_id(1, "b@example.org", document),
        reading_id(1, "a@example.org", document.with_spans(())),
    }
    assert len({one, *others}) == 4


def test_a_sloppy_span_is_trimmed_and_told() -> None:
    reading = read_result([label("a", 29, 37, "PLACE", origin="prediction-changed")], TEXT, SCHEMA)
    assert reading.spans == (Span(start=30, end=35, label="PLACE", origin="prediction-changed"),)
    (finding,) = reading.findings
    assert (finding.kind, finding.before, finding.after) == (Kind.TRIMMED, " Idlib's", "Idlib")


def test_a_span_of_blanks_is_left_out_and_told() -> None:
    reading = read_result([label("a", 6, 7, "PLACE")], TEXT, SCHEMA)
    assert (reading.spans, reading.problems) == ((), ())
    assert [finding.kind for finding in reading.findings] == [Kind.EMPTIED]


def test_twins_become_one_and_are_told() -> None:
    result = [label("a", 14, 17, "CASUALTY_COUNT"), label("b", 14, 18, "CASUALTY_COUNT"), choice("b", "killed")]
    reading = read_result(result, TEXT, SCHEMA)
    assert [span.attributes for span in reading.spans] == [{"casualty_type": "killed"}]
    assert reading.problems == ()
    assert {finding.kind for finding in reading.findings} == {Kind.TRIMMED, Kind.JOINED}


def test_a_missing_answer_is_told_and_kept() -> None:
    reading = read_result([label("a", 14, 17, "CASUALTY_COUNT")], TEXT, SCHEMA)
    assert len(reading.spans) == 1
    assert [finding.kind for finding in reading.findings] == [Kind.UNANSWERED]


def test_other_kinds_of_region_are_told_and_ignored() -> None:
    reading = read_result([{"type": "relation", "from_id": "a", "to_id": "b"}], TEXT, SCHEMA)
    assert (reading.spans, reading.problems) == ((), ())
    assert [finding.kind for finding in reading.findings] == [Kind.IGNORED]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ([label("a", 0, 6, "ARMED_GROUP"), label("b", 3, 13, "PLACE")], "overlaps"),
        ([label("a", 0, 6)], "no label"),
        ([label("a", 0, 6, "PLACE", "DATE")], "one label is needed"),
        ([label("a", 0, 6, "PLACES")], "did you mean 'PLACE'"),
        ([label("a", 50, 57, "PLACE")], "outside the text, which has 56 characters"),
        ([label("a", 6, 6, "PLACE")], "outside the text"),
        ([label("a", -1, 6, "PLACE")], "outside the text"),
        ([{**label("a", 0, 6, "PLACE"), "value": {"start": "0", "end": "6", "labels": ["PLACE"]}}], "outside the text"),
        ([label("a", 0, 6, "PLACE"), label("a", 30, 35, "PLACE")], "share the id 'a'"),
        ([choice("x", "killed")], "belongs to no labelled span"),
        ([label("a", 14, 17, "CASUALTY_COUNT"), choice("a", "slain")], "not allowed"),
        ([label("a", 14, 17, "CASUALTY_COUNT"), choice("a", "killed", "wounded")], "one value is needed"),
        ([label("a", 14, 17, "CASUALTY_COUNT"), choice("a", "killed"), choice("a", "missing")], "answered twice"),
        ([label("a", 0, 6, "ARMED_GROUP"), choice("a", "killed")], "does not belong to ARMED_GROUP"),
        ([label("a", 14, 17, "CASUALTY_COUNT"), label("b", 14, 17, "CASUALTY_COUNT"), choice("a", "killed"),
          choice("b", "missing")], "marked twice with different answers"),
        ([{"id": "a", "value": {}}], "region 1: type"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(result: list[dict[str, Any]], told: str) -> None:
    reading = read_result(result, TEXT, SCHEMA)
    assert any(told in problem for problem in reading.problems), reading.problems


def test_an_edited_text_is_refused() -> None:
    data = {**task_data(Document(id="d", text=TEXT)), "text": TEXT + " More."}
    with pytest.raises(DataError, match="edited in Label Studio"):
        document_of(Task(id=1, data=data))


def test_a_task_of_another_project_is_named_by_its_number_and_moved_with_its_line_ends() -> None:
    raw = "One\r\nSyria"
    document = document_of(Task(id=7, data={"text": raw}))
    assert (document.id, document.text) == ("task-7", "One\nSyria")
    assert [document.surface(span) for span in read_result([label("a", 5, 10, "PLACE")], raw, SCHEMA).spans] == [
        "Syria"
    ]
    with pytest.raises(DataError, match="holds no 'text'"):
        document_of(Task(id=7, data={"body": raw}))


def test_an_annotator_is_told_by_number_or_record() -> None:
    assert Annotation(id=1, completed_by=3).user_id == 3
    assert Annotation(id=1, completed_by={"id": 3, "email": "a@example.org"}).email == "a@example.org"


def test_the_seeds_make_the_round_trip_without_a_finding() -> None:
    paths = sorted((*(ROOT / "seeds").glob("*.jsonl"), *(ROOT / "seeds" / "annotators").glob("*.jsonl")))
    documents = [document for path in paths for document in read_documents(path)]
    assert len(documents) > 5
    assert len(documents) == 15
    for document in documents:
        reading = read_result(regions(document), document.text, SCHEMA)
        assert (reading.spans, reading.findings, reading.problems) == (document.spans, (), ())

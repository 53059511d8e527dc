"""train/re3d_documents.py: entities that overlap become flat spans by a rule, and each one left out is counted."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.documents import Document
from conflict_ner.errors import DataError
from train.re3d_documents import (
    ACROSS,
    ASTRAY,
    BLANK,
    OVERLAPPING,
    RARE,
    UNSURE,
    Entity,
    flat_documents,
    flatten,
)

LABELS = ("Person", "Location", "Organisation")
TEXT = "The army of Syria \nMinister 🚀 Ali said"


def entity(begin: int, end: int, label: str = "Person", confidence: float = 1, **changes: Any) -> dict[str, Any]:
    record = {"documentId": "A", "begin": begin, "end": end, "type": label, "value": TEXT[begin:end]}
    return {"_id": "x", "confidence": confidence, **record, **changes}


def flat(*records: dict[str, Any]) -> tuple[list[tuple[str, str]], dict[str, int]]:
    spans, left_out = flatten(TEXT, [Entity.model_validate(record) for record in records], LABELS)
    return [(TEXT[span.start : span.end], span.label) for span in spans], dict(left_out)


def test_the_longest_then_the_surest_then_the_first_is_kept() -> None:
    whole, place = entity(0, 17, "Organisation", 0.5), entity(12, 17, "Location", 1)
    assert flat(place, whole) == ([("The army of Syria", "Organisation")], {OVERLAPPING: 1})
    sure, unsure = entity(12, 17, "Location", 0.9), entity(12, 17, "Organisation", 0.8)
    assert flat(unsure, sure) == ([("Syria", "Location")], {OVERLAPPING: 1})
    first, second = entity(0, 8, "Organisation"), entity(4, 12, "Organisation")
    assert flat(second, first)[0] == [("The army", "Organisation")]
    assert flat(entity(0, 8), entity(9, 11)) == ([("The army", "Person"), ("of", "Person")], {})


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (entity(0, 3, confidence=0.49), UNSURE),
        (entity(0, 3, "Vehicle"), RARE),
        (entity(17, 18), BLANK),
        (entity(12, 27), ACROSS),
        (entity(30, 99), ASTRAY),
        (entity(-3, 4), ASTRAY),
        (entity(5, 5), ASTRAY),
    ],
)
def test_each_entity_that_is_left_out_has_its_reason(record: dict[str, Any], reason: str) -> None:
    assert flat(record) == ([], {reason: 1})


def test_white_space_at_the_ends_is_trimmed() -> None:
    assert flat(entity(11, 19)) == ([("Syria", "Person")], {})


@given(
    st.lists(
        st.builds(
            lambda begin, length, label, confidence: entity(begin, begin + length, label, confidence),
            st.integers(0, 30),
            st.integers(1, 9),
            st.sampled_from(LABELS),
            st.sampled_from([0, 0.5, 1]),
        ),
        max_size=12,
    )
)
def test_every_entity_is_a_span_or_counted(records: list[dict[str, Any]]) -> None:
    spans, left_out = flatten(TEXT, [Entity.model_validate(record) for record in records], LABELS)
    Document(id="a", text=TEXT, spans=tuple(spans))  # refuses spans that overlap
    assert len(spans) + left_out.total() == len(records)


def test_a_subset_is_read_with_its_meta_and_what_differs() -> None:
    text = {"_id": "A", "title": "News", "text": TEXT, "sourceName": "A wire", "sourceUrl": "https://example.org/a"}
    lines = [entity(28, 33, value="Mr Ali"), entity(0, 3, documentId="B"), entity(0, 8, "Organisation")]
    result = flat_documents(
        json.dumps({**text, "wordCount": 7}).encode() + b"\n\n",
        "\n".join(json.dumps(line) for line in lines).encode(),
        LABELS,
        "Wire",
    )
    (document,) = result.documents
    assert (document.id, document.meta.group, document.meta.source) == ("A", "A", "A wire")
    assert [document.surface(span) for span in document.spans] == ["The army", "🚀 Ali"]
    assert result.left_out == Counter({ASTRAY: 1})
    assert [(item.document, item.found) for item in result.differing] == [("A", "🚀 Ali")]
    assert (result + result).entities == 6


def test_bad_lines_are_all_named() -> None:
    bad = b'{"_id": "A"\n' + json.dumps({"documentId": "A", "begin": "x"}).encode()
    with pytest.raises(DataError) as error:
        flat_documents(b"", bad, LABELS, "Wire")
    assert "Wire/entities.json has 6 bad field(s)" in str(error.value)
    assert [problem.partition(",")[0] for problem in error.value.problems] == ["line 1", *["line 2"] * 5]

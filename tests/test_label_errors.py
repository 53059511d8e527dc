"""Label errors: what is written is read back, and every bad line is named with its number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from conflict_ner.errors import DataError
from conflict_ner.label_errors import LabelError, QuotedSpan, read_label_errors, write_label_errors
from conflict_ner.schema import LabelSchema

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)


@st.composite
def quoted(draw: st.DrawFn) -> QuotedSpan:
    words, start = draw(WORDS), draw(st.integers(0, 10_000))
    attributes = draw(st.dictionaries(WORDS, WORDS, max_size=2))
    return QuotedSpan(start=start, end=start + len(words), label=draw(WORDS), attributes=attributes, text=words)


@st.composite
def suspicions(draw: st.DrawFn) -> LabelError:
    span, suggestion = draw(quoted() | st.none()), draw(quoted() | st.none())
    if span == suggestion:
        suggestion = QuotedSpan(start=0, end=1, label="ONLY", text="x")
    return LabelError(
        document=draw(WORDS),
        annotator=draw(st.none() | WORDS),
        span=None if span == suggestion else span,
        reason=draw(WORDS.filter(str.strip)),
        suggestion=suggestion,
        score=draw(st.none() | st.floats(0, 1)),
        text_sha256=draw(st.none() | st.just("0a" * 32)),
    )


@given(errors=st.lists(suspicions(), max_size=4))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, errors: list[LabelError]) -> None:
    path = tmp_path_factory.mktemp("errors") / "errors.jsonl"
    assert write_label_errors(path, errors) == len(errors)
    assert read_label_errors(path) == errors
    assert all({"span", "suggestion"} <= json.loads(line).keys() for line in path.read_text("utf-8").split("\n")[:-1])


def line(**changes: Any) -> str:
    span = {"start": 4, "end": 9, "label": "PLACE", "text": "Idlib"}
    record = {"document": "a", "span": span, "suggestion": None, "reason": "not a place"}
    return json.dumps({**record, **changes}) + "\n"


def test_all_bad_lines_are_named(tmp_path: Path, schema: LabelSchema) -> None:
    path = tmp_path / "errors.jsonl"
    span = {"start": 4, "end": 9, "label": "PLACE", "text": "Idlib"}
    lines = [
        line(),
        "\n",
        line(span=None),
        "{not json\n",
        line(reason="  "),
        line(span={**span, "end": 10}),
        line(span={**span, "label": "PLCE"}),
        line(sugestion=None),
        line(suggestion=span),
    ]
    path.write_text("".join(lines))
    with pytest.raises(DataError, match="nothing was read") as caught:
        read_label_errors(path, schema)
    problems = caught.value.problems
    assert [problem.split("line ")[1].split(",")[0] for problem in problems] == ["3", "4", "5", "6", "7", "8", "9"]
    for words, problem in zip(
        (
            "neither a span nor a suggestion",
            "not JSON",
            "reason",
            "covers 6 character(s)",
            "did you mean 'PLACE'",
            "did you mean 'suggestion'",
            "the suggestion is the span itself",
        ),
        problems,
        strict=True,
    ):
        assert words in problem


def test_an_empty_list_is_a_list_and_a_missing_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "errors.jsonl"
    path.write_text("")
    assert read_label_errors(path) == []
    with pytest.raises(DataError, match=r"There is no file .*none\.jsonl"):
        read_label_errors(tmp_path / "none.jsonl")


def test_a_broken_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "errors.jsonl"
    path.write_text(line())

    def breaking() -> Any:
        yield read_label_errors(path)[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_label_errors(path, breaking())
    assert path.read_text() == line()
    assert list(tmp_path.iterdir()) == [path]


def test_words_are_checked_against_a_text() -> None:
    part = QuotedSpan(start=3, end=8, label="PLACE", text="Idlib")
    assert part.stands_in("in Idlib")
    assert not part.stands_in("at Idlip")
    assert not part.stands_in("in Idl")
    with pytest.raises(ValidationError, match="covers 4"):
        QuotedSpan(start=3, end=7, label="PLACE", text="Idlib")

"""benchmarks/planted_errors.py: errors of five kinds are planted as they should be, and found ones are counted once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import planted_errors as planting
from benchmarks.planted_errors import Chance, Kind, Planted
from conflict_ner.documents import Document, Span
from conflict_ner.errors import DataError
from conflict_ner.label_errors import LabelError, QuotedSpan
from tests.strategies import LABELS, marked_texts


def spans(*given: tuple[int, int, str]) -> list[Span]:
    return [Span(start=start, end=end, label=label) for start, end, label in given]


TEXT = "Rebels took Idlib province on Monday. Three soldiers died."
MARKED = spans((0, 6, "ARMED_GROUP"), (12, 26, "PLACE"), (30, 36, "DATE"), (38, 43, "CASUALTY_COUNT"))


def change(kind: Kind, span: Span, seed: int = 0, labels: Sequence[str] = LABELS, text: str = TEXT) -> Planted | None:
    whole = Document(id="a", text=text, spans=tuple(MARKED if text == TEXT else [span]))
    return planting.KINDS[kind](whole, span, Chance(random.Random(seed), labels))


def surfaces(kind: Kind, span: Span) -> set[str]:
    """Return what stands in place of a span, over many seeds."""
    found = [change(kind, span, seed) for seed in range(40)]
    return {TEXT[one.wrong.start : one.wrong.end] for one in found if one is not None and one.wrong is not None}


def test_each_kind_of_error_is_what_its_name_says() -> None:
    _, place, date, _ = MARKED
    assert surfaces(Kind.TOO_SHORT, place) == {"Idlib", "province"}
    assert change(Kind.TOO_SHORT, date) is None
    assert surfaces(Kind.TOO_LONG, place) == {"took Idlib province", "Idlib province on"}
    assert surfaces(Kind.TOO_LONG, date) == {"on Monday"}  # a stop, and then a span, stand behind it
    assert change(Kind.TOO_LONG, Span(start=0, end=4, label="DATE"), text="1998") is None
    assert surfaces(Kind.WRONG_LABEL, date) == {"Monday"}
    labels = {one.wrong.label for seed in range(40) if (one := change(Kind.WRONG_LABEL, date, seed)) and one.wrong}
    assert labels == set(LABELS) - {"DATE"}
    assert change(Kind.WRONG_LABEL, date, labels=["DATE"]) is None
    assert surfaces(Kind.SPURIOUS, date) <= {"took", "on", "soldiers", "died", "soldiers died"}
    assert change(Kind.SPURIOUS, Span(start=0, end=4, label="DATE"), text="1998") is None
    assert change(Kind.DROPPED, date) == Planted("a", Kind.DROPPED, date, None)


WORDS = st.sampled_from(["Rebels", "took", "the", "Idlib", "12", "on", "Monday", "in", "Army", "of", "1998"])


@st.composite
def reports(draw: st.DrawFn) -> list[Document]:
    """Draw documents of spans of up to three words between other words."""
    made = []
    for number in range(draw(st.integers(2, 4))):
        text, found = "", []
        for _ in range(draw(st.integers(4, 8))):
            text += " ".join(draw(st.lists(WORDS, min_size=1, max_size=4))) + draw(
                st.sampled_from([" ", ", ", ".\n\n"])
            )
            surface = " ".join(draw(st.lists(WORDS, min_size=1, max_size=3)))
            found.append(Span(start=len(text), end=len(text) + len(surface), label=draw(st.sampled_from(LABELS))))
            text += surface + draw(st.sampled_from([" ", ". "]))
        made.append(Document(id=f"d{number}", text=text + "end", spans=tuple(found)))
    return made


@settings(max_examples=40)
@given(reports(), st.sampled_from([0.05, 0.1, 0.2]), st.integers(0, 5))
def test_planting_changes_exactly_the_share_and_leaves_all_else(
    documents: list[Document], share: float, seed: int
) -> None:
    total = round(share * sum(len(one.spans) for one in documents))
    try:
        wrong, planted = planting.plant_errors(documents, LABELS, share, seed)
    except DataError as error:
        assert "find no place" in str(error)  # spans of one word alone
        return
    assert len(planted) == total
    counts = [sum(one.kind is kind for one in planted) for kind in Kind]
    assert max(counts) - min(counts) <= 1
    assert [one.id for one in wrong] == [one.id for one in documents]
    for before, after in zip(documents, wrong, strict=True):
        own = [one for one in planted if one.document == before.id]
        were, are = {span.key for span in before.spans}, {span.key for span in after.spans}
        assert were - are == {one.right.key for one in own if one.right is not None}
        assert are - were == {one.wrong.key for one in own if one.wrong is not None}
        assert Document.model_validate(after.model_dump()) == after  # flat, and inside the text
    assert planting.plant_errors(documents, LABELS, share, seed) == (wrong, planted)


@given(marked_texts(), st.integers(0, 3))
def test_planting_in_any_text_stays_inside_it(given_text: tuple[str, tuple[Span, ...]], seed: int) -> None:
    text, marked = given_text
    whole = Document(id="a", text=text, spans=marked)
    for kind, span in itertools.product(Kind, marked):
        error = planting.KINDS[kind](whole, span, Chance(random.Random(seed), LABELS))
        if error is not None:
            left = [one for one in marked if one != error.right]
            assert whole.with_spans([*left, *([error.wrong] if error.wrong else [])]) != whole


def test_a_share_that_finds_no_place_is_refused() -> None:
    one_word = Document(id="a", text=TEXT, spans=tuple(MARKED[2:3]))
    with pytest.raises(DataError, match=r"kind 'too short' find no place; plant a smaller share"):
        planting.plant_errors([one_word], LABELS, 1.0, 0)


def test_a_planted_error_is_found_once_and_at_its_own_place() -> None:
    def quoted(span: Span | None) -> QuotedSpan | None:
        if span is None:
            return None
        return QuotedSpan(start=span.start, end=span.end, label=span.label, text=TEXT[span.start : span.end])

    def suspicion(span: Span | None, suggestion: Span | None) -> LabelError:
        return LabelError(document="a", span=quoted(span), suggestion=quoted(suggestion), reason="so it seems")

    group, place, date, count = MARKED
    planted = [Planted("a", Kind.DROPPED, group, None), Planted("a", Kind.WRONG_LABEL, place, date)]
    errors = [
        suspicion(None, group),
        suspicion(None, group),  # again: found already
        suspicion(group, None),  # it is not marked, so nobody could doubt it
        suspicion(date, None),
        suspicion(count, None),
    ]
    found = planting.judge(errors, planted)
    assert found == [planted[0], None, None, planted[1], None]
    assert planting.judge([errors[3], errors[0]], planted[:1]) == [None, planted[0]]

"""Where readings differ: each span stands once, among the agreed ones or in one disagreement, and the kind is right."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given

from annotate.agreement.disagreements import Kind, agreed, disagreements
from annotate.annotated import Annotated, annotator_of
from conflict_ner.documents import Span
from tests.annotators import annotateds, found, reading


@given(annotateds())
def test_agreed_spans_and_disagreements_cover_every_span_once(annotated: Annotated) -> None:
    alike, differ = agreed(annotated), disagreements(annotated)
    for one in annotated.readings:
        own = [span for item in differ for span in item.readings[annotator_of(one)]]
        assert sorted([*own, *alike], key=lambda span: span.key) == list(one.spans)
    for item in differ:
        assert (
            len({tuple((span.key, *span.attributes.items()) for span in spans) for spans in item.readings.values()}) > 1
        )
        spans = [span for spans in item.readings.values() for span in spans]
        assert (item.start, item.end) == (min(span.start for span in spans), max(span.end for span in spans))
    places = sorted([(item.start, item.end) for item in differ] + [(span.start, span.end) for span in alike])
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(places)), "no place overlaps another"


@pytest.mark.parametrize(
    ("readings", "kind"),
    [
        ([["Idlib:PLACE"], []], Kind.MISSED),
        ([["Idlib:PLACE"], ["Idlib:ARMED_GROUP"]], Kind.LABEL),
        ([["Idlib:PLACE"], ["in Idlib:PLACE"]], Kind.BOUNDS),
        ([["Idlib and 12 in Homs:PLACE"], ["Idlib:PLACE", "Homs:PLACE"]], Kind.BOUNDS),
        ([["117:CASUALTY_COUNT:killed"], ["117:CASUALTY_COUNT:wounded"]], Kind.ATTRIBUTE),
        ([["117:CASUALTY_COUNT:killed"], ["117:CASUALTY_COUNT"]], Kind.ATTRIBUTE),
        ([["117:CASUALTY_COUNT:killed"], ["killed 117:CASUALTY_COUNT:wounded"]], Kind.SEVERAL),
        ([["117:CASUALTY_COUNT:killed"], ["117:DATE"]], Kind.LABEL),
        ([["Idlib:PLACE"], ["in Idlib:PLACE"], []], Kind.SEVERAL),
        ([["Idlib:PLACE"], ["in Idlib:ARMED_GROUP"]], Kind.SEVERAL),
    ],
)
def test_a_disagreement_says_in_what_the_readings_differ(readings: list[list[str]], kind: Kind) -> None:
    def span(mark: str) -> Span:
        words, label, *values = mark.split(":")
        return found(words, label, **({"casualty_type": values[0]} if values else {}))

    annotated = Annotated(tuple(reading(f"r{n}", *map(span, marks)) for n, marks in enumerate(readings)))
    (item,) = disagreements(annotated)
    assert item.kind is kind
    assert agreed(annotated) == ()


def test_scores_and_origins_are_no_disagreement() -> None:
    one = found("Idlib", "PLACE", origin="prediction").model_copy(update={"score": 0.5})
    annotated = Annotated((reading("a", one), reading("b", found("Idlib", "PLACE", origin="manual"))))
    assert agreed(annotated) == (one,)
    assert disagreements(annotated) == ()

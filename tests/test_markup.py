"""Inline markup: the round trip for any text, and what broken markup is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from conflict_ner.documents import Span
from conflict_ner.errors import DataError
from conflict_ner.markup import parse_markup, read_marked, render_markup
from conflict_ner.schema import LabelSchema
from tests.strategies import marked_texts


@given(item=marked_texts())
def test_any_text_makes_the_round_trip(schema: LabelSchema, item: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = item
    typed = tuple(
        span.model_copy(update={"attributes": {"casualty_type": "killed"}}) if span.label == "CASUALTY_COUNT" else span
        for span in spans
    )
    assert parse_markup(render_markup(text, typed, schema), schema) == (text, typed)


def test_the_form_that_people_write(schema: LabelSchema) -> None:
    text, spans = parse_markup(
        "[[Rebels|ARMED_GROUP]] killed [[117|CASUALTY_COUNT:killed]] [sic] in [[Idlib|PLACE]][[Syria|PLACE]]\r\n",
        schema,
    )
    assert text == "Rebels killed 117 [sic] in IdlibSyria\n"
    assert [(text[span.start : span.end], span.label) for span in spans] == [
        ("Rebels", "ARMED_GROUP"),
        ("117", "CASUALTY_COUNT"),
        ("Idlib", "PLACE"),
        ("Syria", "PLACE"),
    ]
    assert spans[1].attributes == {"casualty_type": "killed"}


def test_several_attributes_are_named(five_labels: LabelSchema) -> None:
    label = next(label for label in five_labels.labels if len(label.attributes) > 1)
    values = {attribute.name: attribute.value_names[-1] for attribute in label.attributes}
    span = Span(start=2, end=5, label=label.name, attributes=values)
    markup = render_markup("a bcd e", (span,), five_labels)
    assert all(f"{name}={value}" in markup for name, value in values.items())
    assert parse_markup(markup, five_labels) == ("a bcd e", (span,))


@pytest.mark.parametrize(
    ("markup", "told"),
    [
        ("a\n[[b|PLACE", "line 2: '[[' is never closed"),
        ("a|PLACE]]", "line 1: '|PLACE]]' closes a span that was not opened"),
        ("[[a [[b|PLACE]]|PLACE]]", "spans are flat"),
        ("[[a|PLAEC]]", "did you mean 'PLACE'?"),
        ("[[|PLACE]]", "without a character"),
        ("[[3|CASUALTY_COUNT:kiled]]", "casualty_type 'kiled' is not allowed"),
        ("[[x|PLACE:killed]]", "does not belong to PLACE"),
    ],
)
def test_broken_markup_is_told_with_its_line(schema: LabelSchema, markup: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_markup(markup, schema)
    assert told in str(caught.value)


def test_front_matter_becomes_meta_and_is_checked(tmp_path: Path, schema: LabelSchema) -> None:
    path = tmp_path / "report-1.marked"
    path.write_bytes(b"---\r\npublished: 2020-01-02\r\nregion: Mali\r\n---\r\n\r\n[[Gao|PLACE]] fell.\r\n")
    document = read_marked(path, schema)
    assert (document.id, document.text, document.meta.region) == ("report-1", "Gao fell.\n", "Mali")
    path.write_text("---\npublishd: 2020-01-02\n---\n\nx", encoding="utf-8")
    with pytest.raises(DataError, match="did you mean 'published'"):
        read_marked(path, schema)

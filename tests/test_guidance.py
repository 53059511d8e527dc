"""The guidelines: a section for every label, examples that are the gold of the seeds, and HTML that is safe."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from annotate.guidance import examples, render_guidelines
from annotate.page import labelling_config
from annotate.project import wanted_page
from annotate.settings import ROOT, ProjectSettings
from conflict_ner.documents import Document
from conflict_ner.markup import parse_markup
from conflict_ner.schema import Label, LabelSchema

PATH = ROOT / "annotate/guidelines.md"
GUIDELINES = PATH.read_text(encoding="utf-8")
MARKED = examples(GUIDELINES)


def bare(example: str) -> str:
    """Return an example without the marks of what was cut off before and behind it."""
    return example.removeprefix("… ").removesuffix(" …")


def sections(markdown: str) -> dict[str, str]:
    """Return the text under each heading of the second level, by the heading's first word."""
    parts = re.split(r"^## ", markdown, flags=re.MULTILINE)[1:]
    return {part.split(maxsplit=1)[0].rstrip(":"): part for part in parts}


def test_every_label_has_its_section(schema: LabelSchema) -> None:
    assert render_guidelines(GUIDELINES, schema).notes == ()


def test_a_label_more_is_missed(schema: LabelSchema) -> None:
    more = LabelSchema(labels=(*schema.labels, Label(name="WEAPON", description="", colour="#000000")))
    (note,) = render_guidelines(GUIDELINES, more, "annotate/guidelines.md").notes
    assert note.startswith("annotate/guidelines.md: no section on WEAPON, ")
    assert "`## WEAPON: what it is`" in note
    # A label whose name begins another's is not found in that one's heading.
    begun = LabelSchema(labels=(*schema.labels, Label(name="PLAC", description="", colour="#000000")))
    assert [" on PLAC, " in note for note in render_guidelines(GUIDELINES, begun).notes] == [True]


def test_every_label_is_shown_at_work_in_its_own_section(schema: LabelSchema) -> None:
    found = sections(GUIDELINES)
    for name in schema.label_names:
        spans = [span for example in examples(found[name]) for span in parse_markup(bare(example), schema)[1]]
        assert sum(span.label == name for span in spans) >= 3, f"{name} has too few examples"


@pytest.mark.parametrize("example", MARKED, ids=lambda example: example[:40])
def test_an_example_is_gold(example: str, schema: LabelSchema, gold: list[Document]) -> None:
    text, spans = parse_markup(bare(example), schema)
    # One of the articles has no-break spaces, which nobody sees or types.
    places = [(document, start) for document in gold if (start := document.text.replace("\xa0", " ").find(text)) >= 0]
    assert places, f"no seed article holds {text!r}"
    for document, start in places:
        inside = [span for span in document.spans if start < span.end and span.start < start + len(text)]
        assert [(span.start + start, span.end + start, span.label, span.attributes) for span in spans] == [
            (span.start, span.end, span.label, span.attributes) for span in inside
        ], document.id


def test_each_answer_that_the_seeds_hold_is_shown(schema: LabelSchema, gold: list[Document]) -> None:
    held = {value for document in gold for span in document.spans for value in span.attributes.items()}
    spans = [span for example in MARKED for span in parse_markup(bare(example), schema)[1]]
    assert {value for span in spans for value in span.attributes.items()} == held
    assert len(held) >= 2


def test_a_span_has_its_labels_class_and_its_name_small(schema: LabelSchema) -> None:
    html = render_guidelines("> [[at least 117|CASUALTY_COUNT:killed]] in [[<b>Homs|PLACE]] died", schema).html
    assert (
        '<mark class="cn-span cn-span-CASUALTY_COUNT">at least 117<small>CASUALTY_COUNT: killed</small></mark> in '
        '<mark class="cn-span cn-span-PLACE">&lt;b&gt;Homs<small>PLACE</small></mark> died'
    ) in html
    page = labelling_config(schema)
    for label in schema.labels:
        assert f".cn-span-{label.name}{{background:{label.colour}4d}}" in page


@pytest.mark.parametrize("markdown", ["`[[a|PLACE]]`", "    [[a|PLACE]]", "[[a", "[a](b)", "[[a]]", "a|PLACE]]"])
def test_what_is_no_span_stays_what_it_is(markdown: str, schema: LabelSchema) -> None:
    shown = render_guidelines(markdown, schema)
    assert "<mark" not in shown.html
    assert "PLACE]]" in shown.html or "PLACE" not in markdown
    assert not any("examples" in note for note in shown.notes)


def test_an_example_that_the_labels_do_not_allow_is_told_and_shown_as_written(schema: LabelSchema) -> None:
    shown = render_guidelines("[[tanks|WEAPON]] and [[five|CASUALTY_COUNT:drowned]]", schema, "g.md")
    assert "<p>[[tanks|WEAPON]] and [[five|CASUALTY_COUNT:drowned]]</p>" in shown.html
    assert any("g.md: examples" in note and "WEAPON" in note and "drowned" in note for note in shown.notes)


def test_the_html_is_safe(schema: LabelSchema) -> None:
    html = render_guidelines(
        "# Title\n\n- `U.S.` <script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n[[<script>|PLACE]]\n", schema
    ).html
    assert "<h1>Title</h1>" in html
    assert "<code>U.S.</code>" in html
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2
    assert 'href="javascript' not in html


def test_another_schema_works_with_guidelines_of_its_own(five_labels: LabelSchema, tmp_path: Path) -> None:
    own = tmp_path / "own.md"
    own.write_text(
        "".join(f"## {name}\n" for name in five_labels.label_names)
        + "> [[asthma|DISEASE:severity=mild,status=present]], not [[ulcer|DISEASE:severity=grave,status=denied]]\n",
        encoding="utf-8",
    )
    page = wanted_page(ProjectSettings(guidelines=own), five_labels)
    assert page.notes == ()
    assert "<small>DISEASE: mild: present</small>" in page.instructions
    # With the guidelines of this project it is told what they lack, and the page is made all the same.
    missing, wrong = wanted_page(ProjectSettings(), five_labels).notes
    assert "DRUG, DISEASE, GENE, DOSE, BODY_PART" in missing
    assert "'ARMED_GROUP'" in wrong

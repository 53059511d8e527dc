"""Trimming: what does not belong to a span goes, what belongs stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.settings import ROOT
from conflict_ner.documents import Document, Span, read_documents
from conflict_ner.markup import read_marked
from conflict_ner.schema import LabelSchema
from conflict_ner.trimming import are_trimmed, trim, trimmed

GOES = {
    "rebels ": "rebels",
    "\n  rebels\t": "rebels",
    "\u00a0rebels\u200b": "rebels",
    "rebels,": "rebels",
    '"He said ': "He said",
    "‘rebels’": "rebels",
    "rebels'": "rebels",
    "Syria's": "Syria",
    "Assad’s": "Assad",
    "SYRIA'S": "SYRIA",
    "Ukraine's 54th Brigade's": "Ukraine's 54th Brigade",
    "U.S.-": "U.S.",
    "Idlib.": "Idlib",
    "Idlib...": "Idlib",
    "al-Nusra,”": "al-Nusra",
    "(HTS)": "HTS",
    "(HTS": "HTS",
    "HTS)": "HTS",
    "14 (": "14",
    "الحسكة،": "الحسكة",
    "— Tuesday": "Tuesday",
    "'Ain al-Arab'": "Ain al-Arab",
}
STAYS = (
    "U.S.",
    "p.m.",
    "30 Nov.",
    "NDFB (Songbijit)",
    "(a)(b)",
    "1990's",
    "'90s",
    "60+",
    "40%",
    "#Aleppo",
    "$5",
    'group "Ansar"',
    '"Army" of Conquest',
    "the 'Army'",
    "President Assad's forces",
    "St. John's Hospital",
    "1 p.m. on Monday",
    "al-Nusra",
    "Idlib/Aleppo",
    "é",
    "e\u0301",
    "🇸🇾",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
)


@pytest.mark.parametrize(("marked", "kept"), GOES.items())
def test_what_goes(marked: str, kept: str) -> None:
    text = f"x {marked} y"
    start, end = trim(text, 2, 2 + len(marked))
    assert text[start:end] == kept


@pytest.mark.parametrize("surface", STAYS)
def test_what_stays(surface: str) -> None:
    text = f"x {surface} y"
    assert trim(text, 2, 2 + len(surface)) == (2, 2 + len(surface))


@pytest.mark.parametrize("surface", [" ", "—", "...", '" "', "\u200b\n", "()"])
def test_nothing_may_be_left(surface: str) -> None:
    start, end = trim(f"a{surface}b", 1, 1 + len(surface))
    assert start == end


@given(st.text(max_size=20), st.text(alphabet=" '’\".,()[]s-—U.S", max_size=20), st.text(max_size=20))
def test_it_only_shrinks_and_is_stable(before: str, middle: str, after: str) -> None:
    text = before + middle + after
    start, end = trim(text, len(before), len(before + middle))
    assert len(before) <= start <= end <= len(before + middle)
    assert trim(text, start, end) == (start, end)


def test_it_leaves_every_span_of_the_shipped_data_alone() -> None:
    schema = LabelSchema.load(ROOT / "configs/labels.yaml")
    files = [ROOT / "seeds/gold.jsonl", *sorted((ROOT / "seeds/annotators").glob("*.jsonl"))]
    documents = [document for path in files for document in read_documents(path, schema)]
    documents += [read_marked(path, schema) for path in sorted((ROOT / "seeds/synthetic").glob("*.marked"))[::20]]
    spans = [(document.text, span) for document in documents for span in document.spans]
    assert len(spans) > 1000
    assert [
        text[span.start : span.end] for text, span in spans if trim(text, span.start, span.end) != span.key[:2]
    ] == []


def test_spans_of_signs_alone_are_left_out_and_the_others_trimmed() -> None:
    text = "Rebels, they — said"
    spans = [Span(start=0, end=7, label="A"), Span(start=13, end=14, label="A"), Span(start=15, end=19, label="A")]
    assert not are_trimmed([Document(id="d", text=text, spans=(spans[0],))])
    kept = trimmed(spans, text)
    assert [span.key for span in kept] == [(0, 6, "A"), (15, 19, "A")]
    assert are_trimmed([Document(id="d", text=text, spans=kept)])

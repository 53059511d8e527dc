"""Annotators of the tests: short readings by hand, and documents with several drawn ones."""

from __future__ import annotations

from hypothesis import strategies as st

from annotate.agreement.comparisons import Resampling
from annotate.agreement.disagreements import agreed, disagreements
from annotate.agreement.measure import Agreement
from annotate.agreement.records import Report
from annotate.annotated import Annotated
from annotate.settings import ROOT
from conflict_ner.documents import Document, Provenance, Span
from conflict_ner.schema import LabelSchema
from tests.strategies import flat_spans

RECORDED = tuple(ROOT / "seeds" / "annotators" / f"annotator-{number}.jsonl" for number in (1, 2))
LENGTH = 24
NONE = 0  # resamples
TEXT = "Rebels killed 117 soldiers in Idlib and 12 in Homs on Tuesday."


def reading(name: str, *spans: Span, document: str = "a", text: str = TEXT, **provenance: object) -> Document:
    source = Provenance.model_validate({"annotators": (name,), **provenance})
    return Document(id=document, text=text, spans=spans, provenance=source)


def found(words: str, label: str, origin: str | None = None, text: str = TEXT, **attributes: str) -> Span:
    start = text.index(words)
    record = {"start": start, "end": start + len(words), "label": label, "attributes": attributes, "origin": origin}
    return Span.model_validate(record)


def measured(schema: LabelSchema, *documents: Annotated, resamples: int = NONE) -> Report:
    agreement = Agreement(schema)
    for annotated in documents:
        agreement.add(annotated, agreed(annotated), disagreements(annotated))
    return agreement.report("The test", Resampling(resamples))


@st.composite
def annotateds(draw: st.DrawFn, most: int = 4) -> Annotated:
    """Draw a document with one to four readings, some of them alike in places."""
    text = "x" * LENGTH
    common = draw(flat_spans(LENGTH))
    readings = []
    for number in range(draw(st.integers(1, most))):
        kept = [span for span in common if draw(st.booleans())]
        own = [span for span in draw(flat_spans(LENGTH)) if all(_apart(span, other) for other in kept)]
        asked = [
            span.model_copy(update={"attributes": draw(st.sampled_from(({}, {"casualty_type": "killed"})))})
            if span.label == "CASUALTY_COUNT"
            else span
            for span in (*kept, *own)
        ]
        readings.append(reading(f"reader-{number}", *asked, text=text))
    return Annotated(tuple(readings))


def _apart(one: Span, other: Span) -> bool:
    return one.end <= other.start or other.end <= one.start

"""Events of any text are sound, and those that readers wrote down are found as often as was measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotate.settings import ROOT
from benchmarks import event_slots
from conflict_ner.assembly import assemble
from conflict_ner.documents import Document, Meta, Span
from conflict_ner.events import Events
from conflict_ner.facts import Facts
from tests.marked_events import TUESDAY, marked_document, normaliser
from tests.strategies import marked_texts


@given(marked_texts())
def test_any_text_and_any_spans_become_sound_rows(marked: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = marked
    document = Document(id="a", text=text, spans=spans, meta=Meta(published=TUESDAY))
    check(document, assemble(document, normaliser()(document)))


def check(document: Document, found: Events) -> None:
    """Check what holds of all rows: evidence is of the text, bounds are in order, ids are unique, nothing is 0."""
    assert [row.id for row in found.rows] == [f"{document.id}/{number}" for number in range(1, len(found.rows) + 1)]
    assert found.main is None or found.main in {row.id for row in found.rows}
    for row in found.rows:
        evidence = [row.sentence, *(actor.evidence for actor in row.actors)]
        evidence += [row.place.evidence] if row.place else []
        evidence += [row.date.evidence] if row.date and row.date.evidence else []
        for slot in (row.killed, row.wounded, row.captured, row.missing):
            if slot is None:
                continue
            evidence += slot.evidence
            assert slot.evidence
            bounds = [bound for bound in (slot.low, slot.best, slot.high) if bound is not None]
            assert bounds == sorted(bounds)
            assert bounds
        for one in evidence:
            assert document.text[one.start : one.end] == one.surface
        assert row.needs_review == bool(row.reasons)
        assert all(reason.endswith(".") for reason in row.reasons)
    for toll in found.background:
        assert document.text[toll.evidence.start : toll.evidence.end] == toll.evidence.surface


_BITS = st.sampled_from(
    (
        "[[Rebels|G]] ",
        "[[HTS|G]] ",
        "attacked ",
        "captured ",
        "killed ",
        "[[12|k]] ",
        "[[three|k]] of them ",
        "[[dozens|w]] ",
        "[[up to 40|k]] ",
        "[[5,000|k]] ",
        "[[seven|c]] people ",
        "[[4|u]] ",
        "in ",
        "near ",
        "[[Homs|P]] ",
        "[[Idlib province|P]] ",
        "[[Syria|P]] ",
        "[[Xyzzq|P]]",
        "on ",
        "since ",
        "[[Sunday|D]]",
        "[[March 2011|D]] ",
        "[[next week|D]]",
        ". ",
        ". Then ",
        "; ",
        ", and ",
        "\n\n",
        "\n1) ",
        "TOTAL: ",
        "police said ",
    )
)


@given(st.lists(_BITS, min_size=1, max_size=40).map("".join))
def test_any_words_of_the_trade_become_sound_rows(marked: str) -> None:
    document = marked_document(marked)
    check(document, assemble(document, normaliser()(document)))


# The gold.

FLOORS = {
    "killed total": 0.85,
    "wounded total": 0.94,
    "captured total": 0.93,
    "missing total": 0.98,
    "main event's killed": 0.69,
    "main event's place": 0.78,
    "main event's date": 0.84,
    "no main event, as gold": 0.8,
    "events found (recall)": 0.56,
    "rows that are events (precision)": 0.57,
    "events with a count found": 0.61,
    "date of a found event": 0.82,
    "background tolls found (recall)": 0.84,
    "background rows that are tolls (precision)": 0.86,
}


def test_the_gold_is_reached() -> None:
    rows = [row for path in event_slots.GOLD for row in event_slots.gold_rows(path)]
    documents = event_slots.gold_documents(rows)

    def read(document: Document) -> tuple[Facts, Events]:
        facts = normaliser()(document)
        found = assemble(document, facts)
        check(document, found)
        return facts, found

    scores = event_slots.score(documents, rows, read)
    shares = {name: got / of for name, (got, of) in scores.items()}
    assert {name: share for name, share in shares.items() if share < FLOORS.get(name, 0)} == {}
    assert set(FLOORS) <= set(shares)
    assert all(path.is_relative_to(ROOT) for path in event_slots.GOLD)

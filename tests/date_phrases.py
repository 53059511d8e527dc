"""How the tests of dates write a text with phrases, and what was read of them."""

from __future__ import annotations

from datetime import date

from conflict_ner.documents import Span
from conflict_ner.facts import DateFact
from conflict_ner.normalise.dates.context import DateOrder
from conflict_ner.normalise.dates.facts import date_facts

WEDNESDAY = date(2019, 12, 4)


def resolved(marked: str, published: date | None = WEDNESDAY, order: DateOrder = "dmy") -> list[DateFact]:
    """Resolve the dates of a text in which they stand between `<` and `>`."""
    text, spans, start = "", [], 0
    for sign in marked:
        if sign == "<":
            start = len(text)
        elif sign == ">":
            spans.append(Span(start=start, end=len(text), label="DATE"))
        else:
            text += sign
    facts = date_facts(text, spans, published, order)
    assert [fact.surface for fact in facts] == [text[span.start : span.end] for span in spans]
    return list(facts)


def read(fact: DateFact) -> str:
    """Write a fact in a line: first day, day after the last, precision, anchor; or the reason."""
    if fact.interval is None:
        assert fact.anchor is None
        assert fact.why
        return fact.why
    return f"{fact.interval.start} {fact.interval.end} {fact.interval.precision} {fact.anchor}"


def alone(phrase: str, published: date | None = WEDNESDAY, order: DateOrder = "dmy") -> str:
    """Resolve a phrase that stands alone in its text."""
    return read(resolved(f"<{phrase}>", published, order)[0])

"""Events of texts that are marked in a line, for the tests of the assembly."""

from __future__ import annotations

import datetime
from functools import cache

from conflict_ner.assembly import assemble
from conflict_ner.documents import Document, Meta
from conflict_ner.events import CountSlot, Event, Events
from conflict_ner.markup import parse_markup
from conflict_ner.normalise.normaliser import Normaliser
from tests.marked_groups import SCHEMA

TUESDAY = datetime.date(2015, 3, 31)
_LABELS = {"G": "ARMED_GROUP", "P": "PLACE", "D": "DATE"}
_TYPES = {"k": "killed", "w": "wounded", "c": "captured", "m": "missing", "u": "unspecified"}


@cache
def normaliser() -> Normaliser:
    """Return a normaliser whose tables are loaded once."""
    return Normaliser()


def marked_document(marked: str, published: datetime.date | None = TUESDAY) -> Document:
    """Return marked text as a document: G, P, D for labels, k, w, c, m, u for casualty types."""
    for short, label in _LABELS.items():
        marked = marked.replace(f"|{short}]]", f"|{label}]]")
    for short, kind in _TYPES.items():
        marked = marked.replace(f"|{short}]]", f"|CASUALTY_COUNT:{kind}]]")
    text, spans = parse_markup(marked, SCHEMA)
    return Document.from_raw("a", text, spans, Meta(published=published))


def events(marked: str, published: datetime.date | None = TUESDAY) -> Events:
    """Return the events of marked text."""
    document = marked_document(marked, published)
    return assemble(document, normaliser()(document))


def only(marked: str, published: datetime.date | None = TUESDAY) -> Event:
    """Return the one event of marked text."""
    (row,) = events(marked, published).rows
    return row


def figures(slot: CountSlot | None) -> tuple[int | None, int | None, int | None] | None:
    """Return low, best and high."""
    return None if slot is None else (slot.low, slot.best, slot.high)


def places(found: Events) -> list[str]:
    """Return the place of each row as the text names it."""
    return [row.place.evidence.surface if row.place else "" for row in found.rows]

"""Short texts in which armed groups, places and dates are marked, and what is read from them."""

from __future__ import annotations

import datetime

from annotate.settings import ROOT
from conflict_ner.documents import Document, Meta
from conflict_ner.facts import GroupFact
from conflict_ner.markup import parse_markup
from conflict_ner.normalise.groups.facts import group_facts
from conflict_ner.schema import LabelSchema

SCHEMA = LabelSchema.load(ROOT / "configs" / "labels.yaml")
KINDS = ("state_force", "rebel", "militia", "coalition", "generic")


def document(marked: str, year: int | None = None) -> Document:
    """Build a document: `[[words|G]]` is an armed group, `[[words|P]]` a place, `[[words|D]]` a date."""
    for short, label in (("G", "ARMED_GROUP"), ("P", "PLACE"), ("D", "DATE")):
        marked = marked.replace(f"|{short}]]", f"|{label}]]")
    text, spans = parse_markup(marked, SCHEMA)
    published = datetime.date(year, 6, 15) if year else None
    return Document.from_raw("a", text, spans, Meta(published=published))


def facts(marked: str, year: int | None = None) -> dict[str, GroupFact]:
    """Return the last fact of each surface."""
    return {fact.surface: fact for fact in group_facts(document(marked, year))}


def ids(marked: str, year: int | None = None) -> dict[str, str | None]:
    """Return the id of each surface's organisation."""
    return {surface: fact.group.id if fact.group else None for surface, fact in facts(marked, year).items()}

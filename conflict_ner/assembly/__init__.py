"""Assembly: the facts of a document as event rows, tolls of a war or a year apart.

Counts, places and dates meet in clauses (`clauses`); a clause that counts people, or tells of an armed act at a place,
opens an event or goes to the one it belongs to (`drafts`); one of them is what the text is mainly about (`main`), at
the place (`choosing`) and on the day (`dating`) that most speaks for it; then each becomes a row (`rows`). The steps
and what each is worth were measured on gold spans: the most specific place of the sentence, then of the two before,
then the document's own; a date that is not the report's, then that of the sentences around, then publication, marked
as such.
"""

from __future__ import annotations

from conflict_ner.assembly.choosing import main_place
from conflict_ner.assembly.clauses import layout
from conflict_ner.assembly.dating import set_date
from conflict_ner.assembly.drafts import drafts
from conflict_ner.assembly.main import main_event, ordered
from conflict_ner.assembly.rows import event, toll
from conflict_ner.documents import Document
from conflict_ner.events import Events
from conflict_ner.facts import Facts

__all__ = ["assemble"]


def assemble(document: Document, facts: Facts) -> Events:
    """Return the events that a document's facts tell of.

    Args:
        document: the text, and in `meta.published` the day that stands where no date is told.
        facts: what the document's spans mean.
    """
    page = layout(document.text, facts)
    place = main_place(page.clauses)
    published = document.meta.published
    made, background = drafts(page, place, published)
    clause_of = {id(fact): clause for clause in page.clauses for fact in clause.counts}
    background.sort(key=lambda fact: fact.span.start)
    made = ordered(made)
    main = main_event(made, page, place, published)
    if main is not None:
        set_date(main, page, published)
        if all(draft is not main for draft in made):
            made = ordered([*made, main])
    rows = tuple(event(document, draft, number) for number, draft in enumerate(made, 1))
    return Events(
        rows=rows,
        main=next((row.id for row, draft in zip(rows, made, strict=True) if draft is main), None),
        background=tuple(
            toll(document, fact, clause_of.get(id(fact))) for fact in background if fact.count is not None
        ),
    )

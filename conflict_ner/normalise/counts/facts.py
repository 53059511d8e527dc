"""Count facts: each count of a text as a number with its casualty type and flags."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from conflict_ner.documents import Span
from conflict_ner.facts import CasualtyType, CountFact
from conflict_ner.normalise.counts.casualties import casualty_type
from conflict_ner.normalise.counts.cues import TYPES
from conflict_ner.normalise.counts.phrases import LOWER_BOUND, VagueWords, read_count
from conflict_ner.normalise.counts.tolls import Dates, flags

_ATTRIBUTE = "casualty_type"


def count_facts(
    text: str,
    spans: Iterable[Span],
    dates: Dates | None = None,
    published: date | None = None,
    vague: VagueWords = LOWER_BOUND,
) -> tuple[CountFact, ...]:
    """Resolve the counting phrases of a text.

    Args:
        text: the document's text.
        spans: its count spans, in any order; one that has a `casualty_type` attribute keeps it, the type of another
            is told from the words around it.
        dates: the resolved dates, by the start and the end of their spans.
        published: the day of publication.
        vague: what `dozens`, `several` and their like are worth.

    Returns:
        A fact for each span, in the order of the text. One without a count says why.
    """
    facts = []
    for span in sorted(spans, key=lambda span: span.key):
        surface = text[span.start : span.end]
        count = read_count(surface, vague)
        facts.append(
            CountFact(
                span=span,
                surface=surface,
                count=count,
                casualty_type=_told(span) or casualty_type(text, span),
                why=None if count else "the words give no number, or several that are no range",
            )
        )
    return tuple(
        fact.model_copy(update={"subset": told.subset, "cumulative": told.cumulative})
        for fact, told in zip(facts, flags(text, facts, dates, published), strict=True)
    )


def _told(span: Span) -> CasualtyType | None:
    """Return the casualty type that a span has been given, if it is one of the label schema."""
    return next((kind for kind in TYPES if kind == span.attributes.get(_ATTRIBUTE)), None)

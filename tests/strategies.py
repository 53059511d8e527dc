"""What hypothesis draws from in several test files: texts of all kinds, and flat span lists over them."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from conflict_ner.documents import Span
from conflict_ner.text import normalise_text

AWKWARD = (
    *("\r\n", "\n", "\N{NO-BREAK SPACE}", "\u2028", "\ufeff", "\t", " ", "  "),
    *("😀", "👨\u200d👩\u200d👧", "🇸🇾", "é", "e\u0301", "ﷺ", "حلب", "می\u200cشود", "Идлиб", "阿勒颇", "가자"),
    *("[[", "]]", "|", "\\", "[", "]", "---", "'s", "U.S.", "al-Nusra", "1,000", "Idlib", "rebels", "ﬁ", "İ", "ß"),
)
LABELS = ("ARMED_GROUP", "PLACE", "CASUALTY_COUNT", "DATE")


@st.composite
def flat_spans(draw: st.DrawFn, length: int = 24, labels: tuple[str, ...] = LABELS) -> tuple[Span, ...]:
    """Draw spans over `length` characters of which none overlaps another; neighbours may touch."""
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=12)))
    spans = []
    for start, end in itertools.pairwise(cuts):
        label = draw(st.sampled_from((None, *labels)))
        if label is not None:
            spans.append(Span(start=start, end=end, label=label))
    return tuple(spans)


def any_text(max_size: int = 40) -> st.SearchStrategy[str]:
    """Draw raw text: awkward pieces and any characters, NUL and lone surrogates too."""
    pieces = st.sampled_from(AWKWARD) | st.text(max_size=4) | st.characters(categories=["Cs", "Mn", "Cf", "Lo", "So"])
    return st.lists(pieces, max_size=max_size // 2).map("".join)


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, tuple[Span, ...]]:
    """Draw a normalised text with flat spans anywhere in it, touching and at both ends too."""
    text = normalise_text(draw(any_text()))
    return text, draw(flat_spans(len(text)))

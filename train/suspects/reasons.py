"""A suspicion in words: what is marked, what the model reads, what the rest of the corpus does, and how sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conflict_ner.documents import Document, Span
from conflict_ner.label_errors import LabelError, QuotedSpan
from train.suspects.borders import FIRST, Border
from train.suspects.find import Suspect
from train.suspects.usage import Marks, words_of

_LONGEST = 60  # characters of a surface that a sentence quotes


def label_error(suspect: Suspect) -> LabelError:
    """Return a suspect as a line of the file that annotators get.

    What the model says nothing of, such as a casualty type, is kept where the label stays and left open where it
    changes.
    """
    document, marked, read = suspect.document, suspect.place.marked, suspect.place.read
    kept = marked.attributes if marked is not None and read is not None and marked.label == read.label else {}
    authors = () if document.provenance.adjudicated else document.provenance.annotators
    return LabelError(
        document=document.id,
        annotator=authors[0] if len(authors) == 1 else None,
        span=_quoted(document, marked, marked.attributes) if marked else None,
        reason=reason(suspect),
        suggestion=_quoted(document, read, kept) if read else None,
        score=round(suspect.score, 4),
        text_sha256=document.sha256,
    )


def reason(suspect: Suspect) -> str:
    """Return why a place is suspicious, as a sentence that the annotator reads."""
    borders = (edge for edge in suspect.borders if edge.inside or edge.outside)
    parts = [_readings(suspect), *_elsewhere(suspect), *(_border(edge, suspect) for edge in borders)]
    return "; ".join(parts) + "."


def _readings(suspect: Suspect) -> str:
    document, marked, read = suspect.document, suspect.place.marked, suspect.place.read
    sure, other = _percent(suspect.doubt.read), _percent(suspect.doubt.marked)
    here = f"Marked as {marked.label}" if marked else "Nothing is marked"
    if read is None:
        found = "nothing"
    elif marked is None or (marked.start, marked.end) == (read.start, read.end):
        found = read.label
    else:
        found = f"{_quote(document, read)} as {read.label}" if read.label != marked.label else _quote(document, read)
    instead = "as marked" if marked else "nothing"
    return f"{here}, but a model that has not seen this article reads {found} ({sure} sure; {instead}: {other})"


def _elsewhere(suspect: Suspect) -> Iterator[str]:
    """Yield how the corpus marks the words of both readings; once where they are the same words."""
    document, (marked, read) = suspect.document, (suspect.place.marked, suspect.place.read)
    if marked is None or read is None or words_of(document, marked) == words_of(document, read):
        marks = suspect.read or suspect.marked
        assert marks is not None  # a disagreement has one side at least
        labels = dict.fromkeys(span.label for span in reversed(suspect.place.spans))
        yield f"elsewhere these words {_ways(marks, list(labels), both=marked is None or read is None)}"
        return
    counts = [
        f"{_quote(document, span)} is {span.label} {marks.labels[span.label]:,} of {marks.total:,} times"
        for span, marks in ((read, suspect.read), (marked, suspect.marked))
        if marks is not None and marks.total
    ]
    if counts:
        yield f"elsewhere {' and '.join(counts)}"


def _ways(marks: Marks, labels: Sequence[str], both: bool) -> str:
    """Say how words are marked; `both`: whether leaving them unmarked is one of the two readings."""
    if not marks.total:
        return "do not stand in the corpus"
    others = sum(count for label, count in marks.labels.items() if label not in labels)
    counts = [f"{label} {_times(marks.labels[label])}" for label in labels]
    counts += [f"unmarked {_times(marks.unmarked)}"] if both or marks.unmarked else []
    counts += [f"of another label {_times(others)}"] if others else []
    counts += [f"in or beside longer spans {_times(marks.otherwise)}"] if marks.otherwise else []
    return f"are {', '.join(counts)}"


def _border(edge: Border, suspect: Suspect) -> str:
    stands, does = ("before", "begins") if edge.side == FIRST else ("behind", "ends")
    label = suspect.place.spans[0].label
    return (
        f'"{edge.word}" stands right {stands} {edge.outside or "no"} other {label} and {does} {edge.inside or "none"}'
    )


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _percent(share: float) -> str:
    if not 0.01 <= share <= 0.99:
        return "under 1 %" if share < 0.01 else "over 99 %"
    return f"{100 * share:.0f} %"


def _quote(document: Document, span: Span) -> str:
    surface = " ".join(document.surface(span).split())
    return f'"{surface}"' if len(surface) <= _LONGEST else f'"{surface[:_LONGEST]}…"'


def _quoted(document: Document, span: Span, attributes: dict[str, str]) -> QuotedSpan:
    return QuotedSpan(
        start=span.start, end=span.end, label=span.label, attributes=attributes, text=document.surface(span)
    )

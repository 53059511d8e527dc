"""Tag documents anew with a model, and say which of their spans it can never find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from conflict_ner.documents import Document

if TYPE_CHECKING:
    from conflict_ner.tagger import Tagger

_CHUNK = 32  # documents between two steps of the progress bar
_LISTED = 3  # examples in a sentence


def predict(tagger: Tagger, documents: Sequence[Document]) -> list[Document]:
    """Tag the documents' texts anew, with a progress bar on a terminal."""
    from rich.progress import Progress

    from conflict_ner.console import err

    predicted: list[Document] = []
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Reading documents", total=len(documents))
        for begin in range(0, len(documents), _CHUNK):
            chunk = documents[begin : begin + _CHUNK]
            found = tagger.tag([document.text for document in chunk])
            predicted += [document.with_spans(spans) for document, spans in zip(chunk, found, strict=True)]
            progress.advance(task, len(chunk))
    return predicted


def lost_notes(tagger: Tagger, gold: Sequence[Document]) -> list[str]:
    """Say how many gold spans a model can never find: unknown labels, and edges inside its tokens."""
    unknown: Counter[str] = Counter()
    lost: list[str] = []
    for document in gold:
        known = [span for span in document.spans if span.label in tagger.tags.labels]
        unknown.update(span.label for span in document.spans if span.label not in tagger.tags.labels)
        lost += [
            f"{loss.surface!r} in {document.id}: {loss.reason}" for loss in tagger.lost(document.with_spans(known))
        ]
    notes = [
        f"The model knows no label {label}, which {count} gold span(s) carry; they count as missed."
        for label, count in sorted(unknown.items())
    ]
    if lost:
        more = f"; and {len(lost) - _LISTED} more" if len(lost) > _LISTED else ""
        notes.append(
            f"{len(lost)} gold span(s) cannot be found by this model's tokens and count as missed: "
            f"{'; '.join(lost[:_LISTED])}{more}."
        )
    return notes

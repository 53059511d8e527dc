"""The extractor: an article in, a Document with scored spans out.

from conflict_ner import load
document = load("models/mini")("Rebels killed 12 soldiers near Idlib on Tuesday.")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from conflict_ner.documents import Document, Provenance
from conflict_ner.tagger import Tagger


class Extractor:
    """Finds the spans of texts and documents.

    Args:
        tagger: reads the texts.
        chunk: how many documents are read together; more are faster and take more memory.
    """

    def __init__(self, tagger: Tagger, chunk: int = 32) -> None:
        self.tagger = tagger
        self.chunk = chunk

    def __call__(self, text: str) -> Document:
        """Extract from one text. Offsets mean the returned document's `text` (its line ends are `\\n`)."""
        return next(self.extract([Document.from_raw("text", text)]))

    def extract(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield each document with the model's spans in place of its own, in order, chunk by chunk."""
        remaining = iter(documents)
        while chunk := list(islice(remaining, self.chunk)):
            found = self.tagger.tag([document.text for document in chunk])
            for document, spans in zip(chunk, found, strict=True):
                yield Document(
                    id=document.id, text=document.text, spans=spans, meta=document.meta, provenance=Provenance()
                )


def load(
    name: str | Path, device: str | None = None, revision: str | None = None, precision: float | None = None
) -> Extractor:
    """Open a checkpoint for extraction.

    Args:
        name: a folder, or a hub id.
        device: a torch device; by default a GPU where there is one.
        revision: branch, tag or commit of a hub id.
        precision: such as 0.9; leaves out spans that are too unsure for it. None keeps all.

    Raises:
        CheckpointError: the checkpoint cannot be found or opened.
        ConfigError: the checkpoint was not calibrated for that precision.
    """
    return Extractor(Tagger.load(name, device, revision, precision))

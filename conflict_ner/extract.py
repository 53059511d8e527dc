"""The extractor: an article in; its scored spans out, what they mean, and the events that they tell of.

extractor = load("models/mini")
document = extractor("Rebels killed 12 soldiers near Idlib on Tuesday.")
reading = extractor.read(document)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from conflict_ner.documents import Document, Provenance
from conflict_ner.reading import Reading
from conflict_ner.tagger import Tagger

if TYPE_CHECKING:
    from conflict_ner.normalise.normaliser import Normaliser, NormaliseSettings


class Extractor:
    """Finds the spans of texts and documents.

    Args:
        tagger: reads the texts.
        chunk: how many documents are read together; more are faster and take more memory.
        settings: how facts are normalised where the text does not decide it.
    """

    def __init__(self, tagger: Tagger, chunk: int = 32, settings: NormaliseSettings | None = None) -> None:
        self.tagger = tagger
        self.chunk = chunk
        self._settings = settings

    @cached_property
    def normaliser(self) -> Normaliser:
        """Reads the facts; its tables are loaded when it is first asked for."""
        from conflict_ner.normalise.normaliser import Normaliser

        return Normaliser(self._settings)

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

    def read(self, document: Document) -> Reading:
        """Return the facts and events of a document's own spans; without `meta.published`, `Tuesday` has no date."""
        from conflict_ner.assembly import assemble

        facts = self.normaliser(document)
        return Reading(document=document, facts=facts, events=assemble(document, facts))

    def read_all(self, documents: Iterable[Document]) -> Iterator[Reading]:
        """Yield the reading of each document by the model's spans, in order, chunk by chunk."""
        return map(self.read, self.extract(documents))


def load(
    name: str | Path,
    device: str | None = None,
    revision: str | None = None,
    precision: float | None = None,
    settings: NormaliseSettings | None = None,
    engine: str | None = None,
) -> Extractor:
    """Open a checkpoint for extraction.

    Args:
        name: a folder, an installed model such as `conflict-ner-mini`, or a hub id.
        device: a torch device; by default a GPU where there is one.
        revision: branch, tag or commit of a hub id.
        precision: such as 0.9; leaves out spans that are too unsure for it. None keeps all.
        settings: how facts are normalised where the text does not decide it.
        engine: `torch` or `openvino`; None takes the fastest that the machine and the checkpoint's export allow, and
            `extractor.tagger.engine.name` says which.

    Raises:
        CheckpointError: the checkpoint cannot be found or opened, or has no sound export for the wanted engine.
        ConfigError: the checkpoint was not calibrated for that precision, or the engine is unknown or not installed.
    """
    return Extractor(Tagger.load(name, device, revision, precision, engine), settings=settings)

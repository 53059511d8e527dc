"""Who predicts: a checkpoint by the library's own extractor; the weak functions stand in `weak/`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from annotate.predictions import checkpoint_version
from conflict_ner.checkpoint import find_checkpoint
from conflict_ner.documents import Document
from conflict_ner.errors import CheckpointError
from conflict_ner.schema import LabelSchema


class Labeller(Protocol):
    """Anything that reads documents and has a version to its name."""

    @property
    def version(self) -> str:
        """The name of what predicts, which changes when it does."""

    def extract(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield each document with predicted spans, in order."""


class ModelLabeller:
    """A checkpoint."""

    def __init__(self, name: str, schema: LabelSchema) -> None:
        """Open a checkpoint.

        Args:
            name: a folder or a hub id.
            schema: the labels of the project.

        Raises:
            CheckpointError: it cannot be found or opened, or predicts labels that the project lacks.
        """
        from conflict_ner.console import quiet_transformers
        from conflict_ner.extract import load

        quiet_transformers()
        folder = find_checkpoint(name)
        self.version = checkpoint_version(name, folder)
        self._extractor = load(folder)
        labels = self._extractor.tagger.tags.labels
        strange = [label for label in labels if schema.label(label) is None]
        if strange:
            raise CheckpointError(
                f"The checkpoint {name!r} predicts {', '.join(strange)}, which the project's labels "
                f"({', '.join(schema.label_names)}) do not hold. Name another checkpoint, or set project.labels to "
                "the schema that it was trained with."
            )
        self.untaught = tuple(label for label in schema.label_names if label not in labels)

    def extract(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield each document with the model's spans, in order."""
        return self._extractor.extract(documents)

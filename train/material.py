"""What a run learns from and is scored on: the documents of a corpus, split by split, with their schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conflict_ner.documents import Document
from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema
from train import rooted
from train.config import TrainConfig
from train.corpus import manifest_sha256, read_corpus, read_schema


@dataclass(frozen=True)
class Material:
    """The documents of a run.

    Attributes:
        splits: `train`, and `validation` and `test` where there are some.
        schema: the labels that the documents are marked with.
        corpus: name of the corpus, and SHA-256 of its manifest, as a checkpoint keeps them.
    """

    splits: Mapping[str, list[Document]]
    schema: LabelSchema
    corpus: Mapping[str, str]

    @classmethod
    def of(cls, config: TrainConfig) -> Material:
        """Read the corpus that a configuration names.

        Raises:
            ConfigError: it has nothing to train on.
            DataError: it is missing or broken.
        """
        folder = rooted(config.corpus)
        splits = read_corpus(folder)
        if not splits.get("train"):
            raise ConfigError(f"The corpus {folder} has no train split; build one that leaves documents to train on.")
        return cls(splits, read_schema(folder), {"name": folder.name, "manifest_sha256": manifest_sha256(folder)})

    def with_spans(self) -> Material:
        """Return the same material without a validation split that has no span, and so cannot choose an epoch.

        Raises:
            ConfigError: the train split has no span.
        """
        documents = self.splits.get("train", [])
        if not any(document.spans for document in documents):
            raise ConfigError(
                f"None of the {len(documents)} documents of the train split has a span, so there is nothing to learn; "
                "label some of them, or build a corpus from sources that are labelled."
            )
        kept = dict(self.splits)
        if not any(document.spans for document in kept.get("validation", [])):
            kept.pop("validation", None)
        return self.with_splits(kept)

    def with_splits(self, splits: Mapping[str, list[Document]]) -> Material:
        """Return the same material divided otherwise; empty splits are left out."""
        return Material({name: documents for name, documents in splits.items() if documents}, self.schema, self.corpus)

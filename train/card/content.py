"""What a card is written from: a checkpoint, its run, its corpus, and the k-fold run that judged its recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from conflict_ner.calibration import Calibration
from conflict_ner.checkpoint import CheckpointInfo
from conflict_ner.documents import Document
from train.card.facts import EncoderFacts, TrainingFacts, describe_encoder
from train.config import TrainConfig
from train.corpus import CorpusConfig, Manifest
from train.score import Scores

Pairs = Sequence[tuple[Document, Document]]
OUT_OF_FOLD = "out-of-fold"


def with_scores(info: CheckpointInfo, scores: Mapping[str, Scores]) -> CheckpointInfo:
    """Return a checkpoint's metadata with the strict F1 of each split, and its interval where it has one."""
    strict = {f"{split}_strict_f1": score.micro["strict"].f1 for split, score in scores.items()}
    return info.model_copy(
        update={
            "scores": {name: round(f1.value, 6) for name, f1 in strict.items()},
            "intervals": {
                name: (round(f1.low, 6), round(f1.high, 6))
                for name, f1 in strict.items()
                if f1.low is not None and f1.high is not None
            },
        }
    )


@dataclass(frozen=True)
class Pooled:
    """A k-fold run beside the model of a card.

    Attributes:
        name: of the k-fold run.
        scores: of all documents held out, each read by the model that did not see it.
        readings: (gold, predicted) of them.
        folds: the strict F1 of each fold.
        corpus: name and manifest hash of its corpus.
        differences: how its settings differ from those of the card's own run.
    """

    name: str
    scores: Scores
    readings: Pairs
    folds: tuple[float, ...]
    corpus: Mapping[str, str]
    differences: tuple[str, ...]


@dataclass(frozen=True)
class CardContent:
    """All that a card tells.

    Attributes:
        name: of the model, as published.
        address: what `pipeline()` and `load()` are given: a folder, or a hub id.
        info: the checkpoint's metadata, with its schema.
        config: the run's configuration.
        training: what the run kept of its training; None for a run of a version that kept nothing.
        manifest: of the corpus.
        splits: the documents of the corpus, or of the fold.
        scores: split -> scores of this very checkpoint.
        readings: split -> (gold, predicted) documents that the scores come from.
        transitions: whether the checkpoint has learned ones.
        calibration: of the checkpoint, if it has one.
        pooled: a k-fold run of the same recipe.
        named_licence: of the weights, where another one than the encoder's was named.
    """

    name: str
    address: str
    info: CheckpointInfo
    config: TrainConfig
    training: TrainingFacts | None
    manifest: Manifest
    splits: Mapping[str, Sequence[Document]]
    scores: Mapping[str, Scores]
    readings: Mapping[str, Pairs]
    transitions: bool
    calibration: Calibration | None = None
    pooled: Pooled | None = None
    named_licence: str | None = None

    @cached_property
    def encoder(self) -> EncoderFacts:
        """What the model was fine-tuned from."""
        if self.training is not None:
            return self.training.encoder
        return describe_encoder(self.config.encoder.name, self.config.encoder.revision)

    @cached_property
    def corpus(self) -> CorpusConfig:
        """The corpus's own configuration."""
        return CorpusConfig.model_validate(self.manifest.config)

    @property
    def licence(self) -> str | None:
        """The licence of the weights: the encoder's, unless another one was named."""
        return self.named_licence or self.encoder.first.licence

    @property
    def all_scores(self) -> dict[str, Scores]:
        """The scores of every split, test first, and the pooled ones last."""
        ordered = {split: self.scores[split] for split in sorted(self.scores, key=lambda split: split != "test")}
        return ordered | ({OUT_OF_FOLD: self.pooled.scores} if self.pooled is not None else {})

    def is_synthetic(self, split: str) -> bool:
        """Tell whether all documents of a held-out split are surely invented ones."""
        chosen = {"test": self.corpus.test, "validation": self.corpus.validation}.get(split)
        if chosen is None or split not in self.scores:
            return False
        named = {*chosen.sources, *(chosen.of if chosen.fraction else ())}
        others = chosen.groups or chosen.ids or (chosen.fraction and not chosen.of)
        invented = {name for name, about in self.corpus.about.items() if about.synthetic}
        return bool(named) and not others and named <= invented

    def corpus_of(self, split: str) -> str:
        """Return the name of the corpus that a split's score is on."""
        corpus = self.pooled.corpus if split == OUT_OF_FOLD and self.pooled is not None else self.info.corpus
        return corpus.get("name", "unknown")

"""Strict F1 twice: from the tags of tokens, as papers give it, and from spans of characters, as this project does."""

from __future__ import annotations

import random
from collections.abc import Sequence

from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

from conflict_ner.documents import Meta
from train.conll import Sentence, sentence_document
from train.score import score_documents

Tags = tuple[str, ...]


def strict_f1(gold: Sequence[Tags], predicted: Sequence[Tags]) -> float:
    """The figure that papers give, from the tags of tokens."""
    lists = [[list(tags) for tags in side] for side in (gold, predicted)]
    return float(f1_score(*lists, mode="strict", scheme=IOB2, zero_division=0))


def our_f1(sentences: Sequence[Sentence], predicted: Sequence[Tags]) -> float:
    """The same from spans of characters."""
    gold, read = (
        [
            sentence_document(Sentence(sentence.tokens, tags, 1), str(number), Meta())
            for number, (sentence, tags) in enumerate(zip(sentences, side, strict=True))
        ]
        for side in ([sentence.tags for sentence in sentences], predicted)
    )
    return score_documents(gold, read, resamples=0).strict_f1


def altered(tags: Tags, chance: random.Random) -> Tags:
    """What a model without legal decoding may give: some tags exchanged, whatever stands beside them."""
    labels = sorted({tag for tag in tags if tag != "O"} | {"O", "B-Person", "I-Person"})
    return tuple(chance.choice(labels) if chance.random() < 0.2 else tag for tag in tags)

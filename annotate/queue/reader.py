"""Read articles with a checkpoint for the queue: how unsure it is of each, and what each is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from annotate.queue.uncertainty import disagreement, doubt
from annotate.settings import QueueSettings
from conflict_ner.errors import ConfigError
from conflict_ner.schema import OUTSIDE
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import Tokens, tokenize

PIECES = 128  # what is kept of an article; few have more pieces in spans


@dataclass(frozen=True)
class Judgement:
    """What the model says of one article.

    Attributes:
        uncertainty: 0 to 1.
        pieces: ids of the pieces that it takes for parts of spans, shape (n,).
        weights: how far it does so, added up over the article, shape (n,).
    """

    uncertainty: float
    pieces: NDArray[np.int32]
    weights: NDArray[np.float32]


class Reader:
    """Judges articles one at a time: each is read once for both, and once more for each further opinion.

    Args:
        tagger: the model that the queue asks.
        others: the ensemble, with the same tags.
        settings: how many spans, how many passes with dropout.

    Raises:
        ConfigError: a model of the ensemble has other tags, or passes with dropout are asked of a model without it.
    """

    def __init__(self, tagger: Tagger, others: Sequence[Tagger], settings: QueueSettings) -> None:
        self.tagger = tagger
        self.others = tuple(others)
        self.settings = settings
        for name, other in zip(settings.ensemble, self.others, strict=True):
            if other.tags.names != tagger.tags.names:
                raise ConfigError(
                    f"queue.ensemble: {name!r} has the tags {', '.join(other.tags.names)}, and queue.model "
                    f"{', '.join(tagger.tags.names)}; name checkpoints of one schema."
                )
        if settings.dropout_passes and not _dropouts(tagger):
            raise ConfigError(
                f"queue.dropout_passes is {settings.dropout_passes}, but {str(tagger.checkpoint.folder)!r} has no "
                "dropout: all passes would be alike. Set queue.dropout_passes=0, and name other checkpoints in "
                "queue.ensemble where further opinions are wanted."
            )

    @classmethod
    def load(cls, settings: QueueSettings) -> Reader:
        """Open the checkpoints that the settings name; raises CheckpointError and ConfigError."""
        return cls(Tagger.load(settings.model), [Tagger.load(name) for name in settings.ensemble], settings)

    @property
    def vocabulary(self) -> NDArray[np.float32]:
        """The encoder's embedding of each piece, shape (pieces, dimensions)."""
        model: Any = self.tagger.checkpoint.model
        matrix: NDArray[np.float32] = model.get_input_embeddings().weight.detach().float().cpu().numpy()
        return matrix

    def judge(self, text: str) -> Judgement:
        """Return how unsure the model is of a text, and what the text is about."""
        (tokens,) = tokenize([text], self.tagger.checkpoint.tokenizer)
        emissions = self._emissions(text, tokens)
        tags = self.tagger.tags
        own = doubt(emissions, tokens, tags, self.settings.spans, self.tagger.checkpoint.transitions)
        about = _pieces(emissions[:, tags.ids[OUTSIDE]], tokens)
        if not self.others and not self.settings.dropout_passes:
            return Judgement(own, *about)
        readings = [self.tagger.spans(emissions, tokens, text), *(other.tag([text])[0] for other in self.others)]
        with _dropping(self.tagger, self.settings.seed):
            for _ in range(self.settings.dropout_passes):
                readings.append(self.tagger.spans(self._emissions(text, tokens), tokens, text))
        return Judgement((own + disagreement(readings)) / 2, *about)

    def _emissions(self, text: str, tokens: Tokens) -> NDArray[np.float32]:
        (emissions,) = self.tagger.emissions([tokens])
        return self.tagger.agreed(emissions, tokens, text)


def _pieces(outside: NDArray[np.float32], tokens: Tokens) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the pieces of most weight; a piece's weight is 1 - P(O), added up over its places."""
    ids, places = np.unique(tokens.ids, return_inverse=True)
    weights = np.bincount(places, weights=1.0 - np.exp(outside), minlength=len(ids))
    most = np.sort(np.argsort(-weights, kind="stable")[:PIECES])
    return ids[most].astype(np.int32), weights[most].round(4).astype(np.float32)


@contextmanager
def _dropping(tagger: Tagger, seed: int) -> Iterator[None]:
    """Switch dropout on, drawn by the seed alone: an article's passes do not depend on the articles before it."""
    modules = _dropouts(tagger)
    with torch.random.fork_rng(devices=[tagger.device] if tagger.device.type == "cuda" else []):
        torch.manual_seed(seed)
        for module in modules:
            module.train()
        try:
            yield
        finally:
            for module in modules:
                module.eval()


def _dropouts(tagger: Tagger) -> list[torch.nn.Module]:
    model: Any = tagger.checkpoint.model
    return [module for module in model.modules() if isinstance(module, torch.nn.Dropout) and module.p > 0]

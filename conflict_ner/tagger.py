"""Texts -> scored spans with a fine-tuned token-classification model.

The way: tokens -> windows, sorted by length into batches -> an engine's logits -> log-probabilities -> merged -> one
reading a name -> legal tags -> spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conflict_ner.calibration import CALIBRATION_FILE
from conflict_ner.checkpoint import Checkpoint, find_checkpoint, load_checkpoint
from conflict_ner.consistency import consistent
from conflict_ner.documents import Document, Span
from conflict_ner.errors import ConfigError
from conflict_ner.runtime.choice import choose, open_engine
from conflict_ner.runtime.engine import Engine, TorchEngine
from conflict_ner.spans import Loss
from conflict_ner.tokens import Tokens, tokenize
from conflict_ner.trimming import trimmed
from conflict_ner.windows import Window, merge_windows, plan_windows

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Frame:
    """The special tokens that a tokenizer puts before and after a text."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    @classmethod
    def of(cls, tokenizer: Any) -> Frame:
        """Read the frame off a one-letter text."""
        inner = tokenizer("a", add_special_tokens=False)["input_ids"]
        whole = tokenizer("a")["input_ids"]
        for start in range(len(whole) - len(inner) + 1):
            if whole[start : start + len(inner)] == inner:
                return cls(tuple(whole[:start]), tuple(whole[start + len(inner) :]))
        raise AssertionError(f"the tokenizer encodes 'a' as {inner} alone and as {whole} with special tokens")

    def __len__(self) -> int:
        return len(self.before) + len(self.after)

    def around(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return `ids` with the special tokens around them."""
        return np.concatenate([np.array(self.before, np.int64), ids, np.array(self.after, np.int64)])


@dataclass(frozen=True)
class _Job:
    """One window of one text, waiting for its batch."""

    text: int
    window: Window
    ids: NDArray[np.int64]


class Tagger:
    """Reads texts with a checkpoint.

    Args:
        checkpoint: an opened one; `Tagger.load` opens it by name.
        device: a torch device; by default a GPU where there is one, else the CPU.
        batch_tokens: most tokens of a batch, padding counted in; by default what suits the engine.
        precision: leave out the spans that are too unsure for it, by the checkpoint's own thresholds; None keeps all.
        engine: what computes the model; by default PyTorch on `device`.

    Attributes:
        engine: the one in use; `engine.name` says which.

    Raises:
        ConfigError: the checkpoint has no thresholds for that precision.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str | None = None,
        batch_tokens: int | None = None,
        precision: float | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.tags = checkpoint.tags
        self.thresholds = _thresholds(checkpoint, precision)
        self.engine = engine or TorchEngine(checkpoint.model, device)
        self.batch_tokens = batch_tokens or self.engine.batch_tokens

    @classmethod
    def load(
        cls,
        name: str | Path,
        device: str | None = None,
        revision: str | None = None,
        precision: float | None = None,
        engine: str | None = "torch",
    ) -> Tagger:
        """Open a checkpoint: a folder first, then an installed model, then a hub id.

        Args:
            name: of the checkpoint.
            device: as of the class.
            revision: branch, tag or commit of a hub id.
            precision: as of the class.
            engine: `torch`, the reference; `openvino`; or None for the fastest that can be used.

        Raises:
            CheckpointError: it cannot be found or opened, or has no sound export for the wanted engine.
            ConfigError: it has no thresholds for the wanted precision, or the engine is unknown or not installed.
        """
        folder = find_checkpoint(name, revision)
        opened = open_engine(folder, choose(folder, engine, device))
        return cls(load_checkpoint(folder, weights=opened is None), device, precision=precision, engine=opened)

    @property
    def device(self) -> torch.device:
        """Where the engine computes."""
        return self.engine.device

    @cached_property
    def frame(self) -> Frame:
        """The special tokens around each window."""
        return Frame.of(self.checkpoint.tokenizer)

    def tag(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """Return each text's spans; offsets are indices into the given string, however long it is."""
        tokens = tokenize(texts, self.checkpoint.tokenizer)
        return [
            self.spans(self.agreed(own, pieces, text), pieces, text)
            for text, pieces, own in zip(texts, tokens, self.emissions(tokens), strict=True)
        ]

    def agreed(self, emissions: NDArray[np.float32], tokens: Tokens, text: str) -> NDArray[np.float32]:
        """Return a text's emissions with the readings of one name brought together, as far as this model does."""
        return consistent(emissions, tokens, text, self.checkpoint.info.consistency)

    def spans(self, emissions: NDArray[np.float32], tokens: Tokens, text: str) -> tuple[Span, ...]:
        """Return the spans that a text's agreed emissions hold, of those scores that count for this model."""
        found = self.tags.spans(self.decode(emissions, tokens), tokens, np.exp(emissions))
        return self._judged(trimmed(found, text) if self.checkpoint.info.trimmed else found)

    def _judged(self, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """Give spans scores that mean what they say, and leave out those too unsure for the wanted precision."""
        least, calibration = self.checkpoint.info.least_score, self.checkpoint.calibration
        spans = tuple(span for span in spans if (span.score or 0.0) >= least)
        if calibration is None:
            return spans
        scored = tuple(calibration.score(span) for span in spans)
        if self.thresholds is None:
            return scored
        return tuple(span for span in scored if (span.score or 0.0) >= self.thresholds.get(span.label, 0.0))

    def decode(self, emissions: NDArray[np.float32], tokens: Tokens) -> NDArray[np.int64]:
        """Return the most probable legal tag ids of a text's visible pieces, by this model's own transitions."""
        return self.tags.decode(emissions, tokens, self.checkpoint.transitions)

    def emissions(self, texts: Sequence[Tokens]) -> list[NDArray[np.float32]]:
        """Return the log-probability of each tag for each piece of each text, shape (pieces, tags)."""
        windows = [self.windows(len(tokens)) for tokens in texts]
        jobs = [
            _Job(number, window, self.frame.around(tokens.ids[window.start : window.end]))
            for number, (tokens, planned) in enumerate(zip(texts, windows, strict=True))
            for window in planned
        ]
        readings: dict[tuple[int, int], NDArray[np.float32]] = {}
        for batch in self._batches(jobs):
            for job, reading in zip(batch, self._read(batch), strict=True):
                begin = len(self.frame.before)
                readings[job.text, job.window.start] = reading[begin : begin + len(job.window)]
        width = len(self.tags.names)
        return [
            merge_windows(planned, [readings[number, window.start] for window in planned], width)
            for number, planned in enumerate(windows)
        ]

    def windows(self, length: int) -> tuple[Window, ...]:
        """Return the windows of a text of `length` pieces."""
        settings = self.checkpoint.info.windows
        return plan_windows(length, settings.size - len(self.frame), settings.overlap)

    def lost(self, document: Document) -> tuple[Loss, ...]:
        """Return the spans of a document that this model's tokens cannot represent, with the reason."""
        (tokens,) = tokenize([document.text], self.checkpoint.tokenizer)
        return self.tags.align(document.text, document.spans, tokens).lost

    def _batches(self, jobs: list[_Job]) -> Iterator[list[_Job]]:
        """Yield the windows longest first (a batch too large for memory shows at once), near lengths together."""
        batch: list[_Job] = []
        for job in sorted(jobs, key=lambda job: -len(job.ids)):
            if batch and (len(batch) + 1) * len(batch[0].ids) > self.batch_tokens:
                yield batch
                batch = []
            batch.append(job)
        if batch:
            yield batch

    def _read(self, batch: list[_Job]) -> NDArray[np.float32]:
        longest = len(batch[0].ids)
        ids = np.full((len(batch), longest), self.checkpoint.tokenizer.pad_token_id or 0, dtype=np.int64)
        mask = np.zeros((len(batch), longest), dtype=np.int64)
        for row, job in enumerate(batch):
            ids[row, : len(job.ids)] = job.ids
            mask[row, : len(job.ids)] = 1
        return _log_softmax(self.engine(ids, mask))


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def _thresholds(checkpoint: Checkpoint, precision: float | None) -> Mapping[str, float] | None:
    if precision is None:
        return None
    if checkpoint.calibration is None:
        raise ConfigError(
            f"{checkpoint.folder} has no {CALIBRATION_FILE}, so where a precision of {precision:g} begins "
            f"is not known; make it with `python -m train calibrate RUN --model MODEL`, or ask for no precision."
        )
    return checkpoint.calibration.threshold(precision, checkpoint.tags.labels)

"""Documents -> training examples: overlapping windows of tagged pieces, with what was lost counted.

Each piece bears its tag in the one window that owns it, so it counts once in the loss and once in the score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conflict_ner.checkpoint import WindowSettings
from conflict_ner.consistency import consistent
from conflict_ner.documents import Document, Span
from conflict_ner.spans import IGNORED, BioTags, Loss
from conflict_ner.tagger import Frame
from conflict_ner.tokens import OUTSIDE_TEXT, Tokens, tokenize
from conflict_ner.transitions import Transitions
from conflict_ner.trimming import trimmed
from conflict_ner.windows import Window, merge_windows, plan_windows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class EncodedDocument:
    """A document with its pieces, their windows, and the spans that tags cannot represent."""

    document: Document
    tokens: Tokens
    windows: tuple[Window, ...]
    lost: tuple[Loss, ...]


@dataclass(frozen=True)
class Examples:
    """The examples of one split.

    Attributes:
        features: one a window: `input_ids`, `attention_mask`, `labels`, `joints`, all lists of one length; `taught`
            where teachers read the documents, shape (that length, tags).
        documents: the documents that the features come from, in order.
        frame: the special tokens around each window.
    """

    features: list[dict[str, Any]]
    documents: list[EncodedDocument]
    frame: Frame

    @property
    def pieces(self) -> int:
        """Pieces of all documents, overlaps counted once."""
        return sum(len(encoded.tokens) for encoded in self.documents)

    @property
    def lost(self) -> list[tuple[str, Loss]]:
        """(document id, loss) of every span that cannot be represented."""
        return [(encoded.document.id, loss) for encoded in self.documents for loss in encoded.lost]

    def predicted(
        self,
        logits: NDArray[np.float32],
        tags: BioTags,
        transitions: Transitions | None = None,
        consistency: float = 0.0,
        trim: bool = False,
    ) -> list[tuple[Span, ...]]:
        """Merge the windows' logits, shape (windows, longest window, tags), and decode each document as a tagger."""
        results: list[tuple[Span, ...]] = []
        position = 0
        begin = len(self.frame.before)
        for encoded in self.documents:
            readings = [
                logits[position + number, begin : begin + len(window)] for number, window in enumerate(encoded.windows)
            ]
            position += len(readings)
            emissions = _log_softmax(merge_windows(encoded.windows, readings, len(tags.names)))
            text = encoded.document.text
            emissions = consistent(emissions, encoded.tokens, text, consistency)
            decoded = tags.decode(emissions, encoded.tokens, transitions)
            spans = tags.spans(decoded, encoded.tokens, np.exp(emissions))
            results.append(trimmed(spans, text) if trim else spans)
        return results


def encode(
    documents: Sequence[Document],
    tokenizer: PreTrainedTokenizerBase,
    tags: BioTags,
    windows: WindowSettings,
    taught: Sequence[NDArray[np.float32]] | None = None,
) -> Examples:
    """Cut documents into windows and tag their pieces.

    Args:
        documents: with spans whose labels have tags.
        tokenizer: a fast tokenizer.
        tags: the tag scheme.
        windows: size (special tokens counted in) and overlap, in tokens.
        taught: of each document, what teachers make of its pieces, shape (pieces, tags); features get it as `taught`.
    """
    frame = Frame.of(tokenizer)
    features: list[dict[str, Any]] = []
    encoded: list[EncodedDocument] = []
    all_tokens = tokenize([document.text for document in documents], tokenizer)
    for number, (document, tokens) in enumerate(zip(documents, all_tokens, strict=True)):
        alignment = tags.align(document.text, document.spans, tokens)
        planned = plan_windows(len(tokens), windows.size - len(frame), windows.overlap)
        own = [_feature(window, tokens, alignment.tags, frame) for window in planned]
        if taught is not None:
            for window, feature in zip(planned, own, strict=True):
                feature["taught"] = _taught(window, taught[number], frame)
        features += own
        encoded.append(EncodedDocument(document, tokens, planned, alignment.lost))
    return Examples(features, encoded, frame)


def loss_lines(examples: Examples, split: str) -> list[str]:
    """Return what alignment lost, as lines to print: one count, then each span with its reason."""
    lost = examples.lost
    total = sum(len(encoded.document.spans) for encoded in examples.documents)
    lines = [f"{split}: {len(lost)} of {total} spans cannot be represented by the tokenizer"]
    by_label = Counter(loss.span.label for _, loss in lost)
    if lost:
        lines[0] += " (" + ", ".join(f"{label} {count}" for label, count in sorted(by_label.items())) + ")"
    lines += [f"  {name}: {loss.span.label} {loss.surface!r}: {loss.reason}" for name, loss in lost]
    return lines


def _feature(window: Window, tokens: Tokens, tags: NDArray[np.int64], frame: Frame) -> dict[str, Any]:
    ids = frame.around(tokens.ids[window.start : window.end]).tolist()
    begin = len(frame.before)
    labels = np.full(len(ids), IGNORED, dtype=np.int64)
    owned = slice(begin + window.owned.start, begin + window.owned.stop)
    labels[owned] = tags[window.own_start : window.own_end]
    joints = np.full(len(ids), OUTSIDE_TEXT, dtype=np.int64)
    shown = tokens.visible[window.start : window.end]
    joints[begin : begin + len(window)] = np.where(shown, tokens.joints[window.start : window.end], OUTSIDE_TEXT)
    return {
        "input_ids": ids,
        "attention_mask": [1] * len(ids),
        "labels": labels.tolist(),
        "joints": joints.tolist(),
    }


def _taught(window: Window, read: NDArray[np.float32], frame: Frame) -> NDArray[np.float32]:
    """Return the teachers' probabilities of a window's own pieces; zeros elsewhere, which count for nothing."""
    rows = np.zeros((len(window) + len(frame), read.shape[1]), dtype=np.float32)
    begin = len(frame.before)
    rows[begin + window.owned.start : begin + window.owned.stop] = read[window.own_start : window.own_end]
    return rows


def _log_softmax(logits: NDArray[np.float32]) -> Any:
    if not len(logits):
        return logits
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

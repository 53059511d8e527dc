"""BIO tags <-> character spans: alignment that names what it loses, and legal decoding.

A tag sequence is legal when `I-X` follows `B-X` or `I-X`, when a piece inside a word carries on with what the
word began, and when no span goes across a blank line. Decoding finds the most probable legal sequence, so no word
is cut and no headline runs into the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conflict_ner.documents import Span
from conflict_ner.errors import CheckpointError
from conflict_ner.schema import OUTSIDE, LabelSchema
from conflict_ner.tokens import NEXT_PARAGRAPH, NEXT_WORD, SAME_WORD, Tokens
from conflict_ner.transitions import Transitions
from conflict_ner.viterbi import Chain, best_tags

_HUGE = 1e9
IGNORED = -100
"""Tag id of pieces that carry no loss (PyTorch's default `ignore_index`)."""


@dataclass(frozen=True)
class Loss:
    """A gold span that tags cannot represent, and why."""

    span: Span
    surface: str
    reason: str


@dataclass(frozen=True)
class Alignment:
    """Tag ids of a text's pieces, shape (n,), and the spans that they cannot represent."""

    tags: NDArray[np.int64]
    lost: tuple[Loss, ...]


@dataclass(frozen=True)
class BioTags:
    """The tag names of a model in the order of their ids, and what follows from them.

    Raises:
        CheckpointError: the names are no BIO scheme (`O`, and `B-X` with `I-X` for each label).
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        labels = {name[2:] for name in self.names if name[:2] in ("B-", "I-")}
        wanted = {OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")}
        if set(self.names) != wanted or len(set(self.names)) != len(self.names) or not labels:
            raise CheckpointError(
                f"The model's tags {list(self.names)} are no BIO scheme: 'O', and 'B-X' with 'I-X' for each label X. "
                "Train with train/train.py, or rename id2label in the model's config.json."
            )

    @classmethod
    def of(cls, schema: LabelSchema) -> BioTags:
        """Return the tags of a schema."""
        return cls(schema.tags)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Tag name to id."""
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Label names, in the order of their `B-` tags."""
        return tuple(name[2:] for name in self.names if name.startswith("B-"))

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """Allowed[joint, before, after] for each way in which two pieces join, shape (3, tags, tags)."""
        count = len(self.names)
        allowed = np.zeros((3, count, count), dtype=np.bool_)
        for tag, name in enumerate(self.names):
            begins = not name.startswith("I-")
            allowed[NEXT_PARAGRAPH, :, tag] = begins
            allowed[NEXT_WORD, :, tag] = begins
            if not begins:
                allowed[NEXT_WORD, [self.ids[f"B-{name[2:]}"], tag], tag] = True
            allowed[SAME_WORD, tag, tag if name == OUTSIDE else self.ids[f"I-{name[2:]}"]] = True
        return allowed

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Tags that may open a text, shape (tags,)."""
        return np.array([not name.startswith("I-") for name in self.names])

    @cached_property
    def begun(self) -> NDArray[np.int64]:
        """For each tag the one that it is when its span begins there: `I-X` -> `B-X`, others themselves."""
        return np.array([self.ids[f"B-{name[2:]}" if name.startswith("I-") else name] for name in self.names])

    @cached_property
    def _label_numbers(self) -> NDArray[np.int64]:
        """For each tag the number of its label, -1 for `O`."""
        return np.array([-1 if name == OUTSIDE else self.labels.index(name[2:]) for name in self.names])

    def align(self, text: str, spans: Sequence[Span], tokens: Tokens) -> Alignment:
        """Tag pieces with spans.

        Args:
            text: the text that was tokenized.
            spans: flat spans whose labels have tags here.
            tokens: the text's pieces.

        Returns:
            The tags; pieces of a span that cannot be represented, and invisible ones, get IGNORED.
        """
        shown = np.flatnonzero(tokens.visible)
        starts, ends, joints = tokens.starts[shown], tokens.ends[shown], tokens.joints[shown]
        tags = np.full(len(shown), self.ids[OUTSIDE], dtype=np.int64)
        lost: list[Loss] = []
        for span in spans:
            low = int(np.searchsorted(ends, span.start, side="right"))
            high = int(np.searchsorted(starts, span.end, side="left"))
            reason = _why_not(text, span, starts[low:high], ends[low:high], joints[low : high + 1])
            if reason is None:
                tags[low:high] = self.ids[f"I-{span.label}"]
                tags[low] = self.ids[f"B-{span.label}"]
            else:
                tags[low:high] = IGNORED
                lost.append(Loss(span, text[span.start : span.end], reason))
        every = np.full(len(tokens), IGNORED, dtype=np.int64)
        every[shown] = tags
        return Alignment(every, tuple(lost))

    def decode(
        self, emissions: NDArray[np.float32], tokens: Tokens, transitions: Transitions | None = None
    ) -> NDArray[np.int64]:
        """Return the most probable legal tag ids of the visible pieces.

        Args:
            emissions: log-probabilities (or any additive scores) of all pieces, shape (n, tags).
            tokens: the pieces.
            transitions: what the model learned of tags that follow each other, if it did.

        Returns:
            Tag ids, shape (visible pieces,).
        """
        scores = _bounded(emissions[tokens.visible])
        joints = tokens.joints[tokens.visible]
        if transitions is None:
            best: NDArray[np.int64] = scores.argmax(axis=1)
            if self.is_legal(best, joints):
                return best
        first, steps = self.chain(transitions)
        return best_tags(scores, joints, Chain(first, steps, self.ids[OUTSIDE], self.begun))

    def chain(self, transitions: Transitions | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the scores of a first tag, shape (tags,), and of steps, shape (3, tags, tags): -inf where not legal.

        Inside a word the next tag follows from the one before, so transitions count between words alone.
        """
        known = transitions or Transitions.none(len(self.names))
        first: NDArray[np.float64] = np.where(self.first, _bounded(known.first), -np.inf)
        steps: NDArray[np.float64] = np.where(self.allowed, _bounded(known.between), -np.inf)
        steps[SAME_WORD] = np.where(self.allowed[SAME_WORD], 0.0, -np.inf)
        return first, steps

    def is_legal(self, tags: NDArray[np.int64], joints: NDArray[np.int8]) -> bool:
        """Say whether tag ids of consecutive visible pieces keep all rules; `joints` has the same shape."""
        return not len(tags) or bool(self.first[tags[0]] and self.allowed[joints[1:], tags[:-1], tags[1:]].all())

    def spans(
        self, tags: NDArray[np.int64], tokens: Tokens, probabilities: NDArray[np.float32] | None = None
    ) -> tuple[Span, ...]:
        """Read spans from legal tag ids.

        Args:
            tags: ids of the visible pieces, shape (visible pieces,).
            tokens: the pieces.
            probabilities: of all pieces, shape (n, tags); gives each span its score, the mean over its
                words of the mean probability of the word's tags.
        """
        shown = np.flatnonzero(tokens.visible)
        labels = self._label_numbers[tags]
        outside, opens = labels < 0, self.first[tags]
        carries_on = ~opens & (labels == np.concatenate([[-1], labels[:-1]]))
        edges = np.append(np.flatnonzero(~carries_on), len(tags))
        spans = np.flatnonzero((opens & ~outside)[edges[:-1]])
        begins, ends = edges[spans], edges[spans + 1]
        if not len(begins):
            return ()
        scores: list[float] | list[None] = [None] * len(begins)
        if probabilities is not None:
            scores = _word_scores(probabilities[shown, tags], tokens.joints[shown], begins, ends)
        places = zip(tokens.starts[shown[begins]].tolist(), tokens.ends[shown[ends - 1]].tolist(), strict=True)
        return tuple(
            Span(start=start, end=end, label=self.labels[label], score=score)
            for (start, end), label, score in zip(places, labels[begins].tolist(), scores, strict=True)
        )


def _word_scores(
    probabilities: NDArray[np.float32], joints: NDArray[np.int8], begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> list[float]:
    """Average piece probabilities within each word, then over the words of each span [begin, end)."""
    words = np.flatnonzero(joints != SAME_WORD)
    words = np.union1d(words, np.concatenate([begins, ends[ends < len(joints)]]))  # a span's edge is a word's
    means = np.add.reduceat(probabilities.astype(np.float64), words) / np.diff(words, append=len(joints))
    sums = np.concatenate([[0.0], np.cumsum(means)])
    low, high = np.searchsorted(words, begins), np.searchsorted(words, ends)
    scores: list[float] = np.clip((sums[high] - sums[low]) / (high - low), 0.0, 1.0).tolist()
    return scores


def _why_not(
    text: str, span: Span, starts: NDArray[np.int64], ends: NDArray[np.int64], joints: NDArray[np.int8]
) -> str | None:
    """Say why the pieces that a span touches cannot carry it, or None; `joints` may have one more entry."""
    if not len(starts):
        return "no token covers it"
    if starts[0] != span.start or joints[0] == SAME_WORD:
        return f"it begins inside the word or token {_word_at(text, span.start)!r}, or with a space"
    if ends[-1] != span.end or (len(joints) > len(starts) and joints[-1] == SAME_WORD):
        return f"it ends inside the word or token {_word_at(text, span.end - 1)!r}, or with a space"
    if (joints[1 : len(starts)] == NEXT_PARAGRAPH).any():
        return "it goes across a blank line"
    return None


def _word_at(text: str, place: int) -> str:
    """Return the run of non-space characters around `place`."""
    low = high = place
    while low > 0 and not text[low - 1].isspace():
        low -= 1
    while high < len(text) and not text[high].isspace():
        high += 1
    return text[low:high]


def _bounded(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Return scores that are numbers: a training that diverges reads with such that are none before it is ended."""
    bounded: NDArray[np.float64] = np.nan_to_num(scores.astype(np.float64), nan=0.0, posinf=_HUGE, neginf=-_HUGE)
    return bounded

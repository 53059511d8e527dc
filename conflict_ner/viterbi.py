"""The most probable legal tags of a text (Viterbi 1967), exact and without a step in Python for every piece.

Two shortcuts leave the result as it is. Inside a word the tags follow from its first piece, so a word counts as one
step. And where `O` is so much more probable than anything else that no path through another tag could be the best
one, the text falls apart into short stretches, which are all searched side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conflict_ner.tokens import NEXT_WORD, SAME_WORD

_SLACK = 1e-3  # far above what sums of float64 lose


@dataclass(frozen=True)
class Chain:
    """Scores of tags that follow each other, -inf where they may not.

    Attributes:
        first: of the first piece's tag, shape (tags,).
        steps: of a tag after another for each kind of joint, shape (joints, tags before, tags after).
        outside: the id of `O`, which may stand anywhere between words.
        begun: for each tag the one that it is when its span begins there: `I-X` -> `B-X`, others themselves.
    """

    first: NDArray[np.float64]
    steps: NDArray[np.float64]
    outside: int
    begun: NDArray[np.int64]


def best_tags(scores: NDArray[np.float64], joints: NDArray[np.int8], chain: Chain) -> NDArray[np.int64]:
    """Return the tag ids with the highest total.

    Args:
        scores: of each piece's tags, shape (pieces, tags).
        joints: how each piece joins the one before it, shape (pieces,).
        chain: which tags may follow each other, and at what score.
    """
    if not len(scores):
        return np.zeros(0, dtype=np.int64)
    begins = joints != SAME_WORD
    begins[0] = True
    carried = (chain.steps[SAME_WORD] > -np.inf).argmax(axis=1)  # the tag that a word's next piece has
    followed = np.where(begins[:, None], scores, scores[:, carried]).astype(np.float64)
    places = np.flatnonzero(begins)
    words = np.add.reduceat(followed, places, axis=0)
    # A step goes from the tag of a word's last piece, which is another than its first's where there are several.
    steps = np.stack([chain.steps, chain.steps[:, carried]])
    several = (np.diff(places, append=len(scores)) > 1).astype(np.int64)
    tags = _best_of_words(words, joints[places], several, steps, chain)[np.cumsum(begins) - 1]
    best: NDArray[np.int64] = np.where(begins, tags, carried[tags])
    return best


def _best_of_words(
    words: NDArray[np.float64],
    joints: NDArray[np.int8],
    several: NDArray[np.int64],
    steps: NDArray[np.float64],
    chain: Chain,
) -> NDArray[np.int64]:
    """Return the tag of each word's first piece.

    Args:
        words: score of each tag, shape (words, tags).
        joints: how each word joins the one before it.
        several: 1 for a word of more than one piece.
        steps: from word to word, by `several` of the one before and the joint, shape (2, joints, tags, tags).
        chain: the rest.
    """
    tags = np.full(len(words), chain.outside, dtype=np.int64)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~_surely_outside(words, chain), [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return tags
    longest_first = np.argsort(starts - ends, kind="stable")
    starts, ends = starts[longest_first], ends[longest_first]
    lengths = ends - starts

    before = np.where((starts == 0)[:, None], chain.first, chain.steps[joints[starts], chain.outside])
    totals = before + words[starts]
    came_from = np.zeros(words.shape, dtype=np.int64)
    for step in range(1, int(lengths[0])):
        here = starts[lengths > step] + step
        paths = totals[: len(here), :, None] + steps[several[here - 1], joints[here]]
        came_from[here] = paths.argmax(axis=1)
        totals[: len(here)] = paths.max(axis=1) + words[here]
    totals += np.where((ends == len(words))[:, None], 0.0, steps[several[ends - 1], NEXT_WORD, :, chain.outside])

    tags[ends - 1] = totals.argmax(axis=1)
    for step in range(int(lengths[0]) - 1, 0, -1):
        here = starts[lengths > step] + step
        tags[here - 1] = came_from[here, tags[here]]
    return tags


def _surely_outside(words: NDArray[np.float64], chain: Chain) -> NDArray[np.bool_]:
    """Say for each word whether every best path has `O` there.

    Take a path with another tag at a word, put `O` in its place, and let a span that went on behind it begin there
    (`I-X` -> `B-X`): the path stays legal. Where the word gains more by it than the rest can lose, no best path has
    anything but `O` at that word.
    """
    others = np.delete(words, chain.outside, axis=1).max(axis=1)
    gained = words[:, chain.outside] - others
    lost_behind = np.append((words - words[:, chain.begun]).max(axis=1)[1:], 0.0)  # never below 0: O - O
    return np.asarray(gained - lost_behind > _most_lost_in_steps(chain) + _SLACK)


def _most_lost_in_steps(chain: Chain) -> float:
    """Return the most that the steps of a path lose when `O` takes a tag's place as in `_surely_outside`."""
    steps, outside = chain.steps[NEXT_WORD], chain.outside
    legal = steps > -np.inf
    in_place = np.arange(len(steps)) != outside
    into = np.where(legal[:, in_place], steps[:, in_place] - steps[:, [outside]], -np.inf).max()
    opening = chain.first[in_place] - chain.first[outside]
    out_of = np.where(legal[in_place], steps[in_place] - steps[outside, chain.begun], -np.inf).max()
    behind = np.where(legal, steps, -np.inf) - np.where(legal, steps[chain.begun], 0.0)
    return float(max(into, opening.max()) + max(out_of, 0.0) + max(behind.max(), 0.0))

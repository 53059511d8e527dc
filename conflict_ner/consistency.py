"""One name, one reading: what a model thinks of a name in one place of a text counts in its other places too.

A small model takes `Idlib` for a force where a sentence is short, and reads it right ten times elsewhere in the
article. Names keep their sense within a text (Gale, Church and Yarowsky 1992), so each occurrence of a capitalised
word is read by its own log-probabilities and, to a share, by the mean of all its occurrences.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from conflict_ner.tokens import SAME_WORD, Tokens

_SHORTEST = 3  # letters; shorter words are mostly no names


def consistent(emissions: NDArray[np.float32], tokens: Tokens, text: str, share: float) -> NDArray[np.float32]:
    """Mix the log-probabilities of a name's pieces with their mean over the text.

    Args:
        emissions: log-probability of each tag for each piece, shape (pieces, tags).
        tokens: the pieces.
        text: the text that they are of.
        share: of the mean, 0 to 1; 0 changes nothing.

    Returns:
        Log-probabilities of the same shape, as good as normalised: each row sums to about 1.
    """
    if not share:
        return emissions
    names = _names(tokens, text)
    if not names:
        return emissions
    mixed = emissions.copy()
    for places in names:
        own = emissions[places]  # (occurrences, pieces of the name, tags)
        mixed[places] = (1 - share) * own + share * own.mean(axis=0)
    changed = np.concatenate([places.ravel() for places in names])
    mixed[changed] -= np.log(np.exp(mixed[changed]).sum(axis=-1, keepdims=True))
    return mixed


def _names(tokens: Tokens, text: str) -> list[NDArray[np.int64]]:
    """Return for each capitalised word that occurs more than once its pieces' places, shape (occurrences, pieces)."""
    shown = np.flatnonzero(tokens.visible)
    begins = np.flatnonzero(tokens.joints[shown] != SAME_WORD)
    if not len(begins):
        return []
    ends = np.append(begins[1:], len(shown))  # of the words, as places in `shown`
    starts_of, ends_of = tokens.starts[shown].tolist(), tokens.ends[shown].tolist()
    found: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        if text[starts_of[begin]].isupper():
            word = text[starts_of[begin] : ends_of[end - 1]]
            if len(word) >= _SHORTEST and word.isalpha():
                found[word.casefold(), end - begin].append(begin)
    return [
        shown[np.add.outer(begins_of, np.arange(pieces))]
        for (_, pieces), begins_of in found.items()
        if len(begins_of) > 1
    ]

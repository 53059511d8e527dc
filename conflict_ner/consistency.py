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
    mixed = emissions.copy()
    for places in _names(tokens, text):
        own = emissions[places]  # (occurrences, pieces of the name, tags)
        blended = (1 - share) * own + share * own.mean(axis=0)
        mixed[places] = blended - np.log(np.exp(blended).sum(axis=-1, keepdims=True))
    return mixed


def _names(tokens: Tokens, text: str) -> list[NDArray[np.int64]]:
    """Return for each capitalised word that occurs more than once its pieces' places, shape (occurrences, pieces)."""
    shown = np.flatnonzero(tokens.visible)
    begins = np.flatnonzero(tokens.joints[shown] != SAME_WORD)
    found: defaultdict[tuple[str, int], list[NDArray[np.int64]]] = defaultdict(list)
    for pieces in np.split(shown, begins[1:]) if len(begins) else ():
        word = text[tokens.starts[pieces[0]] : tokens.ends[pieces[-1]]]
        if len(word) >= _SHORTEST and word[0].isupper() and word.isalpha():
            found[word.casefold(), len(pieces)].append(pieces)
    return [np.stack(places) for places in found.values() if len(places) > 1]

"""Which articles are about the same things: k-means on the encoder's own embeddings.

An article is the sum of the word embeddings of its pieces, each weighted by how far the model takes it for part
of a span (names of places and groups tell events apart, and the prose around them does not) and by how few other
articles have it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annotate.queue.reader import Judgement


def embed(judgements: Sequence[Judgement], vocabulary: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the articles' embeddings, centred, shape (articles, dimensions).

    Args:
        judgements: one for each article.
        vocabulary: the encoder's embedding of each piece, shape (pieces, dimensions).
    """
    frequency = np.zeros(len(vocabulary), dtype=np.int64)
    for judgement in judgements:
        frequency[judgement.pieces] += 1
    rarity = np.log(len(judgements) / np.maximum(frequency, 1)).astype(np.float32)
    found = np.zeros((len(judgements), vocabulary.shape[1]), dtype=np.float32)
    for row, judgement in enumerate(judgements):
        total = (judgement.weights * rarity[judgement.pieces]) @ vocabulary[judgement.pieces]
        length = float(np.linalg.norm(total))
        found[row] = total / length if length else 0.0
    # What all articles have in common says nothing of one.
    found -= found.mean(axis=0)
    return found


def cluster(embeddings: NDArray[np.float32], size: int, least: int, seed: int) -> NDArray[np.int64]:
    """Return the number of each article's cluster, by k-means.

    Args:
        embeddings: shape (articles, dimensions).
        size: articles of a cluster on average.
        least: least number of clusters, such as the articles of a batch; fewer where there are fewer articles.
        seed: fixes where k-means begins.
    """
    count = max(least, len(embeddings) // size)
    if count >= len(embeddings):
        return np.arange(len(embeddings))
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # Articles that are the same to the encoder leave clusters empty, which does no harm here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels: NDArray[np.int64] = KMeans(count, n_init=1, random_state=seed).fit(embeddings).labels_.astype(np.int64)
    return labels

"""The best sequence of tags, searched piece by piece (Viterbi 1967): what the library's faster search must find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_path(
    scores: NDArray[np.float32], first: NDArray[np.float64], steps: NDArray[np.float64], joints: NDArray[np.int8]
) -> NDArray[np.int64]:
    """Return the tag ids with the highest total.

    Args:
        scores: of each piece's tags, shape (pieces, tags).
        first: of the first piece's tag, -inf where it may not stand, shape (tags,).
        steps: of a tag after another for each kind of joint, -inf where it may not follow, shape (joints, tags, tags).
        joints: how each piece joins the one before it, shape (pieces,).
    """
    if not len(scores):
        return np.zeros(0, dtype=np.int64)
    total = first + scores[0]
    came_from = np.empty(scores.shape, dtype=np.int64)
    for index in range(1, len(scores)):
        paths = total[:, None] + steps[joints[index]]
        came_from[index] = paths.argmax(axis=0)
        total = paths.max(axis=0) + scores[index]
    tags = np.empty(len(scores), dtype=np.int64)
    tags[-1] = total.argmax()
    for index in range(len(scores) - 1, 0, -1):
        tags[index - 1] = came_from[index, tags[index]]
    return tags

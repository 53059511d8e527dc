"""Long texts in overlapping windows, and the windows' readings merged back: nothing is ever cut.

Each token's reading comes from the window in which it has most context on its nearer side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """Tokens [start, end) of a text, of which [own_start, own_end) are read from this window."""

    start: int
    end: int
    own_start: int
    own_end: int

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def owned(self) -> slice:
        """The owned tokens as indices into the window."""
        return slice(self.own_start - self.start, self.own_end - self.start)


def plan_windows(length: int, size: int, overlap: int) -> tuple[Window, ...]:
    """Lay as few windows as will do over `length` tokens, all of about one length, so that none reads twice in vain.

    Args:
        length: tokens of the text; 0 gives no window.
        size: most tokens of a window, special tokens not counted.
        overlap: least tokens that two neighbours share.

    Raises:
        ValueError: `overlap` is not between 0 and `size` - 1.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"overlap {overlap} must lie between 0 and the window's size {size} minus one")
    if length == 0:
        return ()
    count = 1 if length <= size else -(-(length - overlap) // (size - overlap))
    size = -(-(length + (count - 1) * overlap) // count)
    starts = [round(number * (length - size) / (count - 1)) for number in range(count)] if count > 1 else [0]
    ends = [min(start + size, length) for start in starts]
    # Neighbours of one size: the token midway in their overlap has as much context in either.
    cuts = [0, *((end + start) // 2 for end, start in zip(ends[:-1], starts[1:], strict=True)), length]
    return tuple(
        Window(start, end, low, high) for start, end, low, high in zip(starts, ends, cuts[:-1], cuts[1:], strict=True)
    )


def merge_windows(
    windows: Sequence[Window], readings: Sequence[NDArray[np.float32]], width: int
) -> NDArray[np.float32]:
    """Join the owned rows of each window's reading.

    Args:
        windows: the windows of one text, in order.
        readings: one array a window, shape (at least len(window), width).
        width: columns of a reading.

    Returns:
        One row for each token of the text, shape (length, width).
    """
    if not windows:
        return np.zeros((0, width), dtype=np.float32)
    return np.concatenate([reading[window.owned] for window, reading in zip(windows, readings, strict=True)])

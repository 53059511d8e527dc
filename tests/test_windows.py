"""Windows: every token is owned once, by the window that gives it most context."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.windows import merge_windows, plan_windows

PLANS = st.integers(1, 60).flatmap(lambda size: st.tuples(st.integers(0, 400), st.just(size), st.integers(0, size - 1)))


@given(PLANS)
def test_windows_cover_overlap_and_own_each_token_once(plan: tuple[int, int, int]) -> None:
    length, size, overlap = plan
    windows = plan_windows(length, size, overlap)
    owned = [index for window in windows for index in range(window.own_start, window.own_end)]
    assert owned == list(range(length))
    for window in windows:
        assert 0 < len(window) <= size
        assert window.start <= window.own_start <= window.own_end <= window.end
    for before, after in itertools.pairwise(windows):
        assert before.end - after.start >= overlap


@given(PLANS)
def test_the_owner_has_most_context(plan: tuple[int, int, int]) -> None:
    length, size, overlap = plan
    windows = plan_windows(length, size, overlap)

    def context(index: int, start: int, end: int) -> float:
        left = index - start if start > 0 else float("inf")
        right = end - 1 - index if end < length else float("inf")
        return min(left, right)

    for window in windows:
        for index in range(window.own_start, window.own_end):
            best = max(context(index, other.start, other.end) for other in windows if other.start <= index < other.end)
            assert context(index, window.start, window.end) >= best - 1


@given(PLANS)
def test_merging_gives_each_token_its_own_row(plan: tuple[int, int, int]) -> None:
    length, size, overlap = plan
    windows = plan_windows(length, size, overlap)
    readings = [np.arange(window.start, window.end, dtype=np.float32)[:, None].repeat(2, 1) for window in windows]
    merged = merge_windows(windows, readings, 2)
    assert merged.shape == (length, 2)
    assert (merged[:, 0] == np.arange(length)).all()


def test_a_text_that_fits_has_one_window() -> None:
    assert [len(window) for window in plan_windows(10, 10, 4)] == [10]
    assert plan_windows(0, 10, 4) == ()


def test_an_overlap_as_large_as_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap 10"):
        plan_windows(100, 10, 10)

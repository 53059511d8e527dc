"""One name, one reading: names borrow from their other places, all else stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.consistency import consistent
from conflict_ner.tokens import Tokens, tokenize
from tests import small_tokenizers

TOKENIZER = small_tokenizers.build("wordpiece")


def read(text: str) -> Tokens:
    return tokenize([text], TOKENIZER)[0]


def emissions(tokens: Tokens, seed: int = 0) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=(len(tokens), 5)).astype(np.float32)
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


def rows(tokens: Tokens, text: str, word: str) -> list[list[int]]:
    """Return the pieces of each occurrence of a word."""
    places = [place for place in range(len(text)) if text.startswith(word, place)]
    return [
        [
            number
            for number, (start, end) in enumerate(zip(tokens.starts, tokens.ends, strict=True))
            if place <= start and end <= place + len(word)
        ]
        for place in places
    ]


def test_a_name_is_read_more_alike_and_common_words_are_not_touched() -> None:
    text = "Idlib fell. The rebels took Idlib; the rebels hold Idlib. A man, a man."
    tokens = read(text)
    before = emissions(tokens)
    after = consistent(before, tokens, text, 0.5)
    names = np.array(rows(tokens, text, "Idlib"))
    assert names.shape[0] == 3
    assert after[names].std(axis=0).max() < before[names].std(axis=0).max()
    untouched = np.setdiff1d(np.arange(len(tokens)), names.ravel())
    assert untouched.size
    np.testing.assert_array_equal(after[untouched], before[untouched])


def test_with_the_whole_share_all_places_of_a_name_are_read_alike() -> None:
    text = "Homs, Homs and Homs"
    tokens = read(text)
    after = consistent(emissions(tokens), tokens, text, 1.0)
    names = np.array(rows(tokens, text, "Homs"))
    np.testing.assert_allclose(after[names[0]], after[names[1]], atol=1e-5)


@pytest.mark.parametrize("text", ["", "Idlib", "Al and Al", "may and May", "A1b A1b"])
def test_short_single_and_mixed_words_are_left_alone(text: str) -> None:
    tokens = read(text)
    before = emissions(tokens)
    np.testing.assert_array_equal(consistent(before, tokens, text, 0.5), before)


@given(st.text(alphabet="Ab c.\nİß", max_size=60), st.floats(0, 1), st.integers(0, 99))
def test_rows_stay_log_probabilities(text: str, share: float, seed: int) -> None:
    tokens = read(text)
    after = consistent(emissions(tokens, seed), tokens, text, share)
    assert after.shape == (len(tokens), 5)
    np.testing.assert_allclose(np.exp(after).sum(axis=1), 1, atol=1e-4)

"""train/duplicates.py: the fast search finds what comparing all with all finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.duplicates import near_duplicates, shingles

WORDS = st.lists(st.sampled_from("abc"), max_size=14).map(" ".join)


@given(texts=st.lists(WORDS, max_size=8), threshold=st.sampled_from([0.2, 0.5, 0.8, 1.0]))
def test_nothing_is_missed_and_nothing_is_invented(texts: list[str], threshold: float) -> None:
    expected = {}
    for later, two in enumerate(texts):
        for place, one in enumerate(texts[:later]):
            first, second = shingles(one), shingles(two)
            similarity = len(first & second) / max(1, len(first | second))
            if similarity >= threshold:
                expected[place, later] = similarity
    found = {(place, later): similarity for place, later, similarity in near_duplicates(texts, threshold)}
    assert found == pytest.approx(expected)


def test_case_punctuation_and_a_changed_word_do_not_hide_a_copy() -> None:
    text = "The rebels entered the city on Monday after four days of fighting, a monitor said in a statement."
    copy = "THE REBELS entered the city on Monday after four days of fighting - a monitor said in a letter"
    ((one, two, similarity),) = near_duplicates([text, "Something else altogether was said here today.", copy])
    assert (one, two) == (0, 2)
    assert 0.8 < similarity < 1


def test_texts_without_words_are_no_copies_of_each_other() -> None:
    assert list(near_duplicates(["", "...", ""])) == []

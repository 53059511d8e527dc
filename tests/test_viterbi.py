"""Fast decoding: the same tags as the plain algorithm, on drawn scores and on real texts with a trained model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from conflict_ner.documents import Document
from conflict_ner.spans import BioTags
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import SAME_WORD, tokenize
from conflict_ner.transitions import Transitions
from conflict_ner.viterbi import Chain, best_tags
from tests.conftest import Trained
from tests.plain_viterbi import best_path

TAGS = BioTags(("B-A", "I-B", "O", "I-A", "B-B"))  # `O` need not come first


def chain(transitions: Transitions, tags: BioTags = TAGS) -> Chain:
    first, steps = tags.chain(transitions)
    return Chain(first, steps, tags.ids["O"], tags.begun)


def total(path: NDArray[np.int64], scores: NDArray[np.float32], joints: NDArray[np.int8], of: Chain) -> float:
    steps = of.steps[joints[1:], path[:-1], path[1:]].sum()
    return float(of.first[path[0]] + scores[np.arange(len(path)), path].astype(np.float64).sum() + steps)


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from([0.0, 1.0, 4.0, 12.0]), st.sampled_from([0, 0.3, 3])
)
def test_the_fast_search_finds_a_best_path(seed: int, count: int, outside: float, strength: float) -> None:
    draw = np.random.default_rng(seed)
    scores = draw.normal(0, 3, (count, 5)).astype(np.float32)
    scores[:, TAGS.ids["O"]] += np.float32(outside)
    joints = draw.choice(3, count, p=[0.6, 0.3, 0.1]).astype(np.int8)
    learned = Transitions(
        *(draw.normal(0, 1, shape).astype(np.float32) * np.float32(strength) for shape in (5, (5, 5)))
    )
    of = chain(learned)
    plain, fast = best_path(scores, of.first, of.steps, joints), best_tags(scores, joints, of)
    assert TAGS.is_legal(fast, joints)
    assert total(fast, scores, joints, of) == pytest.approx(total(plain, scores, joints, of), abs=1e-6)


def test_real_texts_read_as_by_the_plain_search(trained: Trained, gold: list[Document]) -> None:
    tagger = Tagger.load(trained.model)
    draw = np.random.default_rng(0)
    width = len(tagger.tags.names)
    learned = Transitions(*(draw.normal(0, 0.5, shape).astype(np.float32) for shape in (width, (width, width))))
    tagger.checkpoint = dataclasses.replace(tagger.checkpoint, transitions=learned)
    of = chain(learned, tagger.tags)
    texts = [document.text for document in gold]
    tokens = tokenize(texts, tagger.checkpoint.tokenizer)
    multi = 0
    for pieces, emissions in zip(tokens, tagger.emissions(tokens), strict=True):
        joints = pieces.joints[pieces.visible]
        plain = best_path(emissions[pieces.visible], of.first, of.steps, joints)
        assert np.array_equal(tagger.decode(emissions, pieces), plain)
        multi += int((joints == SAME_WORD).sum())
    assert multi > 100


def test_an_opening_piece_that_joins_nothing_begins_a_word() -> None:
    of = chain(Transitions.none(5))
    scores = np.array([[5, 0, 0, 0, 0]], np.float32)
    assert best_tags(scores, np.array([SAME_WORD], np.int8), of).tolist() == [0]
    assert best_tags(scores[:0], np.zeros(0, np.int8), of).tolist() == []

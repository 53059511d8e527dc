"""Spans to tags and back, on three families of tokenizers, and legal decoding."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflict_ner.documents import Document, Span
from conflict_ner.errors import CheckpointError
from conflict_ner.spans import IGNORED, BioTags
from conflict_ner.tokens import NEXT_WORD, SAME_WORD, Tokens, tokenize
from tests import small_tokenizers as tokenizers
from tests.strategies import LABELS, flat_spans, marked_texts

TAGS = BioTags(("O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI")))
# Words with what stands between them, so that spans along words can always be represented.
WORDS = ("Idlib", "rebels", "al", "117", "café", "cafe\u0301", "حلب", "Идлиб", "😀", "Nusra", "İstanbul", "ß")
GAPS = (" ", ", ", " - ", "\n", "\N{NO-BREAK SPACE}", "'s ", "?", "  ", "\u2028", "(")


@st.composite
def word_texts(draw: st.DrawFn) -> tuple[str, tuple[Span, ...]]:
    """Draw words with gaps, and flat spans that begin and end at words."""
    words = draw(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=12))
    text, places = "", []
    for word, gap in words:
        places.append((len(text), len(text) + len(word)))
        text += word + gap
    spans = [
        Span(start=places[span.start][0], end=places[span.end - 1][1], label=span.label)
        for span in draw(flat_spans(len(places)))
    ]
    return text, tuple(spans)


@pytest.mark.parametrize("kind", tokenizers.KINDS)
@given(item=marked_texts())
@settings(max_examples=150)
def test_what_alignment_keeps_comes_back_and_the_rest_is_named(kind: str, item: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = item
    (tokens,) = tokenize([text], tokenizers.build(kind))
    aligned = TAGS.align(text, spans, tokens)
    lost = {loss.span.key for loss in aligned.lost}
    tags = np.where(aligned.tags == IGNORED, 0, aligned.tags)[tokens.visible]
    assert TAGS.is_legal(tags, tokens.joints[tokens.visible])
    assert [span.key for span in TAGS.spans(tags, tokens)] == [span.key for span in spans if span.key not in lost]
    for loss in aligned.lost:
        assert loss.surface == text[loss.span.start : loss.span.end]
        assert loss.reason


@pytest.mark.parametrize("kind", tokenizers.KINDS)
@given(item=word_texts())
@settings(max_examples=100)
def test_spans_along_words_are_never_lost(kind: str, item: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = item
    (tokens,) = tokenize([text], tokenizers.build(kind))
    assert [loss for loss in TAGS.align(text, spans, tokens).lost if kind != "metaspace"] == []


@pytest.mark.parametrize("kind", tokenizers.KINDS)
def test_no_span_of_the_seeds_is_lost(kind: str, gold: list[Document]) -> None:
    documents = tokenize([document.text for document in gold], tokenizers.build(kind))
    for document, tokens in zip(gold, documents, strict=True):
        lost = TAGS.align(document.text, document.spans, tokens).lost
        if kind != "metaspace":
            assert lost == ()


def test_nothing_is_truncated_whatever_the_tokenizer_says() -> None:
    text = "rebels in Idlib " * 200
    (tokens,) = tokenize([text], tokenizers.build("wordpiece"))
    assert tokens.ends[-1] == len(text.rstrip())


@pytest.mark.parametrize(
    ("text", "surface", "reason"),
    [
        ("the Idlibis fled", "Idlib", "ends inside the word"),
        ("anti-Assad", "ssad", "begins inside the word"),
        ("in Idlib now", "Idlib ", "ends inside"),
        ("in   Idlib", "  ", "no token covers it"),
        ("the rebels\n\nIdlib fell", "rebels\n\nIdlib", "across a blank line"),
    ],
)
def test_a_loss_has_its_reason_and_carries_no_loss_in_training(text: str, surface: str, reason: str) -> None:
    start = text.index(surface)
    (tokens,) = tokenize([text], tokenizers.build("wordpiece"))
    aligned = TAGS.align(text, [Span(start=start, end=start + len(surface), label="PLACE")], tokens)
    (loss,) = aligned.lost
    assert reason in loss.reason
    touched = (tokens.starts < start + len(surface)) & (tokens.ends > start)
    assert (aligned.tags[touched] == IGNORED).all()
    assert (aligned.tags[~touched] == 0).all()


def test_adjacent_spans_of_one_label_stay_two() -> None:
    text = "Idlib Aleppo"
    spans = (Span(start=0, end=5, label="PLACE"), Span(start=6, end=12, label="PLACE"))
    (tokens,) = tokenize([text], tokenizers.build("wordpiece"))
    aligned = TAGS.align(text, spans, tokens)
    assert [span.key for span in TAGS.spans(aligned.tags[tokens.visible], tokens)] == [span.key for span in spans]


def plain_tokens(joints: list[int]) -> Tokens:
    count = len(joints)
    places = np.arange(count, dtype=np.int64)
    return Tokens(places, places, places + 1, np.ones(count, dtype=np.bool_), np.array(joints, dtype=np.int8))


SMALL = BioTags(("O", "B-A", "I-A", "B-B", "I-B"))


@given(st.data())
def test_decoding_finds_the_best_of_all_legal_sequences(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 5))
    joints = [0, *data.draw(st.lists(st.integers(0, 2), min_size=count - 1, max_size=count - 1))]
    values = st.integers(-20, 20)
    emissions = np.array(
        data.draw(st.lists(st.lists(values, min_size=5, max_size=5), min_size=count, max_size=count)), dtype=np.float32
    )
    tokens = plain_tokens(joints)
    best = SMALL.decode(emissions, tokens)
    assert SMALL.is_legal(best, tokens.joints)
    legal = [
        tags for tags in itertools.product(range(5), repeat=count) if SMALL.is_legal(np.array(tags), tokens.joints)
    ]
    score = max(sum(emissions[index, tag] for index, tag in enumerate(tags)) for tags in legal)
    assert sum(emissions[index, tag] for index, tag in enumerate(best)) == score


def test_legal_means_bio_whole_words_and_one_paragraph() -> None:
    def legal(names: str, joints: str) -> bool:
        tags = np.array([SMALL.ids[name] for name in names.split()])
        return SMALL.is_legal(tags, np.array([int(mark) for mark in joints], dtype=np.int8))

    assert legal("O B-A I-A I-A B-A O", "000000")
    assert not legal("I-A O", "00")
    assert not legal("O I-A", "00")
    assert not legal("B-A I-B", "00")
    assert legal("B-A I-A", "01")
    assert not legal("B-A O", "01")
    assert not legal("O B-A", "01")
    assert not legal("B-A B-A", "01")
    assert not legal("B-A I-A", "02")
    assert legal("B-A B-A", "02")


def test_the_score_is_the_mean_over_words_of_the_mean_over_pieces() -> None:
    tokens = plain_tokens([NEXT_WORD, SAME_WORD, SAME_WORD, NEXT_WORD])
    probabilities = np.zeros((4, 5), dtype=np.float32)
    tags = np.array([1, 2, 2, 2])
    probabilities[np.arange(4), tags] = [0.9, 0.6, 0.6, 0.5]
    (span,) = SMALL.spans(tags, tokens, probabilities)
    assert span.score == pytest.approx((0.7 + 0.5) / 2)


def test_an_empty_text_has_no_tags() -> None:
    (tokens,) = tokenize([""], tokenizers.build("wordpiece"))
    assert len(TAGS.decode(np.zeros((0, len(TAGS.names)), dtype=np.float32), tokens)) == 0


@pytest.mark.parametrize("names", [("O", "B-A"), ("A", "B"), ("O",), ("O", "I-A", "B-A", "B-A")])
def test_tags_that_are_no_bio_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(CheckpointError, match="no BIO scheme"):
        BioTags(names)


@pytest.mark.parametrize("kind", tokenizers.KINDS)
@pytest.mark.parametrize("number", ["370,000", "1.2", "1,234,567.8"])
def test_a_number_with_separators_is_one_word(kind: str, number: str) -> None:
    text = f"some {number}, or 3, 4."
    (tokens,) = tokenize([text], tokenizers.build(kind))
    begin, end = text.index(number), text.index(number) + len(number)
    own = [n for n, start in enumerate(tokens.starts) if begin <= start < end and tokens.visible[n]]
    assert [int(tokens.joints[n]) for n in own] == [NEXT_WORD] + [SAME_WORD] * (len(own) - 1)
    after = [n for n, start in enumerate(tokens.starts) if start >= end and tokens.visible[n]]
    assert tokens.joints[after[0]] == NEXT_WORD

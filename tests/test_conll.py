"""train/conll.py: tags are read as seqeval's strict mode reads them, and scored alike as spans of characters."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, Entities

from conflict_ner.documents import Meta
from conflict_ner.errors import DataError
from tests.token_scores import Tags, altered, our_f1, strict_f1
from train.conll import Sentence, Stray, read_sentences, sentence_document, strays, strict_spans

TAGS = ("O", "B-Person", "I-Person", "B-Weapon", "I-Weapon")
tag_lists = st.lists(st.sampled_from(TAGS), min_size=1, max_size=12).map(tuple)


def test_a_file_with_all_that_files_have() -> None:
    data = (
        "\ufeff\r\nThe\tB-Person\r\nAl\u2028Qa'im\tI-Person\r\nmen\tI-Weapon\r\nfell\tI-Weapon\r\n"
        "\r\n\r\n\u200e\tO\r\nDr.\tI-Person\r\n \t \r\nTwo\tB-Weapon\r\nrifles\tB-Weapon\r\n\r\n\r\n"
    ).encode()
    sentences = read_sentences(data, "x.txt")
    assert [sentence.line for sentence in sentences] == [2, 8, 11]
    one, two, three = (sentence_document(sentence, "x", Meta()) for sentence in sentences)
    assert one.text == "The Al\u2028Qa'im men fell"
    assert [(one.surface(span), span.label) for span in one.spans] == [("The Al\u2028Qa'im", "Person")]
    assert (two.text, two.spans) == ("\u200e Dr.", ())
    assert [three.surface(span) for span in three.spans] == ["Two", "rifles"]
    assert [stray for sentence in sentences for stray in strays(sentence)] == [
        Stray(line=4, token="men", tag="I-Weapon", before="I-Person"),
        Stray(line=9, token="Dr.", tag="I-Person", before="O"),
    ]
    assert read_sentences(data.replace(b"\r\n", b"\n").rstrip(), "x.txt") == sentences
    assert read_sentences(b"\n\n", "x.txt") == []


def test_bad_lines_are_all_named() -> None:
    with pytest.raises(DataError) as error:
        read_sentences(b"fine\tO\nDamascus\n\tO\nIdlib\tS-Place\nto\tO\textra\nman\tB-\n", "x.txt")
    lines = [problem.split(":")[0] for problem in error.value.problems]
    assert lines == ["line 2", "line 3", "line 4", "line 5", "line 6"]
    with pytest.raises(DataError, match=r"x\.txt: byte 3 is not UTF-8"):
        read_sentences(b"caf\xe9\tO", "x.txt")


@given(tag_lists)
def test_spans_are_those_of_seqeval(tags: Tags) -> None:
    (found,) = Entities([list(tags)], IOB2).entities
    assert strict_spans(tags) == [(entity.start, entity.end, entity.tag) for entity in found]


@given(st.lists(st.tuples(tag_lists, st.randoms(use_true_random=False)), min_size=1, max_size=4))
def test_the_score_of_characters_is_that_of_tokens(drawn: list[tuple[Tags, random.Random]]) -> None:
    sentences = [Sentence(tuple("x" * (1 + number % 3) for number in range(len(tags))), tags, 1) for tags, _ in drawn]
    predicted = [altered(tags, chance) for tags, chance in drawn]
    assert our_f1(sentences, predicted) == pytest.approx(strict_f1([tags for tags, _ in drawn], predicted))

"""annotate/queue: how unsure a model is of an article, what is alike, and who is asked about first."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from annotate.queue.clusters import cluster, embed
from annotate.queue.judgements import Judgements
from annotate.queue.order import Candidate, batches
from annotate.queue.reader import PIECES, Judgement, Reader
from annotate.queue.uncertainty import disagreement, doubt
from annotate.settings import QueueSettings
from conflict_ner.documents import Document, Span
from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema
from conflict_ner.spans import BioTags
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import NEXT_WORD, SAME_WORD, Tokens, tokenize
from conflict_ner.transitions import Transitions
from tests.conftest import Trained

TAGS = BioTags(("O", "B-PLACE", "I-PLACE"))


def tokens_of(*joints: int) -> Tokens:
    """Return pieces of two characters, one after the other."""
    count = len(joints)
    starts = np.arange(count, dtype=np.int64) * 3
    return Tokens(
        np.arange(count, dtype=np.int64), starts, starts + 2, np.ones(count, np.bool_), np.array(joints, np.int8)
    )


def emissions_of(*rows: tuple[float, float, float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.log(np.array(rows, dtype=np.float32))


# -- uncertainty ----------------------------------------------------------------------------------------


def test_an_article_is_as_unsure_as_its_least_sure_decisions() -> None:
    tokens = tokens_of(*[NEXT_WORD] * 4)
    emissions = emissions_of((0.09, 0.9, 0.01), (0.98, 0.01, 0.01), (0.3, 0.6, 0.1), (0.75, 0.2, 0.05))
    # Spans of score 0.9 and 0.6, words left out with P(O) of 0.98 and 0.75: doubts 0.1, 0.02, 0.4 and 0.25.
    assert doubt(emissions, tokens, TAGS, 1) == pytest.approx(0.4, abs=1e-5)
    assert doubt(emissions, tokens, TAGS, 2) == pytest.approx((0.4 + 0.25) / 2, abs=1e-5)
    assert doubt(emissions, tokens, TAGS, 9) == pytest.approx((0.4 + 0.25 + 0.1 + 0.02) / 4, abs=1e-5)


def test_an_article_without_a_span_is_unsure_of_what_it_may_miss() -> None:
    sure = doubt(emissions_of((0.99, 0.005, 0.005)), tokens_of(NEXT_WORD), TAGS, 5)
    unsure = doubt(emissions_of((0.55, 0.4, 0.05)), tokens_of(NEXT_WORD), TAGS, 5)
    assert sure == pytest.approx(0.01, abs=1e-4)
    assert unsure == pytest.approx(0.45, abs=1e-4)
    assert doubt(np.zeros((0, 3), np.float32), tokens_of(), TAGS, 5) == 0.0


def test_a_word_counts_once_however_many_pieces_it_has() -> None:
    tokens = tokens_of(NEXT_WORD, SAME_WORD, NEXT_WORD)
    emissions = emissions_of((0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.9, 0.05, 0.05))
    assert doubt(emissions, tokens, TAGS, 1) == pytest.approx(0.3, abs=1e-5)
    assert doubt(emissions, tokens, TAGS, 2) == pytest.approx((0.3 + 0.1) / 2, abs=1e-5)


def test_readings_disagree_by_their_strict_f1() -> None:
    one, two = Span(start=0, end=4, label="PLACE"), Span(start=6, end=9, label="PLACE")
    other = Span(start=6, end=9, label="DATE")
    assert disagreement([[one, two], [one, two]]) == 0
    assert disagreement([[one, two], [one, other]]) == pytest.approx(0.5)
    assert disagreement([[one], [one], []]) == pytest.approx(2 / 3)
    assert disagreement([[], []]) == 0
    assert disagreement([[one]]) == 0


# -- order ----------------------------------------------------------------------------------------------


def test_a_batch_takes_the_least_sure_of_each_cluster_and_group() -> None:
    candidates = [
        Candidate(1, 0.9, cluster=0, group="march"),
        Candidate(2, 0.8, cluster=0),
        Candidate(3, 0.7, cluster=1, group="march"),
        Candidate(4, 0.6, cluster=2),
        Candidate(5, 0.6, cluster=3),
        Candidate(6, 0.1, cluster=4),
    ]
    found = [[candidate.key for candidate in batch] for batch in batches(candidates, 3)]
    assert found == [[1, 4, 5], [2, 3, 6]]


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        key=st.integers(0, 10**6),
        uncertainty=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
        cluster=st.integers(0, 4),
        group=st.sampled_from([None, None, "a", "b"]),
    ),
    unique_by=lambda candidate: candidate.key,
    max_size=30,
)


@given(candidates=CANDIDATES, size=st.integers(1, 6), draw=st.randoms(use_true_random=False))
def test_batches_hold_every_article_once_and_no_two_alike(candidates: list[Candidate], size: int, draw: Any) -> None:
    found = list(batches(candidates, size))
    assert sorted(candidate.key for batch in found for candidate in batch) == sorted(c.key for c in candidates)
    for number, batch in enumerate(found):
        assert 0 < len(batch) <= size
        assert len({candidate.cluster for candidate in batch}) == len(batch)
        groups = [candidate.group for candidate in batch if candidate.group]
        assert len(set(groups)) == len(groups)
        # The first of each batch is the least sure of all that were left.
        assert batch[0].uncertainty == max(candidate.uncertainty for rest in found[number:] for candidate in rest)
    shuffled = list(candidates)
    draw.shuffle(shuffled)
    assert list(batches(shuffled, size)) == found


# -- clusters -------------------------------------------------------------------------------------------


def about(pieces: list[int], weights: list[float]) -> Judgement:
    return Judgement(0.5, np.array(pieces, np.int32), np.array(weights, np.float32))


def test_articles_with_the_same_names_fall_into_one_cluster_whatever_else_they_share() -> None:
    vocabulary = np.random.default_rng(0).normal(size=(60, 16)).astype(np.float32)
    # Pieces 0 to 9 stand in every article; 10 to 14 in the articles on one event, 20 to 24 in those on another.
    common = list(range(10))
    judgements = [
        about([*common, *range(first, first + 5), 40 + number], [1.0] * 10 + [0.9] * 5 + [0.2])
        for number, first in enumerate([10, 20, 10, 20, 10, 20, 10, 20])
    ]
    found = cluster(embed(judgements, vocabulary), size=4, least=2, seed=0)
    assert len(set(found[::2])) == len(set(found[1::2])) == 1
    assert found[0] != found[1]
    # What stands in every article tells nothing of one.
    alone = embed([about(common, [1.0] * 10), about(common, [3.0] * 10)], vocabulary)
    assert np.allclose(alone, 0)


def test_there_are_as_many_clusters_as_a_batch_needs_and_never_more_than_articles() -> None:
    points = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
    assert len(set(cluster(points, size=5, least=4, seed=0))) == 8
    assert len(set(cluster(points, size=5, least=20, seed=0))) == 20
    assert cluster(points[:3], size=5, least=20, seed=0).tolist() == [0, 1, 2]
    assert len(set(cluster(np.zeros((40, 8), np.float32), size=5, least=4, seed=0))) == 1
    assert cluster(points, size=5, least=4, seed=3).tolist() == cluster(points, size=5, least=4, seed=3).tolist()


# -- the reader -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tagger(trained: Trained) -> Tagger:
    return Tagger.load(trained.model, device="cpu")


def test_a_judgement_tells_what_the_article_is_about(tagger: Tagger, gold: list[Document]) -> None:
    reader = Reader(tagger, (), QueueSettings())
    judgement = reader.judge(gold[0].text)
    assert 0 < judgement.uncertainty < 1
    assert len(judgement.pieces) == len(set(judgement.pieces.tolist())) <= PIECES
    weights = dict(zip(judgement.pieces.tolist(), judgement.weights.tolist(), strict=True))
    (tokens,) = tokenize([gold[0].text], tagger.checkpoint.tokenizer)
    surest = max(tagger.tag([gold[0].text])[0], key=lambda span: span.score or 0)
    within = tokens.ids[(surest.start <= tokens.starts) & (tokens.ends <= surest.end)]
    # Where a piece is taken for a part of a span, it is not taken for what stands outside of all.
    assert max(weights.get(int(piece), 0.0) for piece in within) >= (surest.score or 0) - 1e-3 > 0
    again = reader.judge(gold[0].text)
    assert again.uncertainty == judgement.uncertainty
    assert again.weights.tolist() == judgement.weights.tolist()
    empty = reader.judge("")
    assert (empty.uncertainty, len(empty.pieces)) == (0.0, 0)


def test_an_ensemble_adds_its_disagreement(tagger: Tagger, trained: Trained, gold: list[Document]) -> None:
    twin = Tagger.load(trained.model, device="cpu")
    text = gold[0].text
    own = Reader(tagger, (), QueueSettings()).judge(text).uncertainty
    settings = QueueSettings(ensemble=(str(trained.model),))
    assert Reader(tagger, (twin,), settings).judge(text).uncertainty == pytest.approx(own / 2)
    model: Any = twin.checkpoint.model
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.eye(len(twin.tags.names))[twin.tags.ids["O"]])
    assert Reader(tagger, (twin,), settings).judge(text).uncertainty == pytest.approx((own + 1) / 2)


def test_the_queue_reads_as_the_tagger_does(trained: Trained, gold: list[Document]) -> None:
    text, tagger = gold[0].text, Tagger.load(trained.model, device="cpu")
    assert tagger.tag([text])[0]
    free = Reader(tagger, (), QueueSettings()).judge(text).uncertainty
    # Transitions under which no span begins: without them the same probabilities hold spans.
    begins = np.array([name.startswith("B-") for name in tagger.tags.names])
    against = np.where(begins, -100.0, 0.0).astype(np.float32)
    transitions = Transitions(against, np.tile(against, (len(against), 1)))
    tagger.checkpoint = dataclasses.replace(tagger.checkpoint, transitions=transitions)
    assert tagger.tag([text]) == [()]
    own = Reader(tagger, (), QueueSettings()).judge(text).uncertainty
    assert own != pytest.approx(free, abs=1e-4)
    # It agrees with itself, so that the ensemble adds nothing.
    twice = Reader(tagger, (tagger,), QueueSettings(ensemble=(str(trained.model),)))
    assert twice.judge(text).uncertainty == pytest.approx(own / 2)


def test_passes_with_dropout_disagree_and_leave_the_model_as_it_was(trained: Trained, gold: list[Document]) -> None:
    settings = QueueSettings(dropout_passes=3, seed=4)
    plain = Tagger.load(trained.model, device="cpu")
    with pytest.raises(ConfigError, match=r"queue\.dropout_passes is 3, .* has no dropout"):
        Reader(plain, (), settings)
    text = gold[0].text
    own = Reader(plain, (), QueueSettings()).judge(text).uncertainty
    for module in plain.checkpoint.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.4
    before = torch.random.get_rng_state()
    reader = Reader(plain, (), settings)
    found = [reader.judge(text).uncertainty for _ in range(2)]
    assert found[0] == found[1] > own / 2
    assert torch.equal(torch.random.get_rng_state(), before)
    assert Reader(plain, (), QueueSettings()).judge(text).uncertainty == own


def test_an_ensemble_of_another_schema_is_refused(trained: Trained, five_labels: LabelSchema) -> None:
    one, two = Tagger.load(trained.model, device="cpu"), Tagger.load(trained.model, device="cpu")
    two.tags = BioTags.of(five_labels)
    with pytest.raises(ConfigError, match=r"queue\.ensemble: 'models/other' has the tags"):
        Reader(one, (two,), QueueSettings(ensemble=("models/other",)))


def test_judgements_are_kept_and_a_broken_line_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "judgements.jsonl"
    first = Judgements(path)
    with first.adding():
        first.add("a", about([3, 9], [0.5, 0.25]))
        first.add("b", about([], []))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"sha256": "c", "uncer')
    second = Judgements(path)
    with second.adding():
        assert second.get("c") is None
        second.add("c", about([1], [1.0]))
    third = Judgements(path)
    known = third.get("a")
    assert known is not None
    assert (known.uncertainty, known.pieces.tolist(), known.weights.tolist()) == (0.5, [3, 9], [0.5, 0.25])
    assert [third.get(name) is not None for name in "abcd"] == [True, True, True, False]

"""The loss of whole tag sequences against the sum over all of them, and decoding under what it learned."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.spans import IGNORED, BioTags
from conflict_ner.tokens import NEXT_PARAGRAPH, NEXT_WORD, OUTSIDE_TEXT, SAME_WORD
from tests.plain_viterbi import best_path
from train.chain import ChainLoss

TAGS = BioTags(("O", "B-X", "I-X"))
JOINTS = (NEXT_WORD, SAME_WORD, NEXT_PARAGRAPH)


def chain_with(seed: int) -> ChainLoss:
    chain = ChainLoss(TAGS)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        chain.first.copy_(torch.randn(3, generator=generator))
        chain.between.copy_(torch.randn(3, 3, generator=generator))
    return chain


def scored(chain: ChainLoss, logits: np.ndarray, joints: np.ndarray) -> dict[tuple[int, ...], float]:
    """Return the score of every legal sequence, added up step by step."""
    first, steps = TAGS.chain(chain.learned())
    found = {}
    for tags in itertools.product(range(3), repeat=len(joints)):
        total = first[tags[0]] + sum(row[tag] for row, tag in zip(logits, tags, strict=True))
        total += sum(steps[joints[i], tags[i - 1], tags[i]] for i in range(1, len(tags)))
        if np.isfinite(total):
            found[tags] = float(total)
    return found


texts = st.integers(1, 5).flatmap(
    lambda size: st.tuples(
        st.lists(st.sampled_from(JOINTS), min_size=size, max_size=size),
        st.lists(st.booleans(), min_size=size, max_size=size),
        st.integers(0, 1000),
    )
)


@given(texts)
def test_the_likelihood_is_that_of_all_legal_sequences(text: tuple[list[int], list[bool], int]) -> None:
    joints, known, seed = text
    chain = chain_with(seed)
    logits = np.random.default_rng(seed).normal(size=(len(joints), 3)).astype(np.float32)
    all_scores = scored(chain, logits, np.array(joints))
    gold = list(all_scores)[seed % len(all_scores)]
    labels = [tag if shown else IGNORED for tag, shown in zip(gold, known, strict=True)]
    fitting = [
        score
        for tags, score in all_scores.items()
        if all(label in (IGNORED, tag) for tag, label in zip(tags, labels, strict=True))
    ]
    wanted = np.logaddexp.reduce(list(all_scores.values())) - np.logaddexp.reduce(fitting)
    got = chain(torch.from_numpy(logits)[None], torch.tensor([labels]), torch.tensor([joints]))
    assert got.item() == pytest.approx(wanted, abs=1e-3)


@given(texts)
def test_the_best_path_is_the_best_of_all(text: tuple[list[int], list[bool], int]) -> None:
    joints, _, seed = text
    chain = chain_with(seed)
    logits = np.random.default_rng(seed).normal(size=(len(joints), 3)).astype(np.float32)
    all_scores = scored(chain, logits, np.array(joints))
    path = best_path(logits, *TAGS.chain(chain.learned()), np.array(joints, np.int8))
    assert all_scores[tuple(path.tolist())] == pytest.approx(max(all_scores.values()))


def test_padding_and_special_tokens_change_nothing() -> None:
    chain = chain_with(1)
    logits = torch.randn(1, 3, 3, generator=torch.Generator().manual_seed(2))
    labels, joints = torch.tensor([[1, 2, 0]]), torch.tensor([[NEXT_WORD, SAME_WORD, NEXT_WORD]])
    noise = torch.randn(1, 1, 3, generator=torch.Generator().manual_seed(3))
    wide = chain(
        torch.cat([noise, logits[:, :1], noise, logits[:, 1:], noise, noise], dim=1),
        torch.tensor([[IGNORED, 1, IGNORED, 2, 0, IGNORED, IGNORED]]),
        torch.tensor([[OUTSIDE_TEXT, NEXT_WORD, OUTSIDE_TEXT, SAME_WORD, NEXT_WORD, OUTSIDE_TEXT, OUTSIDE_TEXT]]),
    )
    assert wide.item() == pytest.approx(chain(logits, labels, joints).item(), abs=1e-5)


def test_training_raises_the_gold_sequence() -> None:
    chain = ChainLoss(TAGS)
    logits = torch.zeros(1, 4, 3)
    labels, joints = torch.tensor([[0, 1, 2, 0]]), torch.full((1, 4), NEXT_WORD)
    optimizer = torch.optim.SGD(chain.parameters(), lr=0.5)
    losses = []
    for _ in range(20):
        loss = chain(logits, labels, joints)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    path = best_path(logits[0].numpy(), *TAGS.chain(chain.learned()), joints[0].numpy().astype(np.int8))
    assert path.tolist() == [0, 1, 2, 0]

"""The loss of whole tag sequences: a linear-chain conditional random field over legal tags (Lafferty et al. 2001).

The transitions are learned together with the plain softmax of each piece, so that the finished weights serve both a
reader that knows the transitions and one that takes each piece's best tag, such as `pipeline()`. Pieces without a
gold tag (a neighbour window's, invisible ones, those of spans that tags cannot carry) may have any legal tag:
the likelihood sums over them, as in a partially observed field (Tsuboi et al. 2008).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from conflict_ner.spans import IGNORED, BioTags
from conflict_ner.tokens import OUTSIDE_TEXT, SAME_WORD
from conflict_ner.transitions import Transitions

_NEVER = -1e4  # of a tag that is not legal: finite, so that a difference of two is no NaN


class ChainLoss(nn.Module):
    """Learned transitions, and the negative log-likelihood of gold tags under them.

    Args:
        tags: the tag scheme; what is legal in decoding is legal here.
        learned: where they begin; by default nothing is preferred.
    """

    legal: Tensor
    legal_first: Tensor

    def __init__(self, tags: BioTags, learned: Transitions | None = None) -> None:
        super().__init__()
        begin = learned if learned is not None else Transitions.none(len(tags.names))
        self.first = nn.Parameter(torch.tensor(begin.first))
        self.between = nn.Parameter(torch.tensor(begin.between))
        self.register_buffer("legal", torch.from_numpy(tags.allowed), persistent=False)
        self.register_buffer("legal_first", torch.from_numpy(tags.first), persistent=False)

    def forward(self, logits: Tensor, labels: Tensor, joints: Tensor) -> Tensor:
        """Return the negative log-likelihood of the gold tags, summed over the batch.

        Args:
            logits: of each piece's tags, shape (windows, pieces, tags).
            labels: gold tag ids, IGNORED where there is none, shape (windows, pieces).
            joints: how each piece joins the one before it, OUTSIDE_TEXT for those that are skipped, same shape.
        """
        logits = logits.float()
        known = labels != IGNORED
        wrong = torch.where(known[..., None], _NEVER, 0.0).expand_as(logits)
        forced = wrong.scatter(2, labels.clamp(min=0)[..., None], torch.where(known, 0.0, wrong[..., 0])[..., None])
        # All sequences, and those that keep to gold, in one pass.
        totals = self._log_total(torch.cat([logits, logits + forced]), torch.cat([joints, joints]))
        every, gold = totals.chunk(2)
        return (every - gold).sum()

    def learned(self) -> Transitions:
        """Return the transitions as decoding takes them."""
        return Transitions(_array(self.first), _array(self.between))

    def _log_total(self, logits: Tensor, joints: Tensor) -> Tensor:
        """Return the log of the summed exponentials of all legal sequences' scores, shape (windows,)."""
        between = self.between * self.within_words
        steps = torch.where(self.legal, between, _NEVER)  # (3, before, after)
        opening = torch.where(self.legal_first, self.first, _NEVER)
        begun = torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
        total = torch.zeros_like(logits[:, 0])
        for index in range(logits.shape[1]):
            joint = joints[:, index]
            here = joint != OUTSIDE_TEXT
            carried = torch.logsumexp(total[:, :, None] + steps[joint.clamp(min=0)], dim=1)
            score = torch.where(begun[:, None], carried, opening) + logits[:, index]
            total = torch.where(here[:, None], score, total)
            begun = begun | here
        return torch.logsumexp(total, dim=1)

    @property
    def within_words(self) -> Tensor:
        """Zero for the joint inside a word, where the next tag follows from the one before; shape (3, 1, 1)."""
        counted = torch.ones(len(self.legal), 1, 1, device=self.legal.device)
        counted[SAME_WORD] = 0.0
        return counted


def _array(weights: Tensor) -> NDArray[np.float32]:
    """Return weights on the processor; shards of FSDP are gathered, which all processes do together."""
    whole = weights.full_tensor() if hasattr(weights, "full_tensor") else weights
    # A copy: an array that shares a shard's memory would keep FSDP from freeing it.
    return np.asarray(whole.detach().float().cpu().clone())

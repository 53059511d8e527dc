"""The model that is trained: an encoder with its token-classification head, the losses, and the learned transitions.

What is published is the encoder with its head, in transformers' own class; the wrapper lives in training alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax
from transformers import PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput

from conflict_ner.spans import IGNORED, BioTags
from conflict_ner.tokens import OUTSIDE_TEXT
from conflict_ner.transitions import Transitions
from train.chain import ChainLoss
from train.config import LossSettings
from train.encoder import Encoder


class TaggingModel(nn.Module):
    """An encoder with a head, and how its reading is judged.

    Args:
        encoder: a token-classification model of transformers.
        tags: the tag scheme of its head.
        loss: which losses count, and how much.
        new: names of the encoder's weights that the run begins with, those of a fresh head.
        transitions: what a checkpoint has learned of them before.
        teaching: how much the teachers' probabilities count, where a batch has some.
    """

    def __init__(
        self,
        encoder: PreTrainedModel,
        tags: BioTags,
        loss: LossSettings,
        new: frozenset[str] = frozenset(),
        transitions: Transitions | None = None,
        teaching: float = 0.0,
    ) -> None:
        super().__init__()
        self.teaching = teaching
        self.encoder = encoder
        self.chain = ChainLoss(tags, transitions) if loss.chain else None
        self.loss = loss
        self._tags = tags
        fresh = self.chain.state_dict() if self.chain is not None and transitions is None else ()
        self.new = frozenset({*(f"encoder.{name}" for name in new), *(f"chain.{name}" for name in fresh)})
        """Names of all weights that the run begins with."""

    @classmethod
    def of(cls, encoder: Encoder, tags: BioTags, loss: LossSettings, teaching: float = 0.0) -> TaggingModel:
        """Return the model of a run that begins with an encoder."""
        return cls(encoder.model, tags, loss, encoder.new, encoder.transitions, teaching)

    def empty_copy(self) -> TaggingModel:
        """Return a model of the same make whose weights are still to be loaded."""
        return TaggingModel(type(self.encoder)(self.encoder.config), self._tags, self.loss)

    @property
    def config(self) -> Any:
        """The encoder's configuration."""
        return self.encoder.config

    @property
    def _no_split_modules(self) -> Collection[str] | None:
        """The encoder's layers, by the name of their class: where FSDP parts the weights."""
        return self.encoder._no_split_modules

    @property
    def transitions(self) -> Transitions | None:
        """What was learned of tags that follow each other; None where the chain's loss does not count."""
        return self.chain.learned() if self.chain is not None else None

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        joints: Tensor,
        labels: Tensor | None = None,
        taught: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
        **_: Any,
    ) -> TokenClassifierOutput:
        """Read windows, and judge the reading where gold is given.

        Args:
            input_ids: pieces with special tokens, shape (windows, pieces).
            attention_mask: 0 for padding, same shape.
            joints: how each piece joins the one before it, OUTSIDE_TEXT outside the text, same shape.
            labels: gold tag ids, IGNORED where there is none, same shape.
            taught: the teachers' probabilities, zeros where they count for nothing, shape (windows, pieces, tags).
            num_items_in_batch: labelled pieces of the whole step, which the loss is divided by; by default those here.
        """
        logits = self.encoder(input_ids=input_ids, attention_mask=attention_mask).logits
        if labels is None:
            return TokenClassifierOutput(logits=logits)
        total = logits.new_zeros((), dtype=torch.float32)
        if self.loss.cross_entropy:
            flat = logits.float().flatten(0, 1)
            each = cross_entropy(flat, labels.flatten(), ignore_index=IGNORED, reduction="sum")
            total = total + self.loss.cross_entropy * each
        if self.chain is not None:
            total = total + self.loss.chain * self.chain(logits, labels, joints)
        if taught is not None:
            total = total - self.teaching * (taught * log_softmax(logits.float(), dim=-1)).sum()
        items = num_items_in_batch if num_items_in_batch is not None else (labels != IGNORED).sum().clamp(min=1)
        # Training needs the loss alone; FSDP would warn of logits, which are a view.
        return TokenClassifierOutput(loss=total / items, logits=None if self.training else logits)

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs: dict[str, Any] | None = None) -> None:
        """Trade time for memory, as the Trainer's `gradient_checkpointing` asks."""
        encoder: Any = self.encoder
        encoder.gradient_checkpointing_enable(gradient_checkpointing_kwargs)

    def gradient_checkpointing_disable(self) -> None:
        """Take it back."""
        encoder: Any = self.encoder
        encoder.gradient_checkpointing_disable()


class Collator:
    """Joins windows to a batch, padded to one length.

    Args:
        pad: the tokenizer's padding id.
        multiple: the length is a multiple of it.
    """

    def __init__(self, pad: int, multiple: int = 8) -> None:
        self.pad = pad
        self.multiple = multiple

    def __call__(self, features: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Return tensors of shape (windows, pieces)."""
        fill = {"input_ids": self.pad, "attention_mask": 0, "labels": IGNORED, "joints": OUTSIDE_TEXT}
        longest = max(len(feature["input_ids"]) for feature in features)
        length = -(-longest // self.multiple) * self.multiple
        batch = {
            name: torch.tensor([feature[name] + [value] * (length - len(feature[name])) for feature in features])
            for name, value in fill.items()
        }
        if "taught" in features[0]:
            rows = [np.pad(feature["taught"], ((0, length - len(feature["taught"])), (0, 0))) for feature in features]
            batch["taught"] = torch.from_numpy(np.stack(rows))
        return batch

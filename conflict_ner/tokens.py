"""A text as the pieces of a tokenizer, each with its place in the text and how it joins the piece before it.

Words here are runs of letters, digits and marks, and numbers with their separators, whatever the tokenizer thinks
of them: a span begins and ends at a word's edge, so decoding never cuts a word, with WordPiece, BPE and SentencePiece
alike. Scripts that are written without spaces have no such runs; there each piece may begin a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conflict_ner.text import storable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NEXT_WORD, SAME_WORD, NEXT_PARAGRAPH = 0, 1, 2
"""How a piece joins the visible one before it: as a new word, inside its word, or after a blank line."""
OUTSIDE_TEXT = -1
"""In place of a joint, for what stands in a batch and is no visible piece of a text: special tokens, padding."""

_SPACE, _WORD, _ATTACHED, _NEWLINE = 1, 2, 4, 8
# Thai to Tibetan, Myanmar, Khmer, kana, CJK: written without spaces between words.
_UNSPACED = (
    (0x0E00, 0x0FFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


# 370,000 and 1.2 are one word each.
_IN_NUMBERS = re.compile(r"(?<=\d)[.,](?=\d)")


@dataclass(frozen=True)
class Tokens:
    """The pieces of one text, without special tokens.

    Attributes:
        ids: vocabulary ids, shape (n,).
        starts: index of each piece's first character, shape (n,).
        ends: index after each piece's last character, shape (n,).
        visible: False for a piece that covers no character of its own (a lone space marker), shape (n,).
        joints: NEXT_WORD, SAME_WORD or NEXT_PARAGRAPH for each piece, shape (n,).
    """

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    visible: NDArray[np.bool_]
    joints: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.ids)


def tokenize(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[Tokens]:
    """Cut texts into pieces; nothing is truncated, whatever the tokenizer's own settings say.

    Args:
        texts: any strings; offsets are those of the given strings.
        tokenizer: a fast tokenizer (the slow ones know no offsets).
    """
    if not texts:
        return []
    encoded = tokenizer(
        [storable(text) for text in texts],
        add_special_tokens=False,
        truncation=False,
        padding=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        return_offsets_mapping=True,
        verbose=False,
    )
    return [
        _tokens(text, ids, offsets)
        for text, ids, offsets in zip(texts, encoded["input_ids"], encoded["offset_mapping"], strict=True)
    ]


def _tokens(text: str, ids: list[int], offsets: list[tuple[int, int]]) -> Tokens:
    kinds = _kinds(text)
    places = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    starts, ends = places[:, 0].copy(), places[:, 1].copy()
    visible = ends > starts
    # Some tokenizers count the space before a word as the piece's own.
    for index in np.flatnonzero(visible & (_at(kinds, starts) | _at(kinds, ends - 1)) & _SPACE):
        while starts[index] < ends[index] and kinds[starts[index]] & _SPACE:
            starts[index] += 1
        while starts[index] < ends[index] and kinds[ends[index] - 1] & _SPACE:
            ends[index] -= 1
    visible = ends > starts
    shown = np.flatnonzero(visible)
    first, last = starts[shown], ends[shown]
    # A normaliser that drops marks leaves them without a piece: they belong to the letter before.
    following = np.append(first[1:], len(text))
    for number in np.flatnonzero((last < following) & (_at(kinds, last) & _ATTACHED > 0)):
        while last[number] < following[number] and kinds[last[number]] & _ATTACHED:
            last[number] += 1
    ends[shown] = last
    touching = first[1:] == last[:-1]
    within = (_at(kinds, last[:-1] - 1) & _at(kinds, first[1:]) & _WORD) > 0
    newlines = np.concatenate([[0], np.cumsum(kinds & _NEWLINE > 0, dtype=np.int64)])
    joints = np.zeros(len(ids), dtype=np.int8)
    joints[shown[1:]] = np.where(
        (first[1:] < last[:-1]) | (touching & within),
        SAME_WORD,
        np.where(newlines[first[1:]] - newlines[last[:-1]] > 1, NEXT_PARAGRAPH, NEXT_WORD),
    )
    return Tokens(np.array(ids, dtype=np.int64), starts, ends, visible, joints)


def _kinds(text: str) -> NDArray[np.uint8]:
    """Return the kind flags of each character, shape (len(text),)."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    unique, inverse = np.unique(codes, return_inverse=True)
    kinds = np.array([_kind(int(code)) for code in unique], dtype=np.uint8)[inverse]
    for separator in _IN_NUMBERS.finditer(text):
        kinds[separator.start()] = _WORD
    return kinds


def _at(kinds: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the flags at `places`; 0 beyond the text."""
    if not len(kinds):
        return np.zeros(len(places), dtype=np.uint8)
    within = (places >= 0) & (places < len(kinds))
    return np.where(within, kinds[np.clip(places, 0, len(kinds) - 1)], np.uint8(0))


@lru_cache(maxsize=65536)
def _kind(code: int) -> int:
    character = chr(code)
    category = unicodedata.category(character)
    if character.isspace():
        return _SPACE | (_NEWLINE if character == "\n" else 0)
    if category[0] == "M":
        return _WORD | _ATTACHED
    if category[0] == "C":
        return _ATTACHED
    if character.isalnum() and not any(low <= code <= high for low, high in _UNSPACED):
        return _WORD
    return 0

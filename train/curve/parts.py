"""Nested random parts of the documents to train on: each is the beginning of one order of their groups."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from conflict_ner.documents import Document
from train.splits import group_of


def part(documents: Sequence[Document], size: int, seed: int) -> list[Document]:
    """Return the documents of the first groups of a seed's order that hold so many.

    A part of one seed holds every smaller one. No group is parted, so that there may be a few documents more than
    asked for. The order depends on seed and group names alone.

    Args:
        documents: the train split.
        size: documents wanted, at most as many as there are.
        seed: of the order.

    Returns:
        The part, in the order of `documents`.
    """
    members: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        members[group_of(document)].append(document)
    taken: set[str] = set()
    count = 0
    for group in sorted(members, key=lambda group: _place(seed, group)):
        if count >= size:
            break
        taken.add(group)
        count += len(members[group])
    return [document for document in documents if group_of(document) in taken]


def _place(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"curve\n{seed}\n{group}".encode()).digest()

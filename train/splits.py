"""Divide documents into train, validation and test so that no event stands on both sides.

A group (the articles on one event) goes whole to one split; a document without a group is a group of its
own. Test takes its groups first, then validation; the rest is train. A fraction takes groups in the order
of a hash of seed and group name, so it depends neither on the order of the files nor on the machine.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from conflict_ner.config import ConfigModel
from conflict_ner.documents import Document
from conflict_ner.errors import ConfigError, did_you_mean
from train.readings import Reading

_MOST_HINT = 200  # characters; a list of all ids helps nobody
SPLITS = ("train", "validation", "test")


class Selection(ConfigModel):
    """What goes into test or validation; the parts add up.

    Attributes:
        sources: all groups that have a document from one of these sources.
        groups: these groups.
        ids: these documents; a group must be named whole.
        fraction: this share of the documents that are still free, by hash order; at least one group.
        of: the fraction is taken from these sources alone; empty means from all.
    """

    sources: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0
    of: tuple[str, ...] = ()


def group_of(document: Document) -> str:
    """Return the group that a document may not be parted from: its event, or else its own id."""
    return document.meta.group or document.id


def split_documents(
    readings: Sequence[Reading], test: Selection, validation: Selection, seed: int
) -> dict[str, list[Document]]:
    """Divide documents.

    Args:
        readings: one for each document.
        test: what is held out for the last score.
        validation: what is held out to choose a model by.
        seed: of the hash order.

    Returns:
        Split name -> documents in the order given; a split without documents is left out.

    Raises:
        ConfigError: a selection names what is not there, claims what the other has, or parts a group.
    """
    members: defaultdict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        members[group_of(reading.document)].append(reading)
    split_of: dict[str, str] = {}
    problems: list[str] = []
    for split, selection in (("test", test), ("validation", validation)):
        problems += _unknown(split, selection, readings)
        for group in _named(selection, members):
            if group in split_of:
                problems.append(f"{split}: {group!r} is already in {split_of[group]}; name it in one of them")
            split_of.setdefault(group, split)
        problems += _parted(split, selection, members)
    if problems:
        raise ConfigError("The documents cannot be split:", problems)
    for split, selection in (("test", test), ("validation", validation)):
        for group in _drawn(selection, members, split_of, seed):
            split_of[group] = split
    splits: dict[str, list[Document]] = {split: [] for split in SPLITS}
    for reading in readings:
        splits[split_of.get(group_of(reading.document), "train")].append(reading.document)
    return {split: documents for split, documents in splits.items() if documents}


def _unknown(split: str, selection: Selection, readings: Sequence[Reading]) -> Iterator[str]:
    there = {
        "sources": {reading.source for reading in readings},
        "of": {reading.source for reading in readings},
        "groups": {group_of(reading.document) for reading in readings},
        "ids": {reading.document.id for reading in readings},
    }
    for key, allowed in there.items():
        for name in getattr(selection, key):
            if name not in allowed:
                hint = did_you_mean(name, allowed)
                yield f"{split}.{key}: no document has {name!r}{hint if len(hint) < _MOST_HINT else ''}"


def _named(selection: Selection, members: Mapping[str, Sequence[Reading]]) -> Iterator[str]:
    """Yield each group that a selection names in any way."""
    for group, readings in members.items():
        ids = {reading.document.id for reading in readings}
        sources = {reading.source for reading in readings}
        if group in selection.groups or ids & set(selection.ids) or sources & set(selection.sources):
            yield group


def _parted(split: str, selection: Selection, members: Mapping[str, Sequence[Reading]]) -> Iterator[str]:
    for group, readings in members.items():
        ids = [reading.document.id for reading in readings]
        left = [name for name in ids if name not in selection.ids]
        if group not in selection.groups and left and len(left) < len(ids):
            yield (
                f"{split}.ids: {', '.join(name for name in ids if name in selection.ids)} cannot be parted from "
                f"{', '.join(left)}, of the same group {group!r}; name the group in {split}.groups"
            )


def _drawn(
    selection: Selection, members: Mapping[str, Sequence[Reading]], split_of: Mapping[str, str], seed: int
) -> Iterator[str]:
    """Yield free groups in hash order until they hold the selection's share of the free documents."""
    free = {
        group: readings
        for group, readings in members.items()
        if group not in split_of and (not selection.of or all(reading.source in selection.of for reading in readings))
    }
    wanted = round(selection.fraction * sum(len(readings) for readings in free.values()))
    if selection.fraction > 0:
        wanted = max(wanted, 1)
    count = 0
    for group in sorted(free, key=lambda group: _place(seed, group)):
        if count >= wanted:
            return
        count += len(free[group])
        yield group


def _place(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{group}".encode()).digest()

"""Grouped folds: which documents are held out together, so that no event is both learned from and scored on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conflict_ner.documents import Document
from conflict_ner.errors import ConfigError, did_you_mean
from train.splits import group_of


@dataclass(frozen=True)
class Fold:
    """One division: what is trained on, what chooses the epoch (may be empty), and what is held out."""

    train: list[Document]
    validation: list[Document]
    held_out: list[Document]

    @property
    def splits(self) -> dict[str, list[Document]]:
        """The fold as a corpus's splits."""
        return {"train": self.train, "validation": self.validation, "test": self.held_out}


def make_folds(splits: Mapping[str, Sequence[Document]], held_out: Sequence[str], count: int | None) -> list[Fold]:
    """Divide documents so that each of the named splits is held out once.

    Args:
        splits: of a corpus.
        held_out: the splits whose documents are held out in turn. A validation split that is not among them chooses
            the epoch; the documents of all others are always trained on.
        count: number of folds; None for one a group.

    Raises:
        ConfigError: a split that is not there, or fewer groups than folds.
    """
    from sklearn.model_selection import GroupKFold

    for name in held_out:
        if name not in splits:
            raise ConfigError(f"held_out: the corpus has no split {name!r}{did_you_mean(name, splits)}.")
    pool = [document for name in held_out for document in splits[name]]
    validation = [] if "validation" in held_out else list(splits.get("validation", ()))
    fixed = [document for name in splits if name not in (*held_out, "validation") for document in splits[name]]
    groups = [group_of(document) for document in pool]
    wanted = count if count is not None else len(set(groups))
    if not 2 <= wanted <= len(set(groups)):
        raise ConfigError(
            f"folds: {wanted} fold(s) of {len(set(groups))} group(s); a fold needs a group, and there are two folds "
            "or more. Set folds to a number between, or hold out more splits."
        )
    parts = GroupKFold(n_splits=wanted).split(pool, groups=groups)
    return [
        Fold([*fixed, *(pool[number] for number in rest)], validation, [pool[number] for number in part])
        for rest, part in parts
    ]

"""The right answers to what a run has read: the documents of its corpus, as long as the corpus is still the same."""

from __future__ import annotations

from pathlib import Path

from conflict_ner.config import read_config
from conflict_ner.documents import Document, read_documents
from conflict_ner.errors import DataError, did_you_mean


def gold_of(run: Path, split: str, given: Path | None = None) -> tuple[list[Document], tuple[str, ...]]:
    """Return the gold documents of a run's split, and the labels of their schema (none known for a bare file).

    Args:
        run: a run's folder; asked for its corpus alone.
        split: `test`, `validation`, or `out-of-fold` for what a k-fold run held out.
        given: a `documents.jsonl`, or a corpus folder, in place of the run's own corpus.

    Raises:
        DataError: there is no such run, corpus or split.
    """
    from train.corpus import read_corpus, read_schema
    from train.kfold import OUT_OF_FOLD, held_out_splits
    from train.run import CONFIG_FILE

    if given is not None and not given.is_dir():
        return read_documents(given), ()
    config = run / CONFIG_FILE
    if given is None and not config.is_file():
        raise DataError(f"{str(run)!r} is no run, it has no {CONFIG_FILE}; name one, or give --gold.")
    folder = given if given is not None else corpus_of(run)
    splits = read_corpus(folder)
    names = held_out_splits(run) if split == OUT_OF_FOLD else (split,)
    for name in names:
        if name not in splits:
            raise DataError(f"The corpus {str(folder)!r} has no split {name!r}{did_you_mean(name, splits)}.")
    return [document for name in names for document in splits[name]], read_schema(folder).label_names


def corpus_of(run: Path) -> Path:
    """Return the corpus folder that a run's configuration names."""
    from train import rooted
    from train.kfold import KfoldConfig
    from train.run import CONFIG_FILE

    # A k-fold's configuration takes every key of a plain run's.
    return rooted(read_config(run / CONFIG_FILE, KfoldConfig, []).corpus)

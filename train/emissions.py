"""What a model thinks of every piece of a text, kept in a file: the log-probability of each tag.

Out-of-fold emissions are what annotation errors are found with (train/suspects/): they hold the doubts that
decoded spans have lost.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conflict_ner.documents import Document
from conflict_ner.errors import DataError
from conflict_ner.files import replacing_file
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import Tokens, tokenize


@dataclass(frozen=True)
class Emissions:
    """A model's reading of one document.

    Attributes:
        document: the document's id.
        tags: tag names in the order of the columns.
        tokens: the pieces of its text.
        values: log-probability of each tag for each piece, shape (pieces, tags).
    """

    document: str
    tags: tuple[str, ...]
    tokens: Tokens
    values: NDArray[np.float32]


def emit(tagger: Tagger, documents: Iterable[Document], chunk: int = 32) -> Iterator[Emissions]:
    """Read documents with a model, `chunk` at a time."""
    waiting = list(documents)
    for begin in range(0, len(waiting), chunk):
        part = waiting[begin : begin + chunk]
        tokens = tokenize([document.text for document in part], tagger.checkpoint.tokenizer)
        for document, pieces, values in zip(part, tokens, tagger.emissions(tokens), strict=True):
            yield Emissions(document.id, tagger.tags.names, pieces, values)


_FIELDS = ("ids", "starts", "ends", "visible", "joints")


def write_emissions(path: Path, emissions: Iterable[Emissions]) -> None:
    """Write readings whole or not at all; probabilities are kept in half precision."""
    arrays: dict[str, Any] = {}
    names: list[str] = []
    tags: tuple[str, ...] = ()
    for number, one in enumerate(emissions):
        tags = one.tags
        names.append(one.document)
        arrays[f"{number}.values"] = one.values.astype(np.float16)
        arrays |= {f"{number}.{field}": getattr(one.tokens, field) for field in _FIELDS}
    with replacing_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, documents=np.array(names, dtype=str), tags=np.array(tags, dtype=str), **arrays)


def read_emissions(path: Path) -> list[Emissions]:
    """Read readings back, in the order they were written.

    Raises:
        DataError: there is no such file, or it holds something else.
    """
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}; `python -m train kfold CONFIG` makes one.")
    try:
        with path.open("rb") as file, np.load(file) as held:
            tags = tuple(str(name) for name in held["tags"])
            return [
                Emissions(
                    str(name),
                    tags,
                    Tokens(**{field: held[f"{number}.{field}"] for field in _FIELDS}),
                    held[f"{number}.values"].astype(np.float32),
                )
                for number, name in enumerate(held["documents"])
            ]
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} holds no emissions ({error}); make it anew with `python -m train kfold`.") from error

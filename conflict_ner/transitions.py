"""What a model learned of one word's tag after another's.

The scores add to the log-probabilities of the tags, as in a linear-chain conditional random field (Lafferty, McCallum
and Pereira 2001). They lie beside the weights as `transitions.json`; a checkpoint without that file has none, and a
reader that knows nothing of it, such as `pipeline()`, loses nothing but these scores.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conflict_ner.config import explain
from conflict_ner.errors import CheckpointError

TRANSITIONS_FILE = "transitions.json"


@dataclass(frozen=True)
class Transitions:
    """Scores of tag pairs.

    Attributes:
        first: of each tag at the beginning of a text, shape (tags,).
        between: of each tag after each other, word to word, shape (tags before, tags after).
    """

    first: NDArray[np.float32]
    between: NDArray[np.float32]

    @classmethod
    def none(cls, tags: int) -> Transitions:
        """Return scores that prefer nothing."""
        return cls(np.zeros(tags, np.float32), np.zeros((tags, tags), np.float32))


class _File(BaseModel):
    """The content of `transitions.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tags: tuple[str, ...]
    first: tuple[Annotated[float, Field(allow_inf_nan=False)], ...]
    between: tuple[tuple[Annotated[float, Field(allow_inf_nan=False)], ...], ...]


def read_transitions(folder: Path, tags: Sequence[str]) -> Transitions | None:
    """Read the transitions of a checkpoint; None where it has none.

    Args:
        folder: the checkpoint's folder.
        tags: the model's tags in the order of their ids.

    Raises:
        CheckpointError: the file is damaged, or is of a model with other tags.
    """
    path = folder / TRANSITIONS_FILE
    if not path.is_file():
        return None
    try:
        found = _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise CheckpointError(f"{path} is damaged: {'; '.join(explain(error, _File))}.") from error
    if found.tags != tuple(tags):
        raise CheckpointError(
            f"{path} is of a model with the tags {list(found.tags)}, and config.json beside it names {list(tags)}; "
            "save the checkpoint anew, or delete the file to read without transitions."
        )
    if len(found.first) != len(tags) or [len(row) for row in found.between] != [len(tags)] * len(tags):
        raise CheckpointError(f"{path} is damaged: {len(tags)} tags need as many scores, and as many rows of them.")
    return Transitions(np.array(found.first, np.float32), np.array(found.between, np.float32))


def transitions_json(transitions: Transitions, tags: Sequence[str]) -> str:
    """Return the content of `transitions.json`."""
    record = {
        "tags": list(tags),
        "first": [round(float(value), 6) for value in transitions.first],
        "between": [[round(float(value), 6) for value in row] for row in transitions.between],
    }
    return json.dumps(record, indent=1) + "\n"

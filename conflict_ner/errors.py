"""The errors that this project raises for a user's mistake: few classes, whole sentences.

Each message names the value that was seen, the rule it breaks, and the remedy. The command lines
print the message alone and exit with `EXIT_CODE`; a traceback means a defect of ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_CODE = 2


class ConflictNerError(Exception):
    """Base of all errors that a user can mend."""


class DataError(ConflictNerError):
    """Records or files that break the rules of `documents.jsonl`; holds every problem found."""

    def __init__(self, summary: str, problems: Iterable[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([summary, *(f"  - {problem}" for problem in self.problems)]))


class ConfigError(DataError):
    """A configuration file or an override with unknown keys or wrong values."""


class CheckpointError(ConflictNerError):
    """A model folder or hub id that cannot be found, opened or trusted."""


class TrainingError(ConflictNerError):
    """A training that cannot go on: it diverged, or the machine has no memory or no room on the disk left."""


class ServiceError(ConflictNerError):
    """A server (Label Studio, a model hub) that cannot be reached, or refuses."""


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest allowed name, or the whole list when none is near.

    Args:
        name: what the user wrote.
        allowed: the names that would be right.
    """
    names = sorted(allowed)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; allowed are {', '.join(names)}" if names else ""

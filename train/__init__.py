"""The machine-learning side: corpora from documents, models from corpora, scores of both."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def rooted(path: Path) -> Path:
    """Return a path of a configuration as an absolute one: relative ones start at the repository's root."""
    return path if path.is_absolute() else ROOT / path


def shown(path: str | Path) -> str:
    """Return a path as a card may show it: within the repository from its root, elsewhere its last part alone."""
    given = Path(path)
    if not given.is_absolute():
        return given.as_posix()
    return given.relative_to(ROOT).as_posix() if given.is_relative_to(ROOT) else given.name

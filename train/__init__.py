"""The machine-learning side: corpora from documents, models from corpora, scores of both."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def rooted(path: Path) -> Path:
    """Return a path of a configuration as an absolute one: relative ones start at the repository's root."""
    return path if path.is_absolute() else ROOT / path

"""conflict-ner: armed groups, places, casualty counts and dates in conflict news.

    from conflict_ner import load
    extractor = load("models/mini")
    document = extractor("Rebels killed 12 soldiers near Idlib on Tuesday.")

Names are imported on first use, so that `import conflict_ner` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Document", "Extractor", "NormaliseSettings", "Normaliser", "Span", "__version__", "load"]

_HOME = {
    "Document": "conflict_ner.documents",
    "Span": "conflict_ner.documents",
    "Extractor": "conflict_ner.extract",
    "NormaliseSettings": "conflict_ner.normalise.normaliser",
    "Normaliser": "conflict_ner.normalise.normaliser",
    "load": "conflict_ner.extract",
}

if TYPE_CHECKING:
    from conflict_ner.documents import Document, Span
    from conflict_ner.extract import Extractor, load
    from conflict_ner.normalise.normaliser import Normaliser, NormaliseSettings


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

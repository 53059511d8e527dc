"""The labelling functions in one list: each has a name, a label, a purpose, and finds spans in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from annotate.prelabel.weak import counts, dates, groups, places
from conflict_ner.documents import Span


@dataclass(frozen=True)
class Function:
    """A labelling function; its name and purpose are those of the Python function."""

    label: str
    run: Callable[[str], Iterator[Span]]

    @property
    def name(self) -> str:
        """The Python function's name."""
        return self.run.__name__

    @property
    def purpose(self) -> str:
        """What it finds, in a sentence."""
        return (self.run.__doc__ or "").strip().splitlines()[0]


FUNCTIONS: tuple[Function, ...] = (
    *(Function(groups.LABEL, run) for run in groups.FUNCTIONS),
    *(Function(places.LABEL, run) for run in places.FUNCTIONS),
    *(Function(counts.LABEL, run) for run in counts.FUNCTIONS),
    *(Function(dates.LABEL, run) for run in dates.FUNCTIONS),
)

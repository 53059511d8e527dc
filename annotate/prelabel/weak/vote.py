"""From overlapping proposals to one flat list of scored spans.

Of proposals that overlap, the longest wins, since the guidelines' span is the whole expression, and among equals the
one whose best supporter is the most precise; its score is that supporter's precision where it wins, on the synthetic
reports. skweak (0.3.3 of 2023: spaCy, and hidden Markov models over tokens) and snorkel (0.10.0: one class a text,
and TensorBoard) were weighed and left out: neither keeps spans with attributes, and a precision measured on 24,000
gold spans needs no model that estimates it from agreement.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from annotate.prelabel.weak.functions import FUNCTIONS, Function
from annotate.prelabel.weak.text import DATA, furniture
from conflict_ner.documents import Span
from conflict_ner.trimming import trim

PRECISIONS = DATA / "precisions.yaml"
UNMEASURED = 0.5


@dataclass(frozen=True)
class Proposal:
    """A span, and the name of the function that found it."""

    span: Span
    function: str


@cache
def precisions() -> Mapping[str, float]:
    """Return each function's precision where it wins, as it was last measured."""
    if not PRECISIONS.is_file():
        return {}
    measured = yaml.safe_load(PRECISIONS.read_text(encoding="utf-8"))
    return {str(name): float(value) for name, value in measured["precision"].items()}


def proposals(text: str, functions: Iterable[Function] = FUNCTIONS) -> list[Proposal]:
    """Return what each function finds in the article, trimmed; lines of page furniture hold nothing."""
    furnished = furniture(text)
    starts = [start for start, _ in furnished]
    found = []
    for function in functions:
        for span in function.run(text):
            place = bisect.bisect_right(starts, span.start) - 1
            if place >= 0 and span.start < furnished[place][1]:
                continue
            start, end = trim(text, span.start, span.end)
            if start < end:
                whole = (start, end) == (span.start, span.end)
                found.append(Proposal(span if whole else moved(span, start, end), function.name))
    return found


def moved(span: Span, start: int, end: int) -> Span:
    """Return a span at another place."""
    return span.model_copy(update={"start": start, "end": end})


def combine(found: Iterable[Proposal], weights: Mapping[str, float]) -> tuple[Span, ...]:
    """Return the winners as flat, scored spans.

    Args:
        found: all proposals of one text.
        weights: each function's precision; one that is missing counts as UNMEASURED.
    """
    best: dict[tuple[int, int, str], tuple[float, Span]] = {}
    for proposal in found:
        weight = weights.get(proposal.function, UNMEASURED)
        if weight > best.get(proposal.span.key, (0.0, None))[0]:
            best[proposal.span.key] = (weight, proposal.span)
    kept: list[Span] = []
    ends: list[int] = []
    for weight, span in sorted(best.values(), key=lambda item: (item[1].start - item[1].end, -item[0], item[1].key)):
        place = bisect.bisect_left(ends, span.start + 1)
        if place < len(kept) and kept[place].start < span.end:
            continue
        kept.insert(place, span.model_copy(update={"score": weight}))
        ends.insert(place, span.end)
    return tuple(kept)

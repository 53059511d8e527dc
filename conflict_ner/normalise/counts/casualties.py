"""What befell the people that a span counts: killed, wounded, captured, missing, or no telling.

Each cue near the span (`killed`, `12 bodies`, `taken prisoner`) speaks for its type, the louder the closer it stands
and the fewer other cues, numbers and clauses lie between; the type with the most points wins. How loud a word or a
position speaks is in data/casualty_weights.txt, fitted by maximum likelihood on three quarters of the synthetic
reports (benchmarks/casualty_types.py); nothing is learned from a document's other spans.
"""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Iterator
from functools import cache

from conflict_ner.documents import Span
from conflict_ner.facts import CasualtyType
from conflict_ner.normalise.counts.cues import TYPES, Cue, Told, told
from conflict_ner.normalise.tables import rows
from conflict_ner.sentences import sentence_number, sentences

# How many words lie between, as far as this; beyond the last, `far`.
_DISTANCES = ((0, "0"), (1, "1"), (2, "2"), (4, "3-4"), (7, "5-7"), (12, "8-12"))
_BEFORE, _AFTER = 2, 1  # sentences that are heard beside the span's own
_OF_THEM = re.compile(
    r"\s+(?:more |others? )?of (?:them|whom|these|those|the|his|her|its|their|our|my|that|this)\b", re.IGNORECASE
)
_INCLUDING = re.compile(
    r"(?:includ(?:ing|ed|es?)|among them|among whom|of whom|of them|incl\.?|mostly|were|was|are|namely|:)\s+$",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"\s+(?:more|others?|further)\b", re.IGNORECASE)
# Between a label and its figure: `the dead at 12`, `Injured: 7`, `the toll rose to 40`.
_LABEL = re.compile(
    r"(?:\s*(?::|-|–|—|=|\(|\b(?:at|was|is|at|are|were|now|stands|stood|put|rose|rises|risen|number(?:ed)?|climbed"
    r"|reached|to)\b))+\s*"
)
_SIGNS = (("comma", ","), ("strong sign", ";:—–"), ("bracket", "()"))
_WORDS = (
    ("and", frozenset({"and"})),
    ("relative", frozenset(("who", "which", "whom", "whose", "that"))),
    (
        "subordinate",
        frozenset(
            (
                *("when", "while", "after", "as", "before", "since", "until", "where", "because", "though"),
                *("although", "whereas", "but", "yet"),
            )
        ),
    ),
)
# Who lost no more than a home: the guidelines count them not, and a model that does is not to make them dead.
_UPROOTED = re.compile(
    r"\s+(?:(?:people|persons|residents|civilians|villagers|families|others|more|were|was|are|have|had|been|left|made"
    r"|internally)\s+){0,4}(?:displaced|uprooted|homeless|fled)\b",
    re.IGNORECASE,
)
_HEADED = "|"
# `Dead: 7`, `Civilian deaths verified: 17`.
_NAME = re.compile(r"(?:^|[\n.;,•*(/–-])\s*([^.;:,\n]+)[:=]\s*$")
_PARTED = re.compile(r"[.;:,(\n]")
_LONGEST_NAME = 40  # characters
_NO_LABELS = frozenset(("in hospital", "body part", "losses"))  # `Hospital sources: 31`


def casualty_type(text: str, span: Span) -> CasualtyType:
    """Tell what befell the people that a span counts, from the words around it.

    Args:
        text: the document's text.
        span: the count.

    Returns:
        A casualty type of the label schema; `killed` where nothing near the span tells, as most counts are.
    """
    points = type_points(text, span.start, span.end)
    return max(TYPES, key=lambda kind: points[kind])


def type_points(text: str, start: int, end: int) -> dict[CasualtyType, float]:
    """Return the points of each type for the count at [start, end); divided by their sum they are probabilities."""
    name = _header_cue(text, start) or _label_cue(text, start, end)
    if name is not None:
        return {kind: float(kind == name.kind) for kind in TYPES}
    if _UPROOTED.match(text, end):
        return {kind: float(kind == "unspecified") for kind in TYPES}
    weights = _weights()
    points = dict.fromkeys(TYPES, 0.0)
    for kind, reasons in voices(text, start, end):
        points[kind] += math.exp(sum(weights.get(reason, 0.0) for reason in reasons))
    return points


def voices(text: str, start: int, end: int) -> Iterator[tuple[CasualtyType, list[str]]]:
    """Yield what speaks for a type, with the reasons that make it loud or low: the names of the weights.

    Each type has one voice of its own, which always speaks; the others are cues in the span's sentence and its
    neighbours.
    """
    for kind in TYPES:
        yield kind, [f"always {kind}"]
    found = told(text)
    bounds = sentences(text)
    own = sentence_number(text, start)
    first, last = bounds[max(0, own - _BEFORE)][0], bounds[min(len(bounds) - 1, own + _AFTER)][1]
    relations = _relations(text, start, end)
    for place in range(bisect.bisect_left(found.cue_starts, first), bisect.bisect_left(found.cue_starts, last)):
        cue = found.cues[place]
        if cue.kind != "-" and (cue.end <= start or cue.start >= end):
            away = cue.sentence - own
            reasons = _near(text, found, start, end, cue) if not away else _far(text, found, start, end, cue, away)
            side = "before" if cue.end <= start else "after"
            heard = f"{away:+d}" if away else side
            yield cue.kind, [f"cue {cue.name}", *reasons, *(f"{heard} {relation}" for relation in relations)]


def _relations(text: str, start: int, end: int) -> list[str]:
    """Return how the count points to what is told around it."""
    found = []
    if _OF_THEM.match(text, end):
        found.append("of them")
    if _INCLUDING.search(text, max(0, start - 24), start):
        found.append("including")
    if _OTHERS.match(text, end):
        found.append("others")
    return found


def _far(text: str, found: Told, start: int, end: int, cue: Cue, away: int) -> list[str]:
    """Return the reasons of a cue in another sentence."""
    low, high = (cue.end, start) if cue.end <= start else (end, cue.start)
    between = min(found.cues_in(low, high), 3)
    line = "other line" if "\n" in text[low:high] else "same line"
    return [
        f"{away:+d} {cue.form}",
        f"{away:+d} {line}",
        f"{away:+d} behind {between}",
        f"{away:+d} for {cue.kind}",
    ]


def _near(text: str, found: Told, start: int, end: int, cue: Cue) -> list[str]:
    """Return the reasons of a cue in the count's own sentence."""
    side, low, high = ("before", cue.end, start) if cue.end <= start else ("after", end, cue.start)
    gap = text[low:high].lower()
    voice, gap_words = cue.form, set(gap.replace(",", " ").split())
    words = found.words_in(low, high)
    distance = next((name for limit, name in _DISTANCES if words <= limit), "far")
    rivals = sum(other.kind != cue.kind for other in found.cues_between(low, high))
    reasons = [
        f"{side} {voice}",
        f"{side} {voice} {distance}",
        f"{side} over {min(found.quantities_in(low, high), 2)} numbers",
        f"{side} over {min(rivals, 2)} rivals",
        *(f"{side} over {name}" for name, signs in _SIGNS if any(sign in gap for sign in signs)),
        *(f"{side} over {name}" for name, crossed in _WORDS if not crossed.isdisjoint(gap_words)),
    ]
    if gap.count(",") > 1:
        reasons.append(f"{side} over two commas")
    if cue.negated:
        reasons.append("negated")
    if side == "after":
        if found.number_behind(text, cue.end):
            reasons.append(f"after {voice} with object")
        return reasons
    if _LABEL.fullmatch(gap):
        reasons += ["before as label", f"before {voice} as label"]
    elif gap.strip() in ("of", "as"):
        reasons.append(f"before {voice} {gap.strip()}")
    if found.number_before(text, cue.start):
        reasons.append(f"before {voice} with subject")
    return reasons


def _header_cue(text: str, start: int) -> Cue | None:
    """Return the cue in the head of a table's column, where lines are cut into cells by bars."""
    line = text.rfind("\n", 0, start) + 1
    column = text.count(_HEADED, line, start)
    if not column:
        return None
    top = line
    while top:
        above = text.rfind("\n", 0, top - 1) + 1
        if text.count(_HEADED, above, top) < column:
            break
        top = above
    if top == line:
        return None
    low = top
    for _ in range(column):
        low = text.index(_HEADED, low) + 1
    stops = [place for place in (text.find(_HEADED, low), text.find("\n", low)) if place >= 0]
    cues = told(text).cues_between(low, min(stops))
    return next((cue for cue in cues if cue.kind != "-"), None)


def _label_cue(text: str, start: int, end: int) -> Cue | None:
    """Return the cue of the label that names a count, which has no word of its own: `Dead: 7; injured: 3`."""
    match = _NAME.search(text, max(0, start - _LONGEST_NAME), start)
    found = told(text)
    if match is None:
        return None
    behind = (cue for cue in found.cues_between(end, end + 20) if not _PARTED.search(text, end, cue.start))
    if any(found.words_in(end, cue.start) < 2 for cue in behind):
        return None
    cues = [cue for cue in found.cues_between(match.start(1), match.end(1)) if cue.kind != "-"]
    cues = [cue for cue in cues if cue.name not in _NO_LABELS]
    return cues[-1] if cues else None


@cache
def _weights() -> dict[str, float]:
    return {name: float(weight) for name, weight in rows("casualty_weights.txt")}

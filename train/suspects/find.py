"""Ranks the places at which a model and the annotations part by how likely the annotation is wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conflict_ner.documents import Document
from conflict_ner.spans import BioTags
from train.emissions import Emissions
from train.suspects.borders import Border, Borders
from train.suspects.disagreements import Disagreement, find_disagreements
from train.suspects.doubts import Doubt, Reading
from train.suspects.usage import Marks, Usage, words_of

# Measured on planted errors (benchmarks/planted_errors.py); any weight from a quarter to one does nearly as well.
_CORPUS_WEIGHT = 0.5
# Of the logistic curve from evidence to score, fitted where 3 % of the spans were planted errors.
_MIDDLE, _SLOPE = 10.8, 0.8


@dataclass(frozen=True)
class Suspect:
    """A place where an annotation may be wrong, with all that speaks for and against it.

    Attributes:
        document: with its annotations.
        place: the two readings.
        doubt: what the model thinks of both.
        marked: how the corpus marks the annotated words elsewhere; None where nothing is annotated.
        read: the same of the words that the model reads; None where it reads nothing.
        borders: what the corpus does elsewhere with the words that one reading takes in and the other does not.
        evidence: all of it together, as a natural logarithm; 0 speaks for neither.
    """

    document: Document
    place: Disagreement
    doubt: Doubt
    marked: Marks | None
    read: Marks | None
    borders: tuple[Border, ...]
    evidence: float

    @property
    def score(self) -> float:
        """How likely the annotation is wrong, 0 to 1, in a corpus that has some 3 % of errors."""
        return 1 / (1 + math.exp(-_SLOPE * (self.evidence - _MIDDLE)))


def find_suspects(
    pairs: Sequence[tuple[Document, Document]],
    emissions: Iterable[Emissions],
    tags: BioTags,
    corpus: Sequence[Document],
) -> list[Suspect]:
    """Return the places where a model reads something other than what is annotated, the most suspicious first.

    The evidence adds up from four parts: how much more the model believes its own tags (train/suspects/doubts.py); how
    the corpus marks the same words elsewhere (usage.py); which words it takes into its spans (borders.py); and how
    rare it is that just these two labels are at odds. A model that often takes one for another is often wrong there,
    so that a lone case says more; confident learning has class thresholds for it (Northcutt et al. 2021).

    Args:
        pairs: annotated document, and the same document as a model read it that did not learn from it.
        emissions: that model's log-probabilities, of all these documents, in any order.
        tags: the tag scheme of the emissions.
        corpus: all annotated documents, those of `pairs` among them.

    Returns:
        The suspects; of equals the first by document id and place.
    """
    places = list(_places(pairs, {one.document: one for one in emissions}, tags))
    usage = Usage(corpus, {words_of(document, span) for document, place, _ in places for span in place.spans})
    borders = Borders(corpus)
    at_odds = Counter(_kind(place) for _, place, _ in places)
    found = []
    for document, place, doubt in places:
        edges = tuple(borders.of(document, place))
        corpus_says = usage.log_odds(document, place) + sum(edge.log_odds for edge in edges)
        rarity = math.log(len(places) / at_odds[_kind(place)])
        found.append(
            Suspect(
                document,
                place,
                doubt,
                usage.elsewhere(document, place.marked) if place.marked else None,
                usage.elsewhere(document, place.read) if place.read else None,
                edges,
                doubt.log_odds + _CORPUS_WEIGHT * corpus_says + rarity,
            )
        )
    return sorted(found, key=lambda one: (-one.evidence, one.document.id, [span.key for span in one.place.spans]))


def _places(
    pairs: Sequence[tuple[Document, Document]], emissions: Mapping[str, Emissions], tags: BioTags
) -> Iterator[tuple[Document, Disagreement, Doubt]]:
    for document, read in pairs:
        reading = Reading(emissions[document.id], tags, document.spans, read.spans)
        for place in find_disagreements(document.spans, read.spans):
            yield document, place, reading.doubt(place)


def _kind(place: Disagreement) -> tuple[str | None, str | None]:
    """Return the two labels at odds; None stands for nothing."""
    return (place.marked.label if place.marked else None, place.read.label if place.read else None)

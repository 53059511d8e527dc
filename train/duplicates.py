"""Find texts that are nearly the same: Jaccard similarity of their sets of five-word shingles.

Exact, and yet far from comparing all with all: two sets that are similar enough share a shingle among
their rarest few (prefix filtering; Bayardo, Ma and Srikant 2007), so only such pairs are compared.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

SHINGLE = 5
THRESHOLD = 0.5
_WORD = re.compile(r"\w+")

Shingle = tuple[str, ...]


def near_duplicates(texts: Sequence[str], threshold: float = THRESHOLD) -> Iterator[tuple[int, int, float]]:
    """Yield (place, later place, similarity) for each two texts that are similar enough.

    Args:
        texts: compared by their words in lower case; a text without a word is like no other.
        threshold: least Jaccard similarity, above 0 and at most 1.
    """
    named = [shingles(text) for text in texts]
    frequency = Counter(shingle for each in named for shingle in each)
    rank = {shingle: number for number, shingle in enumerate(sorted(frequency, key=frequency.__getitem__))}
    sets = [frozenset(rank[shingle] for shingle in each) for each in named]
    index: defaultdict[int, list[int]] = defaultdict(list)
    for place, each in enumerate(sets):
        prefix = sorted(each)[: len(each) - math.ceil(threshold * len(each)) + 1]
        for other in sorted({other for shingle in prefix for other in index[shingle]}):
            shared = len(each & sets[other])
            similarity = shared / (len(each) + len(sets[other]) - shared)
            if similarity >= threshold:
                yield other, place, similarity
        for shingle in prefix:
            index[shingle].append(place)


def shingles(text: str) -> frozenset[Shingle]:
    """Return each run of five words of a text, in lower case; a shorter text is one shingle."""
    words = tuple(_WORD.findall(text.lower()))
    if not words:
        return frozenset()
    return frozenset(words[start : start + SHINGLE] for start in range(max(1, len(words) - SHINGLE + 1)))

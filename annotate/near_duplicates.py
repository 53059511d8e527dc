"""Find articles that nearly repeat an earlier one: MinHash of their word shingles, looked up by banding.

MinHash estimates how alike two sets are from signatures of fixed length (Broder 1997); banding finds likely
pairs without comparing all with all. Both are rensa's. Signatures depend on the text alone, so that two runs,
on two machines, agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annotate.settings import Duplicates

PERMUTATIONS = 96  # values of a signature: the estimate is off by 0.05 at most times
RECALL = 0.95  # least chance that a pair at the threshold is looked at
_SEED = 1  # signatures are compared within one run alone, so it needs no setting


class NearDuplicates:
    """Remembers articles, and tells of each new one which of them it repeats.

    Only articles that repeat none are compared with. So whatever is left out of the work is as like one that
    stays in as the threshold says; a chain of small edits does not carry a text away from the one that is read.
    About 3 KB an article are kept, and none of its text.
    """

    def __init__(self, settings: Duplicates) -> None:
        """Begin without articles.

        Args:
            settings: how like two articles must be, and the words of a shingle.
        """
        from rensa import RMinHash, RMinHashLSH

        self.settings = settings
        self._sketch = RMinHash
        self._index = RMinHashLSH(settings.threshold, PERMUTATIONS, bands(settings.threshold))
        self._names: list[str] = []
        self._signatures: list[NDArray[np.uint32]] = []

    def first_of(self, name: str, text: str) -> str | None:
        """Return the earlier article that this one nearly repeats, or None; remember this one.

        Where it is like several, the one that it is most like is named. A text without a word is like no other.

        Args:
            name: the article's id; an article is no repetition of itself.
            text: its text; case, punctuation and layout do not count.
        """
        found = shingles(text, self.settings.words)
        if not found:
            return None
        sketch = self._sketch(PERMUTATIONS, _SEED)
        sketch.update(found)
        signature = np.array(sketch.digest(), dtype=np.uint32)
        near = sorted(self._index.query(sketch))
        if near:
            alike = (np.stack([self._signatures[place] for place in near]) == signature).mean(axis=1)
            best = int(alike.argmax())
            if alike[best] >= self.settings.threshold:
                root = self._names[near[best]]
                return None if root == name else root
        self._index.insert(len(self._names), sketch)
        self._names.append(name)
        self._signatures.append(signature)
        return None


def shingles(text: str, words: int) -> list[str]:
    """Return each run of `words` words of a text, case-folded; a shorter text is one shingle."""
    found = _words(text.casefold())
    if len(found) <= words:
        return [" ".join(found)] if found else []
    return list(map(" ".join, zip(*(found[start:] for start in range(words)), strict=False)))


def _words(text: str) -> list[str]:
    r"""Return what the expression `\w+` finds, in a third of its time: a text has few different signs."""
    for sign in set(text):
        if not sign.isalnum() and sign != "_":
            text = text.replace(sign, " ")
    return text.split()


def bands(threshold: float) -> int:
    """Return into how few bands a signature may be cut so that pairs at the threshold are still looked at.

    Two signatures meet when one band of theirs is equal: with b bands of r values and a similarity of s the
    chance is 1 - (1 - s^r)^b.
    """
    for count in range(1, PERMUTATIONS):
        if PERMUTATIONS % count == 0 and 1 - (1 - threshold ** (PERMUTATIONS // count)) ** count >= RECALL:
            return count
    return PERMUTATIONS

"""The order of work: the least sure articles first, and in each batch no two that are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True)
class Candidate:
    """An article that may be queued.

    Attributes:
        key: what it is known by; ties in uncertainty are settled by it.
        uncertainty: 0 to 1.
        cluster: articles of one cluster are about the same things.
        group: the event, where it is known.
    """

    key: int
    uncertainty: float
    cluster: int
    group: str | None = None


def batches(candidates: Sequence[Candidate], size: int) -> Iterator[list[Candidate]]:
    """Yield all candidates in batches, the least sure first.

    A batch takes at most one of a cluster and at most one of a group, so it is shorter than `size` where no
    other cluster is left.

    Args:
        candidates: in any order.
        size: most articles of a batch.
    """
    waiting = sorted(candidates, key=lambda candidate: (-candidate.uncertainty, candidate.key))
    while waiting:
        chosen = list(islice(_unlike(waiting), size))
        taken = {candidate.key for candidate in chosen}
        yield chosen
        waiting = [candidate for candidate in waiting if candidate.key not in taken]


def _unlike(waiting: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield, in order, those that share neither cluster nor group with one that came before."""
    clusters: set[int] = set()
    groups: set[str] = set()
    for candidate in waiting:
        if candidate.cluster not in clusters and candidate.group not in groups:
            clusters.add(candidate.cluster)
            if candidate.group is not None:
                groups.add(candidate.group)
            yield candidate

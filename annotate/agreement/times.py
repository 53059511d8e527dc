"""How long annotators take, told by medians: a page left open over night hardly moves them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from annotate.agreement.records import Slow, Time
from annotate.annotated import annotator_of
from conflict_ner.documents import Document

SLOW = 5  # times the annotator's own median


@dataclass(frozen=True)
class _Timed:
    document: str
    seconds: float
    characters: int
    spans: int


class TimeTally:
    """The seconds of each reading, by annotator."""

    def __init__(self) -> None:
        self._readings: defaultdict[str, int] = defaultdict(int)
        self._timed: defaultdict[str, list[_Timed]] = defaultdict(list)

    def add(self, reading: Document) -> None:
        """Add a reading; without a time it is only counted."""
        name = annotator_of(reading)
        self._readings[name] += 1
        seconds = reading.provenance.lead_time
        if seconds is not None and seconds > 0:
            self._timed[name].append(_Timed(reading.id, seconds, len(reading.text), len(reading.spans)))

    def times(self) -> Iterator[Time]:
        """Yield the medians of each annotator."""
        for name in sorted(self._readings):
            timed = self._timed[name]
            seconds = [item.seconds for item in timed]
            middle = median(seconds) if timed else None
            quarters = quantiles(seconds, n=4, method="inclusive") if len(timed) > 1 else seconds * 3
            slow = [item for item in timed if middle is not None and item.seconds > SLOW * middle]
            yield Time(
                annotator=name,
                readings=self._readings[name],
                timed=len(timed),
                seconds=middle,
                quarter=quarters[0] if timed else None,
                three_quarters=quarters[2] if timed else None,
                per_1000_characters=_median(
                    [1000 * item.seconds / item.characters for item in timed if item.characters]
                ),
                per_span=_median([item.seconds / item.spans for item in timed if item.spans]),
                slow=tuple(
                    Slow(document=item.document, seconds=item.seconds)
                    for item in sorted(slow, key=lambda item: -item.seconds)
                ),
            )


def _median(values: list[float]) -> float | None:
    return median(values) if values else None

"""The report on agreement as records: what `--json` writes, and what the terminal and the page show."""

from __future__ import annotations

import datetime

from pydantic import BaseModel, ConfigDict

from conflict_ner.intervals import CONFIDENCE, METHOD


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Part):
    """A value with its interval.

    Attributes:
        value: None where it is 0/0.
        low: the lower end of the interval; None where there is none.
        high: the upper end.
        why: why there is no value or no interval, in a few words.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


class SpanAgreement(_Part):
    """How far readings agree on the spans of one label, or of all.

    Attributes:
        spans: spans on both sides of all compared pairs of readings, so that each pair counts a span twice
            where both have it.
        strict_credit: of these, how many the other reading has alike (start, end, label).
        partial_credit: likewise, with a half for an overlap, whatever the labels.
        strict: F1, which is strict_credit / spans.
        partial: F1, which is partial_credit / spans.
        alpha: Krippendorff's alpha of the characters; of one label against everything else.
    """

    spans: int
    strict_credit: float
    partial_credit: float
    strict: Measure
    partial: Measure
    alpha: Measure


class Comparison(_Part):
    """Readings compared: of two annotators, of one with all others, or of all with all.

    Attributes:
        annotators: both of a pair, or the one; empty for all.
        documents: documents that were compared.
        pairs: pairs of readings that were compared.
        micro: over all labels.
        labels: by label.
        characters: coincidences of characters in the order of `Report.labels`, then those without a label.
    """

    annotators: tuple[str, ...]
    documents: int
    pairs: int
    micro: SpanAgreement
    labels: dict[str, SpanAgreement]
    characters: tuple[tuple[float, ...], ...]


class AttributeAgreement(_Part):
    """How far annotators agree on an attribute of the spans that they marked strictly alike.

    Attributes:
        annotators: both of a pair; empty for all.
        label: whose attribute it is.
        attribute: its name.
        values: its values in the schema's order, then the one for no answer.
        documents: documents with such spans.
        spans: such spans.
        equal: share of the pairs of answers that are equal.
        alpha: Krippendorff's alpha of the answers.
        table: pairs of answers. For two annotators, rows are the first one's and columns the second one's; for
            all, an entry under the diagonal counts both orders, and those above it are 0.
    """

    annotators: tuple[str, ...]
    label: str
    attribute: str
    values: tuple[str, ...]
    documents: int
    spans: int
    equal: Measure
    alpha: Measure
    table: tuple[tuple[int, ...], ...]


class Fates(_Part):
    """What an annotator made of the spans of a prediction.

    Attributes:
        readings: readings that began from a prediction.
        shown: predicted spans of these; None where the predictions themselves are not known.
        accepted: left as they were.
        bounds: kept with other bounds (whatever else was changed).
        label: kept with another label in the same bounds.
        attribute: kept with another attribute alone.
        changed: all that were kept and changed; more than the three above where only Label Studio's `origin` tells.
        deleted: removed; None where the predictions are not known.
        added: spans that overlap no predicted one.
        acceptance: accepted / shown; where the predictions are not known, accepted / (accepted + changed).
    """

    readings: int
    shown: int | None
    accepted: int
    bounds: int
    label: int
    attribute: int
    changed: int
    deleted: int | None
    added: int
    acceptance: Measure


class Preannotated(_Part):
    """One annotator's ways with predictions, or all annotators'."""

    annotator: str
    micro: Fates
    labels: dict[str, Fates]


class StartAgreement(_Part):
    """Agreement of the pairs of readings that began alike: from a prediction, or from an empty page."""

    name: str
    documents: int
    pairs: int
    micro: SpanAgreement


class Slow(_Part):
    """A reading that took far longer than its annotator's median."""

    document: str
    seconds: float


class Time(_Part):
    """How long an annotator took, by medians, which a page left open over night hardly moves.

    Attributes:
        readings: all readings of this annotator.
        timed: those whose time is known.
        seconds: median of a reading, in seconds.
        quarter: a quarter of the readings took less, in seconds.
        three_quarters: three quarters of the readings took less, in seconds.
        per_1000_characters: median of the seconds for 1,000 characters of text.
        per_span: median of the seconds for one span, over readings with spans.
        slow: the readings far above the median.
    """

    annotator: str
    readings: int
    timed: int
    seconds: float | None
    quarter: float | None
    three_quarters: float | None
    per_1000_characters: float | None
    per_span: float | None
    slow: tuple[Slow, ...]


class MarkedSpan(_Part):
    """One annotator's span in a disagreement."""

    start: int
    end: int
    text: str
    label: str
    attributes: dict[str, str] = {}


class Dispute(_Part):
    """One disagreement.

    Attributes:
        document: the document's id.
        task: Label Studio's task, where it is known.
        start: index of its first character.
        end: index after its last character.
        kind: in what the readings differ.
        readings: each annotator's spans there; empty for one who marked nothing.
    """

    document: str
    task: int | None
    start: int
    end: int
    kind: str
    readings: dict[str, tuple[MarkedSpan, ...]]


class Bootstrap(_Part):
    """How the intervals were made."""

    resamples: int
    confidence: float = CONFIDENCE
    method: str = METHOD
    seed: int


class Report(_Part):
    """All that `annotate agreement` found.

    Attributes:
        source: where the readings come from, in words.
        made: when the report was made.
        labels: the labels in the schema's order.
        documents: documents with a reading.
        compared: of these, documents with two readings or more.
        readings: annotator -> number of readings.
        agreed: spans that all readers of a compared document marked alike, attributes included.
        total: all annotators' readings, pair by pair; alpha takes all readers of a document at once.
        others: each annotator against all others.
        pairs: each two annotators who read a document in common.
        attributes: agreement on attributes, of all annotators and of each pair.
        predictions: what was made of pre-annotations; the first one is that of all annotators.
        starts: agreement by how the readings began.
        times: time spent by each annotator.
        disputes: every disagreement.
        bootstrap: how intervals were made; None when none were asked for.
        notes: sentences on what the numbers mean, and what they cannot say.
    """

    source: str
    made: datetime.datetime
    labels: tuple[str, ...]
    documents: int
    compared: int
    readings: dict[str, int]
    agreed: int
    total: Comparison
    others: tuple[Comparison, ...]
    pairs: tuple[Comparison, ...]
    attributes: tuple[AttributeAgreement, ...]
    predictions: tuple[Preannotated, ...]
    starts: tuple[StartAgreement, ...]
    times: tuple[Time, ...]
    disputes: tuple[Dispute, ...]
    bootstrap: Bootstrap | None
    notes: tuple[str, ...]

"""The report as tables in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from annotate.agreement.disagreements import Kind
from annotate.agreement.records import Comparison, Fates, Measure, Report, SpanAgreement
from annotate.agreement.words import NOTHING, duration, in_words, number, overview, without_interval
from annotate.annotated import short_names
from conflict_ner.intervals import ALL_LABELS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SHOWN_PAIRS = 12


def show(console: Console, report: Report) -> None:
    """Print the report."""
    console.print(overview(report), markup=False, soft_wrap=True)
    for table in tables(report):
        console.print()
        console.print(table)
    console.print()
    notes = [*_caption(report), *without_interval(report), *report.notes]
    for note in notes:
        console.print(f"- {note}", markup=False, soft_wrap=True, style="dim")


def tables(report: Report) -> Iterator[Table]:
    """Yield the tables of a report; a part of which nothing is known is left out."""
    short = short_names(list(report.readings))
    yield _label_table(report)
    if len(report.pairs) > 1:
        yield _comparison_table("Each annotator against the others", report.others, short)
        # The pairs that agree least are those to talk to.
        pairs = sorted(report.pairs, key=lambda pair: (pair.micro.strict.value is None, pair.micro.strict.value))
        more = f", the {SHOWN_PAIRS} lowest of {len(pairs)}" if len(pairs) > SHOWN_PAIRS else ""
        yield _comparison_table(f"Pairs{more}", pairs[:SHOWN_PAIRS], short)
    if any(not found.annotators for found in report.attributes):
        yield _attribute_table(report)
    if report.disputes:
        yield _dispute_table(report)
    if report.predictions:
        yield _fate_table(report, short)
    if len(report.starts) > 1:
        yield _start_table(report)
    if any(time.timed for time in report.times):
        yield _time_table(report, short)


def _new_table(title: str, first: str, *others: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column(first, overflow="fold", min_width=14)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _label_table(report: Report) -> Table:
    table = _new_table("Agreement on spans", "label", "spans", "strict F1", "partial F1", "alpha")
    for label, found in report.total.labels.items():
        table.add_row(label, *_agreement(found))
    table.add_section()
    table.add_row(ALL_LABELS, *_agreement(report.total.micro))
    return table


def _comparison_table(
    title: str, comparisons: list[Comparison] | tuple[Comparison, ...], short: dict[str, str]
) -> Table:
    table = _new_table(title, "", "documents", "strict F1", "partial F1", "alpha")
    for found in comparisons:
        names = " / ".join(short[name] for name in found.annotators)
        table.add_row(_plain(names), str(found.documents), *_agreement(found.micro)[1:])
    return table


def _attribute_table(report: Report) -> Table:
    table = _new_table("Attributes, of spans marked strictly alike", "", "spans", "equal", "alpha")
    for found in report.attributes:
        if not found.annotators:
            name = f"{found.attribute} of {found.label}"
            table.add_row(name, str(found.spans), _cell(found.equal), _cell(found.alpha))
    return table


def _dispute_table(report: Report) -> Table:
    kinds = [kind for kind in Kind if any(dispute.kind == kind for dispute in report.disputes)]
    times: Counter[tuple[str, str]] = Counter()
    for dispute in report.disputes:
        for label in {span.label for spans in dispute.readings.values() for span in spans}:
            times[label, dispute.kind] += 1
    total = Counter(dispute.kind for dispute in report.disputes)
    table = _new_table("Disagreements", "label", *(kind.value for kind in kinds))
    for label in report.labels:
        table.add_row(label, *(str(times[label, kind] or NOTHING) for kind in kinds))
    table.add_section()
    table.add_row("places", *(str(total[kind]) for kind in kinds))
    return table


def _fate_table(report: Report, short: dict[str, str]) -> Table:
    table = _new_table(
        "What became of predicted spans", "", "readings", "shown", "accepted", "changed", "deleted", "added"
    )
    for found in report.predictions:
        name = short.get(found.annotator, found.annotator)
        table.add_row(_plain(name), str(found.micro.readings), *_fates(found.micro))
        if found is report.predictions[0] or len(report.predictions) <= 4:
            for label, own in found.labels.items():
                table.add_row(f"  {label}", "", *_fates(own))
    return table


def _fates(found: Fates) -> list[str]:
    shown, deleted = (NOTHING if count is None else str(count) for count in (found.shown, found.deleted))
    rate = NOTHING if found.acceptance.value is None else f"{found.accepted} ({found.acceptance.value:.0%})"
    return [shown, rate, str(found.changed), deleted, str(found.added)]


def _start_table(report: Report) -> Table:
    table = _new_table("Agreement by what the two readings began from", "", "documents", "strict F1", "alpha")
    for found in report.starts:
        table.add_row(found.name, str(found.documents), _cell(found.micro.strict), _cell(found.micro.alpha))
    return table


def _time_table(report: Report, short: dict[str, str]) -> Table:
    table = _new_table("Time, by medians", "", "readings", "an article", "middle half", "1,000 characters", "a span")
    for time in report.times:
        half = f"{duration(time.quarter)} to {duration(time.three_quarters)}" if time.timed else NOTHING
        cells = (time.seconds, time.per_1000_characters, time.per_span)
        article, characters, span = (duration(seconds) for seconds in cells)
        table.add_row(_plain(short[time.annotator]), str(time.readings), article, half, characters, span)
    return table


def _caption(report: Report) -> Iterator[str]:
    yield (
        "spans: those on both sides of all pairs of readings. strict F1: same start, end and label. partial F1: half "
        "for an overlap, whatever the labels. alpha: Krippendorff's, of characters (0 is chance), per label against "
        "everything else."
    )
    if report.bootstrap is not None:
        made = report.bootstrap
        yield (
            f"[{made.confidence:.0%} interval]: {made.method} bootstrap over documents, {made.resamples} resamples, "
            f"seed {made.seed}."
        )


def _agreement(found: SpanAgreement) -> list[str]:
    return [str(found.spans), _cell(found.strict), _cell(found.partial), _cell(found.alpha)]


def _cell(measure: Measure) -> str:
    # A bracket would begin a style in rich's markup.
    return (in_words(measure) if measure.low is not None else number(measure)).replace("[", "\\[")


def _plain(text: str) -> str:
    return text.replace("[", "\\[")

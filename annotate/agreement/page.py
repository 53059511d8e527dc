"""The report as one HTML page that needs nothing but a browser: no server, no network, no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotate.agreement.disagreements import Kind
from annotate.agreement.excerpts import Excerpt, Excerpts
from annotate.agreement.records import AttributeAgreement, Measure, Report, SpanAgreement
from annotate.agreement.words import duration, in_words, number, overview, range_of
from annotate.annotated import short_names
from conflict_ner.files import replacing_file
from conflict_ner.intervals import ALL_LABELS
from conflict_ner.schema import LabelSchema

TEMPLATE = "page.html.jinja"


@dataclass(frozen=True)
class _Group:
    """The disagreements of one kind."""

    kind: Kind
    excerpts: tuple[Excerpt, ...]
    times: int


@dataclass(frozen=True)
class _Cell:
    """A square of the matrix of pairs; without a measure where the two read nothing in common."""

    measure: Measure | None
    documents: int = 0


def write_page(path: Path, report: Report, schema: LabelSchema, excerpts: Excerpts) -> None:
    """Write the page, whole or not at all.

    Args:
        path: the file.
        report: what was found.
        schema: gives the labels' colours.
        excerpts: the disagreements in their text.
    """
    page = render(report, schema, excerpts)
    with replacing_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def render(report: Report, schema: LabelSchema, excerpts: Excerpts) -> str:
    """Return the page; everything that comes from texts and names is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, range=range_of, words=in_words, duration=duration)
    found = Counter(label for item in excerpts.found for label in item.disagreement.labels)
    page: str = environment.get_template(TEMPLATE).render(
        report=report,
        schema=schema,
        overview=overview(report),
        short=short_names(list(report.readings)),
        rows=list(_rows(report)),
        groups=list(_groups(report, excerpts)),
        by_label=found,
        shown=len(excerpts.found),
        left_out=len(report.disputes) - len(excerpts.found),
        matrix=_matrix(report) if len(report.pairs) > 1 else {},
        attributes=[item for item in report.attributes if not item.annotators],
        mixed_up=mixed_up,
    )
    return page


def mixed_up(found: AttributeAgreement) -> list[tuple[str, str, int]]:
    """Return which two answers were given to one span, and how often, the most frequent first."""
    pairs = [
        (found.values[row], found.values[column], times)
        for row, line in enumerate(found.table)
        for column, times in enumerate(line)
        if times and row != column
    ]
    return sorted(pairs, key=lambda item: -item[2])


def _rows(report: Report) -> Iterator[tuple[str, SpanAgreement]]:
    yield from report.total.labels.items()
    yield ALL_LABELS, report.total.micro


def _groups(report: Report, excerpts: Excerpts) -> Iterator[_Group]:
    times = Counter(dispute.kind for dispute in report.disputes)
    for kind in Kind:
        if times[kind]:
            own = tuple(item for item in excerpts.found if item.disagreement.kind is kind)
            yield _Group(kind, own, times[kind])


def _matrix(report: Report) -> dict[str, dict[str, _Cell]]:
    """Return the strict F1 of each two annotators, by rows."""
    pairs = {frozenset(pair.annotators): _Cell(pair.micro.strict, pair.documents) for pair in report.pairs}
    names = list(report.readings)
    return {one: {other: pairs.get(frozenset({one, other}), _Cell(None)) for other in names} for one in names}

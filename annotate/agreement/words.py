"""Figures in words, the same on the terminal and on the page."""

from __future__ import annotations

from annotate.agreement.records import Measure, Report

NOTHING = "–"


def number(measure: Measure) -> str:
    """Return a measure's value with three places."""
    return NOTHING if measure.value is None else f"{measure.value:.3f}"


def range_of(measure: Measure) -> str:
    """Return a measure's interval; where there is none, nothing."""
    return "" if measure.low is None or measure.high is None else f"[{measure.low:.2f}, {measure.high:.2f}]"


def in_words(measure: Measure) -> str:
    """Return a measure as it stands in a sentence."""
    return f"{number(measure)} {range_of(measure)}".rstrip()


def duration(seconds: float | None) -> str:
    """Return seconds as a person would say them."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def counted(count: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def overview(report: Report) -> str:
    """Say in a sentence what was compared."""
    read = f"{counted(report.compared, 'document')} of {report.documents:,}"
    if report.compared == report.documents:
        read = "the one document" if report.documents == 1 else f"all {report.documents:,} documents"
    return (
        f"{report.source}: {len(report.readings)} annotators; {read} read by two or more. "
        f"{counted(report.agreed, 'span')} agreed upon by all readers, {counted(len(report.disputes), 'place')} not."
    )


def without_interval(report: Report) -> list[str]:
    """Say for which rows of the summary there is no interval, and why."""
    if report.bootstrap is None:
        return []
    reasons: dict[str, list[str]] = {}
    for name, found in (*report.total.labels.items(), ("all labels", report.total.micro)):
        measures = {"strict F1": found.strict, "partial F1": found.partial, "alpha": found.alpha}
        for why in {measure.why for measure in measures.values() if measure.why}:
            which = [measure for measure, value in measures.items() if value.why == why]
            reasons.setdefault(why, []).append(name if len(which) == 3 else f"{name} ({', '.join(which)})")
    return [f"No interval for {', '.join(names)}: {why}." for why, names in reasons.items()]

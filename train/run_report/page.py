"""The report as one HTML page that needs nothing but a browser: no server, no network, no library.

What texts and names hold is escaped, and a content security policy lets the browser run and load nothing but the
page's own style and script, which it knows by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from conflict_ner.checkpoint import read_info
from conflict_ner.files import replacing_file
from conflict_ner.intervals import ALL_LABELS
from conflict_ner.schema import LabelSchema
from train.run_report.charts import Line, bar, interval_track, line_chart, reliability_chart
from train.run_report.confusion import NOTHING, OFFSETS, SIDES
from train.run_report.content import Content, ReadDocument, SplitReport
from train.run_report.curves import Curves
from train.score import Measure, RuleScore

TEMPLATE = "page.html.jinja"
_HERE = Path(__file__).parent
_AT_ONCE = 20  # errors of a kind that are shown unfolded
_HEATS = 5


def write_page(path: Path, content: Content) -> None:
    """Write the page, whole or not at all."""
    page = render(content)
    with replacing_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def render(content: Content) -> str:
    """Return the page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(range=_range, slug=_slug, duration=_duration)
    style = (_HERE / "page.css").read_text(encoding="utf-8") + _label_style(content.finished.schema)
    script = (_HERE / "filter.js").read_text(encoding="utf-8")
    page: str = environment.get_template(TEMPLATE).render(
        content=content,
        run=content.finished,
        schema=content.finished.schema,
        style=style,
        script=script,
        policy=_policy(style, script),
        facts=list(_facts(content)),
        charts=dict(_curve_charts(content.curves)),
        rows=_rows,
        track=interval_track,
        bar=bar,
        reliability_chart=reliability_chart,
        heat=_heat,
        NOTHING=NOTHING,
        OFFSETS=OFFSETS,
        SIDES=SIDES,
        at_once=_AT_ONCE,
        documents_shown=_documents_shown(content),
    )
    return page


def _policy(style: str, script: str) -> str:
    """Return the content security policy that allows this style and this script, and nothing else."""

    def known(content: str) -> str:
        return base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")

    return (
        f"default-src 'none'; style-src 'sha256-{known(style)}'; script-src 'sha256-{known(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _label_style(schema: LabelSchema) -> str:
    """Return the labels' colours; a schema's names and colours can hold nothing but letters, digits and _."""
    return "".join(
        f".c-{label.name}{{--c:{label.colour}}}.g-{label.name}{{--g:{label.colour}}}"
        f".p-{label.name}{{--p:{label.colour}}}\n"
        for label in schema.labels
    )


def _rows(split: SplitReport) -> Iterator[tuple[str, dict[str, RuleScore]]]:
    yield from split.scores.labels.items()
    yield ALL_LABELS, split.scores.micro


def _documents_shown(content: Content) -> list[tuple[ReadDocument, int]]:
    """Return the documents of the errors that are shown, in their order, with how many."""
    shown = [item.document for group in content.groups for item in group.shown]
    counts = Counter(document.number for document in shown)
    by_number = {document.number: document for document in shown}
    return [(by_number[number], counts[number]) for number in sorted(counts)]


def _curve_charts(curves: tuple[Curves, ...]) -> Iterator[tuple[str, str]]:
    """Yield (what it shows, the chart) of each thing that was logged."""
    several = len(curves) > 1
    losses = [Line(f"training loss {one.name}".strip(), one.loss) for one in curves]
    losses += [Line(f"validation loss {one.name}".strip(), one.validation_loss, dashed=True) for one in curves]
    scores = [Line(f"strict F1 {one.name}".strip(), one.score, dots=True) for one in curves]
    rates = [Line(f"learning rate {one.name}".strip(), one.rate) for one in curves]
    best = curves[0].best if curves and not several else None
    for told, axis, lines, mark in (
        ("Loss (dashed: on validation)", "loss", losses, None),
        ("Strict F1 on validation" + (" (ringed: kept)" if best else ""), "strict F1", scores, best),
        ("Learning rate", "learning rate", rates, None),
    ):
        shown = [line for line in lines if line.points]
        ends = "; ".join(f"{line.name} from {line.points[0][1]:.4g} to {line.points[-1][1]:.4g}" for line in shown)
        chart = line_chart(told, ends, shown, ("epoch", axis), mark)
        if chart:
            yield told, chart


def _facts(content: Content) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of what is good to know of a run."""
    run = content.finished
    yield "Run", str(run.folder)
    if run.checkpoint is not None:
        info = read_info(run.checkpoint)
        yield "Model", str(run.checkpoint)
        if info.weights_sha256:
            yield "SHA-256 of the weights", info.weights_sha256
        yield "conflict-ner", info.library
    else:
        yield "Model", "no longer where the run put it; that the corpus is the same is told by texts and counts alone"
    yield "SHA-256 of the corpus", run.corpus_sha256
    seconds = [one.seconds for one in content.curves if one.seconds is not None]
    if seconds:
        epochs = ", ".join(dict.fromkeys(f"{one.epochs:g}" for one in content.curves))
        folds = f" for {len(seconds)} folds" if len(seconds) > 1 else ""
        since = " since it was resumed" if run.settings.resume else ""
        yield "Training", f"{_duration(sum(seconds))}{folds}{since}, {epochs} epochs, validation counted in"
    if content.tokens_per_second is not None:
        yield "Speed", f"{content.tokens_per_second:,.0f} tokens a second, padding not counted"
    if len(content.curves) == 1 and content.curves[0].best is not None:
        epoch, score = content.curves[0].best
        yield "Kept", f"epoch {epoch:g}, with strict F1 {score:.3f} on the validation split"


def _heat(count: int, total: int) -> str:
    """Return the class of a square: the hotter, the larger its share."""
    if not count or not total:
        return "none" if not count else ""
    return f"heat h{min(_HEATS, 1 + int(count / total * 20))}"


def _range(measure: Measure) -> str:
    return "" if measure.low is None or measure.high is None else f"[{measure.low:.2f}, {measure.high:.2f}]"


def _slug(words: str) -> str:
    return words.replace(" ", "-")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"

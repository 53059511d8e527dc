"""Score predicted spans against gold documents: `python -m train score GOLD --model MODEL | --predictions FILE`.

Strict entity precision, recall and F1 come from seqeval (mode strict, scheme IOB2); the looser rules from
conflict_ner/matching.py; 95 % intervals from scipy's bootstrap over documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Document, Span
from conflict_ner.errors import DataError
from conflict_ner.intervals import ALL_LABELS, CONFIDENCE, MEASURES, METHOD, RESAMPLES, Intervals
from conflict_ner.matching import RULES, ByLabel, Counts, merged, micro
from train.predict import lost_notes, predict

if TYPE_CHECKING:
    from rich.table import Table


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Part):
    """A value between 0 and 1, and its interval where there is one."""

    value: float
    low: float | None = None
    high: float | None = None


class RuleScore(_Part):
    """What one label, or all of them, got under one matching rule; the counts add up over documents."""

    gold: int
    predicted: int
    found: float
    right: float
    precision: Measure
    recall: Measure
    f1: Measure


class Bootstrap(_Part):
    """How the intervals were made: percentiles of scores of resampled document lists."""

    resamples: int
    confidence: float = CONFIDENCE
    method: str = METHOD
    seed: int


class Scores(_Part):
    """All scores of one comparison; `model_dump_json` is the file that `--json` writes.

    Attributes:
        documents: number of documents compared.
        micro: rule (strict, exact, partial, type) -> score over all labels.
        labels: label -> rule -> score.
        bootstrap: how intervals were made; None when none were asked for.
        notes: sentences on what the numbers cannot say.
    """

    documents: int
    micro: dict[str, RuleScore]
    labels: dict[str, dict[str, RuleScore]]
    bootstrap: Bootstrap | None = None
    notes: tuple[str, ...] = ()

    @property
    def strict_f1(self) -> float:
        """Strict micro F1, the score that models are chosen by."""
        return self.micro["strict"].f1.value


def score_documents(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    labels: Sequence[str] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Scores:
    """Score predictions.

    Args:
        gold: documents with the right spans, one reading each.
        predicted: the same documents with other spans, in any order.
        labels: labels to report even where no span carries them, such as a schema's.
        resamples: bootstrap resamples; 0 for no intervals.
        seed: of the resampling.

    Returns:
        The scores. A share of nothing (0/0) is 0.0, as in seqeval, and a note says so.

    Raises:
        DataError: ids that are missing, left over or repeated, or texts that differ; names them all.
    """
    pairs = pair_documents(gold, predicted)
    counts = {name: [rule(one.spans, other.spans) for one, other in pairs] for name, rule in RULES.items()}
    totals = {name: merged(by_document) for name, by_document in counts.items()}
    seen = set(totals["strict"])
    names = [*dict.fromkeys(labels), *sorted(seen - set(labels))]
    rows: list[str | None] = [None, *names]
    strict = _seqeval(pairs)
    intervals = Intervals(counts, rows, resamples, seed)

    def score(rule: str, label: str | None) -> RuleScore:
        own = micro(totals[rule]) if label is None else totals[rule].get(label, Counts())
        # seqeval knows the labels that have a span on either side; another one's values are 0/0.
        values = strict.get(label, (0.0, 0.0, 0.0)) if rule == "strict" else (own.precision, own.recall, own.f1)
        measures = {
            name: Measure(value=value, **intervals.of(rule, label, name))
            for name, value in zip(MEASURES, values, strict=True)
        }
        return RuleScore(gold=own.gold, predicted=own.predicted, found=own.found, right=own.right, **measures)

    by_rule = {name: score(name, None) for name in RULES}
    return Scores(
        documents=len(pairs),
        micro=by_rule,
        labels={label: {name: score(name, label) for name in RULES} for label in names},
        bootstrap=Bootstrap(resamples=resamples, seed=seed) if resamples else None,
        notes=(*_absence_notes(totals["strict"], names), *intervals.notes),
    )


def pair_documents(gold: Sequence[Document], predicted: Sequence[Document]) -> list[tuple[Document, Document]]:
    """Join gold and predicted documents by id, in the order of `gold`.

    Raises:
        DataError: see `score_documents`.
    """
    problems = [f"gold holds {name}; {_ONE_READING}" for name in _repeats(gold)]
    problems += [f"the predictions hold {name}; keep one of them" for name in _repeats(predicted)]
    given = {document.id: document for document in predicted}
    wanted = {document.id for document in gold}
    problems += [f"{document.id!r} has no prediction; predict it too" for document in gold if document.id not in given]
    problems += [
        f"{document.id!r} is predicted but not in gold; leave it out"
        for document in predicted
        if document.id not in wanted
    ]
    for document in gold:
        other = given.get(document.id)
        if other is not None and other.text != document.text:
            problems.append(
                f"{document.id!r} has the text {document.sha256[:12]}... in gold and {other.sha256[:12]}... in the "
                "predictions; predict on the very text that was annotated"
            )
    if problems:
        raise DataError(f"Gold and predictions do not fit, {len(problems)} problem(s):", problems)
    return [(document, given[document.id]) for document in gold]


_ONE_READING = (
    "score needs one reading a document: build a corpus, which chooses one (`python -m train corpus CONFIG`), "
    "or keep the adjudicated one"
)


def _repeats(documents: Sequence[Document]) -> list[str]:
    ids = [document.id for document in documents]
    return [f"{ids.count(name)} readings of {name!r}" for name in sorted({name for name in ids if ids.count(name) > 1})]


def tag_segments(text: str, gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[list[str], list[str]]:
    """Tag one text for seqeval, exactly: it is cut wherever a span of either side begins or ends.

    No span is lost to a tokenizer, since each begins and ends with a segment.

    Args:
        text: the text; only its length matters.
        gold: flat spans.
        predicted: flat spans.

    Returns:
        The IOB2 tags of the segments for gold and for the predictions, of one length.
    """
    cuts = sorted({0, len(text), *(edge for span in (*gold, *predicted) for edge in (span.start, span.end))})
    place = {cut: number for number, cut in enumerate(cuts)}

    def tags(spans: Sequence[Span]) -> list[str]:
        tagged = ["O"] * (len(cuts) - 1)
        for span in spans:
            for number in range(place[span.start], place[span.end]):
                tagged[number] = f"{'B' if cuts[number] == span.start else 'I'}-{span.label}"
        return tagged

    return tags(gold), tags(predicted)


_Values = tuple[float, float, float]


def _seqeval(pairs: Sequence[tuple[Document, Document]]) -> dict[str | None, _Values]:
    """Return label -> (precision, recall, F1) of seqeval's strict mode; None stands for all labels."""
    from seqeval.metrics.v1 import classification_report
    from seqeval.scheme import IOB2

    # seqeval trims hyphens off a label's name, so it is given numbers.
    names = sorted({span.label for pair in pairs for document in pair for span in document.spans})
    codes = {f"{prefix}-{name}": f"{prefix}-{number}" for number, name in enumerate(names) for prefix in "BI"}
    tagged = [tag_segments(one.text, one.spans, other.spans) for one, other in pairs]
    gold = [[codes.get(tag, tag) for tag in tags] for tags, _ in tagged]
    predicted = [[codes.get(tag, tag) for tag in tags] for _, tags in tagged]
    if not names:
        return {None: (0.0, 0.0, 0.0)}
    report = classification_report(gold, predicted, output_dict=True, scheme=IOB2, zero_division=0)
    keys: dict[str | None, str] = {None: "micro avg"}
    keys.update((name, str(number)) for number, name in enumerate(names))
    return {
        name: (float(report[key]["precision"]), float(report[key]["recall"]), float(report[key]["f1-score"]))
        for name, key in keys.items()
    }


def _absence_notes(total: ByLabel, labels: Sequence[str]) -> list[str]:
    """Say which numbers are 0 because there was nothing to count."""
    everything = micro(total)
    if not everything.gold and not everything.predicted:
        return ["Neither gold nor the predictions hold a span: every score is 0/0, shown as 0."]
    notes: list[str] = []
    if not everything.gold:
        notes.append("Gold holds no span: recall is 0/0, shown as 0, and every prediction is wrong.")
    if not everything.predicted:
        notes.append("Nothing was predicted: precision is 0/0, shown as 0.")
    for label in labels:
        own = total.get(label, Counts())
        if not own.gold and not own.predicted:
            notes.append(f"{label} stands neither in gold nor in the predictions: its scores are 0/0, shown as 0.")
        elif not own.gold and everything.gold:
            notes.append(f"{label} is predicted but never stands in gold: its recall is 0/0, shown as 0.")
        elif not own.predicted and everything.predicted:
            notes.append(f"{label} is never predicted: its precision is 0/0, shown as 0.")
    return notes


def render(scores: Scores) -> Table:
    """Return the scores as a table for the terminal: strict P, R and F1, then partial and type F1."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        title=f"{scores.documents} document(s)",
        title_justify="left",
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("label", no_wrap=True)
    for name in ("gold", "pred", "P", "R", "strict F1", "partial", "type"):
        table.add_column(name, justify="right", no_wrap=True)
    for label, rules in (*scores.labels.items(), (ALL_LABELS, scores.micro)):
        if rules is scores.micro:
            table.add_section()
        strict = rules["strict"]
        table.add_row(
            label,
            str(strict.gold),
            str(strict.predicted),
            f"{strict.precision.value:.3f}",
            f"{strict.recall.value:.3f}",
            _with_interval(strict.f1),
            *(f"{rules[name].f1.value:.3f}" for name in ("partial", "type")),
        )
    if scores.bootstrap is not None:
        table.caption = (
            f"[{scores.bootstrap.confidence:.0%} interval]: {scores.bootstrap.method} bootstrap over documents, "
            f"{scores.bootstrap.resamples} resamples, seed {scores.bootstrap.seed}"
        ).replace("[", "\\[")
        table.caption_justify = "left"
    return table


def _with_interval(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return f"{measure.value:.3f}"
    return f"{measure.value:.3f} \\[{measure.low:.2f}, {measure.high:.2f}]"


def score_and_tell(
    gold: Path,
    model: str | None = None,
    predictions: Path | None = None,
    split: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    json: Path | None = None,
) -> None:
    """Score a model or a predictions file and print the table.

    Args:
        gold: a `documents.jsonl` or a corpus folder.
        model: checkpoint folder or hub id.
        predictions: a `documents.jsonl`; either this or `model` is given.
        split: of a corpus folder; `test` when None.
        resamples: bootstrap resamples; 0 for no intervals.
        seed: of the resampling.
        json: also write the scores here; `-` for standard output alone.

    Raises:
        DataError: neither or both of model and predictions, or gold and predictions that do not fit.
        CheckpointError: the model cannot be opened.
    """
    from conflict_ner.console import out, quiet_transformers
    from train.output import STANDARD_OUTPUT, write_json

    if (model is None) == (predictions is None):
        raise DataError("Give either --model (a checkpoint that reads the texts) or --predictions (its saved spans).")
    documents, labels = _read_gold(gold, split)
    notes: list[str] = []
    if model is not None:
        from conflict_ner.tagger import Tagger

        quiet_transformers()
        tagger = Tagger.load(model)
        notes = lost_notes(tagger, documents)
        predicted = predict(tagger, documents)
        labels = labels or tagger.tags.labels
    else:
        from conflict_ner.documents import read_documents

        assert predictions is not None
        predicted = read_documents(predictions)
    scores = score_documents(documents, predicted, labels, resamples, seed)
    scores = scores.model_copy(update={"notes": (*notes, *scores.notes)})
    if json is not None:
        write_json(scores, json)
    if json == STANDARD_OUTPUT:
        return
    out.print(render(scores))
    for note in scores.notes:
        out.print(f"Note: {note}", style="yellow", markup=False, soft_wrap=True)
    if json is not None:
        out.print(f"Scores written to {json}", markup=False, soft_wrap=True)


def _read_gold(path: Path, split: str | None) -> tuple[list[Document], tuple[str, ...]]:
    """Return the gold documents and the labels of their schema (none known for a bare file)."""
    from conflict_ner.documents import read_documents
    from conflict_ner.errors import did_you_mean

    if not path.is_dir():
        if split is not None:
            raise DataError(f"--split {split} needs a corpus folder, and {str(path)!r} is none; leave --split out.")
        return read_documents(path), ()
    from train.corpus import read_corpus, read_schema

    splits: dict[str, Any] = read_corpus(path)
    name = split or "test"
    if name not in splits:
        raise DataError(f"The corpus {str(path)!r} has no split {name!r}{did_you_mean(name, splits)}.")
    return splits[name], read_schema(path).label_names

"""What a card says of a model's scores and of its errors: tables from the run's own readings."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from conflict_ner.documents import Document, Span
from train import shown
from train.card.content import OUT_OF_FOLD, CardContent, Pairs, Pooled
from train.card.words import counted, paragraph
from train.dataset_card import markdown_table
from train.run_report.errors import Error, find_errors
from train.score import Measure, RuleScore, Scores

MOST = 10  # rows of the table of errors
EXAMPLES = 3  # of a row
_FEW = 20  # documents; the bootstrap's intervals come out too narrow below
_CLIP = 48  # characters of an example
_MARKS = re.compile(r"([\\`*_|<>\[\]])")


def scores_section(content: CardContent) -> str:
    """Return the tables of all splits, each label with its interval."""
    if not content.all_scores:
        return (
            "The corpus holds no document out, so this model was scored on nothing. Score it on texts of your own: "
            "`python -m train score GOLD --model MODEL`.\n"
        )
    parts = [
        paragraph(
            "Strict: a span counts when its first character, its last character and its label are right, after legal "
            "decoding (seqeval, strict IOB2). Partial gives half a point for an overlap, type asks for the label and "
            "any overlap (SemEval-2013). In brackets the 95 % bootstrap interval over documents, where there are "
            "enough of them."
        )
    ]
    for split, scores in content.all_scores.items():
        parts += [
            f"### {split}: {counted(scores.documents, 'document')}\n",
            paragraph(_told(content, split)),
            _table(scores),
        ]
    return "\n".join(parts)


def _told(content: CardContent, split: str) -> str:
    """Say what the score of a split means."""
    if split == OUT_OF_FOLD and content.pooled is not None:
        return _pooled(content.pooled)
    synthetic = " All of them are synthetic, so it tells little of real news." if content.is_synthetic(split) else ""
    if split == "validation":
        return f"These documents chose the epoch whose weights were kept, so this score flatters the model.{synthetic}"
    held_out = f"Documents of the corpus `{content.corpus_of(split)}` that training never saw"
    groups = {document.meta.group or document.id for document, _ in content.readings.get(split, ())}
    events = f", on {counted(len(groups), 'event')}" if groups else ""
    few = " So few documents make the intervals too narrow." if content.scores[split].documents < _FEW else ""
    return f"{held_out}{events}. They had no part in choosing the epoch.{few}{synthetic}"


def _pooled(pooled: Pooled) -> str:
    folds = ", ".join(f"{value:.3f}" for value in pooled.folds)
    spread = f", standard deviation {statistics.stdev(pooled.folds):.3f}" if len(pooled.folds) > 1 else ""
    lines = [
        f"Not this model's own score, but its recipe's: the k-fold run `{pooled.name}` trained "
        f"{len(pooled.folds)} models on the corpus `{pooled.corpus.get('name')}` (manifest SHA-256 "
        f"`{pooled.corpus.get('manifest_sha256')}`), and each document was read by the one that did not see it. "
        f"Strict F1 by fold: {folds}; mean {statistics.mean(pooled.folds):.3f}{spread}."
    ]
    if pooled.differences:
        lines.append(f"Its settings were this model's, but for: {'; '.join(pooled.differences)}.")
    else:
        lines.append("Its settings were this model's.")
    return " ".join(lines)


def _table(scores: Scores) -> str:
    rows = [["label", "gold", "predicted", "precision", "recall", "strict F1", "partial F1", "type F1"]]
    rows += [_row(f"`{label}`", rules) for label, rules in scores.labels.items()]
    rows.append(_row("**all**", scores.micro))
    notes = [f"- {note}" for note in scores.notes]
    return "\n".join([markdown_table(rows), *notes, *([""] if notes else [])])


def _row(title: str, rules: dict[str, RuleScore]) -> list[str]:
    strict = rules["strict"]
    measures = [_measure(value) for value in (strict.precision, strict.recall, strict.f1)]
    looser = [f"{rules[name].f1.value:.3f}" for name in ("partial", "type")]
    return [title, str(strict.gold), str(strict.predicted), *measures, *looser]


def _measure(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return f"{measure.value:.3f}"
    return f"{measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}]"


def confusion_section(content: CardContent) -> str:
    """Return the commonest errors of a held-out split, with words."""
    readings = dict(content.readings)
    if content.pooled is not None:
        readings[OUT_OF_FOLD] = content.pooled.readings
    split = next((name for name in (OUT_OF_FOLD, "test", "validation") if readings.get(name)), None)
    if split is None:
        return "The run kept no reading of documents held out, so its errors are not known.\n"
    return _confusions(split, readings[split])


def _confusions(split: str, pairs: Pairs) -> str:
    found = [(gold, error) for gold, read in pairs for error in find_errors(gold.spans, read.spans).errors]
    spans = sum(len(gold.spans) for gold, _ in pairs)
    missing = sum(len(error.gold) for _, error in found)
    head = (
        f"On the {split} split {spans - missing:,} of {spans:,} gold spans were found exactly. "
        f"The rest, and what was marked where gold has nothing, makes {counted(len(found), 'error')}"
    )
    if not found:
        return paragraph(f"{head}.")
    kinds = Counter(error.kind for _, error in found)
    by_kind = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    by_cause: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for gold, error in found:
        by_cause[error.kind, _labels(error)].append(_words(gold, error))
    rows = [["error", "labels", "times", "in words"]]
    for (kind, labels), words in sorted(by_cause.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST]:
        common = [example for example, _ in Counter(words).most_common(EXAMPLES)]
        rows.append([kind, labels, f"{len(words):,}", "; ".join(common)])
    more = f" The {MOST} commonest of {len(by_cause)} sorts:" if len(by_cause) > MOST else ""
    return "\n".join([paragraph(f"{head}: {by_kind}.{more}"), markdown_table(rows, numbers=False)])


def _labels(error: Error) -> str:
    """Name what gold has and what was read, once where they are the same."""
    gold, read = ({span.label for span in spans} for spans in (error.gold, error.predicted))
    if not gold or not read or gold == read:
        return ", ".join(f"`{label}`" for label in sorted(gold | read))
    named = (", ".join(f"`{label}`" for label in sorted(labels)) for labels in (gold, read))
    return " read as ".join(named)


def _words(document: Document, error: Error) -> str:
    """Return the words of an error: what gold has, and what was read where that is something else."""
    gold, read = (_quoted(document, spans) for spans in (error.gold, error.predicted))
    if not gold or not read or gold == read:
        return gold or read
    return f"{gold} read as {read}"


def _quoted(document: Document, spans: Sequence[Span]) -> str:
    return " + ".join(f"“{_plain(document.surface(span))}”" for span in spans)


def _plain(text: str) -> str:
    """Return a text on one line, cut, with what Markdown would read as marks made plain."""
    joined = " ".join(text.split())
    clipped = joined if len(joined) <= _CLIP else joined[: _CLIP - 1].rstrip() + "…"
    return _MARKS.sub(r"\\\1", clipped)


def differences(own: dict[str, object], other: dict[str, object]) -> Iterator[str]:
    """Yield how another run's flat settings differ from a run's own."""
    for key in sorted({*own, *other}):
        if own.get(key) != other.get(key):
            values = [_value(settings[key]) if key in settings else "nothing" for settings in (other, own)]
            yield f"`{key}` {values[0]} there, {values[1]} here"


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return shown(value) if isinstance(value, str) and value.startswith("/") else str(value)

"""How well are annotation errors found? Known ones are planted in the synthetic reports, and looked for.

python benchmarks/planted_errors.py configs/train/kfold.yaml [KEY=VALUE ...] [--share 0.03] [--seed 0] [--documents N]

The models of a grouped k-fold run learn from the planted reports as they would from any others; what they read of those
that they did not learn from is ranked by `python -m train label-errors`. Where cleanlab is installed (it is no part of
this project), its own ranking of the words stands beside ours, on the same readings. A run that was broken off goes on.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import typer

from conflict_ner.config import read_config
from conflict_ner.console import new_app, out, quiet_transformers, run
from conflict_ner.documents import Document, Span, write_documents
from conflict_ner.errors import DataError
from conflict_ner.label_errors import LabelError
from conflict_ner.schema import LabelSchema
from conflict_ner.spans import BioTags
from conflict_ner.tokens import SAME_WORD
from conflict_ner.trimming import trim
from train.emissions import Emissions
from train.kfold import EMISSIONS_FILE, KfoldConfig

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "runs" / "planted-errors"
FIRST, MORE = 50, 200  # suspicions that an annotator looks at
FOLDS = 5

_WORD = re.compile(r"\w+(?:[-'’.,]\w+)*")

app = new_app("Plant annotation errors, and see how many are found.")


class Kind(StrEnum):
    """What annotators get wrong."""

    DROPPED = "dropped span"
    SPURIOUS = "spurious span"
    WRONG_LABEL = "wrong label"
    TOO_LONG = "too long"
    TOO_SHORT = "too short"


@dataclass(frozen=True)
class Planted:
    """One error: what is right there (None: nothing), and what stands there instead (None: nothing)."""

    document: str
    kind: Kind
    right: Span | None
    wrong: Span | None


@dataclass(frozen=True)
class Chance:
    """What an error is drawn with: the random numbers, and the labels of the schema."""

    random: random.Random
    labels: Sequence[str]


def drop_span(document: Document, span: Span, chance: Chance) -> Planted | None:
    """Forget a span."""
    return Planted(document.id, Kind.DROPPED, span, None)


def add_span(document: Document, span: Span, chance: Chance) -> Planted | None:
    """Mark one or two words that no span touches, with the label of `span`.

    The first begins with a capital or a digit where there is such a word: these are what annotators mark wrongly.
    """
    free = [
        match
        for match in _WORD.finditer(document.text)
        if not any(one.start <= match.end() and match.start() <= one.end for one in document.spans)
    ]
    tempting = [match for match in free if match[0][0].isupper() or match[0][0].isdigit()] or free
    if not tempting:
        return None
    first = chance.random.choice(tempting)
    following = [match for match in free if document.text[first.end() : match.start()] == " "]
    last = chance.random.choice([first, *following])
    wrong = Span(start=first.start(), end=last.end(), label=span.label)
    return Planted(document.id, Kind.SPURIOUS, None, wrong)


def change_label(document: Document, span: Span, chance: Chance) -> Planted | None:
    """Give a span another label."""
    others = [label for label in chance.labels if label != span.label]
    if not others:
        return None
    wrong = Span(start=span.start, end=span.end, label=chance.random.choice(others))
    return Planted(document.id, Kind.WRONG_LABEL, span, wrong)


def lengthen(document: Document, span: Span, chance: Chance) -> Planted | None:
    """Take along the word before or after a span; nothing but a space may stand between, and no span there."""
    text = document.text
    edges = [(match.start(), span.end) for match in _WORD.finditer(text) if text[match.end() : span.start] == " "]
    edges += [(span.start, match.end()) for match in _WORD.finditer(text) if text[span.end : match.start()] == " "]
    others = [one for one in document.spans if one.key != span.key]
    free = [(start, end) for start, end in edges if not any(one.start < end and start < one.end for one in others)]
    return _moved(document, span, Kind.TOO_LONG, chance.random.choice(free)) if free else None


def shorten(document: Document, span: Span, chance: Chance) -> Planted | None:
    """Leave out the first or the last word of a span of several."""
    words = list(_WORD.finditer(document.text, span.start, span.end))
    if len(words) < 2:
        return None
    edges = chance.random.choice([(words[1].start(), span.end), (span.start, words[-2].end())])
    return _moved(document, span, Kind.TOO_SHORT, trim(document.text, *edges))


def _moved(document: Document, span: Span, kind: Kind, edges: tuple[int, int]) -> Planted | None:
    start, end = edges
    if start >= end:
        return None
    return Planted(document.id, kind, span, span.model_copy(update={"start": start, "end": end}))


# The scarcest first: a span of one word cannot be shortened.
KINDS: dict[Kind, Callable[[Document, Span, Chance], Planted | None]] = {
    Kind.TOO_SHORT: shorten,
    Kind.TOO_LONG: lengthen,
    Kind.WRONG_LABEL: change_label,
    Kind.SPURIOUS: add_span,
    Kind.DROPPED: drop_span,
}


def plant_errors(
    documents: Sequence[Document], labels: Sequence[str], share: float, seed: int
) -> tuple[list[Document], list[Planted]]:
    """Plant errors, as many of each kind as of the others, no two of them on the same span.

    Args:
        documents: with right spans.
        labels: of the schema.
        share: number of errors, as a share of the spans.
        seed: fixes where they go.

    Returns:
        The documents in the same order, and the errors.

    Raises:
        DataError: there is no room for so many.
    """
    chance = Chance(random.Random(seed), labels)
    current = {document.id: document for document in documents}
    places = [(document.id, span) for document in documents for span in document.spans]
    chance.random.shuffle(places)
    total = round(share * len(places))
    planted: list[Planted] = []
    for number, (kind, make) in enumerate(KINDS.items()):
        wanted = total // len(KINDS) + (number < total % len(KINDS))
        left: list[tuple[str, Span]] = []
        for name, span in places:
            error = make(current[name], span, chance) if wanted else None
            if error is None or not _fits(error, current[name], planted):
                left.append((name, span))
                continue
            spans = [one for one in current[name].spans if error.right is None or one.key != error.right.key]
            current[name] = current[name].with_spans([*spans, *([error.wrong] if error.wrong else [])])
            planted.append(error)
            wanted -= 1
        if wanted:
            raise DataError(f"{wanted} error(s) of the kind {kind.value!r} find no place; plant a smaller share.")
        places = left
    return list(current.values()), planted


def _fits(error: Planted, document: Document, planted: Sequence[Planted]) -> bool:
    """Tell whether an error keeps off those that are planted in its document."""
    own = [one for one in (error.right, error.wrong) if one is not None]
    taken = [span for one in planted if one.document == document.id for span in (one.right, one.wrong) if span]
    return not any(one.start <= other.end and other.start <= one.end for one in own for other in taken)


Found = Sequence[Planted | None]
"""The planted error that each suspicion of a ranking points at, the first one that does; None for all others."""


def judge(errors: Iterable[LabelError], planted: Sequence[Planted]) -> Found:
    """Say which planted error each suspicion finds.

    A suspicion finds an error when it doubts the very span that was planted; a dropped span is found where one is
    suggested that overlaps it and nothing is marked.
    """
    left = list(planted)
    found: list[Planted | None] = []
    for error in errors:
        hit = next((one for one in left if one.document == error.document and _points_at(error, one)), None)
        if hit is not None:
            left.remove(hit)
        found.append(hit)
    return found


def _points_at(error: LabelError, planted: Planted) -> bool:
    if planted.wrong is not None:
        return error.span is not None and error.span.span.key == planted.wrong.key
    assert planted.right is not None  # an error has one side at least
    return error.span is None and error.suggestion is not None and _overlap(error.suggestion.span, planted.right)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def rank_by_cleanlab(
    documents: Sequence[Document], emissions: Sequence[Emissions], planted: Sequence[Planted]
) -> Found | None:
    """Rank words by cleanlab's token classification, neighbours as one; None where cleanlab is not installed.

    It is judged mildly: a run of words in doubt finds an error when it touches it on either side.
    """
    if importlib.util.find_spec("cleanlab") is None:
        return None
    cleanlab = importlib.import_module("cleanlab.token_classification.filter")
    tags = BioTags(emissions[0].tags)
    readings = {one.document: one for one in emissions}
    labels, chances, places = [], [], []
    for document in documents:
        reading = readings[document.id]
        marked = tags.align(document.text, document.spans, reading.tokens).tags
        words = np.flatnonzero(reading.tokens.visible & (reading.tokens.joints != SAME_WORD) & (marked >= 0))
        labels.append(marked[words].tolist())
        share = np.exp(reading.values[words].astype(np.float64))
        chances.append(share / share.sum(axis=1, keepdims=True))
        places.append((reading.tokens.starts[words], reading.tokens.ends[words]))
    issues = [(int(one), int(word)) for one, word in cleanlab.find_label_issues(labels, chances)]
    doubted, seen = set(issues), set()
    left, found = list(planted), list[Planted | None]()
    for number, word in issues:
        if (number, word) in seen:
            continue
        low = high = word
        while (number, low - 1) in doubted:
            low -= 1
        while (number, high + 1) in doubted:
            high += 1
        seen |= {(number, place) for place in range(low, high + 1)}
        starts, ends = places[number]
        run_of_words = Span(start=int(starts[low]), end=int(ends[high]), label=tags.labels[0])
        name = documents[number].id
        hit = next((one for one in left if one.document == name and _touches(run_of_words, one)), None)
        if hit is not None:
            left.remove(hit)
        found.append(hit)
    return found


def _touches(span: Span, planted: Planted) -> bool:
    return any(_overlap(span, one) for one in (planted.right, planted.wrong) if one is not None)


@app.command()
def measure(
    config: Annotated[Path, typer.Argument(help="A k-fold configuration of configs/train/.", show_default=False)],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Such as seed=14.", show_default=False)
    ] = None,
    share: Annotated[float, typer.Option(help="Errors, as a share of the spans.", min=0.001, max=0.5)] = 0.03,
    seed: Annotated[int, typer.Option(help="Of the planting.", min=0)] = 0,
    documents: Annotated[int | None, typer.Option(help="So many reports, drawn by the seed [all].", min=2)] = None,
    folder: Annotated[Path, typer.Option(help="Where all of it is kept.")] = FOLDER,
) -> None:
    """Plant errors, train grouped folds on them, rank, and print what was found."""
    from train.corpus import CorpusConfig, build_corpus
    from train.emissions import read_emissions
    from train.kfold import kfold
    from train.suspects.command import label_errors

    quiet_transformers()
    schema = LabelSchema.load(ROOT / "configs" / "labels.yaml")
    reports = read_reports(schema, documents, seed)
    wrong, planted = plant_errors(reports, schema.label_names, share, seed)
    write_documents(folder / "planted.jsonl", wrong)
    sources = {"planted": str(folder / "planted.jsonl")}
    build_corpus(CorpusConfig(title="Reports with planted errors", sources=sources, output=folder / "corpus"))
    given = read_config(config, KfoldConfig, overrides or [])
    ours = {"name": "planted-errors", "corpus": folder / "corpus", "run": folder / "run", "held_out": ("train",)}
    settings = given.model_copy(update={**ours, "folds": given.folds or FOLDS})
    scores = kfold(settings)
    result, _ = label_errors(settings.run_folder)
    out.print(
        f"\n{platform.processor() or platform.machine()}, {os.cpu_count()} cores. {len(planted)} errors planted among "
        f"{sum(len(report.spans) for report in reports):,} spans of {len(reports)} reports, seed {seed}; "
        f"{settings.folds} folds, strict F1 against the planted spans {scores.strict_f1:.3f}."
    )
    found = judge(result.errors, planted)
    tell(f"label-errors, {len(found):,} suspicions", found, planted)
    tell_kinds(found, planted, result.errors)
    other = rank_by_cleanlab(wrong, read_emissions(settings.run_folder / EMISSIONS_FILE), planted)
    if other is None:
        out.print("cleanlab is not installed; with it, its ranking would stand here (pip install cleanlab).")
    else:
        tell(f"cleanlab's words, {len(other):,} suspicions", other, planted)


def read_reports(schema: LabelSchema, count: int | None, seed: int) -> list[Document]:
    """Return the synthetic reports, or so many of them, drawn by the seed."""
    from train.readings import read_sources

    readings, _ = read_sources({"synthetic": str(ROOT / "seeds" / "synthetic" / "*.marked")}, schema)
    reports = sorted((reading.document for reading in readings), key=lambda document: document.id)
    return reports if count is None else random.Random(seed).sample(reports, min(count, len(reports)))


def tell(title: str, found: Found, planted: Sequence[Planted]) -> None:
    """Print precision at 50 and recall at 200 of a ranking."""
    right = [one is not None for one in found]
    out.print(
        f"{title}: precision at {FIRST} {sum(right[:FIRST]) / FIRST:.2f}; "
        f"recall at {MORE} {sum(right[:MORE]) / len(planted):.3f}, of {min(MORE, len(planted)) / len(planted):.3f} "
        f"that {MORE} places can hold; of all suspicions {sum(right) / len(planted):.3f}.",
        soft_wrap=True,
    )


def tell_kinds(found: Found, planted: Sequence[Planted], errors: Sequence[LabelError]) -> None:
    """Print for each kind how many were planted, how many are found, and how many suggestions bring the right span."""
    mended = [hit for hit, error in zip(found, errors, strict=True) if hit is not None and _mends(error, hit)]
    rows = {
        "planted": planted,
        f"first {FIRST}": found[:FIRST],
        f"first {MORE}": found[:MORE],
        "found": found,
        "mended": mended,
    }
    out.print(f"{'':16}" + "".join(f"{name:>11}" for name in rows))
    for kind in Kind:
        counts = [Counter(one.kind for one in row if one is not None)[kind] for row in rows.values()]
        out.print(f"{kind.value:16}" + "".join(f"{count:11}" for count in counts))


def _mends(error: LabelError, planted: Planted) -> bool:
    """Tell whether the suggestion is what stood there before."""
    if error.suggestion is None or planted.right is None:
        return error.suggestion is None and planted.right is None
    return error.suggestion.span.key == planted.right.key


if __name__ == "__main__":
    run(app, "python benchmarks/planted_errors.py")

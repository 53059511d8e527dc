"""Engines and precisions on labelled text: tokens a second, F1, and where time goes, beside transformers' pipeline.

python benchmarks/engines.py [--model models/mini] [--documents seeds/gold.jsonl] [--rounds 3] [--precisions fp32 bf16]
                             [--spacy [en_core_web_sm]]

The pipeline is given a stride, so that it cuts nothing either. The exports are made in temporary copies of the model.
`--spacy` adds the entities of a spaCy pipeline that is installed; without a name, those of an untrained one of the
architecture and size of its small models, which is as fast. Its labels are others, so it has no F1 here.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import pipeline
from transformers.utils import logging

from conflict_ner.checkpoint import find_checkpoint
from conflict_ner.documents import Document, Span, read_documents
from conflict_ner.export import check_texts, export
from conflict_ner.matching import merged, micro, strict
from conflict_ner.runtime import openvino
from conflict_ner.runtime.engine import Engine
from conflict_ner.runtime.exported import PRECISIONS
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import tokenize


class Timed:
    """An engine that adds up the seconds it computes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name, self.device, self.batch_tokens = engine.name, engine.device, engine.batch_tokens
        self.seconds = 0.0

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        begun = time.perf_counter()
        logits = self.engine(ids, mask)
        self.seconds += time.perf_counter() - begun
        return logits


@dataclass
class Way:
    """One way to read texts, and what was measured of it.

    Attributes:
        read: texts -> spans.
        engine: its timer; None for the pipeline.
        note: agreement with torch of an export.
        seconds: of each round.
        model_seconds: of each round, in the engine.
        f1: strict micro F1 on the documents.
    """

    read: Callable[[Sequence[str]], list[tuple[Span, ...]]]
    engine: Timed | None = None
    note: str = ""
    seconds: list[float] = field(default_factory=list)
    model_seconds: list[float] = field(default_factory=list)
    f1: float = 0.0

    def measure(self, documents: Sequence[Document]) -> None:
        """Read all documents once."""
        before = self.engine.seconds if self.engine else 0.0
        begun = time.perf_counter()
        found = self.read([document.text for document in documents])
        self.seconds.append(time.perf_counter() - begun)
        self.model_seconds.append((self.engine.seconds if self.engine else 0.0) - before)
        pairs = zip(documents, found, strict=True)
        self.f1 = micro(merged(strict(document.spans, spans) for document, spans in pairs)).f1


def main() -> None:
    """Measure all in turn and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="models/mini")
    parser.add_argument("--documents", type=Path, default=Path("seeds/gold.jsonl"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precisions", nargs="*", choices=PRECISIONS, default=["fp32", "bf16"])
    parser.add_argument("--spacy", nargs="?", const="untrained", metavar="PIPELINE")
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    documents = read_documents(arguments.documents)
    with tempfile.TemporaryDirectory() as folder:
        ways = {**pipelines(arguments.model), **engines(arguments.model, arguments.precisions, Path(folder))}
        if arguments.spacy:
            ways[f"spaCy, {arguments.spacy}"] = spacy_ner(arguments.spacy)
        for way in ways.values():
            way.read([document.text for document in documents[:2]])  # warm
        for _ in range(arguments.rounds):
            for way in ways.values():
                way.measure(documents)
    report(ways, documents, arguments.model)


def pipelines(model: str) -> dict[str, Way]:
    """Return transformers' pipeline, which reads an article at a time by default, alone and in batches."""
    theirs: Any = pipeline("token-classification", model=model, aggregation_strategy="simple", stride=128, device="cpu")

    def reader(batch: int) -> Callable[[Sequence[str]], list[tuple[Span, ...]]]:
        return lambda texts: [_spans(found) for found in theirs(list(texts), batch_size=batch)]

    return {f"pipeline(stride=128), batch {batch}": Way(reader(batch)) for batch in (1, 8)}


def engines(model: str, precisions: Sequence[str], folder: Path) -> dict[str, Way]:
    """Return the tagger with torch and with each export that was asked for."""
    ways = {"torch fp32": _way(Tagger.load(model, device="cpu"))}
    for precision in precisions if openvino.installed() else ():
        copy = Path(shutil.copytree(find_checkpoint(model), folder / precision))
        parity = export(copy, precision, check_texts(), least=0.0).parity  # type: ignore[arg-type]
        way = _way(Tagger.load(copy, engine="openvino"))
        way.note = f"{parity.agreement:.1%} as torch"
        ways[f"openvino {precision}, run in {parity.computed_in}"] = way
    return ways


def spacy_ner(name: str) -> Way:
    """Return spaCy's tokenizer and entities, in batches of its own."""
    import spacy

    if name == "untrained":
        nlp = spacy.blank("en")
        entities = nlp.add_pipe("ner")
        for label in ("GPE", "ORG", "CARDINAL", "DATE"):
            entities.add_label(label)
        nlp.initialize()
    else:
        nlp = spacy.load(name, enable=["tok2vec", "ner"])

    def read(texts: Sequence[str]) -> list[tuple[Span, ...]]:
        return [
            tuple(Span(start=found.start_char, end=found.end_char, label=found.label_) for found in document.ents)
            for document in nlp.pipe(texts)
        ]

    return Way(read, note="other labels: its F1 says nothing")


def report(ways: dict[str, Way], documents: Sequence[Document], model: str) -> None:
    """Print the machine and a line for each way."""
    tokenizer = Tagger.load(model, device="cpu").checkpoint.tokenizer
    begun = time.perf_counter()
    tokens = sum(len(pieces) for pieces in tokenize([document.text for document in documents], tokenizer))
    tokenizing = time.perf_counter() - begun
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {threads} threads")
    print(f"torch {torch.__version__}, OpenVINO {openvino.installed() or 'not installed'}")
    rounds = len(next(iter(ways.values())).seconds)
    print(f"{len(documents)} documents, {tokens:,} tokens, {rounds} rounds in turn, medians")
    slowest = statistics.median(next(iter(ways.values())).seconds)
    for name, way in ways.items():
        seconds = statistics.median(way.seconds)
        line = f"{name:34} {tokens / seconds:9,.0f} tokens/s, {slowest / seconds:4.1f} times, F1 {way.f1:.3f}"
        if way.engine is not None:
            computing = statistics.median(way.model_seconds)
            rest = max(0.0, seconds - computing - tokenizing)
            line += (
                f", tokenizing {tokenizing / seconds:.1%}, model {computing / seconds:.1%}, rest {rest / seconds:.1%}"
            )
        print(f"{line}, {way.note}" if way.note else line)


def _way(tagger: Tagger) -> Way:
    timed = Timed(tagger.engine)
    tagger.engine = timed
    return Way(tagger.tag, timed)


def _spans(found: Sequence[dict[str, Any]]) -> tuple[Span, ...]:
    """Return the pipeline's entities as spans; it may give an entity that two windows read twice."""
    unique = {(item["start"], item["end"]): item["entity_group"] for item in found}
    spans: list[Span] = []
    for (start, end), label in sorted(unique.items()):
        if not spans or start >= spans[-1].end:
            spans.append(Span(start=start, end=end, label=label))
    return tuple(spans)


if __name__ == "__main__":
    main()

"""Tokens a second on this machine: the library beside transformers' pipeline, on the same articles, in turn.

python benchmarks/read_speed.py [--model models/mini] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch
from transformers import pipeline
from transformers.utils import logging

from conflict_ner.articles import read_articles
from conflict_ner.tagger import Tagger
from conflict_ner.tokens import tokenize

COPIES = 6


def main() -> None:
    """Time both in turn and print the medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="models/mini")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    texts = [document.text for document in read_articles(Path("seeds"))] * COPIES
    tagger = Tagger.load(arguments.model, device="cpu")
    tokens = sum(len(pieces) for pieces in tokenize(texts, tagger.checkpoint.tokenizer))
    theirs = pipeline(
        "token-classification", model=arguments.model, aggregation_strategy="simple", stride=128, device="cpu"
    )
    ways: dict[str, Callable[[], object]] = {
        "pipeline(stride=128), batch 1": lambda: theirs(texts),
        "pipeline(stride=128), batch 8": lambda: theirs(texts, batch_size=8),
        "conflict_ner.Tagger": lambda: tagger.tag(texts),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(arguments.rounds):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begun)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, float32")
    print(f"{len(texts)} articles, {tokens:,} tokens, median of {arguments.rounds} rounds, in turn")
    fastest = tokens / statistics.median(seconds["conflict_ner.Tagger"])
    for name, measured in seconds.items():
        speed = tokens / statistics.median(measured)
        spread = f"{tokens / max(measured):,.0f} to {tokens / min(measured):,.0f}"
        print(f"{name:32} {speed:8,.0f} tokens/s ({spread}), the library is {fastest / speed:.1f} times as fast")


if __name__ == "__main__":
    main()

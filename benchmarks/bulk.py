"""Articles a second from file to event tables, beside transformers' pipeline over the same texts, and peak memory.

python benchmarks/bulk.py [--model models/mini] [--articles 200] [--source FILE] [--ray]

Each figure comes from a process of its own. The pipeline covers whole texts (stride) and finds spans alone; the library
also reads facts and events, and writes them. Memory is the peak of the process at N and at 10 N articles. Several
processes read the 10 N, for the opening of their models counts in.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Measure each way in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--model", default="models/mini")
    parser.add_argument("--articles", type=int, default=200, help="N")
    parser.add_argument("--source", type=Path, default=ROOT / "seeds" / "gold.jsonl", help="whose texts are repeated")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes of the last way")
    parser.add_argument("--ray", action="store_true", help="two local workers of Ray as well")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way is not None:
        print(json.dumps(_measured(arguments)))
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; model {arguments.model}")
    with tempfile.TemporaryDirectory() as folder:
        _report(arguments, Path(folder))


def _report(arguments: argparse.Namespace, folder: Path) -> None:
    few, many = folder / "few.jsonl", folder / "many.jsonl"
    characters = _write(few, arguments.source, arguments.articles)
    _write(many, arguments.source, 10 * arguments.articles)
    print(f"{arguments.articles} articles of {characters / arguments.articles:,.0f} characters on average")
    ways = [("pipeline", few), ("local", few), ("local", many), ("processes", many)]
    ways += [("ray", few)] if arguments.ray else []
    rates: dict[str, float] = {}
    for way, source in ways:
        found = _apart(arguments, way, source)
        rate = found["articles"] / found["seconds"]
        rates.setdefault(way, rate)
        print(
            f"{way:9} {found['articles']:7,} articles {rate:8.2f} a second, "
            f"{found['whole']:7.1f} s with the start, peak {found['peak_mb']:6,.0f} MB"
        )
    for way, told in (("local", "one process"), ("processes", f"{arguments.workers} processes")):
        ratio = rates[way] / rates["pipeline"]
        print(f"file to events by {told} is {ratio:.2f} times as fast as the pipeline's spans alone")
    if "ray" in rates:
        print(f"Ray with two workers does {rates['ray'] / rates['local']:.2f} of one process")


def _write(path: Path, source: Path, count: int) -> int:
    """Repeat the texts of a documents.jsonl until there are `count`; return how many characters they have."""
    from conflict_ner.documents import iter_documents

    texts = [document.text for document in iter_documents(source)]
    total = 0
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            text = texts[number % len(texts)]
            total += len(text)
            file.write(json.dumps({"id": f"a{number}", "text": text, "published": "2024-11-30"}) + "\n")
    return total


def _apart(arguments: argparse.Namespace, way: str, source: Path) -> dict[str, Any]:
    """Measure one way in a process of its own."""
    out = source.with_name(f"{way}-{source.stem}")
    line = [sys.executable, __file__, "--way", way, "--model", arguments.model, "--batch", str(arguments.batch)]
    line += ["--workers", str(arguments.workers)]
    begun = time.perf_counter()
    done = subprocess.run(
        [*line, "--source", str(source), "--folder", str(out)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return {**json.loads(done.stdout.splitlines()[-1]), "whole": time.perf_counter() - begun}


def _measured(arguments: argparse.Namespace) -> dict[str, float]:
    measure = _pipeline if arguments.way == "pipeline" else _bulk
    articles, seconds = measure(arguments)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes on Linux
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return {"articles": articles, "seconds": seconds, "peak_mb": peak}


def _bulk(arguments: argparse.Namespace) -> tuple[int, float]:
    from conflict_ner.bulk.run import Request, run_bulk

    request = Request(
        source=arguments.source,
        output=arguments.folder,
        model=arguments.model,
        formats=("acled",),
        batch=arguments.batch,
        engine="ray" if arguments.way == "ray" else "local",
        workers={"ray": 2, "processes": arguments.workers}.get(arguments.way),
    )
    result = run_bulk(request)
    return result.tally.articles, result.seconds


def _pipeline(arguments: argparse.Namespace) -> tuple[int, float]:
    from transformers import AutoTokenizer, pipeline
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    stride = min(128, AutoTokenizer.from_pretrained(arguments.model).model_max_length // 4)
    reader = pipeline("token-classification", model=arguments.model, aggregation_strategy="simple", stride=stride)
    texts = [json.loads(line)["text"] for line in arguments.source.read_text(encoding="utf-8").splitlines()]
    begun = time.perf_counter()
    reader(texts, batch_size=8)
    return len(texts), time.perf_counter() - begun


if __name__ == "__main__":
    main()

"""The whole way on the five seed articles, as `make demo` runs it; each step is a command that you can run yourself.

python demo.py [--port 8080]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from conflict_ner.console import err, out

ROOT = Path(__file__).resolve().parent
PULLED = "runs/demo/documents.jsonl"
CORPUS = "runs/corpus/demo"
MODEL = "models/mini"
SCORES = "runs/demo/scores.json"
ARTICLE, PUBLISHED = "seeds/articles/004_5f35d83d23a223fb.txt", "2024-11-30"


def main() -> None:
    """Run the steps one after the other; the first that fails ends the demo with its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8080, help="port of Label Studio (default 8080)")
    port = parser.parse_args().port
    begun = time.monotonic()
    annotate, train = ["-m", "annotate"], ["-m", "train"]
    step("Start a real Label Studio", [*annotate, "up", "--detach", f"server.port={port}"])
    annotators = [f"--annotations=seeds/annotators/annotator-{number}.jsonl" for number in (1, 2)]
    step("Push the articles, and replay what two annotators marked", [*annotate, "push", "seeds", *annotators])
    step("Pull the annotations", [*annotate, "pull", PULLED])
    step(
        "Build the corpus: the synthetic reports and what was pulled, split by event",
        [*train, "corpus", "configs/corpus/default.yaml", f"sources.gold={PULLED}", f"output={CORPUS}"],
    )
    step("Look at the corpus before training", [*train, "check", CORPUS])
    step(
        "Fine-tune the default model and score it",
        ["train/train.py", "configs/train/mini.yaml", f"corpus={CORPUS}", "resume=false"],
    )
    score = [*train, "score", CORPUS, f"--model={MODEL}", f"--json={SCORES}"]
    step("Score it once more, on the held-out articles", score)
    read = ["-m", "conflict_ner.cli", "extract", ARTICLE, f"--model={MODEL}", "--events", f"--published={PUBLISHED}"]
    step("Read an article: its spans, what they mean, and the events that they tell of", read)
    out.print(f"\nDone in {(time.monotonic() - begun) / 60:.1f} minutes.", style="bold")
    for title, place in (
        ("Model", f"{MODEL}/ (its card: {MODEL}/README.md)"),
        ("Scores", SCORES),
        ("Corpus", f"{CORPUS}/ (its card: {CORPUS}/README.md)"),
        ("Documents", PULLED),
        ("Label Studio", f"http://127.0.0.1:{port}, still running; log in as told above"),
        ("", "`make down` ends it; `make demo` goes the whole way again, without duplicates"),
    ):
        out.print(f"  {title:14}{place}", markup=False, soft_wrap=True)


def step(title: str, arguments: list[str]) -> None:
    """Print a step's title and command, and run it."""
    shown = " ".join(["python", *arguments])
    out.print(f"\n== {title}", style="bold cyan", markup=False)
    out.print(f"$ {shown}", style="dim", markup=False, soft_wrap=True)
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False)
    if done.returncode:
        err.print(f"\nThe demo ends here: `{shown}` failed with exit code {done.returncode}.", markup=False)
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()

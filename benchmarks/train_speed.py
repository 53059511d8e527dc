"""Tokens a second and peak memory of a training, beside transformers' own run_ner.py, on the same documents, in turn.

python benchmarks/train_speed.py [configs/train/mini.yaml] [key=value ...] [--documents 400] [--rounds 3]

Both train one epoch with the same encoder, batch size and threads. run_ner.py is run as it is, at its defaults but for
the batch size: float32, batches in random order padded to their longest text, tokens beyond the 512th cut off. It is
downloaded at a fixed commit and checked, or read from --run-ner FILE. Tokens are those that the Trainer itself counts,
padding left out; seconds, processor time and memory are measured around `Trainer.train` alike, with nothing evaluated.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import resource
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
import types
import urllib.request
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

COMMIT = "049d2bf1220747b6d39e2a978b9f5fe0defa1dca"  # v5.8.0
ADDRESS = (
    f"https://raw.githubusercontent.com/huggingface/transformers/{COMMIT}"
    "/examples/pytorch/token-classification/run_ner.py"
)
SHA256 = "ccbd1fed0c5c612690dbe356e24d7c977a70820c1262e24e07ac9e664a88774b"
WORD = re.compile(r"\w+|[^\w\s]")


def main() -> None:
    """Time both in turn and print the medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", nargs="?", type=Path, default=Path("configs/train/mini.yaml"))
    parser.add_argument("overrides", nargs="*", default=[], metavar="key=value")
    parser.add_argument("--documents", type=int, default=400, help="how many of the train split, the first ones")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run-ner", type=Path, help="run_ner.py of that commit, where there is no network")
    parser.add_argument("--child", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child == "ours":
        train_ours(arguments.config, arguments.overrides, arguments.documents)
        return
    with tempfile.TemporaryDirectory() as folder:
        script = checked(arguments.run_ner, Path(folder))
        if arguments.child == "theirs":
            train_theirs(script, arguments.config, arguments.overrides, arguments.documents, Path(folder))
        else:
            compare(arguments, script)


def compare(arguments: argparse.Namespace, script: Path) -> None:
    """Run both as processes of their own, in turn, and print what they took."""
    given = [str(arguments.config), *arguments.overrides, "--documents", str(arguments.documents)]
    taken: dict[str, list[dict[str, Any]]] = {"theirs": [], "ours": []}
    for _ in range(arguments.rounds):
        for way, results in taken.items():
            line = [sys.executable, __file__, *given, "--run-ner", str(script), "--child", way]
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{way} failed:\n{done.stdout}{done.stderr}")
            results.append(json.loads(done.stdout.splitlines()[-1]))
    first = taken["ours"][0]
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {first['threads']} thread(s), "
        f"torch {first['torch']}, transformers {first['transformers']}"
    )
    print(f"one epoch of {arguments.documents} documents, median of {arguments.rounds} round(s), in turn")
    slowest = statistics.median(result["tokens"] / result["cpu"] for result in taken["theirs"])
    for way, name in (("theirs", "run_ner.py"), ("ours", str(arguments.config))):
        results = taken[way]
        speeds = sorted(result["tokens"] / result["seconds"] for result in results)
        work = statistics.median(result["tokens"] / result["cpu"] for result in results)
        print(
            f"{name:28} {results[0]['precision']:8} {results[0]['tokens']:7,} tokens  "
            f"{statistics.median(speeds):6,.0f} tokens/s ({speeds[0]:,.0f} to {speeds[-1]:,.0f})  "
            f"{work:6,.0f} tokens per second of processor time, {work / slowest:.2f} times  "
            f"peak {max(result['memory'] for result in results) / 1e9:.2f} GB"
        )


def train_ours(path: Path, overrides: list[str], count: int) -> None:
    """Train one epoch as train.py would, without evaluation and checkpoints."""
    import torch

    from conflict_ner.config import read_config
    from conflict_ner.console import quiet_transformers
    from conflict_ner.spans import BioTags
    from train.config import TrainConfig, training_arguments
    from train.encoder import load_encoder
    from train.examples import encode
    from train.material import Material
    from train.tagging import TaggingModel
    from train.trainer import build_trainer

    quiet_transformers()
    given = ["trainer.num_train_epochs=1", "trainer.save_strategy=no", "run=runs/train-speed"]
    config = read_config(path, TrainConfig, [*overrides, *given])
    material = Material.of(config)
    encoder = load_encoder(config, material.schema)
    tags = BioTags.of(material.schema)
    examples = {"train": encode(material.splits["train"][:count], encoder.tokenizer, tags, config.windows)}
    model = TaggingModel.of(encoder, tags, config.loss)
    arguments = training_arguments(config, has_validation=False)
    trainer = build_trainer(model, encoder.tokenizer, arguments, examples, tags, config)
    measured = measure(trainer.train, trainer)
    precision = "bfloat16" if arguments.bf16 else "float32"
    print(json.dumps({**measured, "precision": precision, "threads": torch.get_num_threads()}))


def train_theirs(script: Path, path: Path, overrides: list[str], count: int, folder: Path) -> None:
    """Train one epoch with run_ner.py on the same documents as lists of words."""
    import torch
    from transformers import Trainer

    from conflict_ner.checkpoint import find_encoder
    from conflict_ner.config import read_config
    from train.config import TrainConfig
    from train.material import Material

    config = read_config(path, TrainConfig, overrides)
    rows = [as_words(document) for document in Material.of(config).splits["train"][:count]]
    data = folder / "train.json"
    data.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    kept: dict[str, Any] = {}
    plain = Trainer.train

    def measured(self: Trainer, *given: Any, **more: Any) -> Any:
        results: list[Any] = []
        kept.update(measure(lambda: results.append(plain(self, *given, **more)), self))
        return results[0]

    Trainer.train = measured  # type: ignore[method-assign]
    # Its metric would be fetched from the network, and nothing is evaluated here.
    sys.modules["evaluate"] = types.SimpleNamespace(load=lambda *_, **__: None)  # type: ignore[assignment]
    batch = str(config.trainer.get("per_device_train_batch_size", 8))
    sys.argv = [
        *(str(script), "--model_name_or_path", find_encoder(config.encoder.name), "--train_file", str(data)),
        *("--output_dir", str(folder / "out"), "--do_train", "--num_train_epochs", "1", "--save_strategy", "no"),
        *("--per_device_train_batch_size", batch, "--report_to", "none", "--disable_tqdm", "true"),
        *("--cache_dir", str(folder / "cache")),
        *(() if torch.accelerator.is_available() else ("--use_cpu", "true")),
    ]
    runpy.run_path(str(script), run_name="__main__")
    print(json.dumps({**kept, "precision": "float32", "threads": torch.get_num_threads()}))


def measure(train: Any, trainer: Any) -> dict[str, Any]:
    """Train, and return tokens, seconds, processor time and the process's peak memory in bytes."""
    import torch
    import transformers

    trainer.args.include_num_input_tokens_seen = "non_padding"
    begun, worked = time.perf_counter(), time.process_time()
    train()
    return {
        "seconds": time.perf_counter() - begun,
        "cpu": time.process_time() - worked,
        "tokens": trainer.state.num_input_tokens_seen,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def as_words(document: Any) -> dict[str, list[str]]:
    """Return a document as run_ner.py takes it: words, and a tag for each."""
    words, tags = [], []
    for match in WORD.finditer(document.text):
        inside = next((span for span in document.spans if span.start <= match.start() < span.end), None)
        words.append(match[0])
        first = inside is not None and match.start() == inside.start
        tags.append("O" if inside is None else f"{'B' if first else 'I'}-{inside.label}")
    return {"tokens": words, "ner_tags": tags}


def checked(given: Path | None, folder: Path) -> Path:
    """Return run_ner.py of the fixed commit; it ends the program when the file is another one."""
    content = given.read_bytes() if given is not None else urllib.request.urlopen(ADDRESS, timeout=60).read()
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"{given or ADDRESS} is not run_ner.py of commit {COMMIT}: its SHA-256 is another one.")
    path = folder / "run_ner.py"
    path.write_bytes(content)
    return path


if __name__ == "__main__":
    main()

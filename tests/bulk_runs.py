"""What the tests of bulk extraction run: a small model that was never trained, inputs, and the command."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from conflict_ner.bulk.output import Output
from conflict_ner.bulk.run import Request, run_bulk
from conflict_ner.checkpoint import CheckpointInfo, save_checkpoint
from conflict_ner.schema import LabelSchema
from tests import small_models

SENTENCES = (
    "Rebels killed {} soldiers near Idlib on Tuesday.",
    "At least {} civilians were wounded in Aleppo on 4 May 2016, officials said.",
    "The army said {} fighters were captured; nobody was hurt in Homs.",
)
COMMAND = (
    "from conflict_ner.commands.bulk import bulk; from conflict_ner.console import new_app, run; "
    "app = new_app('bulk'); app.command()(bulk); run(app, 'bulk')"
)


def save_model(folder: Path, schema: LabelSchema, seed: int = 0) -> Path:
    """Write a checkpoint with random weights: it reads quickly, and finds what chance gives it."""
    from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer, set_seed

    encoder = small_models.save_encoder(folder.with_name(f"{folder.name}-encoder"))
    config = AutoConfig.from_pretrained(encoder, id2label=schema.id2tag, label2id=schema.tag2id)
    set_seed(seed)
    model = AutoModelForTokenClassification.from_config(config)
    save_checkpoint(folder, model, AutoTokenizer.from_pretrained(encoder), CheckpointInfo(labels=schema))
    return folder


def articles(count: int) -> list[dict[str, Any]]:
    """Return articles that differ, half of them with a day of publication."""
    return [
        {
            "id": f"a{number}",
            "text": f"{SENTENCES[number % 3].format(number)} {SENTENCES[(number + 1) % 3].format(number + 7)}",
            "published": "2016-05-06" if number % 2 else None,
        }
        for number in range(count)
    ]


ROWS = articles(30)
IDS = [row["id"] for row in ROWS]


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows one a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], separator: str = ",") -> Path:
    """Write rows as a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        table.writeheader()
        table.writerows(rows)
    return path


def request(source: Path, output: Path, model: Path, **changes: Any) -> Request:
    """Return a request with small parts, so that a short run has many."""
    return Request(**{"source": source, "output": output, "model": str(model), "part_rows": 7, "batch": 4, **changes})


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start the command as a process of its own."""
    line = [sys.executable, "-c", COMMAND, *map(str, arguments)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def contents(folder: Path) -> dict[str, bytes]:
    """Return what a finished output holds, without the plan and the lock."""
    return {
        path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name not in {"bulk.json", ".lock"}
    }


def rejects(folder: Path) -> list[dict[str, Any]]:
    """Return the rows that were rejected."""
    return [json.loads(line) for line in (folder / "rejects.jsonl").read_text(encoding="utf-8").splitlines()]


def read_ids(folder: Path) -> list[str]:
    """Return the ids of the articles that were read, in their order; the readings must have been kept."""
    return [json.loads(line)["id"] for line in (folder / "readings.jsonl").read_text(encoding="utf-8").splitlines()]


def whole_run(model: Path, folder: Path) -> dict[str, bytes]:
    """Read the thirty articles in one run, and return what its files hold."""
    source = write_jsonl(folder / "articles.jsonl", ROWS)
    result = run_bulk(request(source, folder / "out", model, formats=("readings", "acled")))
    assert (result.tally.articles, result.tally.rejected) == (30, 0)
    assert result.tally.events > 10, "the small model finds something"
    assert read_ids(folder / "out") == IDS
    assert {path.name for path in result.files} == contents(folder / "out").keys()
    return contents(folder / "out")


def wait_for_parts(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait until a process has finished so many parts."""
    begun = time.monotonic()
    while len(Output(folder).finished_parts()) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - begun < 120
        time.sleep(0.01)

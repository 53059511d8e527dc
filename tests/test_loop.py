"""The whole loop by its commands: a real Label Studio, a corpus from what was pulled, a model, scores, spans."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from conflict_ner.documents import read_documents
from conflict_ner.schema import LabelSchema
from tests import small_models
from tests.live import LabelStudio

pytestmark = pytest.mark.live

ANNOTATORS = ("annotator-1", "annotator-2")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the repository and insist that it ends well and without a warning on standard error."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=small_models.ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return done


def test_five_articles_go_the_whole_way_twice(
    label_studio: LabelStudio, small_encoder: Path, schema: LabelSchema, tmp_path: Path
) -> None:
    overrides = (f"server.folder={label_studio.settings.server.folder}", f"project.title=Loop {uuid.uuid4().hex[:8]}")
    replay = [f"--annotations=seeds/annotators/{name}.jsonl" for name in ANNOTATORS]
    first = run("-m", "annotate", "push", "seeds", *replay, *overrides)
    assert "Tasks: 5 new, 0 already there." in first.stdout
    second = run("-m", "annotate", "push", "seeds", *replay, *overrides)
    assert "Tasks: 0 new, 5 already there." in second.stdout
    assert second.stdout.count("0 new, 5 already there.") == 3

    pulled = tmp_path / "documents.jsonl"
    run("-m", "annotate", "pull", str(pulled), *overrides)
    documents = read_documents(pulled, schema)
    for name in ANNOTATORS:
        recorded = {
            document.id: document for document in read_documents(Path(f"seeds/annotators/{name}.jsonl"), schema)
        }
        theirs = {d.id: d for d in documents if d.provenance.annotators == (f"{name}@example.org",)}
        assert theirs.keys() == recorded.keys()
        for number, document in theirs.items():
            assert document.text == recorded[number].text
            assert document.meta == recorded[number].meta
            assert [(span.key, span.attributes) for span in document.spans] == [
                (span.key, span.attributes) for span in recorded[number].spans
            ]

    corpus = tmp_path / "corpus"
    built = run("-m", "train", "corpus", "configs/corpus/seeds.yaml", f"sources.gold={pulled}", f"output={corpus}")
    assert "5 document(s) with several readings" in built.stdout
    run("-m", "train", "check", str(corpus), "--encoder", str(small_encoder))
    config = small_models.write_config(tmp_path / "small.yaml", small_encoder, corpus)
    run("train/train.py", str(config), "trainer.num_train_epochs=6")

    scores = tmp_path / "scores.json"
    run(
        "-m",
        "train",
        "score",
        str(corpus),
        "--split",
        "test",
        "--model",
        str(tmp_path / "model"),
        "--json",
        str(scores),
    )
    assert json.loads(scores.read_text())["micro"]["strict"]["gold"] == 53
    article = next(Path("seeds/articles").glob("004*.txt"))
    found = run("-m", "conflict_ner.cli", "extract", "--json", "-m", str(tmp_path / "model"), str(article))
    (record,) = (json.loads(line) for line in found.stdout.splitlines())
    assert record["spans"]
    for span in record["spans"]:
        assert record["text"][span["start"] : span["end"]] == span["text"]

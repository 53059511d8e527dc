"""Another label set is another file: the loop's pure parts, all of them, on five labels of another domain."""

from __future__ import annotations

from pathlib import Path

import yaml

from annotate.page import labelling_config
from annotate.tasks import read_result, regions
from conflict_ner.config import read_config
from conflict_ner.documents import Provenance, read_documents, write_documents
from conflict_ner.markup import read_marked
from conflict_ner.schema import LabelSchema
from conflict_ner.spans import IGNORED, BioTags
from conflict_ner.tokens import tokenize
from tests import small_models, small_tokenizers
from tests.conftest import Trained
from train.corpus import CorpusConfig, build_corpus, read_corpus, read_schema
from train.score import score_documents

SCHEMA = Path("tests/data/five-labels.yaml")
NOTE = """---
title: A note
---

Patient with [[asthma|DISEASE:severity=mild,status=present]] took [[aspirin|DRUG]] [[75 mg|DOSE]].
No [[liver|BODY_PART]] trouble; [[CYP2C9|GENE]] normal, no [[ulcer|DISEASE:severity=grave,status=denied]].
"""


def test_the_pure_parts_of_the_loop_run_on_another_schema(five_labels: LabelSchema, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"note-{number}.marked").write_text(NOTE, encoding="utf-8")
    documents = [read_marked(path, five_labels) for path in sorted(tmp_path.glob("*.marked"))]
    (document, *_) = documents
    assert {span.label for span in document.spans} == set(five_labels.label_names)

    # Label Studio: the page names every label and value; regions bring the spans back with their attributes.
    page = labelling_config(five_labels)
    for label in five_labels.labels:
        assert f'value="{label.name}"' in page
    reading = read_result(regions(document), document.text, five_labels)
    assert [(span.key, span.attributes) for span in reading.spans] == [
        (span.key, span.attributes) for span in document.spans
    ]

    # documents.jsonl, and the corpus with its splits.
    path = tmp_path / "documents.jsonl"
    write_documents(path, [note.model_copy(update={"provenance": Provenance(adjudicated=True)}) for note in documents])
    assert [note.spans for note in read_documents(path, five_labels)] == [note.spans for note in documents]
    config = tmp_path / "corpus.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "title": "Notes",
                "labels": str(SCHEMA.resolve()),
                "sources": {"notes": str(path)},
                "test": {"ids": ["note-2"]},
                "validation": {"ids": ["note-1"]},
                "output": str(tmp_path / "corpus"),
            }
        ),
        encoding="utf-8",
    )
    build_corpus(read_config(config, CorpusConfig))
    splits = read_corpus(tmp_path / "corpus")
    assert read_schema(tmp_path / "corpus") == five_labels
    assert [[note.spans for note in splits[name]] for name in ("train", "validation", "test")] == [[document.spans]] * 3

    # Tags and back, and the score of it.
    tags = BioTags.of(five_labels)
    assert len(tags.names) == 11
    (tokens,) = tokenize([document.text], small_tokenizers.build("wordpiece"))
    aligned = tags.align(document.text, document.spans, tokens)
    assert aligned.lost == ()
    assert IGNORED not in aligned.tags
    found = tags.spans(aligned.tags[tokens.visible], tokens)
    scores = score_documents([document], [document.with_spans(found)], five_labels.label_names)
    assert scores.strict_f1 == 1.0
    assert set(scores.labels) == set(five_labels.label_names)


def test_a_model_is_trained_on_another_schema(trained: Trained, five_labels: LabelSchema, tmp_path: Path) -> None:
    for name in ("train", "more", "held"):
        (tmp_path / f"{name}.marked").write_text(NOTE, encoding="utf-8")
    config = tmp_path / "corpus.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "title": "Notes",
                "labels": str(SCHEMA.resolve()),
                "sources": {"notes": str(tmp_path / "*.marked")},
                "test": {"ids": ["held"]},
                "output": str(tmp_path / "corpus"),
            }
        ),
        encoding="utf-8",
    )
    build_corpus(read_config(config, CorpusConfig))
    settings = small_models.write_config(tmp_path / "notes.yaml", trained.encoder, tmp_path / "corpus")
    done = small_models.run(small_models.command(str(settings), "trainer.num_train_epochs=2"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    saved = yaml.safe_load((tmp_path / "model" / "config.json").read_text())
    assert saved["label2id"] == five_labels.tag2id

"""train/corpus.py: the folder opens as a plain dataset, reads back to the same documents, and never changes unseen."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from conflict_ner.config import read_config
from conflict_ner.console import run
from conflict_ner.documents import Document, Meta, Provenance, Span, read_documents, write_documents
from conflict_ner.errors import EXIT_CODE, DataError
from conflict_ner.schema import LabelSchema
from tests.strategies import flat_spans
from train.__main__ import app
from train.corpus import (
    CorpusConfig,
    Manifest,
    build_corpus,
    manifest_sha256,
    read_corpus,
    read_manifest,
    read_schema,
    write_corpus,
)
from train.parquet import read_split, to_dataset, write_split
from train.splits import group_of

FULL = Document(
    id="full",
    text="Rebels 🚀 killed 12 near Idlib\u00a0إدلب.",
    spans=(
        Span(start=0, end=6, label="ARMED_GROUP", origin="prediction-changed"),
        Span(start=16, end=18, label="CASUALTY_COUNT", attributes={"casualty_type": "killed"}, score=0.123456789),
        Span(start=24, end=29, label="PLACE", origin="manual"),
    ),
    meta=Meta(
        title="Idlib | falls",
        source="A wire",
        url="https://example.org/1",
        published=datetime.date(2015, 3, 28),
        language="en",
        group="march",
        style="wire",
        region="Syria",
        inferred=("published", "language"),
    ),
    provenance=Provenance(
        annotators=("ann@example.org", "bob@example.org"),
        adjudicated=True,
        project="Conflict events",
        task=7,
        annotation=9,
        lead_time=12.5,
        updated_at=datetime.datetime(2025, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC),
    ),
)
NAIVE = Document(id="naive", text="x", provenance=Provenance(updated_at=datetime.datetime(2025, 1, 2)))
EMPTY = Document(id="empty", text="")


def config(folder: Path, **changes: Any) -> CorpusConfig:
    return CorpusConfig.model_validate(
        {"title": "A corpus", "sources": {"gold": "seeds/gold.jsonl"}, "output": folder, **changes}
    )


def write(folder: Path, splits: dict[str, list[Document]], schema: LabelSchema) -> Manifest:
    return write_corpus(folder, config(folder), splits, schema, {}, ())


def test_every_field_of_a_document_makes_the_round_trip(tmp_path: Path, schema: LabelSchema) -> None:
    splits = {"train": [FULL, NAIVE], "validation": [EMPTY]}
    write(tmp_path / "corpus", {**splits, "test": []}, schema)
    assert read_corpus(tmp_path / "corpus") == splits
    assert read_schema(tmp_path / "corpus") == schema


@settings(max_examples=20, deadline=None)  # files are written
@given(spans=st.lists(flat_spans(), min_size=1, max_size=3))
def test_any_spans_make_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[Span, ...]], schema: LabelSchema
) -> None:
    documents = [Document(id=str(number), text="é" * 24, spans=found) for number, found in enumerate(spans)]
    path = tmp_path_factory.mktemp("split") / "train.parquet"
    write_split(to_dataset({"train": documents}, schema)["train"], path)
    assert read_split(path, schema) == documents


def test_another_schema_without_attributes_makes_the_round_trip(tmp_path: Path) -> None:
    schema = LabelSchema.model_validate({"labels": [{"name": "X", "description": "", "colour": "#000000"}]})
    labels = tmp_path / "labels.yaml"
    labels.write_text(yaml.safe_dump(schema.model_dump(mode="json")), encoding="utf-8")
    splits = {"train": [Document(id="a", text="abc", spans=(Span(start=1, end=2, label="X"),))]}
    folder = tmp_path / "corpus"
    write_corpus(folder, config(folder, labels=labels), splits, schema, {}, ())
    assert read_corpus(folder) == splits


def test_datasets_opens_the_folder_by_itself(tmp_path: Path, schema: LabelSchema) -> None:
    from datasets import ClassLabel, disable_progress_bars, load_dataset

    disable_progress_bars()
    folder = tmp_path / "corpus"
    write(folder, {"train": [FULL], "test": [EMPTY, NAIVE]}, schema)
    loaded = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {split: part.num_rows for split, part in loaded.items()} == {"train": 1, "test": 2}
    label = loaded["train"].features["spans"].feature["label"]
    assert isinstance(label, ClassLabel)
    assert label.names == list(schema.label_names)
    row = loaded["train"][0]
    assert row["id"] == "full"
    assert row["group"] == "march"
    assert row["published"] == datetime.date(2015, 3, 28)
    assert row["provenance"]["annotators"] == ["ann@example.org", "bob@example.org"]
    assert [(span["start"], span["end"], label.int2str(span["label"])) for span in row["spans"]] == [
        span.key for span in FULL.spans
    ]
    assert [span["attributes"]["casualty_type"] for span in row["spans"]] == [None, "killed", None]


def test_the_default_corpus_is_what_its_configuration_says(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    settings = read_config(Path("configs/corpus/default.yaml"), CorpusConfig, [f"output={folder}"])
    manifest = build_corpus(settings)
    splits = read_corpus(folder)
    assert {split: len(documents) for split, documents in splits.items()} == {
        "train": 1114,
        "validation": 97,
        "test": 2,
    }
    assert {group_of(document) for document in splits["test"]} == {"idlib-2019-12", "idlib-2024-11"}
    assert not any(document.provenance.adjudicated for document in splits["validation"])
    assert sum(group_of(document) == "idlib-2015-03" for document in splits["train"]) == 3
    gold = {document.id: document for document in read_documents(Path("seeds/gold.jsonl"))}
    assert {document.id: document for document in splits["test"]} == {
        document.id: gold[document.id] for document in splits["test"]
    }
    assert manifest == read_manifest(folder)
    for split, members in manifest.splits.items():
        assert [(member.id, member.group, member.text_sha256) for member in members] == [
            (document.id, group_of(document), document.sha256) for document in splits[split]
        ]
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    build_corpus(settings)
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_two_annotators_of_one_article_are_never_both_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = [
        document for number in (1, 2) for document in read_documents(Path(f"seeds/annotators/annotator-{number}.jsonl"))
    ]
    write_documents(tmp_path / "both.jsonl", both)
    folder = tmp_path / "corpus"
    arguments = ["configs/corpus/seeds.yaml", f"output={folder}", f"sources.gold={tmp_path / 'both.jsonl'}"]
    assert exit_code(*arguments) == 0
    assert "5 document(s) with several readings: taken is annotator-1@example.org (gold), decided by: name" in (
        capsys.readouterr().out
    )
    documents = [document for split in read_corpus(folder).values() for document in split]
    assert sorted(document.id for document in documents) == sorted({document.id for document in both})
    assert {document.provenance.annotators for document in documents} == {("annotator-1@example.org",)}
    assert exit_code(*arguments, "prefer=[annotator-2@example.org]") == 0
    assert {choice.taken for choice in read_manifest(folder).choices} == {"annotator-2@example.org"}
    assert "taken is annotator-2@example.org" in (folder / "README.md").read_text(encoding="utf-8")


def test_the_card_holds_the_real_numbers(tmp_path: Path, schema: LabelSchema) -> None:
    folder = tmp_path / "corpus"
    write(folder, {"train": [FULL], "test": [EMPTY, NAIVE]}, schema)
    card = (folder / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(card.split("---\n")[1])
    assert head["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train.parquet"},
        {"split": "test", "path": "data/test.parquet"},
    ]
    assert head["language"] == ["en"]
    assert f"| train | 1 | 1 | {len(FULL.text)} | 3 | 1 | 1 | 1 | 0 |" in card
    assert "| test | 2 | 2 | 1 | 0 | 0 | 0 | 0 | 0 |" in card
    assert "- adjudicated: 1 document(s)" in card


def test_a_rebuilt_corpus_says_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["configs/corpus/seeds.yaml", f"output={tmp_path / 'corpus'}"]
    assert exit_code(*arguments) == 0
    assert exit_code(*arguments) == 0
    assert "changed" not in capsys.readouterr().out
    assert exit_code(*arguments, "validation.groups=[]") == 0
    told = capsys.readouterr().out
    assert "train changed: 1 document(s) came, 0 went" in told
    assert "validation changed: 0 document(s) came, 1 went" in told


def test_a_corpus_without_train_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["configs/corpus/seeds.yaml", f"output={tmp_path / 'corpus'}", "validation.groups=[]"]
    assert exit_code(*arguments, "test.groups=[]", "test.sources=[gold]") == 0
    assert "Train is empty" in capsys.readouterr().out


def test_an_output_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(DataError, match="holds files and is no corpus"):
        build_corpus(config(tmp_path))
    with pytest.raises(DataError, match="is a file; name a folder"):
        build_corpus(config(tmp_path / "thesis.txt"))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failed_build_leaves_the_corpus_that_was_there(tmp_path: Path, schema: LabelSchema) -> None:
    folder = tmp_path / "corpus"
    write(folder, {"train": [FULL]}, schema)
    before = manifest_sha256(folder)
    with pytest.raises(ValueError, match="GUN"):
        write(folder, {"train": [Document(id="a", text="abc", spans=(Span(start=0, end=1, label="GUN"),))]}, schema)
    assert manifest_sha256(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_changed_file_is_noticed(tmp_path: Path, schema: LabelSchema) -> None:
    folder = tmp_path / "corpus"
    write(folder, {"train": [FULL], "test": [EMPTY]}, schema)
    write_split(to_dataset({"test": [NAIVE]}, schema)["test"], folder / "data" / "test.parquet")
    (folder / "data" / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError) as caught:
        read_corpus(folder)
    assert "train.parquet cannot be read" in caught.value.problems[0]
    assert "test.parquet is not the file that manifest.json names" in caught.value.problems[1]
    assert "python -m train corpus" in caught.value.problems[2]


def test_a_changed_schema_is_noticed(tmp_path: Path, schema: LabelSchema) -> None:
    folder = tmp_path / "corpus"
    write(folder, {"train": [FULL]}, schema)
    labels = folder / "labels.yaml"
    labels.write_text("# a comment changes nothing\n" + labels.read_text(encoding="utf-8"), encoding="utf-8")
    assert read_schema(folder) == schema
    labels.write_text(labels.read_text(encoding="utf-8").replace("name: DATE", "name: DAY"), encoding="utf-8")
    with pytest.raises(DataError, match="is not the schema that the corpus was built with"):
        read_schema(folder)


def test_what_is_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is no corpus, it has no manifest\.json; build one with"):
        read_corpus(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 1}), encoding="utf-8")
    with pytest.raises(DataError, match="is no manifest of this version"):
        read_corpus(tmp_path)


def test_wrong_settings_are_told_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["configs/corpus/seeds.yaml", f"output={tmp_path / 'corpus'}"]
    assert exit_code(*arguments, "validation.fractoin=0.1") == EXIT_CODE
    assert "validation.fractoin: unknown key; did you mean 'fraction'?" in capsys.readouterr().err
    assert exit_code(*arguments, "test.groups=[idlib-2024-12]") == EXIT_CODE
    assert "test.groups: no document has 'idlib-2024-12'; did you mean" in capsys.readouterr().err
    assert not (tmp_path / "corpus").exists()


def exit_code(*arguments: str) -> int:
    """Run `python -m train corpus` in this process."""
    with pytest.raises(SystemExit) as caught:
        run(app, "train", ["corpus", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code

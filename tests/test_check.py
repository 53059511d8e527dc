"""train/check.py: the pre-flight report finds each planted fault, and is silent about a sound corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conflict_ner.console import run
from conflict_ner.documents import Document, Meta, Span
from conflict_ner.errors import EXIT_CODE, CheckpointError
from conflict_ner.markup import parse_markup
from conflict_ner.schema import LabelSchema
from train.__main__ import app
from train.check import check_corpus
from train.corpus import CorpusConfig, write_corpus
from train.report import Overlap, Report

Make = Callable[..., Document]


@pytest.fixture
def make(schema: LabelSchema) -> Make:
    def make(name: str, markup: str, group: str | None = None) -> Document:
        text, spans = parse_markup(markup, schema)
        return Document(id=name, text=text, spans=spans, meta=Meta(group=group))

    return make


def told(report: Report, beginning: str) -> str:
    """Return the one warning that begins so."""
    (warning,) = [warning for warning in report.warnings if warning.startswith(beginning)]
    return warning


def test_counts_labels_and_attributes(make: Make, schema: LabelSchema, small_encoder: Path) -> None:
    document = make(
        "a", "[[Rebels|ARMED_GROUP]] killed [[12|CASUALTY_COUNT:killed]] and [[3|CASUALTY_COUNT]] in [[Idlib|PLACE]]."
    )
    report = check_corpus({"train": [document, make("b", "Nothing here.")]}, schema, str(small_encoder))
    train = report.splits["train"]
    assert (train.documents, train.groups, train.spans) == (2, 2, 4)
    assert train.labels == {"ARMED_GROUP": 1, "PLACE": 1, "CASUALTY_COUNT": 2, "DATE": 0}
    assert train.attributes == {"CASUALTY_COUNT": {"casualty_type=killed": 1, "casualty_type missing": 1}}
    assert train.without_span == ("b",)
    assert told(report, "1 CASUALTY_COUNT") == (
        "1 CASUALTY_COUNT of train have no casualty_type, which the schema requires."
    )
    assert told(report, "1 document(s) of train hold no span") == "1 document(s) of train hold no span: b."
    assert told(report, "train holds no") == "train holds no DATE."
    assert told(report, "PLACE is rare") == "PLACE is rare: train holds 1 of it, and 50 or more are wanted."
    assert {"There is no validation split.", "There is no test split."} <= set(report.warnings)
    assert report.fatal == ()


def test_surfaces_of_a_split_that_stand_in_train(make: Make, schema: LabelSchema, small_encoder: Path) -> None:
    train = [make("a", "[[Idlib|PLACE]], [[Aleppo\ncity|PLACE]], [[Homs|ARMED_GROUP]]")]
    test = [make("b", "[[idlib|PLACE]] [[Aleppo city|PLACE]] [[Aleppo city|PLACE]] [[Homs|PLACE]]")]
    report = check_corpus({"train": train, "test": test}, schema, str(small_encoder))
    assert report.seen_in_train["test"]["PLACE"] == Overlap(surfaces=3, surfaces_seen=2, spans=4, spans_seen=3)
    assert not [warning for warning in report.warnings if "stand in train too" in warning]
    report = check_corpus({"train": test, "test": test[:1]}, schema, str(small_encoder))
    assert told(report, "100% of the PLACE spans of test stand in train too")


def test_spans_that_the_tokens_cannot_carry(make: Make, schema: LabelSchema, small_encoder: Path) -> None:
    document = make("a", "anti[[Assad|ARMED_GROUP]] forces near [[Idlib|PLACE]]")
    report = check_corpus({"train": [document]}, schema, str(small_encoder))
    (lost,) = report.encoder.lost
    assert (lost.id, lost.surface, lost.start, lost.split) == ("a", "Assad", 4, "train")
    assert "'antiAssad'" in told(report, "1 span(s) cannot be represented by the tokens of")


def test_the_longest_documents_in_windows(make: Make, schema: LabelSchema, small_encoder: Path) -> None:
    long, short = make("long", "Idlib " * 200), make("short", "Idlib")
    report = check_corpus({"train": [short], "test": [long]}, schema, str(small_encoder), window=64, overlap=16)
    first, second = report.encoder.longest
    assert (first.id, first.split, second.id, second.windows) == ("long", "test", "short", 1)
    assert first.windows == -(-(first.tokens - 16) // (64 - 2 - 16))


def test_near_copies_in_different_splits(make: Make, schema: LabelSchema, small_encoder: Path) -> None:
    words = " ".join(f"word{number}" for number in range(40))
    splits = {
        "train": [make("a", words), make("b", words + " more")],
        "test": [make("c", "an opening " + words), make("d", "something else altogether")],
    }
    report = check_corpus(splits, schema, str(small_encoder))
    assert {(pair.id, pair.other_id) for pair in report.near_duplicates} == {("a", "b"), ("a", "c"), ("b", "c")}
    across = told(report, "2 pair(s) of nearly equal documents in different splits")
    assert "a (train) and c (test) 0.95" in across
    assert told(report, "1 pair(s) of nearly equal documents within a split")
    assert report.fatal == ()


def test_a_loose_edge_is_reported_with_its_place(make: Make, schema: LabelSchema, small_encoder: Path) -> None:
    report = check_corpus({"train": [make("a", "in [[Idlib,|PLACE]] and")]}, schema, str(small_encoder))
    assert report.loose_edges[0].start == 3
    assert "'Idlib,' in a at 3 (',' at its end)" in told(report, "1 span(s) begin or end with what can be trimmed")


def test_what_stands_on_both_sides_is_fatal(make: Make, schema: LabelSchema, small_encoder: Path) -> None:
    splits = {
        "train": [make("a", "One text.", "march"), make("b", "Two."), make("c", "Same words.")],
        "test": [make("d", "Four.", "march"), make("b", "Two, later."), make("e", "Same words.")],
    }
    fatal = check_corpus(splits, schema, str(small_encoder)).fatal
    assert len(fatal) == 4
    assert fatal[0].startswith("the group 'b' stands in several splits (train: b; test: b)")
    assert fatal[1].startswith("the group 'march' stands in several splits (train: a; test: d); give these documents")
    assert fatal[2].startswith("the document 'b' stands in several splits")
    assert fatal[3].startswith("the text ") and "(train: c; test: e)" in fatal[3]


def test_an_encoder_that_is_not_there_is_named(make: Make, schema: LabelSchema) -> None:
    with pytest.raises(CheckpointError, match="no_such_package"):
        check_corpus({"train": [make("a", "x")]}, schema, "package:no_such_package/model")


def test_the_command_reports_on_the_seeds(
    seed_corpus: Path, small_encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(seed_corpus), "--encoder", str(small_encoder)]
    assert exit_code(*arguments, "--json", str(tmp_path / "report.json")) == 0
    shown = capsys.readouterr().out
    assert "Of these, seen in train under the same label" in shown
    assert "CASUALTY_COUNT   casualty_type=killed" in shown
    assert "Note: CASUALTY_COUNT is rare: train holds 6 of it" in shown
    report = Report.model_validate_json((tmp_path / "report.json").read_bytes())
    assert {split: part.spans for split, part in report.splits.items()} == {"train": 188, "validation": 82, "test": 53}
    assert (report.loose_edges, report.encoder.lost, report.near_duplicates) == ((), (), ())
    assert exit_code(*arguments, "--json", "-") == 0
    assert Report.model_validate_json(capsys.readouterr().out) == report


def test_the_command_fails_on_a_leak_and_still_reports(
    make: Make, schema: LabelSchema, small_encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    config = CorpusConfig(title="Leaky", sources={"gold": "seeds/gold.jsonl"}, output=folder)
    splits = {"train": [make("a", "One.", "march")], "test": [make("b", "Two.", "march")]}
    write_corpus(folder, config, splits, schema, {}, ())
    assert exit_code(str(folder), "--encoder", str(small_encoder)) == EXIT_CODE
    captured = capsys.readouterr()
    assert "Longest documents" in captured.out
    assert "cannot be trained on" in captured.err
    assert "the group 'march' stands in several splits" in captured.err


def test_the_command_refuses_what_is_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(str(tmp_path)) == EXIT_CODE
    assert "is no corpus" in capsys.readouterr().err


def test_spans_are_told_by_their_label(schema: LabelSchema, small_encoder: Path) -> None:
    document = Document(id="a", text="Idlib", spans=(Span(start=0, end=5, label="PLACE"),))
    report = check_corpus({"train": [document] * 60}, schema, str(small_encoder))
    assert not [warning for warning in report.warnings if warning.startswith("PLACE is rare")]


def exit_code(*arguments: str) -> int:
    """Run `python -m train check` in this process."""
    with pytest.raises(SystemExit) as caught:
        run(app, "train", ["check", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code

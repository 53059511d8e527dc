"""train/score.py and train/intervals.py: seqeval on segments, intervals, and sentences instead of crashes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rich.console import Console
from scipy.stats import bootstrap

from conflict_ner.console import run
from conflict_ner.documents import Document, Span, write_documents
from conflict_ner.errors import EXIT_CODE, DataError
from conflict_ner.matching import RULES, Counts, merged, micro, strict
from conflict_ner.tagger import Tagger
from tests.conftest import Trained
from tests.strategies import LABELS, flat_spans
from train.__main__ import app
from train.predict import lost_notes
from train.score import Scores, render, score_documents, tag_segments

Numbers = NDArray[np.float64]
TEXT = "Rebels killed 12 near Idlib."
GROUP, COUNT, PLACE = (0, 6, "ARMED_GROUP"), (14, 16, "CASUALTY_COUNT"), (22, 27, "PLACE")
# seqeval trims hyphens off names and knows them by their letters alone: these would fall together.
ODD_LABELS = ("A", "-A", "A-", "B-A", "O", "micro avg")


def document(name: str, *triples: tuple[int, int, str], text: str = TEXT) -> Document:
    return Document(
        id=name, text=text, spans=tuple(Span(start=start, end=end, label=label) for start, end, label in triples)
    )


def test_segments_are_cut_where_either_side_begins_or_ends() -> None:
    gold, predicted = document("a", (0, 6, "PLACE")), document("a", (2, 6, "PLACE"), (6, 8, "DATE"))
    assert tag_segments(TEXT, gold.spans, predicted.spans) == (
        ["B-PLACE", "I-PLACE", "O", "O"],
        ["O", "B-PLACE", "B-DATE", "O"],
    )


@pytest.mark.parametrize("labels", [LABELS, ODD_LABELS])
@given(data=st.data())
@settings(deadline=None)  # the first call imports seqeval
def test_seqeval_on_segments_equals_strict_matching(labels: tuple[str, ...], data: st.DataObject) -> None:
    pairs = data.draw(st.lists(st.tuples(flat_spans(labels=labels), flat_spans(labels=labels)), max_size=4))
    gold = [Document(id=str(number), text="x" * 24, spans=one) for number, (one, _) in enumerate(pairs)]
    predicted = [Document(id=str(number), text="x" * 24, spans=two) for number, (_, two) in enumerate(pairs)]
    scores = score_documents(gold, predicted, resamples=0)
    by_label = merged(strict(one, two) for one, two in pairs)
    rows = [(scores.micro, micro(by_label))]
    rows += [(scores.labels[label], counts) for label, counts in by_label.items()]
    for rules, counts in rows:
        found = rules["strict"]
        assert (found.precision.value, found.recall.value) == (counts.precision, counts.recall)
        assert found.f1.value == pytest.approx(counts.f1, abs=1e-12)
        assert Counts(found.gold, found.predicted, found.found, found.right) == counts
    assert set(scores.labels) == set(by_label)


def test_all_rules_are_reported_with_their_counts() -> None:
    scores = score_documents(
        [document("a", GROUP, PLACE)], [document("a", (0, 5, "ARMED_GROUP"), (22, 27, "DATE"))], resamples=0
    )
    assert {name: score.found for name, score in scores.micro.items()} == {
        "strict": 0.0,
        "exact": 1.0,
        "partial": 1.5,
        "type": 1.0,
    }
    assert scores.labels["PLACE"]["partial"].recall.value == 1.0
    assert scores.labels["DATE"]["partial"].precision.value == 1.0
    assert scores.strict_f1 == 0.0
    assert scores.notes == (
        "DATE is predicted but never stands in gold: its recall is 0/0, shown as 0.",
        "PLACE is never predicted: its precision is 0/0, shown as 0.",
    )


def test_documents_meet_by_id_in_any_order() -> None:
    gold = [document("a", GROUP), document("b", PLACE)]
    assert score_documents(gold, [gold[1], gold[0]], resamples=0).strict_f1 == 1.0


def test_a_corpus_without_a_span_gives_a_sentence() -> None:
    scores = score_documents([document("a"), document("b")], [document("a"), document("b")])
    assert scores.strict_f1 == 0.0
    assert scores.notes[0] == "Neither gold nor the predictions hold a span: every score is 0/0, shown as 0."


def test_no_document_at_all_gives_a_sentence() -> None:
    scores = score_documents([], [])
    assert scores.documents == 0
    assert scores.notes[-1] == "No intervals: they come from resampling documents, and there are none."


def test_a_label_that_is_never_seen_is_reported_and_explained() -> None:
    scores = score_documents([document("a", GROUP)], [document("a", GROUP)], LABELS, resamples=0)
    assert tuple(scores.labels) == LABELS
    assert scores.labels["DATE"]["strict"].f1.value == 0.0
    assert "DATE stands neither in gold nor in the predictions: its scores are 0/0, shown as 0." in scores.notes


def test_one_side_without_spans_is_explained() -> None:
    missed = score_documents([document("a", GROUP)], [document("a")], resamples=0)
    assert missed.notes == ("Nothing was predicted: precision is 0/0, shown as 0.",)
    invented = score_documents([document("a")], [document("a", GROUP)], resamples=0)
    assert invented.notes == ("Gold holds no span: recall is 0/0, shown as 0, and every prediction is wrong.",)


def test_documents_that_do_not_fit_are_named_all_at_once() -> None:
    gold = [document("a", GROUP), document("b"), document("c"), document("c", GROUP)]
    predicted = [document("a", text=TEXT + " Today."), document("c"), document("d")]
    with pytest.raises(DataError) as caught:
        score_documents(gold, predicted)
    problems = caught.value.problems
    assert len(problems) == 4
    assert problems[0].startswith("gold holds 2 readings of 'c'; score needs one reading a document: build a corpus")
    assert problems[1] == "'b' has no prediction; predict it too"
    assert problems[2] == "'d' is predicted but not in gold; leave it out"
    assert "'a' has the text" in problems[3]


MIXED = (
    [document(str(number), GROUP, COUNT, PLACE) for number in range(12)],
    [
        document(str(number), *([GROUP, COUNT] if number % 3 else [COUNT, PLACE]), *([(27, 28, "DATE")] * (number % 2)))
        for number in range(12)
    ],
)


def test_intervals_are_those_of_scipy_on_the_counts() -> None:
    scores = score_documents(*MIXED, resamples=500, seed=3)
    counts = [micro(RULES["partial"](one.spans, two.spans)) for one, two in zip(*MIXED, strict=True)]
    columns = [np.array([getattr(count, name) for count in counts]) for name in ("gold", "predicted", "found")]

    def f1(gold: Numbers, predicted: Numbers, found: Numbers, axis: int) -> Numbers:
        return np.asarray(2 * found.sum(axis) / (gold.sum(axis) + predicted.sum(axis)))

    expected = bootstrap(
        columns, f1, paired=True, n_resamples=500, method="percentile", rng=np.random.default_rng(3)
    ).confidence_interval
    found = scores.micro["partial"].f1
    assert found.low is not None
    assert found.high is not None
    assert [found.low, found.high] == pytest.approx([expected.low, expected.high])
    assert found.low < found.value < found.high


def test_intervals_follow_the_seed() -> None:
    once, again = score_documents(*MIXED, resamples=200, seed=1), score_documents(*MIXED, resamples=200, seed=1)
    assert once == again
    assert once.bootstrap is not None
    assert (once.bootstrap.seed, once.bootstrap.resamples, once.bootstrap.confidence) == (1, 200, 0.95)
    assert once.micro != score_documents(*MIXED, resamples=200, seed=2).micro


def test_one_document_has_no_interval_and_a_sentence() -> None:
    scores = score_documents([document("a", GROUP)], [document("a", GROUP)])
    assert scores.micro["strict"].f1.low is None
    assert scores.notes == ("No intervals: they come from resampling documents, and there is 1.",)


def test_scores_that_do_not_vary_have_no_interval_and_a_sentence() -> None:
    gold = [document(str(number), GROUP) for number in range(3)]
    scores = score_documents(gold, gold)
    assert scores.micro["strict"].f1.low is None
    assert scores.notes == (
        "No interval for any measure of all labels: the resamples all give the same value.",
        "No interval for any measure of ARMED_GROUP: the resamples all give the same value.",
    )


def test_a_label_of_one_document_has_no_interval_and_a_sentence() -> None:
    gold = [document("a", GROUP, PLACE), document("b", GROUP), document("c", GROUP)]
    predicted = [document("a", GROUP, PLACE), document("b"), document("c", GROUP)]
    scores = score_documents(gold, predicted)
    assert scores.labels["PLACE"]["strict"].f1.low is None
    assert scores.labels["ARMED_GROUP"]["strict"].recall.low is not None
    assert "No intervals for PLACE: one document alone holds such spans." in scores.notes


def test_the_table_shows_each_label_and_the_interval() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(render(score_documents(*MIXED, LABELS, resamples=200)))
    shown = capture.get()
    assert all(label in shown for label in (*LABELS, "all labels"))
    assert "[95% interval]: percentile bootstrap over documents, 200 resamples, seed 0" in shown


def test_the_command_scores_a_predictions_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, predicted, result = tmp_path / "gold.jsonl", tmp_path / "predicted.jsonl", tmp_path / "scores.json"
    write_documents(gold, MIXED[0])
    write_documents(predicted, MIXED[1])
    arguments = ["score", str(gold), "--predictions", str(predicted), "--resamples", "50"]
    assert exit_code(*arguments, "--json", str(result)) == 0
    assert Scores.model_validate_json(result.read_bytes()) == score_documents(*MIXED, resamples=50)
    assert "12 document(s)" in capsys.readouterr().out
    assert exit_code(*arguments, "--json", "-") == 0
    assert capsys.readouterr().out == result.read_text(encoding="utf-8")


def test_a_model_is_scored_on_a_split_of_a_corpus(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["score", str(trained.corpus), "--model", str(trained.model), "--json", "-"]
    assert exit_code(*arguments) == 0
    of_run = json.loads((trained.run / "scores.json").read_text(encoding="utf-8"))["test"]
    assert json.loads(capsys.readouterr().out) == of_run
    assert exit_code(*arguments, "--split", "train") == 0
    assert Scores.model_validate_json(capsys.readouterr().out).documents == 3
    assert exit_code(*arguments, "--split", "tests") == EXIT_CODE
    assert "no split 'tests'; did you mean 'test'?" in capsys.readouterr().err


def test_gold_spans_that_a_model_can_never_find_are_counted(trained: Trained) -> None:
    tagger = Tagger.load(trained.model)
    lost, unknown = (0, 3, "PLACE"), (14, 16, "WEAPON")
    notes = lost_notes(tagger, [document("a", lost, unknown, PLACE)])
    assert len(notes) == 2
    assert notes[0] == "The model knows no label WEAPON, which 1 gold span(s) carry; they count as missed."
    assert notes[1].startswith("1 gold span(s) cannot be found by this model's tokens and count as missed: 'Reb' in a:")


def exit_code(*arguments: str) -> int:
    """Run `python -m train` in this process."""
    with pytest.raises(SystemExit) as caught:
        run(app, "train", arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give either --model"),
        (["--model", "m", "--predictions", "p"], "Give either --model"),
        (["--predictions", "nowhere.jsonl", "--split", "test"], "--split test needs a corpus folder"),
        (["--predictions", "nowhere.jsonl"], "There is no file 'nowhere.jsonl'"),
        (["--model", "./nowhere"], "There is no folder './nowhere'"),
    ],
)
def test_a_wrong_call_is_told_without_a_traceback(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = tmp_path / "gold.jsonl"
    write_documents(gold, [document("a", GROUP)])
    assert exit_code("score", str(gold), *arguments) == EXIT_CODE
    assert message in capsys.readouterr().err

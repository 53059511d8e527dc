"""From which score on a span counts: chosen on the validation split, kept in the checkpoint, applied by the tagger."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from conflict_ner import load
from conflict_ner.checkpoint import INFO_FILE
from conflict_ner.documents import Span
from tests.conftest import Trained
from train.least_score import FEWEST, MOST, best_least_score, chosen

Pair = tuple[list[Span], list[Span]]


def pairs(right: float, wrong: float, count: int = FEWEST) -> list[Pair]:
    """Return documents of one gold span each, read right with one score, and a second span with another."""
    gold = Span(start=0, end=2, label="PLACE")
    extra = Span(start=4, end=6, label="PLACE", score=wrong)
    return [([gold], [gold.model_copy(update={"score": right}), extra]) for _ in range(count)]


def test_spans_that_are_mostly_wrong_are_left_out() -> None:
    least, counts = best_least_score(pairs(right=0.9, wrong=0.52))
    assert 0.52 < least <= 0.9
    assert least == 0.55
    assert counts.f1 == 1.0


def test_where_no_score_helps_all_are_kept() -> None:
    least, counts = best_least_score(pairs(right=0.4, wrong=0.9))
    assert least == 0.0
    assert counts.f1 == pytest.approx(2 / 3)


def test_a_wish_for_few_sure_spans_is_no_least_score() -> None:
    least, _ = best_least_score(pairs(right=0.99, wrong=0.95))
    assert least <= MOST


def test_few_spans_choose_nothing_and_a_given_score_is_taken() -> None:
    assert best_least_score(pairs(0.9, 0.52, count=FEWEST - 1))[0] == 0.0
    least, counts = best_least_score(pairs(0.9, 0.52, count=3), given=0.7)
    assert (least, counts.f1) == (0.7, 1.0)
    assert best_least_score([])[0] == 0.0


def test_the_best_epochs_is_taken() -> None:
    history = [
        {"loss": 1.0},
        {"eval_strict_f1": 0.5, "eval_least_score": 0.1},
        {"eval_strict_f1": 0.7, "eval_least_score": 0.6},
        {"eval_strict_f1": 0.6, "eval_least_score": 0.2},
    ]
    assert chosen(history) == 0.6
    assert chosen([{"loss": 1.0}]) == 0.0


def test_the_tagger_keeps_to_it(trained: Trained, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(trained.model, folder)
    info = json.loads((folder / INFO_FILE).read_text())
    text = Path("seeds/articles").glob("*.txt").__next__().read_text(encoding="utf-8")

    def read(least: float) -> list[Span]:
        (folder / INFO_FILE).write_text(json.dumps({**info, "least_score": least}), encoding="utf-8")
        return list(load(folder)(text).spans)

    every = read(0.0)
    assert len(every) > 1
    middle = sorted(span.score or 0.0 for span in every)[len(every) // 2]
    assert read(middle) == [span for span in every if (span.score or 0.0) >= middle]
    assert 0 < len(read(middle)) < len(every) or len({span.score for span in every}) == 1

"""Comparing runs: known differences, swapped and resampled, and the command on real run folders."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from conflict_ner.documents import Document, Span, write_documents
from conflict_ner.errors import DataError
from tests.conftest import Trained
from train.__main__ import app
from train.compare import Reading, compare

TEXT = "abcdefghijklmnopqrstuvwxyz"


def document(number: int, places: list[int], label: str = "PLACE") -> Document:
    spans = tuple(Span(start=place, end=place + 1, label=label) for place in places)
    return Document(id=f"d{number}", text=TEXT, spans=spans)


def gold(count: int) -> list[Document]:
    return [document(number, [0, 2, 4]) for number in range(count)]


def reading(name: str, found: list[list[int]]) -> Reading:
    return Reading(name, [document(number, places) for number, places in enumerate(found)])


def test_a_run_that_is_better_everywhere_is_said_to_be() -> None:
    result = compare(gold(30), reading("A", [[0]] * 30), reading("B", [[0, 2, 4]] * 30), rounds=999)
    whole = result.differences[-1]
    assert (whole.before, whole.after) == (pytest.approx(0.5), pytest.approx(1.0))
    assert whole.p == pytest.approx(1 / 1000)
    assert (whole.low, whole.high) == (pytest.approx(0.5), pytest.approx(0.5))
    assert result.sentence == "B is better than A by 50.0 points [50.0, 50.0], p = 0.001, on 30 document(s)."


def test_a_difference_of_one_document_is_not_told() -> None:
    right = [[0, 2, 4]] * 30
    result = compare(gold(30), reading("A", right), reading("B", [[0, 2], *right[1:]]), rounds=999)
    assert result.differences[-1].p == pytest.approx(1.0)
    assert result.sentence.startswith("No difference can be told: B is 0.6 points below A [")


def test_the_p_value_is_that_of_all_swaps() -> None:
    found = {"A": [[0], [0, 2], [0, 2, 4], []], "B": [[0, 2], [0, 2, 4], [0, 2], [0]]}
    result = compare(gold(4), reading("A", found["A"]), reading("B", found["B"]), rounds=20_000)

    def f1(right: int, predicted: int) -> float:
        return 2 * right / (predicted + 12)

    counts = [(len(one), len(two)) for one, two in zip(found["A"], found["B"], strict=True)]
    observed = abs(f1(*[sum(two for _, two in counts)] * 2) - f1(*[sum(one for one, _ in counts)] * 2))
    reached = 0
    for swaps in range(16):
        pairs = [pair[::-1] if swaps >> number & 1 else pair for number, pair in enumerate(counts)]
        one, two = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        reached += abs(f1(two, two) - f1(one, one)) >= observed - 1e-12
    assert result.differences[-1].p == pytest.approx(reached / 16, abs=0.02)


counted = st.lists(st.sets(st.sampled_from([0, 2, 4, 6, 8])), min_size=2, max_size=6)


@given(counted, st.data())
def test_the_other_way_round_it_is_the_same_with_the_sign_changed(first: list[set[int]], data: st.DataObject) -> None:
    other = [data.draw(st.sets(st.sampled_from([0, 2, 4, 6, 8]))) for _ in first]
    one, two = (reading(name, [sorted(places) for places in side]) for name, side in (("A", first), ("B", other)))
    there = compare(gold(len(first)), one, two, rounds=100).differences
    back = compare(gold(len(first)), two, one, rounds=100).differences
    for forth, reverse in zip(there, back, strict=True):
        assert forth.points == pytest.approx(-reverse.points)
        assert forth.p == reverse.p
        if forth.low is not None and reverse.high is not None:
            assert forth.low == pytest.approx(-reverse.high)
        assert forth.p is None or 0 < forth.p <= 1
        assert not math.isnan(forth.points)


def test_the_same_reading_has_no_p_value() -> None:
    result = compare(gold(3), reading("A", [[0]] * 3), reading("B", [[0]] * 3), rounds=100)
    assert result.differences[-1].p is None
    assert "both read every document alike" in result.sentence
    assert "0.0 points from A" in result.sentence


def test_labels_are_told_apart() -> None:
    right = [Document(id="d0", text=TEXT, spans=(*document(0, [0]).spans, *document(0, [2], "DATE").spans))]
    result = compare(right, Reading("A", right), reading("B", [[0]]), ["DATE", "PLACE", "ARMED_GROUP"], rounds=100)
    points = {row.label: row.points for row in result.differences}
    assert points["DATE"] == pytest.approx(-100)
    assert points["PLACE"] == points["ARMED_GROUP"] == 0
    assert np.isfinite(list(points.values())).all()


def test_the_command_compares_runs_and_files(trained: Trained, tmp_path: Path) -> None:
    run = trained.run
    better = tmp_path / "gold.jsonl"
    from train.corpus import read_corpus

    write_documents(better, read_corpus(trained.corpus)["test"])
    out = tmp_path / "comparison.json"
    done = CliRunner().invoke(app, ["compare", str(run), str(better), str(run), "--rounds", "200", "--json", str(out)])
    assert done.exit_code == 0, done.output
    held = json.loads(out.read_text())["comparisons"]
    assert [one["other"] for one in held] == ["gold", "run (3)"]
    assert held[0]["differences"][-1]["after"] == 1.0
    assert "document(s) are few" in done.output


def test_what_cannot_be_compared_is_refused_with_the_remedy(trained: Trained, tmp_path: Path) -> None:
    def told(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["compare", *arguments])
        assert isinstance(done.exception, DataError), done.output
        return str(done.exception)

    assert "name two or more" in told(str(trained.run))
    assert "holds no predictions of the tset split; did you mean 'test'?" in told(
        str(trained.run), str(trained.run), "--split", "tset"
    )
    (tmp_path / "empty").mkdir()
    assert "train it first" in told(str(tmp_path / "empty"), str(trained.run))
    other = tmp_path / "other.jsonl"
    write_documents(other, [document(1, [0])])
    assert "give --gold" in told(str(other), str(trained.run))
    assert "is predicted but not in gold" in told(str(trained.run), str(other))

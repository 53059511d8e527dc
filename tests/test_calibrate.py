"""Calibration: learned from spans of known worth, applied by the tagger, refused where it cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from conflict_ner import load
from conflict_ner.calibration import CALIBRATION_FILE, Calibration, Curve, key, read_calibration
from conflict_ner.documents import Span
from conflict_ner.errors import CheckpointError, ConfigError, DataError
from tests.conftest import Trained
from train.__main__ import app
from train.calibrate import calibrate
from train.reliability import Judged, reliability

ARTICLE = Path("seeds/articles").glob("*.txt")


def spans_worth(shares: dict[float, float], label: str = "PLACE", each: int = 400) -> list[Judged]:
    """Return spans with each of the scores, of which a share is right, spread over many documents."""
    generator = np.random.default_rng(0)
    return [
        Judged(document=f"d{number % 40}", label=label, score=score, right=bool(generator.random() < share))
        for score, share in shares.items()
        for number in range(each)
    ]


def test_a_model_that_is_too_sure_is_taken_back() -> None:
    found = calibrate(spans_worth({0.7: 0.4, 0.8: 0.5, 0.9: 0.6, 0.99: 0.9}), "made up")
    assert found.calibration.method != "none"
    assert found.calibration.ece_before > 0.2
    assert found.calibration.ece_after < 0.05
    for score, share in {0.7: 0.4, 0.99: 0.9}.items():
        assert found.calibration.curves["PLACE"].at(score) == pytest.approx(share, abs=0.1)


def test_a_model_that_means_what_it_says_is_left_almost_alone() -> None:
    found = calibrate(spans_worth({0.3: 0.3, 0.6: 0.6, 0.9: 0.9}), "made up")
    assert found.calibration.ece_after < 0.05
    for score in (0.3, 0.6, 0.9):
        assert found.calibration.curves["PLACE"].at(score) == pytest.approx(score, abs=0.07)


def test_a_threshold_reaches_its_precision_and_labels_that_never_do_have_none() -> None:
    judged = spans_worth({0.5: 0.5, 0.7: 0.6, 0.95: 0.97}) + spans_worth({0.5: 0.2, 0.9: 0.3}, "DATE")
    found = calibrate(judged, "made up", [0.9])
    assert set(found.calibration.thresholds["0.9"]) == {"PLACE"}
    least = found.calibration.thresholds["0.9"]["PLACE"]
    kept = [one for one in judged if one.label == "PLACE"
            and found.calibration.curves["PLACE"].at(one.score) >= least]  # fmt: skip
    assert np.mean([one.right for one in kept]) >= 0.88
    assert {one.score for one in kept} == {0.95}
    assert 0.3 < found.kept["0.9"]["PLACE"] < 0.6
    assert found.calibration.threshold(0.9, ["PLACE", "DATE"])["DATE"] > 1


def test_labels_with_few_spans_share_a_curve() -> None:
    judged = spans_worth({0.6: 0.3, 0.9: 0.6}) + spans_worth({0.9: 0.6}, "DATE", each=5)
    found = calibrate(judged, "made up")
    assert set(found.calibration.curves) == {"PLACE", "DATE"}


@pytest.mark.parametrize(
    "judged",
    [
        [],
        spans_worth({0.9: 0.5}, each=40),
        [one.model_copy(update={"document": "d"}) for one in spans_worth({0.9: 0.5})],
    ],
    ids=["none", "few", "one document"],
)
def test_too_few_spans_are_refused(judged: list[Judged]) -> None:
    with pytest.raises(DataError, match="too few to calibrate on"):
        calibrate(judged, "made up")


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.integers(1, 12))
def test_bins_hold_every_span_once(judged: list[tuple[float, bool]], bins: int) -> None:
    scores, right = [one for one, _ in judged], [two for _, two in judged]
    found = reliability(scores, right, bins)
    assert found.spans == len(judged)
    assert len(found.bins) == min(bins, len(judged))
    assert 0 <= found.ece <= 1
    assert [one.score for one in found.bins] == sorted(one.score for one in found.bins)
    assert sum(one.right * one.spans for one in found.bins) == pytest.approx(sum(right))


@given(st.floats(0, 1), st.lists(st.floats(0, 1), min_size=2, max_size=6, unique=True))
def test_a_curve_never_falls(place: float, shares: list[float]) -> None:
    places = np.linspace(0, 1, len(shares)).tolist()
    curve = Curve(confidence=tuple(places), share=tuple(sorted(shares)))
    assert curve.at(0) <= curve.at(place) <= curve.at(1)


@pytest.mark.parametrize("precision", [0.9, 0.95, 0.8, 1.0, 0.875])
def test_a_precision_is_named_as_it_is_written(precision: float) -> None:
    assert float(key(precision)) == precision


def calibrated(trained: Trained, folder: Path) -> Path:
    """Return a copy of the trained model that halves its scores and keeps spans from 0.25 on for a precision of 0.9."""
    shutil.copytree(trained.model, folder)
    half = Curve(confidence=(0.0, 1.0), share=(0.0, 0.5))
    labels = ("ARMED_GROUP", "PLACE", "CASUALTY_COUNT", "DATE")
    calibration = Calibration(
        method="made up", source="a test", spans=0, ece_before=0, ece_after=0,
        curves=dict.fromkeys(labels, half), thresholds={"0.9": dict.fromkeys(labels[1:], 0.25)},
    )  # fmt: skip
    (folder / CALIBRATION_FILE).write_text(calibration.model_dump_json(), encoding="utf-8")
    return folder


def test_the_extractor_gives_calibrated_scores_and_keeps_to_a_wanted_precision(
    trained: Trained, tmp_path: Path
) -> None:
    text = next(ARTICLE).read_text(encoding="utf-8")
    plain = load(trained.model)(text).spans
    assert plain
    folder = calibrated(trained, tmp_path / "model")
    scored = load(folder)(text).spans
    assert [(one.key, one.score) for one in scored] == [(one.key, pytest.approx((one.score or 0) / 2)) for one in plain]
    sure = load(folder, precision=0.9)(text).spans
    wanted = [one.key for one in scored if one.label != "ARMED_GROUP" and (one.score or 0) >= 0.25]
    assert [one.key for one in sure] == wanted


def test_a_precision_that_was_not_made_is_refused_with_the_remedy(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="train calibrate RUN --model MODEL`, or ask for no precision"):
        load(trained.model, precision=0.9)
    with pytest.raises(ConfigError, match=r"it has them for 0\.9"):
        load(calibrated(trained, tmp_path / "model"), precision=0.8)


def test_a_damaged_file_is_told(trained: Trained, tmp_path: Path) -> None:
    folder = calibrated(trained, tmp_path / "model")
    held = json.loads((folder / CALIBRATION_FILE).read_text())
    held["curves"]["PLACE"]["share"] = [0.5, 0.1]
    (folder / CALIBRATION_FILE).write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(CheckpointError, match="shares never fall"):
        load(folder)


def test_a_span_without_score_or_curve_stays_as_it_is() -> None:
    calibration = Calibration(method="", source="", spans=0, ece_before=0, ece_after=0, curves={})
    for span in (Span(start=0, end=1, label="PLACE", score=0.5), Span(start=0, end=1, label="PLACE")):
        assert calibration.score(span) == span


def test_the_command_writes_what_the_extractor_reads(trained: Trained, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(trained.model, folder)
    # A model trained for a minute finds enough in the articles that it was trained on.
    from conflict_ner.documents import write_documents
    from train.corpus import read_corpus

    documents = [document for split in read_corpus(trained.corpus).values() for document in split]
    gold = tmp_path / "gold.jsonl"
    write_documents(gold, documents)
    run = tmp_path / "run"
    (run / "predictions").mkdir(parents=True)
    write_documents(run / "predictions" / "all.jsonl", load(folder).extract(documents))
    arguments = ["calibrate", str(run), "--split", "all", "--gold", str(gold), "--precision", "0.6"]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert "nothing was written" in told.output
    done = CliRunner().invoke(app, [*arguments, "--model", str(folder)])
    assert done.exit_code == 0, done.output
    assert "Expected calibration error" in done.output
    calibration = read_calibration(folder)
    assert calibration is not None
    assert set(calibration.thresholds) == {"0.6"}
    load(folder, precision=0.6)("Rebels near Idlib.")
    missing = CliRunner().invoke(app, ["calibrate", str(run)])
    assert isinstance(missing.exception, DataError)
    assert "no predictions of the out-of-fold split" in str(missing.exception)

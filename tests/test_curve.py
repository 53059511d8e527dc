"""The learning curve: nested parts, the law through the scores, and the command."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from conflict_ner.config import read_config
from conflict_ner.documents import Document, Meta, Span, write_documents
from conflict_ner.errors import ConfigError
from tests import small_models
from tests.conftest import Trained
from train.__main__ import app
from train.curve.config import CurveConfig
from train.curve.law import fit, gain, sentence
from train.curve.parts import part
from train.curve.results import CurveResult
from train.splits import group_of

SIZES = (25, 50, 100, 200, 400, 900)


def documents(groups: list[int]) -> list[Document]:
    return [
        Document(id=f"d{number}", text=f"text {number}", meta=Meta(group=f"event {group}"))
        for number, group in enumerate(groups)
    ]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=40), st.data(), st.integers(0, 5))
def test_parts_are_nested_and_part_no_event(groups: list[int], data: st.DataObject, seed: int) -> None:
    pool = documents(groups)
    small, large = sorted(data.draw(st.tuples(*[st.integers(1, len(pool))] * 2)))
    lesser, greater = (part(pool, size, seed) for size in (small, large))
    assert {one.id for one in lesser} <= {one.id for one in greater}
    assert greater == [one for one in pool if one in greater], "the order is that of the split"
    assert not {group_of(one) for one in greater} & {group_of(one) for one in pool if one not in greater}
    assert len(greater) >= large
    largest_group = max(groups.count(group) for group in groups)
    assert len(greater) < large + largest_group
    assert part(list(reversed(pool)), large, seed) == list(reversed(greater)), "the order of the files does not matter"
    assert part(pool, len(pool), seed) == pool


def test_another_seed_takes_other_documents() -> None:
    pool = documents(list(range(100)))
    assert len({tuple(one.id for one in part(pool, 10, seed)) for seed in range(5)}) == 5


@given(st.floats(0.5, 3), st.floats(0.2, 0.9), st.floats(0, 0.15))
def test_the_law_is_found_again(a: float, b: float, c: float) -> None:
    def error(size: float) -> float:
        return float(min(a * size**-b + c, 1.0))

    sizes = [size for size in SIZES if error(size) < 1]
    if len(sizes) < 4:
        return
    law = fit([(size, 1 - error(size)) for size in sizes for _ in range(2)])
    for size in (*sizes, 1000):
        assert law.error(size) == pytest.approx(error(size), rel=0.02)
    assert law.error(900) - law.error(1000) == pytest.approx(error(900) - error(1000), rel=0.2, abs=5e-4)


def test_the_range_of_a_gain_holds_the_true_one() -> None:
    generator = np.random.default_rng(0)
    right = 0
    for _ in range(10):
        points = [(n, 1 - 1.5 * n**-0.4 * math.exp(generator.normal(0, 0.04))) for n in SIZES for _ in range(3)]
        found = gain(points, 900, 100)
        assert found.gain is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.gain <= found.high
        right += found.low <= 1.5 * (900**-0.4 - 1000**-0.4) <= found.high
    assert right >= 7


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ([(25, 0.4), (25, 0.5), (50, 0.6)], "a law needs 3 sizes, and there are 2"),
        ([(size, 0.0) for size in SIZES], "no run found anything"),
        ([(size, 1 - size**-0.3) for size in SIZES], "nobody knows what is luck"),
        ([(size, 0.7 + (0.1 if seed else -0.1)) for size in SIZES for seed in (0, 1)], "no gain at all"),
        (
            [(n, (0.55 if n == 900 else 1 - n**-0.3) + s) for n in SIZES for s in (0, 0.005)],
            "follow no power law here: the largest size lies",
        ),
    ],
    ids=["sizes", "nothing", "one seed", "flat", "broken"],
)
def test_what_cannot_be_told_is_said(points: list[tuple[float, float]], told: str) -> None:
    found = gain(points, 900, 100)
    words = sentence(found, "test")
    assert "cannot be told" in words
    assert told in words


def test_the_sentence_of_a_gain() -> None:
    points = [(n, 1 - 1.5 * n**-0.4 + s) for n in (25, 50, 100, 200) for s in (-0.002, 0.002)]
    words = sentence(gain(points, 200, 100), "test")
    assert words.startswith("100 more documents than 200 would bring about 2.")
    assert "strict F1 on test" in words


@given(st.integers(1, 2000), st.integers(0, 400), st.integers(1, 8), st.integers(1, 16), st.integers(1, 3))
def test_small_parts_are_gone_through_more_often(
    windows: int, least: int, epochs: int, batch: int, together: int
) -> None:
    trainer: dict[str, Any] = {
        "num_train_epochs": epochs,
        "per_device_train_batch_size": batch,
        "gradient_accumulation_steps": together,
    }
    config = CurveConfig(name="c", corpus=Path("corpus"), least_steps=least, trainer=trainer)
    steps, times = config.steps(windows), config.times(windows)
    assert steps * epochs * times >= least
    assert times == 1 or steps * epochs * (times - 1) < least
    own = config.of_run(25, 7, windows).trainer
    assert own["num_train_epochs"] == epochs * times
    assert own.get("eval_steps", steps) * epochs == steps * own["num_train_epochs"], "scored as often, and at the end"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve reports of one line, two of them held out for each of validation and test."""
    folder = tmp_path_factory.mktemp("reports")
    reports = [
        Document(
            id=f"report-{number}",
            text=f"Fighters of {group} entered {place}.",
            spans=(
                Span(start=12, end=12 + len(group), label="ARMED_GROUP"),
                Span(start=21 + len(group), end=21 + len(group) + len(place), label="PLACE"),
            ),
        )
        for number, (group, place) in enumerate(
            (group, place)
            for group in ("Ahrar al-Sham", "the SDF", "Hezbollah")
            for place in ("Idlib", "Homs", "Aleppo", "Hama")
        )
    ]
    write_documents(folder / "documents.jsonl", reports)
    config = {
        "title": "Reports",
        "labels": str(Path("configs/labels.yaml").resolve()),
        "sources": {"reports": str(folder / "documents.jsonl")},
        "test": {"ids": ["report-0", "report-5"]},
        "validation": {"ids": ["report-1", "report-6"]},
        "output": str(folder / "corpus"),
    }
    (folder / "corpus.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    built = CliRunner().invoke(app, ["corpus", str(folder / "corpus.yaml")])
    assert built.exit_code == 0, built.output
    return folder / "corpus"


def write_curve(folder: Path, trained: Trained, corpus: Path, **changes: object) -> Path:
    path = small_models.write_config(folder / "curve.yaml", trained.encoder, corpus)
    settings = yaml.safe_load(path.read_text())
    for key in ("output", "seed"):
        settings.pop(key)
    settings |= {"sizes": [2, 4, "all"], "seeds": [3], "least_steps": 4} | changes
    settings["trainer"] |= {"num_train_epochs": 2}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def test_the_command_trains_what_is_not_there_yet(trained: Trained, corpus: Path, tmp_path: Path) -> None:
    config = write_curve(tmp_path, trained, corpus)
    first = CliRunner().invoke(app, ["curve", str(config)])
    assert first.exit_code == 0, first.output
    assert "3 runs of 2 to 8 documents; 0 are finished" in first.output.replace("\n", " ")
    run = tmp_path / "run"
    result = CurveResult.model_validate_json((run / "curve.json").read_text())
    assert [(row.documents, row.runs) for row in result.rows] == [(2, 1), (4, 1), (8, 1)]
    assert set(result.points[0].f1) == {"validation", "test"}
    assert result.labels["test"] == ("all labels", "ARMED_GROUP", "PLACE")
    assert not list(run.glob("*/checkpoints"))
    assert not list(run.glob("*/model"))
    drawn = ET.parse(run / "curve.svg").getroot()
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}g"))) == 2 * 3

    stamps = {path: path.stat().st_mtime_ns for path in run.glob("*/scores.json")}
    (run / "4-documents-seed-3" / "finished").unlink()
    again = CliRunner().invoke(app, ["curve", str(config), "sizes=[2,4,8,99]", "seeds=[3]"])
    assert again.exit_code == 0, again.output
    assert "Left out: 99 document(s)" in again.output
    assert again.output.count("is finished, and was trained on the same") == 2
    changed = {path.parent.name for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp}
    assert changed == {"4-documents-seed-3"}


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["sizes=[99]"], "a curve needs two sizes"),
        (["sizes=[2,2]"], "stands there twice"),
        (["sizes=[0,2]"], "greater than or equal to 1"),
        (["trainer.eval_steps=3"], "give num_train_epochs and least_steps"),
        (["seeds=[]"], "at least 1 item"),
    ],
)
def test_a_curve_that_cannot_be_drawn(
    trained: Trained, corpus: Path, tmp_path: Path, overrides: list[str], told: str
) -> None:
    path = write_curve(tmp_path, trained, corpus)
    result = CliRunner().invoke(app, ["curve", str(path), *overrides])
    assert isinstance(result.exception, ConfigError), result.output
    assert told in str(result.exception)
    assert read_config(path, CurveConfig).sizes == (2, 4, "all")

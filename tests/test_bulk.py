"""Bulk extraction: what is written, what the command says, and Ray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.engines import LocalEngine, Task
from conflict_ner.bulk.output import Output
from conflict_ner.bulk.run import run_bulk
from conflict_ner.bulk.sources import open_source
from conflict_ner.errors import CheckpointError, DataError
from tests.bulk_runs import (
    IDS,
    ROWS,
    contents,
    read_ids,
    request,
    start,
    write_jsonl,
)


def test_formats_can_be_asked_for_later_without_reading_again(
    bulk_model: Path, tmp_path: Path, bulk_whole: dict[str, bytes]
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    run_bulk(request(source, tmp_path / "out", bulk_model))
    assert contents(tmp_path / "out").keys() == {"events.jsonl", "background.jsonl", "rejects.jsonl"}

    def nothing() -> Any:
        raise AssertionError("no model is opened")

    again = run_bulk(request(source, tmp_path / "out", bulk_model, formats=("acled", "geojson")), reader=nothing)
    assert again.was_finished
    assert again.tally.articles == 30
    assert (tmp_path / "out" / "events-acled.csv").read_bytes() == bulk_whole["events-acled.csv"]
    assert (tmp_path / "out" / "events.geojson").is_file()


def test_a_limit_reads_the_first_rows(bulk_model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    run_bulk(request(source, tmp_path / "out", bulk_model, limit=5, formats=("readings",)))
    assert read_ids(tmp_path / "out") == IDS[:5]


def test_what_is_not_ours_is_left_alone(bulk_model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine", encoding="utf-8")
    for fresh in (False, True):
        with pytest.raises(DataError, match="holds something else already"):
            run_bulk(request(source, tmp_path / "out", bulk_model, fresh=fresh))
    with pytest.raises(DataError, match="is the input itself"):
        run_bulk(request(source, source, bulk_model))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_two_processes_do_not_write_to_one_folder(bulk_model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    with Output(tmp_path / "out").held(), pytest.raises(DataError, match="Another process writes to"):
        run_bulk(request(source, tmp_path / "out", bulk_model))


def test_mistakes_are_told_together_before_anything_is_read(tmp_path: Path) -> None:
    asked = request(tmp_path / "none", tmp_path / "out", Path("x"), formats=("acledd",), engine="rai")
    with pytest.raises(DataError) as caught:
        run_bulk(asked)
    assert [problem.split(";")[-1].strip() for problem in caught.value.problems] == [
        "did you mean 'ray'?",
        "did you mean 'acled'?",
        f"There is no file or folder '{tmp_path / 'none'}'.",
    ]
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    with pytest.raises(CheckpointError):
        run_bulk(request(source, tmp_path / "out", Path("models/none")))
    assert not (tmp_path / "out").exists()


def test_the_command_prints_what_came_of_it_and_a_mistake_without_a_traceback(bulk_model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", [*ROWS[:3], {"id": "x"}])
    done = start(source, tmp_path / "out", "-m", bulk_model, "-f", "ged", "--country", "SY")
    wrong = start(source, tmp_path / "other", "-m", bulk_model, "--text-column", "txt", "--country", "Syria")
    out, trouble = done.communicate(timeout=120)
    assert done.returncode == 0, trouble
    assert out.startswith("3 articles read, ")
    assert str(tmp_path / "out" / "events-ged.csv") in out
    assert "Why rows were rejected stands in" in " ".join(trouble.split())
    out, trouble = wrong.communicate(timeout=120)
    assert wrong.returncode == 2
    assert "'Syria' is no ISO 3166 code" in " ".join(trouble.split())
    assert "Traceback" not in trouble


def test_a_run_with_two_local_workers_of_ray_gives_the_same_files(
    bulk_model: Path, tmp_path: Path, bulk_whole: dict[str, bytes]
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'conflict-ner[ray]'")
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    line = (source, tmp_path / "out", "-m", bulk_model, "-f", "readings", "-f", "acled", "--batch", "4")
    process = start(*line, "--engine", "ray", "--workers", "2")
    out, trouble = process.communicate(timeout=300)
    assert process.returncode == 0, out + trouble
    assert contents(tmp_path / "out") == bulk_whole


def test_the_engine_tells_how_far_it_is(bulk_model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    columns = open_source(source).columns(Columns())
    engine = LocalEngine(Task(path=source, columns=columns, model=str(bulk_model), batch=4))
    assert engine.started is None
    assert [len(batch) for batch in engine.batches()] == [4, 4, 4, 4, 4, 4, 4, 2]
    assert engine.fraction == 1.0
    assert engine.started is not None

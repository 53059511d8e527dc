"""Bulk extraction that is killed, stopped or refused, and goes on."""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.engines import Task
from conflict_ner.bulk.output import Output
from conflict_ner.bulk.run import run_bulk
from conflict_ner.bulk.sources import open_source
from conflict_ner.documents import Document
from conflict_ner.errors import DataError
from conflict_ner.reading import Reading
from conflict_ner.schema import LabelSchema
from tests.bulk_runs import (
    IDS,
    ROWS,
    articles,
    contents,
    read_ids,
    rejects,
    request,
    save_model,
    start,
    wait_for_parts,
    write_jsonl,
)


class Dying:
    """Reads as a model does, until its time has come."""

    def __init__(self, task: Task, batches: int) -> None:
        self.reader = task.reader()
        self.batches = batches

    def read_all(self, documents: Iterable[Document]) -> Iterator[Reading]:
        if self.batches == 0:
            raise MemoryError
        self.batches -= 1
        return self.reader.read_all(documents)


def cut_short(asked: Any, batches: int) -> None:
    """Run a request until so many batches were read."""
    columns = open_source(asked.source).columns(asked.columns)
    task = Task(path=asked.source, columns=columns, model=asked.model, batch=asked.batch)
    with pytest.raises(MemoryError):
        run_bulk(asked, reader=lambda: Dying(task, batches))


@pytest.mark.parametrize("batches", [0, 1, 3, 6])
def test_a_run_that_was_cut_short_goes_on_to_the_same_files(
    batches: int, bulk_model: Path, tmp_path: Path, bulk_whole: dict[str, bytes]
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    asked = request(source, tmp_path / "out", bulk_model, formats=("readings", "acled"))
    cut_short(asked, batches)
    done = Output(tmp_path / "out").finished_parts()
    assert [part.last_row for part in done] == [8 * (number + 1) for number in range(batches // 2)]
    # What a crash leaves: a journal line that was cut off, a part without one, files half-written.
    parts = tmp_path / "out" / "parts"
    with (parts / "journal.jsonl").open("a", encoding="utf-8") as journal:
        journal.write('{"number": 99, "last_row": 1000, "tal')
    (parts / "000099.events.jsonl").write_text("half", encoding="utf-8")
    (parts / "000099.events.jsonl.part").write_text("ha", encoding="utf-8")
    result = run_bulk(asked)
    assert result.rows == 30 - 8 * len(done)
    assert contents(tmp_path / "out") == bulk_whole


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"formats": ("readings",)}, "it was begun with readings False, and now has True"),
        ({"limit": 9}, "it was begun with limit None, and now has 9"),
        ({"precision": 0.9}, "it was begun with precision None, and now has 0.9"),
        ({"columns": Columns(text="text", id="published")}, "it was begun with columns"),
    ],
)
def test_another_request_over_an_unfinished_output_is_refused(
    changes: dict[str, Any], told: str, bulk_model: Path, tmp_path: Path
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    cut_short(request(source, tmp_path / "out", bulk_model), 3)
    with pytest.raises(DataError, match="--fresh") as caught:
        run_bulk(request(source, tmp_path / "out", bulk_model, **changes))
    assert told in str(caught.value)
    assert len(Output(tmp_path / "out").finished_parts()) == 1


def test_a_run_that_another_engine_began_is_refused(bulk_model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    cut_short(request(source, tmp_path / "out", bulk_model), 3)
    output = Output(tmp_path / "out")
    state = output.state()
    assert state is not None
    assert state.plan.runtime == "torch"
    output.begin(state.plan.model_copy(update={"runtime": "openvino bf16"}))
    with pytest.raises(DataError, match="it was begun with runtime openvino bf16, and now has torch"):
        run_bulk(request(source, tmp_path / "out", bulk_model))


def test_another_model_or_a_changed_input_is_refused_until_it_is_begun_anew(
    bulk_model: Path, tmp_path: Path, schema: LabelSchema
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    cut_short(request(source, tmp_path / "out", bulk_model, formats=("readings",)), 3)
    other = save_model(tmp_path / "other", schema, seed=1)
    write_jsonl(source, ROWS[1:])
    with pytest.raises(DataError) as caught:
        run_bulk(request(source, tmp_path / "out", other, formats=("readings",)))
    assert "begun with the same file before it was changed: 'articles.jsonl'" in caught.value.problems[0]
    assert f"begun with another model: {str(bulk_model)!r}" in caught.value.problems[1]
    run_bulk(request(source, tmp_path / "out", other, formats=("readings",), fresh=True))
    assert read_ids(tmp_path / "out") == IDS[1:]


def test_an_input_that_breaks_off_keeps_what_stood_before(bulk_model: Path, tmp_path: Path) -> None:
    rows = [{**row, "url": os.urandom(400).hex()} for row in articles(150)]
    source = tmp_path / "articles.jsonl.gz"
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    source.write_bytes(gzip.compress(lines.encode())[:-12_000])
    with pytest.raises(DataError, match="is damaged or cut off") as caught:
        run_bulk(request(source, tmp_path / "out", bulk_model, batch=1))
    done = Output(tmp_path / "out").finished_parts()[-1].last_row
    assert 100 < done < 150
    assert f"\n{done} rows were done before" in str(caught.value)


def test_a_full_disk_is_a_sentence_and_the_run_goes_on_when_there_is_room(
    bulk_model: Path, tmp_path: Path, bulk_whole: dict[str, bytes]
) -> None:
    resource = pytest.importorskip("resource")
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    asked = request(source, tmp_path / "out", bulk_model, formats=("readings", "acled"))
    largest = max(map(len, bulk_whole.values()))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest * 2 // 3, hard))
    try:
        with pytest.raises(DataError, match=r"The disk is full.*make room, and the same command goes on"):
            run_bulk(asked)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert run_bulk(asked).rows == 0, "only the joining was left"
    assert contents(tmp_path / "out") == bulk_whole


@pytest.mark.faults
def test_killed_twice_and_told_to_stop_no_row_is_lost_or_doubled(bulk_model: Path, tmp_path: Path) -> None:
    rows = articles(300)
    rows[90] = {"id": "bad", "text": None, "published": None}
    rows[250]["id"] = "a3"
    source = write_jsonl(tmp_path / "articles.jsonl", rows)
    line = (
        source,
        tmp_path / "out",
        "-m",
        bulk_model,
        "-f",
        "readings",
        "-f",
        "acled",
        "--batch",
        "4",
        "--save-every",
        "0",
    )
    for count in (10, 25):
        process = start(*line)
        wait_for_parts(process, tmp_path / "out", count)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    process = start(*line)
    wait_for_parts(process, tmp_path / "out", 40)
    process.send_signal(signal.SIGINT)
    out, trouble = process.communicate(timeout=120)
    assert process.returncode == 130, out + trouble
    assert "the same command goes on from there" in trouble
    assert "Traceback" not in trouble
    done = Output(tmp_path / "out").finished_parts()
    assert 160 <= done[-1].last_row < 300, "it was stopped half-way"
    result = run_bulk(request(source, tmp_path / "out", bulk_model, formats=("readings", "acled"), batch=32))
    assert result.rows == 300 - done[-1].last_row
    assert read_ids(tmp_path / "out") == [row["id"] for n, row in enumerate(rows) if n not in {90, 250}]
    assert [(reject["row"], reject["id"]) for reject in rejects(tmp_path / "out")] == [(91, "bad"), (251, "a3")]
    events = [json.loads(text) for text in (tmp_path / "out" / "events.jsonl").read_text().splitlines()]
    assert len({event["id"] for event in events}) == len(events) == result.tally.events

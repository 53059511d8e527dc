"""Bulk extraction: every kind of input, rows that are no articles, and runs that are killed, stopped or refused."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.engines import LocalEngine, Task, read_batch
from conflict_ner.bulk.items import Item, iter_items
from conflict_ner.bulk.output import Output, Tally
from conflict_ner.bulk.run import run_bulk
from conflict_ner.bulk.sources import open_source
from conflict_ner.documents import Document, Meta, document_line
from conflict_ner.errors import CheckpointError, DataError
from conflict_ner.reading import Reading
from conflict_ner.schema import LabelSchema
from tests.bulk_runs import (
    articles,
    contents,
    read_ids,
    rejects,
    request,
    save_model,
    start,
    write_csv,
    write_jsonl,
)

ROWS = articles(30)
IDS = [row["id"] for row in ROWS]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, schema: LabelSchema) -> Path:
    """A small model."""
    return save_model(tmp_path_factory.mktemp("bulk") / "model", schema)


@pytest.fixture(scope="session")
def whole(model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What thirty articles come to in one run."""
    folder = tmp_path_factory.mktemp("whole")
    source = write_jsonl(folder / "articles.jsonl", ROWS)
    result = run_bulk(request(source, folder / "out", model, formats=("readings", "acled")))
    assert (result.tally.articles, result.tally.rejected) == (30, 0)
    assert result.tally.events > 10, "the small model finds something"
    assert read_ids(folder / "out") == IDS
    assert {path.name for path in result.files} == contents(folder / "out").keys()
    return contents(folder / "out")


# --- inputs -----------------------------------------------------------------------------------------------------------


def as_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def packed(path: Path, how: str) -> Path:
    """Pack a file as gzip or zstd."""
    target = path.with_name(path.name + how)
    if how == ".gz":
        target.write_bytes(gzip.compress(path.read_bytes()))
    else:
        pyarrow = pytest.importorskip("pyarrow")
        with pyarrow.CompressedOutputStream(str(target), "zstd") as file:
            file.write(path.read_bytes())
    return target


@pytest.mark.parametrize("how", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", ["jsonl", "csv", "tsv", "parquet"])
def test_every_kind_of_file_gives_the_same_articles(kind: str, how: str, tmp_path: Path) -> None:
    path = tmp_path / f"articles.{kind}"
    if kind == "jsonl":
        write_jsonl(path, ROWS)
    elif kind == "parquet":
        as_parquet(path, ROWS)
    else:
        write_csv(path, ROWS, "\t" if kind == "tsv" else ",")
    source = open_source(packed(path, how) if how else path)
    columns = source.columns(Columns())
    assert columns == Columns(text="text", id="id", published="published")
    documents = [item.document for item in iter_items(source, columns)]
    assert [document.text for document in documents if document] == [row["text"] for row in ROWS]
    assert [str(document.meta.published) for document in documents if document] == [
        str(row["published"]) for row in ROWS
    ]
    assert source.fraction == 1.0


def test_a_folder_of_texts_is_read_by_the_alphabet_packed_ones_too(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "c.txt").write_text("Third.", encoding="utf-8")
    (tmp_path / "b" / "x.txt").write_text("First.\r\nLine.", encoding="utf-8")
    (tmp_path / "b" / "y.txt.gz").write_bytes(gzip.compress(b"Second."))
    (tmp_path / "broken.txt").write_bytes(b"caf\xe9")
    (tmp_path / "torn.txt.gz").write_bytes(gzip.compress(b"Torn.")[:-4])
    (tmp_path / "notes.md").write_text("no article", encoding="utf-8")
    source = open_source(tmp_path)
    items = list(iter_items(source, source.columns(Columns())))
    assert [(item.id, item.document.text) for item in items if item.document] == [
        ("b/x", "First.\nLine."),
        ("b/y", "Second."),
        ("c", "Third."),
    ]
    broken, torn = (item.reason for item in items if item.reason)
    assert broken == "broken.txt is not UTF-8 at byte 3"
    assert "torn.txt.gz is damaged or cut off" in str(torn)


def test_a_documents_jsonl_keeps_its_meta(tmp_path: Path) -> None:
    meta = Meta(title="A title", source="Wire", group="g", inferred=("source",))
    path = tmp_path / "documents.jsonl"
    path.write_text(document_line(Document(id="a", text="Rebels took Idlib.", meta=meta)), encoding="utf-8")
    source = open_source(path)
    (item,) = iter_items(source, source.columns(Columns()))
    assert item.document == Document(id="a", text="Rebels took Idlib.", meta=meta)


def test_a_table_of_semicolons_and_of_columns_with_other_names(tmp_path: Path) -> None:
    rows = [{"Body": "One; or two.\n\nThree.", "When": "2016-05-06T23:30:00+05:00", "Paper": "Wire"}]
    source = open_source(write_csv(tmp_path / "a.csv", rows, ";"))
    columns = source.columns(Columns(text="Body", published="When", source="Paper"))
    (item,) = iter_items(source, columns)
    assert item.document is not None
    assert (item.id, item.document.text) == ("a-1", "One; or two.\n\nThree.")
    assert (str(item.document.meta.published), item.document.meta.source) == ("2016-05-06", "Wire")


def test_an_article_longer_than_a_usual_cell_is_read_whole(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "word " * 60_000}]
    source = open_source(write_csv(tmp_path / "a.csv", rows))
    (item,) = iter_items(source, source.columns(Columns()))
    assert item.document is not None
    assert len(item.document.text) == 300_000


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (Columns(text="boddy"), "--text-column: there is no column 'boddy'; did you mean 'body'?"),
        (Columns(), "--text-column must name the articles': there is no 'text'; allowed are body, date, key"),
        (Columns(text="body", id="keys", published="when"), "--published-column: there is no column 'when'"),
    ],
)
def test_an_unknown_column_names_the_nearest_before_a_model_is_looked_for(
    columns: Columns, told: str, tmp_path: Path
) -> None:
    row = {"body": "Rebels took Idlib.", "key": "a", "date": "2016-05-06"}
    for source in (write_jsonl(tmp_path / "a.jsonl", [row]), write_csv(tmp_path / "a.csv", [row])):
        with pytest.raises(DataError) as caught:
            run_bulk(request(source, tmp_path / "out", Path("models/none"), columns=columns))
        assert told in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.jsonl", None, "There is no file or folder"),
        ("a.json", b"[]", "jq -c"),
        ("a.docx", b"", "of no kind that is known"),
        ("a.jsonl", b"", "begins with no JSON object"),
        ("a.csv", b"", "has no header"),
        ("a.csv", "id,text\n".encode("utf-16"), "iconv"),
        ("a.parquet", b"PAR1", "cannot be read as Parquet"),
        ("a.jsonl.gz", b"no gzip", "is damaged or cut off"),
        ("folder", "folder", "holds no *.txt file"),
    ],
)
def test_an_input_that_cannot_be_read_is_told(
    name: str, content: bytes | str | None, told: str, tmp_path: Path
) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        (tmp_path / name).mkdir()
    with pytest.raises(DataError) as caught:
        run_bulk(request(tmp_path / name, tmp_path / "out", Path("models/none")))
    assert told in str(caught.value)
    assert not (tmp_path / "out").exists()


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_bad_row_is_rejected_with_its_number_and_reason_and_the_others_are_read(model: Path, tmp_path: Path) -> None:
    lines = [
        '{"id": "a", "text": "Rebels took Idlib.", "published": "2016-05-06"}',
        '{"id": "b"}',
        '{"id": "c", "text": 7}',
        '{"id": "d", "text": " \\n "}',
        '{"id": "e", "text": "x", "published": "30/11/2024"}',
        '{"id": "f", "text": "x", "published": 1733000000}',
        '{"id": "a", "text": "Again."}',
        '{"id": null, "text": "x"}',
        "{",
        "[]",
        "",
        '{"id": 12, "text": "Rebels\\u0000 took Homs."}',
    ]
    (tmp_path / "a.jsonl").write_bytes("\n".join(lines).encode() + b'\n{"id": "g", "text": "\xe9"}\n')
    result = run_bulk(request(tmp_path / "a.jsonl", tmp_path / "out", model, formats=("readings",)))
    assert result.tally.model_copy(update={"events": 0, "background": 0}) == Tally(articles=2, rejected=10)
    assert read_ids(tmp_path / "out") == ["a", "12"]
    told = {reject["row"]: reject["reason"] for reject in rejects(tmp_path / "out")}
    assert list(told) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 13]
    assert told[2] == "no text: column 'text' is empty"
    assert told[3] == "the text is no string but int: 7"
    assert told[4] == "no text: column 'text' holds only white space"
    assert told[5] == "published: '30/11/2024' is no day such as 2024-11-30, nor such a day with a time"
    assert told[6].startswith("published: 1733000000 is no day")
    assert told[7] == "the id 'a' stands already in row 1; ids must differ"
    assert told[8] == "no id: column 'id' is empty; a text or a whole number is needed"
    assert told[9].startswith("not JSON")
    assert told[10] == "a JSON object is needed, and this is list"
    assert told[13] == "byte 21 is not UTF-8"


def test_a_record_of_a_table_that_does_not_fit_is_rejected_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,text\na,"two\nlines"\nb,one,two\nc,caf\xe9\n\nd,good\ne,"open\n')
    source = open_source(path)
    items = list(iter_items(source, source.columns(Columns())))
    assert [(item.row, item.id) for item in items if item.document] == [(1, "a"), (4, "d")]
    reasons = {item.row: item.reason for item in items if item.reason}
    assert reasons[2] == "line 4: 3 cells, and the header has 2; quote what holds one"
    assert reasons[3] == "line 5: not UTF-8"
    assert str(reasons[5]).startswith("line 8: no CSV: unexpected end")


def test_memory_does_not_grow_with_the_articles(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", ({"id": f"a{n}", "text": f"{n} " * 3000} for n in range(3000)))
    source = open_source(path)
    columns = source.columns(Columns())
    tracemalloc.start()
    try:
        assert sum(1 for _ in iter_items(source, columns)) == 3000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 30_000_000
    assert peak < 2_000_000


class Stumbling:
    """Reads, but for some articles has a defect."""

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad

    def read_all(self, documents: Iterable[Document]) -> Iterator[Reading]:
        from conflict_ner.events import Events
        from conflict_ner.facts import Facts

        for document in documents:
            if document.id in self.bad:
                raise IndexError(document.id)
            yield Reading(document=document, facts=Facts(), events=Events())


def test_one_article_that_cannot_be_read_ends_no_run_and_all_of_them_do() -> None:
    items = [Item(n, str(n), Document(id=str(n), text="x")) for n in range(4)]
    outcomes = read_batch(items, lambda: Stumbling({"2"}))
    assert [outcome.reading is not None for outcome in outcomes] == [True, True, False, True]
    assert outcomes[2].reason == "the article could not be read (IndexError: 2)"
    with pytest.raises(IndexError):
        read_batch(items, lambda: Stumbling({"0", "1", "2", "3"}))


# --- outputs ----------------------------------------------------------------------------------------------------------


def test_formats_can_be_asked_for_later_without_reading_again(
    model: Path, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    run_bulk(request(source, tmp_path / "out", model))
    assert contents(tmp_path / "out").keys() == {"events.jsonl", "background.jsonl", "rejects.jsonl"}

    def nothing() -> Any:
        raise AssertionError("no model is opened")

    again = run_bulk(request(source, tmp_path / "out", model, formats=("acled", "geojson")), reader=nothing)
    assert again.was_finished
    assert again.tally.articles == 30
    assert (tmp_path / "out" / "events-acled.csv").read_bytes() == whole["events-acled.csv"]
    assert (tmp_path / "out" / "events.geojson").is_file()


def test_a_limit_reads_the_first_rows(model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    run_bulk(request(source, tmp_path / "out", model, limit=5, formats=("readings",)))
    assert read_ids(tmp_path / "out") == IDS[:5]


def test_what_is_not_ours_is_left_alone(model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine", encoding="utf-8")
    for fresh in (False, True):
        with pytest.raises(DataError, match="holds something else already"):
            run_bulk(request(source, tmp_path / "out", model, fresh=fresh))
    with pytest.raises(DataError, match="is the input itself"):
        run_bulk(request(source, source, model))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_two_processes_do_not_write_to_one_folder(model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    with Output(tmp_path / "out").held(), pytest.raises(DataError, match="Another process writes to"):
        run_bulk(request(source, tmp_path / "out", model))


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


# --- cut short --------------------------------------------------------------------------------------------------------


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
    batches: int, model: Path, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    asked = request(source, tmp_path / "out", model, formats=("readings", "acled"))
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
    assert contents(tmp_path / "out") == whole


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
    changes: dict[str, Any], told: str, model: Path, tmp_path: Path
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    cut_short(request(source, tmp_path / "out", model), 3)
    with pytest.raises(DataError, match="--fresh") as caught:
        run_bulk(request(source, tmp_path / "out", model, **changes))
    assert told in str(caught.value)
    assert len(Output(tmp_path / "out").finished_parts()) == 1


def test_another_model_or_a_changed_input_is_refused_until_it_is_begun_anew(
    model: Path, tmp_path: Path, schema: LabelSchema
) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    cut_short(request(source, tmp_path / "out", model, formats=("readings",)), 3)
    other = save_model(tmp_path / "other", schema, seed=1)
    write_jsonl(source, ROWS[1:])
    with pytest.raises(DataError) as caught:
        run_bulk(request(source, tmp_path / "out", other, formats=("readings",)))
    assert "begun with the same file before it was changed: 'articles.jsonl'" in caught.value.problems[0]
    assert f"begun with another model: {str(model)!r}" in caught.value.problems[1]
    run_bulk(request(source, tmp_path / "out", other, formats=("readings",), fresh=True))
    assert read_ids(tmp_path / "out") == IDS[1:]


def test_an_input_that_breaks_off_keeps_what_stood_before(model: Path, tmp_path: Path) -> None:
    rows = [{**row, "url": os.urandom(400).hex()} for row in articles(150)]
    source = packed(write_jsonl(tmp_path / "articles.jsonl", rows), ".gz")
    source.write_bytes(source.read_bytes()[:-12_000])
    with pytest.raises(DataError, match="is damaged or cut off") as caught:
        run_bulk(request(source, tmp_path / "out", model, batch=1))
    done = Output(tmp_path / "out").finished_parts()[-1].last_row
    assert 100 < done < 150
    assert f"\n{done} rows were done before" in str(caught.value)


def test_a_full_disk_is_a_sentence_and_the_run_goes_on_when_there_is_room(
    model: Path, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    resource = pytest.importorskip("resource")
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    asked = request(source, tmp_path / "out", model, formats=("readings", "acled"))
    largest = max(map(len, whole.values()))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest * 2 // 3, hard))
    try:
        with pytest.raises(DataError, match=r"The disk is full.*make room, and the same command goes on"):
            run_bulk(asked)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert run_bulk(asked).rows == 0, "only the joining was left"
    assert contents(tmp_path / "out") == whole


def wait_for_parts(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait until a process has finished so many parts."""
    begun = time.monotonic()
    while len(Output(folder).finished_parts()) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - begun < 120
        time.sleep(0.01)


def test_killed_twice_and_told_to_stop_no_row_is_lost_or_doubled(model: Path, tmp_path: Path) -> None:
    rows = articles(300)
    rows[90] = {"id": "bad", "text": None, "published": None}
    rows[250]["id"] = "a3"
    source = write_jsonl(tmp_path / "articles.jsonl", rows)
    line = (source, tmp_path / "out", "-m", model, "-f", "readings", "-f", "acled", "--batch", "4", "--save-every", "0")
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
    result = run_bulk(request(source, tmp_path / "out", model, formats=("readings", "acled"), batch=32))
    assert result.rows == 300 - done[-1].last_row
    assert read_ids(tmp_path / "out") == [row["id"] for n, row in enumerate(rows) if n not in {90, 250}]
    assert [(reject["row"], reject["id"]) for reject in rejects(tmp_path / "out")] == [(91, "bad"), (251, "a3")]
    events = [json.loads(text) for text in (tmp_path / "out" / "events.jsonl").read_text().splitlines()]
    assert len({event["id"] for event in events}) == len(events) == result.tally.events


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_what_came_of_it_and_a_mistake_without_a_traceback(model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", [*ROWS[:3], {"id": "x"}])
    done = start(source, tmp_path / "out", "-m", model, "-f", "ged", "--country", "SY")
    wrong = start(source, tmp_path / "other", "-m", model, "--text-column", "txt", "--country", "Syria")
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
    model: Path, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'conflict-ner[ray]'")
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    line = (source, tmp_path / "out", "-m", model, "-f", "readings", "-f", "acled", "--batch", "4")
    process = start(*line, "--engine", "ray", "--workers", "2")
    out, trouble = process.communicate(timeout=300)
    assert process.returncode == 0, out + trouble
    assert contents(tmp_path / "out") == whole


def test_the_engine_tells_how_far_it_is(model: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "articles.jsonl", ROWS)
    columns = open_source(source).columns(Columns())
    engine = LocalEngine(Task(path=source, columns=columns, model=str(model), batch=4))
    assert engine.started is None
    assert [len(batch) for batch in engine.batches()] == [4, 4, 4, 4, 4, 4, 4, 2]
    assert engine.fraction == 1.0
    assert engine.started is not None

"""Bulk extraction: every kind of input, and rows that are no articles."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conflict_ner.bulk.columns import Columns
from conflict_ner.bulk.engines import read_batch
from conflict_ner.bulk.items import Item, iter_items
from conflict_ner.bulk.output import Tally
from conflict_ner.bulk.run import run_bulk
from conflict_ner.bulk.sources import open_source
from conflict_ner.documents import Document, Meta, document_line
from conflict_ner.errors import DataError
from conflict_ner.reading import Reading
from tests.bulk_runs import (
    ROWS,
    read_ids,
    rejects,
    request,
    write_csv,
    write_jsonl,
)


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


def test_a_bad_row_is_rejected_with_its_number_and_reason(bulk_model: Path, tmp_path: Path) -> None:
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
    result = run_bulk(request(tmp_path / "a.jsonl", tmp_path / "out", bulk_model, formats=("readings",)))
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

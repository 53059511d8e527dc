"""annotate/source.py: documents are found again, a changed file is noticed, and a chunk is prepared ahead."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.settings import ROOT
from annotate.source import GivenDocuments, Source, ahead, as_source, chunks
from conflict_ner.documents import Document, Provenance, Span, write_documents
from conflict_ner.errors import DataError
from conflict_ner.scan import spans_digest
from conflict_ner.schema import LabelSchema

SCHEMA = LabelSchema.load(ROOT / "configs/labels.yaml")


def documents() -> list[Document]:
    spans = (Span(start=0, end=5, label="PLACE"),)
    plain = [Document(id=f"d{number}", text=f"Idlib, السورية 😀 {number}.", spans=spans) for number in range(5)]
    # As they come from a file, with the text's hash.
    return [document.model_copy(update={"provenance": Provenance(text_sha256=document.sha256)}) for document in plain]


def test_documents_are_found_again_by_their_entries(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    write_documents(path, documents())
    # A byte-order mark and blank lines are allowed, and move the lines.
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\n\n"))
    source = Source(path, SCHEMA)
    assert (source.count, list(source)) == (5, documents())
    assert list(source.read([source.entries[3], source.entries[0]])) == [documents()[3], documents()[0]]
    assert [entry.sha256 for entry in source.entries] == [document.sha256 for document in documents()]


def test_a_folder_and_given_documents_are_sources_too(gold: list[Document]) -> None:
    folder = Source(ROOT / "seeds", SCHEMA)
    assert [document.id for document in folder] == [document.id for document in gold]
    given = as_source(iter(gold))
    assert isinstance(given, GivenDocuments)
    assert list(given.read(given.entries[2:])) == gold[2:]
    assert as_source(folder) is folder


@pytest.mark.parametrize("change", ["text", "spans", "cut"])
def test_a_file_that_changes_under_a_push_is_noticed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "documents.jsonl"
    write_documents(path, documents())
    source = Source(path, SCHEMA)
    content = path.read_text()
    changed = {
        "text": content.replace("4.", "5."),
        "spans": content.replace("PLACE", "DATE"),
        "cut": content[: len(content) - 20],
    }
    path.write_text(changed[change])
    with pytest.raises(DataError, match="has changed while it was pushed"):
        list(source)


def test_one_id_with_two_texts_is_refused() -> None:
    twice = [documents()[0], Document(id="d0", text="Another text.")]
    with pytest.raises(DataError, match="two different texts") as caught:
        GivenDocuments(twice)
    assert len(caught.value.problems) == 1


def test_a_digest_tells_what_a_prediction_would_show() -> None:
    span = Span(start=0, end=5, label="PLACE", score=0.91234)
    document = documents()[0].with_spans([span])
    same = [span.model_copy(update={"score": 0.91231})]
    others = [
        [],
        [Span(start=0, end=5, label="DATE", score=0.91234)],
        [Span(start=0, end=4, label="PLACE", score=0.91234)],
        [Span(start=0, end=5, label="PLACE", score=0.9)],
        [Span(start=0, end=5, label="PLACE")],
        [Span(start=0, end=5, label="PLACE", score=0.91234, attributes={"a": "b"})],
    ]
    assert spans_digest(document.with_spans(same)) == spans_digest(document), "scores are sent with four digits"
    assert len({spans_digest(document), *(spans_digest(document.with_spans(spans)) for spans in others)}) == 7


def test_a_chunk_is_prepared_while_the_last_is_used() -> None:
    begun = [threading.Event() for _ in range(4)]

    def items() -> Iterator[int]:
        for number in range(3):
            begun[number].set()
            yield number

    found = []
    for chunk in ahead(items(), 1):
        found.append(chunk)
        (item,) = chunk
        assert begun[min(item + 1, 2)].wait(5), "the next one is under way"
        assert not begun[min(item + 2, 3)].is_set(), "and the one after it is not"
    assert found == [[0], [1], [2]]


def test_a_chunk_takes_what_is_ready_at_least_a_tenth_and_at_most_all() -> None:
    made = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for number in range(70):
            made.acquire()
            yield number

    made.release(20)
    coming = ahead(items(), 20)
    first = next(coming)
    assert 2 <= len(first) <= 20, "nobody waits for a full chunk"
    made.release(50)
    time.sleep(0.2)
    second = next(coming)
    assert len(second) == 20, "but takes one that is ready"
    assert [*first, *second, *(item for chunk in coming for item in chunk)] == list(range(70))


@given(count=st.integers(0, 60), size=st.integers(1, 25))
def test_chunks_hold_everything_once_in_order(count: int, size: int) -> None:
    full = list(chunks(range(count), size))
    assert [len(chunk) for chunk in full[:-1]] == [size] * (len(full) - 1)
    found = list(ahead(range(count), size))
    assert found == full if size < 10 else all(len(chunk) <= size for chunk in found)
    assert [item for chunk in found for item in chunk] == [item for chunk in full for item in chunk] == [*range(count)]


def test_what_fails_ahead_fails_here() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise DataError("broken")

    seen = []
    with pytest.raises(DataError, match="broken"):
        seen.extend(ahead(items(), 1))
    before = threading.active_count()
    for chunk in ahead(range(1000), 1):
        if chunk == [3]:
            break
    assert threading.active_count() == before, "a loop that is left early leaves no thread"

"""Documents: entry of any text, the file round trip, and what a bad file is told."""

from __future__ import annotations

import json
from pathlib import Path

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.articles import read_articles
from conflict_ner.documents import Document, Meta, Provenance, Span, read_documents, write_documents
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from conflict_ner.text import normalise_offset, normalise_text, text_sha256
from tests.strategies import any_text, marked_texts


@given(any_text())
def test_normalised_text_is_storable_and_stays_as_it_is(raw: str) -> None:
    text = normalise_text(raw)
    assert "\r" not in text
    assert "\x00" not in text
    text.encode("utf-8")
    assert normalise_text(text) == text


@given(st.lists(st.sampled_from(["a", "é", "\r\n", "\r", "\n", "😀", " "]), max_size=30), st.data())
def test_offsets_move_with_the_line_ends(parts: list[str], data: st.DataObject) -> None:
    raw = "".join(parts)
    number = data.draw(st.integers(0, len(parts)))
    offset = len("".join(parts[:number]))
    if raw[max(offset - 1, 0) : offset + 1] == "\r\n":
        return  # two drawn parts that make one line end: no place between them
    assert normalise_offset(raw, offset) == len(normalise_text(raw[:offset]))


@given(marked_texts())
def test_documents_survive_the_file(
    tmp_path_factory: pytest.TempPathFactory, item: tuple[str, tuple[Span, ...]]
) -> None:
    text, spans = item
    path = tmp_path_factory.getbasetemp() / "round-trip.jsonl"
    document = Document(id="a/ü", text=text, spans=spans, meta=Meta(title="T\n", group="g"))
    assert write_documents(path, [document]) == 1
    (read,) = read_documents(path)
    assert (read.id, read.text, read.spans, read.meta) == (document.id, text, document.spans, document.meta)
    assert read.provenance.text_sha256 == text_sha256(text)


def test_crlf_input_keeps_its_spans_on_their_words(tmp_path: Path) -> None:
    raw = "One\r\nIdlib fell.\r\n\r\nAleppo too."
    spans = [
        {"start": raw.index(word), "end": raw.index(word) + len(word), "label": "PLACE"} for word in ("Idlib", "Aleppo")
    ]
    path = tmp_path / "crlf.jsonl"
    path.write_text(json.dumps({"id": "x", "text": raw, "spans": spans}), encoding="utf-8")
    (document,) = read_documents(path)
    assert document.text == "One\nIdlib fell.\n\nAleppo too."
    assert [document.surface(span) for span in document.spans] == ["Idlib", "Aleppo"]
    assert document.spans == Document.from_raw("x", raw, [Span.model_validate(span) for span in spans]).spans


def test_spans_are_sorted_and_an_empty_document_is_one() -> None:
    document = Document(id="x", text="ab cd", spans=(Span(start=3, end=5, label="B"), Span(start=0, end=2, label="A")))
    assert [span.label for span in document.spans] == ["A", "B"]
    assert Document(id="empty", text="").spans == ()


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        (((0, 3), (2, 4)), "overlaps"),
        (((0, 3), (0, 3)), "overlaps"),
        (((0, 9),), "beyond the text, which has 5 characters"),
    ],
)
def test_overlapping_and_out_of_range_spans_are_refused(spans: tuple[tuple[int, int], ...], told: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=told):
        Document(id="x", text="abcde", spans=tuple(Span(start=a, end=b, label="L") for a, b in spans))


def test_unnormalised_text_is_refused() -> None:
    with pytest.raises(pydantic.ValidationError, match="from_raw"):
        Document(id="x", text="a\r\nb")


def test_all_bad_records_are_told_with_line_field_and_remedy(tmp_path: Path, schema: LabelSchema) -> None:
    lines = [
        json.dumps(
            {"id": "good", "text": "Idlib", "spans": [{"start": 0, "end": 5, "label": "PLACE", "text": "Idlib"}]}
        ),
        '{"id": "broken", ',
        json.dumps({"id": "label", "text": "Idlib", "spans": [{"start": 0, "end": 5, "label": "PLAC"}]}),
        json.dumps({"id": "range", "text": "Idlib", "spans": [{"start": 0, "end": 6, "label": "PLACE"}]}),
        json.dumps(
            {
                "id": "surface",
                "text": "Idlib fell",
                "spans": [{"start": 0, "end": 4, "label": "PLACE", "text": "Idlib"}],
            }
        ),
        json.dumps({"id": "empty", "text": "Idlib", "spans": [{"start": 2, "end": 2, "label": "PLACE"}]}),
        json.dumps(
            {
                "id": "type",
                "text": "117 died",
                "spans": [{"start": 0, "end": 3, "label": "CASUALTY_COUNT", "attributes": {"casualty_type": "kiled"}}],
            }
        ),
        json.dumps({"id": "key", "txt": "Idlib"}),
        json.dumps({"id": "good", "text": "Idlib"}),
        json.dumps({"id": "hash", "text": "Idlib", "provenance": {"text_sha256": "0" * 64}}),
        json.dumps(["no", "object"]),
        json.dumps({"id": "float", "text": "Idlib", "spans": [{"start": 0.5, "end": 5, "label": "PLACE"}]}),
    ]
    path = tmp_path / "bad.jsonl"
    path.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n")
    with pytest.raises(DataError) as caught:
        read_documents(path, schema)
    message = str(caught.value)
    for told in (
        "line 2, column",
        "line 3, spans[0]: label 'PLAC' is not in the schema; did you mean 'PLACE'?",
        "line 4, spans[0]: PLACE [0, 6) ends beyond the text, which has 5 characters",
        "line 5, spans[0].text: 'Idlib' does not stand at [0, 4)",
        "line 6, spans[0]",
        "line 7, spans[0]: casualty_type 'kiled' is not allowed; did you mean 'killed'?",
        "line 8, txt: unknown key; did you mean 'text'?",
        "line 9, id: 'good' by nobody named stands already on line 1",
        "line 10, provenance.text_sha256",
        "line 11, a record is a JSON object",
        "line 12, spans[0].start",
        "line 13: byte 0 is not UTF-8",
    ):
        assert told in message, told
    assert "line 1," not in message


def test_two_readings_of_one_document_are_two_records(tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    readings = [Document(id="x", text="a", provenance=Provenance(annotators=(name,))) for name in ("one@x", "two@x")]
    write_documents(path, readings)
    assert [document.provenance.annotators for document in read_documents(path)] == [("one@x",), ("two@x",)]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    write_documents(path, [Document(id="old", text="a")])

    def failing() -> object:
        yield Document(id="new", text="b")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        write_documents(path, failing())
    assert [document.id for document in read_documents(path)] == ["old"]
    assert [child.name for child in tmp_path.iterdir()] == ["documents.jsonl"]


def test_the_seed_articles_are_read_byte_for_byte_with_what_is_inferred() -> None:
    documents = {document.id[:3]: document for document in read_articles(Path("seeds"))}
    assert sorted(documents) == ["000", "001", "002", "003", "004"]
    for document in documents.values():
        raw = (Path("seeds/articles") / f"{document.id}.txt").read_bytes()
        assert document.text.encode() == raw
    assert {documents[name].meta.group for name in ("000", "001", "002")} == {"idlib-2015-03"}
    assert documents["001"].meta.source == "The Independent"
    assert documents["000"].meta.inferred == ("published",)
    assert documents["004"].meta.inferred == ()
    assert str(documents["004"].meta.published) == "2024-11-30"


def test_a_wrong_article_folder_is_told_whole(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "extra.txt").write_text("x", encoding="utf-8")
    (tmp_path / "articles" / "latin.txt").write_bytes(b"caf\xe9")
    (tmp_path / "articles.yaml").write_text(
        "- id: missing\n- id: latin\n- {id: extra2, titel: x}\n- {id: ../up}\n", encoding="utf-8"
    )
    with pytest.raises(DataError) as caught:
        read_articles(tmp_path)
    message = str(caught.value)
    for told in (
        "'missing': its text",
        "latin.txt is not UTF-8 at byte 3",
        "titel: unknown key",
        "no plain file name",
        "extra.txt has no entry",
    ):
        assert told in message, told

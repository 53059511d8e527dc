"""annotate/pulled_file.py: lines are copied as bytes, wherever they stand, and their places are right."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.pulled_file import Line, Stored, file_sha256, spooling, write_lines
from conflict_ner.documents import Document, Provenance, read_documents


def document(number: int, text: str) -> Document:
    provenance = Provenance(annotators=(f"a{number}@example.org",), task=number, annotation=number)
    return Document(id=f"d{number}", text=text, provenance=provenance)


@given(
    texts=st.lists(st.text(st.sampled_from("aé😀\n")), min_size=1, max_size=8),
    picks=st.lists(st.tuples(st.booleans(), st.integers(0, 7)), max_size=12),
)
def test_lines_of_two_files_are_copied_in_the_order_asked_for(texts: list[str], picks: list[tuple[bool, int]]) -> None:
    with TemporaryDirectory() as folder, spooling() as one, spooling() as two:
        spools = [
            [spool.add(document(number + shift, text)) for number, text in enumerate(texts)]
            for spool, shift in ((one, 0), (two, 100))
        ]
        chosen = [spools[second][place % len(texts)] for second, place in picks]
        out = Path(folder) / "out.jsonl"
        written = write_lines(out, chosen)
        content = out.read_bytes()
        assert written.sha256 == file_sha256(out)
        assert [line[:6] for line in written.lines] == [stored.line[:6] for stored in chosen]
        for line in written.lines:
            (found,) = read_line(Path(folder) / "one.jsonl", content[line.offset : line.offset + line.length])
            assert (found.id, found.sha256, found.provenance.task) == (line.id, line.sha256, line.task)
        assert sum(line.length for line in written.lines) == len(content)


def read_line(path: Path, content: bytes) -> list[Document]:
    path.write_bytes(content)
    return read_documents(path)


def test_a_line_that_ends_too_early_stops_the_writing(tmp_path: Path) -> None:
    short = tmp_path / "short.jsonl"
    short.write_bytes(b"{}\n")
    out = tmp_path / "out.jsonl"
    with short.open("rb") as file, pytest.raises(EOFError, match="ends before"):
        write_lines(out, [Stored(Line("d", "", (), 1, 1, 0, 0, 10), file)])
    assert not out.exists()

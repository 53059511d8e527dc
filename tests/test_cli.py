"""The library's command line, and what importing costs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from conflict_ner.documents import Document, Meta, Span, document_from_record
from conflict_ner.formats.jsonl import reading_from_line
from conflict_ner.schema import LabelSchema
from conflict_ner.show import View
from tests.conftest import Trained

ARTICLE = next(iter(sorted(Path("seeds/articles").glob("004*.txt"))))


def conflict_ner(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "conflict_ner.cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_importing_brings_neither_torch_nor_pandas_and_help_is_quick() -> None:
    probe = "import sys, conflict_ner; print([n for n in ('torch', 'pandas', 'transformers') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    probe = "import sys, conflict_ner.cli; print([n for n in ('torch', 'pandas', 'transformers') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_json_is_one_document_a_line_with_surfaces(trained: Trained, schema: LabelSchema) -> None:
    done = conflict_ner("extract", "--json", "-m", str(trained.model), str(ARTICLE), "seeds/gold.jsonl")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["id"][:3] for record in records] == ["004", "000", "001", "002", "003", "004"]
    for record in records:
        document = document_from_record(record, schema)
        assert document.spans
        assert all(span.score is not None for span in document.spans)


def test_standard_input_and_the_plain_view(trained: Trained) -> None:
    done = conflict_ner("extract", "-m", str(trained.model), "-", stdin="Rebels entered Idlib on Tuesday.\n")
    assert done.returncode == 0, done.stderr
    assert "stdin" in done.stdout
    assert "\x1b" not in done.stdout


def test_events_come_with_the_spans_and_read_back(trained: Trained) -> None:
    arguments = ("extract", "--json", "--events", "--published", "2024-11-30", "-m", str(trained.model), str(ARTICLE))
    done = conflict_ner(*arguments)
    assert done.returncode == 0, done.stderr
    reading = reading_from_line(done.stdout)
    assert str(reading.document.meta.published) == "2024-11-30"
    facts = reading.facts
    found = [fact.span for kind in (facts.counts, facts.dates, facts.groups, facts.places) for fact in kind]
    assert sorted(span.key for span in found) == [span.key for span in reading.document.spans]


def test_the_view_tells_what_spans_mean_and_a_day_of_publication_that_is_known_stays(trained: Trained) -> None:
    done = conflict_ner(
        "extract", "--events", "--published", "1999-01-01", "-m", str(trained.model), "seeds/gold.jsonl"
    )
    assert done.returncode == 0, done.stderr
    assert "meaning" in done.stdout and "SY" in done.stdout
    assert "1998" not in done.stdout and "1999" not in done.stdout


def test_info_tells_whether_the_weights_are_whole(trained: Trained, tmp_path: Path) -> None:
    done = conflict_ner("info", str(trained.model))
    assert done.returncode == 0
    assert "as saved" in done.stdout
    assert "test_strict_f1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("extract", "nowhere.txt", "also-nowhere.txt"), "there is no file 'also-nowhere.txt'"),
        (("extract", "seeds"), "is a folder"),
        (("extract", "nowhere.txt", "--vague", "many", "--country", "Syria"), "country: 'Syria' is no ISO 3166 code"),
        (("extract", str(ARTICLE), "--gazetteer", "SY.txt", "--events", "-m", "models/none"), "models/none"),
        (("extract", str(ARTICLE), "-m", "models/none"), "There is no folder 'models/none'"),
        (("info", "./none"), "There is no folder './none'"),
    ],
)
def test_a_mistake_gets_a_sentence_and_exit_code_2(arguments: tuple[str, ...], told: str) -> None:
    done = conflict_ner(*arguments)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_not_utf8_is_named_before_a_model_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9")
    begun = time.monotonic()
    done = conflict_ner("extract", str(path), "-m", "models/none")
    assert done.returncode == 2
    assert "is not UTF-8 at byte 3" in done.stderr
    assert time.monotonic() - begun < 60


def shown(document: Document, schema: LabelSchema, plain: bool) -> str:
    console = Console(
        file=io.StringIO(), width=100, force_terminal=not plain, color_system=None if plain else "truecolor"
    )
    console.print(View(schema.label_names, schema, plain=plain).render(document))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_view_marks_spans_and_counts_mentions(schema: LabelSchema) -> None:
    text = "Rebels took Idlib. Idlib [sic] fell.\x1b[31m"
    spans = (
        Span(start=0, end=6, label="ARMED_GROUP", score=0.9),
        Span(start=12, end=17, label="PLACE", score=0.8),
        Span(start=19, end=24, label="PLACE", score=0.6),
    )
    document = Document(id="x", text=text, spans=spans, meta=Meta(title="A title", source="Wire"))
    plain = shown(document, schema, plain=True)
    assert "[Rebels|ARMED_GROUP] took [Idlib|PLACE]. [Idlib|PLACE] [sic] fell." in plain
    assert "A title · Wire" in plain
    assert "\x1b" not in plain
    (row,) = [line for line in plain.splitlines() if line.startswith("PLACE")]
    assert row.split() == ["PLACE", "Idlib", "2", "0.70"]
    coloured = shown(document, schema, plain=False)
    assert "\x1b[31m" not in coloured
    assert "Rebels" in coloured
    assert "[Rebels|" not in coloured
    assert "No span found" in shown(Document(id="y", text="Nothing."), schema, plain=True)

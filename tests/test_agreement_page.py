"""What `annotate agreement` shows: the page in a browser and as text, the tables, the JSON."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from annotate.agreement.comparisons import Resampling
from annotate.agreement.disagreements import agreed, disagreements
from annotate.agreement.excerpts import Excerpts
from annotate.agreement.measure import Agreement
from annotate.agreement.page import render
from annotate.agreement.records import Report
from annotate.agreement.run import AgreementRequest, run_agreement
from annotate.agreement.terminal import tables
from annotate.annotated import Annotated
from annotate.settings import read_settings
from conflict_ner.documents import Meta, Span
from conflict_ner.excerpts import CONTEXT, context
from conflict_ner.schema import LabelSchema
from tests.annotators import NONE, RECORDED, found, measured, reading

SPITEFUL = "<script>alert(1)</script>"


def spiteful(schema: LabelSchema) -> tuple[Report, str]:
    """A report and its page on names, ids and texts that try to be HTML."""
    text = f"{SPITEFUL} in Idlib & Homs."
    spans = (found("Idlib", "PLACE", text=text), found("117", "CASUALTY_COUNT", text="117", casualty_type="killed"))
    first = reading(f"{SPITEFUL}@example.org", spans[0], document=SPITEFUL, text=text)
    first = first.model_copy(update={"meta": Meta(title=f"{SPITEFUL} title")})
    annotated = Annotated((first, reading("b@example.org", document=SPITEFUL, text=text)))
    found_there = disagreements(annotated)
    agreement = Agreement(schema)
    agreement.add(annotated, agreed(annotated), found_there)
    excerpts = Excerpts(10)
    excerpts.add(annotated, found_there)
    report = agreement.report(SPITEFUL, Resampling(NONE))
    return report, render(report, schema, excerpts)


def test_the_page_is_one_file_and_shows_what_it_is_given_as_text(schema: LabelSchema) -> None:
    _, page = spiteful(schema)
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5
    assert not re.findall(r"""(?:src|href|url)\s*[=(]""", page), "nothing is fetched, and nothing is linked"


def test_files_and_terminal_hold_the_same_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, page = tmp_path / "agreement.json", tmp_path / "agreement.html"
    run_agreement(read_settings(), AgreementRequest(RECORDED, out, page, resamples=100))
    printed = capsys.readouterr().out
    report = Report.model_validate_json(out.read_text(encoding="utf-8"))
    assert report.total.micro.strict_credit == 640
    assert json.loads(out.read_text(encoding="utf-8"))["disputes"][0]["readings"].keys() == report.readings.keys()
    html = page.read_text(encoding="utf-8")
    for text in (printed, html):
        assert "0.987" in text
        assert "0.991" in text
    assert html.count('<article class="item') == len(report.disputes) == 4


def test_the_tables_fit_into_a_hundred_columns(schema: LabelSchema) -> None:
    documents = [
        Annotated(
            tuple(
                reading(
                    f"a.very.long.name.of.annotator.{name}@example.org", *spans, document=f"d{n}", lead_time=9.0 * n
                )
                for name, spans in (("one", _marked(n)), ("two", _marked(n + 1)), ("three", _marked(n)))
            ),
            {"a.very.long.name.of.annotator.one@example.org": _marked(0)},
        )
        for n in range(1, 9)
    ]
    console = Console(width=100, record=True, file=io.StringIO())
    for table in tables(measured(schema, *documents, resamples=50)):
        console.print(table)
    lines = console.export_text().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 100
    titles = [line.strip() for line in lines if line[:1].isupper()]
    assert titles[:3] == ["Agreement on spans", "Each annotator against the others", "Pairs"]
    assert any("very.long.name.of.annotator.three" in line for line in lines)


def _marked(number: int) -> tuple[Span, ...]:
    every = (found("Rebels", "ARMED_GROUP"), found("Idlib", "PLACE"), found("Homs", "PLACE"), found("Tuesday", "DATE"))
    return every[: number % 5]


@given(st.text("ab .\n", max_size=600), st.integers(0, 600), st.integers(1, 40))
def test_an_excerpt_holds_its_place_and_little_else(text: str, start: int, size: int) -> None:
    start = min(start, len(text))
    end = min(len(text), start + size)
    low, high = context(text, start, end)
    assert 0 <= low <= start <= end <= high <= len(text)
    assert start - low <= CONTEXT
    assert high - end <= CONTEXT


@pytest.mark.browser
def test_the_page_filters_by_label_and_asks_no_network(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium: install the package `chromium`, or name its program in CHROMIUM")
    path = tmp_path / "agreement.html"
    run_agreement(read_settings(), AgreementRequest(RECORDED, html=path, resamples=NONE))
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert page.locator("article.item:visible").count() == 4
        page.locator("label[for=only-PLACE]").click()
        assert page.locator("article.item:visible").count() == 1
        assert page.locator("section.kind:visible").count() == 1, "a kind without any is hidden"
        assert page.locator("article.item:visible mark.here").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        browser.close()
    assert asked == [path.as_uri()]

"""The labelling page in a real Chromium: keys choose labels and answers, nothing jumps, offsets come home right."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from annotate.client import Client
from annotate.exchange import PullRequest, PushRequest, run_pull, run_push
from annotate.project import find_project, load_schema
from annotate.settings import AnnotateSettings, ProjectSettings
from conflict_ner.documents import Document, Meta, Span, read_documents, write_documents
from tests.live import LabelStudio

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.live, pytest.mark.browser]

# Emoji, a family of them and Arabic stand before what is marked: a wrong unit of counting would show.
TEXT = "😀 👨‍👩‍👧 في إدلب: rebels killed at least 117 soldiers near Idlib.\n\nOn Tuesday the army left the city.\n" * 12
MILLISECONDS = 20_000


@dataclass
class Room:
    """A page of the browser, logged in, and a project of its own."""

    page: Page
    settings: AnnotateSettings
    url: str
    folder: Path

    def push(self, *spans: Span) -> None:
        document = Document(id="a", text=TEXT, spans=spans, meta=Meta(title="Rebels near Idlib", source="A paper"))
        path = self.folder / "documents.jsonl"
        write_documents(path, [document])
        run_push(self.settings, PushRequest(None, predictions=path, model_version="m-1"))

    def open(self, project: int) -> None:
        self.page.goto(f"{self.url}/projects/{project}/data?labeling=1")
        self.page.wait_for_selector(".lsf-htx-richtext", timeout=MILLISECONDS)
        self.page.wait_for_selector(".lsf-labels", timeout=MILLISECONDS)

    def mark(self, words: str) -> None:
        """Draw over the first occurrence of `words` with the mouse."""
        box = self.page.evaluate(
            """words => {
                const text = document.querySelector('.lsf-htx-richtext')
                const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT)
                for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                    const at = node.textContent.indexOf(words)
                    if (at < 0) continue
                    const range = document.createRange()
                    range.setStart(node, at)
                    range.setEnd(node, at + words.length)
                    const {left, right, top, bottom} = range.getBoundingClientRect()
                    return {left, right, middle: (top + bottom) / 2}
                }
            }""",
            words,
        )
        mouse = self.page.mouse
        mouse.move(box["left"] + 0.5, box["middle"])
        mouse.down()
        mouse.move((box["left"] + box["right"]) / 2, box["middle"], steps=4)
        mouse.move(box["right"] - 0.5, box["middle"], steps=4)
        mouse.up()

    def chosen(self) -> list[str]:
        """Return the answers that are ticked."""
        ticked = self.page.eval_on_selector_all(
            ".lsf-choices input", "all => all.filter(i => i.checked).map(i => i.name)"
        )
        return [str(name) for name in ticked]

    def pull(self) -> Document:
        out = self.folder / "pulled.jsonl"
        run_pull(self.settings, PullRequest(out))
        (document,) = read_documents(out)
        return document

    def submit(self) -> None:
        with self.page.expect_response(lambda answer: "/annotations" in answer.url and answer.request.method == "POST"):
            self.page.keyboard.press("Control+Enter")


@pytest.fixture(scope="module")
def chromium_page(label_studio: LabelStudio) -> Iterator[Page]:
    """A page that is logged in to the tests' server, or a skip that says what is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium: install the package `chromium`, or name its program in CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{label_studio.connection.url}/user/login/")
        page.fill("[name=email]", label_studio.state.email)
        page.fill("[name=password]", label_studio.state.password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/user/login" not in url, timeout=MILLISECONDS)
        yield page
        browser.close()


@pytest.fixture
def room(chromium_page: Page, label_studio: LabelStudio, tmp_path: Path) -> Room:
    title = f"browser {uuid.uuid4().hex[:12]}"
    settings = label_studio.settings.model_copy(update={"project": ProjectSettings(title=title)})
    return Room(chromium_page, settings, label_studio.connection.url, tmp_path)


def project_id(room: Room, label_studio: LabelStudio) -> int:
    with Client(label_studio.connection) as client:
        project = find_project(client, room.settings.project.title)
        assert project is not None
        return project.id


def test_a_span_drawn_with_mouse_and_keys_comes_home_right(room: Room, label_studio: LabelStudio) -> None:
    room.push()
    room.open(project_id(room, label_studio))
    page = room.page
    assert page.locator(".cn-head").inner_text().split("\n")[0] == "Rebels near Idlib"
    assert "A paper · date not known" in page.locator(".cn-head").inner_text()
    page.keyboard.press("3")
    room.mark("at least 117")
    page.locator(".htx-highlight").click()
    page.wait_for_selector(".lsf-choices:not(.lsf-choices_hidden)", timeout=MILLISECONDS)
    # Every key of every answer works, and none means anything else to Label Studio.
    (asked,) = [label.attributes[0] for label in load_schema(room.settings.project).labels if label.attributes]
    for value in (*asked.values[1:], asked.values[0]):
        page.keyboard.press(value.hotkey or "")
        page.wait_for_function(
            "name => document.querySelector(`.lsf-choices input[name=${name}]`).checked", arg=value.name, timeout=3000
        )
        assert room.chosen() == [value.name]
    assert page.locator(".htx-highlight").count() == 1
    page.keyboard.press("u")  # Label Studio's own: unselect
    for key, words in (("1", "rebels"), ("2", "Idlib"), ("4", "Tuesday")):
        page.keyboard.press(key)
        room.mark(words)
        page.keyboard.press("u")
    assert page.locator(".htx-highlight").count() == 4
    room.submit()

    document = room.pull()
    assert [(document.surface(span), span.label, span.attributes, span.origin) for span in document.spans] == [
        ("rebels", "ARMED_GROUP", {}, "manual"),
        ("at least 117", "CASUALTY_COUNT", {"casualty_type": "killed"}, "manual"),
        ("Idlib", "PLACE", {}, "manual"),
        ("Tuesday", "DATE", {}, "manual"),
    ]
    assert [span.start for span in document.spans] == [
        TEXT.index(words) for words in ("rebels", "at least 117", "Idlib", "Tuesday")
    ]
    assert document.provenance.annotators == (label_studio.state.email,)
    assert (document.provenance.lead_time or 0) > 0


def test_prefilled_spans_are_calm_and_nothing_jumps(room: Room, label_studio: LabelStudio) -> None:
    def found(words: str, label: str, **attributes: str) -> Span:
        start = TEXT.index(words)
        return Span(start=start, end=start + len(words), label=label, attributes=attributes, score=0.9)

    count = found("at least 117", "CASUALTY_COUNT", casualty_type="killed")
    room.push(found("rebels", "ARMED_GROUP"), count, found("Idlib", "PLACE"))
    room.open(project_id(room, label_studio))
    page = room.page
    page.wait_for_selector(".htx-highlight", timeout=MILLISECONDS)
    spans = page.locator(".htx-highlight")
    assert spans.all_inner_texts() == ["rebels", "at least 117", "Idlib"]
    marks = page.eval_on_selector_all(".htx-highlight", "all => all.map(i => getComputedStyle(i, '::after').content)")
    assert marks == ['"1"', '"3"', '"2"'], "a span shows its key, not its number and name"

    last = spans.nth(2)
    before = last.bounding_box()
    spans.nth(1).click()
    page.wait_for_selector(".lsf-choices:not(.lsf-choices_hidden)", timeout=MILLISECONDS)
    assert room.chosen() == ["killed"], "the predicted answer belongs to the span"
    assert last.bounding_box() == before
    spans.nth(0).click()
    page.wait_for_selector(".lsf-choices_hidden", state="attached", timeout=MILLISECONDS)
    assert last.bounding_box() == before

    page.mouse.move(400, 500)
    page.mouse.wheel(0, 600)
    page.wait_for_function("document.querySelector('.htx-highlight').getBoundingClientRect().top < 0", timeout=3000)
    bar = page.locator(".cn-bar").bounding_box()
    assert bar is not None
    assert 0 < bar["y"] < 60, "the labels stay in view in a long article"
    room.submit()
    document = room.pull()
    assert [span.origin for span in document.spans] == ["prediction"] * 3
    assert document.spans[1].attributes == {"casualty_type": "killed"}


def test_the_guidelines_open_with_a_button(room: Room, label_studio: LabelStudio) -> None:
    room.push()
    room.open(project_id(room, label_studio))
    room.page.get_by_text("Instructions", exact=True).click()
    body = room.page.locator(".lsf-modal-ls__body")
    body.locator("h1").wait_for(timeout=MILLISECONDS)
    assert body.locator("h1").inner_text() == "Annotation guidelines: conflict events"
    bullets = body.locator("ul").first
    assert bullets.evaluate("item => getComputedStyle(item).listStyleType") == "disc"

"""The labelling page in a real Chromium: keys label and answer, nothing jumps or is lost, offsets come home right."""

from __future__ import annotations

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
from annotate.tasks import task_data
from conflict_ner.documents import Document, Meta, Span, read_documents, write_documents
from tests.browser import laid_out, logged_in, submit
from tests.live import LabelStudio

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.live, pytest.mark.browser]

# Emoji, a family of them and Arabic stand before what is marked: a wrong unit of counting would show.
TEXT = "😀 👨‍👩‍👧 في إدلب: rebels killed at least 117 soldiers near Idlib.\n\nOn Tuesday the army left the city.\n" * 12
MILLISECONDS = 20_000
WAIT = 10_000  # for what a page that stands does; a shared machine may stall
WORDS, PREDICTED, DRAWN = 1500, 80, 10


@dataclass
class Room:
    """A page of the browser, logged in, and a project of its own."""

    page: Page
    settings: AnnotateSettings
    url: str
    folder: Path

    def push(self, *spans: Span, text: str = TEXT) -> None:
        document = Document(id="a", text=text, spans=spans, meta=Meta(title="Rebels near Idlib", source="A paper"))
        path = self.folder / "documents.jsonl"
        write_documents(path, [document])
        run_push(self.settings, PushRequest(None, predictions=path, model_version="m-1"))

    def open(self, project: int) -> None:
        self.page.goto(f"{self.url}/projects/{project}/data?labeling=1")
        self.page.wait_for_selector(".lsf-htx-richtext", timeout=MILLISECONDS)
        self.page.wait_for_selector(".lsf-labels", timeout=MILLISECONDS)

    def mark(self, start: int, end: int, text: str = TEXT) -> None:
        """Draw from one character of the text to another with the mouse, and wheel them into view first."""
        # Label Studio makes an element of each line break; UTF-16 is what the browser counts in.
        place = [len(text[:at].replace("\n", "").encode("utf-16-le")) // 2 for at in (start, end)]
        first, last = self.page.evaluate(PLACE, place)
        if not 200 < first["top"] < 600:
            self.page.mouse.move(400, 500)
            self.page.mouse.wheel(0, first["top"] - 400)
            first, last = self.resting(place)
        before = self.drawn()
        mouse = self.page.mouse
        mouse.move(first["left"] + 0.5, (first["top"] + first["bottom"]) / 2)
        mouse.down()
        mouse.move(first["left"] + 3, (first["top"] + first["bottom"]) / 2, steps=2)
        mouse.move(last["right"] - 0.5, (last["top"] + last["bottom"]) / 2, steps=4)
        mouse.up()
        self.page.wait_for_function(f"Htx.annotationStore.selected.regions.length > {before}", timeout=WAIT)

    def resting(self, place: list[int]) -> list[dict[str, float]]:
        """Return where a stretch of the text is once the wheel has come to rest."""
        found: list[dict[str, float]] = []
        while (now := self.page.evaluate(PLACE, place)) != found:
            found = now
            self.page.wait_for_timeout(100)
        return found

    def mark_words(self, words: str) -> None:
        """Draw over the first occurrence of `words`."""
        start = TEXT.index(words)
        self.mark(start, start + len(words))

    def wait_selected(self, *words: str) -> None:
        """Wait until just the spans with these words are selected."""
        self.page.wait_for_function(
            "words => [...document.querySelectorAll('.htx-highlight.__active')].map(i => i.innerText).join() === words",
            arg=",".join(words),
            timeout=WAIT,
        )

    def drawn(self) -> int:
        """Return how many spans the page holds."""
        return int(self.page.evaluate("Htx.annotationStore.selected.regions.length"))

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


# Where a stretch of the text begins and ends on the screen: the boxes of its first line and of its last.
PLACE = """([start, end]) => {
    const walker = document.createTreeWalker(document.querySelector('.lsf-htx-richtext'), NodeFilter.SHOW_TEXT)
    const range = document.createRange()
    let before = 0
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const after = before + node.textContent.length
        if (before <= start && start < after) range.setStart(node, start - before)
        if (before < end && end <= after) range.setEnd(node, end - before)
        before = after
    }
    const boxes = [...range.getClientRects()].map(({left, right, top, bottom}) => ({left, right, top, bottom}))
    return [boxes[0], boxes[boxes.length - 1]]
}"""


@pytest.fixture(scope="module")
def chromium_page(label_studio: LabelStudio) -> Iterator[Page]:
    """A page that is logged in to the tests' server, or a skip that says what is missing."""
    with logged_in(label_studio, height=800) as page:
        yield page


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
    room.mark_words("at least 117")
    page.wait_for_selector(".lsf-choices:not(.lsf-choices_hidden)", timeout=MILLISECONDS)
    room.wait_selected("at least 117")  # what asks is selected as soon as it is drawn
    (asked,) = [label.attributes[0] for label in load_schema(room.settings.project).labels if label.attributes]
    page.keyboard.press(asked.values[1].hotkey or "")
    page.wait_for_selector(".lsf-choices_hidden", state="attached", timeout=WAIT)
    room.wait_selected()  # and let go as soon as it is answered
    assert room.chosen() == [asked.values[1].name]
    # A click selects it again and it stays selected. Every key of every answer works, and none means anything else.
    page.locator(".htx-highlight").click()
    page.wait_for_selector(".lsf-choices:not(.lsf-choices_hidden)", timeout=MILLISECONDS)
    for value in (*asked.values[2:], asked.values[1], asked.values[0]):
        page.keyboard.press(value.hotkey or "")
        page.wait_for_function(
            "name => document.querySelector(`.lsf-choices input[name=${name}]`).checked", arg=value.name, timeout=WAIT
        )
        assert room.chosen() == [value.name]
    assert page.locator(".htx-highlight").count() == 1
    page.keyboard.press("u")  # Label Studio's own: unselect
    for key, words in (("1", "rebels"), ("2", "Idlib"), ("4", "Tuesday")):
        page.keyboard.press(key)
        room.mark_words(words)
        room.wait_selected()  # what asks nothing is not selected: the next key means the next span
    assert page.locator(".htx-highlight").count() == 4
    submit(room.page)

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

    assert laid_out(page, ".cn-review")["height"] == 0, (
        "nothing is said of why this task comes again, and no room is kept for it"
    )
    scores = page.locator(".lsf-outliner-item__control_type_score")
    assert scores.all_inner_texts() == ["0.90"] * 3
    shown = "all => all.map(i => getComputedStyle(i.parentElement).opacity)"
    assert page.eval_on_selector_all(".lsf-outliner-item__control_type_score", shown) == ["0"] * 3
    scores.first.hover()
    assert page.eval_on_selector_all(".lsf-outliner-item__control_type_score", shown) == ["1", "0", "0"]

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
    page.wait_for_function("document.querySelector('.htx-highlight').getBoundingClientRect().top < 0", timeout=WAIT)
    bar = page.locator(".cn-bar").bounding_box()
    assert bar is not None
    assert 0 < bar["y"] < 60, "the labels stay in view in a long article"
    submit(room.page)
    document = room.pull()
    assert [span.origin for span in document.spans] == ["prediction"] * 3
    assert document.spans[1].attributes == {"casualty_type": "killed"}


def long_article(gold: list[Document]) -> tuple[str, list[Span], list[Span]]:
    """Return two seed articles as one of 1,500 words, the spans that a model is to find, and those left to draw."""
    texts, spans, offset = [], [], 0
    for document in (gold[1], gold[3]):
        texts.append(document.text)
        spans += [s.model_copy(update={"start": s.start + offset, "end": s.end + offset}) for s in document.spans]
        offset += len(document.text) + 2
    text = "\n\n".join(texts)
    text = text[: text.index(".\n", len(" ".join(text.split()[:WORDS]))) + 1]
    spans = [span for span in spans if span.end <= len(text)]
    counts = [span for span in spans if span.attributes][1:5:3]
    others = [span for span in spans if not span.attributes]
    drawn = sorted([*counts, *others[:: len(others) // (DRAWN - 2)][: DRAWN - 2]], key=lambda span: span.key)
    found = [span.model_copy(update={"score": 0.6}) for span in spans if span not in drawn][-PREDICTED:]
    return text, found, drawn


def test_ten_spans_in_a_long_article(room: Room, label_studio: LabelStudio, gold: list[Document]) -> None:
    text, found, drawn = long_article(gold)
    assert (len(text.split()) >= WORDS, len(found), len(drawn)) == (True, PREDICTED, DRAWN)
    assert sorted(value for span in drawn for value in span.attributes.values()) == ["killed", "unspecified"]
    room.push(*found, text=text)
    room.open(project_id(room, label_studio))
    page = room.page
    page.wait_for_selector(".htx-highlight", timeout=MILLISECONDS)
    labels = {label.name: label for label in load_schema(room.settings.project).labels}
    keys = 0
    for span in drawn:
        page.keyboard.press(labels[span.label].hotkey or "")
        keys += 1
        room.mark(span.start, span.end, text)
        for name, value in span.attributes.items():
            (answer,) = [
                v for a in labels[span.label].attributes if a.name == name for v in a.values if v.name == value
            ]
            page.wait_for_selector(".lsf-choices:not(.lsf-choices_hidden)", timeout=WAIT)
            page.keyboard.press(answer.hotkey or "")
            keys += 1
    assert (room.drawn(), keys) == (PREDICTED + DRAWN, 12), (
        "a key a span, a key an answer, and no click but the drawing"
    )
    bar = page.locator(".cn-bar").bounding_box()
    assert bar is not None
    assert page.evaluate("document.querySelector('.htx-highlight').getBoundingClientRect().top") < 0
    assert 0 < bar["y"] < 60, "the labels are in view at the end of a long article"
    submit(room.page)

    document = room.pull()
    assert [(span.key, span.attributes, span.origin) for span in document.spans] == sorted(
        [(span.key, span.attributes, "prediction") for span in found]
        + [(span.key, span.attributes, "manual") for span in drawn]
    )


def test_the_guidelines_cost_neither_selection_nor_work(room: Room, label_studio: LabelStudio) -> None:
    room.push()
    room.open(project_id(room, label_studio))
    page = room.page
    page.keyboard.press("1")
    room.mark_words("rebels")
    page.locator(".htx-highlight").click()
    room.wait_selected("rebels")
    page.get_by_text("Instructions", exact=True).click()
    body = page.locator(".lsf-modal-ls__body")
    body.locator("h1").wait_for(timeout=MILLISECONDS)
    assert body.locator("h1").inner_text() == "Annotation guidelines: conflict events"
    bullets = body.locator("ul").first
    assert bullets.evaluate("item => getComputedStyle(item).listStyleType") == "disc"
    example = body.locator("blockquote .cn-span-PLACE").first
    assert example.evaluate("item => getComputedStyle(item).backgroundColor").startswith("rgba(36, 113, 163, 0.3")
    assert example.locator("small").inner_text() == "PLACE"
    # Unseen under the guidelines, they would relabel the span, remove it, and submit.
    for key in ("2", "Backspace", "Control+Enter"):
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    body.wait_for(state="hidden", timeout=MILLISECONDS)
    room.wait_selected("rebels")
    marks = page.eval_on_selector_all(".htx-highlight", "all => all.map(i => getComputedStyle(i, '::after').content)")
    assert marks == ['"1"']


def test_a_reload_keeps_the_work(room: Room, label_studio: LabelStudio) -> None:
    room.push()
    room.open(project_id(room, label_studio))
    page = room.page
    page.keyboard.press("3")
    room.mark_words("at least 117")
    page.keyboard.press("Escape")
    room.wait_selected()
    page.keyboard.press("2")
    room.mark_words("Idlib")
    # Ctrl+Enter leads to what lacks its answer; Label Studio itself would save no draft from then on.
    page.keyboard.press("Control+Enter")
    room.wait_selected("at least 117")
    with page.expect_response(lambda answer: "/drafts" in answer.url, timeout=2500):
        page.keyboard.press("k")
    page.reload()
    page.wait_for_selector(".htx-highlight", timeout=MILLISECONDS)
    assert room.drawn() == 2
    submit(room.page)
    document = room.pull()
    assert [(document.surface(span), span.attributes) for span in document.spans] == [
        ("at least 117", {"casualty_type": "killed"}),
        ("Idlib", {}),
    ]


def test_why_a_task_comes_again_is_shown(room: Room, label_studio: LabelStudio) -> None:
    room.push()
    project = project_id(room, label_studio)
    note = "Two places:\n1. <b>117</b>\n2. Idlib, $5"
    document = Document(id="b", text="Rebels.")
    # A task that was pushed before there was such a field must show neither its name nor a gap.
    old = {name: value for name, value in task_data(document).items() if name != "review"}
    shown = []
    with Client(label_studio.connection) as client:
        tasks = client.import_tasks(project, [{"data": task_data(document, review=note)}, {"data": old}])
    for task in tasks:
        room.page.goto(f"{room.url}/projects/{project}/data?task={task}")
        room.page.wait_for_selector(".lsf-htx-richtext", timeout=MILLISECONDS)
        height = laid_out(room.page, ".cn-review")["height"]
        shown.append((height, room.page.locator(".cn-review").inner_text()))
    assert shown == [(shown[0][0], note), (0, "")]
    assert shown[0][0] > 3 * 20, "each point has its line"

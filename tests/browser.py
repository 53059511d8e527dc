"""A real Chromium for the tests, logged in to their Label Studio, and a mouse that marks words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.live import LabelStudio

if TYPE_CHECKING:
    from playwright.sync_api import Page

MILLISECONDS = 60_000  # a shared machine may stall
_BOX_OF_WORDS = """([selector, words]) => {
    const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.textContent.indexOf(words)
        if (at < 0) continue
        const range = document.createRange()
        range.setStart(node, at)
        range.setEnd(node, at + words.length)
        const {left, right, top, bottom} = range.getBoundingClientRect()
        return {left, right, middle: (top + bottom) / 2}
    }
}"""

_BOX = """selector => {
    const shown = document.querySelector(selector)
    if (!shown?.offsetParent) return null
    const {left, top, width, height} = shown.getBoundingClientRect()
    return {left, top, width, height}
}"""


@contextmanager
def logged_in(server: LabelStudio, height: int = 900) -> Iterator[Page]:
    """Yield a page that is logged in to a server, or skip the test and say what is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium: install the package `chromium`, or name its program in CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": height})
        page.goto(f"{server.connection.url}/user/login/")
        page.fill("[name=email]", server.state.email)
        page.fill("[name=password]", server.state.password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/user/login" not in url, timeout=MILLISECONDS)
        yield page
        browser.close()


def laid_out(page: Page, selector: str) -> dict[str, float]:
    """Wait until an element has its place on the page, be it without height, and return that: left, top, size."""
    place: dict[str, float] = page.wait_for_function(_BOX, arg=selector, timeout=MILLISECONDS).json_value()
    return place


def mark_words(page: Page, words: str, selector: str) -> None:
    """Draw with the mouse over the first occurrence of `words` inside `selector`, which stands in one node."""
    box = page.evaluate(_BOX_OF_WORDS, [selector, words])
    assert box is not None, f"{words!r} does not stand in {selector}"
    page.mouse.move(box["left"] + 0.5, box["middle"])
    page.mouse.down()
    page.mouse.move((box["left"] + box["right"]) / 2, box["middle"], steps=4)
    page.mouse.move(box["right"] - 0.5, box["middle"], steps=4)
    page.mouse.up()


def submit(page: Page) -> None:
    """Submit by the keyboard and wait until the annotation is stored."""
    with page.expect_response(lambda answer: "/annotations" in answer.url and answer.request.method == "POST"):
        page.keyboard.press("Control+Enter")

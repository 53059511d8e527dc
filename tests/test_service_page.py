"""The page in a real Chromium: what it shows, by mouse and keyboard, and that no article ever runs in it."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from conflict_ner.schema import LabelSchema
from tests.services import KEY_OF_PAGE, Running, Scripted, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WORDS = {
    "Rebels": ("ARMED_GROUP", 0.91),
    "Hayat Tahrir al-Sham": ("ARMED_GROUP", 0.95),
    "12": ("CASUALTY_COUNT", 0.97),
    "30": ("CASUALTY_COUNT", 0.97),
    "more than 300,000": ("CASUALTY_COUNT", 0.97),
    "Idlib": ("PLACE", 0.99),
    "Aleppo": ("PLACE", 0.99),
    "Tuesday": ("DATE", 0.99),
    "Wednesday": ("DATE", 0.99),
    "2011": ("DATE", 0.99),
}
# The sign of two UTF-16 units before the spans moves every offset of a page that counts wrongly.
ARTICLE = (
    "\U0001f4f0 Rebels killed 12 soldiers near Idlib on Tuesday.\n\nNothing happened here.\n\n"
    "On Wednesday Hayat Tahrir al-Sham shelled Aleppo and 30 civilians were killed.\n\n"
    "Since 2011 more than 300,000 people have been killed."
)
SPITEFUL = (
    "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'>"
    "\"><svg onload=window.broken=3> ' onmouseover='window.broken = 4' x=' </textarea></script>"
    "<iframe srcdoc='<script>parent.broken = 5</script>'></iframe> "
    "javascript:window.broken=6 {{7*7}} ${window.broken=7}"
)
MILLISECONDS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium: install the package `chromium`, or name its program in CHROMIUM")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def server(schema: LabelSchema) -> Iterator[Running]:
    with running(cast("Any", Scripted(WORDS, schema))) as found:
        yield found


@pytest.fixture
def page(browser: Browser, server: Running) -> Iterator[Page]:
    yield from opened(browser, server)


def opened(browser: Browser, server: Running) -> Iterator[Page]:
    found = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    found.set_default_timeout(MILLISECONDS)
    wrong: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on("request", lambda request: request.url.startswith((server.url, "blob:")) or wrong.append(request.url))
    found.goto(server.url)
    yield found
    found.close()
    assert wrong == [], "the page has no errors and asks nobody else"


def read(page: Page, text: str, published: str = "2015-03-27") -> None:
    page.fill("#text", text)
    page.fill("#published", published)
    page.click("#read")
    page.wait_for_selector("#status:has-text('found')")


def surfaces(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_text_contents()


def test_the_article_its_spans_and_what_they_mean(page: Page) -> None:
    read(page, ARTICLE)
    assert page.inner_text("#article") == ARTICLE
    expected = ["Rebels", "12", "Idlib", "Tuesday", "Wednesday", "Hayat Tahrir al-Sham", "Aleppo", "30", "2011"]
    assert surfaces(page, "#article mark") == [*expected, "more than 300,000"]
    colours = page.eval_on_selector_all(
        "#article mark", "all => all.map(mark => getComputedStyle(mark).borderBottomColor)"
    )
    assert len(set(colours)) == 4
    page.hover("#article mark >> nth=3")
    assert page.inner_text("#tip").splitlines() == ["DATE · score 0.99", "2015-03-24"]
    page.mouse.move(5, 5)
    assert page.locator("#tip").is_hidden()


def test_the_keyboard_reaches_each_span_and_the_hint(page: Page) -> None:
    read(page, ARTICLE)
    page.focus("#article mark")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "Idlib"
    assert "Idlib (settlement, SY" in page.inner_text("#tip")
    assert "PLACE" in (page.get_attribute("#article mark:focus", "aria-label") or "")
    page.keyboard.press("Escape")
    assert page.locator("#tip").is_hidden()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "more than 300,000"
    assert page.locator("#article mark[tabindex='0']").count() == 1


def test_a_chosen_event_leads_to_its_sentence(page: Page) -> None:
    read(page, "Nothing yet.\n" * 80 + ARTICLE)
    rows = page.locator("#events tbody tr")
    assert rows.count() == 2
    assert ["Idlib, SY" in row for row in rows.all_inner_texts()] == [True, False]
    page.focus("#events .pick >> nth=1")
    page.keyboard.press("Enter")
    assert page.get_attribute("#events .pick >> nth=1", "aria-pressed") == "true"
    chosen = "".join(surfaces(page, "#article .chosen"))
    assert chosen == "On Wednesday Hayat Tahrir al-Sham shelled Aleppo and 30 civilians were killed."
    assert {"Aleppo", "30", "Wednesday"} <= set(surfaces(page, "#article mark.evidence"))
    shown = page.eval_on_selector(
        "#article .chosen",
        """chosen => {
            const inner = chosen.getBoundingClientRect()
            const outer = document.getElementById("article").getBoundingClientRect()
            return inner.top >= outer.top && inner.bottom <= outer.bottom && inner.bottom < innerHeight && inner.top > 0
        }""",
    )
    assert shown, "the sentence is scrolled to"
    assert "Event 2" in page.inner_text("#status")
    rows.nth(0).click()
    assert "".join(surfaces(page, "#article .chosen")).endswith("Rebels killed 12 soldiers near Idlib on Tuesday.")
    assert "300,000" in page.inner_text("#tolls")


def test_the_map_and_the_dates(page: Page) -> None:
    read(page, ARTICLE)
    page.wait_for_selector("#map path", state="attached")
    assert page.locator("#map path").count() > 170
    assert page.locator("#map path.about").count() == 1
    events = page.locator("#map .event")
    assert events.count() == 2
    events.nth(1).focus()
    page.keyboard.press("Enter")
    assert page.get_attribute("#map .event >> nth=1", "aria-pressed") == "true"
    assert page.evaluate("document.activeElement.dataset.event") == "1", "the focus stays where it was"
    assert "Aleppo" in "".join(surfaces(page, "#article .chosen"))
    before = page.get_attribute("#map", "viewBox")
    page.click("#nearer")
    assert page.get_attribute("#map", "viewBox") != before
    page.click("#fit")
    assert page.get_attribute("#map", "viewBox") == before
    dates = page.inner_text("#dates")
    assert "2015-03-24" in dates and "2015-03-25" in dates and "earlier" in dates


def test_what_is_saved_is_what_the_library_writes(page: Page, tmp_path: Path) -> None:
    read(page, ARTICLE)
    saved = {}
    for kind in ("json", "csv", "geojson"):
        with page.expect_download() as download:
            page.click(f"[data-save={kind}]")
        download.value.save_as(tmp_path / kind)
        saved[kind] = (tmp_path / kind).read_text(encoding="utf-8")
    record = json.loads(saved["json"])
    assert record["text"] == ARTICLE
    assert [record["text"][span["start"] : span["end"]] for span in record["spans"]] == surfaces(page, "#article mark")
    table = list(csv.DictReader(io.StringIO(saved["csv"])))
    assert [row["location"] for row in table] == ["Idlib", "Aleppo"]
    features = json.loads(saved["geojson"])["features"]
    assert [round(feature["geometry"]["coordinates"][1]) for feature in features] == [36, 36]


def test_nothing_of_an_article_runs(browser: Browser, schema: LabelSchema) -> None:
    # The spiteful words are spans too, so that they also stand in hints, tables, the map and the dates.
    words = {SPITEFUL: ("ARMED_GROUP", 0.9), "<b>Tuesday": ("DATE", 0.9), **WORDS}
    with running(cast("Any", Scripted(words, schema))) as server:
        for page in opened(browser, server):
            article = f"{SPITEFUL} killed 12 soldiers near Idlib on <b>Tuesday.\n\n{ARTICLE}"
            read(page, article)
            assert page.inner_text("#article") == article
            assert SPITEFUL in " ".join(surfaces(page, "#events .chip"))
            page.hover("#article mark")
            page.click("#events .pick")
            page.wait_for_timeout(200)
            assert page.evaluate("window.broken") is None
            assert page.locator("main script, main iframe, main img, #article b, #article svg").count() == 0
            assert page.locator("[onerror], [onload], [onmouseover]").count() == 0
            # And were there a hole, the policy would close it.
            with pytest.raises(Exception, match="TrustedHTML"):
                page.evaluate("document.body.innerHTML = '<img src=x onerror=\"window.broken = 8\">'")


def test_what_goes_wrong_is_told(page: Page, server: Running) -> None:
    page.click("#read")
    assert page.inner_text("#error") == "Paste an article first."
    page.fill("#text", "a" * (1 << 20))
    page.evaluate("document.getElementById('text').value += 'b'.repeat(100)")
    page.click("#read")
    page.wait_for_selector("#error:has-text('bytes')")
    read(page, "Nobody is named.")
    assert page.inner_text("#error") == ""
    assert page.locator("#no-events").is_visible()


def test_a_service_with_a_key_asks_for_it(browser: Browser, schema: LabelSchema) -> None:
    with running(cast("Any", Scripted(WORDS, schema)), key=KEY_OF_PAGE) as server:
        for page in opened(browser, server):
            page.fill("#text", ARTICLE)
            page.click("#read")
            page.wait_for_selector("#key", state="visible")
            assert "Bearer" in page.inner_text("#error")
            page.fill("#key", KEY_OF_PAGE)
            read(page, ARTICLE)
            assert page.locator("#article mark").count() == 10


def test_a_dropped_file_fills_the_field(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "article.txt"
    file.write_text(ARTICLE, encoding="utf-8")
    page.set_input_files("#file", file)
    page.wait_for_selector("#status:has-text('article.txt is in the field')")
    assert page.input_value("#text") == ARTICLE
    page.fill("#text", "")
    page.evaluate(
        """text => {
            const data = new DataTransfer()
            data.items.add(new File([text], "dropped.txt", {type: "text/plain"}))
            document.getElementById("text").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}))
        }""",
        ARTICLE,
    )
    page.wait_for_selector("#status:has-text('dropped.txt is in the field')")
    assert page.input_value("#text") == ARTICLE


def test_each_control_has_a_name_and_each_text_its_contrast(page: Page) -> None:
    read(page, ARTICLE)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, textarea, [role=button], [tabindex]")]
            .filter(one => !(one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length))
            .map(one => one.outerHTML)"""
    )
    assert nameless == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=cast("Any", scheme))
        for ink, ground in (
            ("--ink", "--ground"),
            ("--soft", "--ground"),
            ("--soft", "--card"),
            ("--bad", "--ground"),
            ("--ink", "--chosen"),
            ("--accent", "--ground"),
        ):
            assert contrast(page, ink, ground) >= 4.5, f"{ink} on {ground}, {scheme}"


def contrast(page: Page, ink: str, ground: str) -> float:
    """Return the contrast of two of the page's colours, by https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    lights = []
    for name in (ink, ground):
        code = page.evaluate("name => getComputedStyle(document.documentElement).getPropertyValue(name)", name).strip(
            "# "
        )
        code = code if len(code) == 6 else "".join(2 * letter for letter in code)
        parts = [int(code[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)

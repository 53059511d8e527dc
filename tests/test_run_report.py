"""The report of a run: its errors sorted and counted, its page safe and whole, what does not fit refused."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from conflict_ner.config import read_config
from conflict_ner.documents import Document, Meta, Span, read_documents, write_documents
from conflict_ner.errors import ConflictNerError, DataError
from conflict_ner.matching import Counts, merged, micro, strict
from tests import small_models
from tests.conftest import Trained
from tests.strategies import LABELS, flat_spans, marked_texts
from train.__main__ import app
from train.config import TrainConfig
from train.corpus import CorpusConfig, build_corpus
from train.run import Run
from train.run_report.charts import Line, line_chart, ticks, wilson
from train.run_report.command import report_and_tell
from train.run_report.confusion import NOTHING, SIDES, borders, confusion_of
from train.run_report.content import Content, fair_shares, gather
from train.run_report.errors import KINDS, counts_of, find_errors, mended
from train.run_report.excerpts import excerpts, whole
from train.run_report.finished import read_finished
from train.run_report.page import render
from train.score import score_documents

SPITEFUL = "</script><script>window.broken = 1</script>"
PARTS = ("scores", "learning", "kinds", "confusion", "calibration", "documents", "alignment", "run", "errors")


def spans(*given_spans: tuple[int, int, str]) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end, label=label) for start, end, label in given_spans)


@given(flat_spans(), flat_spans())
def test_each_span_is_right_or_in_one_error_of_one_kind(gold: tuple[Span, ...], predicted: tuple[Span, ...]) -> None:
    found = find_errors(gold, predicted)
    for side, given_spans in (("gold", gold), ("predicted", predicted)):
        of_errors = [span.key for error in found.errors for span in getattr(error, side)]
        assert sorted([*of_errors, *(span.key for span in found.right)]) == [span.key for span in given_spans]
    for error in found.errors:
        assert sum(holds(error.gold, error.predicted) for holds in KINDS.values()) == 1
    assert found.counts == micro(strict(gold, predicted))
    assert counts_of(found.errors) + Counts(*(4 * [len(found.right)])) == found.counts
    if gold:
        assert mended(found.counts, found.errors) == 1, "a reading without its errors is right"


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ([(0, 5, "PLACE")], [], ["missed"]),
        ([], [(0, 5, "PLACE")], ["spurious"]),
        ([(0, 5, "PLACE")], [(0, 5, "DATE")], ["wrong label"]),
        ([(0, 5, "PLACE")], [(0, 6, "DATE")], ["wrong label and borders"]),
        ([(1, 5, "PLACE")], [(0, 6, "PLACE")], ["too long"]),
        ([(0, 5, "PLACE")], [(0, 4, "PLACE")], ["too short"]),
        ([(0, 5, "PLACE")], [(2, 7, "PLACE")], ["shifted"]),
        ([(0, 5, "PLACE")], [(0, 2, "PLACE"), (3, 5, "DATE")], ["split"]),
        ([(0, 2, "PLACE"), (3, 5, "DATE")], [(0, 5, "PLACE")], ["merged"]),
        ([(0, 4, "PLACE"), (5, 9, "DATE")], [(0, 6, "PLACE"), (7, 9, "DATE")], ["too long", "too short"]),
        ([(0, 5, "PLACE")], [(0, 5, "PLACE")], []),
    ],
)
def test_kinds(gold: list[tuple[int, int, str]], predicted: list[tuple[int, int, str]], kinds: list[str]) -> None:
    assert [error.kind for error in find_errors(spans(*gold), spans(*predicted)).errors] == kinds


@given(st.lists(st.tuples(flat_spans(), flat_spans()), max_size=4))
def test_confusions_add_up_to_the_spans(documents: list[tuple[tuple[Span, ...], tuple[Span, ...]]]) -> None:
    pairs = [
        (Document(id=str(number), text="x" * 24, spans=gold), Document(id=str(number), text="x" * 24, spans=predicted))
        for number, (gold, predicted) in enumerate(documents)
    ]
    found = confusion_of(pairs)
    total = merged(strict(gold, predicted) for gold, predicted in documents)
    for label in LABELS:
        own = total.get(label, Counts())
        assert sum(found.labels[label, other] for other in (*LABELS, NOTHING)) == own.gold
        assert sum(found.labels[other, label] for other in (*LABELS, NOTHING)) == own.predicted
        paired = own.gold - found.labels[label, NOTHING]
        for side in SIDES:
            assert sum(count for key, count in found.borders.items() if key[:2] == (label, side)) == paired


@pytest.mark.parametrize(
    ("gold", "predicted", "told"),
    [
        ("the rebels", "the rebels", [("left", 0, ""), ("right", 0, "")]),
        ("rebels", "the rebels near", [("left", 1, "the"), ("right", 1, "near")]),
        ("the rebels near Homs", "rebels", [("left", -1, "the"), ("right", -2, "near Homs")]),
        ("rebels", "rebel", [("left", 0, ""), ("right", -1, "s")]),
    ],
)
def test_borders_are_off_by_words(gold: str, predicted: str, told: list[tuple[str, int, str]]) -> None:
    text = "Then the rebels near Homs fled."
    places = [
        Span(start=text.index(part), end=text.index(part) + len(part), label="PLACE") for part in (gold, predicted)
    ]
    assert borders(text, *places) == told


@settings(max_examples=40)
@given(marked_texts(), st.data())
def test_excerpts_show_the_text_and_the_spans_of_the_error(
    marked: tuple[str, tuple[Span, ...]], data: st.DataObject
) -> None:
    text, gold = marked
    predicted = data.draw(flat_spans(len(text)))
    document = Document(id="a", text=text, spans=gold)
    findings = find_errors(gold, predicted)
    for error in findings.errors:
        for pieces, own in zip(excerpts(document, predicted, error), (error.gold, error.predicted), strict=True):
            assert "".join(piece.text for piece in pieces).removeprefix("… ").removesuffix(" …") in text
            here = [(piece.text, piece.label) for piece in pieces if piece.here and piece.label]
            assert here == [(text[span.start : span.end], span.label) for span in own]
            assert own or any(piece.here for piece in pieces), "where nothing is marked, the place is shown"
    stretches = whole(document, findings)
    assert "".join(stretch.text for stretch in stretches) == text
    assert [stretch.told.split(" ")[0] for stretch in stretches if stretch.told] == [
        error.kind.split(" ")[0] for error in sorted(findings.errors, key=lambda error: error.end)
    ]


@given(st.dictionaries(st.integers(), st.integers(0, 40), max_size=9), st.integers(0, 120))
def test_a_limit_is_shared_fairly(sizes: dict[int, int], limit: int) -> None:
    shares = fair_shares(sizes, limit)
    assert sum(shares.values()) == min(limit, sum(sizes.values()))
    cut = [shares[name] for name in sizes if shares[name] < sizes[name]]
    assert all(shares[name] <= sizes[name] for name in sizes)
    assert not cut or min(cut) + 1 >= max(shares.values()), "nobody gets less so that another gets more"


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.booleans())
def test_ticks_hold_their_values(low: float, size: float, from_zero: bool) -> None:
    found = ticks(low, low + size, from_zero)
    assert 2 <= len(found) <= 6
    slack = 1e-6 * (found[-1] - found[0])
    assert found[0] - slack <= low
    assert low + size <= found[-1] + slack


def test_charts_are_whole_whatever_was_logged() -> None:
    nan = float("nan")
    assert line_chart("t", "d", [Line("a", [(1, nan)])], ("x", "y")) == ""
    chart = ET.fromstring(line_chart("<t>", "d", [Line("a & b", [(1, 0.5), (2, nan), (3, 0.5)])], ("x", "y")))
    assert [element.text for element in chart.iter() if element.tag.endswith("title")] == ["<t>", "a & b"]
    assert "nan" not in ET.tostring(chart, encoding="unicode")
    low, high = wilson(0.9, 10)
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)


def finished(folder: Path, encoder: Path, *pairs: tuple[Document, Document]) -> Path:
    """Write a finished run that read documents so; the first is the test split, the others are for training."""
    gold = [one for one, _ in pairs]
    write_documents(folder / "gold.jsonl", gold)
    corpus = CorpusConfig.model_validate(
        {
            "title": "t",
            "sources": {"a": str(folder / "gold.jsonl")},
            "test": {"ids": [gold[0].id]},
            "output": folder / "corpus",
        }
    )
    build_corpus(corpus)
    config = read_config(small_models.write_config(folder / "c.yaml", encoder, corpus.output), TrainConfig)
    run = Run(config.run_folder)
    run.keep_config(config)
    run.write_predictions("test", [pairs[0][1]])
    run.write_history(
        [
            {"epoch": 0.5, "loss": 1.5, "learning_rate": 1e-4},
            {"epoch": 1.0, "eval_strict_f1": 0.25, "eval_loss": 1.0},
            {"epoch": 1.0, "train_runtime": 2.0},
        ]
    )
    scores = score_documents([gold[0]], [pairs[0][1]], LABELS, resamples=0)
    run.finish({"test": scores.model_dump(mode="json", exclude_none=True)})
    return run.folder


def pair(name: str, text: str, gold: tuple[Span, ...], predicted: tuple[Span, ...]) -> tuple[Document, Document]:
    document = Document(id=name, text=text, spans=gold, meta=Meta(title=f"{name} title"))
    return document, document.with_spans(span.model_copy(update={"score": 0.75}) for span in predicted)


def awkward(folder: Path, encoder: Path) -> Path:
    """A run on a text that tries to be HTML, in two directions, with an error in it."""
    text = f'{SPITEFUL} قُتل ثلاثة في إدلب \N{RIGHT-TO-LEFT OVERRIDE}near Homs & "Hama". ' + "Rebels left. " * 30
    at = text.index(SPITEFUL)
    gold = spans((at, at + len(SPITEFUL), "ARMED_GROUP"), (text.index("إدلب"), text.index("إدلب") + 4, "PLACE"))
    predicted = spans((at, at + 5, "ARMED_GROUP"), (text.index("Homs"), text.index("Homs") + 4, "PLACE"))
    other = pair("other", "Rebels left Homs.", spans((12, 16, "PLACE")), ())
    return finished(folder, encoder, pair(SPITEFUL, text, gold, predicted), other)


class Parts(HTMLParser):
    """Notes the ids of a page, checks that each tag is closed where it belongs, and collects what it would load."""

    VOID = ("meta", "br", "link", "img", "input", "hr")

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given[name]) for name in ("href", "src", "action", "data") if name in given]
        assert "style" not in given, "the policy would refuse it"
        assert not [name for name in given if name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def parsed(page: str) -> Parts:
    parts = Parts()
    parts.feed(page)
    parts.close()
    assert parts.open == []
    assert len(parts.ids) == len(set(parts.ids))
    assert all(link.startswith("#") and link[1:] in parts.ids for link in parts.links), "all links stay on the page"
    return parts


def test_the_command_reports_a_real_run(trained: Trained, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["report", str(trained.run), "--output", str(page)])
    assert done.exit_code == 0, done.output
    html = page.read_text(encoding="utf-8")
    parts = parsed(html)
    assert [name for name in parts.ids if name in PARTS] == list(PARTS)
    scores = json.loads((trained.run / "scores.json").read_text())["test"]["micro"]["strict"]
    assert f"Strict F1 {scores['f1']['value']:.3f}" in html
    assert html.count("<article") == _errors(trained)
    assert html.count('class="chart"') == 5, "loss, score and rate; and the reliability of two splits"
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        ET.fromstring(svg)
    assert "num_train_epochs: 12" in html, "the configuration is there in full"
    text = " ".join(parts.texts)
    assert "tokens a second" in text
    assert "SHA-256 of the weights" in text


def _errors(trained: Trained) -> int:
    from train.gold import gold_of

    count = 0
    for split in ("validation", "test"):
        gold, _ = gold_of(trained.run, split)
        predicted = read_documents(Run(trained.run).predictions(split))
        for one, other in zip(gold, predicted, strict=True):
            count += len(find_errors(one.spans, other.spans).errors)
    assert count
    return count


def test_a_text_that_tries_to_be_html_stays_text(tmp_path: Path, small_encoder: Path) -> None:
    folder = awkward(tmp_path, small_encoder)
    report_and_tell(folder)
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert html.count("<script") == html.count("</script") == 1
    assert "default-src 'none'" in unescape(html)
    assert sum(SPITEFUL in text for text in parsed(html).texts) >= 3


def contents(folder: Path, shown: int = 500) -> Content:
    return gather(read_finished(folder), None, "nobody asked", shown)


def test_a_page_says_what_it_does_not_show(tmp_path: Path, small_encoder: Path) -> None:
    text = "Rebels left Homs. " * 300
    every = tuple(Span(start=at.start(), end=at.end(), label="PLACE") for at in re.finditer("Homs", text))
    folder = finished(tmp_path, small_encoder, pair("long", text, every, ()), pair("b", "x", (), ()))
    content = contents(folder, shown=7)
    assert (content.errors, content.shown) == (300, 7)
    html = render(content)
    assert "Shown are 7 of 300 errors" in html
    assert html.count("<article") == 7
    assert "Not known: nobody asked" in html
    assert "The predicted spans bear no scores." in html
    parsed(html)


def test_a_reading_without_an_error_has_a_page(tmp_path: Path, small_encoder: Path) -> None:
    right = spans((12, 16, "PLACE"))
    folder = finished(tmp_path, small_encoder, pair("a", "Rebels left Homs.", right, right), pair("b", "x", (), ()))
    html = render(contents(folder))
    parsed(html)
    assert "No error: every span is right." in html
    assert "No document has an error." in html


def test_a_k_fold_run_shows_the_curves_of_all_folds(tmp_path: Path, small_encoder: Path) -> None:
    folder = awkward(tmp_path, small_encoder)
    run = Run(folder)
    shutil.move(run.predictions("test"), run.predictions("out-of-fold"))
    run.finish({"out-of-fold": run.scores()["test"].model_dump(mode="json", exclude_none=True)})
    config = folder / "config.yaml"
    config.write_text(config.read_text() + "folds: 2\nheld_out: [test]\n", encoding="utf-8")
    history = folder / "history.json"
    for number in (1, 2):
        (folder / f"fold-{number}").mkdir()
        shutil.copy(history, folder / f"fold-{number}")
    history.unlink()
    content = contents(folder)
    assert [one.name for one in content.curves] == ["fold 1", "fold 2"]
    html = render(content)
    parsed(html)
    assert "strict F1 fold 2" in html
    assert "of the out-of-fold split" in html


def _drop_a_span(folder: Path) -> None:
    path = Run(folder).predictions("test")
    (document,) = read_documents(path)
    write_documents(path, [document.with_spans(document.spans[1:])])


def _change_the_corpus(folder: Path) -> None:
    gold = read_documents(folder.parent / "gold.jsonl")
    longer = [Document(id=one.id, text=f"{one.text} Later.", spans=one.spans) for one in gold]
    write_documents(folder.parent / "gold.jsonl", longer)
    build_corpus(
        CorpusConfig.model_validate(
            {
                "title": "t",
                "sources": {"a": str(folder.parent / "gold.jsonl")},
                "test": {"ids": [gold[0].id]},
                "output": folder.parent / "corpus",
            }
        )
    )


def _name_another_corpus(folder: Path) -> None:
    model = folder.parent / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    info = {"name": "small", "corpus": {"name": "corpus", "manifest_sha256": "0" * 64}}
    (model / "conflict_ner.json").write_text(json.dumps(info))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (shutil.rmtree, "is no run, it has no config.yaml"),
        (lambda folder: (folder / "finished").unlink(), "continue it with resume=true"),
        (lambda folder: (folder / "scores.json").write_text("{}"), "Build a corpus that holds documents out"),
        (lambda folder: (folder / "predictions" / "test.jsonl").unlink(), "what it read is lost. Train it again"),
        (_drop_a_span, "one of them was changed after the run"),
        (_change_the_corpus, "does not fit the corpus any more; train again"),
        (_name_another_corpus, "has changed since small was trained"),
        (lambda folder: shutil.rmtree(folder.parent / "corpus"), "is no corpus"),
        (lambda folder: (folder / "history.json").write_text("[1]"), "damaged"),
        (lambda folder: (folder / "config.yaml").write_text("name: x\n"), "encoder: a value is needed"),
        (lambda folder: (folder / "report.html").mkdir(), "is a folder; name a file in it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, small_encoder: Path, harm: Callable[[Path], object], told: str
) -> None:
    folder = awkward(tmp_path, small_encoder)
    harm(folder)
    with pytest.raises(ConflictNerError, match=re.escape(told)):
        report_and_tell(folder)
    assert not (folder / "report.html").is_file(), "no page, or a whole one"


def test_a_misspelt_run_is_named(tmp_path: Path, small_encoder: Path) -> None:
    folder = awkward(tmp_path, small_encoder)
    with pytest.raises(DataError, match="did you mean 'run'"):
        read_finished(folder.parent / "runn")


@pytest.mark.browser
def test_the_page_filters_reads_without_script_and_asks_no_network(tmp_path: Path, small_encoder: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium: install the package `chromium`, or name its program in CHROMIUM")
    folder = awkward(tmp_path, small_encoder)
    report_and_tell(folder)
    page_file = folder / "report.html"
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(page_file.as_uri())
        errors = page.locator("article.error:visible")
        assert errors.count() == 3
        assert page.evaluate("window.broken") is None
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"
        page.locator("select[name=kind]").select_option("too-short")
        assert errors.count() == page.locator("section.kind:visible").count() == 1
        assert page.locator("#filter output").inner_text() == "1 of 3"
        page.locator("select[name=label]").select_option("PLACE")
        assert errors.count() == 0
        page.get_by_role("button", name="Show all").click()
        page.wait_for_function("document.querySelector('#filter output').textContent === '3 of 3'")
        page.locator("#kinds ~ .scroll").get_by_role("link", name="missed").click()
        assert errors.count() == 1
        assert errors.locator("mark.here").inner_text().startswith("إدلب")
        page.locator("[aria-labelledby=documents] table a").first.click()
        assert page.locator(".document:visible").count() == 1, "the link opens the whole text"
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(page_file.as_uri())
        assert plain.locator("article.error:visible").count() == 3
        assert plain.locator("#filter:visible").count() == 0, "no choice that would do nothing"
        browser.close()
    assert (asked, said) == ([page_file.as_uri()], [])

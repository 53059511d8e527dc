"""Disagreements settled, on a real server and in a real Chromium: what is opened, what comes home as gold."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from annotate.adjudication.disputes import AGREED, IN_THE_TEXT, ReviewData, review_task
from annotate.adjudication.gold import GoldRequest, run_gold, settled
from annotate.adjudication.opening import review_settings, run_open
from annotate.adjudication.page import CHOICE_NAME, MARK_NAME
from annotate.annotated import Annotated
from annotate.client import Client
from annotate.exchange import PushRequest, run_push
from annotate.project import find_project
from annotate.settings import ROOT, AnnotateSettings, ProjectSettings
from annotate.tasks import Json, regions
from conflict_ner.documents import Document, Provenance, Span, read_documents, write_documents
from conflict_ner.errors import ConfigError, DataError
from conflict_ner.schema import LabelSchema
from tests.browser import MILLISECONDS, logged_in, mark_words, submit
from tests.live import LabelStudio

SEEDS = ROOT / "seeds"
TEXT = "Rebels <killed> 117 soldiers in Idlib province & the city of Homs on Tuesday."
ANN, BEA, CIA = "ann@example.org", "bea@example.org", "cia@example.org"
JUDGE = "judge@example.org"


def span(words: str, label: str, **attributes: str) -> Span:
    start = TEXT.index(words)
    return Span(start=start, end=start + len(words), label=label, attributes=attributes)


FORCE, DAY = span("Rebels", "ARMED_GROUP"), span("Tuesday", "DATE")
KILLED = span("117", "CASUALTY_COUNT", casualty_type="killed")
WOUNDED = span("117", "CASUALTY_COUNT", casualty_type="wounded")
AREA, CITY = span("Idlib province", "PLACE"), span("Idlib", "PLACE")
HOMS = span("Homs", "PLACE")


def reading(annotator: str, *spans: Span, name: str = "a", text: str = TEXT) -> Document:
    return Document(id=name, text=text, spans=spans, provenance=Provenance(annotators=(annotator,)))


THREE = (
    reading(ANN, FORCE, KILLED, AREA, DAY),
    reading(BEA, FORCE, KILLED, CITY, HOMS, DAY),
    reading(CIA, FORCE, WOUNDED, CITY, DAY),
)


def test_a_task_holds_each_place_once_with_every_reading_named() -> None:
    task = review_task(Annotated(THREE))
    data = task["data"]
    review = ReviewData.model_validate(data)
    assert review.readers == (ANN, BEA, CIA)
    assert data["disputed"] == "3 disputed places"
    assert [TEXT[item.start : item.end] for item in review.disputes] == ["117", "Idlib province", "Homs"]
    assert [[option.alias for option in item.options] for item in review.disputes] == [
        [f"{ANN}, {BEA}", CIA, IN_THE_TEXT],
        [ANN, f"{BEA}, {CIA}", IN_THE_TEXT],
        [f"{ANN}, {CIA}", BEA, IN_THE_TEXT],
    ]
    assert [option.spans for option in review.disputes[2].options] == [(), (HOMS,), ()]
    shown = [[option["value"] for option in item["options"]] for item in data["disputes"]]
    assert shown[0] == [
        "ann, bea: 117 CASUALTY_COUNT killed",
        "cia: 117 CASUALTY_COUNT wounded",
        f"Neither: {IN_THE_TEXT}",
    ]
    assert shown[2][0] == "ann, cia: nothing"
    card = data["disputes"][0]["html"]
    assert "Rebels &lt;killed&gt; <mark>117</mark> soldiers" in card, "the article's own signs are no HTML"

    agreed, *own = task["predictions"]
    assert agreed["model_version"] == AGREED
    marks = [region for region in agreed["result"] if region["from_name"] == MARK_NAME]
    assert [(item["value"]["labels"], item["value"]["text"], item["readonly"]) for item in marks] == [
        (["?1"], "117", True),
        (["?2"], "Idlib province", True),
        (["?3"], "Homs", True),
    ]
    assert agreed["result"][3:] == regions(THREE[0].with_spans([FORCE, DAY]))
    assert [(item["model_version"], item["result"]) for item in own] == [
        (document.provenance.annotators[0], regions(document)) for document in THREE
    ]


def test_names_are_short_only_where_that_keeps_them_apart() -> None:
    twins = (reading("ann@x.org", FORCE), reading("ann@y.org"))
    (dispute,) = review_task(Annotated(twins))["data"]["disputes"]
    assert [option["value"] for option in dispute["options"]][:2] == [
        "ann@x.org: Rebels ARMED_GROUP",
        "ann@y.org: nothing",
    ]


def answer(number: int, alias: str) -> Json:
    value = {"choices": [alias]}
    return {
        "id": f"c{number}",
        "from_name": f"{CHOICE_NAME}{number}",
        "to_name": "text",
        "type": "choices",
        "value": value,
    }


def test_what_is_marked_and_what_was_chosen_is_the_result() -> None:
    task = review_task(Annotated(THREE))
    review = ReviewData.model_validate(task["data"])
    prefilled = task["predictions"][0]["result"]
    kept, problems = settled([*prefilled, answer(0, CIA), answer(1, IN_THE_TEXT), answer(2, BEA)], review, THREE[0])
    assert problems == []
    labels = [item["value"]["text"] for item in kept if item["type"] == "labels"]
    assert labels == ["Rebels", "Tuesday", "117", "Homs"]
    _, problems = settled([*prefilled, answer(0, CIA), answer(2, "someone")], review, THREE[0])
    assert problems == [
        "disputed place ?2 'Idlib province' is not settled; choose a reading on its card",
        "disputed place ?3 'Homs' is answered 'someone', which it does not offer; choose a reading on its card",
    ]


def test_the_review_project_has_a_title_of_its_own() -> None:
    assert review_settings(ProjectSettings(title="Sudan")).title == "Sudan: review"
    assert review_settings(ProjectSettings(title="S" * 50, review_title="Judges")).title == "Judges"
    with pytest.raises(ConfigError, match="52 characters"):
        review_settings(ProjectSettings(title="S" * 44))
    with pytest.raises(ConfigError, match="must not touch"):
        review_settings(ProjectSettings(title="Sudan", review_title="Sudan"))


def test_a_corpus_takes_the_settled_reading_and_keeps_who_was_settled(tmp_path: Path, schema: LabelSchema) -> None:
    from train.parquet import read_split, to_dataset, write_split
    from train.readings import Reading, choose_readings

    settled_by = Provenance(annotators=(JUDGE,), adjudicated=True, readers=(ANN, BEA, CIA))
    gold = THREE[0].model_copy(update={"provenance": settled_by})
    both = [*(Reading(document, "pulled") for document in THREE), Reading(gold, "gold")]
    (taken,), (choice,) = choose_readings(both, prefer=(ANN,))
    assert (taken.document, choice.rule) == (gold, "adjudicated")
    write_split(to_dataset({"train": [gold]}, schema)["train"], tmp_path / "train.parquet")
    assert read_split(tmp_path / "train.parquet", schema) == [gold]


@dataclass
class Court:
    """An annotators' project of one test's own, and its review project."""

    settings: AnnotateSettings
    client: Client
    folder: Path

    def push(self, *readings: Document) -> None:
        path = self.folder / f"{uuid.uuid4().hex}.jsonl"
        write_documents(path, readings)
        run_push(self.settings, PushRequest(path, annotations=(path,)))

    def open(self, *paths: Path) -> None:
        run_open(self.settings, paths)

    def pull(self, **options: Any) -> dict[str, Document]:
        out = self.folder / "gold.jsonl"
        run_gold(self.settings, GoldRequest(out, **options))
        return {document.id: document for document in read_documents(out)}

    def project(self, *, review: bool = False) -> int:
        settings = self.settings.project
        project = find_project(self.client, review_settings(settings).title if review else settings.title)
        assert project is not None
        return project.id

    def tasks(self, *, review: bool = False) -> list[Json]:
        """Return all tasks with all that hangs on them."""
        include = "id,data,updated_at,annotations,result,completed_by,predictions,drafts"
        return list(self.client.tasks(self.project(review=review), [], "all", include))

    def judge(self, task: Json, *answers: str, drawn: tuple[Span, ...] = ()) -> int:
        """Settle a task in the adjudicator's name; what was pre-filled stays."""
        users = {email: user for user, email in self.client.users().items()}
        user = users.get(JUDGE) or self.client.create_user(JUDGE)
        (prefilled,) = [item["result"] for item in task["predictions"] if item["model_version"] == AGREED]
        own = regions(Document(id="drawn", text=task["data"]["text"], spans=drawn))
        result = [*prefilled, *own, *(answer(number, alias) for number, alias in enumerate(answers))]
        assert self.client.create_annotation(task["id"], user, str(uuid.uuid4()), result, 9.5)
        (held,) = [item for item in self.tasks(review=True) if item["id"] == task["id"]]
        return max(annotation["id"] for annotation in held["annotations"])

    def change(self, annotator: str, *spans: Span) -> None:
        """Let an annotator of the one document think again."""
        user = {email: user for user, email in self.client.users().items()}[annotator]
        (task,) = self.tasks()
        (annotation,) = [item["id"] for item in task["annotations"] if item["completed_by"] == user]
        result = regions(reading(annotator, *spans))
        self.client.write("PATCH", f"api/annotations/{annotation}/", {"result": result})


@pytest.fixture
def court(label_studio: LabelStudio, tmp_path: Path) -> Iterator[Court]:
    project = ProjectSettings(title=f"court {uuid.uuid4().hex[:12]}", chunk=2)
    with Client(label_studio.connection) as client:
        yield Court(label_studio.settings.model_copy(update={"project": project}), client, tmp_path)


@pytest.mark.live
def test_the_recorded_annotators_are_settled_and_left_as_they_were(
    court: Court, gold: list[Document], capsys: pytest.CaptureFixture[str]
) -> None:
    run_push(court.settings, PushRequest(SEEDS, annotations=(SEEDS / "annotators",)))
    before = court.tasks()
    court.open()
    told = capsys.readouterr().out
    disputed = court.tasks(review=True)
    assert f"{5 - len(disputed)} alike by all, {len(disputed)} with" in told
    assert 0 < len(disputed) < 5
    assert court.client.project(court.project(review=True)).model_version == AGREED
    by_id = {document.id: document for document in gold}
    for task in disputed:
        # The adjudicator takes the reading that the recorded gold has, or marks it where nobody read so.
        answers: list[str] = []
        drawn: list[Span] = []
        right = by_id[task["data"]["doc_id"]]
        for dispute in ReviewData.model_validate(task["data"]).disputes:
            there = tuple(item for item in right.spans if item.start < dispute.end and dispute.start < item.end)
            alias = next((option.alias for option in dispute.options if option.spans == there), IN_THE_TEXT)
            answers.append(alias)
            drawn += there if alias == IN_THE_TEXT else ()
        court.judge(task, *answers, drawn=tuple(drawn))
    settled_gold = court.pull()
    assert {name: document.spans for name, document in settled_gold.items()} == {
        document.id: document.spans for document in gold
    }
    names = ("annotator-1@example.org", "annotator-2@example.org")
    adjudicated = {task["data"]["doc_id"]: task for task in disputed}
    for name, document in settled_gold.items():
        source = document.provenance
        assert (source.adjudicated, source.readers, source.text_sha256) == (True, names, document.sha256)
        if name in adjudicated:
            assert (source.annotators, source.task) == ((JUDGE,), adjudicated[name]["id"])
            assert (source.project, source.lead_time) == (review_settings(court.settings.project).title, 9.5)
            assert None not in (source.annotation, source.updated_at)
        else:
            assert (source.annotators, source.project) == (names, court.settings.project.title)
    capsys.readouterr()
    court.open()
    assert f"Review tasks: 0 new, {len(disputed)} already there" in capsys.readouterr().out
    assert court.tasks() == before, "the annotators' project is only read"


@pytest.mark.live
def test_changed_readings_replace_what_nobody_has_taken_up(court: Court, capsys: pytest.CaptureFixture[str]) -> None:
    court.push(*THREE)
    court.open()
    (first,) = court.tasks(review=True)
    court.change(CIA, FORCE, KILLED, CITY, DAY)
    capsys.readouterr()
    court.open()
    assert "Review tasks: 0 new, 0 already there, 1 replaced, 0 removed." in capsys.readouterr().out
    (second,) = court.tasks(review=True)
    assert second["id"] != first["id"]
    assert second["data"]["disputed"] == "2 disputed places"

    # A draft is somebody's work: from here on nothing of it may go.
    draft = {"result": [answer(0, ANN)], "task": second["id"]}
    court.client.write("POST", f"api/tasks/{second['id']}/drafts", draft)
    court.change(CIA, FORCE, WOUNDED, CITY, DAY)
    court.open()
    assert "a is being adjudicated (task" in capsys.readouterr().err
    assert [task["id"] for task in court.tasks(review=True)] == [second["id"]]

    court.judge(second, ANN, BEA)
    court.open()
    assert "a has been adjudicated (task" in capsys.readouterr().err
    document = court.pull()["a"]
    assert document.spans == (FORCE, KILLED, AREA, HOMS, DAY)
    assert "read otherwise since it was adjudicated" in capsys.readouterr().out


@pytest.mark.live
def test_a_task_that_two_openings_made_stays_once(court: Court) -> None:
    court.push(*THREE)
    court.open()
    project = court.project(review=True)
    court.client.import_tasks(project, [review_task(Annotated(THREE[::-1]))])
    first, second = court.tasks(review=True)
    court.judge(second, f"{BEA}, {ANN}", ANN, BEA)
    court.open()
    assert [task["id"] for task in court.tasks(review=True)] == [second["id"]], "the one that holds work stays"
    assert first["data"]["digest"] == second["data"]["digest"]


@pytest.mark.live
def test_a_task_goes_when_its_readers_have_come_to_agree(court: Court, capsys: pytest.CaptureFixture[str]) -> None:
    court.push(reading(ANN, FORCE), reading(BEA, FORCE, DAY))
    court.open()
    assert len(court.tasks(review=True)) == 1
    court.change(ANN, FORCE, DAY)
    court.open()
    assert "1 removed" in capsys.readouterr().out
    assert court.tasks(review=True) == []
    assert court.pull()["a"].provenance.annotators == (ANN, BEA)


@pytest.mark.live
def test_open_and_single_readings_are_named_and_left_out(court: Court, capsys: pytest.CaptureFixture[str]) -> None:
    other = "Nothing like the others: the army left Homs in 2012."
    court.push(
        *THREE, reading(ANN, name="alone", text="One reader alone read this."), reading(ANN, name="b", text=other)
    )
    court.push(reading(BEA, name="b", text=other))
    court.open()
    assert "3 article(s) read: 1 by one annotator alone, 1 alike by all, 1 with 3 disputed place(s)." in (
        capsys.readouterr().out
    )
    report = court.folder / "report.jsonl"
    assert list(court.pull(report=report)) == ["b"]
    told = capsys.readouterr().out
    assert f"{ANN}, {BEA}, {CIA} differ in 3 place(s)" in told
    assert "Left out: 1 article(s) with open disagreements, 1 read by one annotator alone, 0 refused" in told
    assert [json.loads(line)["kind"] for line in report.read_text().splitlines()] == ["open"]


@pytest.mark.live
def test_what_is_not_settled_or_contradicts_itself_is_refused(court: Court, capsys: pytest.CaptureFixture[str]) -> None:
    twice = [document.model_copy(update={"id": "b"}) for document in THREE]
    court.push(*THREE, *twice)
    court.open()
    first, second = court.tasks(review=True)
    court.judge(first, f"{ANN}, {BEA}", ANN)
    annotation = court.judge(second, f"{ANN}, {BEA}", ANN, BEA, drawn=(CITY,))
    with pytest.raises(DataError, match="nothing was written") as caught:
        court.pull()
    problems = "\n".join(caught.value.problems)
    assert "disputed place ?3 'Homs' is not settled" in problems
    assert "overlaps PLACE" in problems
    assert not (court.folder / "gold.jsonl").exists()
    assert court.pull(skip_bad=True) == {}
    assert "2 refused" in capsys.readouterr().out
    # A later adjudication of the same task counts in its place.
    court.judge(first, f"{ANN}, {BEA}", ANN, BEA)
    court.client.write("DELETE", f"api/annotations/{annotation}/")
    gold = court.pull()
    assert list(gold) == ["a"]
    assert gold["a"].spans == (FORCE, KILLED, AREA, HOMS, DAY)


@pytest.mark.live
def test_where_all_agree_no_project_is_made(court: Court, capsys: pytest.CaptureFixture[str]) -> None:
    court.push(reading(ANN, FORCE), reading(BEA, FORCE))
    court.open()
    assert "There is nothing to settle." in capsys.readouterr().out
    assert find_project(court.client, review_settings(court.settings.project).title) is None
    assert court.pull()["a"].provenance.readers == (ANN, BEA)


@pytest.mark.live
def test_pulled_files_are_opened_like_the_project(court: Court) -> None:
    path = court.folder / "pulled.jsonl"
    write_documents(path, THREE)
    court.open(path)
    (task,) = court.tasks(review=True)
    court.judge(task, CIA, f"{BEA}, {CIA}", f"{ANN}, {CIA}")
    assert court.pull(paths=(path,))["a"].spans == (FORCE, WOUNDED, CITY, DAY)
    assert find_project(court.client, court.settings.project.title) is None


@pytest.mark.live
@pytest.mark.browser
def test_an_adjudicator_settles_an_article_in_the_browser(court: Court, label_studio: LabelStudio) -> None:
    court.push(*THREE)
    court.open()
    url = f"{label_studio.connection.url}/projects/{court.project(review=True)}/data?labeling=1"
    with logged_in(label_studio) as page:
        page.goto(url)
        page.wait_for_selector(".cn-card .lsf-choice", timeout=MILLISECONDS)
        page.wait_for_selector(".htx-highlight", timeout=MILLISECONDS)
        cards = page.locator(".cn-card")
        assert cards.count() == 3
        assert page.locator(".cn-disputes").inner_text().split("\n")[0] == "3 disputed places"
        assert "Idlib province PLACE ann" in " ".join(cards.nth(1).inner_text().split())
        marks = page.eval_on_selector_all(
            ".htx-highlight", "all => all.map(i => i.innerText + getComputedStyle(i, '::after').content)"
        )
        assert marks == ['Rebels"1"', '117"?1"', 'Idlib province"?2"', 'Homs"?3"', 'Tuesday"4"']
        box = cards.nth(0).bounding_box()
        text = page.locator(".cn-page .lsf-htx-richtext").last.bounding_box()
        assert box is not None and text is not None
        assert box["x"] > text["x"] + text["width"] - 1, "the cards stand beside the text"

        # A slip on the keyboard settles nothing; an article with an open place is not taken.
        ticked = page.locator(".cn-card input:checked")
        for key in "567890qertyiopasdfghjlzxvb":
            page.keyboard.press(key)
        assert ticked.count() == 0
        cards.nth(0).locator("label").nth(1).click()
        page.keyboard.press("Control+Enter")
        page.get_by_text("A disputed place is not settled yet").wait_for(timeout=MILLISECONDS)
        # While the notice is still growing a click may go past its button.
        page.locator(".ant-modal:not([class*=ant-zoom])").wait_for(timeout=MILLISECONDS)
        page.locator(".ant-modal button").last.click()
        page.locator(".ant-modal").wait_for(state="hidden", timeout=MILLISECONDS)

        cards.nth(1).locator("label").nth(2).click()
        page.keyboard.press("2")
        mark_words(page, "soldiers", ".lsf-htx-richtext:not(.cn-card *)")
        page.keyboard.press("u")
        cards.nth(2).locator("label").nth(1).click()
        assert ticked.count() == 3
        submit(page)
    document = court.pull()["a"]
    assert [(TEXT[item.start : item.end], item.label, item.attributes) for item in document.spans] == [
        ("Rebels", "ARMED_GROUP", {}),
        ("117", "CASUALTY_COUNT", {"casualty_type": "wounded"}),
        ("soldiers", "PLACE", {}),
        ("Homs", "PLACE", {}),
        ("Tuesday", "DATE", {}),
    ]
    assert document.provenance.annotators == (label_studio.state.email,)

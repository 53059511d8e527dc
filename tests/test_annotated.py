"""Documents with all readings: from files, and from a real server with what each reading began from."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from annotate.agreement.starts import Fate, Start, fates, start_of
from annotate.annotated import from_documents, from_server, short_names
from annotate.client import Client
from annotate.exchange import PushRequest, run_push
from annotate.project import existing_project
from annotate.readings import Names, TaskReader
from annotate.report import Finding, Kind
from annotate.settings import ROOT, ProjectSettings
from annotate.tasks import regions
from conflict_ner.documents import Document, write_documents
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from tests import browser
from tests.annotators import RECORDED, TEXT, found, reading
from tests.live import LabelStudio


def write(folder: Path, name: str, *documents: Document) -> Path:
    path = folder / name
    write_documents(path, documents)
    return path


def test_readings_are_grouped_by_document_and_named(schema: LabelSchema) -> None:
    read = from_documents(RECORDED, schema)
    assert len(read) == 5
    for annotated in read:
        assert [one.provenance.annotators for one in annotated.readings] == [
            ("annotator-1@example.org",),
            ("annotator-2@example.org",),
        ]
        assert annotated.by("annotator-2@example.org") is annotated.readings[1]
        assert annotated.by("nobody@example.org") is None
        assert annotated.shown == {}
        assert {annotated.text} == {one.text for one in annotated.readings}


def test_adjudicated_readings_are_no_annotators(tmp_path: Path, schema: LabelSchema) -> None:
    assert from_documents([ROOT / "seeds" / "gold.jsonl"], schema) == []
    both = write(tmp_path, "both.jsonl", reading("a"), reading("b", adjudicated=True))
    (annotated,) = from_documents([both], schema)
    assert [one.provenance.annotators for one in annotated.readings] == [("a",)]


def test_all_that_cannot_be_compared_is_told_at_once(tmp_path: Path, schema: LabelSchema) -> None:
    one = write(tmp_path, "one.jsonl", reading("a"), reading("a", document="other"))
    two = write(
        tmp_path, "two.jsonl", reading("a"), reading("b", document="other", text="Changed."), Document(id="c", text="C")
    )
    with pytest.raises(DataError) as caught:
        from_documents([one, two], schema)
    first, second, third = caught.value.problems
    assert "'a' by a stands twice" in first
    assert "'other' by b has another text than a's" in second
    assert "'c' names no annotator" in third


def test_short_names_stay_different() -> None:
    assert short_names(["ann@a.org", "bob@b.org"]) == {"ann@a.org": "ann", "bob@b.org": "bob"}
    same = ["ann@a.org", "ann@b.org"]
    assert short_names(same) == {name: name for name in same}


@pytest.mark.live
@pytest.mark.browser
def test_the_page_leaves_what_a_reading_began_from(
    label_studio: LabelStudio, tmp_path: Path, schema: LabelSchema
) -> None:
    """The whole of what pre-annotation is measured by, as Label Studio's page records it."""
    title = f"began {uuid.uuid4().hex[:12]}"
    settings = label_studio.settings.model_copy(update={"project": ProjectSettings(title=title)})
    shown = (
        found("Rebels", "ARMED_GROUP"),
        found("117", "CASUALTY_COUNT", casualty_type="killed"),
        found("Idlib", "PLACE"),
        found("Tuesday", "DATE"),
    )
    predicted = write(tmp_path, "predicted.jsonl", Document(id="a", text=TEXT, spans=shown))
    run_push(settings, PushRequest(None, predictions=predicted, model_version="m-1"))
    with Client(label_studio.connection) as client, browser.logged_in(label_studio) as page:
        project = existing_project(client, title)
        page.goto(f"{label_studio.connection.url}/projects/{project.id}/data?labeling=1")
        page.wait_for_selector(".htx-highlight", timeout=browser.MILLISECONDS)
        spans = page.locator(".htx-highlight")
        spans.nth(1).click()
        page.wait_for_selector(".lsf-choices:not(.lsf-choices_hidden)", timeout=browser.MILLISECONDS)
        page.keyboard.press("w")
        page.keyboard.press("u")
        spans.nth(3).click()
        page.keyboard.press("Backspace")
        page.keyboard.press("2")
        browser.mark_words(page, "Homs", ".lsf-htx-richtext")
        page.keyboard.press("u")
        browser.submit(page)

        # A second annotator, by the API: no prediction stood on that page, and one region cannot be read.
        (key,) = client.find_tasks(project.id, ["a"])
        second = client.create_user(f"{uuid.uuid4().hex[:10]}@example.org")
        client.create_annotation(key.id, second, str(uuid.uuid4()), regions(reading("x", *shown)), 30.0)
        third = client.create_user(f"{uuid.uuid4().hex[:10]}@example.org")
        unknown = regions(reading("x", shown[0].model_copy(update={"label": "TANK"})))
        client.create_annotation(key.id, third, str(uuid.uuid4()), unknown, 30.0)

        findings: list[Finding] = []
        (annotated,) = from_server(client, project, TaskReader(schema, Names(client.users()), title), findings)
    assert [finding.kind for finding in findings] == [Kind.REFUSED]
    first = annotated.by(label_studio.state.email)
    assert first is not None
    assert [(first.surface(span), span.origin) for span in first.spans] == [
        ("Rebels", "prediction"),
        ("117", "prediction-changed"),
        ("Idlib", "prediction"),
        ("Homs", "manual"),
    ]
    assert (first.provenance.lead_time or 0) > 0
    assert list(annotated.shown) == [label_studio.state.email]
    began = annotated.shown[label_studio.state.email]
    assert [(span.key, span.attributes) for span in began] == [(span.key, span.attributes) for span in shown]
    assert sorted(fates(began, first.spans)) == sorted(
        [
            ("ARMED_GROUP", Fate.ACCEPTED),
            ("CASUALTY_COUNT", Fate.ATTRIBUTE),
            ("PLACE", Fate.ACCEPTED),
            ("DATE", Fate.DELETED),
            ("PLACE", Fate.ADDED),
        ]
    )
    starts = {start_of(annotated, one) for one in annotated.readings}
    assert starts == {Start.PREDICTION, Start.UNKNOWN}

"""The team's commands meet faults of the network: predictions, review tasks and notes are there once all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.adjudication.opening import review_settings, run_open
from annotate.client import Client
from annotate.connection import KEY_VARIABLE, URL_VARIABLE
from annotate.exchange import PushRequest, run_push
from annotate.prelabel.run import PrelabelRequest, run_prelabel
from annotate.review import run_review
from conflict_ner.documents import Document, Provenance, Span, write_documents
from conflict_ner.label_errors import LabelError, QuotedSpan, write_label_errors
from tests.bench import TEXT, Meeting, hurry, new_bench, wait
from tests.faults import LATE_SECONDS, Fault, Planned, proxying
from tests.live import LabelStudio

pytestmark = [pytest.mark.live, pytest.mark.faults]

ANN, BEA = "ann@example.org", "bea@example.org"
IDLIB = Span(start=30, end=35, label="PLACE")


def reading(name: str, annotator: str, *spans: Span) -> Document:
    return Document(id=name, text=TEXT, spans=spans, provenance=Provenance(annotators=(annotator,)))


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if not fault.name.startswith("STRIKE")], ids=lambda fault: fault.name.lower()
)
def test_what_a_team_command_sends_is_there_once(
    label_studio: LabelStudio,
    tmp_path: Path,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    hurry(monkeypatch)
    if fault is Fault.TIMEOUT_WHILE:
        wait(monkeypatch, 0.1, 3 * LATE_SECONDS)
    with Client(label_studio.connection) as past, proxying(label_studio.connection.url) as proxy:
        monkeypatch.setenv(KEY_VARIABLE, label_studio.connection.api_key)
        monkeypatch.setenv(URL_VARIABLE, proxy.url)
        bench = new_bench(label_studio.settings, past, tmp_path)
        bench.push("abc")

        def meet(what: str, request: str, nth: int, command: Callable[[], None]) -> None:
            meeting = Meeting(proxy)
            meeting.run(command, [Planned(request, fault, nth)])
            record_property("cell", f"{what}|{fault.name}|{meeting}|")

        predicting = PrelabelRequest(weak=True, name="weak-1")
        meet("prelabel", "POST /api/projects/*/import/predictions", 2, lambda: run_prelabel(bench.settings, predicting))
        assert bench.held() == {"tasks": Counter("abc"), "annotations": Counter(), "predictions": Counter("abc")}

        recorded = tmp_path / "recorded.jsonl"
        write_documents(recorded, [item for name in "abc" for item in (reading(name, ANN, IDLIB), reading(name, BEA))])
        run_push(bench.settings, PushRequest(recorded, annotations=(recorded,)))
        meet("adjudicate open", "POST /api/projects/*/import", 1, lambda: run_open(bench.settings, ()))
        (project,) = past.projects(review_settings(bench.settings.project).title)
        tasks = list(past.tasks(project.id, [], fields="all", include="id,data,predictions"))
        assert Counter(task["data"]["doc_id"] for task in tasks) == Counter("abc")
        # What both agree upon, and each one's own reading.
        assert [len(task["predictions"]) for task in tasks] == [3, 3, 3]

        doubts = tmp_path / "doubts.jsonl"
        place = QuotedSpan(start=30, end=35, label="PLACE", text="Idlib")
        write_label_errors(doubts, [LabelError(document=name, span=place, reason="A centre?") for name in "ab"])
        meet("push --review", "PATCH /api/tasks/*", 2, lambda: run_review(bench.settings, doubts))
        notes = {task["data"]["doc_id"]: task["data"]["review"] for task in bench.tasks()}
        assert [name for name in "abc" if notes[name].startswith("Second look:")] == ["a", "b"]
        assert bench.held() == {
            "tasks": Counter("abc"),
            "annotations": Counter("aabbcc"),
            "predictions": Counter("abc"),
        }

"""Faults between us and a real server: nothing arrives twice, nothing is lost, and no secret is told.

Each test is one fault, met by one operation after another. What was seen in each cell of that matrix stands in the
report of `python -m pytest tests/test_client_faults.py -o junit_family=xunit1 --junitxml=matrix.xml`.
"""

from __future__ import annotations

import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from annotate import delivery
from annotate.client import Client
from annotate.connection import KEY_VARIABLE, URL_VARIABLE, Connection
from annotate.session import RequestError
from tests.bench import Bench, Meeting, hurry, new_bench, wait
from tests.faults import LATE_SECONDS, Fault, Planned, Proxy, proxying
from tests.live import LabelStudio, execute, free_port

pytestmark = [pytest.mark.live, pytest.mark.faults]

FAULTS = tuple(fault for fault in Fault if not fault.name.startswith("STRIKE"))


@dataclass(frozen=True)
class Operation:
    """A push, and the request of it that the fault meets.

    Attributes:
        what: what the request does.
        request: its pattern; the n-th of them meets the fault.
        names: the documents.
        replay: whether annotations are replayed.
        predict: whether predictions are pushed.
    """

    what: str
    request: str
    names: str
    nth: int = 1
    replay: bool = False
    predict: bool = False


# In their order: each builds on what the ones before have left.
PUSHES = (
    Operation("project", "POST /api/projects/", "abc"),
    Operation("predictions for standing tasks", "POST /api/projects/*/import/predictions", "abc", nth=2, predict=True),
    Operation("annotator", "POST /api/users/", "a", replay=True),
    Operation("replayed annotations", "POST /api/tasks/*/annotations/", "abc", nth=2, replay=True),
    Operation("tasks with predictions", "POST /api/projects/*/import", "def", nth=2, predict=True),
    Operation("tasks", "POST /api/projects/*/import", "ghi", nth=2),
    Operation("look-up", "GET /api/tasks", "abcdefghi"),
)


@pytest.fixture
def bench(label_studio: LabelStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    hurry(monkeypatch)
    with Client(label_studio.connection) as past:
        yield new_bench(label_studio.settings, past, tmp_path)


@pytest.fixture
def proxy(label_studio: LabelStudio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that all commands of the test go through."""
    with proxying(label_studio.connection.url) as before:
        monkeypatch.setenv(KEY_VARIABLE, label_studio.connection.api_key)
        monkeypatch.setenv(URL_VARIABLE, before.url)
        yield before


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
def test_after_a_fault_all_is_there_once(
    bench: Bench,
    proxy: Proxy,
    label_studio: LabelStudio,
    fault: Fault,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if fault is Fault.TIMEOUT_WHILE:
        wait(monkeypatch, 0.1, 3 * LATE_SECONDS)
    tasks, annotations, predictions = "", "", ""
    for operation in PUSHES:
        before = proxy.count(operation.request)
        meeting = Meeting(proxy)
        command = partial(bench.push, operation.names, replay=operation.replay, predict=operation.predict)
        meeting.run(command, [Planned(operation.request, fault, operation.nth)])
        tasks += operation.names
        annotations += operation.names if operation.replay else ""
        predictions += operation.names if operation.predict else ""
        wanted = {"tasks": tasks, "annotations": annotations, "predictions": predictions}
        assert bench.held() == {kind: Counter(set(names)) for kind, names in wanted.items()}, operation.what
        sent = proxy.count(operation.request) - before
        record_property("cell", f"push: {operation.what}|{fault.name}|{meeting}|{sent} requests")
    assert list(bench.past.users().values()).count(bench.annotator) == 1

    capsys.readouterr()
    bench.push("abc", replay=True, predict=True)
    bench.push("abcdefghi")
    assert re.findall(r"(\d+) new, (\d+) already", capsys.readouterr().out) == [("0", "3")] * 2 + [("0", "9")]

    met = bench.pull_whole_or_not_at_all(proxy, fault, since_last=False, names="abc")
    record_property("cell", f"pull: whole|{fault.name}|{met}|")
    task = next(task["id"] for task in bench.tasks() if task["data"]["doc_id"] == "d")
    assert bench.past.create_annotation(task, 1, str(uuid.uuid4()), [], 1.0)
    met = bench.pull_whole_or_not_at_all(proxy, fault, since_last=True, names="abcd")
    record_property("cell", f"pull: what changed|{fault.name}|{met}|")
    told = capsys.readouterr()
    assert label_studio.connection.api_key not in told.out + told.err


def test_faults_that_go_on_end_the_push_and_the_same_command_finishes_it(bench: Bench, proxy: Proxy) -> None:
    proxy.plan = [Planned("POST /api/projects/*/import", Fault.TIMEOUT_BEFORE) for _ in range(delivery.ATTEMPTS)]
    with pytest.raises(RequestError, match="answered 504") as caught:
        bench.push()
    assert caught.value.uncertain
    assert bench.held()["tasks"] == {}
    bench.push()
    assert bench.held()["tasks"] == Counter("abc")


def test_a_refusal_tells_status_and_reason_and_no_secret(label_studio: LabelStudio) -> None:
    token = label_studio.connection.api_key
    with Client(label_studio.connection) as client, pytest.raises(RequestError) as caught:
        client.create_project("x", label_config="<View><Nonsense></View>")
    assert caught.value.status == 400
    assert not caught.value.uncertain
    assert "label_config" in str(caught.value)
    wrong = Connection(label_studio.connection.url, "0" * 40, "test")
    with Client(wrong) as client, pytest.raises(RequestError, match="doctor") as refused:
        client.users()
    assert refused.value.status == 401
    for error in (caught.value, refused.value):
        told = str(error).casefold()
        assert not any(word in told for word in (token, "0" * 40, "cookie", "authorization", "csrf", "header"))


def test_a_server_that_is_not_there_is_told(label_studio: LabelStudio) -> None:
    nowhere = Connection(f"http://127.0.0.1:{free_port()}", label_studio.connection.api_key, "test")
    with Client(nowhere) as client, pytest.raises(RequestError, match="cannot be reached") as caught:
        client.create_user("x@example.org")
    assert (caught.value.status, caught.value.uncertain) == (None, False)


@pytest.mark.parametrize("faults", [0, 1, 2])
def test_delivery_sends_again_only_what_is_missing(monkeypatch: pytest.MonkeyPatch, faults: int) -> None:
    monkeypatch.setattr(delivery, "PAUSES", (0.0,))
    arrived: list[int] = []
    sent: list[tuple[int, ...]] = []

    def send(items: Sequence[int]) -> None:
        sent.append(tuple(items))
        arrived.append(items[0])
        if len(sent) <= faults:
            raise RequestError("broke", uncertain=True)
        arrived.extend(items[1:])

    again = delivery.deliver((1, 2, 3), send, lambda items: [item for item in items if item not in arrived])
    assert arrived == [1, 2, 3]
    assert sent == [(1, 2, 3), (2, 3), (3,)][: faults + 1]
    assert again is (faults > 0)


def test_a_server_that_asks_for_time_is_given_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSES", (0.0,))
    sent: list[float] = []

    def send(*_: object) -> None:
        sent.append(time.monotonic())
        if len(sent) % 2:
            raise RequestError("asked too much", status=429, uncertain=True, wait=0.2)

    assert delivery.deliver((1,), send, lambda items: items)
    assert delivery.repeat(send) == 2
    assert [later - sooner >= 0.2 for sooner, later in pairwise(sent)] == [True, False, True]


def test_what_may_arrive_twice_is_sent_three_times_and_a_refusal_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSES", (0.0,))
    for uncertain, times in ((True, delivery.ATTEMPTS), (False, 1)):
        sent: list[bool] = []

        def send(sent: list[bool] = sent, uncertain: bool = uncertain) -> None:
            sent.append(uncertain)
            raise RequestError("no", uncertain=uncertain)

        with pytest.raises(RequestError):
            delivery.repeat(send)
        assert len(sent) == times


def test_annotations_that_label_studio_does_not_count_are_pulled_all_the_same(
    bench: Bench, label_studio: LabelStudio, capsys: pytest.CaptureFixture[str]
) -> None:
    """It loses count when projects are deleted while others work: two deletions at once, and it never counts again."""
    bench.push("abc", replay=True)
    (project,) = bench.past.projects(bench.settings.project.title)
    (task,) = [task["id"] for task in bench.tasks() if task["data"]["doc_id"] == "b"]
    execute(label_studio.state.folder, f"UPDATE task SET total_annotations = 0, is_labeled = false WHERE id = {task}")
    assert bench.past.count_annotated(project.id) == 2
    bench.pull()
    bench.check_pulled("abc")
    assert "does not count the annotations of 1 task(s)" in capsys.readouterr().out
    assert bench.past.count_annotations(project.id) == 3

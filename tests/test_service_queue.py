"""The service under requests that come together, queues that are full, and texts that break the model."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from conflict_ner.client import Client, ClientError
from conflict_ner.documents import Document, Span
from conflict_ner.extract import Extractor, load
from tests.conftest import Trained
from tests.services import ask, running, until

pytest.importorskip("fastapi", reason="fastapi is missing: pip install -e '.[serve]'")


@pytest.fixture(scope="module")
def extractor(trained: Trained) -> Extractor:
    return load(trained.model)


class Held:
    """An extractor that waits where the test says, and finds in each text the span of its first word."""

    def __init__(self, real: Extractor) -> None:
        self.tagger = real.tagger
        self.normaliser = real.normaliser
        self.read = real.read
        self.go = threading.Event()
        self.go.set()
        self.entered = 0
        self.batches: list[int] = []

    def __call__(self, text: str) -> Document:
        return next(iter(self.extract([Document.from_raw("text", text)])))

    def extract(self, documents: Iterable[Document]) -> Iterator[Document]:
        held = list(documents)
        self.entered += 1
        self.go.wait(60)
        self.batches.append(len(held))
        for document in held:
            if "BREAKS" in document.text:
                raise RuntimeError(f"a message that quotes {document.text}")
            end = len(document.text.partition(" ")[0])
            yield document.with_spans([Span(start=0, end=end, label="PLACE", score=0.5)])


@pytest.fixture
def held(extractor: Extractor) -> Held:
    return Held(extractor)


def start_held(held: Held, key: str | None = None, **limits: Any) -> Any:
    return running(cast("Extractor", held), key, **limits)


def test_requests_at_the_same_time_are_read_together_and_each_gets_its_own_answer(held: Held) -> None:
    with start_held(held, batch_texts=16, batch_wait_ms=50) as server, ThreadPoolExecutor(48) as pool:
        held.batches.clear()
        held.go.clear()
        client = Client(server.url)
        answers = pool.map(lambda number: client.spans(f"word{number} and more"), range(48))
        until(lambda: server.batcher.waiting >= 47 - 16)
        held.go.set()
        assert [answer[0]["word"] for answer in answers] == [f"word{number}" for number in range(48)]
    assert sum(held.batches) == 48
    assert max(held.batches) > 1
    assert max(held.batches) <= 16


def test_a_text_that_breaks_the_model_spoils_no_other_and_is_not_logged(
    held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    with start_held(held) as server:
        texts = ["one", "this BREAKS it", "two"]
        answers = list(Client(server.url).batch(texts, what="spans"))
        assert ["error" in answer for answer in answers] == [False, True, False]
        assert "RuntimeError" in answers[1]["error"]["detail"]
        with pytest.raises(ClientError) as caught:
            Client(server.url).spans("it BREAKS again")
        assert caught.value.status == 503
    assert "RuntimeError" in caplog.text
    assert "BREAKS" not in caplog.text


def test_when_the_queue_is_full_the_next_is_told_when_to_come_again(held: Held) -> None:
    with start_held(held, queue_texts=2, batch_texts=1) as server, ThreadPoolExecutor(4) as pool:
        held.go.clear()
        before = held.entered
        taken = [pool.submit(ask, f"{server.url}/v1/spans", {"text": "text0"})]
        until(lambda: held.entered == before + 1)
        taken += [pool.submit(ask, f"{server.url}/v1/spans", {"text": f"text{number}"}) for number in (1, 2)]
        until(lambda: server.batcher.waiting == 2)
        reply = ask(f"{server.url}/v1/spans", {"text": "one too many"})
        assert reply.status == 429
        assert int(reply.headers["retry-after"]) >= 1
        with pytest.raises(ClientError, match="come again"):
            Client(server.url, timeout=0.5).spans("one too many")
        # A batch waits for its turn instead.
        batch = pool.submit(lambda: list(Client(server.url).batch(["a", "b", "c", "d"], what="spans")))
        held.go.set()
        assert [done.result().status for done in taken] == [200, 200, 200]
        assert ["spans" in answer for answer in batch.result()] == [True] * 4
        assert b"conflict_ner_refused_texts_total" in ask(f"{server.url}/metrics").body


def test_the_client_comes_again_to_a_busy_service(held: Held) -> None:
    with start_held(held, queue_texts=1, batch_texts=1) as server, ThreadPoolExecutor(8) as pool:
        client = Client(server.url, timeout=60)
        answers = list(pool.map(lambda number: client.spans(f"w{number} x"), range(8)))
        assert [answer[0]["word"] for answer in answers] == [f"w{number}" for number in range(8)]


def test_who_waits_too_long_is_told_so(held: Held) -> None:
    with start_held(held, patience_seconds=0.2) as server:
        held.go.clear()
        with pytest.raises(ClientError, match=r"more than 0\.2 s") as caught:
            Client(server.url).spans("slow")
        held.go.set()
        assert caught.value.status == 503
        assert Client(server.url, timeout=60).spans("fast")[0]["word"] == "fast"

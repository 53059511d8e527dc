"""The service: routes, limits, the key, the end; each against a real server."""

from __future__ import annotations

import datetime
import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict_ner.client import Client, ClientError
from conflict_ner.documents import Document, Meta
from conflict_ner.errors import ConfigError
from conflict_ner.extract import Extractor, load
from conflict_ner.service.keys import Key, read_key
from conflict_ner.text import normalise_offset, normalise_text
from tests.conftest import Trained
from tests.services import Running, address, ask, running, start, until

pytest.importorskip("fastapi", reason="fastapi is missing: pip install -e '.[serve]'")

from conflict_ner.service.wire import Shift

TEXT = "Rebels killed 12 soldiers near Idlib on Tuesday. The army shelled Aleppo, wounding at least 30 civilians."
PUBLISHED = "2015-03-27"
KEY = "a-key-of-more-than-sixteen-letters"


@pytest.fixture(scope="module")
def extractor(trained: Trained) -> Extractor:
    return load(trained.model)


@pytest.fixture(scope="module")
def server(extractor: Extractor) -> Iterator[Running]:
    with running(extractor) as found:
        yield found


def library(extractor: Extractor, text: str, id: str = "text") -> Document:  # noqa: A002
    meta = Meta(published=datetime.date.fromisoformat(PUBLISHED))
    return next(extractor.extract([Document.from_raw(id, text, meta=meta)]))


def test_the_answers_are_those_of_the_library(server: Running, extractor: Extractor, gold: list[Document]) -> None:
    client = Client(server.url)
    for text in (TEXT, gold[0].text):
        document = library(extractor, text)
        reading = extractor.read(document)
        spans = client.spans(text, PUBLISHED)
        assert [(item["start"], item["end"], item["entity_group"]) for item in spans] == [
            span.key for span in document.spans
        ]
        assert spans
        assert all(set(item) == {"entity_group", "score", "word", "start", "end"} for item in spans)
        assert [item["word"] for item in spans] == [document.surface(span) for span in document.spans]
        facts, events = client.facts(text, PUBLISHED), client.events(text, datetime.date(2015, 3, 27))
        assert without_scores(facts) == without_scores(reading.facts.model_dump(mode="json"))
        assert without_scores(events) == without_scores(reading.events.model_dump(mode="json"))


def without_scores(value: Any) -> Any:
    """Leave out what depends on which texts were read together in its last digits."""
    if isinstance(value, list):
        return [without_scores(item) for item in value]
    if isinstance(value, dict):
        return {name: without_scores(item) for name, item in value.items() if name != "score"}
    return value


def test_offsets_mean_the_text_as_it_was_sent(server: Running) -> None:
    sent = "At 9.\r\n\r\n" + TEXT.replace(". ", ".\r\n")
    spans = Client(server.url).spans(sent)
    assert spans and all(sent[item["start"] : item["end"]].replace("\r\n", "\n") == item["word"] for item in spans)
    facts = Client(server.url).facts(sent)
    told = [fact for kind in ("counts", "dates", "groups", "places") for fact in facts[kind]]
    assert told and all(sent[fact["span"]["start"] : fact["span"]["end"]] == fact["surface"] for fact in told)


@given(st.text(alphabet="a\r\n", max_size=20))
def test_a_place_of_the_sent_text_comes_back_to_itself(sent: str) -> None:
    shift = Shift(sent)
    normal = normalise_text(sent)
    back = [shift(place) for place in range(len(normal) + 1)]
    assert [normalise_offset(sent, place) for place in back[:-1]] == list(range(len(normal)))
    assert back[-1] == len(sent)


def test_shifting_leaves_days_alone() -> None:
    record = {"interval": {"start": "2015-03-24", "end": "2015-03-25"}, "spans": [{"start": 2, "end": 3}]}
    moved = Shift("a\r\nbc").within(record)
    assert moved == {"interval": record["interval"], "spans": [{"start": 3, "end": 4}]}


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "text", "a value is needed"),
        ({"text": ""}, "text", "at least 1 character"),
        ({"text": 5}, "text", "valid string"),
        ({"text": "a", "published": "Tuesday"}, "published", "2024-11-30"),
        ({"text": "a", "published": 5}, "published", "2024-11-30"),
        ({"text": "a", "published": "2015-02-30"}, "published", "date"),
        ({"text": "a", "published": "0001-01-01"}, "published", "1800"),
        ({"text": "a", "publishd": "2015-02-03"}, "publishd", "did you mean 'published'"),
        ([], "", "valid dictionary"),
        (b'{"text": ', "", "not JSON"),
        (b"", "", "nothing was sent"),
    ],
)
def test_a_wrong_request_is_told_its_field_and_the_reason(server: Running, body: Any, field: str, reason: str) -> None:
    reply = ask(f"{server.url}/v1/events", body)
    assert reply.status == 422
    [problem] = reply.json["problems"]
    assert problem["field"] == field
    assert reason in problem["reason"]
    assert problem["reason"] in reply.json["detail"]


def test_all_problems_are_told_at_once(server: Running) -> None:
    with pytest.raises(ClientError, match="2 problems") as caught:
        Client(server.url).events("", "yesterday")
    assert caught.value.status == 422
    assert [problem["field"] for problem in caught.value.problems] == ["text", "published"]


def test_what_is_no_utf8_and_what_is_no_route(server: Running) -> None:
    assert ask(f"{server.url}/v1/spans", b'{"text": "\xff"}').status in {400, 422}
    assert ask(f"{server.url}/v1/spams", {"text": "a"}).status == 404
    reply = ask(f"{server.url}/v1/spans")
    assert reply.status == 405
    assert "GET" in reply.json["detail"]


def test_odd_texts_are_read(server: Running) -> None:
    odd = ["\0 killed", "\U0001f600 Idlib", " \n ", "a" * 5000, "x\r\ny", "\u202eIdlib", "1" * 400 + " killed"]
    answers = list(Client(server.url).batch(odd))
    assert [sorted(answer) for answer in answers] == [["events", "id", "line"]] * len(odd)


def test_a_batch_answers_each_line_in_its_place(server: Running, extractor: Extractor) -> None:
    lines = [json.dumps({"id": "first", "text": TEXT}).encode(), b"nonsense", b"", b'{"id": "empty", "text": ""}']
    lines += [b"[1]", b"\xff", json.dumps({"text": TEXT, "published": PUBLISHED}).encode()]
    reply = ask(f"{server.url}/v1/batch?what=spans", b"\r\n".join(lines))
    answers = [json.loads(line) for line in reply.body.splitlines()]
    assert reply.headers["content-type"] == "application/jsonl"
    assert [answer["line"] for answer in answers] == [1, 2, 4, 5, 6, 7]
    assert [answer["id"] for answer in answers] == ["first", None, "empty", None, None, "line-7"]
    assert ["error" in answer for answer in answers] == [False, True, True, True, True, False]
    assert answers[2]["error"]["problems"][0]["field"] == "text"
    assert [item["start"] for item in answers[0]["spans"]] == [span.start for span in extractor(TEXT).spans]


def test_a_batch_is_told_what_it_can_ask_for(server: Running) -> None:
    reply = ask(f"{server.url}/v1/batch?what=spams", b"")
    assert reply.status == 422
    assert reply.json["problems"][0]["field"] == "what"


def test_the_client_sends_a_long_batch_in_parts(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conflict_ner.client.BATCH_LINES", 3)
    articles: list[Any] = [f"Rebels took Idlib {number} times." for number in range(7)]
    articles.append({"text": "Homs", "id": "mine", "published": datetime.date(2015, 3, 27)})
    answers = list(Client(server.url).batch(articles, what="spans"))
    assert [answer["line"] for answer in answers] == list(range(1, 9))
    assert [answer["id"] for answer in answers] == [*(f"line-{number}" for number in range(1, 8)), "mine"]


def test_a_request_that_is_too_large_is_refused_and_its_client_reads_why(extractor: Extractor) -> None:
    with running(extractor, request_bytes=2000, batch_bytes=8000) as small:
        client = Client(small.url)
        for length in (2001, 30_000):
            with pytest.raises(ClientError, match="more than 2,000 bytes") as caught:
                client.spans("a" * length)
            assert caught.value.status == 413
        assert client.spans("a" * 1900) is not None
        with pytest.raises(ClientError, match="more than 8,000 bytes"):
            list(client.batch(["a" * 9000]))
        # Without a stated length the bytes are counted as they come.
        connection = HTTPConnection(small.url.removeprefix("http://"), timeout=60)
        connection.request("POST", "/v1/spans", iter([b"a" * 1500] * 3), encode_chunked=True)
        assert connection.getresponse().status == 413
        connection.close()


def test_a_key_opens_what_reads_articles_and_the_numbers(extractor: Extractor) -> None:
    with running(extractor, key=KEY) as server:
        for route, body in (("/v1/spans", {"text": TEXT}), ("/v1/batch", b""), ("/page/reading", {"text": TEXT})):
            missing = ask(server.url + route, body)
            assert (missing.status, missing.headers["www-authenticate"][:6]) == (401, "Bearer")
            assert "Authorization: Bearer" in missing.json["detail"]
            assert ask(server.url + route, body, Authorization="Basic abc").status == 401
            assert ask(server.url + route, body, Authorization=f"Bearer {KEY}x").status == 403
            assert ask(server.url + route, body, Authorization=f"Bearer {KEY}").status == 200
        assert ask(f"{server.url}/metrics").status == 401
        for route in ("/", "/health", "/ready", "/version", "/openapi.json", "/web/page.js"):
            assert ask(server.url + route).status == 200
        assert Client(server.url, key=KEY).spans(TEXT)
        with pytest.raises(ClientError, match="not the one of this service"):
            Client(server.url, key="another-key-of-many-letters").spans(TEXT)


def test_where_a_key_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    assert read_key(None, {}) is None
    assert read_key(None, {"CONFLICT_NER_KEY": KEY}) == Key(KEY) == read_key(file, {})
    assert KEY not in repr(Key(KEY))
    for content in ("", "short", "a key with blanks in it"):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigError, match="16 or more"):
            read_key(file, {})
        with pytest.raises(ConfigError, match="CONFLICT_NER_KEY"):
            read_key(None, {"CONFLICT_NER_KEY": content})
    with pytest.raises(ConfigError, match="No such file"):
        read_key(tmp_path / "nothing", {})


def test_who_opens_a_service_to_others_without_a_key_is_warned() -> None:
    from conflict_ner.service.running import warning
    from conflict_ner.service.settings import ServiceSettings

    assert "everybody" in (warning(ServiceSettings(host="0.0.0.0"), None) or "")
    assert warning(ServiceSettings(host="0.0.0.0"), Key(KEY)) is None
    assert warning(ServiceSettings(), None) is None


def test_metrics_count_what_was_answered(extractor: Extractor) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    with running(extractor) as server:
        client = Client(server.url)
        for _ in range(3):
            client.spans(TEXT)
        ask(f"{server.url}/v1/spans", {"text": ""})
        ask(f"{server.url}/nothing")
        reply = ask(f"{server.url}/metrics")
        families = list(parser.text_string_to_metric_families(reply.body.decode()))
        told = {(sample.name, *sample.labels.values()): sample.value for one in families for sample in one.samples}
        assert told["conflict_ner_requests_total", "/v1/spans", "200"] == 3
        assert told["conflict_ner_requests_total", "/v1/spans", "422"] == 1
        assert told["conflict_ner_requests_total", "other", "404"] == 1
        assert told["conflict_ner_texts_total",] == 3
        assert told["conflict_ner_characters_total",] == 3 * len(TEXT)
        assert told["conflict_ner_request_seconds_count", "/v1/spans"] == 4
        spans = sum(value for name, value in told.items() if name[0] == "conflict_ner_spans_total")
        assert spans == 3 * len(extractor(TEXT).spans)
        assert "Rebels" not in reply.body.decode()


def test_state_and_headers(server: Running, extractor: Extractor) -> None:
    assert ask(f"{server.url}/health").json == {"status": "up"}
    assert ask(f"{server.url}/ready").json == {"status": "ready"}
    version = ask(f"{server.url}/version").json
    assert [label["name"] for label in version["labels"]] == list(extractor.tagger.tags.labels)
    for route in ("/", "/v1/nothing", "/openapi.json"):
        assert "default-src 'self'" in ask(server.url + route).headers["content-security-policy"]
    routes = ask(f"{server.url}/openapi.json").json["paths"]
    assert set(routes) == {
        *("/v1/spans", "/v1/facts", "/v1/events", "/v1/batch", "/health", "/ready", "/version", "/metrics")
    }


def test_no_request_of_its_own_description_breaks_it(server: Running) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is missing: pip install -e '.[dev]'")
    from hypothesis import HealthCheck, Phase, settings

    schemathesis.serializer.alias("application/jsonl", "text/plain")
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    statuses: set[int] = set()
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=12,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def fuzz(case: Any) -> None:
            response = case.call()
            statuses.add(response.status_code)
            case.validate_response(response, checks=[schemathesis.checks.not_a_server_error])

        fuzz()
    assert 200 in statuses


def test_an_end_finishes_what_was_taken(trained: Trained) -> None:
    process = start(trained.model, "--port", "0", "--batch-wait-ms", "1000")
    try:
        url = address(process)
        with ThreadPoolExecutor(3) as pool:
            # The batch waits a second for more, and meanwhile the service is told to end.
            asked = [pool.submit(ask, f"{url}/v1/spans", {"text": TEXT}) for _ in range(3)]
            until(lambda: b"conflict_ner_open_requests 4.0" in ask(f"{url}/metrics").body)
            process.send_signal(signal.SIGTERM)
            replies = [one.result() for one in asked]
        assert [reply.status for reply in replies] == [200, 200, 200]
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, "The service has ended." in out) == (0, True)
        assert "Traceback" not in errors
        assert "Rebels" not in out + errors
    finally:
        process.kill()
        process.wait()


def test_the_command_refuses_what_cannot_be(trained: Trained, tmp_path: Path) -> None:
    taken = start(trained.model, "--port", "99999", "--batch-texts", "0")
    _, errors = taken.communicate(timeout=60)
    assert taken.returncode == 2
    assert "port" in errors and "batch_texts" in errors and "Traceback" not in errors
    nothing = start(tmp_path / "nothing", "--port", "0")
    _, errors = nothing.communicate(timeout=60)
    assert nothing.returncode == 2
    assert "no folder" in errors and "Traceback" not in errors


def test_a_port_that_is_taken_is_named(server: Running) -> None:
    from conflict_ner.service.running import bound_socket
    from conflict_ner.service.settings import ServiceSettings

    port = int(server.url.rpartition(":")[2])
    with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be listened on"):
        bound_socket(ServiceSettings(port=port))


def test_the_client_tells_in_sentences_what_is_wrong() -> None:
    with pytest.raises(ClientError, match="cannot be reached") as caught:
        Client("http://127.0.0.1:9", timeout=2).spans("a")
    assert caught.value.status is None
    for wrong in ("file:///etc/passwd", "127.0.0.1:8080", "http://"):
        with pytest.raises(ValueError, match="no address of a service"):
            Client(wrong)
    with pytest.raises(ValueError, match="key"):
        Client("http://127.0.0.1:9", key="two\nlines")


def test_the_client_needs_nothing_but_python() -> None:
    import ast
    import sys

    tree = ast.parse(Path("conflict_ner/client.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names

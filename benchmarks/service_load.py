"""Concurrent clients against `conflict-ner serve`, beside transformers' `pipeline()` behind the same FastAPI.

python benchmarks/service_load.py --model models/mini --clients 16 --seconds 60

Each client asks for the spans of one passage after another, as fast as it is answered. Counted are requests a second,
the latency's median and 99th percentile, and what was lost: answers that are none, or are not those of their text.
The two servers run one after the other, each as a process of its own.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from conflict_ner.documents import read_documents

OURS = """
from conflict_ner.commands.serve import serve; from conflict_ner.console import new_app, run
app = new_app('serve'); app.command()(serve); run(app, 'serve')
"""
# What many write: a route that calls the pipeline in FastAPI's pool of threads, with windows so that nothing is cut.
THEIRS = """
import socket, sys
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

tagger = pipeline("token-classification", model=sys.argv[1], aggregation_strategy="simple", stride=64)
app = FastAPI()

class Article(BaseModel):
    text: str

@app.post("/v1/spans")
def spans(article: Article):
    return [{**item, "score": float(item["score"])} for item in tagger(article.text)]

port = socket.create_server(("127.0.0.1", 0))
print("http://127.0.0.1:%d/" % port.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[port])
"""
TIMEOUT = 120.0


@dataclass
class Tally:
    """What one client saw."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    lost: int = 0
    wrong: int = 0


def main() -> None:
    """Measure both servers and print a line each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="models/mini")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--documents", type=Path, default=Path("seeds/gold.jsonl"))
    parser.add_argument("--characters", type=int, default=1200, help="length of a passage")
    given = parser.parse_args()
    passages = cut(given.documents, given.characters)
    print(f"{given.clients} clients for {given.seconds:g} s, {len(passages)} passages of {given.characters} characters")
    print("server                    requests/s     p50     p99  requests  refused  lost  wrong")
    for name, program, arguments in (
        ("conflict-ner serve", OURS, ["--model", given.model, "--port", "0"]),
        ("pipeline() in FastAPI", THEIRS, [given.model]),
    ):
        line = [sys.executable, "-c", program, *arguments]
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}) as process:
            try:
                assert process.stdout is not None
                url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
                print(measured(name, load(url, passages, given.clients, given.seconds), given.seconds))
            finally:
                process.terminate()


def cut(path: Path, characters: int) -> list[str]:
    """Return the documents as passages of about one length, each a text of its own."""
    texts = [document.text for document in read_documents(path)]
    return [text[start : start + characters] for text in texts for start in range(0, len(text), characters)]


def load(url: str, passages: list[str], clients: int, seconds: float) -> list[Tally]:
    """Let the clients ask, and return what each saw."""
    address = urlsplit(url).netloc
    expected = []
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
    for passage in passages:  # alone, which also warms up
        status, answer = ask(connection, passage)
        assert status == 200, answer
        expected.append(places(answer))
    tallies = [Tally() for _ in range(clients)]
    end = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=client, args=(address, passages, expected, number, end, tally))
        for number, tally in enumerate(tallies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tallies


def client(
    address: str, passages: list[str], expected: list[list[object]], number: int, end: float, tally: Tally
) -> None:
    """Ask for one passage after another until the end."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
    while time.perf_counter() < end:
        number = (number + 1) % len(passages)
        begin = time.perf_counter()
        try:
            status, answer = ask(connection, passages[number])
        except (OSError, http.client.HTTPException):
            tally.lost += 1
            connection.close()
            continue
        if status == 429:
            tally.refused += 1
            time.sleep(0.1)
        elif status != 200:
            tally.lost += 1
        else:
            tally.seconds.append(time.perf_counter() - begin)
            tally.wrong += places(answer) != expected[number]


def ask(connection: http.client.HTTPConnection, text: str) -> tuple[int, bytes]:
    """Send a text and return the status and the answer."""
    connection.request("POST", "/v1/spans", json.dumps({"text": text}), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    return reply.status, reply.read()


def places(answer: bytes) -> list[object]:
    """Return what must be the same whatever else was read beside it; scores may differ in their last digits."""
    return [(item["entity_group"], item["start"], item["end"]) for item in json.loads(answer)]


def measured(name: str, tallies: list[Tally], seconds: float) -> str:
    """Return a line of the table."""
    times = sorted(second for tally in tallies for second in tally.seconds)
    counts = [sum(getattr(tally, kind) for tally in tallies) for kind in ("refused", "lost", "wrong")]
    if len(times) < 2:
        return f"{name:24}  no answers; refused, lost, wrong: {counts}"
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[-1]
    refused, lost, wrong = counts
    return (
        f"{name:24} {len(times) / seconds:11.1f} {p50 * 1000:6.0f}ms {p99 * 1000:5.0f}ms "
        f"{len(times):9} {refused:8} {lost:5} {wrong:6}"
    )


if __name__ == "__main__":
    main()

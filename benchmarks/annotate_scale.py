"""Push and pull of thousands of articles on a real Label Studio, beside the raw API in the same run.

    python -m benchmarks.annotate_scale --articles 10000 --folder runs/annotate-scale
    python -m benchmarks.annotate_scale --articles 1000 server.venv=PATH
    python -m benchmarks.annotate_scale server.database=postgresql server.postgresql.port=5433

It starts a server of its own in the folder, makes articles of about 14 KB with 34 predicted regions each, and times
each step as a process of its own, with start and imports: the raw ones POST ready-made payloads, so many a request as
the server takes fastest, ours are `python -m annotate` with as many a request. Each result is kept in the folder as
soon as it is there; the same command goes on where one broke off. Settings (`key=value`) are those of
configs/annotate.yaml.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from annotate.client import Client
from annotate.connection import Connection
from annotate.page import labelling_config
from annotate.settings import AnnotateSettings, read_settings, rooted
from annotate.state import read_state
from annotate.tasks import Json, prediction, regions, task_data, task_meta
from conflict_ner.documents import Document, Meta, Span, iter_documents, read_documents, write_documents
from conflict_ner.files import replacing_file
from conflict_ner.markup import read_marked
from conflict_ner.schema import LabelSchema

ROOT = Path(__file__).resolve().parents[1]
CHARACTERS = 14_000
REGIONS = 34
CHANGED = 50
VERSION = "bench-1"
TRIED = 1_000  # tasks on which each chunk size of the raw API is tried
CHUNKS = (200, 500, 1000)
OVERLAP_SECONDS = 31  # an incremental pull looks back half a minute; what was imported before is not to be in it


@dataclass
class Row:
    """One step as it was measured; seconds, also of the processor, and peak memory are those of its whole process."""

    step: str
    tasks: int
    seconds: float
    cpu: float
    megabytes: float
    note: str = ""


@dataclass
class Results:
    """What is known so far; kept in the folder."""

    path: Path
    rows: dict[str, Row] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what an earlier run left."""
        if not path.exists():
            return cls(path)
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, {name: Row(**row) for name, row in kept["rows"].items()}, kept["names"])

    def save(self) -> None:
        """Keep everything."""
        kept = {"rows": {name: asdict(row) for name, row in self.rows.items()}, "names": self.names}
        with replacing_file(self.path) as temporary:
            temporary.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")

    def name(self, key: str, make: Callable[[], str]) -> str:
        """Return a value that was chosen once, such as a project's title."""
        if key not in self.names:
            self.names[key] = make()
            self.save()
        return self.names[key]


# -- articles and payloads ----------------------------------------------------------------------------------


def articles(count: int, schema: LabelSchema) -> Iterator[Document]:
    """Yield articles of chance paragraphs of the synthetic reports and the seeds; the same ones each time."""
    documents = [read_marked(path, schema) for path in sorted((ROOT / "seeds/synthetic").glob("*.marked"))]
    documents += read_documents(ROOT / "seeds/gold.jsonl", schema)
    paragraphs = [paragraph for document in documents for paragraph in _paragraphs(document)]
    chance = random.Random(1)
    for number in range(count):
        text, spans = "", []
        while len(text) < CHARACTERS:
            paragraph, marked = chance.choice(paragraphs)
            spans += [
                span.model_copy(update={"start": span.start + len(text), "end": span.end + len(text)})
                for span in marked
            ]
            text += paragraph + "\n\n"
        kept = [spans[place * len(spans) // REGIONS] for place in range(REGIONS)]
        scored = tuple(span.model_copy(update={"score": round(chance.uniform(0.5, 1), 4)}) for span in kept)
        meta = Meta(title=f"Report {number}", source="benchmark")
        yield Document(id=f"article-{number:06}", text=text, spans=scored, meta=meta)


def _paragraphs(document: Document) -> Iterator[tuple[str, tuple[Span, ...]]]:
    begin = 0
    for paragraph in document.text.split("\n\n"):
        end = begin + len(paragraph)
        marked = tuple(
            span.model_copy(update={"start": span.start - begin, "end": span.end - begin})
            for span in document.spans
            if begin <= span.start and span.end <= end
        )
        if paragraph.strip():
            yield paragraph, marked
        begin = end + 2


def make_input(folder: Path, count: int, schema: LabelSchema) -> None:
    """Write the predictions file, and the raw API's payloads of the same tasks, one a line."""
    if not (folder / "articles.jsonl").exists():
        write_documents(folder / "articles.jsonl", articles(count, schema))
    for name, annotated in (("raw.jsonl", False), ("annotated.jsonl", True)):
        if not (folder / name).exists():
            with replacing_file(folder / name) as temporary, temporary.open("w", encoding="utf-8") as file:
                for document in iter_documents(folder / "articles.jsonl", schema):
                    file.write(json.dumps(_payload(document, annotated), ensure_ascii=False) + "\n")


def _payload(document: Document, annotated: bool) -> Json:
    task: Json = {"data": task_data(document), "meta": task_meta(document)}
    task["predictions"] = [prediction(document, VERSION)]
    if annotated:
        human = document.with_spans(span.model_copy(update={"score": None}) for span in document.spans)
        task["annotations"] = [{"result": regions(human), "completed_by": 1, "ground_truth": False, "lead_time": 60.0}]
    return task


# -- the raw API ------------------------------------------------------------------------------------------------


def raw_push(url: str, project: int, payload: Path, chunk: int, limit: int) -> None:
    """POST ready-made tasks one request after the other; the key comes from the environment."""
    headers = {"authorization": f"Token {os.environ['LABEL_STUDIO_API_KEY']}", "content-type": "application/json"}
    with httpx.Client(base_url=url, headers=headers, timeout=600, trust_env=False) as http, payload.open("rb") as file:
        sent = 0
        while sent < limit and (
            lines := [line for _, line in zip(range(min(chunk, limit - sent)), file, strict=False)]
        ):
            answer = http.post(f"api/projects/{project}/import", content=b"[" + b",".join(lines) + b"]")
            answer.raise_for_status()
            sent += len(lines)


# -- the steps --------------------------------------------------------------------------------------------------


class Bench:
    """The steps on one server."""

    def __init__(self, folder: Path, count: int, overrides: list[str], results: Results) -> None:
        self.folder = folder
        self.count = count
        self.overrides = overrides
        self.results = results
        self.settings: AnnotateSettings = read_settings(overrides=overrides)
        state = read_state(rooted(self.settings.server.folder))
        assert state is not None, "the server was started before"
        self.connection = Connection(state.url, state.token, "the benchmark's server")
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}

    def all_steps(self) -> None:
        """Run what has not been run yet."""
        self.chunk = int(self.results.name("chunk", self._best_chunk))
        if "our push" not in self.results.rows:
            # What an earlier run may have half filled is no place for a first push.
            self.results.names.pop("ours", None)
        title = self.results.name("ours", lambda: f"ours {uuid.uuid4().hex[:8]}")
        pushing = ["push", "--predictions", str(self.folder / "articles.jsonl"), "--model-version", VERSION]
        pushing += [f"project.title={title}", f"project.chunk={self.chunk}"]
        self._step("raw push, before", lambda: self._raw("raw.jsonl", self.count))
        self._step("our push", lambda: self._annotate(*pushing))
        self._step("raw push, after", lambda: self._raw("raw.jsonl", self.count))
        self._step("no-change push", lambda: self._annotate(*pushing))
        self._step("no-change push, empty cache", lambda: self._annotate(*pushing, cache=f"empty-{uuid.uuid4().hex}"))
        self._pulls()

    def _pulls(self) -> None:
        pulled = self.results.name("pulled", lambda: f"pulled {uuid.uuid4().hex[:8]}")
        out = self.folder / "pulled.jsonl"
        pulling = ["pull", str(out), f"project.title={pulled}"]
        with Client(self.connection) as client:
            self._step("raw import, annotated", lambda: self._raw("annotated.jsonl", self.count, pulled))
            if "full pull" not in self.results.rows:
                time.sleep(OVERLAP_SECONDS)
                self._annotations(client, pulled, [0])
            self._step("full pull", lambda: self._annotate(*pulling))
            if "incremental pull" not in self.results.rows:
                self._annotations(client, pulled, range(1, CHANGED + 1))
            self._step("incremental pull", lambda: self._annotate(*pulling, "--since-last"), tasks=CHANGED)

    def _annotations(self, client: Client, title: str, which: Iterator[int] | range | list[int]) -> None:
        (project,) = client.projects(title)
        tasks = [key.id for key in client.task_keys(project.id)]
        for place in which:
            task = tasks[place * (len(tasks) - 1) // CHANGED]
            client.create_annotation(task, 1, str(uuid.uuid4()), [], 1.0)

    def _best_chunk(self) -> str:
        """Return the chunk size with which the raw API is fastest."""
        seconds = {chunk: self._raw("raw.jsonl", min(TRIED, self.count), chunk=chunk).seconds for chunk in CHUNKS}
        say("raw API, seconds by tasks a request: " + ", ".join(f"{chunk}: {s:.1f}" for chunk, s in seconds.items()))
        return str(min(CHUNKS, key=lambda chunk: seconds[chunk]))

    def _step(self, name: str, run: Callable[[], Row], tasks: int | None = None) -> None:
        if name in self.results.rows:
            return
        say(f"{name} ...")
        row = run()
        row.step, row.tasks = name, tasks or self.count
        self.results.rows[name] = row
        self.results.save()
        say(f"{name}: {row.seconds:.1f} s, {row.megabytes:.0f} MB")

    def _raw(self, payload: str, limit: int, title: str = "", chunk: int = 0) -> Row:
        schema = LabelSchema.load(ROOT / "configs/labels.yaml")
        with Client(self.connection) as client:
            for project in client.projects(title) if title else []:
                client.delete_project(project.id)
            title = title or f"raw {uuid.uuid4().hex[:8]}"
            made = client.create_project(title, label_config=labelling_config(schema))
        command = [
            sys.executable,
            "-m",
            "benchmarks.annotate_scale",
            "--raw",
            str(made.id),
            "--url",
            self.connection.url,
        ]
        command += ["--payload", str(self.folder / payload), "--chunk", str(chunk or self.chunk), "--limit", str(limit)]
        return measured(command, {**self.environment, "LABEL_STUDIO_API_KEY": self.connection.api_key})

    def _annotate(self, *arguments: str, cache: str = "cache") -> Row:
        command = [sys.executable, "-m", "annotate", *arguments, *self.overrides]
        return measured(command, {**self.environment, "XDG_CACHE_HOME": str(self.folder / cache)})


def measured(command: list[str], environment: dict[str, str]) -> Row:
    """Run a command to its end and return its seconds, its peak of memory, and the last thing it said."""
    begun = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        assert child.stdout is not None
        said = child.stdout.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{said}")
    note = next((line for line in said.splitlines() if " new, " in line or "document(s)" in line), "")
    # Kilobytes on Linux, bytes on macOS.
    peak = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return Row("", 0, seconds, usage.ru_utime + usage.ru_stime, peak, note)


def say(sentence: str) -> None:
    """Print at once, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {sentence}", flush=True)


def table(results: Results) -> Iterator[str]:
    """Yield the lines of the table; a ratio names what it is to."""
    rows = results.rows
    raw = [rows[name].seconds for name in ("raw push, before", "raw push, after") if name in rows]
    bases = {
        "our push": ("of raw", sum(raw) / len(raw) if raw else 0.0),
        "no-change push": ("of the first", rows["our push"].seconds if "our push" in rows else 0.0),
        "no-change push, empty cache": ("of the first", rows["our push"].seconds if "our push" in rows else 0.0),
        "incremental pull": ("of the full", rows["full pull"].seconds if "full pull" in rows else 0.0),
    }
    yield f"{'step':30}{'tasks':>8}{'seconds':>10}{'tasks/s':>10}{'own CPU s':>11}{'peak MB':>9}  ratio"
    for name, row in rows.items():
        what, base = bases.get(name, ("", 0.0))
        ratio = f"{100 * row.seconds / base:.1f} % {what}" if base else ""
        figures = f"{row.tasks:8,}{row.seconds:10.1f}{row.tasks / row.seconds:10.0f}{row.cpu:11.1f}{row.megabytes:9.0f}"
        yield f"{name:30}{figures}  {ratio}  {row.note}".rstrip()


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Start the server, run the steps, print the table, end the server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("runs/annotate-scale"))
    parser.add_argument("--raw", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--payload", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--chunk", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.raw is not None:
        raw_push(arguments.url, arguments.raw, arguments.payload, arguments.chunk, arguments.limit)
        return
    folder = arguments.folder.resolve() / f"{arguments.articles}"
    folder.mkdir(parents=True, exist_ok=True)
    schema = LabelSchema.load(ROOT / "configs/labels.yaml")
    say(f"{arguments.articles} articles in {folder}")
    make_input(folder, arguments.articles, schema)
    results = Results.load(folder / "results.json")
    overrides = [f"server.folder={folder / 'server'}", f"server.port={free_port()}", *arguments.settings]
    up = [sys.executable, "-m", "annotate", "up", "--detach", *overrides]
    if subprocess.run(up, cwd=ROOT, check=False, stdout=subprocess.DEVNULL).returncode:
        raise SystemExit(2)  # `up` has said why
    try:
        Bench(folder, arguments.articles, overrides, results).all_steps()
    finally:
        subprocess.run([sys.executable, "-m", "annotate", "down", *overrides], cwd=ROOT, check=False)
        version, chunk = read_settings().server.version, results.names.get("chunk")
        print(
            f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Label Studio {version}, raw: {chunk} a request"
        )
        print(*table(results), sep="\n")


if __name__ == "__main__":
    main()

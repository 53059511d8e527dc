"""A project of one test, its documents, and what the server really holds of them: for the tests of faults."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from annotate import client, delivery, session
from annotate.client import Client
from annotate.exchange import PullRequest, PushRequest, run_pull, run_push
from annotate.settings import AnnotateSettings, ProjectSettings
from annotate.tasks import Json
from conflict_ner.documents import Document, Provenance, Span, read_documents, write_documents
from conflict_ner.errors import ConflictNerError
from tests.faults import Fault, Planned, Proxy

TEXT = "Rebels killed 117 soldiers in Idlib's centre on Tuesday."
# Tasks of a request, and of a page that is read: a few documents make several of both.
CHUNK = 2


@dataclass
class Bench:
    """One test's project, with a way past the proxy to see what the server really holds."""

    settings: AnnotateSettings
    past: Client
    folder: Path

    def document(self, name: str) -> Document:
        spans = (Span(start=30, end=35, label="PLACE"),)
        return Document(id=name, text=TEXT, spans=spans, provenance=Provenance(annotators=(self.annotator,)))

    def write(self, names: str) -> Path:
        """Write a documents.jsonl, one document a letter, and return where."""
        path = self.folder / "documents.jsonl"
        write_documents(path, [self.document(name) for name in names])
        return path

    def push(self, names: str = "abc", *, replay: bool = False, predict: bool = False) -> None:
        """Push documents as tasks, or as predictions, and replay their annotator."""
        path = self.write(names)
        predictions, version = (path, "m-1") if predict else (None, None)
        source = None if predict else path
        run_push(self.settings, PushRequest(source, (path,) if replay else (), predictions, version))

    def pull(self, *, since_last: bool = False) -> None:
        """Pull into `out`, in small pages."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client, "PAGE", CHUNK)
            run_pull(self.settings, PullRequest(self.out, since_last))

    @property
    def out(self) -> Path:
        return self.folder / "pulled" / "documents.jsonl"

    @property
    def annotator(self) -> str:
        return f"{self.settings.project.title.replace(' ', '-')}@example.org"

    def tasks(self) -> list[Json]:
        (project,) = self.past.projects(self.settings.project.title)
        parts = "id,data,annotations,result,predictions"
        return list(self.past.tasks(project.id, [], fields="all", include=parts))

    def held(self) -> dict[str, Counter[str]]:
        """Return how many tasks, annotations and predictions the project holds of each document."""
        held = {kind: Counter[str]() for kind in ("tasks", "annotations", "predictions")}
        for task in self.tasks():
            name = task["data"]["doc_id"]
            held["tasks"][name] += 1
            held["annotations"][name] += len(task["annotations"])
            held["predictions"][name] += len(task["predictions"])
        return {kind: +counted for kind, counted in held.items()}

    def pull_whole_or_not_at_all(self, proxy: Proxy, fault: Fault, *, since_last: bool, names: str) -> Meeting:
        """Pull into a fault at the second page of tasks; whatever happens, the file is the old one or whole."""
        old = self.files()
        meeting = Meeting(proxy)

        def command() -> None:
            try:
                self.pull(since_last=since_last)
            except ConflictNerError:
                assert self.files() == old, "nothing was touched"
                raise

        meeting.run(command, [Planned("GET /api/tasks[?]*annotations*", fault, nth=2)])
        self.check_pulled(names)
        return meeting

    def check_pulled(self, names: str) -> None:
        """Check that the pulled file is whole, and that nothing partial lies beside it."""
        assert [document.id for document in read_documents(self.out)] == list(names)
        assert self.files().keys() == {self.out.name, f"{self.out.name}.state.json"}, "no partial file is left"

    def files(self) -> dict[str, bytes]:
        """Return what lies in the folder of the pulled file."""
        return {path.name: path.read_bytes() for path in self.out.parent.glob("*")}


@dataclass
class Meeting:
    """How a command met a fault: whether it went on by itself, or ended with a sentence and was given again."""

    proxy: Proxy
    ends: list[str] = field(default_factory=list)

    def run(self, command: Callable[[], None], planned: Sequence[Planned]) -> None:
        """Run a command into faults, and again for as long as it ends with an error."""
        self.proxy.plan = list(planned)
        while True:
            try:
                command()
            except ConflictNerError as error:
                told = str(error)
                self.ends.append(told)
                assert len(self.ends) <= len(planned), self.ends
                assert told.endswith((".", "?")), told
                assert "again" in told, f"no remedy: {told}"
            else:
                break
        assert self.proxy.plan == [], "the fault happened"

    def __str__(self) -> str:
        return f"ends with an error, and the same command finishes it: {self.ends[0]}" if self.ends else "goes on"


def new_bench(settings: AnnotateSettings, past: Client, folder: Path) -> Bench:
    """Return a bench with a project of its own, which no push has made yet."""
    title = f"fault {uuid.uuid4().hex[:12]}"
    project = ProjectSettings(title=title, chunk=CHUNK)
    return Bench(settings.model_copy(update={"project": project}), past, folder)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the pauses after a fault short: what has arrived is there at once, and what has not never comes."""
    wait(monkeypatch, 0.02, 0.05)
    monkeypatch.setattr(session, "RETRY_PAUSES", (0.02, 0.05))
    monkeypatch.setattr(session, "LONGEST_PAUSE", 0.1)


def wait(monkeypatch: pytest.MonkeyPatch, *pauses: float) -> None:
    """Set the seconds between the looks after a fault."""
    monkeypatch.setattr(delivery, "PAUSES", pauses)

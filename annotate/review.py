"""Corrections back: open tasks whose labels are doubted for a second look, in the annotators' own project.

    python -m annotate push --review runs/label-errors.jsonl

Each task's page shows a note on what is doubted, and the Data Manager's view `Second look` lists those tasks. No
annotation changes: the annotator opens the task, decides, and updates it, and the next pull brings that. The
newest list is the state: a task that is not in it loses its note, and an empty list takes all notes away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotate.annotated import annotator_of
from annotate.client import Client, Project, short_enough, task_filter
from annotate.connection import find_connection
from annotate.delivery import repeat
from annotate.progress import progress
from annotate.project import ensure_project, existing_project, load_schema
from annotate.readings import Names, TaskReader
from annotate.report import Kind
from annotate.settings import AnnotateSettings
from annotate.tasks import Task
from annotate.views import View, ensure_view
from conflict_ner.console import err, out
from conflict_ner.documents import Document, Span
from conflict_ner.label_errors import LabelError, QuotedSpan, read_label_errors

FIELD = "review"
NOTED = task_filter(f"data.{FIELD}", "empty", False, "String")
VIEW = View("Second look", (NOTED,), widths=((f"tasks:data.{FIELD}", 500),))
CONTEXT = 24  # characters on either side of words that stand in a text more than once
_INCLUDED = "id,data,updated_at,annotations,result,completed_by,was_cancelled,lead_time"


@dataclass
class Reviewed:
    """What opening for a second look did.

    Attributes:
        tasks: tasks that bear a note now.
        doubts: how many doubts their notes hold.
        changed: tasks whose note was set or changed.
        cleared: tasks whose note was taken away.
        dropped: sentences on doubts that found no place.
    """

    tasks: int = 0
    doubts: int = 0
    changed: int = 0
    cleared: int = 0
    dropped: list[str] = field(default_factory=list)


def run_review(settings: AnnotateSettings, path: Path) -> None:
    """Open what a list doubts for a second look, and say what found no place.

    Args:
        settings: the server and the project.
        path: the list, as `conflict_ner.label_errors` writes it.

    Raises:
        DataError: the list has bad lines; nothing was sent.
        ServiceError: no server, no project, or a refusal.
    """
    schema = load_schema(settings.project)
    errors = read_label_errors(path, schema)
    with Client(find_connection(settings)) as client:
        existing_project(client, settings.project.title)
        project, sentences = ensure_project(client, settings.project, schema)
        for sentence in sentences:
            _say(sentence)
        reader = TaskReader(schema, Names(client.users()), project.title)
        with progress("Articles", len({error.document for error in errors})) as step:
            reviewed = Reviewer(client, project, reader, step).run(errors)
    for sentence in reviewed.dropped:
        err.print(f"Left out: {sentence}.", style="yellow", markup=False, soft_wrap=True)
    _say(
        f"Second look: {reviewed.tasks} task(s) with {reviewed.doubts} doubt(s), {reviewed.changed} of them new or "
        f"changed; {reviewed.cleared} cleared; {len(reviewed.dropped)} doubt(s) left out."
    )
    _say(f'They are in the view "{VIEW.title}" of {client.url.rstrip("/")}/projects/{project.id}/data')


def _say(sentence: str) -> None:
    out.print(sentence, markup=False, soft_wrap=True)


class Reviewer:
    """Brings the notes of a project's tasks in step with a list of doubts."""

    def __init__(
        self, client: Client, project: Project, reader: TaskReader, step: Callable[[int], None] = lambda count: None
    ) -> None:
        self.client = client
        self.project = project
        self.reader = reader
        self.step = step
        self.reviewed = Reviewed()

    def run(self, errors: Sequence[LabelError]) -> Reviewed:
        """Set the notes of all documents in the list, which is the newest, and clear all others."""
        by_document: defaultdict[str, list[LabelError]] = defaultdict(list)
        for error in errors:
            by_document[error.document].append(error)
        noted: set[int] = set()
        for group in short_enough(by_document):
            tasks = self._tasks(group)
            for name in group:
                task = self._note(name, by_document[name], tasks.get(name, []))
                if task is not None:
                    noted.add(task)
                self.step(1)
        for item in list(self.client.tasks(self.project.id, [NOTED], fields="task_only", include="id,data")):
            if item["id"] not in noted:
                self._set(item["id"], item["data"], "")
                self.reviewed.cleared += 1
        ensure_view(self.client, self.project.id, VIEW)
        return self.reviewed

    def _tasks(self, names: Sequence[str]) -> dict[str, list[Task]]:
        """Return the tasks of documents, newest first."""
        found: defaultdict[str, list[Task]] = defaultdict(list)
        wanted = task_filter("data.doc_id", "in_list", list(names), "List")
        for item in self.client.tasks(self.project.id, [wanted], fields="all", include=_INCLUDED):
            task = Task.model_validate(item)
            found[str(task.data.get("doc_id"))].insert(0, task)
        return found

    def _note(self, name: str, errors: Sequence[LabelError], tasks: Sequence[Task]) -> int | None:
        """Set one document's note; return its task, or None where no doubt holds."""
        if not tasks:
            self._drop(errors, "the project has no task of it")
            return None
        task = tasks[0]
        reading = self.reader.read(task)
        text = str(task.data.get("text"))
        refused = any(finding.kind is Kind.REFUSED for finding in reading.findings)
        aside = "; an annotation of it cannot be read, and a pull says why" if refused else ""
        held = []
        for error in errors:
            why = unheld(error, text, str(task.data.get("sha256")), reading.documents)
            if why:
                self._drop([error], why + aside)
            else:
                held.append(error)
        if not held:
            return None
        note = note_text(held, text)
        self.reviewed.tasks += 1
        self.reviewed.doubts += len(held)
        if task.data.get(FIELD) != note:
            self._set(task.id, task.data, note)
            self.reviewed.changed += 1
        return task.id

    def _drop(self, errors: Iterable[LabelError], why: str) -> None:
        for error in errors:
            part = error.span or error.suggestion
            words = f" {part.text!r} [{part.label}]" if part else ""
            self.reviewed.dropped.append(f"{error.document}:{words}: {why}")

    def _set(self, task: int, data: dict[str, object], note: str) -> None:
        """Store a task's data with another note; nothing else of it changes."""
        body = {"data": {**data, FIELD: note}}
        repeat(lambda: self.client.write("PATCH", f"api/tasks/{task}/", body))


def unheld(error: LabelError, text: str, sha256: str, readings: Sequence[Document]) -> str:
    """Return why a doubt does not hold for a task, or an empty string when it does.

    Args:
        error: the doubt.
        text: the task's text.
        sha256: its hash.
        readings: what the annotators made of it, one for each.
    """
    if error.text_sha256 is not None and error.text_sha256 != sha256:
        return "its text is another one in the project"
    for part in (error.span, error.suggestion):
        if part is not None and not part.stands_in(text):
            return f"{part.text!r} does not stand at [{part.start}, {part.end}) of the text"
    own = [reading for reading in readings if error.annotator in (None, annotator_of(reading))]
    if not own:
        return f"{error.annotator} has not annotated it" if error.annotator else "nobody has annotated it"
    if error.span is not None and not any(_marked(error.span, reading) for reading in own):
        return "the span is not marked so any more"
    if error.span is None and error.suggestion is not None and all(_marked(error.suggestion, item) for item in own):
        return "it has been marked since"
    return ""


def note_text(errors: Sequence[LabelError], text: str) -> str:
    """Return what the annotators read of a task's doubts: a line for each, numbered in the order of the text."""
    ordered = sorted(errors, key=_place)
    parts = [f"{number}. {_doubt(error, text)}" for number, error in enumerate(ordered, start=1)]
    return "\n".join(["Second look:", *parts])


def _place(error: LabelError) -> tuple[int, int, str]:
    part = error.span or error.suggestion
    return part.span.key if part is not None else (0, 0, "")


def _doubt(error: LabelError, text: str) -> str:
    who = f" (by {error.annotator.partition('@')[0]})" if error.annotator else ""
    reason = error.reason if error.reason[-1] in ".!?" else f"{error.reason}."
    if error.span is None:
        assert error.suggestion is not None  # the record holds one of them
        return (
            f"Nothing marked at {_quoted(error.suggestion, text)}{who}: {reason} Suggestion: {_kind(error.suggestion)}."
        )
    head = f"{_quoted(error.span, text)} {_kind(error.span)}{who}: {reason}"
    if error.suggestion is None:
        return f"{head} Suggestion: mark nothing."
    same_words = (error.span.start, error.span.end) == (error.suggestion.start, error.suggestion.end)
    same_kind = _kind(error.span) == _kind(error.suggestion)
    parts = [] if same_words else [f'"{_one_line(error.suggestion.text)}"']
    parts += [] if same_kind else [_kind(error.suggestion)]
    return f"{head} Suggestion: {' '.join(parts)}."


def _kind(part: QuotedSpan) -> str:
    return f"[{', '.join((part.label, *part.attributes.values()))}]"


def _quoted(part: QuotedSpan, text: str) -> str:
    """Quote a span's words; where they stand in the text more than once, with some words around them."""
    words = f'"{_one_line(part.text)}"'
    if text.count(part.text) < 2:
        return words
    before = text[max(0, part.start - CONTEXT) : part.start]
    before = before.partition(" ")[2] if part.start > CONTEXT else before
    after = text[part.end : part.end + CONTEXT]
    after = after.rpartition(" ")[0] if part.end + CONTEXT < len(text) else after
    return f'{words} (in "{_one_line(before + part.text + after).strip()}")'


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _marked(part: QuotedSpan, reading: Document) -> bool:
    """Tell whether a reading holds this very span."""
    wanted: Span = part.span
    return any(span.key == wanted.key and span.attributes == wanted.attributes for span in reading.spans)

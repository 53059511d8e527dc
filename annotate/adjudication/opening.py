"""Open disagreements for adjudication: one task of a review project for each article that was read differently.

python -m annotate adjudicate open
python -m annotate adjudicate open first.jsonl second.jsonl
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotate.adjudication.disputes import AGREED, readings_digest, review_task
from annotate.adjudication.page import adjudication_page
from annotate.agreement.disagreements import disagreements
from annotate.annotated import Annotated, from_documents, from_server
from annotate.client import Client, Project
from annotate.connection import find_connection
from annotate.delivery import deliver
from annotate.progress import progress
from annotate.project import ensure_project, existing_project, find_project, load_schema, show_version
from annotate.readings import Names, TaskReader
from annotate.report import Finding, Kind, show_findings
from annotate.settings import AnnotateSettings, Overlap, ProjectSettings
from annotate.tasks import Json
from annotate.views import QUIET, View, ensure_view
from conflict_ner.console import err, out
from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema

TITLE_END = ": review"
# What the cards are made of is for the page, not for the list.
VIEW = View("Disputed articles", hidden=(*QUIET, *(f"tasks:data.{name}" for name in ("disputes", "marks", "digest"))))
TITLE_LENGTH = 50  # what Label Studio takes


@dataclass(frozen=True)
class Standing:
    """A task of the review project.

    Attributes:
        id: its id.
        doc_id: the document's id.
        digest: of the readings that it settles.
        settled: whether it holds an adjudicator's annotation.
        begun: whether an adjudicator has left a draft in it.
    """

    id: int
    doc_id: str
    digest: str
    settled: bool
    begun: bool

    @property
    def touched(self) -> bool:
        """Whether it holds somebody's work."""
        return self.settled or self.begun


@dataclass
class Sifted:
    """Read documents by id: with one reader alone, read alike by several, and read differently."""

    single: dict[str, Annotated] = field(default_factory=dict)
    agreeing: dict[str, Annotated] = field(default_factory=dict)
    disputed: dict[str, Annotated] = field(default_factory=dict)

    def __str__(self) -> str:
        places = sum(len(disagreements(annotated)) for annotated in self.disputed.values())
        return (
            f"{len(self.single) + len(self.agreeing) + len(self.disputed)} article(s) read: {len(self.single)} by one "
            f"annotator alone, {len(self.agreeing)} alike by all, {len(self.disputed)} with {places} disputed place(s)."
        )


@dataclass
class Opened:
    """What opening did: counts, and sentences on what the adjudicator should know."""

    new: int = 0
    present: int = 0
    replaced: int = 0
    removed: int = 0
    notes: list[str] = field(default_factory=list)


def review_settings(settings: ProjectSettings) -> ProjectSettings:
    """Return the settings of the review project: a title of its own, and one adjudicator an article.

    Raises:
        ConfigError: no title is set, and the project's own is too long to be lengthened.
    """
    title = settings.review_title or settings.title + TITLE_END
    if len(title) > TITLE_LENGTH:
        raise ConfigError(
            f"The review project would be titled {title!r}, which has {len(title)} characters, and Label Studio takes "
            f"{TITLE_LENGTH}; name it with project.review_title=..."
        )
    if title == settings.title:
        raise ConfigError(
            f"project.review_title is {title!r} like the annotators' own project, and the review must not touch that; "
            "choose another title."
        )
    return settings.model_copy(update={"title": title, "overlap": Overlap()})


def run_open(settings: AnnotateSettings, paths: Sequence[Path]) -> None:
    """Make or fill the review project, and say what there is to settle."""
    schema = load_schema(settings.project)
    review = review_settings(settings.project)
    page = adjudication_page(review, schema)
    findings: list[Finding] = []
    opened = Opened()
    with Client(find_connection(settings)) as client:
        sifted = sift(readings_of(client, settings.project, schema, paths, findings), findings)
        show_findings(out, findings)
        for finding in findings:
            if finding.kind is Kind.REFUSED:
                warn(f"Left out: {finding.place}: {finding.message}")
        say(str(sifted))
        if not sifted.disputed and find_project(client, review.title) is None:
            say("There is nothing to settle.")
            return
        project, sentences = ensure_project(client, review, schema, page)
        for sentence in sentences:
            say(sentence)
        with progress("Tasks", len(sifted.disputed)) as step:
            Opener(client, project, settings.project.chunk, opened).run(sifted, step)
    say(
        f"Review tasks: {opened.new} new, {opened.present} already there, {opened.replaced} replaced, "
        f"{opened.removed} removed."
    )
    for note in opened.notes:
        warn(note)
    say(f"Adjudicate at {client.url.rstrip('/')}/projects/{project.id}/data")


def readings_of(
    client: Client,
    settings: ProjectSettings,
    schema: LabelSchema,
    paths: Sequence[Path],
    findings: list[Finding],
) -> Iterator[Annotated]:
    """Yield all read documents: of pulled files where some are named, else of the annotators' project."""
    if paths:
        yield from from_documents(paths, schema)
        return
    project = existing_project(client, settings.title)
    reader = TaskReader(schema, Names(client.users()), project.title)
    with progress("Articles", client.count_annotated(project.id)) as step:
        for annotated in from_server(client, project, reader, findings):
            yield annotated
            step(1)


def sift(read: Iterable[Annotated], findings: list[Finding]) -> Sifted:
    """Sort documents by what their readers make of them.

    Of a document that stands in several tasks the newest counts, as in a pull.
    """
    tasks: dict[str, int] = {}
    sifted = Sifted()
    for annotated in read:
        name, task = annotated.id, annotated.readings[0].provenance.task or 0
        if name in tasks:
            told = f"the newer task {max(task, tasks[name])} of this document was kept"
            findings.append(Finding(Kind.SUPERSEDED, told).at(name, min(task, tasks[name])))
            if task < tasks[name]:
                continue
            for kind in (sifted.single, sifted.agreeing, sifted.disputed):
                kind.pop(name, None)
        tasks[name] = task
        if len(annotated.readings) == 1:
            sifted.single[name] = annotated
        elif disagreements(annotated):
            sifted.disputed[name] = annotated
        else:
            sifted.agreeing[name] = annotated
    return sifted


class Opener:
    """Brings the tasks of a review project in step with the annotators' readings; nobody's work is touched."""

    def __init__(self, client: Client, project: Project, chunk: int, opened: Opened) -> None:
        self.client = client
        self.project = project
        self.chunk = chunk
        self.opened = opened

    def run(self, sifted: Sifted, step: Callable[[int], None] = lambda count: None) -> None:
        """Create, replace and remove tasks; `step` is told after each request how many documents it was about."""
        standing = self._standing()
        disputed = list(sifted.disputed.values())
        for start in range(0, len(disputed), self.chunk):
            group = disputed[start : start + self.chunk]
            missing = [annotated for annotated in group if self._needs_task(annotated, standing)]
            self._create(missing)
            step(len(group))
        ensure_view(self.client, self.project.id, VIEW)
        if disputed:
            show_version(self.client, self.project, AGREED)
        # After what takes its place has arrived, so that a break in between loses nothing.
        digests = {annotated.id: readings_digest(annotated) for annotated in disputed}
        for name, tasks in self._standing().items():
            self._clear(name, tasks, digests.get(name), name in sifted.agreeing)

    def _needs_task(self, annotated: Annotated, standing: dict[str, list[Standing]]) -> bool:
        own = standing.get(annotated.id, [])
        digest = readings_digest(annotated)
        if any(task.digest == digest for task in own):
            self.opened.present += 1
            return False
        touched = [task for task in own if task.touched]
        for task in touched:
            done = "has been adjudicated" if task.settled else "is being adjudicated"
            self.opened.notes.append(
                f"{annotated.id} {done} (task {task.id}), and the annotators' readings have changed since; it was left "
                "as it is. Delete the task in Label Studio and open again to settle the new readings."
            )
        if touched:
            self.opened.present += 1
            return False
        self.opened.new += not own
        self.opened.replaced += bool(own)
        return True

    def _create(self, documents: Sequence[Annotated]) -> None:
        if not documents:
            return

        def send(items: Sequence[Annotated]) -> None:
            self.client.import_tasks(self.project.id, [review_task(annotated) for annotated in items])

        def missing(items: Sequence[Annotated]) -> Sequence[Annotated]:
            held = {task.digest for tasks in self._standing().values() for task in tasks}
            return [annotated for annotated in items if readings_digest(annotated) not in held]

        deliver(documents, send, missing)

    def _clear(self, name: str, tasks: list[Standing], digest: str | None, agreeing: bool) -> None:
        """Delete untouched tasks that settle nothing any more: older readings, doubles, agreement reached since."""
        if digest is None and not agreeing:
            return  # not among what was read, so nothing is known of it
        current = [task for task in tasks if task.digest == digest]
        kept = next((task for task in current if task.touched), current[0] if current else None)
        for task in tasks if agreeing or current else ():
            if task is kept:
                continue
            # Asked again at the last moment: an adjudicator may have begun meanwhile.
            if self.client.untouched_tasks(self.project.id, [task.id]):
                self.client.delete_task(task.id)
                self.opened.removed += agreeing
            elif agreeing and task.touched:
                self.opened.notes.append(
                    f"{name} has been taken up by an adjudicator (task {task.id}), and its readers agree since; "
                    "the adjudicator's word stands."
                )

    def _standing(self) -> dict[str, list[Standing]]:
        """Return the review project's tasks by document, oldest first."""
        found: dict[str, list[Standing]] = {}
        for item in self.client.tasks(self.project.id, [], fields="all", include=_INCLUDED):
            task = _standing(item)
            found.setdefault(task.doc_id, []).append(task)
        return found


_INCLUDED = "id,data,total_annotations,drafts"


def _standing(item: Json) -> Standing:
    data = item["data"]
    return Standing(
        id=int(item["id"]),
        doc_id=str(data.get("doc_id")),
        digest=str(data.get("digest")),
        settled=bool(item.get("total_annotations")),
        begun=bool(item.get("drafts")),
    )


def say(sentence: str) -> None:
    """Print a sentence as it is."""
    out.print(sentence, markup=False, soft_wrap=True)


def warn(sentence: str) -> None:
    """Print a sentence that asks for somebody's attention."""
    err.print(sentence, style="yellow", markup=False, soft_wrap=True)

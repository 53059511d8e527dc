"""Fill the labelling project: articles as tasks, predictions to correct, recorded annotators replayed.

python -m annotate push seeds --annotations seeds/annotators
python -m annotate push --predictions predictions.jsonl --model-version mini-1
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pydantic_core import to_json

from annotate.client import PAGE, Client, Project, TaskKey
from annotate.delivery import deliver, repeat
from annotate.doubles import notes_on_doubles, settle_doubles
from annotate.page import TEXT_NAME
from annotate.project import show_version
from annotate.settings import Duplicates
from annotate.source import Documents, ahead, as_source, chunks
from annotate.standing import Standing
from annotate.tasks import Json, prediction, reading_id, regions, task_data, task_meta
from conflict_ner.documents import Document
from conflict_ner.errors import DataError
from conflict_ner.scan import Seen

if TYPE_CHECKING:
    from annotate.near_duplicates import NearDuplicates

Item = TypeVar("Item")
Step = Callable[[int], None]  # told after each chunk how many documents it held
SHOWN_REPEATS = 10


@dataclass
class Outcome:
    """What a push did: counts, and sentences on what an annotator or manager should know."""

    new: int = 0
    present: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Parcel:
    """A task or a prediction as it is sent: the JSON, and what it is of."""

    entry: Seen
    body: bytes
    task: int = 0


class Pusher:
    """Sends documents to one project, in chunks; what it holds is looked up first, so a repeat changes nothing."""

    def __init__(
        self,
        client: Client,
        project: Project,
        chunk: int,
        step: Step = lambda count: None,
        duplicates: Duplicates | None = None,
    ) -> None:
        """Prepare a push.

        Args:
            client: the server.
            project: the project.
            chunk: tasks a request.
            step: told after each chunk how many documents it held.
            duplicates: when two articles count as near-duplicates; None looks for none.
        """
        self.client = client
        self.project = project
        self.chunk = chunk
        self.step = step
        self.duplicates = duplicates

    def push_tasks(self, documents: Iterable[Document]) -> Outcome:
        """Create the tasks of documents that the project does not hold yet."""
        source = as_source(documents)
        outcome = Outcome()
        with self._standing() as standing:
            # A file with two annotators holds each document twice; it is one task.
            entries = list({entry.id: entry for entry in source.entries}.values())
            new = [entry for entry in entries if standing.of(entry.id, entry.sha256) is None]
            outcome.present = len(entries) - len(new)
            outcome.notes += notes_on_doubles(standing, _keys(entries))
            self.step(len(source.entries) - len(new))
            self._create(source, new, standing, outcome)
        return outcome

    def push_predictions(self, documents: Iterable[Document], model_version: str) -> Outcome:
        """Give documents' tasks a prediction; tasks that are missing are created with it.

        Raises:
            DataError: the project holds other predictions of the same version; all are named, and those
                of the other documents were sent.
        """
        source = as_source(documents)
        outcome = Outcome()
        with self._standing() as standing:
            outcome.notes += notes_on_doubles(standing, _keys(source.entries))
            tasks = {entry: standing.of(entry.id, entry.sha256) for entry in source.entries}
            held = {entry: task for entry, task in tasks.items() if task is not None}
            digests = standing.predicted(model_version)
            if digests is None:
                digests, conflicts = self._look(source, held, model_version)
            else:
                known = digests
                conflicts = [entry for entry, task in held.items() if known.get(task, entry.spans) != entry.spans]
            unlike = set(conflicts)
            owed = {entry: task for entry, task in held.items() if task not in digests and entry not in unlike}
            self.step(len(held) - len(owed))
            new = [entry for entry, task in tasks.items() if task is None]
            digests |= self._create(source, new, standing, outcome, model_version)
            digests |= self._predict(source, owed, model_version)
            outcome.new += len(owed)
            outcome.present = len(held) - len(owed) - len(conflicts)
            standing.keep_predicted(model_version, digests)
        if conflicts:
            raise DataError(
                f"Version {model_version!r} has predicted otherwise before, and a version means one model; "
                "push under another --model-version. Nothing was changed for:",
                [f"{entry.id} (task {held[entry]})" for entry in conflicts],
            )
        show_version(self.client, self.project, model_version)
        return outcome

    def replay(self, documents: Iterable[Document]) -> Outcome:
        """Store recorded annotations in their annotators' names; users that are missing are created.

        Raises:
            DataError: documents have no task in the project; all are named, and the others were replayed.
        """
        source = as_source(documents)
        outcome = Outcome()
        homeless: list[str] = []
        users = self._users()
        with self._standing() as standing:
            for entry, document in zip(source.entries, source.read(source.entries), strict=True):
                task = standing.of(entry.id, entry.sha256)
                (annotator,) = entry.annotators
                if task is None:
                    homeless.append(f"{entry.id} by {annotator}")
                    continue
                if annotator.casefold() not in users:
                    users[annotator.casefold()] = self._create_user(annotator)
                    outcome.notes.append(
                        f"Made the user {annotator}, without a password: `label-studio reset_password` gives one."
                    )
                if self._annotate(task, users[annotator.casefold()], annotator, document):
                    outcome.new += 1
                else:
                    outcome.present += 1
                self.step(1)
        if homeless:
            raise DataError(
                f"{len(homeless)} recorded annotation(s) have no task with the same text in project "
                f"{self.project.title!r}; push their articles first:",
                homeless,
            )
        return outcome

    @contextmanager
    def _standing(self) -> Iterator[Standing]:
        """Yield what the project holds; what was learned is kept for the next push, also when this one fails."""
        standing = Standing(self.client, self.project)
        standing.refresh()
        try:
            yield standing
        finally:
            standing.save()

    def _create(
        self, source: Documents, entries: list[Seen], standing: Standing, outcome: Outcome, version: str | None = None
    ) -> dict[int, str]:
        """Create tasks, with predictions where a version is named; return each one's digest of spans by its id."""
        if not entries:
            return {}
        before = standing.last
        repeats: dict[str, str] = {}
        for parcels in ahead(self._tasks(source, entries, standing, repeats, version), self.chunk):
            self._send_tasks(parcels, standing)
            self.step(len(parcels))
        settled = settle_doubles(self.client, self.project, standing, _keys(entries), before)
        outcome.new += len(entries)
        outcome.notes += [*_changed(standing, entries), *_repeated(repeats), *settled.notes]
        made = ((standing.of(entry.id, entry.sha256), entry) for entry in entries)
        return {task: entry.spans for task, entry in made if task is not None}

    def _tasks(
        self,
        source: Documents,
        entries: list[Seen],
        standing: Standing,
        repeats: dict[str, str],
        version: str | None,
    ) -> Iterator[_Parcel]:
        """Yield the tasks of documents as they are sent; which articles they nearly repeat is added to `repeats`."""
        near = self._near_duplicates(standing)
        for entry, document in zip(entries, source.read(entries), strict=True):
            first = near.first_of(entry.id, document.text) if near is not None else None
            if first is not None:
                repeats[entry.id] = first
            task: Json = {"data": task_data(document, duplicate_of=first or ""), "meta": task_meta(document)}
            if version is not None:
                task["predictions"] = [prediction(document, version)]
            yield _Parcel(entry, _json(task))

    def _near_duplicates(self, standing: Standing) -> NearDuplicates | None:
        """Return what tells near-duplicates, with the texts of the project's tasks fed in."""
        if self.duplicates is None:
            return None
        # numpy and the hashes take a moment to import, and a push that changes nothing needs neither.
        from annotate.near_duplicates import NearDuplicates

        near = NearDuplicates(self.duplicates)
        if len(standing):
            for item in self.client.tasks(self.project.id, [], fields="task_only", include="id,data"):
                near.first_of(str(item["data"].get("doc_id")), str(item["data"].get(TEXT_NAME)))
        return near

    def _send_tasks(self, parcels: Sequence[_Parcel], standing: Standing) -> None:
        before = standing.last

        def send(items: Sequence[_Parcel]) -> None:
            made = self.client.import_tasks(self.project.id, _json_list(items))
            for task, item in zip(made, items, strict=True):
                standing.add(TaskKey(task, item.entry.id, item.entry.sha256))

        def missing(items: Sequence[_Parcel]) -> Sequence[_Parcel]:
            standing.relist(before)
            return [item for item in items if standing.of(item.entry.id, item.entry.sha256) is None]

        deliver(parcels, send, missing)

    def _predict(self, source: Documents, owed: dict[Seen, int], version: str) -> dict[int, str]:
        """Send the predictions that tasks lack; return each one's digest of spans by its task."""

        def prepared() -> Iterator[_Parcel]:
            for (entry, task), document in zip(owed.items(), source.read(owed), strict=True):
                yield _Parcel(entry, _json({**prediction(document, version), "task": task}), task)

        for parcels in ahead(prepared(), self.chunk):
            deliver(
                parcels,
                lambda items: self.client.create_predictions(self.project.id, _json_list(items)),
                lambda items: self._unpredicted(items, version),
            )
            self.step(len(parcels))
        return {task: entry.spans for entry, task in owed.items()}

    def _unpredicted(self, items: Sequence[_Parcel], version: str) -> Sequence[_Parcel]:
        found = self.client.predictions(self.project.id, [item.task for item in items])
        held = {item.task for item in found if item.model_version == version}
        return [item for item in items if item.task not in held]

    def _look(self, source: Documents, held: dict[Seen, int], version: str) -> tuple[dict[int, str], list[Seen]]:
        """Compare with what the server holds of a version; return the digests of what is alike, and what is not."""
        digests: dict[int, str] = {}
        conflicts: list[Seen] = []
        for chunk in chunks(zip(held.items(), source.read(held), strict=True), min(self.chunk, PAGE)):
            results = {
                item.task: item.result
                for item in self.client.predictions(self.project.id, [task for (_, task), _ in chunk])
                if item.model_version == version
            }
            for (entry, task), document in chunk:
                if task in results and results[task] == regions(document):
                    digests[task] = entry.spans
                elif task in results:
                    conflicts.append(entry)
        return digests, conflicts

    def _create_user(self, email: str) -> int:
        """Make a user, once, and return the id."""

        def send(emails: Sequence[str]) -> None:
            for address in emails:
                self.client.create_user(address)

        deliver([email], send, lambda emails: [name for name in emails if name.casefold() not in self._users()])
        return self._users()[email.casefold()]

    def _users(self) -> dict[str, int]:
        return {email.casefold(): user for user, email in self.client.users().items()}

    def _annotate(self, task: int, user: int, annotator: str, document: Document) -> bool:
        """Store one annotation and tell whether it is new; its id makes a second sending harmless."""
        unique, seconds = reading_id(task, annotator, document), document.provenance.lead_time
        new: list[bool] = []

        def send() -> None:
            new.append(self.client.create_annotation(task, user, unique, regions(document), seconds))

        # On a second try, "there already" means that the first one had arrived.
        return repeat(send) > 1 or new[-1]


def _keys(entries: Iterable[Seen]) -> Iterator[tuple[str, str]]:
    return ((entry.id, entry.sha256) for entry in entries)


def _json(value: Json) -> bytes:
    # Three times as fast as json.dumps, and a push shares the machine with its server.
    return to_json(value)


def _json_list(parcels: Iterable[_Parcel]) -> bytes:
    return b"[" + b",".join(parcel.body for parcel in parcels) + b"]"


def _changed(standing: Standing, new: Sequence[Seen]) -> list[str]:
    return [
        f"The text of {entry.id} has changed: it became a new task; {', '.join(map(str, tasks))} keeps the old one."
        for entry in new
        if (tasks := standing.older(entry.id, entry.sha256))
    ]


def _repeated(repeats: dict[str, str]) -> list[str]:
    if not repeats:
        return []
    pairs = [f"{name} of {first}" for name, first in sorted(repeats.items())]
    more = f" and {len(pairs) - SHOWN_REPEATS} more" if len(pairs) > SHOWN_REPEATS else ""
    return [
        f"{len(pairs)} article(s) nearly repeat another and are queued once: {', '.join(pairs[:SHOWN_REPEATS])}{more}."
    ]

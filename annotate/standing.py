"""What a project holds already: which task holds which text, and what each model version predicted for it.

The list is read from the server once, kept in the user's cache, and brought up to date by two short requests:
ids of tasks are never used again, so as long as the number of the known tasks is right, they are the same ones,
and only later ids have to be asked for. Whatever does not add up is read anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from annotate.client import Client, ModelVersion, Project, TaskKey
from annotate.lock import cache_folder, cache_name
from conflict_ner.files import replacing_file


class _Version(BaseModel):
    """What is known of one model's predictions.

    Attributes:
        count: how many the server held when this was written.
        latest: when the newest of them had been made, by the server's clock.
        digests: for each task the digest of the spans that were predicted for it.
    """

    model_config = ConfigDict(extra="forbid")

    count: int
    latest: str
    digests: dict[int, str]


class _Kept(BaseModel):
    """The file in the cache."""

    model_config = ConfigDict(extra="forbid")

    tasks: list[tuple[int, str, str]]
    versions: dict[str, _Version]


class Standing:
    """The tasks of one project by document, and the predictions that are known of them."""

    def __init__(self, client: Client, project: Project) -> None:
        """Take what the last push left in the cache; `refresh` asks the server."""
        self.client = client
        self.project = project
        self._file = cache_folder() / "tasks" / f"{cache_name(client.url, project.id, project.created_at)}.json"
        self._tasks: dict[int, TaskKey] = {}
        self._by_document: dict[str, list[TaskKey]] = {}
        kept = _read(self._file)
        self._versions = kept.versions if kept else {}
        for task, doc_id, sha256 in kept.tasks if kept else ():
            self.add(TaskKey(task, doc_id, sha256))

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def last(self) -> int:
        """The highest id of a known task; 0 without any."""
        return max(self._tasks, default=0)

    def add(self, key: TaskKey) -> None:
        """Remember a task."""
        if key.id not in self._tasks:
            self._tasks[key.id] = key
            self._by_document.setdefault(key.doc_id, []).append(key)

    def forget(self, tasks: Iterable[int]) -> None:
        """Forget tasks that were deleted."""
        for task in tasks:
            key = self._tasks.pop(task)
            self._by_document[key.doc_id].remove(key)

    def same(self, doc_id: str, sha256: str) -> list[int]:
        """Return the tasks that hold this very text of a document, oldest first."""
        return sorted(key.id for key in self._by_document.get(doc_id, ()) if key.sha256 == sha256)

    def older(self, doc_id: str, sha256: str) -> list[int]:
        """Return the tasks that hold another text of a document, oldest first."""
        return sorted(key.id for key in self._by_document.get(doc_id, ()) if key.sha256 != sha256)

    def of(self, doc_id: str, sha256: str) -> int | None:
        """Return the first task that holds this very text of a document."""
        return next(iter(self.same(doc_id, sha256)), None)

    def refresh(self) -> None:
        """Bring the list of tasks up to date."""
        known = len(self)
        self.relist(self.last)
        if known and self.client.count_tasks(self.project.id, []) != len(self):
            # A task was deleted, or came late from a request that was under way: nothing is sure but the whole.
            self.reread(0)

    def reread(self, after: int) -> None:
        """Forget the tasks of a higher id than `after`, and read them again."""
        self.forget([task for task in self._tasks if task > after])
        self.relist(after)

    def relist(self, after: int) -> None:
        """Read the tasks of a higher id than `after`."""
        for key in self.client.task_keys(self.project.id, after):
            self.add(key)

    def predicted(self, version: str) -> dict[int, str] | None:
        """Return what a version predicted for each task that holds it, as digests; None where it is not known.

        It is known when all predictions of that version are those of which the cache tells: as many, and none newer.
        """
        held = self.client.model_versions(self.project.id).get(version) if len(self) else None
        if held is None:
            return {}
        known = self._versions.get(version)
        if known is None or (known.count, known.latest) != (held.count, held.latest):
            return None
        return dict(known.digests) if len(known.digests) == held.count else None

    def keep_predicted(self, version: str, digests: dict[int, str]) -> None:
        """Remember what a version predicted, if that is all that the server holds of it."""
        held: ModelVersion | None = self.client.model_versions(self.project.id).get(version)
        self._versions.pop(version, None)
        if held is not None and held.count == len(digests):
            self._versions[version] = _Version(count=held.count, latest=held.latest, digests=digests)

    def save(self) -> None:
        """Leave what is known to the next push."""
        tasks = [(key.id, key.doc_id, key.sha256) for key in self._tasks.values()]
        with replacing_file(self._file, mode=0o600) as temporary:
            temporary.write_text(_Kept(tasks=tasks, versions=self._versions).model_dump_json(), encoding="utf-8")


def _read(path: Path) -> _Kept | None:
    """Return the kept list; None where there is none or it cannot be read, since the server knows it too."""
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None

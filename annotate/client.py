"""What Label Studio is asked for: projects, tasks, predictions, annotations, users, as small records.

The answers are read as plain JSON, since the SDK's typed answers differ from call to call. Requests that one
wing alone needs (backends, views) stand in that wing.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from annotate.session import WRITE_TIMEOUT, RequestError, Session
from annotate.tasks import Json, Task

PAGE = 200
# An address of more characters than this is refused by common proxies.
FILTER_LENGTH = 4000
# Tasks without their data are short, and each page costs the server a look at the whole project.
KEY_PAGE = 2000
_PROJECT_TEXTS = ("title", "label_config", "expert_instruction", "model_version", "created_at")
_PROJECT_FIELDS = ("id", *_PROJECT_TEXTS, "maximum_annotations", "overlap_cohort_percentage")


@dataclass(frozen=True)
class Project:
    """A labelling project.

    Attributes:
        annotators: how many annotators the label stream gives an article of the overlap to.
        percent: which share of the articles the overlap is, 0 to 100.
        created_at: when it was made, by the server's clock; with the id it names the project for good.
    """

    id: int
    title: str
    label_config: str
    expert_instruction: str
    model_version: str
    annotators: int = 1
    percent: int = 100
    created_at: str = ""


@dataclass(frozen=True)
class TaskKey:
    """A task as a push looks it up: its id, and which text of which document it holds."""

    id: int
    doc_id: str
    sha256: str


@dataclass(frozen=True)
class ModelVersion:
    """A model's predictions in a project: how many there are, and when the newest was made."""

    count: int
    latest: str


@dataclass(frozen=True)
class Predicted:
    """A prediction that a task holds."""

    task: int
    model_version: str
    result: list[Json]


class Client(Session):
    """A session with the requests that push, pull, doctor and the team's commands share.

    Every method raises RequestError when the server cannot be reached or refuses.

    Attributes:
        uncounted: how many tasks were read whose annotations Label Studio itself does not count.
    """

    uncounted = 0

    # -- projects ---------------------------------------------------------------------------------------

    def projects(self, title: str) -> list[Project]:
        """Return the projects of exactly that title, oldest first."""
        found: list[Project] = []
        page = 1
        while True:
            query = {"title": title, "page": page, "page_size": 100, "include": ",".join(_PROJECT_FIELDS)}
            answer = self.get("api/projects", query)
            found += [_project(item) for item in answer["results"] if item["title"] == title]
            if not answer.get("next"):
                return sorted(found, key=lambda project: project.id)
            page += 1

    def project(self, project: int) -> Project:
        """Return a project by id."""
        return _project(self.get(f"api/projects/{project}/"))

    def create_project(self, title: str, **fields: Any) -> Project:
        """Make a project; Label Studio allows several of one title, so look it up first."""
        return _project(self.write("POST", "api/projects/", {"title": title, **fields}))

    def update_project(self, project: int, **fields: Any) -> Project:
        """Change fields of a project; a configuration is accepted even where it drops a label in use."""
        return _project(self.write("PATCH", f"api/projects/{project}/", fields))

    def delete_project(self, project: int) -> None:
        """Delete a project with all its tasks and annotations; one that is gone already is no error.

        Never on a server that people use: meanwhile Label Studio (1.23.2) sets all its signals aside, so that the
        annotations which others store at that moment are not counted; and two deletions at the same moment lose the
        signals for good, so that nothing is counted until the server is started again.
        """
        self._delete(f"api/projects/{project}/")

    def used_labels(self, project: int) -> dict[str, set[str]]:
        """Return, for each control of the page, the values that annotations and drafts hold."""
        summary = self.get(f"api/projects/{project}/summary/")
        used: dict[str, set[str]] = {}
        for field in ("created_labels", "created_labels_drafts"):
            for control, values in (summary.get(field) or {}).items():
                used.setdefault(control, set()).update(values)
        return used

    # -- tasks ------------------------------------------------------------------------------------------

    def find_tasks(self, project: int, doc_ids: Iterable[str]) -> list[TaskKey]:
        """Return the tasks that hold any of these documents, oldest first."""
        found: list[TaskKey] = []
        for group in short_enough(doc_ids):
            wanted = task_filter("data.doc_id", "in_list", group, "List")
            for item in self.tasks(project, [wanted], fields="task_only", include="id,data"):
                found.append(_key(item))
        return sorted(found, key=lambda key: key.id)

    def task_keys(self, project: int, after: int = 0) -> Iterator[TaskKey]:
        """Yield which text of which document each task holds, by ascending id, without reading the texts.

        Args:
            project: its id.
            after: only tasks of a higher id.
        """
        unmarked: list[int] = []
        for item in self.tasks(project, [], fields="task_only", include="id,meta", after=after, page=KEY_PAGE):
            meta = item.get("meta") or {}
            if "doc_id" in meta and "sha256" in meta:
                yield TaskKey(item["id"], str(meta["doc_id"]), str(meta["sha256"]))
            else:
                unmarked.append(item["id"])
        # Tasks that something else imported say it in their data alone, beside the text.
        for group in short_enough(map(str, unmarked)):
            wanted = task_filter("id", "in_list", [int(task) for task in group], "List")
            for item in self.tasks(project, [wanted], fields="task_only", include="id,data"):
                yield _key(item)

    def import_tasks(self, project: int, tasks: Sequence[Json] | bytes) -> list[int]:
        """Create tasks in one request; all or none of them arrive. Label Studio looks for no duplicates.

        Args:
            project: its id.
            tasks: the tasks, or the JSON of their list.

        Returns:
            The ids of the new tasks, in the order in which they were given.
        """
        body = tasks if isinstance(tasks, bytes) else list(tasks)
        path = f"api/projects/{project}/import?return_task_ids=true"
        return [int(task) for task in self.write("POST", path, body, timeout=WRITE_TIMEOUT)["task_ids"]]

    def delete_task(self, task: int) -> None:
        """Delete a task with all that hangs on it; one that is gone already is no error."""
        self._delete(f"api/tasks/{task}/")

    def delete_tasks(self, project: int, tasks: Sequence[int]) -> None:
        """Delete tasks with all that hangs on them; those that are gone already are no error."""
        chosen = {"all": False, "included": list(tasks)}
        path = f"api/dm/actions?project={project}&id=delete_tasks"
        self.write("POST", path, {"selectedItems": chosen}, timeout=WRITE_TIMEOUT)

    def untouched_tasks(self, project: int, tasks: Sequence[int]) -> list[int]:
        """Return those of the given tasks that hold neither an annotation, a skipped one nor a draft of anybody."""
        found: list[int] = []
        for group in short_enough(map(str, tasks)):
            wanted = task_filter("id", "in_list", [int(task) for task in group], "List")
            parts = "id,total_annotations,cancelled_annotations,draft_exists"
            for item in self.tasks(project, [wanted], fields="all", include=parts):
                if not any(item[part] for part in parts.split(",")[1:]):
                    found.append(item["id"])
        return found

    def annotated_tasks(
        self, project: int, since: datetime.datetime | None = None, predictions: bool = False
    ) -> Iterator[Task]:
        """Yield tasks with their annotations, page by page.

        Args:
            project: its id.
            since: when given, all tasks changed after it, those without an annotation too (their last one
                may have been deleted); else the tasks that hold an annotation which is not skipped.
            predictions: whether the tasks come with their predictions, and the annotations with the prediction
                that each began from; it makes the answer twice as long.
        """
        parts = "id,data,updated_at,annotations,result,completed_by,was_cancelled,lead_time"
        parts += ",predictions,parent_prediction" if predictions else ""
        if since is not None:
            moment = since.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            wanted = task_filter("updated_at", "greater", moment, "Datetime")
            yield from self._whole_tasks(project, wanted, parts)
            return
        owed = self.count_annotations(project)
        for task in self._whole_tasks(project, task_filter("total_annotations", "greater", 0, "Number"), parts):
            owed -= task.readings
            yield task
        if owed > 0:
            # Label Studio's count of a task's annotations may be wrong (see delete_project); the annotations are there.
            for task in self._whole_tasks(project, task_filter("total_annotations", "equal", 0, "Number"), parts):
                if task.readings:
                    self.uncounted += 1
                    yield task

    def _whole_tasks(self, project: int, wanted: Json, parts: str) -> Iterator[Task]:
        for item in self.tasks(project, [wanted], fields="all", include=parts):
            try:
                yield Task.model_validate(item)
            except ValidationError as error:
                raise RequestError(f"{self.url} describes task {item.get('id')} in an unknown way: {error}") from error

    def count_annotations(self, project: int) -> int:
        """Return how many annotations a project holds that are not skipped, counted one by one."""
        return int(self.get(f"api/projects/{project}/")["total_annotations_number"])

    def count_annotated(self, project: int) -> int:
        """Return how many tasks hold an annotation that is not skipped."""
        return self.count_tasks(project, [task_filter("total_annotations", "greater", 0, "Number")])

    def count_tasks(self, project: int, filters: Sequence[Json]) -> int:
        """Return how many tasks meet all the conditions."""
        query = {"filters": {"conjunction": "and", "items": list(filters)}}
        return int(self.get("api/tasks", _task_query(project, query, 1, "task_only", "id"))["total"])

    def last_change(self, project: int) -> datetime.datetime | None:
        """Return when a task of the project last changed, by the server's clock; None without tasks."""
        query = {"ordering": ["-tasks:updated_at"]}
        tasks = self.get("api/tasks", _task_query(project, query, 1, "task_only", "id,updated_at"))["tasks"]
        return datetime.datetime.fromisoformat(tasks[0]["updated_at"]) if tasks else None

    # -- predictions and annotations --------------------------------------------------------------------

    def predictions(self, project: int, tasks: Sequence[int]) -> list[Predicted]:
        """Return all predictions of the given tasks."""
        found: list[Predicted] = []
        for group in short_enough(str(task) for task in tasks):
            wanted = task_filter("id", "in_list", [int(task) for task in group], "List")
            for item in self.tasks(project, [wanted], fields="all", include="id,predictions"):
                found += [
                    Predicted(item["id"], record.get("model_version") or "", record.get("result") or [])
                    for record in item.get("predictions") or []
                ]
        return found

    def model_versions(self, project: int) -> dict[str, ModelVersion]:
        """Return the model versions that predictions of the project name."""
        answer = self.get(f"api/projects/{project}/model-versions/", {"extended": "true"})
        return {
            str(item["model_version"]): ModelVersion(int(item["count"]), str(item["latest"]))
            for item in answer["static"]
        }

    def create_predictions(self, project: int, predictions: Sequence[Json] | bytes) -> None:
        """Add predictions to tasks in one request; Label Studio checks neither labels nor offsets.

        Args:
            project: its id.
            predictions: the predictions, each with its `task`, or the JSON of their list.
        """
        body = predictions if isinstance(predictions, bytes) else list(predictions)
        self.write("POST", f"api/projects/{project}/import/predictions", body, timeout=WRITE_TIMEOUT)

    def create_annotation(
        self, task: int, user: int, unique_id: str, result: list[Json], lead_time: float | None
    ) -> bool:
        """Store an annotation in a user's name; return False when that `unique_id` stands already.

        Args:
            task: its id.
            user: the annotator's id.
            unique_id: a UUID; a repeat is refused by the server, which makes this call safe to send again.
            result: the regions; an empty list is an annotation that found nothing.
            lead_time: seconds the annotator spent.
        """
        record: Json = {"result": result, "completed_by": user, "unique_id": unique_id, "ground_truth": False}
        try:
            self.write("POST", f"api/tasks/{task}/annotations/", {**record, "lead_time": lead_time})
        except RequestError as error:
            if error.status == 409:
                return False
            raise
        return True

    # -- users ------------------------------------------------------------------------------------------

    def users(self) -> dict[int, str]:
        """Return the e-mail address of each user by id."""
        return {item["id"]: item["email"] for item in self.get("api/users/")}

    def create_user(self, email: str) -> int:
        """Make a user without a password (`label-studio reset_password` gives one); return the id."""
        return int(self.write("POST", "api/users/", {"email": email, "username": email})["id"])

    # -- requests ---------------------------------------------------------------------------------------

    def _delete(self, path: str) -> None:
        try:
            self.write("DELETE", path)
        except RequestError as error:
            if error.status != 404:
                raise

    def tasks(
        self, project: int, filters: list[Json], fields: str, include: str, after: int = 0, page: int | None = None
    ) -> Iterator[Json]:
        """Yield tasks by ascending id; pages follow the last id, so changes meanwhile shift nothing.

        Args:
            project: its id.
            filters: the conditions that a task has to meet, by `task_filter`.
            fields: `task_only`, or `all` for what is counted or hangs on the tasks.
            include: the fields of a task that are wanted, with commas between.
            after: only tasks of a higher id.
            page: tasks a request; by default PAGE.
        """
        page = page or PAGE
        while True:
            later = task_filter("id", "greater", after, "Number")
            query = {"ordering": ["tasks:id"], "filters": {"conjunction": "and", "items": [*filters, later]}}
            answer = self.get("api/tasks", _task_query(project, query, page, fields, include))
            yield from answer["tasks"]
            # By the total, since a server may allow smaller pages than were asked for.
            if not answer["tasks"] or len(answer["tasks"]) >= answer["total"]:
                return
            after = answer["tasks"][-1]["id"]


def _project(item: Json) -> Project:
    texts = {name: str(item.get(name) or "") for name in _PROJECT_TEXTS}
    annotators, percent = int(item["maximum_annotations"]), int(item["overlap_cohort_percentage"])
    return Project(id=int(item["id"]), annotators=annotators, percent=percent, **texts)


def _key(item: Json) -> TaskKey:
    data = item["data"]
    return TaskKey(item["id"], str(data.get("doc_id")), str(data.get("sha256")))


def task_filter(column: str, operator: str, value: Any, kind: str) -> Json:
    """Return one condition of a Data Manager query; `column` is `id`, `data.doc_id`, `updated_at`, ..."""
    return {"filter": f"filter:tasks:{column}", "operator": operator, "value": value, "type": kind}


def _task_query(project: int, query: Json, size: int, fields: str, include: str) -> Json:
    # Without resolve_uri=false a text that holds something like s3://... would come back rewritten.
    common = {"project": project, "fields": fields, "include": include, "page_size": size, "resolve_uri": "false"}
    return {**common, "query": json.dumps(query)}


def short_enough(values: Iterable[str]) -> Iterator[list[str]]:
    """Split values into groups that fit into an address, and into one page."""
    from urllib.parse import quote

    group: list[str] = []
    length = 0
    for value in values:
        size = len(quote(json.dumps(value))) + 3
        if group and (length + size > FILTER_LENGTH or len(group) == PAGE):
            yield group
            group, length = [], 0
        group.append(value)
        length += size
    if group:
        yield group

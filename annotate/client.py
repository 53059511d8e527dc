"""Talk to Label Studio: the one file that imports its SDK.

The SDK signs the requests (it swaps a personal access token for a short-lived one) and sends them; the
answers are read here as plain JSON into small records, since its typed answers differ from call to call.
Nothing that writes is retried: a caller looks up what arrived first (`annotate/delivery.py`).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError

from annotate.connection import Connection
from annotate.probe import is_loopback
from annotate.tasks import Json, Task
from conflict_ner.errors import ServiceError

READ_TIMEOUT = 120.0  # seconds; a page of a thousand tasks takes one or two
WRITE_TIMEOUT = 300.0
PAGE = 200
# An address of more characters than this is refused by common proxies.
FILTER_LENGTH = 4000
_PROJECT_FIELDS = ("id", "title", "label_config", "expert_instruction", "model_version")


class RequestError(ServiceError):
    """A request that Label Studio refused, or whose answer never came.

    Attributes:
        status: the HTTP status; None when no answer came.
        uncertain: whether the server may have done, or may still do, what was asked.
    """

    def __init__(self, message: str, status: int | None = None, uncertain: bool = False) -> None:
        self.status = status
        self.uncertain = uncertain
        super().__init__(message)


@dataclass(frozen=True)
class Project:
    """A labelling project."""

    id: int
    title: str
    label_config: str
    expert_instruction: str
    model_version: str


@dataclass(frozen=True)
class TaskKey:
    """A task as a push looks it up: its id, and which text of which document it holds."""

    id: int
    doc_id: str
    sha256: str


@dataclass(frozen=True)
class Predicted:
    """A prediction that a task holds."""

    task: int
    model_version: str
    result: list[Json]


class Client:
    """What push, pull and doctor ask of a server.

    Every method raises RequestError when the server cannot be reached or refuses. Use it in a `with` block,
    which closes its connections.
    """

    def __init__(self, connection: Connection) -> None:
        """Prepare to talk to `connection`; nothing is sent yet, but a stale token is told at once."""
        import httpx
        from label_studio_sdk.client import LabelStudio
        from label_studio_sdk.core.api_error import ApiError

        self.url = connection.url
        self._broken = httpx.RequestError
        self._never_sent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
        self._refused = ApiError
        # Proxies of the environment are for other hosts.
        self._session = httpx.Client(timeout=READ_TIMEOUT, trust_env=not is_loopback(self.url), follow_redirects=True)
        with self._told("opening the connection"):
            sdk: Any = LabelStudio(base_url=self.url, api_key=connection.api_key, httpx_client=self._session)  # type: ignore[no-untyped-call]
        self._http = sdk._client_wrapper.httpx_client

    def close(self) -> None:
        """Close the connections to the server."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- projects ---------------------------------------------------------------------------------------

    def projects(self, title: str) -> list[Project]:
        """Return the projects of exactly that title, oldest first."""
        found: list[Project] = []
        page = 1
        while True:
            query = {"title": title, "page": page, "page_size": 100, "include": ",".join(_PROJECT_FIELDS)}
            answer = self._get("api/projects", query)
            found += [_project(item) for item in answer["results"] if item["title"] == title]
            if not answer.get("next"):
                return sorted(found, key=lambda project: project.id)
            page += 1

    def project(self, project: int) -> Project:
        """Return a project by id."""
        return _project(self._get(f"api/projects/{project}/"))

    def create_project(self, title: str, **fields: Any) -> Project:
        """Make a project; Label Studio allows several of one title, so look it up first."""
        return _project(self._write("POST", "api/projects/", {"title": title, **fields}))

    def update_project(self, project: int, **fields: Any) -> Project:
        """Change fields of a project; a configuration is accepted even where it drops a label in use."""
        return _project(self._write("PATCH", f"api/projects/{project}/", fields))

    def delete_project(self, project: int) -> None:
        """Delete a project with all its tasks and annotations."""
        self._write("DELETE", f"api/projects/{project}/")

    def used_labels(self, project: int) -> dict[str, set[str]]:
        """Return, for each control of the page, the values that annotations and drafts hold."""
        summary = self._get(f"api/projects/{project}/summary/")
        used: dict[str, set[str]] = {}
        for field in ("created_labels", "created_labels_drafts"):
            for control, values in (summary.get(field) or {}).items():
                used.setdefault(control, set()).update(values)
        return used

    # -- tasks ------------------------------------------------------------------------------------------

    def find_tasks(self, project: int, doc_ids: Iterable[str]) -> list[TaskKey]:
        """Return the tasks that hold any of these documents, oldest first."""
        found: list[TaskKey] = []
        for group in _short_enough(doc_ids):
            wanted = _filter("data.doc_id", "in_list", group, "List")
            for item in self._tasks(project, [wanted], fields="task_only", include="id,data"):
                data = item["data"]
                found.append(TaskKey(item["id"], str(data.get("doc_id")), str(data.get("sha256"))))
        return sorted(found, key=lambda key: key.id)

    def import_tasks(self, project: int, tasks: Sequence[Json]) -> None:
        """Create tasks in one request; all or none of them arrive. Label Studio looks for no duplicates."""
        self._write("POST", f"api/projects/{project}/import", list(tasks), timeout=WRITE_TIMEOUT)

    def annotated_tasks(self, project: int, since: datetime.datetime | None = None) -> Iterator[Task]:
        """Yield tasks with their annotations, page by page.

        Args:
            project: its id.
            since: when given, all tasks changed after it, those without an annotation too (their last one
                may have been deleted); else the tasks that hold an annotation which is not skipped.
        """
        parts = "id,data,updated_at,annotations,result,completed_by,was_cancelled,lead_time"
        if since is None:
            wanted = _filter("total_annotations", "greater", 0, "Number")
        else:
            moment = since.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            wanted = _filter("updated_at", "greater", moment, "Datetime")
        for item in self._tasks(project, [wanted], fields="all", include=parts):
            try:
                yield Task.model_validate(item)
            except ValidationError as error:
                raise RequestError(f"{self.url} describes task {item.get('id')} in an unknown way: {error}") from error

    def count_annotated(self, project: int) -> int:
        """Return how many tasks hold an annotation that is not skipped."""
        query = {"filters": {"conjunction": "and", "items": [_filter("total_annotations", "greater", 0, "Number")]}}
        return int(self._get("api/tasks", _task_query(project, query, 1, "task_only", "id"))["total"])

    def last_change(self, project: int) -> datetime.datetime | None:
        """Return when a task of the project last changed, by the server's clock; None without tasks."""
        query = {"ordering": ["-tasks:updated_at"]}
        tasks = self._get("api/tasks", _task_query(project, query, 1, "task_only", "id,updated_at"))["tasks"]
        return datetime.datetime.fromisoformat(tasks[0]["updated_at"]) if tasks else None

    # -- predictions and annotations --------------------------------------------------------------------

    def predictions(self, project: int, tasks: Sequence[int]) -> list[Predicted]:
        """Return all predictions of the given tasks."""
        found: list[Predicted] = []
        for group in _short_enough(str(task) for task in tasks):
            wanted = _filter("id", "in_list", [int(task) for task in group], "List")
            for item in self._tasks(project, [wanted], fields="all", include="id,predictions"):
                found += [
                    Predicted(item["id"], record.get("model_version") or "", record.get("result") or [])
                    for record in item.get("predictions") or []
                ]
        return found

    def create_predictions(self, project: int, predictions: Sequence[Json]) -> None:
        """Add predictions to tasks in one request; Label Studio checks neither labels nor offsets."""
        self._write("POST", f"api/projects/{project}/import/predictions", list(predictions), timeout=WRITE_TIMEOUT)

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
            self._write("POST", f"api/tasks/{task}/annotations/", {**record, "lead_time": lead_time})
        except RequestError as error:
            if error.status == 409:
                return False
            raise
        return True

    # -- users ------------------------------------------------------------------------------------------

    def users(self) -> dict[int, str]:
        """Return the e-mail address of each user by id."""
        return {item["id"]: item["email"] for item in self._get("api/users/")}

    def create_user(self, email: str) -> int:
        """Make a user without a password (`label-studio reset_password` gives one); return the id."""
        return int(self._write("POST", "api/users/", {"email": email, "username": email})["id"])

    # -- requests ---------------------------------------------------------------------------------------

    def _tasks(self, project: int, filters: list[Json], fields: str, include: str) -> Iterator[Json]:
        """Yield tasks by ascending id; pages follow the last id, so changes meanwhile shift nothing."""
        last = 0
        while True:
            after = _filter("id", "greater", last, "Number")
            query = {"ordering": ["tasks:id"], "filters": {"conjunction": "and", "items": [*filters, after]}}
            items = self._get("api/tasks", _task_query(project, query, PAGE, fields, include))["tasks"]
            yield from items
            if len(items) < PAGE:
                return
            last = items[-1]["id"]

    def _get(self, path: str, params: Json | None = None) -> Any:
        with self._told(f"GET {path}"):
            answer = self._http.request(path, method="GET", params=params, request_options={"max_retries": 2})
        return self._json("GET", path, answer)

    def _write(self, method: str, path: str, body: Any = None, timeout: float = READ_TIMEOUT) -> Any:
        with self._told(f"{method} {path}"):
            answer = self._http.request(
                path,
                method=method,
                # As bytes: the SDK's own encoder walks every value of the body.
                content=None if body is None else json.dumps(body).encode(),
                headers={"content-type": "application/json"},
                request_options={"max_retries": 0, "timeout": timeout},
            )
        return self._json(method, path, answer)

    def _json(self, method: str, path: str, answer: Any) -> Any:
        """Return the body of a good answer; anything else is told by status and reason alone."""
        try:
            body = answer.json() if answer.content else {}
        except ValueError:
            body = None
        if answer.status_code < 400 and body is not None:
            return body
        status = int(answer.status_code)
        raise RequestError(
            f"{self.url} answered {status} to {method} {path}{_reason(body)}.{_remedy(status)}",
            status=status,
            uncertain=status >= 500 or status in {408, 429} or status < 400,
        )

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what httpx and the SDK raise into RequestError, without headers or tokens."""
        try:
            yield
        except self._refused as error:
            status = error.status_code
            message = f"{self.url} refused the token ({status}) at {what}{_reason(error.body)}.{_remedy(401)}"
            raise RequestError(message, status=status) from None
        except self._never_sent as error:
            message = f"{self.url} cannot be reached ({type(error).__name__}) for {what}; is the server up?"
            raise RequestError(f"{message} `python -m annotate doctor` finds out.") from None
        except self._broken as error:
            message = f"The connection to {self.url} broke ({type(error).__name__}) during {what}"
            raise RequestError(f"{message}; run the command again.", uncertain=True) from None


def _project(item: Json) -> Project:
    texts = {name: str(item.get(name) or "") for name in _PROJECT_FIELDS if name != "id"}
    return Project(id=int(item["id"]), **texts)


def _filter(column: str, operator: str, value: Any, kind: str) -> Json:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "value": value, "type": kind}


def _task_query(project: int, query: Json, size: int, fields: str, include: str) -> Json:
    # Without resolve_uri=false a text that holds something like s3://... would come back rewritten.
    common = {"project": project, "fields": fields, "include": include, "page_size": size, "resolve_uri": "false"}
    return {**common, "query": json.dumps(query)}


def _short_enough(values: Iterable[str]) -> Iterator[list[str]]:
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


def _reason(body: Any) -> str:
    """Return Label Studio's own words of a refusal: the detail and the validation errors, nothing else."""
    if not isinstance(body, dict):
        return ""
    parts = [str(body[name]) for name in ("detail", "validation_errors") if body.get(name)]
    return f" ({'; '.join(parts)[:500]})" if parts else ""


def _remedy(status: int) -> str:
    if status in {401, 403}:
        return " `python -m annotate doctor` says what is wrong with the token."
    if status == 404:
        return " Look whether the project still exists."
    return ""

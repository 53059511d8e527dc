"""Views of Label Studio's Data Manager: found or made by their title, brought up to date, never doubled."""

from __future__ import annotations

from dataclasses import dataclass

from annotate.client import Client
from annotate.session import RequestError
from annotate.tasks import Json

# Label Studio's own columns that say nothing to somebody who looks for the next article.
QUIET = tuple(
    f"tasks:{name}"
    for name in (
        *("inner_id", "completed_at", "cancelled_annotations", "total_predictions", "annotations_results"),
        *("annotations_ids", "predictions_score", "predictions_model_versions", "predictions_results", "file_upload"),
        *("storage_filename", "created_at", "updated_by", "avg_lead_time", "draft_exists"),
        *("data.text", "data.sha256", "data.byline", "data.duplicate_of", "data.inferred", "data.group"),
        *("data.language", "data.style", "data.region", "data.url"),
    )
)
_FIRST = {"title": "Default", "filters": {"conjunction": "and", "items": []}}


@dataclass(frozen=True)
class View:
    """A tab of the Data Manager.

    Attributes:
        title: its name, by which it is found again.
        filters: the conditions that all its tasks meet, as `task_filter` makes them.
        ordering: columns such as `tasks:id`; one that begins with `-` sorts downwards.
        hidden: columns that it does not show, such as `tasks:data.text`.
        widths: pixels of columns that need more room than others.
    """

    title: str
    filters: tuple[Json, ...] = ()
    ordering: tuple[str, ...] = ()
    hidden: tuple[str, ...] = QUIET
    widths: tuple[tuple[str, int], ...] = ()

    @property
    def data(self) -> Json:
        """The view as Label Studio keeps it."""
        return {
            "title": self.title,
            "filters": {"conjunction": "and", "items": list(self.filters)},
            "ordering": list(self.ordering),
            "hiddenColumns": {"explore": list(self.hidden), "labeling": list(self.hidden)},
            "columnsWidth": dict(self.widths),
        }


def ensure_view(client: Client, project: int, view: View) -> int:
    """Make a view, or bring the one of its title up to date; return its id. What else a view holds is kept.

    A project that nobody has opened has no view yet, and Label Studio makes its first one only while there is none:
    so that a filtered view is not all that people see, one of all tasks is made before it.
    """
    views = _views(client, project)
    found = _titled(views, view.title)
    if found is None:
        if not views and view.filters:
            _make(client, project, _FIRST)
        return _make(client, project, view.data)
    data = {**found["data"], **view.data}
    if data != found["data"]:
        client.write("PATCH", f"api/dm/views/{found['id']}/", {"project": project, "data": data})
    return int(found["id"])


def _make(client: Client, project: int, data: Json) -> int:
    try:
        return int(client.write("POST", "api/dm/views/", {"project": project, "data": data})["id"])
    except RequestError as error:
        found = _titled(_views(client, project), data["title"]) if error.uncertain else None
        if found is None:
            raise
        return int(found["id"])


def _views(client: Client, project: int) -> list[Json]:
    found: list[Json] = client.get("api/dm/views", {"project": project})
    return found


def _titled(views: list[Json], title: str) -> Json | None:
    return next((view for view in views if view["data"].get("title") == title), None)

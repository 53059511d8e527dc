"""The order in the tasks' data: `queue` holds a number for each article that is queued, and nothing for the others.

A number has four digits, such as 0017: Label Studio's label stream sorts a field of the data as text (on
PostgreSQL always), and as text 10 would come before 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from annotate.client import PAGE, Client, Project, task_filter
from annotate.delivery import repeat
from annotate.views import QUIET, View

NUMBER, DOUBT = "queue", "uncertainty"
NUMBERED = task_filter(f"data.{NUMBER}", "empty", False, "String")
WITHOUT_ANNOTATION = task_filter("total_annotations", "equal", 0, "Number")
VIEW = View(
    "Queue",
    # Not by the number of annotations: an article that two are to read stays until both have.
    (NUMBERED, task_filter("completed_at", "empty", True, "Datetime")),
    ordering=(f"tasks:data.{NUMBER}",),
    hidden=(*QUIET, *(f"tasks:{name}" for name in ("updated_at", "data.review", "data.published", "data.source"))),
    widths=(("tasks:data.title", 420),),
)


@dataclass(frozen=True)
class Mark:
    """What the data of a task say of its place in the queue; both empty for one that is not queued."""

    number: str = ""
    uncertainty: str = ""

    @classmethod
    def of(cls, data: Mapping[str, object]) -> Mark:
        """Read it off a task's data."""
        return cls(str(data.get(NUMBER) or ""), str(data.get(DOUBT) or ""))

    @classmethod
    def at(cls, place: int, uncertainty: float) -> Mark:
        """Return the mark of the article at a place, 1 for the first."""
        return cls(f"{place:04}", f"{uncertainty:.3f}")


def write_marks(
    client: Client, project: Project, marks: Mapping[int, Mark], step: Callable[[int], None] = lambda count: None
) -> int:
    """Bring the data of tasks in step with `marks`; return how many were changed.

    A task is read again just before it is written, so that all else that its data hold stays; one that is marked
    so already is not written, and one that has got an annotation meanwhile keeps what it has. Broken off half-way,
    the same call finishes.

    Args:
        client: the server.
        project: the project.
        marks: task id to mark.
        step: told after each task that one more was looked at.
    """
    changed = 0
    # In the order of the queue: what is broken off has its first articles.
    ordered = sorted(marks, key=lambda task: (marks[task].number == "", marks[task].number, task))
    for start in range(0, len(ordered), PAGE):
        group = ordered[start : start + PAGE]
        wanted = [task_filter("id", "in_list", group, "List"), WITHOUT_ANNOTATION]
        held = {item["id"]: item["data"] for item in client.tasks(project.id, wanted, "task_only", "id,data")}
        for task in group:
            data = held.get(task)
            mark = marks[task]
            if data is not None and Mark.of(data) != mark:
                marked = {**data, NUMBER: mark.number, DOUBT: mark.uncertainty}
                repeat(partial(client.write, "PATCH", f"api/tasks/{task}/", {"data": marked}))
                changed += 1
            step(1)
    return changed

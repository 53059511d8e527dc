"""After a push: tasks that two pushes made of one article at the same time become one again.

A lock (`annotate/lock.py`) keeps the pushes of one machine apart, but not those of two. Both see after their last
request what they have made; the task that came first stays, and whichever push looks last sees them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from annotate.client import Client, Project
from annotate.standing import Standing


@dataclass
class Settled:
    """What was done about doubles: the tasks that were removed, and sentences on those that have to stay."""

    removed: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def settle_doubles(
    client: Client, project: Project, standing: Standing, made: Iterable[tuple[str, str]], after: int
) -> Settled:
    """Remove what this push or another one made too much, where nobody has worked on it yet.

    Args:
        client: the server.
        project: the project.
        standing: what is known of it; brought up to date where the number of tasks tells that more came.
        made: id and text's hash of each document that this push made a task of.
        after: the highest id of a task before this push.
    """
    if client.count_tasks(project.id, []) != len(standing):
        standing.reread(after)
    doubled = {(name, sha256): tasks for name, sha256 in made if len(tasks := standing.same(name, sha256)) > 1}
    settled = Settled()
    if not doubled:
        return settled
    later = [task for tasks in doubled.values() for task in tasks[1:]]
    settled.removed = client.untouched_tasks(project.id, later)
    if settled.removed:
        client.delete_tasks(project.id, settled.removed)
        standing.forget(settled.removed)
        settled.notes.append(
            f"{len(settled.removed)} article(s) were pushed twice at the same time; of each the first task was kept."
        )
    settled.notes += notes_on_doubles(standing, doubled)
    return settled


def notes_on_doubles(standing: Standing, documents: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each document that stands in several tasks with the same text."""
    return [
        f"{name} stands in tasks {', '.join(map(str, tasks))} with the same text: delete those without annotations."
        for name, sha256 in documents
        if len(tasks := standing.same(name, sha256)) > 1
    ]

"""The versions of predictions that a project holds, and how stale ones are removed without hurting annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from annotate.client import Client, Project, task_filter
from annotate.project import show_version
from annotate.session import RequestError
from annotate.tasks import Json
from conflict_ner.errors import ConfigError, ServiceError, did_you_mean


@dataclass(frozen=True)
class Version:
    """A version of predictions: its name, how many tasks have it, whether the page shows it."""

    name: str
    predictions: int
    shown: bool


@dataclass(frozen=True)
class Removed:
    """What was removed of one version, and what was kept because annotations began from it."""

    name: str
    predictions: int
    kept: int


def held_versions(client: Client, project: Project) -> list[Version]:
    """Return the versions of a project's predictions, newest first, and which of them the page shows.

    A live model's backend is shown by its title, and then all versions that it has predicted are in use.
    """
    answer = client.get(f"api/projects/{project.id}/model-versions/", {"extended": True, "include_live_models": True})
    shown = client.project(project.id).model_version
    live = [model for model in answer.get("live") or [] if model.get("title") == shown]
    in_use = {shown, *(str(model.get("model_version")) for model in live)}
    return [
        Version(name, int(item["count"]), name in in_use)
        for item in answer["static"]
        if (name := item.get("model_version") or "")
    ]


def live_shown(client: Client, project: Project) -> str | None:
    """Return the title of the live backend whose predictions the page shows; None when it shows stored ones."""
    answer = client.get(f"api/projects/{project.id}/model-versions/", {"extended": True, "include_live_models": True})
    shown = client.project(project.id).model_version
    return shown if any(model.get("title") == shown for model in answer.get("live") or []) else None


def stale_versions(client: Client, project: Project) -> list[Version]:
    """Return the versions that the page does not show.

    Raises:
        ServiceError: the project shows none, so that it cannot be told which are stale.
    """
    versions = held_versions(client, project)
    if versions and not any(version.shown for version in versions):
        raise ServiceError(
            f"Project {project.title!r} shows none of its versions ({', '.join(item.name for item in versions)}), so "
            "none of them is stale. Predict anew, choose one in the project's settings, or name those to remove "
            "with --remove."
        )
    return [version for version in versions if not version.shown]


def named_versions(client: Client, project: Project, names: Sequence[str]) -> list[Version]:
    """Return the versions of these names.

    Raises:
        ConfigError: the project has no such version, or shows it.
    """
    versions = {version.name: version for version in held_versions(client, project)}
    problems = [
        f"{name!r} is no version of its predictions{did_you_mean(name, versions)}"
        for name in names
        if name not in versions
    ]
    problems += [
        f"{name!r} is what the page shows; let it show another one first"
        for name in names
        if name in versions and versions[name].shown
    ]
    if problems:
        raise ConfigError(f"Nothing was removed from project {project.title!r}:", problems)
    return [versions[name] for name in dict.fromkeys(names)]


def remove_version(
    client: Client, project: Project, version: Version, step: Callable[[int], None] = lambda count: None
) -> Removed:
    """Delete a version's predictions, except those that annotations began from.

    Label Studio would clear those annotations' `parent_prediction`, which tells how often a pre-annotation
    was accepted; so a version with such predictions is deleted one by one.

    Args:
        client: the server.
        project: the project; what its page shows stays shown.
        version: what to delete.
        step: told how many predictions are done.
    """
    shown = client.project(project.id).model_version
    parents = set(_parents(client, project))
    wanted: list[int] = []
    kept = 0
    if parents:
        for prediction in _predictions(client, project, version.name):
            if prediction in parents:
                kept += 1
            else:
                wanted.append(prediction)
        step(kept)
    if kept:
        for prediction in wanted:
            _delete_prediction(client, prediction)
            step(1)
        removed = len(wanted)
    else:
        answer = client.write(
            "DELETE", f"api/projects/{project.id}/model-versions/", {"model_version": version.name}, timeout=300.0
        )
        removed = int(answer.get("deleted_predictions", version.predictions))
        step(removed)
    if shown and client.project(project.id).model_version != shown:
        # Label Studio forgets what is shown when a live model's version is deleted.
        show_version(client, project, shown)
    return Removed(version.name, removed, kept)


def _delete_prediction(client: Client, prediction: int) -> None:
    try:
        client.write("DELETE", f"api/predictions/{prediction}/")
    except RequestError as error:
        if error.status != 404:  # gone already
            raise


def _parents(client: Client, project: Project) -> Iterator[int]:
    """Yield the predictions that annotations, skipped ones included, began from."""
    for column in ("total_annotations", "cancelled_annotations"):
        filters = [task_filter(column, "greater", 0, "Number")]
        for item in client.tasks(project.id, filters, fields="all", include="id,annotations,parent_prediction"):
            for annotation in item.get("annotations") or []:
                if annotation.get("parent_prediction") is not None:
                    yield int(annotation["parent_prediction"])


def _predictions(client: Client, project: Project, name: str) -> Iterator[int]:
    item: Json
    for item in client.tasks(project.id, [], fields="all", include="id,predictions"):
        for record in item.get("predictions") or []:
            if record.get("model_version") == name:
                yield int(record["id"])

"""The labelling project: found by its title, its page kept in step with the schema, never at a label's cost."""

from __future__ import annotations

from dataclasses import dataclass

from annotate.client import Client, Project
from annotate.page import LABELS_NAME, instructions_html, labelling_config, same_config
from annotate.session import RequestError
from annotate.settings import ProjectSettings, rooted
from conflict_ner.errors import DataError, ServiceError
from conflict_ner.schema import LabelSchema


@dataclass(frozen=True)
class Page:
    """What annotators see: Label Studio's configuration, and the guidelines as HTML."""

    config: str
    instructions: str


@dataclass(frozen=True)
class Drift:
    """How a project differs from the page that the schema and guidelines make.

    Attributes:
        config: whether the configuration differs.
        instructions: whether the instructions differ.
        vanishing: values that annotations hold and the schema no longer has, such as `label PLACE`.
    """

    config: bool
    instructions: bool
    vanishing: tuple[str, ...]


def load_schema(settings: ProjectSettings) -> LabelSchema:
    """Read the project's label schema; raises ConfigError."""
    return LabelSchema.load(rooted(settings.labels))


def wanted_page(settings: ProjectSettings, schema: LabelSchema) -> Page:
    """Return the page that schema and guidelines make.

    Raises:
        DataError: the guidelines are missing or not UTF-8.
    """
    path = rooted(settings.guidelines)
    try:
        guidelines = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DataError(f"There are no guidelines {str(path)!r}; set project.guidelines to a Markdown file.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8.") from error
    return Page(labelling_config(schema), instructions_html(guidelines))


def find_project(client: Client, title: str) -> Project | None:
    """Return the project of that title, or None.

    Raises:
        ServiceError: there are several; the message names their ids.
    """
    found = client.projects(title)
    if len(found) > 1:
        ids = ", ".join(str(project.id) for project in found)
        raise ServiceError(
            f"{client.url} has {len(found)} projects titled {title!r} (ids {ids}), and it is not clear which is meant. "
            "Rename all but one in Label Studio, or choose another with project.title=..."
        )
    return found[0] if found else None


def compare(client: Client, project: Project, schema: LabelSchema, page: Page) -> Drift:
    """Return how a project on the server differs from the wanted page."""
    config = not same_config(project.label_config, page.config)
    instructions = project.expert_instruction.strip() != page.instructions.strip()
    known: dict[str, set[str]] = {LABELS_NAME: set(schema.label_names)}
    for attribute in (attribute for label in schema.labels for attribute in label.attributes):
        known[attribute.name] = set(attribute.value_names)
    # Asked only when needed: the summary of a large project takes a while.
    used = client.used_labels(project.id) if config else {}
    vanishing = [
        f"{control} {value}" for control in used for value in sorted(used[control] - known.get(control, set()))
    ]
    return Drift(config, instructions, tuple(sorted(vanishing)))


def ensure_project(client: Client, settings: ProjectSettings, schema: LabelSchema) -> tuple[Project, list[str]]:
    """Return the project, made or brought up to date, with sentences on what was done.

    Raises:
        ServiceError: several projects have the title, or an update would drop a label that annotations use.
    """
    page = wanted_page(settings, schema)
    project = find_project(client, settings.title)
    if project is None:
        project = _create(client, settings.title, page)
        return project, [f"Made the project {project.title!r} (id {project.id})."]
    drift = compare(client, project, schema, page)
    if drift.vanishing:
        raise ServiceError(
            f"The page of project {project.title!r} (id {project.id}) was not changed: annotations hold "
            f"{', '.join(drift.vanishing)}, which {settings.labels} does not have, and they would lose it. "
            "Put it back into that file, or start another project with project.title=..."
        )
    changes = {}
    if drift.config:
        changes["label_config"] = page.config
    if drift.instructions:
        changes["expert_instruction"] = page.instructions
    if not changes:
        return project, [f"The project {project.title!r} (id {project.id}) stands, its page up to date."]
    project = client.update_project(project.id, **changes)
    names = {"label_config": "labelling page", "expert_instruction": "instructions"}
    what = " and ".join(names[name] for name in changes)
    return project, [f"The project {project.title!r} (id {project.id}) stands; its {what} differed and was updated."]


def _create(client: Client, title: str, page: Page) -> Project:
    """Make the project; after a fault, look whether it was made all the same."""
    try:
        return client.create_project(
            title,
            label_config=page.config,
            expert_instruction=page.instructions,
            show_instruction=False,  # they open with a button; unasked, they would stand before each session
            enable_empty_annotation=True,  # an article without any span is an answer
            show_skip_button=True,
        )
    except RequestError as error:
        found = find_project(client, title) if error.uncertain else None
        if found is None:
            raise
        return found

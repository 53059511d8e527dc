"""The labelling project: found by its title, its page kept in step with the schema, never at a label's cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotate.client import Client, Project
from annotate.delivery import deliver
from annotate.guidance import render_guidelines
from annotate.page import LABELS_NAME, labelling_config, same_config
from annotate.settings import Overlap, ProjectSettings, rooted
from conflict_ner.errors import DataError, ServiceError
from conflict_ner.schema import LabelSchema

TITLE_LENGTH = 50  # of Label Studio
MADE_TWICE = " (made twice)"


@dataclass(frozen=True)
class Page:
    """What annotators see.

    Attributes:
        config: Label Studio's configuration.
        instructions: the guidelines as HTML.
        beside: how the names of controls begin whose values come from each task's data, not from the schema.
        notes: sentences on what the guidelines lack.
    """

    config: str
    instructions: str
    beside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    guidance = render_guidelines(guidelines, schema, str(settings.guidelines))
    return Page(labelling_config(schema), guidance.html, notes=guidance.notes)


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
        f"{control} {value}"
        for control in used
        if not control.startswith(page.beside)
        for value in sorted(used[control] - known.get(control, set()))
    ]
    return Drift(config, instructions, tuple(sorted(vanishing)))


def ensure_project(
    client: Client, settings: ProjectSettings, schema: LabelSchema, page: Page | None = None
) -> tuple[Project, list[str]]:
    """Return the project, made or brought up to date, with sentences on what was done.

    Args:
        client: the server.
        settings: the project's title and overlap.
        schema: its labels.
        page: what it shows; by default the annotators' page.

    Raises:
        ServiceError: several projects have the title, or an update would drop a label that annotations use.
    """
    page = page or wanted_page(settings, schema)
    project = find_project(client, settings.title)
    if project is None:
        project = _create(client, settings.title, page, settings.overlap)
        made = f"Made the project {project.title!r} (id {project.id})."
        told = [] if settings.overlap.annotators == 1 else [overlap_sentence(settings.overlap)]
        return project, [made, *told, *page.notes]
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
    told = []
    if differs(project, settings.overlap):
        project = client.update_project(project.id, **_overlap_fields(settings.overlap))
        told = [f"The overlap differed and was updated. {overlap_sentence(settings.overlap)}"]
    if not changes:
        stands = f"The project {project.title!r} (id {project.id}) stands, its page up to date."
        return project, [stands, *told, *page.notes]
    project = client.update_project(project.id, **changes)
    names = {"label_config": "labelling page", "expert_instruction": "instructions"}
    what = " and ".join(names[name] for name in changes)
    stands = f"The project {project.title!r} (id {project.id}) stands; its {what} differed and was updated."
    return project, [stands, *told, *page.notes]


def differs(project: Project, overlap: Overlap) -> bool:
    """Tell whether a project deals its articles out otherwise; the share means nothing with one annotator."""
    if overlap.annotators == 1:
        return project.annotators != 1
    return (project.annotators, project.percent) != (overlap.annotators, overlap.percent)


def overlap_sentence(overlap: Overlap) -> str:
    """Say how many annotators read an article."""
    if overlap.annotators == 1 or overlap.percent == 0:
        return "Each article is read by one annotator."
    if overlap.percent == 100:
        return f"Each article is read by {overlap.annotators} annotators."
    return f"{overlap.percent} % of the articles are read by {overlap.annotators} annotators, the others by one."


def existing_project(client: Client, title: str) -> Project:
    """Return the project of that title.

    Raises:
        ServiceError: there is none, or there are several.
    """
    project = find_project(client, title)
    if project is None:
        raise ServiceError(
            f"{client.url} has no project titled {title!r}; make it with `python -m annotate push`, "
            "or name another with project.title=..."
        )
    return project


def show_version(client: Client, project: Project, model_version: str) -> None:
    """Make the page show the predictions of this version, and make sure that it does.

    Raises:
        ServiceError: the project shows another version although it was told to.
    """
    shown = client.project(project.id).model_version
    if shown != model_version:
        client.update_project(project.id, model_version=model_version)
        shown = client.project(project.id).model_version
    if shown != model_version:
        raise ServiceError(
            f"Project {project.title!r} shows the predictions of {shown!r} and not of {model_version!r}, "
            "although it was told to; choose the version in the project's settings, under Predictions."
        )


def _overlap_fields(overlap: Overlap) -> dict[str, int]:
    return {"maximum_annotations": overlap.annotators, "overlap_cohort_percentage": overlap.percent}


def _create(client: Client, title: str, page: Page, overlap: Overlap) -> Project:
    """Make the project, once: Label Studio would take the same title a second time."""

    def send(titles: Sequence[str]) -> None:
        for name in titles:
            client.create_project(
                name,
                label_config=page.config,
                expert_instruction=page.instructions,
                show_instruction=False,  # they open with a button; unasked, they would stand before each session
                enable_empty_annotation=True,  # an article without any span is an answer
                show_skip_button=True,
                **_overlap_fields(overlap),
            )

    deliver([title], send, lambda titles: [name for name in titles if not client.projects(name)])
    # A push on another machine may have made it at the same moment; the first one stays, the later is empty yet.
    # It is not deleted, for that would disturb the server (see Client.delete_project).
    first, *later = client.projects(title)
    for project in later:
        if client.count_tasks(project.id, []) == 0:
            client.update_project(project.id, title=f"{title[: TITLE_LENGTH - len(MADE_TWICE)]}{MADE_TWICE}")
    return existing_project(client, title) if later else first

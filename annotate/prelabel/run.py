"""What `prelabel` does for the command line: predict, measure the weak functions, or remove versions.

python -m annotate prelabel --model models/mini
python -m annotate prelabel --weak --report seeds/gold.jsonl
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from annotate.client import Client
from annotate.connection import find_connection
from annotate.lock import predicting_alone
from annotate.predictions import default_model
from annotate.prelabel.labellers import Labeller, ModelLabeller
from annotate.prelabel.sending import Prelabeller, Sent
from annotate.prelabel.versions import held_versions, live_shown, named_versions, remove_version, stale_versions
from annotate.progress import progress
from annotate.project import existing_project, load_schema
from annotate.settings import AnnotateSettings
from conflict_ner.console import err, out
from conflict_ner.errors import ConfigError
from conflict_ner.schema import LabelSchema


@dataclass(frozen=True)
class PrelabelRequest:
    """What the command line asked for; each field is the option of its name, `everything` is `--all`."""

    model: str | None = None
    weak: bool = False
    everything: bool = False
    name: str | None = None
    report: Path | None = None
    keep: bool = False
    remove: tuple[str, ...] = ()
    remove_stale: bool = False


_OPTIONS = {"everything": "--all", "remove_stale": "--remove-stale"}


def run_prelabel(settings: AnnotateSettings, request: PrelabelRequest) -> None:
    """Do what was asked.

    Raises:
        ConfigError: options that exclude each other.
        CheckpointError: the checkpoint cannot be found, or its labels are not the project's.
        ServiceError: no server, no project, or a refusal.
    """
    _refuse_contradictions(request)
    schema = load_schema(settings.project)
    if request.report is not None:
        _report(request.report, request.keep, schema)
    elif request.remove or request.remove_stale:
        _remove(settings, request)
    else:
        _predict(settings, request, schema)


def _refuse_contradictions(request: PrelabelRequest) -> None:
    if request.weak and request.model is not None:
        raise ConfigError(
            "--weak predicts without a model and --model names one; give one of them. "
            "Each has a version of its own, so both can be run one after the other."
        )
    if request.report is not None and not request.weak:
        raise ConfigError(
            "--report measures the weak functions: add --weak. A checkpoint is measured by `python -m train score`."
        )
    if request.keep and request.report is None:
        raise ConfigError("--keep keeps what --report GOLD measures; name the documents with --report.")
    if request.name is not None and not request.name.strip():
        raise ConfigError("--name is empty; leave it out, or name the version.")
    removing = bool(request.remove or request.remove_stale)
    if request.remove and request.remove_stale:
        raise ConfigError("--remove-stale removes all that is stale and --remove names some; give one of them.")
    action, allowed = (
        ("--report", {"report", "keep", "weak"})
        if request.report is not None
        else ("--remove" if request.remove else "--remove-stale", {"remove", "remove_stale"})
    )
    if removing or request.report is not None:
        given = [item.name for item in fields(request) if getattr(request, item.name) not in (None, False, ())]
        idle = [_OPTIONS.get(name, f"--{name}") for name in given if name not in allowed]
        if idle:
            raise ConfigError(
                f"{action} predicts nothing, so {', '.join(idle)} has no meaning beside it; leave it out."
            )


def _predict(settings: AnnotateSettings, request: PrelabelRequest, schema: LabelSchema) -> None:
    # The server is asked first: a project that is not there is told before a model is loaded.
    with Client(find_connection(settings)) as client:
        project = existing_project(client, settings.project.title)
        labeller = _labeller(settings, request, schema)
        version = request.name or labeller.version
        live = live_shown(client, project)
        # What the project holds is looked up within the lock: afterwards it may hold more.
        with predicting_alone(client.url, project.title, version, _say):
            prelabeller = Prelabeller(client, project, schema, version, request.everything, settings.project.chunk)
            with progress("Tasks", prelabeller.count()) as step:
                sent = prelabeller.run(labeller, step)
        _tell(sent, version, request.everything)
        if live is not None and sent.shown:
            _warn(f"Before, it showed the live backend {live!r}; `python -m annotate backend register` brings it back.")
        _say(f"Annotate at {client.url.rstrip('/')}/projects/{project.id}/data")


def _labeller(settings: AnnotateSettings, request: PrelabelRequest, schema: LabelSchema) -> Labeller:
    if request.weak:
        from annotate.prelabel.weak.labeller import WeakLabeller

        return WeakLabeller(schema)
    labeller = ModelLabeller(request.model or default_model(settings.backend.model), schema)
    if labeller.untaught:
        _warn(f"The checkpoint was not taught {', '.join(labeller.untaught)}: it predicts none of them.")
    return labeller


def _tell(sent: Sent, version: str, everything: bool) -> None:
    for name in sent.left_out:
        _warn(f"Left out: {name}")
    shown = " The page shows this version." if sent.shown else ""
    if sent.tasks:
        empty = f", {sent.empty} without any" if sent.empty else ""
        _say(f"{version}: predicted {sent.tasks} task(s), {sent.spans} span(s){empty}.{shown}")
    else:
        which = "Every task" if everything else "Every task without an annotation"
        _say(f"{version}: nothing to do. {which} has this version already.{shown}")


def _remove(settings: AnnotateSettings, request: PrelabelRequest) -> None:
    with Client(find_connection(settings)) as client:
        project = existing_project(client, settings.project.title)
        versions = held_versions(client, project)
        for version in versions:
            _say(f"{version.name}: {version.predictions} prediction(s){', shown' if version.shown else ''}")
        chosen = named_versions(client, project, request.remove) if request.remove else stale_versions(client, project)
        if not chosen:
            _say(f"Project {project.title!r} has no stale version.")
        for version in chosen:
            with progress(f"Removing {version.name}", version.predictions) as step:
                removed = remove_version(client, project, version, step)
            kept = f"; kept {removed.kept} that annotations began from" if removed.kept else ""
            _say(f"Removed {removed.predictions} prediction(s) of {removed.name}{kept}.")


def _report(gold: Path, keep: bool, schema: LabelSchema) -> None:
    from annotate.prelabel.weak.report import keep_precisions, measure, read_gold, show

    documents = read_gold(gold, schema)
    with progress("Documents", len(documents)) as step:
        measured = measure(documents, step)
    show(out, measured)
    if keep:
        _say(f"Kept the precisions in {keep_precisions(measured, gold)}.")


def _say(sentence: str) -> None:
    out.print(sentence, markup=False, soft_wrap=True)


def _warn(sentence: str) -> None:
    err.print(sentence, style="yellow", markup=False, soft_wrap=True)

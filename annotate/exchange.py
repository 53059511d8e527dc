"""What `push` and `pull` do for the command line: connect, show progress, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotate.client import Client
from annotate.connection import find_connection
from annotate.lock import pushing_alone
from annotate.progress import progress
from annotate.project import ensure_project, find_project, load_schema
from annotate.pull import Pulled, gather, pull_project
from annotate.push import Outcome, Pusher
from annotate.readings import Names, TaskReader, read_export
from annotate.report import Kind, show_findings, write_findings
from annotate.settings import AnnotateSettings, rooted
from annotate.source import Source, predicted_documents, recorded_annotations
from conflict_ner.console import err, out
from conflict_ner.errors import ConfigError, ServiceError
from conflict_ner.schema import LabelSchema


@dataclass(frozen=True)
class PushRequest:
    """What the command line asked of a push."""

    source: Path | None
    annotations: tuple[Path, ...] = ()
    predictions: Path | None = None
    model_version: str | None = None


@dataclass(frozen=True)
class PullRequest:
    """What the command line asked of a pull."""

    out: Path
    since_last: bool = False
    from_export: Path | None = None
    annotators: tuple[str, ...] = ()
    skip_bad: bool = False
    report: Path | None = None


def split_arguments(arguments: Sequence[str], what: str) -> tuple[Path | None, list[str]]:
    """Tell the one path among a command's arguments from its `key=value` overrides.

    Args:
        arguments: as given.
        what: what the path is called in the help.

    Raises:
        ConfigError: there is more than one path.
    """
    overrides = [argument for argument in arguments if "=" in argument and not Path(argument).exists()]
    paths = [argument for argument in arguments if argument not in overrides]
    if len(paths) > 1:
        raise ConfigError(
            f"One {what} is taken, but there are {len(paths)}: {', '.join(paths)}. An option that takes several "
            "files is repeated for each (--annotations A --annotations B), or given their folder."
        )
    return (Path(paths[0]) if paths else None), overrides


def run_push(settings: AnnotateSettings, request: PushRequest) -> None:
    """Check all input, then fill the project and say what was new."""
    if (request.predictions is None) != (request.model_version is None):
        raise ConfigError(
            "--predictions FILE and --model-version NAME go together: the name tells the annotators' page, and a "
            "later push, which model predicted."
        )
    schema = load_schema(settings.project)
    source, predicted, recorded = _sources(request, schema)
    with (
        Client(find_connection(settings)) as client,
        pushing_alone(client.url, settings.project.title, _say),
    ):
        project, sentences = ensure_project(client, settings.project, schema)
        for sentence in sentences:
            _say(sentence)

        def pusher(step: Callable[[int], None]) -> Pusher:
            return Pusher(client, project, settings.project.chunk, step, settings.project.duplicates)

        if source is not None:
            with progress("Tasks", source.count) as step:
                outcome = pusher(step).push_tasks(source)
            _tell(outcome, "Tasks")
        if predicted is not None and request.model_version is not None:
            with progress("Predictions", predicted.count) as step:
                outcome = pusher(step).push_predictions(predicted, request.model_version)
            _tell(outcome, f"Predictions of {request.model_version}")
        for recording in recorded:
            with progress("Annotations", recording.count) as step:
                outcome = pusher(step).replay(recording)
            _tell(outcome, f"Annotations of {recording.path.name}")
    _say(f"Annotate at {client.url.rstrip('/')}/projects/{project.id}/data")


def run_pull(settings: AnnotateSettings, request: PullRequest) -> None:
    """Bring the annotations home, and say what was changed or left out on the way."""
    if request.from_export is not None and request.since_last:
        raise ConfigError("--since-last asks a server what changed, and --from-export reads a file; give one of them.")
    if request.annotators and request.from_export is None:
        raise ConfigError("--annotator names those of an export; a server tells its annotators' addresses itself.")
    schema = load_schema(settings.project)
    pulled = Pulled()
    try:
        if request.from_export is not None:
            names = Names(_named(request.annotators))
            tasks = read_export(request.from_export)
            gather(tasks, TaskReader(schema, names, None), request.out, pulled, skip_bad=request.skip_bad)
        else:
            names = _pull_live(settings, request, schema, pulled)
    finally:
        # Also when the pull is refused: the report names every problem, the message only the first ones.
        if request.report is not None:
            write_findings(request.report, pulled.findings)
    _tell_pulled(request, pulled)
    for name in sorted(names.unknown):
        told = f"The address of {name} is not known"
        remedy = f"; name it with --annotator {name.removeprefix('user-')}=EMAIL" if request.from_export else ""
        err.print(f"{told}{remedy}.", style="yellow", markup=False, soft_wrap=True)


def _sources(request: PushRequest, schema: LabelSchema) -> tuple[Source | None, Source | None, list[Source]]:
    """Read and check everything that is to be pushed; nothing is sent before all of it is good."""
    predicted = predicted_documents(request.predictions, schema) if request.predictions else None
    recorded = recorded_annotations(request.annotations, schema)
    # Predictions bring their own articles; a source is needed only where one is named.
    path = request.source or (rooted(Path("seeds")) if predicted is None else None)
    return (Source(path, schema) if path else None), predicted, recorded


def _pull_live(settings: AnnotateSettings, request: PullRequest, schema: LabelSchema, pulled: Pulled) -> Names:
    with Client(find_connection(settings)) as client:
        project = find_project(client, settings.project.title)
        if project is None:
            raise ServiceError(
                f"{client.url} has no project titled {settings.project.title!r}; make it with "
                "`python -m annotate push`, or name another with project.title=..."
            )
        names = Names(client.users())
        with progress("Tasks", client.count_annotated(project.id) if not request.since_last else None) as step:
            pull_project(
                client,
                project,
                TaskReader(schema, names, project.title),
                request.out,
                pulled,
                since_last=request.since_last,
                skip_bad=request.skip_bad,
                tell=_say,
                step=step,
            )
    return names


def _named(annotators: Sequence[str]) -> dict[int, str]:
    """Read `ID=EMAIL` pairs."""
    wrong = [pair for pair in annotators if not pair.partition("=")[0].isdigit() or not pair.partition("=")[2]]
    if wrong:
        raise ConfigError("--annotator has the form ID=EMAIL, for example 2=ann@example.org.", wrong)
    return {int(pair.partition("=")[0]): pair.partition("=")[2] for pair in annotators}


def _tell(outcome: Outcome, what: str) -> None:
    _say(f"{what}: {outcome.new} new, {outcome.present} already there.")
    for note in outcome.notes:
        err.print(note, style="yellow", markup=False, soft_wrap=True)


def _tell_pulled(request: PullRequest, pulled: Pulled) -> None:
    show_findings(out, pulled.findings)
    refused = [finding for finding in pulled.findings if finding.kind is Kind.REFUSED]
    for finding in refused:
        err.print(f"Left out: {finding.place}: {finding.message}", style="yellow", markup=False, soft_wrap=True)
    read = "re-read or new" if request.since_last else "annotated"
    _say(f"{pulled.tasks} task(s) {read}, {pulled.skipped} skipped annotation(s) dropped, {len(refused)} refused.")
    _say(
        f"{request.out}: {pulled.documents} document(s) by {len(pulled.annotators)} annotator(s), "
        f"{pulled.spans} span(s), {pulled.empty} without any."
    )
    if request.report is not None:
        _say(f"{request.report}: {len(pulled.findings)} finding(s).")


def _say(sentence: str) -> None:
    out.print(sentence, markup=False, soft_wrap=True)

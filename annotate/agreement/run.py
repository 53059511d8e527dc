"""What `annotate agreement` does: read all readings, measure, and show or write what was found.

python -m annotate agreement --html agreement.html
python -m annotate agreement seeds/annotators/annotator-1.jsonl seeds/annotators/annotator-2.jsonl --json agreement.json
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from annotate.agreement.comparisons import Resampling
from annotate.agreement.disagreements import agreed, disagreements
from annotate.agreement.excerpts import Excerpts
from annotate.agreement.measure import Agreement
from annotate.agreement.page import write_page
from annotate.agreement.records import Report
from annotate.agreement.terminal import show
from annotate.annotated import Annotated, from_documents, from_server
from annotate.client import Client
from annotate.connection import find_connection
from annotate.progress import progress
from annotate.project import existing_project, load_schema
from annotate.readings import Names, TaskReader
from annotate.report import Finding, Kind
from annotate.settings import AnnotateSettings
from conflict_ner.console import err, out
from conflict_ner.files import replacing_file
from conflict_ner.schema import LabelSchema


@dataclass(frozen=True)
class AgreementRequest:
    """What the command line asked for.

    Attributes:
        paths: files to read; none for the project on the server.
        json: where the report goes.
        html: where the page goes.
        resamples: for the intervals; 0 for none.
        seed: of the resampling.
        shown: how many disagreements the page shows at most.
    """

    paths: tuple[Path, ...] = ()
    json: Path | None = None
    html: Path | None = None
    resamples: int = 2000
    seed: int = 0
    shown: int = 500


def run_agreement(settings: AnnotateSettings, request: AgreementRequest) -> None:
    """Measure, print the tables, and write the files that were asked for.

    Raises:
        DataError: files are bad, or there is nothing to compare.
        ServiceError: the server cannot be reached, or has no such project.
    """
    schema = load_schema(settings.project)
    excerpts = Excerpts(request.shown if request.html else 0)
    measured = _of_files(request, schema, excerpts) if request.paths else _of_server(settings, schema, excerpts)
    with progress("Intervals", measured.agreement.steps) as step:
        report = measured.agreement.report(measured.source, Resampling(request.resamples, request.seed), step)
    if measured.note:
        report = report.model_copy(update={"notes": (*report.notes, measured.note)})
    show(out, report)
    _write(report, request, schema, excerpts)


@dataclass(frozen=True)
class _Measured:
    agreement: Agreement
    source: str
    note: str = ""


def _of_files(request: AgreementRequest, schema: LabelSchema, excerpts: Excerpts) -> _Measured:
    read = from_documents(request.paths, schema)
    with progress("Documents", len(read)) as step:
        agreement = _added(read, schema, excerpts, step)
    return _Measured(agreement, ", ".join(path.name for path in request.paths))


def _of_server(settings: AnnotateSettings, schema: LabelSchema, excerpts: Excerpts) -> _Measured:
    findings: list[Finding] = []
    with Client(find_connection(settings)) as client:
        project = existing_project(client, settings.project.title)
        excerpts.task_url = f"{client.url.rstrip('/')}/projects/{project.id}/data?task="
        reader = TaskReader(schema, Names(client.users()), project.title)
        with progress("Tasks", client.count_annotated(project.id)) as step:
            agreement = _added(from_server(client, project, reader, findings), schema, excerpts, step)
    refused = [finding for finding in findings if finding.kind is Kind.REFUSED]
    for finding in refused:
        err.print(f"Left out: {finding.place}: {finding.message}", style="yellow", markup=False, soft_wrap=True)
    note = f"{len(refused)} annotation(s) or task(s) could not be read and were left out." if refused else ""
    return _Measured(agreement, f"The project {project.title!r}", note)


def _added(
    read: Iterable[Annotated], schema: LabelSchema, excerpts: Excerpts, step: Callable[[int], None]
) -> Agreement:
    agreement = Agreement(schema)
    for annotated in read:
        found = disagreements(annotated)
        agreement.add(annotated, agreed(annotated), found)
        excerpts.add(annotated, found)
        step(1)
    return agreement


def _write(report: Report, request: AgreementRequest, schema: LabelSchema, excerpts: Excerpts) -> None:
    if request.json is not None:
        with replacing_file(request.json) as temporary:
            temporary.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        _say(f"{request.json}: all figures, counts and {len(report.disputes)} disagreement(s).")
    if request.html is not None:
        write_page(request.html, report, schema, excerpts)
        _say(f"{request.html}: the same for the team, with {len(excerpts.found)} disagreement(s) in their text.")


def _say(sentence: str) -> None:
    out.print(sentence, markup=False, soft_wrap=True)

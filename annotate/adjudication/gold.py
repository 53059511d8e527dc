"""Bring the settled readings home: one for each article that several annotators read.

    python -m annotate adjudicate pull data/gold.jsonl

Where an adjudicator settled it, the reading is the adjudicator's, and `readers` names those it settles. Where all
read alike nothing had to be settled: the reading is everybody's, and `readers` are the `annotators` themselves.
Both are marked `adjudicated`: each is the reading that counts. An article on which readers differ and nobody
has decided is named and left out, and so is one that a single annotator read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from annotate.adjudication.disputes import ReviewData, bare, readings_digest
from annotate.adjudication.opening import Sifted, readings_of, review_settings, say, sift, warn
from annotate.adjudication.page import CHOICE_NAME, MARK_NAME
from annotate.agreement.disagreements import agreed, disagreements
from annotate.annotated import Annotated, annotator_of
from annotate.client import Client
from annotate.connection import find_connection
from annotate.page import TEXT_NAME
from annotate.progress import progress
from annotate.project import find_project, load_schema
from annotate.pull import refuse
from annotate.readings import Names, TaskReader, TaskReading, changed
from annotate.report import Finding, Kind, show_findings, write_findings
from annotate.settings import AnnotateSettings
from annotate.tasks import Annotation, Json, Task, read_result, regions
from conflict_ner.console import out
from conflict_ner.documents import Document, Provenance, write_documents
from conflict_ner.schema import LabelSchema


@dataclass(frozen=True)
class GoldRequest:
    """What the command line asked for."""

    out: Path
    paths: tuple[Path, ...] = ()
    skip_bad: bool = False
    report: Path | None = None


@dataclass(frozen=True)
class Adjudicated:
    """An adjudicator's reading, and the digest of the readings that it settles."""

    document: Document
    digest: str


@dataclass
class Gold:
    """The settled readings, and what was found on the way."""

    documents: list[Document] = field(default_factory=list)
    adjudicated: int = 0
    unanimous: int = 0
    open: int = 0
    single: int = 0
    skipped: int = 0
    findings: list[Finding] = field(default_factory=list)


class AdjudicationReader(TaskReader):
    """Reads review tasks: of several adjudicators' annotations of one task the newest counts."""

    def _newest(self, live: list[Annotation], document: Document, reading: TaskReading) -> list[Annotation]:
        ordered = sorted(super()._newest(live, document, reading), key=changed)
        for older in ordered[:-1]:
            told = (
                f"the adjudication by {self.name_of(ordered[-1])} (annotation {ordered[-1].id}) is newer and was kept"
            )
            reading.findings.append(
                Finding(Kind.OLDER, told).at(document.id, reading.task, older.id, self.name_of(older))
            )
        return ordered[-1:]

    def _read_annotation(self, annotation: Annotation, task: Task, document: Document, reading: TaskReading) -> None:
        try:
            review = ReviewData.model_validate(task.data)
        except ValidationError:
            told = "it was not made by `python -m annotate adjudicate open`; delete it, or move it to another project"
            reading.findings.append(Finding(Kind.REFUSED, told).at(document.id, task.id, annotation.id))
            return
        chosen, unsettled = settled(annotation.result, review, document)
        result = read_result(chosen, task.data[TEXT_NAME], self.schema)
        name = self.name_of(annotation)
        problems = [*unsettled, *result.problems]
        told_of = [*result.findings, *(Finding(Kind.REFUSED, problem) for problem in problems)]
        reading.findings += [finding.at(document.id, task.id, annotation.id, name) for finding in told_of]
        if problems:
            return
        provenance = Provenance(
            annotators=(name,),
            adjudicated=True,
            readers=review.readers,
            project=self.project,
            task=task.id,
            annotation=annotation.id,
            lead_time=annotation.lead_time,
            updated_at=annotation.updated_at,
            text_sha256=document.sha256,
        )
        reading.documents.append(document.model_copy(update={"provenance": provenance}).with_spans(bare(result.spans)))


def settled(result: Iterable[Json], review: ReviewData, article: Document) -> tuple[list[Json], list[str]]:
    """Return an adjudication as the regions that it means, and a problem for each place that is not settled.

    What stands marked in the text counts, and of each disputed place the reading that was chosen for it.

    Args:
        result: the annotation's regions, the answers of the cards among them.
        review: the places and what each answer stands for.
        article: the document, whose text the spans refer to.
    """
    answers: dict[str, list[str]] = {}
    kept: list[Json] = []
    for region in result:
        control = str(region.get("from_name"))
        if control == MARK_NAME:
            continue
        if control.startswith(CHOICE_NAME):
            answers[control.removeprefix(CHOICE_NAME)] = (region.get("value") or {}).get("choices") or []
        else:
            kept.append(region)
    problems: list[str] = []
    for number, dispute in enumerate(review.disputes):
        answer = answers.get(str(number), [])
        option = dispute.option(answer[0]) if len(answer) == 1 else None
        if option is None:
            words = article.text[dispute.start : dispute.end]
            said = f"answered {', '.join(answer)!r}, which it does not offer" if answer else "not settled"
            problems.append(f"disputed place ?{number + 1} {words!r} is {said}; choose a reading on its card")
            continue
        # Under ids of their own: a span may stand in the text as well, and is one with it then.
        kept += [{**region, "id": f"settled-{region['id']}"} for region in regions(article.with_spans(option.spans))]
    return kept, problems


def gather(sifted: Sifted, adjudicated: Mapping[str, Adjudicated], gold: Gold) -> None:
    """Take the settled reading of each document; what is open or no longer as it was is told of.

    Args:
        sifted: the readings as they are now.
        adjudicated: the adjudicators' readings by document.
        gold: filled.
    """
    for kind in (sifted.agreeing, sifted.disputed, sifted.single):
        for name, annotated in kind.items():
            own = adjudicated.get(name)
            if own is not None and own.document.sha256 == annotated.readings[0].sha256:
                if own.digest != readings_digest(annotated):
                    told = "the annotators' readings have changed since; the adjudicator's word was kept"
                    gold.findings.append(Finding(Kind.CHANGED, told).at(name, own.document.provenance.task or 0))
                _add(gold, own.document)
                continue
            if own is not None:
                told = "another text of this document was adjudicated"
                gold.findings.append(Finding(Kind.SUPERSEDED, told).at(name, own.document.provenance.task or 0))
            if kind is sifted.agreeing:
                gold.documents.append(unanimous(annotated))
                gold.unanimous += 1
            elif kind is sifted.disputed:
                task = annotated.readings[0].provenance.task or 0
                who = ", ".join(map(annotator_of, annotated.readings))
                told = f"{who} differ in {len(disagreements(annotated))} place(s)"
                gold.findings.append(Finding(Kind.OPEN, told).at(name, task))
                gold.open += 1
            else:
                gold.single += 1
    read = {*sifted.agreeing, *sifted.disputed, *sifted.single}
    for name, own in adjudicated.items():
        if name not in read:
            _add(gold, own.document)
    gold.documents.sort(key=lambda document: document.id)


def unanimous(annotated: Annotated) -> Document:
    """Return the reading that all readers share as the one that counts."""
    names = tuple(annotator_of(reading) for reading in annotated.readings)
    first = annotated.readings[0]
    moments = [moment for reading in annotated.readings if (moment := reading.provenance.updated_at)]
    provenance = Provenance(
        annotators=names,
        adjudicated=True,
        readers=names,
        project=first.provenance.project,
        task=first.provenance.task,
        updated_at=max(moments, default=None),
        text_sha256=first.sha256,
    )
    return first.model_copy(update={"provenance": provenance}).with_spans(bare(agreed(annotated)))


def run_gold(settings: AnnotateSettings, request: GoldRequest) -> None:
    """Write the settled readings, whole or not at all, and say what is missing."""
    schema = load_schema(settings.project)
    gold = Gold()
    try:
        with Client(find_connection(settings)) as client:
            names = Names(client.users())
            adjudicated = read_adjudications(client, review_settings(settings.project).title, schema, names, gold)
            sifted = sift(readings_of(client, settings.project, schema, request.paths, gold.findings), gold.findings)
        gather(sifted, adjudicated, gold)
        refuse(gold.findings, request.skip_bad)
        write_documents(request.out, gold.documents)
    finally:
        # Also when it is refused: the report names every problem, the message only the first ones.
        if request.report is not None:
            write_findings(request.report, gold.findings)
    _tell(request, gold)


def read_adjudications(
    client: Client, title: str, schema: LabelSchema, name_of: Names, gold: Gold
) -> dict[str, Adjudicated]:
    """Return the adjudicators' readings by document; of a document with several tasks the newest counts."""
    project = find_project(client, title)
    if project is None:
        return {}
    reader = AdjudicationReader(schema, name_of, title)
    found: dict[str, Adjudicated] = {}
    with progress("Adjudications", client.count_annotated(project.id)) as step:
        for task in client.annotated_tasks(project.id):
            reading = reader.read(task)
            gold.findings += reading.findings
            gold.skipped += reading.skipped
            for document in reading.documents:
                if document.id in found:
                    old = found[document.id].document.provenance
                    told = f"the newer task {task.id} of this document was kept"
                    gold.findings.append(Finding(Kind.SUPERSEDED, told).at(document.id, old.task or 0, old.annotation))
                found[document.id] = Adjudicated(document, str(task.data.get("digest")))
            step(1)
    return found


def _add(gold: Gold, document: Document) -> None:
    gold.documents.append(document)
    gold.adjudicated += 1


def _tell(request: GoldRequest, gold: Gold) -> None:
    show_findings(out, gold.findings)
    refused = [finding for finding in gold.findings if finding.kind is Kind.REFUSED]
    for finding in refused:
        warn(f"Left out: {finding.place}: {finding.message}")
    say(
        f"Left out: {gold.open} article(s) with open disagreements, {gold.single} read by one annotator alone, "
        f"{len(refused)} refused; {gold.skipped} skipped adjudication(s) dropped."
    )
    spans = sum(len(document.spans) for document in gold.documents)
    say(
        f"{request.out}: {len(gold.documents)} document(s), {gold.adjudicated} adjudicated and {gold.unanimous} read "
        f"alike by all, {spans} span(s)."
    )
    if request.report is not None:
        say(f"{request.report}: {len(gold.findings)} finding(s).")

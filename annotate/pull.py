"""Bring the annotators' work home as documents.jsonl, one document for each annotator's reading of a task.

    python -m annotate pull data/documents.jsonl
    python -m annotate pull data/documents.jsonl --since-last
    python -m annotate pull data/documents.jsonl --from-export project-1.json

`--since-last` reads the tasks that changed since the last pull and merges them into the file. It sees new,
changed, skipped and deleted annotations. It does not see that a task, or the whole project, was deleted, nor
that an older text's annotations count again when those of its newer text were deleted: pull whole then.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from annotate.client import Client, Project
from annotate.readings import TaskReader
from annotate.report import Finding, Kind
from annotate.tasks import Task
from conflict_ner.documents import Document, document_from_record, iter_documents, write_documents
from conflict_ner.errors import DataError
from conflict_ner.files import replacing_file
from conflict_ner.schema import LabelSchema

# A change that was being stored while the last pull looked may bear an earlier moment: look back a little.
OVERLAP = datetime.timedelta(seconds=30)
SHOWN_PROBLEMS = 30


class PullState(BaseModel):
    """What a pull leaves beside its file for the next one.

    Attributes:
        url: the server.
        project: the project's id.
        changed: when a task of the project had last changed as the pull began, by the server's clock.
        documents_sha256: hash of the file that was written; another means that the file was edited since.
        schema_sha256: hash of the label schema that was read with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    project: int
    changed: datetime.datetime
    documents_sha256: str
    schema_sha256: str


@dataclass
class Pulled:
    """What a pull did."""

    tasks: int = 0
    documents: int = 0
    empty: int = 0
    spans: int = 0
    skipped: int = 0
    annotators: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    """Where a document lies in the spool, and what decides whether it is kept."""

    id: str
    sha256: str
    annotators: tuple[str, ...]
    task: int
    annotation: int
    offset: int


def gather(
    tasks: Iterable[Task],
    reader: TaskReader,
    out: Path,
    pulled: Pulled,
    *,
    kept: Iterable[Document] = (),
    skip_bad: bool = False,
    step: Callable[[int], None] = lambda count: None,
) -> None:
    """Read tasks and write their documents to `out`, whole or not at all; memory holds one page of them.

    Args:
        tasks: tasks with their annotations.
        reader: reads each.
        out: the documents.jsonl.
        pulled: filled on the way; its findings are whole even when the pull is refused.
        kept: documents of an earlier pull; those of tasks that are read now are dropped.
        skip_bad: leave out what cannot be read, where it would else stop the pull.
        step: told after each task that one more was read.

    Raises:
        DataError: annotations or tasks are bad and `skip_bad` is not set; all are named, nothing is written.
    """
    read: set[int] = set()
    with tempfile.TemporaryFile() as spool:
        entries: list[_Entry] = []
        for task in tasks:
            reading = reader.read(task)
            read.add(task.id)
            pulled.tasks += 1
            pulled.skipped += reading.skipped
            pulled.findings += reading.findings
            entries += [_spool(spool, document) for document in reading.documents]
            step(1)
        _refuse(pulled.findings, skip_bad)
        entries += [_spool(spool, document) for document in kept if document.provenance.task not in read]
        chosen = _choose(entries, pulled.findings)
        write_documents(out, _counted(_unspool(spool, chosen), pulled))


def pull_project(
    client: Client,
    project: Project,
    reader: TaskReader,
    out: Path,
    pulled: Pulled,
    *,
    since_last: bool = False,
    skip_bad: bool = False,
    tell: Callable[[str], None] = lambda sentence: None,
    step: Callable[[int], None] = lambda count: None,
) -> None:
    """Pull a project's annotations into `out`; arguments are those of `gather`.

    Args:
        client: the server.
        project: the project.
        reader: reads each task.
        out: the documents.jsonl; its state is kept beside it.
        pulled: as in `gather`.
        since_last: read only what changed since the last pull into `out`, where that is known.
        skip_bad: as in `gather`.
        tell: told in a sentence why everything is read although `since_last` was asked for.
        step: as in `gather`.

    Raises:
        DataError: as in `gather`, or the last pull into `out` was of another project.
    """
    state = _usable_state(client, project, reader.schema, out, tell) if since_last else None
    # Asked before reading: what changes meanwhile is later than this, and the next pull sees it.
    changed = client.last_change(project.id)
    since = state.changed - OVERLAP if state else None
    gather(
        client.annotated_tasks(project.id, since),
        reader,
        out,
        pulled,
        kept=iter_documents(out, reader.schema) if state else (),
        skip_bad=skip_bad,
        step=step,
    )
    if changed is not None:
        _write_state(client, project, reader.schema, out, changed)


def state_path(out: Path) -> Path:
    """Return where the state of pulls into `out` is kept."""
    return out.with_name(f"{out.name}.state.json")


def _usable_state(
    client: Client, project: Project, schema: LabelSchema, out: Path, tell: Callable[[str], None]
) -> PullState | None:
    """Return the last pull's state when it can be built upon; else say why everything is read."""
    path = state_path(out)
    try:
        state = PullState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        tell(f"No earlier pull into {out} is known: everything is read.")
        return None
    except ValidationError:
        tell(f"{path} cannot be read: everything is read.")
        return None
    if (state.url, state.project) != (client.url, project.id):
        raise DataError(
            f"{out} was pulled from project {state.project} of {state.url}, not from project {project.id} of "
            f"{client.url}. Pull into another file, or without --since-last to replace it."
        )
    if not out.is_file() or _file_sha256(out) != state.documents_sha256:
        tell(f"{out} is not as the last pull left it: everything is read.")
        return None
    if state.schema_sha256 != _schema_sha256(schema):
        tell("The label schema has changed since the last pull: everything is read.")
        return None
    return state


def _write_state(client: Client, project: Project, schema: LabelSchema, out: Path, changed: datetime.datetime) -> None:
    state = PullState(
        url=client.url,
        project=project.id,
        changed=changed,
        documents_sha256=_file_sha256(out),
        schema_sha256=_schema_sha256(schema),
    )
    with replacing_file(state_path(out)) as temporary:
        temporary.write_text(state.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _spool(spool: IO[bytes], document: Document) -> _Entry:
    offset = spool.tell()
    spool.write(json.dumps(document.to_record()).encode() + b"\n")
    source = document.provenance
    return _Entry(document.id, document.sha256, source.annotators, source.task or 0, source.annotation or 0, offset)


def _unspool(spool: IO[bytes], entries: Iterable[_Entry]) -> Iterator[Document]:
    for entry in entries:
        spool.seek(entry.offset)
        yield document_from_record(json.loads(spool.readline()))


def _choose(entries: list[_Entry], findings: list[Finding]) -> list[_Entry]:
    """Return the entries to keep, by task: of each document the newest text, of each annotator the newest reading."""
    text: dict[str, str] = {}
    reading: dict[tuple[str, tuple[str, ...]], _Entry] = {}
    ordered = sorted(entries, key=lambda entry: (entry.task, entry.annotation))
    for entry in ordered:
        text[entry.id] = entry.sha256
        reading[entry.id, entry.annotators] = entry
    chosen = []
    for entry in ordered:
        if entry.sha256 != text[entry.id]:
            told = Finding(Kind.SUPERSEDED, "a newer task holds another text of this document, which was kept")
        elif reading[entry.id, entry.annotators] is not entry:
            other = reading[entry.id, entry.annotators]
            told = Finding(Kind.OLDER, f"the same annotator read the same text again in task {other.task}")
        else:
            chosen.append(entry)
            continue
        findings.append(told.at(entry.id, entry.task, entry.annotation, ", ".join(entry.annotators)))
    return chosen


def _counted(documents: Iterable[Document], pulled: Pulled) -> Iterator[Document]:
    for document in documents:
        pulled.documents += 1
        pulled.spans += len(document.spans)
        pulled.empty += not document.spans
        pulled.annotators.update(document.provenance.annotators)
        yield document


def _refuse(findings: list[Finding], skip_bad: bool) -> None:
    refused = [finding for finding in findings if finding.kind is Kind.REFUSED]
    if not refused or skip_bad:
        return
    shown = [f"{finding.place}: {finding.message}" for finding in refused[:SHOWN_PROBLEMS]]
    more = [f"and {len(refused) - SHOWN_PROBLEMS} more; --report FILE holds each"] if len(refused) > len(shown) else []
    raise DataError(
        f"{len(refused)} problem(s) stand in the annotations; nothing was written. Mend them in Label Studio, or leave "
        "those annotations out with --skip-bad:",
        [*shown, *more],
    )


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _schema_sha256(schema: LabelSchema) -> str:
    return hashlib.sha256(schema.model_dump_json().encode()).hexdigest()

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
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from annotate.client import Client, Project
from annotate.pulled_file import (
    Line,
    PullState,
    Stored,
    Written,
    file_sha256,
    spooling,
    state_path,
    write_lines,
    write_state,
)
from annotate.readings import TaskReader
from annotate.report import Finding, Kind
from annotate.tasks import Task
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema

# A change that was being stored while the last pull looked may bear an earlier moment: look back a little.
OVERLAP = datetime.timedelta(seconds=30)
SHOWN_PROBLEMS = 30


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


def gather(
    tasks: Iterable[Task],
    reader: TaskReader,
    out: Path,
    pulled: Pulled,
    *,
    kept: Sequence[Line] = (),
    skip_bad: bool = False,
    step: Callable[[int], None] = lambda count: None,
) -> Written:
    """Read tasks and write their documents to `out`, whole or not at all; memory holds one page of them.

    Args:
        tasks: tasks with their annotations.
        reader: reads each.
        out: the documents.jsonl.
        pulled: filled on the way; its findings are whole even when the pull is refused.
        kept: the lines of `out` as an earlier pull left it; those of tasks that are read now are dropped.
        skip_bad: leave out what cannot be read, where it would else stop the pull.
        step: told after each task that one more was read.

    Raises:
        DataError: annotations or tasks are bad and `skip_bad` is not set; all are named, nothing is written.
    """
    read: set[int] = set()
    stored: list[Stored] = []
    with spooling() as spool, out.open("rb") if kept else nullcontext() as earlier:
        for task in tasks:
            reading = reader.read(task)
            read.add(task.id)
            pulled.tasks += 1
            pulled.skipped += reading.skipped
            pulled.findings += reading.findings
            stored += [spool.add(document) for document in reading.documents]
            step(1)
        refuse(pulled.findings, skip_bad)
        if earlier is not None:
            stored += [Stored(line, earlier) for line in kept if line.task not in read]
        written = write_lines(out, _choose(stored, pulled.findings))
    _count(written.lines, pulled)
    return written


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
        tell: told in a sentence why everything is read although `since_last` was asked for, and what is wrong
            with the server.
        step: as in `gather`.

    Raises:
        DataError: as in `gather`, or the last pull into `out` was of another project.
    """
    state = _usable_state(client, project, reader.schema, out, tell) if since_last else None
    # Asked before reading: what changes meanwhile is later than this, and the next pull sees it.
    changed = client.last_change(project.id)
    written = gather(
        client.annotated_tasks(project.id, state.changed - OVERLAP if state else None),
        reader,
        out,
        pulled,
        kept=state.lines if state else (),
        skip_bad=skip_bad,
        step=step,
    )
    if client.uncounted:
        tell(
            f"Label Studio does not count the annotations of {client.uncounted} task(s), which were read all the same: "
            "it shows them as not annotated. That comes from projects that were deleted while others worked; start the "
            "server again (`down`, then `up`), or it may go on."
        )
    if changed is not None:
        state = PullState(
            url=client.url,
            project=project.id,
            changed=changed,
            documents_sha256=written.sha256,
            schema_sha256=_schema_sha256(reader.schema),
            lines=written.lines,
        )
        write_state(out, state)


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
    if not out.is_file() or file_sha256(out) != state.documents_sha256:
        tell(f"{out} is not as the last pull left it: everything is read.")
        return None
    if state.schema_sha256 != _schema_sha256(schema):
        tell("The label schema has changed since the last pull: everything is read.")
        return None
    return state


def _choose(stored: list[Stored], findings: list[Finding]) -> list[Stored]:
    """Return what to keep, by task: of each document the newest text, of each annotator the newest reading."""
    text: dict[str, str] = {}
    reading: dict[tuple[str, tuple[str, ...]], Line] = {}
    ordered = sorted(stored, key=lambda item: (item.line.task, item.line.annotation))
    for line in (item.line for item in ordered):
        text[line.id] = line.sha256
        reading[line.id, line.annotators] = line
    chosen = []
    for item in ordered:
        line = item.line
        if line.sha256 != text[line.id]:
            told = Finding(Kind.SUPERSEDED, "a newer task holds another text of this document, which was kept")
        elif reading[line.id, line.annotators] is not line:
            other = reading[line.id, line.annotators]
            told = Finding(Kind.OLDER, f"the same annotator read the same text again in task {other.task}")
        else:
            chosen.append(item)
            continue
        findings.append(told.at(line.id, line.task, line.annotation, ", ".join(line.annotators)))
    return chosen


def _count(lines: Iterable[Line], pulled: Pulled) -> None:
    for line in lines:
        pulled.documents += 1
        pulled.spans += line.spans
        pulled.empty += not line.spans
        pulled.annotators.update(line.annotators)


def refuse(findings: list[Finding], skip_bad: bool) -> None:
    """Raise DataError with what was refused, unless that is to be left out."""
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


def _schema_sha256(schema: LabelSchema) -> str:
    return hashlib.sha256(schema.model_dump_json().encode()).hexdigest()

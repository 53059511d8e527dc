"""What a pull changed, ignored or refused: one record each, as a table in the terminal and as JSON lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.table import Table

from conflict_ner.documents import Span
from conflict_ner.files import replacing_file

SHOWN = 12  # trims of one surface are shown once, the most frequent first


class Kind(StrEnum):
    """What a finding is, in the words of the terminal."""

    TRIMMED = "trimmed"
    EMPTIED = "left out, nothing but punctuation"
    JOINED = "marked twice, joined"
    UNANSWERED = "attribute missing"
    IGNORED = "region of another kind, ignored"
    OLDER = "earlier reading, left out"
    SUPERSEDED = "older text, left out"
    UNHASHED = "text has no hash to check"
    OPEN = "disagreement still open, left out"
    CHANGED = "read otherwise since it was adjudicated"
    REFUSED = "refused"


@dataclass(frozen=True)
class Finding:
    """One thing that a pull did beyond copying.

    Attributes:
        kind: what it is.
        message: a sentence with the values.
        span: the span as it is now.
        before: the surface as it was marked.
        after: the surface as it is now.
        document: the document's id.
        task: Label Studio's task id.
        annotation: Label Studio's annotation id; None when it concerns the whole task.
        annotator: whose work it concerns.
    """

    kind: Kind
    message: str
    span: Span | None = None
    before: str | None = None
    after: str | None = None
    document: str | None = None
    task: int | None = None
    annotation: int | None = None
    annotator: str | None = None

    def at(self, document: str, task: int, annotation: int | None = None, annotator: str | None = None) -> Finding:
        """Return this finding with its place."""
        return replace(self, document=document, task=task, annotation=annotation, annotator=annotator)

    @property
    def place(self) -> str:
        """The finding's place in words."""
        parts = [self.document or "", f"task {self.task}" if self.task is not None else ""]
        parts += [f"annotation {self.annotation}" if self.annotation is not None else "", self.annotator or ""]
        return ", ".join(part for part in parts if part)

    def to_json(self) -> str:
        """Return one line of the report file."""
        record: dict[str, object] = {"kind": self.kind.name.lower(), "message": self.message}
        names = ("document", "task", "annotation", "annotator", "before", "after")
        record |= {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.span is not None:
            record |= {"label": self.span.label, "start": self.span.start, "end": self.span.end}
        return json.dumps(record, ensure_ascii=False)


def write_findings(path: Path, findings: Iterable[Finding]) -> None:
    """Write all findings as JSON lines, whole or not at all."""
    with replacing_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for finding in findings:
            file.write(finding.to_json() + "\n")


def show_findings(console: Console, findings: list[Finding]) -> None:
    """Print how many of each kind there are, the trims as a table, and the others by name."""
    trims = Counter(
        (finding.span.label, finding.before, finding.after)
        for finding in findings
        if finding.kind is Kind.TRIMMED and finding.span is not None
    )
    if trims:
        table = Table(
            "label", "marked", "kept", "times", title=f"{trims.total()} span(s) trimmed", title_justify="left"
        )
        for (label, before, after), times in trims.most_common(SHOWN):
            table.add_row(label, repr(before), repr(after), str(times))
        console.print(table)
        if len(trims) > SHOWN:
            console.print(f"... and {len(trims) - SHOWN} more kinds; --report FILE holds each.")
    others = [finding for finding in findings if finding.kind not in {Kind.TRIMMED, Kind.REFUSED}]
    for kind, times in Counter(finding.kind for finding in others).items():
        console.print(f"{times} x {kind.value}:", style="yellow")
        for finding in [finding for finding in others if finding.kind is kind][:SHOWN]:
            console.print(f"  {finding.place}: {finding.message}", markup=False, soft_wrap=True)
        if times > SHOWN:
            console.print(f"  ... and {times - SHOWN} more; --report FILE holds each.")

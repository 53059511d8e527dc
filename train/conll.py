"""Read token-a-line files (`token TAB tag`, a blank line between sentences): each sentence is a document.

Tags are read as seqeval's strict mode reads IOB2: a span begins with `B-X` and goes on with `I-X` of the same
label. An `I-X` that goes on from nothing belongs to no span (conlleval would begin one there); each is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conflict_ner.documents import Document, Meta, Span
from conflict_ner.errors import DataError
from conflict_ner.schema import OUTSIDE

_TAG = re.compile(r"O|[BI]-.+")


@dataclass(frozen=True)
class Sentence:
    """Tokens with their tags, and the line of the file on which the first of them stands."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Stray:
    """An `I-` tag that goes on from nothing: its line, its token, the tag, and the tag before it."""

    line: int
    token: str
    tag: str
    before: str


def read_sentences(data: bytes, name: str) -> list[Sentence]:
    """Read a token-a-line file.

    Args:
        data: UTF-8, with any line ends, and any blank lines at the end.
        name: the file's, for messages.

    Raises:
        DataError: lines that are no `token TAB tag`; all are named.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: byte {error.start} is not UTF-8; save the file as UTF-8.") from error
    sentences: list[Sentence] = []
    problems: list[str] = []
    rows: list[tuple[str, str]] = []
    begin = 1
    # Not splitlines: U+2028 and its like may stand in a token.
    for number, line in enumerate([*text.replace("\r\n", "\n").split("\n"), ""], start=1):
        if line.strip():
            token, _, tag = line.partition("\t")
            if not token.strip() or not _TAG.fullmatch(tag):
                problems.append(f"line {number}: {line!r} is no token, tab and tag (O, B-LABEL or I-LABEL)")
            begin = begin if rows else number
            rows.append((token, tag))
        elif rows:
            tokens, tags = zip(*rows, strict=True)
            sentences.append(Sentence(tokens, tags, begin))
            rows = []
    if problems:
        raise DataError(f"{name} has {len(problems)} bad line(s):", problems)
    return sentences


def strict_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return (first token, token after the last, label) of each span, as strict IOB2 has them."""
    spans: list[tuple[int, int, str]] = []
    begin: int | None = None
    for number, tag in enumerate([*tags, OUTSIDE]):
        if begin is not None and tag != f"I-{tags[begin][2:]}":
            spans.append((begin, number, tags[begin][2:]))
            begin = None
        if tag.startswith("B-"):
            begin = number
    return spans


def strays(sentence: Sentence) -> Iterator[Stray]:
    """Yield each first `I-` tag that goes on from nothing; those that go on from it are not told again."""
    before = OUTSIDE
    for number, (token, tag) in enumerate(zip(sentence.tokens, sentence.tags, strict=True)):
        if tag.startswith("I-") and before[2:] != tag[2:]:
            yield Stray(sentence.line + number, token, tag, before)
        before = tag


def sentence_document(sentence: Sentence, name: str, meta: Meta) -> Document:
    """Return a sentence as a document: its tokens joined by one space, its strict spans."""
    starts: list[int] = []
    place = 0
    for token in sentence.tokens:
        starts.append(place)
        place += len(token) + 1
    spans = [
        Span(start=starts[first], end=starts[after - 1] + len(sentence.tokens[after - 1]), label=label)
        for first, after, label in strict_spans(sentence.tags)
    ]
    return Document.from_raw(name, " ".join(sentence.tokens), spans, meta)

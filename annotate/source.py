"""Documents for a push: all are checked before the first is sent, and read again, only where needed, to be sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import Event
from typing import TypeVar

from conflict_ner.articles import read_articles
from conflict_ner.documents import Document, document_from_line
from conflict_ner.errors import DataError
from conflict_ner.scan import Seen, scan_documents, seen
from conflict_ner.schema import LabelSchema

Item = TypeVar("Item")


class GivenDocuments:
    """Documents that are in memory already."""

    def __init__(self, documents: Iterable[Document], what: str = "What was given") -> None:
        """Take documents that who made them has checked.

        Raises:
            DataError: a document stands with two different texts.
        """
        self._documents = list(documents)
        self.entries = [seen(place, document) for place, document in enumerate(self._documents)]
        _refuse_two_texts(what, self.entries)

    def read(self, entries: Iterable[Seen]) -> Iterator[Document]:
        """Yield the documents of some entries, in the order of the entries."""
        return (self._documents[entry.place] for entry in entries)


class Source:
    """A folder of articles or a documents.jsonl; of a file, memory holds no text."""

    def __init__(self, path: Path, schema: LabelSchema) -> None:
        """Check every document.

        Raises:
            DataError: with all that is wrong.
        """
        self.path = path
        self.schema = schema
        self._given = GivenDocuments(read_articles(path), str(path)) if path.is_dir() else None
        if self._given is not None:
            self.entries = self._given.entries
        else:
            self.entries = scan_documents(path, schema)
            _refuse_two_texts(str(path), self.entries)

    @property
    def count(self) -> int:
        """How many documents there are."""
        return len(self.entries)

    def __iter__(self) -> Iterator[Document]:
        return self.read(self.entries)

    def read(self, entries: Iterable[Seen]) -> Iterator[Document]:
        """Yield the documents of some entries, in the order of the entries.

        Raises:
            DataError: the file has changed since it was checked.
        """
        return self._given.read(entries) if self._given is not None else self._read_file(entries)

    def _read_file(self, entries: Iterable[Seen]) -> Iterator[Document]:
        with self.path.open("rb") as file:
            for entry in entries:
                file.seek(entry.place)
                try:
                    document = document_from_line(file.readline(), self.schema)
                except (ValueError, DataError):
                    document = None
                if document is None or seen(entry.place, document) != entry:
                    raise DataError(f"{self.path} has changed while it was pushed; push it again as it is now.")
                yield document


Documents = Source | GivenDocuments


def as_source(documents: Iterable[Document]) -> Documents:
    """Return documents as what can be read more than once; a source is one already."""
    return documents if isinstance(documents, Source) else GivenDocuments(documents)


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items in lists of `size`; the last may be shorter."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def ahead(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items in chunks; a thread makes the next one while the last is at work.

    A chunk takes what is ready when it is asked for: a slow reader gets full chunks, and one that waits for work
    gets smaller ones early. Below ten, all chunks are full.

    Args:
        items: what is made one by one.
        size: at most so many a chunk, and at least a tenth of it.
    """
    iterator = iter(items)
    least = size // 10 or size
    chunk: list[Item] = []
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as pool:
        while True:
            asked = Event()
            coming = pool.submit(_gather, iterator, least, size, asked)
            try:
                if chunk:
                    yield chunk
            finally:
                asked.set()
            chunk = coming.result()
            if not chunk:
                return


def _gather(iterator: Iterator[Item], least: int, most: int, asked: Event) -> list[Item]:
    """Take items until there are `most`, or at least `least` once they are asked for."""
    gathered: list[Item] = []
    for item in iterator:
        gathered.append(item)
        if len(gathered) == most or (len(gathered) >= least and asked.is_set()):
            break
    return gathered


def recorded_annotations(paths: Iterable[Path], schema: LabelSchema) -> list[Source]:
    """Return the recorded annotators' files, checked: each document names one annotator by e-mail address.

    Args:
        paths: files, or folders of `*.jsonl`.
        schema: the labels that may stand in them.

    Raises:
        DataError: a folder holds no file, or documents break a rule; all are told.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not found:
            raise DataError(f"{path} holds no *.jsonl; name the recorded annotators' files, or their folder.")
        files += found
    sources = [Source(path, schema) for path in files]
    problems = [
        f"{source.path}: {entry.id!r} names {', '.join(entry.annotators) or 'no annotator'}"
        for source in sources
        for entry in source.entries
        if len(entry.annotators) != 1 or "@" not in entry.annotators[0]
    ]
    if problems:
        raise DataError(
            "A replay needs one annotator a document, by e-mail address in provenance.annotators:", problems
        )
    return sources


def predicted_documents(path: Path, schema: LabelSchema) -> Source:
    """Return a predictions file, checked: one prediction a document.

    Raises:
        DataError: with all that is wrong.
    """
    source = Source(path, schema)
    counted = Counter(entry.id for entry in source.entries)
    problems = [
        f"{name!r} stands more than once; keep one prediction of it" for name, count in counted.items() if count > 1
    ]
    if problems:
        raise DataError(f"{path} cannot be pushed as predictions:", problems)
    return source


def _refuse_two_texts(what: str, entries: Sequence[Seen]) -> None:
    hashes: dict[str, str] = {}
    problems = [
        f"{entry.id!r} stands with two different texts; give one of them another id"
        for entry in entries
        if hashes.setdefault(entry.id, entry.sha256) != entry.sha256
    ]
    if problems:
        raise DataError(f"{what} cannot be pushed:", problems)

"""Read what a user names on a command line: plain text files, `documents.jsonl` files, `-` for standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from conflict_ner.documents import Document, read_documents
from conflict_ner.errors import DataError

STDIN = "-"


def read_inputs(names: Sequence[str]) -> Iterator[Document]:
    """Yield the documents of each name, in order: a `*.jsonl` gives one a line, any other file is one article.

    Every name is checked before the first document is read.

    Raises:
        DataError: a file is missing, is a folder, or is not UTF-8; or a record is bad.
    """
    problems = [problem for name in names if (problem := _problem(name)) is not None]
    if problems:
        raise DataError("The input cannot be read:", problems)
    for name in names:
        if name != STDIN and Path(name).suffix == ".jsonl":
            yield from read_documents(Path(name))
        else:
            raw = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
            try:
                text = raw.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                shown = "standard input" if name == STDIN else name
                raise DataError(
                    f"{shown} is not UTF-8 at byte {error.start}; convert it with `iconv -t utf-8`."
                ) from None
            yield Document.from_raw("stdin" if name == STDIN else Path(name).stem, text)


def _problem(name: str) -> str | None:
    path = Path(name)
    if name == STDIN or path.is_file():
        return None
    if path.is_dir():
        return f"{name!r} is a folder; name its files, such as {name.rstrip('/')}/*.txt"
    return f"there is no file {name!r}"

"""A folder of articles: `articles.yaml` says what is known of each, `articles/<id>.txt` holds the text."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, Field, ValidationError, field_validator

from conflict_ner.config import ConfigModel, explain
from conflict_ner.documents import Document, Meta
from conflict_ner.errors import DataError


class _Inferred(ConfigModel):
    """A value that was concluded from the text and is not stated by the source."""

    value: Any
    inferred: bool = True


class _Entry(ConfigModel):
    """One article of `articles.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    title: str | _Inferred | None = None
    source: str | _Inferred | None = None
    url: str | _Inferred | None = None
    published: datetime.date | _Inferred | None = None
    language: str | _Inferred | None = None
    group: str | None = None

    @field_validator("id")
    @classmethod
    def _names_a_file(cls, value: str) -> str:
        if Path(value).name != value:
            raise ValueError(f"{value!r} is no plain file name; the text lies in articles/<id>.txt")
        return value

    def meta(self) -> Meta:
        """Return the entry as a document's meta."""
        values: dict[str, Any] = {}
        inferred: list[str] = []
        for name in ("title", "source", "url", "published", "language"):
            value = getattr(self, name)
            if isinstance(value, _Inferred):
                inferred += [name] if value.inferred else []
                value = value.value
            values[name] = value
        return Meta.model_validate({**values, "group": self.group, "inferred": tuple(inferred)})


def read_articles(folder: Path) -> list[Document]:
    """Read every article of `folder` without spans, in the order of `articles.yaml`.

    Args:
        folder: holds `articles.yaml` and `articles/*.txt` (UTF-8).

    Raises:
        DataError: an entry is wrong, a text is missing or not UTF-8, or a text has no entry; all told.
    """
    index = folder / "articles.yaml"
    if not index.is_file():
        raise DataError(f"There is no {index}; it lists what is known of each article in {folder / 'articles'}.")
    try:
        entries = yaml.safe_load(index.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{index} is no YAML: {error}") from error
    if not isinstance(entries, list):
        raise DataError(f"{index} holds no list of articles; each begins with '- id: ...'.")
    documents: list[Document] = []
    problems: list[str] = []
    for number, item in enumerate(entries, start=1):
        where = f"article {number}"
        try:
            entry = _Entry.model_validate(item)
            where = f"article {entry.id!r}"
            path = folder / "articles" / f"{entry.id}.txt"
            text = path.read_bytes().decode("utf-8-sig")
            documents.append(Document.from_raw(entry.id, text, meta=entry.meta()))
        except ValidationError as error:
            problems += [f"{where}: {problem}" for problem in explain(error, _Entry)]
        except FileNotFoundError:
            problems.append(f"{where}: its text {path} is missing; add the file or remove the entry")
        except UnicodeDecodeError as error:
            problems.append(f"{where}: {path} is not UTF-8 at byte {error.start}; save it as UTF-8")
    known = [document.id for document in documents]
    problems += [f"article {name!r} is listed twice" for name in sorted({i for i in known if known.count(i) > 1})]
    listed = {item.get("id") for item in entries if isinstance(item, dict)}
    for path in sorted((folder / "articles").glob("*.txt")):
        if path.stem not in listed:
            problems.append(f"{path} has no entry in {index.name}; add '- id: {path.stem}' (null where unknown)")
    if problems:
        raise DataError(f"{folder} has {len(problems)} problem(s); nothing was read:", problems)
    return documents

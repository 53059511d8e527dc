"""Inline markup <-> Document: `[[Rebels|ARMED_GROUP]] killed [[117|CASUALTY_COUNT:killed]] people`.

For examples, tests and corpora that people write by hand. In text, `\\`, `[[`, `|` inside a span and
`]]` inside a span are written with a backslash before the character, so any text makes the round trip.
A label with attributes takes `:value` when the schema gives it one attribute, else `:name=value,name=value`.
A file (`*.marked`) may open with YAML front matter between two `---` lines: the document's meta.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from pydantic import ValidationError

from conflict_ner.config import explain
from conflict_ner.documents import Document, Meta, Provenance, Span, schema_problems
from conflict_ner.errors import DataError
from conflict_ner.schema import LabelSchema
from conflict_ner.text import normalise_text

_TOKEN = re.compile(r"\\(?P<escaped>[\\\[\]|])|(?P<open>\[\[)|(?P<close>\|(?P<tag>[^\[\]|\\\n]*)\]\])", re.DOTALL)
_ESCAPE = re.compile(r"[\\\[\]|]")


def parse_markup(markup: str, schema: LabelSchema) -> tuple[str, tuple[Span, ...]]:
    """Read marked text.

    Args:
        markup: text with inline spans.
        schema: the labels and attributes that may stand in it.

    Returns:
        The plain text, normalised, and its spans.

    Raises:
        DataError: unbalanced brackets, an unknown label or value; each problem with its line.
    """
    markup = normalise_text(markup)
    plain: list[str] = []
    spans: list[Span] = []
    problems: list[str] = []
    length = position = 0
    opened: tuple[int, int] | None = None  # (offset in the plain text, offset in the markup)
    for match in _TOKEN.finditer(markup):
        before = markup[position : match.start()]
        plain.append(before)
        length += len(before)
        position = match.end()
        line = markup.count("\n", 0, match.start()) + 1
        if match["escaped"]:
            plain.append(match["escaped"])
            length += 1
        elif match["open"]:
            if opened is not None:
                problems.append(f"line {line}: '[[' inside a span; spans are flat: write \\[ for a bracket of the text")
            opened = (length, match.start())
        elif opened is None:
            problems.append(f"line {line}: {match[0]!r} closes a span that was not opened with '[['")
        elif length == opened[0]:
            problems.append(f"line {line}: {match[0]!r} closes a span without a character")
            opened = None
        else:
            label, attributes = _parse_tag(match["tag"], schema)
            span = Span(start=opened[0], end=length, label=label or "?", attributes=attributes)
            problems += [f"line {line}: {problem}" for problem in schema_problems(span, schema)]
            spans.append(span)
            opened = None
    plain.append(markup[position:])
    if opened is not None:
        line = markup.count("\n", 0, opened[1]) + 1
        problems.append(f"line {line}: '[[' is never closed; close it with '|LABEL]]' or write \\[\\[")
    if problems:
        raise DataError("The markup cannot be read:", problems)
    return "".join(plain), tuple(spans)


def render_markup(text: str, spans: tuple[Span, ...], schema: LabelSchema) -> str:
    """Write text and spans as markup that `parse_markup` reads back to the same."""
    parts: list[str] = []
    position = 0
    for span in spans:
        parts.append(_escape(text[position : span.start]))
        parts.append(f"[[{_escape(text[span.start : span.end])}|{_render_tag(span, schema)}]]")
        position = span.end
    parts.append(_escape(text[position:]))
    return "".join(parts)


def read_marked(path: Path, schema: LabelSchema) -> Document:
    """Read one `*.marked` file; the document's id is the file's stem.

    Raises:
        DataError: front matter or markup that cannot be read; names the file.
    """
    try:
        content = normalise_text(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    head, body = _split_front_matter(content)
    try:
        meta = Meta.model_validate(yaml.safe_load(head) or {})
        text, spans = parse_markup(body, schema)
    except ValidationError as error:
        raise DataError(f"The front matter of {path} has problems:", explain(error, Meta)) from error
    except yaml.YAMLError as error:
        raise DataError(f"The front matter of {path} is no YAML: {error}") from error
    except DataError as error:
        skipped = content.count("\n", 0, len(content) - len(body))
        hint = f" (lines counted after the {skipped} of the front matter)" if skipped else ""
        raise DataError(f"{path} cannot be read{hint}:", error.problems) from error
    return Document(id=path.stem, text=text, spans=spans, meta=meta, provenance=Provenance())


def _split_front_matter(content: str) -> tuple[str, str]:
    """Return (YAML, body); the blank line that sets the body off belongs to neither."""
    if not content.startswith("---\n"):
        return "", content
    end = content.find("\n---\n", 3)
    if end < 0:
        return "", content
    body = content[end + len("\n---\n") :]
    return content[4 : end + 1], body.removeprefix("\n")


def _escape(text: str) -> str:
    return _ESCAPE.sub(r"\\\g<0>", text) if _ESCAPE.search(text) else text


def _parse_tag(tag: str, schema: LabelSchema) -> tuple[str, dict[str, str]]:
    name, _, rest = tag.partition(":")
    if not rest:
        return name, {}
    if "=" in rest:
        return name, dict(item.partition("=")[::2] for item in rest.split(","))
    label = schema.label(name)
    only = label.attributes[0].name if label is not None and len(label.attributes) == 1 else "?"
    return name, {only: rest}


def _render_tag(span: Span, schema: LabelSchema) -> str:
    if not span.attributes:
        return span.label
    label = schema.label(span.label)
    if label is not None and len(label.attributes) == 1:
        return f"{span.label}:{next(iter(span.attributes.values()))}"
    return f"{span.label}:{','.join(f'{name}={value}' for name, value in span.attributes.items())}"

"""Show documents in a terminal: the text with its spans in colour, and a table for each article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from conflict_ner.documents import Document
from conflict_ner.events import Events
from conflict_ner.facts import Facts
from conflict_ner.reading import Reading
from conflict_ner.schema import LabelSchema
from conflict_ner.wording import event_cells, meanings

# A news text must not be able to move the cursor or recolour the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_FALLBACK_COLOURS = ("#c0392b", "#2471a3", "#b9770e", "#1e8449", "#7d3c98", "#117a65", "#a04000", "#515a5a")


@dataclass
class _Row:
    """Mentions of one surface under one label."""

    label: str
    surface: str
    meaning: str | None
    mentions: int = 0
    scores: float = 0.0


class View:
    """Renders documents with one colour a label.

    Args:
        labels: label names in order.
        schema: gives the colours where the checkpoint knows its schema.
        plain: mark spans with brackets, for output without colours.
    """

    def __init__(self, labels: tuple[str, ...], schema: LabelSchema | None, plain: bool) -> None:
        self.labels = labels
        self.plain = plain
        self._styles: dict[str, Style] = {}
        for number, name in enumerate(labels):
            label = schema.label(name) if schema is not None else None
            colour = label.colour if label is not None else _FALLBACK_COLOURS[number % len(_FALLBACK_COLOURS)]
            self._styles[name] = Style(color="#ffffff", bgcolor=colour, bold=True)

    def render(self, document: Document, reading: Reading | None = None) -> RenderableType:
        """Return the article's heading, its text with the spans marked, and its table; of a reading its events too."""
        parts: list[RenderableType] = [Rule(_heading(document), align="left", style="dim"), self.text(document), Text()]
        if document.spans:
            parts.append(Padding(self.table(document, reading.facts if reading else None), (0, 0, 1, 0)))
        else:
            parts.append(Text("No span found.\n", style="dim"))
        if reading is not None and reading.events.rows:
            parts.append(Padding(self.events(reading.events), (0, 0, 1, 0)))
        return Group(*parts)

    def legend(self) -> Text:
        """Return the labels in their colours, one after the other."""
        return Text("  ").join(Text(f" {name} ", style=self._styles[name]) for name in self.labels)

    def text(self, document: Document) -> Text:
        """Return the article's text with its spans marked."""
        shown = Text(overflow="fold")
        position = 0
        for span in document.spans:
            shown.append(_visible(document.text[position : span.start]))
            surface = _visible(document.surface(span))
            if self.plain:
                shown.append(f"[{surface}|{span.label}]")
            else:
                shown.append(surface, style=self._styles.get(span.label))
            position = span.end
        shown.append(_visible(document.text[position:].rstrip()))
        return shown

    def table(self, document: Document, facts: Facts | None = None) -> Table:
        """Return a row for each surface: label, mentions, mean score; labels in order, most frequent first.

        With facts, each row tells what its spans mean, and a surface of two meanings has two rows.
        """
        table = _new_table()
        table.add_column("label", no_wrap=True)
        table.add_column("span", overflow="fold")
        if facts is not None:
            table.add_column("meaning", overflow="fold")
        table.add_column("mentions", justify="right")
        table.add_column("score", justify="right")
        for row in sorted(self._rows(document, facts), key=lambda row: (self._order(row.label), -row.mentions)):
            score = f"{row.scores / row.mentions:.2f}" if row.scores else ""
            label = Text(row.label, style="" if self.plain else Style(color=self._styles[row.label].bgcolor))
            meaning = [] if facts is None else [Text(_visible(row.meaning or ""))]
            table.add_row(label, Text(row.surface), *meaning, str(row.mentions), score)
        return table

    def events(self, events: Events) -> Table:
        """Return a row for each event, and which of them an analyst should look at."""
        table = _new_table()
        for name in ("who", "where", "when", "how many", "review"):
            table.add_column(name, overflow="fold")
        for event in events.rows:
            cells = (Text(_visible(" ".join(cell.split()))) for cell in event_cells(event))
            table.add_row(*cells, "yes" if event.needs_review else "")
        return table

    def _rows(self, document: Document, facts: Facts | None) -> Iterator[_Row]:
        told = {} if facts is None else meanings(facts)
        rows: dict[tuple[str, str, str | None], _Row] = {}
        for span in document.spans:
            surface = " ".join(_visible(document.surface(span)).split())
            meaning = told.get(span.key)
            row = rows.setdefault((span.label, surface, meaning), _Row(span.label, surface, meaning))
            row.mentions += 1
            row.scores += span.score or 0.0
        return iter(rows.values())

    def _order(self, label: str) -> int:
        return self.labels.index(label) if label in self.labels else len(self.labels)


def _new_table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def _heading(document: Document) -> Text:
    title = document.meta.title or document.id
    details = [str(value) for value in (document.meta.source, document.meta.published) if value]
    return Text(_visible(" · ".join([title, *details])), style="bold")


def _visible(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)

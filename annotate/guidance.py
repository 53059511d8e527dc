"""The guidelines as instructions: Markdown with marked examples becomes HTML that is safe as it stands.

python -m annotate push        # sets them, or brings them up to date
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from conflict_ner.documents import Span
from conflict_ner.errors import DataError
from conflict_ner.markup import parse_markup
from conflict_ner.schema import LabelSchema

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

# One span of conflict_ner.markup.
_MARKED = re.compile(r"\[\[(?:\\.|[^\\\[\]|\n])+\|(?P<tag>[^\[\]|\\\n]*)\]\]")


@dataclass(frozen=True)
class Guidance:
    """The guidelines as annotators see them.

    Attributes:
        html: safe by itself, for Label Studio stores it as it comes.
        notes: sentences on what the guidelines lack, or tell of labels that the schema has not.
    """

    html: str
    notes: tuple[str, ...]


def render_guidelines(markdown: str, schema: LabelSchema, name: str = "the guidelines") -> Guidance:
    """Return the guidelines as HTML, each marked span of its label's class, with notes on what is amiss.

    Raw HTML inside the Markdown is shown, not run. A span that the schema does not allow is shown as it is written.

    Args:
        markdown: the guidelines; `[[at least 117|CASUALTY_COUNT:killed]]` marks a span.
        schema: the labels and attributes that may stand in it.
        name: what the notes call the guidelines.
    """
    found: dict[str, Any] = {"schema": schema, "problems": []}
    parser = _parser()
    tokens = parser.parse(markdown, found)
    headings = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    missing = [label for label in schema.label_names if not any(re.match(rf"{label}\b", text) for text in headings)]
    notes = []
    if missing:
        what = f"{name}: no section on {', '.join(missing)}, so annotators find no rule"
        notes.append(f"{what}; head one for each, such as `## {missing[0]}: what it is`.")
    if found["problems"]:
        wrong = "; ".join(dict.fromkeys(found["problems"]))
        notes.append(f"{name}: examples that the labels do not allow, shown as they are written: {wrong}.")
    return Guidance(str(parser.renderer.render(tokens, parser.options, found)), tuple(notes))


def examples(markdown: str) -> list[str]:
    """Return the guidelines' block quotes, which are the examples, as markup and in order."""
    found: list[str] = []
    depth = 0
    for token in _parser().parse(markdown, {"schema": None, "problems": []}):
        depth += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if depth and token.type == "inline":
            found.append(token.content)
    return found


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False})
    parser.inline.ruler.before("link", "marked_span", _read_span)
    parser.add_render_rule("marked_span", _show_span)
    return parser


def _read_span(state: StateInline, silent: bool) -> bool:
    """Make a token of a marked span at the reader's place; a rule of markdown-it's."""
    match = _MARKED.match(state.src, state.pos)
    if match is None:
        return False
    if not silent and (schema := state.env["schema"]) is not None:
        try:
            text, spans = parse_markup(match[0], schema)
        except DataError as error:
            state.env["problems"] += [problem.removeprefix("line 1: ") for problem in error.problems]
            state.push("text", "", 0).content = match[0]
        else:
            token = state.push("marked_span", "", 0)
            token.content = text
            token.meta = {"span": spans[0]}
    state.pos = match.end()
    return True


def _show_span(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    token = tokens[place]
    span: Span = token.meta["span"]
    name = ": ".join((span.label, *span.attributes.values()))
    kind = f"cn-span cn-span-{span.label}"  # its colour is the page's: Label Studio strips a style of its own
    return f'<mark class="{kind}">{escape(token.content)}<small>{escape(name)}</small></mark>'

"""The labelling page: Label Studio's configuration and instructions, derived wholly from the label schema.

python -m annotate push        # sets it, or brings it up to date
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from conflict_ner.schema import Attribute, Label, LabelSchema

LABELS_NAME = "label"
TEXT_NAME = "text"

# Pixels: the row of labels, and a row of answers. The bar keeps room for the label that asks most.
_LABELS_HEIGHT = 50
_ROW_HEIGHT = 34

# Label Studio writes `12:ARMED_GROUP` in bold behind every span, which drowns a densely marked text: here a
# span shows its label's key alone, and its name while the pointer rests on it. Neither moves the text.
# The last lines give the instructions the bullets and margins that Label Studio strips, with any style of theirs.
# No `>` may stand in it: Label Studio would show the browser `&gt;`.
_STYLE = """
.cn-head{max-width:82ch;padding-bottom:6px}
.cn-head *{margin:0!important}
.cn-head :first-child{font-size:19px;line-height:1.35}
.cn-head :last-child{font-size:13px;font-weight:400;line-height:1.6;opacity:.75}
.cn-bar{position:sticky;top:0;z-index:5;min-height:%(height)dpx;padding-top:4px;margin-bottom:8px;
 background:var(--color-neutral-background,#fff);border-bottom:1px solid var(--color-neutral-border,#ddd)}
.cn-bar .lsf-labels{margin:4px 0}
.cn-bar .lsf-choices{margin:0;min-height:%(row)dpx}
.cn-keys *{margin:0!important;font-size:13px;font-weight:400;line-height:%(row)dpx;opacity:.75}
.lsf-htx-richtext{white-space:pre-wrap;line-height:1.75;max-width:82ch}
.htx-highlight{border-radius:3px}
.htx-highlight[data-label]::after{font-weight:400;font-size:9px;opacity:.7;padding:0 1px}
.htx-highlight[data-label]:hover{position:relative}
.htx-highlight[data-label]:hover::before{position:absolute;left:0;bottom:100%%;padding:0 5px;border-radius:3px;
 font-size:11px;line-height:18px;white-space:nowrap;pointer-events:none;z-index:4;color:#fff;background:#333}
.lsf-modal-ls__body h1{font-size:20px;line-height:1.3;margin:0 0 10px}
.lsf-modal-ls__body h2{font-size:16px;line-height:1.4;margin:18px 0 6px}
.lsf-modal-ls__body p{margin:6px 0}
.lsf-modal-ls__body ul{list-style:disc;padding-left:20px;margin:4px 0 10px}
.lsf-modal-ls__body ol{list-style:decimal;padding-left:20px;margin:4px 0 10px}
.lsf-modal-ls__body li{margin:3px 0}
.lsf-modal-ls__body code{font-size:13px;padding:0 3px;border-radius:3px;background:rgba(128,128,128,.14)}
"""
_KEYS = "Press a label's key, then mark the words.%s Backspace removes a selected span, Ctrl+Enter submits."
_ASKING = " Click the span to answer for it."
_SPAN_STYLE = """.htx-highlight[data-label$=":%(name)s"]::after{content:"%(mark)s"}
.htx-highlight[data-label$=":%(name)s"]:hover::before{content:"%(name)s"}
"""


def labelling_config(schema: LabelSchema) -> str:
    """Return Label Studio's XML for a schema.

    Labels carry their colour, hotkey and description (shown when the pointer rests on them); each
    attribute is a choice that appears when a span of its label is selected. The bar with both stays in
    view in a long article, and its height is reserved, so that nothing jumps.

    Args:
        schema: the labels of the project.
    """
    page = ET.Element("View", className="cn-page")
    ET.SubElement(page, "Style").text = _style(schema)
    head = ET.SubElement(page, "View", className="cn-head")
    ET.SubElement(head, "Header", value="$title", size="3")
    ET.SubElement(head, "Header", value="$byline", size="5")
    bar = ET.SubElement(page, "View", className="cn-bar")
    labels = ET.SubElement(bar, "Labels", name=LABELS_NAME, toName=TEXT_NAME, showInline="true")
    for label in schema.labels:
        ET.SubElement(labels, "Label", _label_attributes(label))
        for attribute in label.attributes:
            bar.append(_choices(label, attribute))
    keys = ET.SubElement(bar, "View", className="cn-keys", visibleWhen="no-region-selected")
    asks = any(label.attributes for label in schema.labels)
    ET.SubElement(keys, "Header", value=_KEYS % (_ASKING if asks else ""), size="5")
    ET.SubElement(page, "Text", name=TEXT_NAME, value="$text", granularity="symbol", showLabels="true")
    ET.indent(page)
    return ET.tostring(page, encoding="unicode")


def _style(schema: LabelSchema) -> str:
    rows = max(1, *(len(label.attributes) for label in schema.labels))
    style = _STYLE % {"height": _LABELS_HEIGHT + rows * _ROW_HEIGHT, "row": _ROW_HEIGHT}
    spans = (_SPAN_STYLE % {"name": label.name, "mark": label.hotkey or label.name} for label in schema.labels)
    return style + "".join(spans)


def _label_attributes(label: Label) -> dict[str, str]:
    found = {"value": label.name, "background": label.colour, "hint": label.description}
    return {**found, "hotkey": label.hotkey} if label.hotkey else found


def _choices(label: Label, attribute: Attribute) -> ET.Element:
    """Return the question that an attribute asks of each span of its label."""
    choices = ET.Element(
        "Choices",
        name=attribute.name,
        toName=TEXT_NAME,
        perRegion="true",
        choice="single-radio",
        showInline="true",
        required=str(attribute.required).lower(),
        requiredMessage=f"Choose the {attribute.name} of each {label.name}.",
        visibleWhen="region-selected",
        whenTagName=LABELS_NAME,
        whenLabelValue=label.name,
    )
    for value in attribute.values:
        found = {"value": value.name, "hint": value.description}
        ET.SubElement(choices, "Choice", {**found, "hotkey": value.hotkey} if value.hotkey else found)
    return choices


def instructions_html(guidelines_markdown: str) -> str:
    """Return the annotation guidelines as HTML; raw HTML inside the Markdown is shown, not run.

    Label Studio stores instructions as they come, so what is pushed must be safe by itself.
    """
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False}).render(guidelines_markdown))


def same_config(first: str, second: str) -> bool:
    """Tell whether two configurations say the same, whatever their white space and attribute order."""
    try:
        return list(_canonical(ET.fromstring(first))) == list(_canonical(ET.fromstring(second)))
    except ET.ParseError:
        return first == second


def _canonical(element: ET.Element) -> Iterator[object]:
    yield element.tag, sorted(element.attrib.items()), " ".join((element.text or "").split())
    for child in element:
        yield from _canonical(child)
    yield "end"

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
# A prediction's score, in the list of regions, shows while the pointer rests on its line: it must not lead the reader.
# The last lines give the instructions the bullets and margins that Label Studio strips, with any style of theirs.
# No `>` may stand in it: Label Studio would show the browser `&gt;`.
_STYLE = """
.cn-head{max-width:82ch;padding-bottom:6px}
.cn-head *{margin:0!important}
.cn-head :first-child{font-size:19px;line-height:1.35}
.cn-head :last-child{font-size:13px;font-weight:400;line-height:1.6;opacity:.75}
.cn-review *{margin:2px 0 8px!important;padding:8px 14px;max-width:82ch;box-sizing:border-box;white-space:pre-wrap;
 overflow-wrap:anywhere;font-size:14px;font-weight:400;line-height:1.5;border-left:4px solid #e0a100;
 border-radius:0 4px 4px 0;background:rgba(224,161,0,.13)}
.cn-review :empty{display:none}
.cn-bar{position:sticky;top:0;z-index:5;min-height:%(height)dpx;padding-top:4px;margin-bottom:8px;
 background:var(--color-neutral-background,#fff);border-bottom:1px solid var(--color-neutral-border,#ddd)}
.cn-bar .lsf-labels{margin:4px 0}
.cn-bar .lsf-choices{margin:0;min-height:%(row)dpx}
.cn-keys *{margin:0!important;font-size:13px;font-weight:400;line-height:%(row)dpx;opacity:.75;
 white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.lsf-htx-richtext{white-space:pre-wrap;line-height:1.75;max-width:82ch}
.htx-highlight{border-radius:3px}
.htx-highlight[data-label]::after{font-weight:400;font-size:9px;opacity:.7;padding:0 1px}
.htx-highlight[data-label]:hover{position:relative}
.htx-highlight[data-label]:hover::before{position:absolute;left:0;bottom:100%%;padding:0 5px;border-radius:3px;
 font-size:11px;line-height:18px;white-space:nowrap;pointer-events:none;z-index:4;color:#fff;background:#333;
 animation:cn-wait .6s}
@keyframes cn-wait{from{opacity:0}99%%{opacity:0}to{opacity:1}}
.lsf-outliner-item__control-wrapper{opacity:0}
.lsf-outliner-item:hover .lsf-outliner-item__control-wrapper{opacity:1}
.lsf-modal-ls__content{width:min(880px,92vw)!important}
.lsf-modal-ls__body h1{font-size:20px;line-height:1.3;margin:0 0 10px}
.lsf-modal-ls__body h2{font-size:16px;line-height:1.4;margin:22px 0 6px}
.lsf-modal-ls__body p{margin:6px 0}
.lsf-modal-ls__body ul{list-style:disc;padding-left:20px;margin:4px 0 10px}
.lsf-modal-ls__body ol{list-style:decimal;padding-left:20px;margin:4px 0 10px}
.lsf-modal-ls__body li{margin:3px 0}
.lsf-modal-ls__body code{font-size:13px;padding:0 3px;border-radius:3px;background:rgba(128,128,128,.14)}
.lsf-modal-ls__body blockquote{margin:8px 0;padding:2px 12px;line-height:1.75;
 border-left:3px solid rgba(128,128,128,.4)}
.cn-span{padding:1px 2px;border-radius:3px;color:inherit}
.cn-span small{margin-left:4px;font-size:10px;opacity:.75}
"""
_DRAWING = "Press a label's key, then mark the words.%s Click a span to change it. Ctrl+Enter submits."
_ASKING = " A key answers what a span asks."
_CHANGING = "Another label's key changes the span, Backspace removes it, its ends can be dragged; Esc lets go of it."
_SPAN_STYLE = """.htx-highlight[data-label$=":%(name)s"]::after{content:"%(mark)s"}
.htx-highlight[data-label$=":%(name)s"]:hover::before{content:"%(name)s"}
.cn-span-%(name)s{background:%(colour)s4d}
"""


def labelling_config(schema: LabelSchema, *, panel: ET.Element | None = None) -> str:
    """Return Label Studio's XML for a schema.

    Labels carry their colour, hotkey and description (shown when the pointer rests on them); each
    attribute is a choice that appears when a span of its label is selected. The bar with both stays in
    view in a long article, and its height is reserved, so that nothing jumps.

    Args:
        schema: the labels of the project.
        panel: what else the page shows, between its head and its labels; it may hold a `Style` of its own.
    """
    page = ET.Element("View", className="cn-page")
    ET.SubElement(page, "Style").text = _style(schema)
    head = ET.SubElement(page, "View", className="cn-head")
    ET.SubElement(head, "Header", value="$title", size="3")
    ET.SubElement(head, "Header", value="$byline", size="5")
    # Why the task deserves a second look; it takes no room in a task where it is empty, or that never had it.
    ET.SubElement(ET.SubElement(page, "View", className="cn-review"), "Header", value="$review", size="5")
    if panel is not None:
        page.append(panel)
    page.append(_bar(schema))
    ET.SubElement(page, "Text", name=TEXT_NAME, value="$text", granularity="symbol", showLabels="true")
    ET.indent(page)
    return ET.tostring(page, encoding="unicode")


def _bar(schema: LabelSchema) -> ET.Element:
    """Return the labels, and under them one line: the keys, or what the selected span asks."""
    bar = ET.Element("View", className="cn-bar")
    labels = ET.SubElement(bar, "Labels", name=LABELS_NAME, toName=TEXT_NAME, showInline="true")
    for label in schema.labels:
        ET.SubElement(labels, "Label", _label_attributes(label))
        for attribute in label.attributes:
            bar.append(_choices(label, attribute))
    asks = any(label.attributes for label in schema.labels)
    bar.append(_keys(_DRAWING % (_ASKING if asks else ""), visibleWhen="no-region-selected"))
    silent = ",".join(label.name for label in schema.labels if not label.attributes)
    if silent:
        bar.append(_keys(_CHANGING, visibleWhen="region-selected", whenTagName=LABELS_NAME, whenLabelValue=silent))
    return bar


def _keys(sentence: str, **when: str) -> ET.Element:
    line = ET.Element("View", {"className": "cn-keys", **when})
    ET.SubElement(line, "Header", value=sentence, size="5")
    return line


def _style(schema: LabelSchema) -> str:
    rows = max(1, *(len(label.attributes) for label in schema.labels))
    style = _STYLE % {"height": _LABELS_HEIGHT + rows * _ROW_HEIGHT, "row": _ROW_HEIGHT}
    spans = (
        _SPAN_STYLE % {"name": label.name, "mark": label.hotkey or label.name, "colour": label.colour}
        for label in schema.labels
    )
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

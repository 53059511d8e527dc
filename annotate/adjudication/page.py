"""The adjudicator's page: the annotators' page with the disputed places beside the text, each settled by a click.

The places come from the task's data (`annotate/adjudication/disputes.py`): Label Studio repeats the card for each.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from annotate.page import TEXT_NAME, labelling_config
from annotate.project import Page, wanted_page
from annotate.settings import ProjectSettings
from conflict_ner.schema import LabelSchema

# A hyphen stands in no name of a schema, so these controls can clash with none of its attributes.
CHOICE_NAME = "disputed-"
MARK_NAME = "disputed-place"
# Label Studio gives each answer without a key one of its own choosing, and a slip on the keyboard would settle a
# place unseen. No keyboard has this key.
NO_KEY = "f19"
# More places than this in one article keep Label Studio's own marks in the text.
NUMBERED = 80
_MARK_COLOUR = "#f4d03f"

# No `>` may stand in it: Label Studio would show the browser `&gt;`.
_STYLE = """
.cn-page{display:grid;grid-template-columns:minmax(0,1fr) minmax(260px,340px);column-gap:22px;align-content:start}
.cn-page .cn-disputes{grid-column:2;grid-row:1 / span 90;position:sticky;top:0;align-self:start;box-sizing:border-box;
 max-height:calc(100vh - 110px);overflow:auto;padding:2px 4px 12px 14px;
 border-left:1px solid var(--color-neutral-border,#ddd)}
.cn-page .cn-keys *{white-space:normal;line-height:17px}
.cn-disputes h5{margin:4px 0 8px!important;font-size:15px!important;line-height:1.4!important}
.cn-card{padding:8px 0 6px;border-top:1px solid var(--color-neutral-border,#ddd)}
.cn-card .lsf-richtext,.cn-card .lsf-htx-richtext{padding:0!important;margin:0;border:0;white-space:normal;
 font-size:13px;line-height:1.5}
.cn-card .cn-number{display:inline-block;min-width:17px;margin-right:5px;padding:0 4px;border-radius:3px;
 text-align:center;font-weight:600;color:#333;background:%(colour)s}
.cn-card .cn-kind{font-size:12px;opacity:.7}
.cn-card .cn-quote{margin-top:3px}
.cn-card mark{padding:0 2px;border-radius:3px;font-weight:600;color:inherit;background:%(colour)s80}
.cn-card .lsf-choices{margin:4px 0 0}
.cn-card .lsf-choice__item{margin:0}
.cn-card .lsf-choice__item label{display:flex;align-items:flex-start;margin:0;padding:3px 0;font-size:13px;
 font-weight:400;line-height:1.45}
.cn-card .ant-radio{top:1px}
.cn-card .lsf-hint{display:none}
.cn-card .cn-words{padding:0 3px;border-radius:3px;font-weight:600}
.cn-card .cn-label{font-size:11px;opacity:.8}
.cn-card .cn-who{margin-left:4px;font-size:12px;opacity:.7}
.cn-card:has(input:checked){opacity:.5}
.cn-card:hover{opacity:1!important}
.htx-highlight[data-label*=":?"]{outline:1px dashed #b7950b}
@media (max-width:1000px){.cn-page{display:block}.cn-page .cn-disputes{position:static;max-height:none;border-left:0}}
"""
_WORDS_STYLE = ".cn-card .cn-words-%(name)s{background:%(colour)s40}\n"
# The place in the text bears the card's number; it stands out under the pointer, and steps back once settled.
_MARK_STYLE = """.htx-highlight[data-label$=":?%(number)d"]::after{content:"?%(number)d";font-weight:600;opacity:1}
.cn-page:has(.cn-card-%(index)d:hover) .htx-highlight[data-label$=":?%(number)d"]{outline:3px solid #b7950b}
.cn-page:has(.cn-card-%(index)d input:checked) .htx-highlight[data-label$=":?%(number)d"]{outline:0}
"""

_INSTRUCTIONS = """<h1>Adjudication</h1>
<p>Two or more annotators read this article. What they marked alike stands in the text. Each place on which they
differ is yellow there and numbered (?1, ?2, ...), and has a card beside the text with everybody's reading.</p>
<ul>
<li>Choose the reading that is right. It counts as it stands on the card; you need not mark it in the text.</li>
<li>Where none is right, choose the last answer and mark the words in the text yourself. Mark nothing when nothing
should be marked there.</li>
<li>You may also mend what stands in the text: what is marked there when you submit is part of the result.</li>
<li>The yellow marks themselves are locked, and no part of the result. A click on one in the list of regions brings
its place into view; a card under the pointer outlines its place.</li>
</ul>
<p>All places must be settled before the article can be submitted. The tabs above the article (where it was opened
from the list) show each annotator's whole reading. The guidelines that they worked by follow.</p>
"""


def mark(number: int) -> dict[str, str]:
    """Return the label that numbers a disputed place in the text."""
    return {"value": f"?{number}", "background": _MARK_COLOUR, "hotkey": NO_KEY}


def adjudication_page(settings: ProjectSettings, schema: LabelSchema) -> Page:
    """Return the page of the review project.

    Raises:
        DataError: the guidelines are missing or not UTF-8.
    """
    guidelines = wanted_page(settings, schema).instructions
    config = labelling_config(schema, panel=_panel(schema))
    return Page(config, _INSTRUCTIONS + guidelines, beside=(CHOICE_NAME, MARK_NAME))


def _panel(schema: LabelSchema) -> ET.Element:
    """Return the cards of the disputed places, one repeated for each."""
    panel = ET.Element("View", className="cn-disputes")
    ET.SubElement(panel, "Style").text = _style(schema)
    ET.SubElement(panel, "Labels", name=MARK_NAME, toName=TEXT_NAME, value="$marks", visible="false")
    ET.SubElement(panel, "Header", value="$disputed", size="5")
    repeated = ET.SubElement(panel, "Repeater", on="$disputes", indexFlag="{{idx}}")
    card = ET.SubElement(repeated, "View", className="cn-card cn-card-{{idx}}")
    ET.SubElement(card, "HyperText", name="dispute-{{idx}}", value="$disputes[{{idx}}].html", inline="true")
    ET.SubElement(
        card,
        "Choices",
        name=CHOICE_NAME + "{{idx}}",
        toName=TEXT_NAME,
        value="$disputes[{{idx}}].options",
        choice="single-radio",
        required="true",
        requiredMessage="A disputed place is not settled yet: choose an answer on each card.",
    )
    return panel


def _style(schema: LabelSchema) -> str:
    words = (_WORDS_STYLE % {"name": label.name, "colour": label.colour} for label in schema.labels)
    marks = (_MARK_STYLE % {"number": number, "index": number - 1} for number in range(1, NUMBERED + 1))
    return "".join((_STYLE % {"colour": _MARK_COLOUR}, *words, *marks))

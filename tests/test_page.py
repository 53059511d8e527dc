"""The labelling page: all of it comes from the schema, whatever the schema holds."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.page import labelling_config, same_config
from annotate.settings import ROOT
from conflict_ner.schema import Attribute, Label, LabelSchema, Value

SCHEMAS = (ROOT / "configs/labels.yaml", ROOT / "tests/data/five-labels.yaml")


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_label_stands_on_the_page(path: Path) -> None:
    schema = LabelSchema.load(path)
    labels = ET.fromstring(labelling_config(schema)).findall(".//Labels/Label")
    found = [(item.get("value"), item.get("background"), item.get("hotkey"), item.get("hint")) for item in labels]
    assert found == [(label.name, label.colour, label.hotkey, label.description) for label in schema.labels]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_attribute_is_asked_of_its_label_alone(path: Path) -> None:
    schema = LabelSchema.load(path)
    choices = ET.fromstring(labelling_config(schema)).findall(".//Choices")
    found = {
        (item.get("name"), item.get("whenLabelValue"), item.get("required")): [
            (choice.get("value"), choice.get("hotkey"), choice.get("hint")) for choice in item
        ]
        for item in choices
    }
    assert found == {
        (attribute.name, label.name, str(attribute.required).lower()): [
            (value.name, value.hotkey, value.description) for value in attribute.values
        ]
        for label in schema.labels
        for attribute in label.attributes
    }
    for item in choices:
        assert (item.get("perRegion"), item.get("visibleWhen"), item.get("whenTagName"), item.get("toName")) == (
            "true",
            "region-selected",
            "label",
            "text",
        )


def test_the_five_label_schema_has_what_the_tests_above_need() -> None:
    schema = LabelSchema.load(SCHEMAS[1])
    assert len(schema.labels) == 5
    assert [len(label.attributes) for label in schema.labels] == [0, 2, 0, 0, 0]
    assert set('"&<>') <= set(schema.labels[0].description)


def test_the_text_is_shown_as_it_is_with_title_and_byline() -> None:
    page = ET.fromstring(labelling_config(LabelSchema.load(SCHEMAS[0])))
    (text,) = page.findall("Text")
    assert text.attrib == {"name": "text", "value": "$text", "granularity": "symbol", "showLabels": "true"}
    assert [header.get("value") for header in page.findall("View/Header")][:2] == ["$title", "$byline"]
    style = page.findtext("Style") or ""
    assert ".lsf-htx-richtext{white-space:pre-wrap" in style
    assert ">" not in style, "Label Studio gives the browser &gt; for it"


def test_why_a_task_comes_again_stands_under_its_head() -> None:
    page = ET.fromstring(labelling_config(LabelSchema.load(SCHEMAS[0])))
    names = [part.get("className") for part in page.findall("View")]
    assert names == ["cn-head", "cn-review", "cn-bar"]
    (note,) = page.findall("View[@className='cn-review']/Header")
    assert note.get("value") == "$review"
    assert ".cn-review :empty{display:none}" in (page.findtext("Style") or "")


def test_a_panel_of_the_callers_stands_between_head_and_labels() -> None:
    panel = ET.Element("View", className="mine")
    page = ET.fromstring(labelling_config(LabelSchema.load(SCHEMAS[0]), panel=panel))
    names = [part.get("className") for part in page.findall("View")]
    assert names == ["cn-head", "cn-review", "mine", "cn-bar"]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_selected_span_is_told_its_keys_where_nothing_is_asked(path: Path) -> None:
    schema = LabelSchema.load(path)
    page = ET.fromstring(labelling_config(schema))
    lines = page.findall("View/View[@className='cn-keys']")
    assert [line.get("visibleWhen") for line in lines] == ["no-region-selected", "region-selected"]
    silent = [label.name for label in schema.labels if not label.attributes]
    assert (lines[1].get("whenLabelValue") or "").split(",") == silent
    assert 0 < len(silent) < len(schema.labels)


def test_the_bar_keeps_room_for_the_label_that_asks_most() -> None:
    def height(schema: LabelSchema) -> int:
        style = ET.fromstring(labelling_config(schema)).findtext("Style") or ""
        return int(style.split("min-height:")[1].split("px")[0])

    one, two = (height(LabelSchema.load(path)) for path in SCHEMAS)
    none = height(LabelSchema(labels=(Label(name="A", description="", colour="#000000"),)))
    assert two > one == none, "the line on the keys takes the room of one question"


@given(description=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40))
def test_any_description_survives_the_xml(description: str) -> None:
    value = Value(name="v", description=description)
    attribute = Attribute(name="a", values=(value,))
    label = Label(name="L", description=description, colour="#123456", attributes=(attribute,))
    page = ET.fromstring(labelling_config(LabelSchema(labels=(label,))))
    assert page.find(".//Label").get("hint") == description  # type: ignore[union-attr]
    assert page.find(".//Choice").get("hint") == description  # type: ignore[union-attr]


def test_same_config_sees_content_and_not_form() -> None:
    config = labelling_config(LabelSchema.load(SCHEMAS[0]))
    assert same_config(config, ET.tostring(ET.fromstring(config), encoding="unicode").replace("\n", "\n\n"))
    assert same_config('<View><Label b="1" a="2"/></View>', '<View>\n <Label a="2" b="1"></Label></View>')
    assert not same_config(config, config.replace('value="PLACE"', 'value="SITE"'))
    assert not same_config("<View><A/><B/></View>", "<View><B/><A/></View>")
    assert not same_config("<View><A><B/></A></View>", "<View><A/><B/></View>")
    assert not same_config(config, "<View>"), "what is no XML equals only itself"

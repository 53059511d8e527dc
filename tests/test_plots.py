"""Plots that stand alone: axes hold their values, and the file is XML that says what was drawn."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from train.plots import Axis, Panel, figure

positive = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=9)


@given(positive)
def test_an_axis_holds_its_values_and_few_marks(values: list[float]) -> None:
    for axis in (Axis.linear("value", values), Axis.logarithmic("value", values)):
        shares = [axis.share(value) for value in values]
        assert all(-1e-9 <= share <= 1 + 1e-9 for share in shares)
        assert sorted(values, key=axis.share) == sorted(values) or len(set(shares)) < len(set(values))
        places = [mark for mark, _ in axis.marks]
        assert places == sorted(places)
        assert all(-1e-9 <= axis.share(mark) <= 1 + 1e-9 for mark in places)
        assert len({written for _, written in axis.marks}) == len(places) <= 13


def test_a_figure_is_xml_with_its_words_escaped() -> None:
    panel = Panel("a < b & c", Axis.of_names("choice", ["x", "y"]), Axis.linear("F1", [0.2, 0.9]))
    panel.dot((1.0, 0.5), "trial 3 <i>")
    panel.line([(0.0, 0.2), (1.0, 0.9)])
    panel.band([(0.0, 0.3), (1.0, 0.9)], [(0.0, 0.2), (1.0, 0.8)])
    svg = ET.fromstring(figure("title", ["told"], [panel, panel, panel, panel], across=3))
    assert "a < b & c" in [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert "trial 3 <i>" in [text.text for text in svg.iter("{http://www.w3.org/2000/svg}title")]

"""Plots that stand alone: panels in rows, as one SVG file written by hand, with its colours inside.

The charts of a run's page (train/run_report/charts.py) take theirs from the page; these open in any viewer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET  # builds what it is told, and escapes it; nothing is parsed

from train.run_report.charts import ticks

Point = tuple[float, float]
WIDTH, HEIGHT = 360, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 34, 46
_GAP, _HEAD = 18, 44
_MOST_NAMES = 8  # on an axis of names
_STYLE = """
svg{background:#fff;font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}
text{fill:#5c6670;font-size:11px}.head{fill:#1c2126;font-size:17px;font-weight:600}.told{font-size:12px}
.title{fill:#1c2126;font-size:13px;font-weight:600}
.grid{stroke:#e6e9eb}.axis{stroke:#5c6670}.line{fill:none;stroke:#2b5c8a;stroke-width:2;stroke-linejoin:round}
.dashed{stroke-dasharray:5 4}.whisker{stroke:#2b5c8a;stroke-width:1.5}.band{fill:#2b5c8a;opacity:.14}
.dot{fill:#2b5c8a;fill-opacity:.7}.faint{fill:#5c6670;fill-opacity:.45}.other{stroke:#a8361c;fill:none;stroke-width:1.5}
.otherdot{fill:#a8361c;fill-opacity:.75}.best{fill:none;stroke:#a8361c;stroke-width:2}
"""


@dataclass(frozen=True)
class Axis:
    """One axis: where a value lies between its ends, 0 to 1, and the values that are written beside it.

    Attributes:
        name: what it measures.
        low, high: its ends.
        marks: (value, what is written there).
        log: whether equal ratios are equally far.
    """

    name: str
    low: float
    high: float
    marks: tuple[tuple[float, str], ...]
    log: bool = False

    @classmethod
    def linear(cls, name: str, values: Iterable[float], most: int = 6) -> Axis:
        """Return an axis of round values that holds all those given."""
        given = list(values)
        steps = ticks(min(given), max(given), most=most)
        apart = steps[1] - steps[0]
        decimals = next(
            count for count in range(20) if all(abs(round(step, count) - step) < apart / 1e3 for step in steps)
        )
        return cls(name, steps[0], steps[-1], tuple((step, f"{step:.{decimals}f}") for step in steps))

    @classmethod
    def logarithmic(cls, name: str, values: Iterable[float]) -> Axis:
        """Return an axis on which equal ratios are equally far; few marks: 1, 2 and 5, or powers of 10 alone."""
        given = list(values)
        low, high = min(given) / 1.15, max(given) * 1.15
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for leading in ((1, 2, 5), (1, 3), (1,)):
            marks = [first * 10.0**power for power in powers for first in leading]
            marks = [mark for mark in marks if low <= mark <= high]
            if len(marks) <= 6:
                break
        return cls(name, low, high, tuple((mark, f"{mark:.6g}") for mark in marks), log=True)

    @classmethod
    def of_sizes(cls, name: str, sizes: Sequence[float], beyond: float) -> Axis:
        """Return a logarithmic axis whose marks are the given sizes, up to a value beyond them."""
        marks = tuple((float(size), f"{size:,.0f}") for size in sizes)
        return cls(name, min(sizes) / 1.2, beyond * 1.06, marks, log=True)

    @classmethod
    def of_names(cls, name: str, names: Sequence[str]) -> Axis:
        """Return an axis with a place for each name: 0, 1, 2 and so on."""
        shown = names if len(names) <= _MOST_NAMES else ()
        return cls(name, -0.5, len(names) - 0.5, tuple((float(number), one) for number, one in enumerate(shown)))

    def share(self, value: float) -> float:
        """Return where a value lies, 0 at the low end and 1 at the high one."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


class Panel:
    """One plot: axes, and what is drawn between them.

    Args:
        title: stands above it.
        x, y: the axes.
    """

    def __init__(self, title: str, x: Axis, y: Axis) -> None:
        self.drawn = ET.Element("g")
        self._x, self._y = x, y
        bottom = HEIGHT - _BOTTOM
        self._text(_LEFT, 18, title, "start", "title")
        for value, written in y.marks:
            place = self.place((x.low, value))[1]
            self._stroke((_LEFT, place), (WIDTH - _RIGHT, place), "grid")
            self._text(_LEFT - 6, place + 4, written, "end")
        for value, written in x.marks:
            place = self.place((value, y.low))[0]
            self._stroke((place, bottom), (place, bottom + 4), "axis")
            self._text(place, bottom + 17, written, "middle")
        self._stroke((_LEFT, bottom), (WIDTH - _RIGHT, bottom), "axis")
        self._text((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 10, x.name, "middle")
        middle = (_TOP + bottom) / 2
        self._text(13, middle, y.name, "middle", turn=f"rotate(-90 13 {middle:.1f})")

    def place(self, point: Point) -> Point:
        """Return where a point lies on the paper."""
        return (
            _LEFT + self._x.share(point[0]) * (WIDTH - _LEFT - _RIGHT),
            HEIGHT - _BOTTOM - self._y.share(point[1]) * (HEIGHT - _TOP - _BOTTOM),
        )

    def line(self, points: Sequence[Point], kind: str = "line") -> None:
        """Join points."""
        ET.SubElement(self.drawn, "polyline", {"class": kind, "points": self._path(points)})

    def band(self, upper: Sequence[Point], lower: Sequence[Point]) -> None:
        """Fill what lies between two lines from left to right."""
        ET.SubElement(self.drawn, "polygon", {"class": "band", "points": self._path([*upper, *reversed(lower)])})

    def whisker(self, x: float, low: float, high: float) -> None:
        """Draw an upright line at a place."""
        self._stroke(self.place((x, low)), self.place((x, high)), "whisker")

    def dot(self, point: Point, told: str, kind: str = "dot", radius: float = 3.5) -> None:
        """Mark a point; what is told shows where the pointer rests."""
        x, y = self.place(point)
        own = {"class": kind, "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{radius:g}"}
        ET.SubElement(ET.SubElement(self.drawn, "circle", own), "title").text = told

    def _path(self, points: Iterable[Point]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.place, points))

    def _stroke(self, start: Point, end: Point, kind: str) -> None:
        places = zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True)
        ET.SubElement(self.drawn, "line", {"class": kind, **{name: f"{value:.1f}" for name, value in places}})

    def _text(self, x: float, y: float, words: str, anchor: str, kind: str = "", turn: str = "") -> None:
        own = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
        more = {name: value for name, value in (("class", kind), ("transform", turn)) if value}
        ET.SubElement(self.drawn, "text", {**own, **more}).text = words


def figure(title: str, told: Sequence[str], panels: Sequence[Panel], across: int = 3) -> str:
    """Return panels in rows as one SVG document.

    Args:
        title: what it shows.
        told: lines below the title.
        panels: from left to right, then down.
        across: panels in a row.
    """
    columns = min(across, len(panels))
    rows = -(-len(panels) // columns)
    top = _HEAD + 17 * len(told)
    width, height = columns * (WIDTH + _GAP) + _GAP, top + rows * (HEIGHT + _GAP)
    own = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}", "role": "img"}
    svg = ET.Element("svg", {**own, "width": str(width), "height": str(height)})
    ET.SubElement(svg, "title").text = title
    ET.SubElement(svg, "style").text = _STYLE
    ET.SubElement(svg, "text", {"class": "head", "x": str(_GAP), "y": "28"}).text = title
    for number, line in enumerate(told):
        ET.SubElement(svg, "text", {"class": "told", "x": str(_GAP), "y": str(_HEAD + 4 + 17 * number)}).text = line
    for number, panel in enumerate(panels):
        x, y = _GAP + number % columns * (WIDTH + _GAP), top + number // columns * (HEIGHT + _GAP)
        panel.drawn.set("transform", f"translate({x} {y})")
        svg.append(panel.drawn)
    return ET.tostring(svg, encoding="unicode") + "\n"

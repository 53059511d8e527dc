"""Charts as SVG, written by hand: a page needs four simple ones, and no library is lighter than none.

Colours and fonts come from the page's style, so that a chart is light or dark with it and prints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET  # builds what it is told, and escapes it; nothing is parsed

from train.reliability import Reliability

Point = tuple[float, float]
_WIDTH, _HEIGHT, _SQUARE = 360, 236, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 10, 40
_TRACK = (120, 12)
_WILSON = 1.96  # 95 %


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: said where the pointer rests on it.
        points: (x, y), in order.
        dashed: drawn with gaps.
        dots: each point is marked.
    """

    name: str
    points: Sequence[Point]
    dashed: bool = False
    dots: bool = False


class _Plot:
    """Axes with ticks, and a way from values to places on the paper."""

    def __init__(
        self,
        title: str,
        told: str,
        x: Sequence[float],
        y: Sequence[float],
        names: tuple[str, str],
        height: int = _HEIGHT,
    ) -> None:
        """Draw the axes.

        Args:
            title: what the chart is, for those who cannot see it.
            told: what it shows, in a sentence.
            x: ticks from left to right.
            y: ticks upwards.
            names: of the axes.
            height: of the paper.
        """
        self._height = height
        self.svg = ET.Element("svg", {"viewBox": f"0 0 {_WIDTH} {height}", "role": "img", "class": "chart"})
        ET.SubElement(self.svg, "title").text = title
        ET.SubElement(self.svg, "desc").text = told
        self._x, self._y = (x[0], x[-1]), (y[0], y[-1])
        bottom, left = height - _BOTTOM, _LEFT
        for value in y:
            place = self.place((x[0], value))[1]
            self.line((left, place), (_WIDTH - _RIGHT, place), "grid")
            self.text(left - 6, place + 4, _short(value), "end")
        for value in x:
            self.text(self.place((value, y[0]))[0], bottom + 16, _short(value), "middle")
        self.line((left, bottom), (_WIDTH - _RIGHT, bottom), "axis")
        self.text((left + _WIDTH - _RIGHT) / 2, height - 6, names[0], "middle")
        self.text(12, (_TOP + bottom) / 2, names[1], "middle", turned=True)

    def place(self, point: Point) -> Point:
        """Return where a point lies on the paper."""
        across = (point[0] - self._x[0]) / ((self._x[1] - self._x[0]) or 1)
        up = (point[1] - self._y[0]) / ((self._y[1] - self._y[0]) or 1)
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            self._height - _BOTTOM - up * (self._height - _TOP - _BOTTOM),
        )

    def line(self, start: Point, end: Point, kind: str) -> None:
        """Draw a straight line on the paper."""
        places = zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True)
        ET.SubElement(self.svg, "line", {"class": kind, **{name: f"{value:.1f}" for name, value in places}})

    def text(self, x: float, y: float, words: str, anchor: str, turned: bool = False) -> None:
        """Write on the paper."""
        turn = {"transform": f"rotate(-90 {x:.1f} {y:.1f})"} if turned else {}
        own = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, **turn}
        ET.SubElement(self.svg, "text", own).text = words

    def path(self, line: Line, thin: bool) -> None:
        """Draw a line of values."""
        places = [self.place(point) for point in line.points]
        kind = " ".join(["line", *(["dashed"] if line.dashed else []), *(["thin"] if thin else [])])
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        drawn = ET.SubElement(self.svg, "polyline", {"class": kind, "points": points})
        ET.SubElement(drawn, "title").text = line.name
        if line.dots or len(places) == 1:
            for point in line.points:
                self.dot(point, 2.5 if thin else 3, f"{line.name}: {point[1]:.4g} at {point[0]:.4g}")

    def dot(self, point: Point, radius: float, told: str, kind: str = "dot") -> None:
        """Mark a point of values."""
        x, y = self.place(point)
        own = {"class": kind, "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{radius:g}"}
        ET.SubElement(ET.SubElement(self.svg, "circle", own), "title").text = told

    def __str__(self) -> str:
        return _written(self.svg)


def line_chart(title: str, told: str, lines: Sequence[Line], names: tuple[str, str], best: Point | None = None) -> str:
    """Return a chart of lines over one axis; empty where no line has a point.

    Args:
        title: what the chart is.
        told: what it shows, in a sentence.
        lines: a few, or one a fold; with more than two they are thin.
        names: of the axes.
        best: a point to mark.
    """
    points = [point for line in lines for point in line.points if math.isfinite(point[1])]
    if not points:
        return ""
    across, up = zip(*points, strict=True)
    plot = _Plot(title, told, ticks(min(across), max(across), from_zero=True), ticks(min(up), max(up)), names)
    for line in lines:
        finite = [point for point in line.points if math.isfinite(point[1])]
        if finite:
            plot.path(Line(line.name, finite, line.dashed, line.dots), thin=len(lines) > 2)
    if best is not None:
        plot.dot(best, 6, f"the best: {best[1]:.4g} at {best[0]:.4g}", "best")
    return str(plot)


def reliability_chart(title: str, found: Reliability) -> str:
    """Return the share of right spans against their mean score, bin by bin with 95 % intervals (Wilson 1927)."""
    intervals = [wilson(one.right, one.spans) for one in found.bins]
    lowest = min([*(one.score for one in found.bins), *(low for low, _ in intervals)], default=0.0)
    axis = ticks(min(lowest, 0.9), 1.0)
    told = "; ".join(f"{one.spans} spans scored {one.score:.2f}: {one.right:.2f} right" for one in found.bins)
    plot = _Plot(title, told, axis, axis, ("mean score", "share that is right"), _SQUARE)
    plot.line(plot.place((axis[0], axis[0])), plot.place((axis[-1], axis[-1])), "ideal")
    for one, (low, high) in zip(found.bins, intervals, strict=True):
        plot.line(plot.place((one.score, low)), plot.place((one.score, min(high, axis[-1]))), "whisker")
        plot.dot((one.score, one.right), 4, f"{one.spans} spans, mean score {one.score:.3f}, right {one.right:.3f}")
    return str(plot)


def interval_track(value: float, low: float | None, high: float | None) -> str:
    """Return a value between 0 and 1 with its interval, as a small picture beside its figure."""
    width, height = _TRACK
    svg = ET.Element("svg", {"viewBox": f"0 0 {width} {height}", "class": "track", "aria-hidden": "true"})
    ET.SubElement(svg, "rect", {"class": "ground", "width": str(width), "height": str(height), "rx": "6"})
    if low is not None and high is not None:
        begin, end = max(low, 0.0) * width, min(high, 1.0) * width
        own = {"class": "interval", "x": f"{begin:.1f}", "y": "3", "width": f"{max(end - begin, 2):.1f}", "rx": "3"}
        ET.SubElement(svg, "rect", {**own, "height": "6"})
    place = min(max(value, 0.0), 1.0) * (width - 4)
    ET.SubElement(svg, "rect", {"class": "value", "x": f"{place:.1f}", "width": "4", "height": str(height), "rx": "2"})
    return _written(svg)


def bar(share: float) -> str:
    """Return a bar, 0 to 1, as a small picture beside its figure."""
    width, height = _TRACK
    svg = ET.Element("svg", {"viewBox": f"0 0 {width} {height}", "class": "track", "aria-hidden": "true"})
    long = max(share * width, 1.5 if share else 0)
    ET.SubElement(svg, "rect", {"class": "bar", "width": f"{long:.1f}", "height": str(height), "rx": "2"})
    return _written(svg)


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` (Wilson 1927)."""
    if not count:
        return 0.0, 1.0
    square = _WILSON**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _WILSON * math.sqrt(share * (1 - share) / count + square / (4 * count**2)) / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def ticks(low: float, high: float, from_zero: bool = False, most: int = 6) -> list[float]:
    """Return round values, at most so many, of which the first and the last hold all values between them."""
    low = min(low, 0.0) if from_zero else low
    largest = max(abs(low), abs(high))
    if high - low <= max(1e-12, 1e-9 * largest):  # one value, as good as
        half = largest / 2 if largest > 1e-12 else 0.5
        low, high = low - half, high + half
    size = 10 ** math.floor(math.log10((high - low) / (most - 1)))
    for step in (size, 2 * size, 2.5 * size, 5 * size, 10 * size, 20 * size):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first < most:
            return [number * step for number in range(first, last + 1)]
    raise AssertionError(f"no step divides {low} to {high}")


def _short(value: float) -> str:
    if value and abs(value) < 1e-3:
        power = math.floor(math.log10(abs(value)))
        return f"{value / 10**power:.3g}e{power}"
    return f"{value:.4g}"


def _written(svg: ET.Element) -> str:
    return ET.tostring(svg, encoding="unicode")

"""The plot of a learning curve: strict F1 by documents, all labels and each by itself, with the law through it."""

from __future__ import annotations

from conflict_ner.intervals import ALL_LABELS
from train.curve.law import sentence
from train.curve.results import CurveResult
from train.plots import Axis, Panel, figure

_DOCUMENTS = "documents to train on"


def plot(result: CurveResult) -> str:
    """Return the plot as SVG: a row a split."""
    told = [sentence(gains[ALL_LABELS], split) for split, gains in result.gains.items()]
    told.append(f"dots: runs on {result.corpus}; joined: their means; dashed: the law, with its 95 % range")
    panels = [_panel(result, split, label) for split, labels in result.labels.items() for label in labels]
    across = max(len(labels) for labels in result.labels.values())
    return figure(f"{result.name}: what more documents bring", told, panels, across)


def _panel(result: CurveResult, split: str, label: str) -> Panel:
    found = result.gains[split][label]
    scores = [point.f1[split][label] for point in result.points]
    scores += [value for _, value, *_ in found.curve]
    beyond = float(max(point.documents for point in result.points) + result.more)
    across = Axis.of_sizes(_DOCUMENTS, [row.documents for row in result.rows], beyond)
    up = Axis.linear("strict F1", scores)
    panel = Panel(f"{label}, {split}", across, up)
    if found.curve:
        upper = [(x, min(high, up.high)) for x, _, _, high in found.curve]
        panel.band(upper, [(x, max(low, up.low)) for x, _, low, _ in found.curve])
        panel.line([(x, value) for x, value, *_ in found.curve], "line dashed")
    panel.line([(row.documents, row.f1[split][label][0]) for row in result.rows])
    for point in result.points:
        value = point.f1[split][label]
        told = f"{point.documents} documents, seed {point.seed}: {value:.3f}"
        panel.dot((float(point.documents), value), told, "faint")
    return panel

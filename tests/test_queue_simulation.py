"""benchmarks/queue_simulation.py: it counts the spans to the goal, and draws the curve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_the_simulation_counts_the_spans_to_the_goal(tmp_path: Path) -> None:
    from benchmarks import queue_simulation as simulation

    path = tmp_path / "points.jsonl"
    scores = {"random": [0.6, 0.8], "queue": [0.7, 0.9]}
    records = [simulation.Point(0, "first", 20, 200, 0.4, 1.0), simulation.Point(0, "full", 300, 3000, 1.0, 1.0)]
    for strategy, found in scores.items():
        for budget, f1 in zip(simulation.BUDGETS[1:], found, strict=True):
            records.append(simulation.Point(0, strategy, budget, 10 * budget, f1, 1.0))
    path.write_text("\n".join([*(json.dumps(vars(record)) for record in records), '{"seed": 1, "stra']))
    points = simulation.read_points(path)
    assert len(points) == len(records)
    # From 0.8 at 1,400 spans to 1.0 at 3,000: 0.95 lies at 2,600; from 0.9 at 1,400 it lies at 2,200.
    assert simulation.enough(points, "random", 0) == pytest.approx(2600)
    assert simulation.enough(points, "queue", 0) == pytest.approx(2200)
    assert simulation.enough(points, "queue", 1) is None
    drawn = simulation.draw({strategy: simulation.mean_line(points, strategy) for strategy in scores})
    assert drawn.count("<polyline") >= 3
    assert "queue order" in drawn

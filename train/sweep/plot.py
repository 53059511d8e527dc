"""The plot of a search: the score of each trial, and the scores along each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, pairwise

from train.plots import Axis, Panel, figure
from train.sweep.results import SweepResult, Trial, short_names, shown_value
from train.sweep.space import Parameter

_F1 = "strict F1, validation"


def plot(space: Mapping[str, Parameter], result: SweepResult) -> str:
    """Return the plot as SVG.

    Args:
        space: what was searched: it says which axes are logarithmic, and which have names.
        result: the trials.
    """
    scored = sorted((trial for trial in result.trials if trial.score is not None), key=lambda trial: trial.number)
    title = f"{result.name}: {len(result.trials)} trials"
    if not scored:
        return figure(
            title, ["No trial has a score."], [Panel("", Axis.linear("trial", [0, 1]), Axis.linear(_F1, [0, 1]))]
        )
    names = short_names(result.parameters)
    panels = [_by_trial(result, scored)]
    panels += [_by_value(result, scored, key, parameter) for key, parameter in space.items()]
    best = result.best
    told = [f"on the validation split of {result.corpus}"]
    if best is not None and best.score is not None:
        values = ", ".join(f"{names[key]} {shown_value(value)}" for key, value in best.parameters.items())
        told.append(f"ringed, the best: trial {best.number}, strict F1 {best.score:.3f} with {values}")
    if any(trial.state != "finished" for trial in scored):
        told.append("grey: trials that did not run to their end")
    return figure(title, told, panels)


def _scores(scored: list[Trial]) -> Axis:
    return Axis.linear(_F1, [trial.score or 0.0 for trial in scored])


def _by_trial(result: SweepResult, scored: list[Trial]) -> Panel:
    panel = Panel(
        "by trial, and the best so far", Axis.linear("trial", [0, *(one.number for one in scored)]), _scores(scored)
    )
    best = list(accumulate((trial.score or 0.0 for trial in scored if trial.state == "finished"), max))
    finished = [trial.number for trial in scored if trial.state == "finished"]
    steps = [(float(number), score) for number, score in zip(finished, best, strict=True)]
    corners = [point for one, other in pairwise(steps) for point in (one, (other[0], one[1]))]
    panel.line([*corners, *steps[-1:]])
    for trial in scored:
        _dot(panel, result, trial, float(trial.number))
    return panel


def _by_value(result: SweepResult, scored: list[Trial], key: str, parameter: Parameter) -> Panel:
    named = [shown_value(choice) for choice in parameter.choices or ()]
    tried = [trial for trial in scored if key in trial.parameters]
    if named:
        axis = Axis.of_names(key, named)
    else:
        assert parameter.low is not None
        assert parameter.high is not None
        axis = (Axis.logarithmic if parameter.log else Axis.linear)(key, [parameter.low, parameter.high])
    panel = Panel(short_names(result.parameters)[key], axis, _scores(scored))
    for trial in tried:
        value = trial.parameters[key]
        _dot(panel, result, trial, float(named.index(shown_value(value))) if named else float(value or 0))
    return panel


def _dot(panel: Panel, result: SweepResult, trial: Trial, across: float) -> None:
    values = ", ".join(f"{key} {shown_value(value)}" for key, value in trial.parameters.items())
    told = f"trial {trial.number}, {trial.state}: {trial.score:.3f} with {values}"
    point = (across, trial.score or 0.0)
    panel.dot(point, told, "dot" if trial.state == "finished" else "faint")
    if trial == result.best:
        panel.dot(point, told, "best", 6.5)

"""What more documents would bring: a power law through the F1 errors of a learning curve.

The error falls as `a * n^-b + c` with the number of documents n (Hestness et al. 2017, Deep Learning Scaling is
Predictable, Empirically); c is what no number of documents mends. The range comes from drawing the scores anew about
the law, as far apart as the runs were (parametric bootstrap; Efron and Tibshirani 1993).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

DRAWS = 400
_LEAST_SIZES = 3
_FLOOR = 1e-3  # an F1 error of nothing has no logarithm
_EXPONENTS = np.linspace(-0.3, 2.5, 281)
_RESTS = np.geomspace(0.02, 100, 44)  # to what falls with more documents, at the largest size
_CONFIDENCE = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """An F1 error of `a * n^-b + c` at n documents."""

    a: float
    b: float
    c: float = 0.0

    def error(self, documents: float) -> float:
        """Return the error at so many documents."""
        return float(self.a * documents**-self.b + self.c)

    def __str__(self) -> str:
        rest = f" + {self.c:.3f}" if self.c else ""
        return f"{self.a:.3g} * n^{-self.b:.2f}{rest}"


class Gain(BaseModel):
    """What more documents would bring.

    Attributes:
        documents: there are now.
        more: documents more.
        law: as words.
        gain: in F1, between 0 and 1; None where no law can be drawn.
        low, high: its 95 % range; None where the spread is not known.
        missed: what the law through all sizes but the largest expected there, less what was found, in F1.
        doubt: why the gain cannot be told; None where it can.
        curve: (documents, F1 by the law, low, high), for a plot.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: int
    more: int
    law: str | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    missed: float | None = None
    doubt: str | None = None
    curve: tuple[tuple[float, float, float, float], ...] = ()


def gain(points: Sequence[tuple[float, float]], documents: int, more: int, seed: int = 0) -> Gain:
    """Fit the law and tell what more documents would bring.

    Args:
        points: (documents, strict F1) of each run.
        documents: there are now.
        more: documents more.
        seed: of the draws.
    """
    sizes, errors = _arrays(points)
    asked = Gain(documents=documents, more=more)
    count = len(np.unique(sizes))
    if count < _LEAST_SIZES:
        return asked.model_copy(
            update={"doubt": f"a law needs {_LEAST_SIZES} sizes, and there {'is' if count == 1 else 'are'} {count}"}
        )
    if errors.min() >= 1:
        return asked.model_copy(update={"doubt": "no run found anything"})
    law = fit(points)
    drawn = _drawn(law, sizes, errors, seed)
    missed, outside = _miss(points, seed)
    low, high = _range(np.array([one.error(documents) - one.error(documents + more) for one in drawn]))
    alone = len(sizes) == count
    found = asked.model_copy(
        update={
            "law": str(law),
            "gain": law.error(documents) - law.error(documents + more),
            **({} if alone else {"low": low, "high": high}),
            "missed": missed,
            "curve": tuple(_curve(law, drawn, np.geomspace(sizes.min(), documents + more, 40))),
        }
    )
    return found.model_copy(update={"doubt": _doubt(found, outside)})


def fit(points: Sequence[tuple[float, float]]) -> Law:
    """Return the law nearest to the runs, by squared differences of the errors' logarithms.

    With four sizes or more the error may keep a rest, where that pays for the parameter (Akaike's criterion,
    corrected for few points; Hurvich and Tsai 1989).

    Args:
        points: (documents, strict F1) of each run, at two sizes or more.
    """
    sizes, errors = _arrays(points)
    return _fit(sizes, errors[None])[0]


def sentence(found: Gain, split: str, label: str | None = None) -> str:
    """Return the gain in words.

    Args:
        found: the gain.
        split: that the runs were scored on.
        label: whose F1; None for all labels together.
    """
    what = f"strict F1 on {split}" + (f" for {label}" if label else "")
    begin = f"What {found.more:,} more documents than {found.documents:,} would bring in {what} "
    if found.gain is None:
        return f"{begin}cannot be told: {found.doubt}."
    decimals = 1 if abs(found.gain) >= 0.01 else 2
    points = f"{100 * found.gain:.{decimals}f} points"
    between = ""
    if found.low is not None and found.high is not None:
        between = f" [{100 * found.low:.{decimals}f}, {100 * found.high:.{decimals}f}]"
    if found.doubt:
        return f"{begin}cannot be told: {found.doubt}. (The law through the runs says {points}{between}.)"
    return (
        f"{found.more:,} more documents than {found.documents:,} would bring about {points}{between} of {what}, "
        f"by the law error = {found.law}."
    )


def _doubt(found: Gain, outside: bool) -> str | None:
    """Return why a gain cannot be told, None where it can; `outside`: the largest size lies beyond the law's range."""
    if found.low is None:
        return "with one run a size nobody knows what is luck; give seeds=[13,14,15]"
    if outside and found.missed is not None:
        return (
            f"the scores follow no power law here: the largest size lies {100 * abs(found.missed):.1f} points "
            f"{'below' if found.missed > 0 else 'above'} the law through the smaller ones"
        )
    if found.low <= 0:
        return "the runs lie too far apart: their range holds no gain at all, too"
    return None


def _arrays(points: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    sizes, scores = np.array(points, dtype=np.float64).reshape(-1, 2).T
    return sizes, np.maximum(1 - scores, _FLOOR)


def _fit(sizes: Floats, errors: Floats) -> list[Law]:
    """Return the law nearest to each row of errors.

    For a given b, and a given share of the rest in the error at the largest size, the best a follows; those two are
    sought on a grid, for all rows at once.

    Args:
        sizes: documents of each run, shape (runs,).
        errors: shape (rows, runs).
    """
    logs = np.log(errors)
    slopes, starts = np.polyfit(np.log(sizes), logs.T, 1)
    laws = [Law(math.exp(start), -float(slope)) for slope, start in zip(slopes, starts, strict=True)]
    if len(np.unique(sizes)) < 4:
        return laws
    exponents, rests = (axis.ravel() for axis in np.meshgrid(_EXPONENTS, _RESTS))
    rests = rests * sizes.max() ** -exponents
    shapes = np.log(sizes ** -exponents[:, None] + rests[:, None])  # (grid, runs), but for log a
    centred, middles = logs - logs.mean(axis=1, keepdims=True), shapes - shapes.mean(axis=1, keepdims=True)
    best = np.argmin(np.square(middles).sum(axis=1) - 2 * centred @ middles.T, axis=1)
    scales = np.exp(logs.mean(axis=1) - shapes[best].mean(axis=1))
    rested = [
        Law(float(scale), float(exponents[place]), float(scale * rests[place]))
        for scale, place in zip(scales, best, strict=True)
    ]
    return [
        min(pair, key=lambda law: _criterion(law, sizes, row)) for *pair, row in zip(laws, rested, errors, strict=True)
    ]


def _rest(law: Law, sizes: Floats, errors: Floats) -> float:
    """Return the summed squares of what the law leaves unexplained, in logarithms."""
    expected = law.a * sizes**-law.b + law.c
    return float(np.square(np.log(errors) - np.log(expected)).sum())


def _criterion(law: Law, sizes: Floats, errors: Floats) -> float:
    """Return Akaike's criterion for few points; the spread counts as a parameter."""
    count, parameters = len(sizes), 4 if law.c else 3
    if count <= parameters + 1:
        return math.inf if law.c else 0.0
    likelihood = count * math.log(max(_rest(law, sizes, errors), 1e-12) / count)
    return likelihood + 2 * parameters * count / (count - parameters - 1)


def _spread(law: Law, sizes: Floats, errors: Floats) -> float:
    """Return how far runs lie from the law, in logarithms: its own rest, or that of the runs of one size if larger."""
    free = max(len(sizes) - (3 if law.c else 2), 1)
    within = sum(float(np.square(own - own.mean()).sum()) for own in _by_size(sizes, np.log(errors)))
    runs = len(sizes) - len(np.unique(sizes))
    return math.sqrt(max(_rest(law, sizes, errors) / free, within / runs if runs else 0.0))


def _by_size(sizes: Floats, values: Floats) -> list[Floats]:
    return [values[sizes == size] for size in np.unique(sizes)]


def _drawn(law: Law, sizes: Floats, errors: Floats, seed: int) -> list[Law]:
    """Return the laws through scores drawn anew about a law."""
    spread = _spread(law, sizes, errors)
    generator = np.random.default_rng(seed)
    expected = np.log(law.a * sizes**-law.b + law.c)
    return _fit(sizes, np.exp(expected + generator.normal(0, spread, (DRAWS, len(sizes)))))


def _range(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return float(low), float(high)


def _miss(points: Sequence[tuple[float, float]], seed: int) -> tuple[float | None, bool]:
    """Return by how much the law through the smaller sizes is too high at the largest, and whether beyond its range."""
    sizes, errors = _arrays(points)
    smaller = sizes < sizes.max()
    if len(np.unique(sizes[smaller])) < _LEAST_SIZES:
        return None, False
    law = _fit(sizes[smaller], errors[None, smaller])[0]
    found = errors[~smaller]
    spread = _spread(law, sizes[smaller], errors[smaller]) / math.sqrt(len(found))
    generator = np.random.default_rng(seed)
    there = [
        one.error(sizes.max()) * math.exp(generator.normal(0, spread))
        for one in _drawn(law, sizes[smaller], errors[smaller], seed)
    ]
    low, high = _range(np.array(there))
    mean = float(found.mean())
    return mean - law.error(sizes.max()), not low <= mean <= high


def _curve(law: Law, drawn: Sequence[Law], grid: Floats) -> Iterator[tuple[float, float, float, float]]:
    for documents in grid:
        low, high = _range(np.array([one.error(documents) for one in drawn]))
        yield float(documents), max(0.0, 1 - law.error(documents)), max(0.0, 1 - high), max(0.0, 1 - low)

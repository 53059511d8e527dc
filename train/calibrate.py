"""Make span scores mean what they say: `python -m train calibrate runs/kfold --model models/mini`.

The curves from a model's confidence to the share of right spans are learned from spans that the models of a k-fold
run found in documents that they had not seen. Three ways are tried, label by label: temperature (Guo et al. 2017),
Platt's (1999) and isotonic regression (Zadrozny and Elkan 2002); the one with the lowest Brier score on documents
that were left out of the fit is taken, or none where none is better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conflict_ner.calibration import CALIBRATION_FILE, Calibration, Curve, key
from conflict_ner.errors import DataError
from train.reliability import Judged, Reliability, reliability

if TYPE_CHECKING:
    from rich.table import Table

PRECISIONS = (0.8, 0.9, 0.95)
FEWEST = 50  # spans of a label; with fewer it shares the curve of all labels
_FOLDS = 5
_FEWEST_KEPT = 10  # spans; a precision of fewer says nothing
_EDGE = 1e-4  # confidences nearer to 0 or 1 are taken as this near
_Shares = NDArray[np.float64]
_Fit = Callable[[_Shares, _Shares], Curve]


@dataclass(frozen=True)
class Trial:
    """One way to calibrate, measured on documents left out of the fit."""

    method: str
    brier: float
    reliability: Reliability


@dataclass(frozen=True)
class Calibrated:
    """A calibration, the ways that were tried, and how the model's own confidence stood."""

    calibration: Calibration
    before: Reliability
    trials: tuple[Trial, ...]
    kept: Mapping[str, Mapping[str, float]]


def calibrate(judged: Sequence[Judged], source: str, precisions: Sequence[float] = PRECISIONS) -> Calibrated:
    """Learn what scores mean.

    Args:
        judged: spans found in documents that their model had not seen, with scores.
        source: name of the run they come from.
        precisions: wanted ones, each with thresholds of its own.

    Returns:
        The calibration with `kept`: precision -> label -> share of the right spans that its threshold keeps.

    Raises:
        DataError: too few spans, or documents, to learn from.
    """
    documents = sorted({one.document for one in judged})
    if len(judged) < FEWEST or len(documents) < 2:
        raise DataError(
            f"{len(judged)} predicted span(s) in {len(documents)} document(s) are too few to calibrate on; "
            f"{FEWEST} spans in 2 documents are the least. Hold out more documents in the k-fold run."
        )
    are_right = [one.right for one in judged]
    right = np.array(are_right, dtype=np.float64)
    before = reliability([one.score for one in judged], are_right)
    trials = []
    left_out: dict[str, _Shares] = {}
    for method, fit in _METHODS.items():
        scores = left_out[method] = _cross_fitted(judged, documents, fit)
        trials.append(
            Trial(
                method,
                float(np.mean((scores - right) ** 2)),
                reliability(scores.tolist(), are_right),
            )
        )
    best = min(trials, key=lambda trial: trial.brier)
    curves = _curves(judged, _METHODS[best.method])
    thresholds, kept = _thresholds(judged, left_out[best.method], precisions)
    calibration = Calibration(
        method=best.method,
        source=source,
        spans=len(judged),
        ece_before=round(before.ece, 4),
        ece_after=round(best.reliability.ece, 4),
        curves=curves,
        thresholds=thresholds,
    )
    return Calibrated(calibration, before, tuple(trials), kept)


def _cross_fitted(judged: Sequence[Judged], documents: Sequence[str], fit: _Fit) -> _Shares:
    """Return each span's score by curves that were fitted without its document."""
    part = {name: number % _FOLDS for number, name in enumerate(documents)}
    scores = np.zeros(len(judged))
    for fold in range(min(_FOLDS, len(documents))):
        curves = _curves([one for one in judged if part[one.document] != fold], fit)
        for number, one in enumerate(judged):
            if part[one.document] == fold:
                curve = curves.get(one.label)
                scores[number] = curve.at(one.score) if curve is not None else one.score
    return scores


def _curves(judged: Sequence[Judged], fit: _Fit) -> dict[str, Curve]:
    """Fit a curve a label; a label with few spans gets that of all together."""
    counts = Counter(one.label for one in judged)
    shared = _fitted(judged, fit)
    return {
        label: _fitted([one for one in judged if one.label == label], fit) if counts[label] >= FEWEST else shared
        for label in sorted(counts)
    }


def _fitted(judged: Sequence[Judged], fit: _Fit) -> Curve:
    scores = np.array([one.score for one in judged])
    right = np.array([one.right for one in judged], dtype=np.float64)
    if not len(judged) or right.min() == right.max():
        # All right or all wrong: no curve can be told from that, and none is made up.
        return _as_it_is(scores, right)
    return fit(scores, right)


def _as_it_is(scores: _Shares, right: _Shares) -> Curve:
    return Curve(confidence=(0.0, 1.0), share=(0.0, 1.0))


def _temperature(scores: _Shares, right: _Shares) -> Curve:
    """Divide the log-odds by one number."""
    return _logistic(scores, right, with_offset=False)


def _platt(scores: _Shares, right: _Shares) -> Curve:
    """Divide the log-odds by one number and move them by another."""
    return _logistic(scores, right, with_offset=True)


def _logistic(scores: _Shares, right: _Shares, with_offset: bool) -> Curve:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e3, fit_intercept=with_offset, max_iter=1000)
    model.fit(_log_odds(scores)[:, None], right)
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0]) if with_offset else 0.0
    places = np.concatenate([[0.0], 1 / (1 + np.exp(-np.linspace(-8, 8, 33))), [1.0]])
    shares = 1 / (1 + np.exp(-(max(slope, 0.0) * _log_odds(places) + offset)))
    return _curve(places, shares)


def _isotonic(scores: _Shares, right: _Shares) -> Curve:
    """Take the nearest rising steps."""
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, right)
    return _curve(model.X_thresholds_, model.y_thresholds_)


def _curve(places: _Shares, shares: _Shares) -> Curve:
    """Round, and leave out points that rounding makes equal."""
    by_place = {round(float(place), 6): round(float(share), 6) for place, share in zip(places, shares, strict=True)}
    return Curve(confidence=tuple(by_place), share=tuple(np.maximum.accumulate(list(by_place.values())).tolist()))


def _log_odds(scores: _Shares) -> _Shares:
    clipped = np.clip(scores, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped / (1 - clipped)))


_METHODS: dict[str, _Fit] = {
    "none": _as_it_is,
    "temperature": _temperature,
    "Platt": _platt,
    "isotonic": _isotonic,
}


def _thresholds(
    judged: Sequence[Judged], scores: _Shares, precisions: Sequence[float]
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Return precision -> label -> least score that reaches it, and the share of right spans that it keeps."""
    thresholds: dict[str, dict[str, float]] = {}
    kept: dict[str, dict[str, float]] = {}
    labels = sorted({one.label for one in judged})
    for precision in precisions:
        found, share = thresholds.setdefault(key(precision), {}), kept.setdefault(key(precision), {})
        for label in labels:
            own = [number for number, one in enumerate(judged) if one.label == label]
            values, right = scores[own], np.array([judged[number].right for number in own], dtype=np.float64)
            least = _least_score(values, right, precision)
            if least is not None:
                # Rounded down, so that a span at the threshold is kept.
                found[label] = float(np.floor(least * 1e6) / 1e6)
                share[label] = float(right[values >= least].sum() / max(right.sum(), 1))
    return thresholds, kept


def _least_score(scores: _Shares, right: _Shares, precision: float) -> float | None:
    """Return the lowest score with the wanted precision among the spans that reach it; None where there is none."""
    order = np.argsort(-scores, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Spans of one score stand or fall together.
    last = np.append(np.diff(scores[order]) != 0, True)
    good = np.flatnonzero((shares >= precision) & last & (np.arange(1, len(order) + 1) >= _FEWEST_KEPT))
    return float(scores[order][good[-1]]) if len(good) else None


def calibrate_and_tell(
    run: Path,
    model: Path | None = None,
    split: str = "out-of-fold",
    precisions: Sequence[float] = PRECISIONS,
    gold: Path | None = None,
) -> None:
    """Calibrate a model on what a run read of documents held out, and print what came out.

    Args:
        run: a run's folder, of `kfold` by default.
        model: the checkpoint that gets the calibration; None only tells.
        split: whose predictions are learned from.
        precisions: wanted ones.
        gold: a `documents.jsonl` or a corpus folder, in place of the run's own corpus.

    Raises:
        DataError: there are no predictions with scores, or too few.
        CheckpointError: there is no such checkpoint.
    """
    from conflict_ner.checkpoint import find_checkpoint
    from conflict_ner.console import out
    from conflict_ner.documents import read_documents
    from conflict_ner.files import replacing_file
    from train.gold import gold_of
    from train.reliability import judge
    from train.run import Run
    from train.score import pair_documents

    folder = find_checkpoint(model) if model is not None else None
    predictions = Run(run).predictions(split)
    if not predictions.is_file():
        raise DataError(
            f"{run} holds no predictions of the {split} split; make them with `python -m train kfold CONFIG`, "
            "or name another split with --split."
        )
    right, _ = gold_of(run, split, gold)
    found = calibrate(judge(pair_documents(right, read_documents(predictions))), run.resolve().name, precisions)
    out.print(render(found))
    out.print(
        f"Expected calibration error {found.calibration.ece_before:.3f} before, {found.calibration.ece_after:.3f} "
        f"after, by {found.calibration.method}, on {found.calibration.spans:,} spans (10 bins of equally many)."
    )
    for precision, labels in found.kept.items():
        told = ", ".join(
            f"{label} {found.calibration.thresholds[precision][label]:.2f} (keeps {share:.0%})"
            for label, share in labels.items()
        )
        out.print(f"Precision {precision} from a score of: {told or 'no label reaches it'}", markup=False)
    if folder is None:
        out.print("No --model was named, so nothing was written.", style="yellow")
        return
    with replacing_file(folder / CALIBRATION_FILE) as temporary:
        temporary.write_text(found.calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")
    out.print(f"Calibration written to {folder / CALIBRATION_FILE}", markup=False, soft_wrap=True)


def render(found: Calibrated) -> Table:
    """Return the ways that were tried as a table for the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("method")
    for name in ("Brier score", "calibration error", "highest bin: score", "right"):
        table.add_column(name, justify="right")
    for trial in found.trials:
        top = trial.reliability.bins[-1]
        mark = " (taken)" if trial.method == found.calibration.method else ""
        table.add_row(
            trial.method + mark,
            f"{trial.brier:.4f}",
            f"{trial.reliability.ece:.3f}",
            f"{top.score:.3f}",
            f"{top.right:.3f}",
        )
    return table

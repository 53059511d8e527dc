"""What a span's score means: a model's own confidence -> the share of such spans that are right, label by label.

`python -m train calibrate` learns it from documents that the model did not see and writes it beside the weights as
`calibration.json`; the tagger applies it. With it come the scores from which on a label's spans reach a wanted
precision, so that a reader can ask for few and sure spans instead of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from conflict_ner.config import explain
from conflict_ner.documents import Span
from conflict_ner.errors import CheckpointError, ConfigError

CALIBRATION_FILE = "calibration.json"

_Share = Annotated[float, Field(ge=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Curve(_Record):
    """A rising line from a model's confidence to the share of right spans; between its points it is straight.

    Attributes:
        confidence: places, rising.
        share: values there, never falling.
    """

    confidence: Annotated[tuple[_Share, ...], Field(min_length=1)]
    share: Annotated[tuple[_Share, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rises(self) -> Curve:
        if len(self.confidence) != len(self.share):
            raise ValueError(f"{len(self.confidence)} confidences and {len(self.share)} shares; one belongs to each")
        if any(np.diff(self.confidence) <= 0) or any(np.diff(self.share) < 0):
            raise ValueError("confidences rise from point to point, and shares never fall")
        return self

    def at(self, confidence: float) -> float:
        """Return the share of right spans at a confidence."""
        return float(np.interp(confidence, self.confidence, self.share))


class Calibration(_Record):
    """The content of `calibration.json`.

    Attributes:
        method: how the curves were fitted.
        source: name of the run whose held-out documents they come from.
        spans: how many predicted spans that was.
        ece_before: expected calibration error of the model's own confidence on them.
        ece_after: the same of the calibrated score, on documents that the curve in use had not seen.
        curves: label -> curve.
        thresholds: wanted precision, as a decimal such as "0.9" -> label -> calibrated score from which on the
            label's spans reach it. A label that never does is not there.
    """

    method: str
    source: str
    spans: int
    ece_before: float
    ece_after: float
    curves: dict[str, Curve]
    thresholds: dict[str, dict[str, _Share]] = {}

    def score(self, span: Span) -> Span:
        """Return a span with its calibrated score; as it is where its label has no curve or it has no score."""
        curve = self.curves.get(span.label)
        if curve is None or span.score is None:
            return span
        return span.model_copy(update={"score": curve.at(span.score)})

    def threshold(self, precision: float, labels: Sequence[str]) -> Mapping[str, float]:
        """Return label -> least score for a wanted precision; more than 1 for a label that never reaches it.

        Raises:
            ConfigError: no thresholds were made for that precision.
        """
        found = self.thresholds.get(key(precision))
        if found is None:
            made = ", ".join(sorted(self.thresholds)) or "none"
            raise ConfigError(
                f"This checkpoint has no thresholds for a precision of {key(precision)}; it has them for {made}. "
                f"Make them with `python -m train calibrate RUN --model MODEL --precision {key(precision)}`."
            )
        return {label: found.get(label, float("inf")) for label in labels}


def key(precision: float) -> str:
    """Return how a precision is named in the file: 0.90 is "0.9"."""
    return f"{precision:.3f}".rstrip("0").rstrip(".")


def read_calibration(folder: Path) -> Calibration | None:
    """Read the calibration of a checkpoint; None where it has none.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / CALIBRATION_FILE
    if not path.is_file():
        return None
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise CheckpointError(
            f"{path} is damaged: {'; '.join(explain(error, Calibration))}. Make it anew with "
            "`python -m train calibrate`, or delete it to read with the model's own confidence."
        ) from error

"""Weights and activations in eight bits by NNCF, which is needed to export and not to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conflict_ner.errors import ConfigError

INSTALL = "pip install 'conflict-ner[int8]'"

Batch = tuple[NDArray[np.int64], NDArray[np.int64]]


def to_int8(model: Any, batches: Sequence[Batch]) -> Any:
    """Return a model quantised after training, with the ranges that it shows on real text.

    Args:
        model: an OpenVINO model.
        batches: ids and masks of the texts that show the ranges.

    Raises:
        ConfigError: NNCF is not installed.
    """
    try:
        import nncf
    except ImportError as error:
        raise ConfigError(f"Precision int8 needs NNCF, which is not installed ({error}); {INSTALL}.") from error
    nncf.set_log_level("ERROR")
    return nncf.quantize(model, nncf.Dataset(batches), subset_size=len(batches), model_type=nncf.ModelType.TRANSFORMER)

"""OpenVINO, which reads a small encoder on a CPU several times as fast as PyTorch.

A model is traced from PyTorch and needs neither ONNX nor a hub. `openvino` is imported here alone.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conflict_ner.errors import CheckpointError, ConfigError
from conflict_ner.runtime.exported import Precision

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

INSTALL = "pip install 'conflict-ner[openvino]'"
# What an int8 model keeps in floats runs in bfloat16 where the CPU has it.
_HINTS: dict[Precision, Precision] = {"fp32": "fp32", "bf16": "bf16", "int8": "bf16"}
_NAMES: dict[Precision, str] = {"fp32": "f32", "bf16": "bf16"}
_TELEMETRY = "openvino_telemetry"


class OpenVinoEngine:
    """An exported model on the CPU.

    Args:
        path: the `model.xml` with `model.bin` beside it.
        precision: what it was exported for: fp32, bf16 or int8. On a CPU without bfloat16, bf16 is computed in fp32.

    Raises:
        ConfigError: OpenVINO is not installed.
        CheckpointError: it cannot open the model.
    """

    batch_tokens = 2048

    def __init__(self, path: Path, precision: Precision) -> None:
        import torch

        self.precision = runs_as(precision)
        self.device: torch.device = torch.device("cpu")
        settings = {
            "INFERENCE_PRECISION_HINT": _NAMES[runs_as(_HINTS[self.precision])],
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            # Processes that read side by side would all be pinned to the first cores.
            "ENABLE_CPU_PINNING": "NO",
            **_threads(),
        }
        try:
            self._compiled: Any = _core().compile_model(str(path), "CPU", settings)
        except RuntimeError as error:
            raise CheckpointError(
                f"OpenVINO cannot open {path} ({str(error).strip().splitlines()[-1]}); make it anew with "
                f"`conflict-ner export {path.parent.parent}`."
            ) from error
        self._own = threading.local()

    @property
    def name(self) -> str:
        """`openvino` and the precision that it computes in."""
        return f"openvino {self.precision}"

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logits of each tag for each token."""
        # A request holds the tensors of one reading, so each thread has its own.
        request = getattr(self._own, "request", None)
        if request is None:
            request = self._own.request = self._compiled.create_infer_request()
        result: NDArray[np.float32] = request.infer([ids, mask])[0]
        return result


def installed() -> str | None:
    """Return the version of OpenVINO, or None where it is not installed."""
    try:
        with _no_telemetry():
            import openvino
    except ImportError:
        return None
    return str(openvino.__version__)


def runs_as(precision: Precision) -> Precision:
    """Return the precision in which this CPU computes an export: bf16 where it has bfloat16, else fp32 in its place."""
    if precision == "bf16" and "BF16" not in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return "fp32"
    return precision


def multiplies_bytes() -> bool:
    """Say whether this CPU has dot products of bytes, without which int8 is slower than fp32; True where unknown."""
    try:
        flags = next(line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "flags" in line)
    except (OSError, StopIteration):
        return True
    return bool({"avx512_vnni", "avx_vnni", "amx_int8"} & set(flags.split()))


def convert(model: PreTrainedModel) -> Any:
    """Return OpenVINO's model of a token classifier, for batches of any shape.

    Raises:
        ConfigError: OpenVINO is not installed.
        CheckpointError: it does not know something that the model computes.
    """
    import torch

    class Logits(torch.nn.Module):
        """The model as a function of two tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
            return logits

    openvino = _openvino()
    ids = torch.ones((2, 16), dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0  # without padding the trace would leave the mask out
    shapes = [(name, [-1, -1], openvino.Type.i64) for name in ("input_ids", "attention_mask")]
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of tracing; the check against PyTorch tells what matters
        try:
            return openvino.convert_model(Logits().cpu().eval(), example_input=(ids, mask), input=shapes)
        except Exception as error:
            # The converter raises classes of its own, of PyTorch's tracer and of the system alike.
            lines = str(error).strip().splitlines()
            raise CheckpointError(
                f"OpenVINO cannot convert a {type(model).__name__} ({type(error).__name__}: "
                f"{lines[0] if lines else ''}); it is read by PyTorch as before."
            ) from error


def save(model: Any, path: Path, halved: bool) -> None:
    """Write a converted model as `path` (.xml) with the weights (.bin) beside it.

    Args:
        model: what `convert` gave.
        path: of the .xml.
        halved: keep weights in 16 bits, which takes half the room.
    """
    _openvino().save_model(model, str(path), compress_to_fp16=halved)


def _openvino() -> Any:
    try:
        with _no_telemetry():
            import openvino
    except ImportError as error:
        raise ConfigError(
            f"The engine openvino needs OpenVINO, which is not installed ({error}); {INSTALL}."
        ) from error
    return openvino


def _core() -> Any:
    return _openvino().Core()


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Import OpenVINO as if its reporter were not installed: it tells Google Analytics of every import."""
    if "openvino" in sys.modules or _TELEMETRY in sys.modules:
        yield
        return
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[_TELEMETRY]


def _threads() -> dict[str, str]:
    """Return the setting for as many threads as `OMP_NUM_THREADS` grants, which PyTorch keeps to as well."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").strip()
    return {"INFERENCE_NUM_THREADS": wanted} if wanted.isdigit() and int(wanted) > 0 else {}

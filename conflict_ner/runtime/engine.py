"""What computes a model: token ids in, logits out. PyTorch is the reference, and always there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class Engine(Protocol):
    """Computes the logits of a batch; safe to call from several threads.

    Attributes:
        name: engine and precision for people, such as `openvino bf16`.
        device: where it computes.
        batch_tokens: most tokens of a batch, padding counted in, at which it is fast.
    """

    @property
    def name(self) -> str: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def batch_tokens(self) -> int: ...

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logits of each tag for each token.

        Args:
            ids: vocabulary ids with special tokens, shape (texts, tokens).
            mask: 1 for a token, 0 for padding, the same shape.

        Returns:
            Shape (texts, tokens, tags); what stands at padding means nothing.
        """
        ...


class TorchEngine:
    """PyTorch, on a GPU where there is one.

    Args:
        model: moved to the device and set to read.
        device: a torch device; by default a GPU where there is one, else the CPU.
    """

    batch_tokens = 4096

    def __init__(self, model: PreTrainedModel, device: str | None = None) -> None:
        import torch

        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._model: Any = model.to(self.device).eval()  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """`torch fp32`, and the device where it is not the CPU."""
        kind = str(self._model.dtype).removeprefix("torch.").replace("float", "fp").replace("bfp", "bf")
        return f"torch {kind}" if self.device.type == "cpu" else f"torch {kind} on {self.device}"

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logits of each tag for each token."""
        import torch

        with torch.inference_mode():
            logits = self._model(
                input_ids=torch.from_numpy(ids).to(self.device), attention_mask=torch.from_numpy(mask).to(self.device)
            ).logits
            result: NDArray[np.float32] = logits.float().cpu().numpy()
        return result

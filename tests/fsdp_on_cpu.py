"""Train with FSDP over gloo: PyTorch shards on processors too, and accelerate offers it for GPUs alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType

from conflict_ner.config import read_config
from train.config import TrainConfig
from train.train import train

_begin = AcceleratorState.__init__


def _with_fsdp(self: AcceleratorState, *arguments: Any, fsdp_plugin: Any = None, **more: Any) -> None:
    _begin(self, *arguments, fsdp_plugin=fsdp_plugin, **more)
    if fsdp_plugin is not None:
        self.distributed_type = PartialState._shared_state["distributed_type"] = DistributedType.FSDP
        self.fsdp_plugin = fsdp_plugin


AcceleratorState.__init__ = _with_fsdp  # type: ignore[method-assign]
train(read_config(Path(sys.argv[1]), TrainConfig, sys.argv[2:]))

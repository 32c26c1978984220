"""What every model format gives."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class LoadedModel:
    """A module ready to run, on the CPU unless its format put it elsewhere."""

    module: nn.Module
    format: str
    """TorchExport, Safetensors or HuggingFace."""

"""From what the camera stores to what the network takes; the assessment and the training share it."""

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

PIXELS = "pixels"
LABELS = "digit"


def prepare(arrays: Mapping[str, NDArray[Any]]) -> Tensor:
    """Images (n, 28, 28) in 8 bits as float32 (n, 1, 28, 28) in [0, 1]: the `transform` of a ModelReuseCheck."""
    return torch.from_numpy(arrays[PIXELS]).to(torch.float32).unsqueeze(1) / 255.0

"""Which GPUs a training uses, asked of the framework that the training itself has loaded.

Nothing is imported here: a framework that isn't loaded by now computes nothing.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Devices:
    """GPUs by UUID, and what waits for the work queued on them (None where nothing is queued)."""

    gpus: tuple[str, ...] = ()
    synchronize: Callable[[], object] | None = None


def devices_in_use(modules: "dict[str, Any]" = sys.modules) -> Devices:
    """All GPUs that PyTorch sees, if the training has imported it: in a pod, those that were given to the pod."""
    torch = modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return Devices()
    uuids = (torch.cuda.get_device_properties(index).uuid for index in range(torch.cuda.device_count()))
    return Devices(tuple(f"GPU-{uuid}" for uuid in uuids), torch.cuda.synchronize)

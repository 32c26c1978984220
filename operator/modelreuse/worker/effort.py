"""Time and energy of a stretch of work on one device, in the units of the API."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from modelreuse.api import Basis
from modelreuse.metering import Measurement, Meter
from modelreuse.worker.cores import available_cores

_JOULES_PER_WH = 3600.0
_WEAKEST_FIRST = (Basis.ASSUMED, Basis.ESTIMATED, Basis.MEASURED)


@dataclass(frozen=True)
class Effort:
    """Wall-clock and CPU seconds, and Wh with the weakest basis of its parts."""

    seconds: float
    cpu_seconds: float
    energy_wh: float
    basis: Basis
    note: str = ""

    @staticmethod
    def of(measurement: Measurement) -> "Effort":
        """What a meter measured."""
        return Effort(
            seconds=measurement.seconds,
            cpu_seconds=measurement.cpu_seconds,
            energy_wh=measurement.energy_joules / _JOULES_PER_WH,
            basis=Basis(str(measurement.energy_basis)),
            note=measurement.note,
        )

    def __add__(self, other: "Effort") -> "Effort":
        return Effort(
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            self.energy_wh + other.energy_wh,
            min(self.basis, other.basis, key=_WEAKEST_FIRST.index),
            self.note if self.note == other.note else " ".join(filter(None, (self.note, other.note))),
        )


def default_device() -> torch.device:
    """The first CUDA device, else the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def device_name(device: torch.device) -> str:
    """As people call it: `NVIDIA H200`, or `cpu (2 cores)`."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu ({available_cores()} cores)"


def synchronizer(device: torch.device) -> Callable[[], None] | None:
    """What waits for queued work of the device; None where work isn't queued."""
    return (lambda: torch.cuda.synchronize(device)) if device.type == "cuda" else None


def meter(device: torch.device) -> Meter:
    """A meter of this process and of the device."""
    if device.type != "cuda":
        return Meter()
    uuid = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
    return Meter(gpus=(uuid,), synchronize=synchronizer(device))

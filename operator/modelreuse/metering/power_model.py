"""Energy from time where no counter can be read: the common case on virtual machines and in unprivileged pods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from modelreuse.metering.errors import NegativePower
from modelreuse.metering.measurement import EnergyBasis, EnergyComponent

DEFAULT_CPU_WATTS_PER_CORE: Final = 7.0
"""TDP per core lies between 4.4 W (AMD EPYC 7763: 280 W, 64 cores) and 8.1 W (Intel i7-12700: 65 W, 8 fast cores)."""
DEFAULT_CPU_IDLE_WATTS: Final = 5.0
"""A small share of a server's idle power (100 W or so, dozens of pods), so that waiting isn't free."""
DEFAULT_GPU_WATTS: Final = 300.0
"""Between 70 W (NVIDIA T4) and 700 W (H100 SXM, H200): TDP; 300 W is that of an A100 PCIe 80 GB and an A40."""


@dataclass(frozen=True)
class PowerModel:
    """Power figures for this machine, for example out of a CostProfile; None where there is none.

    cpu_watts_per_core: power of one busy core, W. cpu_idle_watts: this program's share of the idle machine's power, W,
    drawn for the whole wall time. gpu_watts: power of one of the GPUs in use, W, drawn for the whole wall time.
    Raises NegativePower for figures that are negative or not finite.
    """

    cpu_watts_per_core: float | None = None
    cpu_idle_watts: float = 0.0
    gpu_watts: float | None = None

    def __post_init__(self) -> None:
        for name in ("cpu_watts_per_core", "cpu_idle_watts", "gpu_watts"):
            watts = getattr(self, name)
            if watts is not None and not (math.isfinite(watts) and watts >= 0):
                raise NegativePower(f"{name}: {watts} W; give 0 or more")

    def cpu(self, seconds: float, cpu_seconds: float, why: str) -> EnergyComponent:
        """CPU energy = cpu_watts_per_core x cpu_seconds + cpu_idle_watts x seconds; why: why it is not measured.

        Estimated with the given figures; Assumed, with the defaults, where no watts per core were given.
        """
        if self.cpu_watts_per_core is None:
            joules = DEFAULT_CPU_WATTS_PER_CORE * cpu_seconds + DEFAULT_CPU_IDLE_WATTS * seconds
            note = (
                f"{why}; assumed {DEFAULT_CPU_WATTS_PER_CORE:g} W per busy core and {DEFAULT_CPU_IDLE_WATTS:g} W idle"
            )
            return EnergyComponent("cpu", joules, EnergyBasis.ASSUMED, "default-power", note)
        joules = self.cpu_watts_per_core * cpu_seconds + self.cpu_idle_watts * seconds
        note = f"{why}; {self.cpu_watts_per_core:g} W per busy core and {self.cpu_idle_watts:g} W idle"
        return EnergyComponent("cpu", joules, EnergyBasis.ESTIMATED, "power-model", note)

    def gpu(self, name: str, seconds: float, why: str) -> EnergyComponent:
        """GPU energy = gpu_watts x seconds: Estimated; Assumed, with the default, where no watts were given."""
        if self.gpu_watts is None:
            note = f"{why}; assumed {DEFAULT_GPU_WATTS:g} W"
            return EnergyComponent(name, DEFAULT_GPU_WATTS * seconds, EnergyBasis.ASSUMED, "default-power", note)
        note = f"{why}; {self.gpu_watts:g} W"
        return EnergyComponent(name, self.gpu_watts * seconds, EnergyBasis.ESTIMATED, "power-model", note)

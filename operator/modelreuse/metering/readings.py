"""The counters that can be read on this machine, and for each that cannot, why: nothing is missing silently."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from modelreuse.metering.measurement import EnergyComponent
from modelreuse.metering.nvml import GpuEnergy, NvmlLibrary, NvmlUnavailable, load_nvml
from modelreuse.metering.power_model import PowerModel
from modelreuse.metering.rapl import Rapl, RaplUnavailable


class Readings:
    """Energy of the CPU and the given GPUs since the object was made; `close` it afterwards. Safe between threads."""

    def __init__(
        self,
        gpus: Sequence[int | str],
        powercap: Path,
        nvml: NvmlLibrary | None,
        clock: Callable[[], float],
        environ: Mapping[str, str],
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._nvml = nvml
        self._open_nvml = False
        self._gpus: dict[str, GpuEnergy | str] = {}
        for gpu in gpus:
            energy = self._gpu(gpu, environ)
            self._gpus[energy.name if isinstance(energy, GpuEnergy) else f"gpu:{gpu}"] = energy
        self._cpu: Rapl | str
        try:
            self._cpu = Rapl(powercap)
        except RaplUnavailable as why:
            self._cpu = str(why)

    @property
    def need_samples(self) -> bool:
        """Whether anything here must be read again and again during the region."""
        return isinstance(self._cpu, Rapl) or any(
            isinstance(gpu, GpuEnergy) and gpu.needs_samples for gpu in self._gpus.values()
        )

    def sample(self) -> None:
        """Read what has to be read again and again; never raises for what cannot be read."""
        with self._lock:
            if isinstance(self._cpu, Rapl):
                try:
                    self._cpu.read()
                except RaplUnavailable as why:
                    self._cpu = str(why)
            for gpu in self._gpus.values():
                if isinstance(gpu, GpuEnergy):
                    gpu.sample(self._clock())

    def components(self, seconds: float, cpu_seconds: float, power: PowerModel) -> list[EnergyComponent]:
        """CPU first, then the GPUs, each by its counter or else by the power model for a region of that long."""
        self.sample()
        with self._lock:
            return [self._cpu_component(seconds, cpu_seconds, power)] + [
                self._gpu_component(name, gpu, seconds, power) for name, gpu in self._gpus.items()
            ]

    def close(self) -> None:
        """Leave NVML as it was found."""
        if self._open_nvml and self._nvml is not None:
            self._open_nvml = False
            with suppress(self._nvml.NVMLError):  # the figures are taken; nothing is lost
                self._nvml.nvmlShutdown()

    def _gpu(self, gpu: int | str, environ: Mapping[str, str]) -> GpuEnergy | str:
        try:
            self._nvml = self._nvml or load_nvml()
            if not self._open_nvml:
                self._start(self._nvml)
            return GpuEnergy(self._nvml, gpu, self._clock(), environ)
        except NvmlUnavailable as why:
            return str(why)

    def _start(self, nvml: NvmlLibrary) -> None:
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            raise NvmlUnavailable(f"NVML does not start: {error}") from error
        self._open_nvml = True

    def _cpu_component(self, seconds: float, cpu_seconds: float, power: PowerModel) -> EnergyComponent:
        if isinstance(self._cpu, str):
            return power.cpu(seconds, cpu_seconds, self._cpu)
        return self._cpu.component() or power.cpu(
            seconds, cpu_seconds, f"the CPU's energy counter did not advance in {seconds:.3g} s"
        )

    def _gpu_component(self, name: str, gpu: GpuEnergy | str, seconds: float, power: PowerModel) -> EnergyComponent:
        if isinstance(gpu, str):
            return power.gpu(name, seconds, gpu)
        try:
            return gpu.component(self._clock())
        except NvmlUnavailable as why:
            return power.gpu(name, seconds, str(why))

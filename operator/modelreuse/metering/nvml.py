"""GPU energy from NVIDIA's management library (nvidia-ml-py, module `pynvml`), which is loaded only when it is needed.

Boards since Volta count their energy in millijoules. The counter is the whole board's: a board that other processes use
too, or a MIG slice of one, cannot be told apart by it, so those are estimated. A query that is unsupported or forbidden
leaves what remains, and the note says so. Must not know which framework computes on the GPU.
https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from modelreuse.metering.measurement import EnergyBasis, EnergyComponent


class NvmlLibrary(Protocol):
    """The part of module `pynvml` that is used here, under its names; energy in mJ, power in mW, memory in bytes."""

    @property
    def NVMLError(self) -> type[Exception]:  # noqa: N802
        """Base class of everything the library raises."""

    def nvmlInit(self) -> None:  # noqa: N802
        """Start the library; counted, each needs one nvmlShutdown."""

    def nvmlShutdown(self) -> None:  # noqa: N802
        """End the library's use."""

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:  # noqa: N802
        """Board by its place on the PCI bus."""

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any:  # noqa: N802
        """Board "GPU-..." or slice "MIG-..."."""

    def nvmlDeviceGetUUID(self, handle: Any) -> str:  # noqa: N802
        """UUID of a board or slice."""

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Any) -> int:  # noqa: N802
        """Energy in mJ since the driver was loaded."""

    def nvmlDeviceGetPowerUsage(self, handle: Any) -> int:  # noqa: N802
        """Power in mW, of now or of the last second's mean, depending on the board."""

    def nvmlDeviceGetMigMode(self, device: Any) -> Sequence[int]:  # noqa: N802
        """Current and pending mode, 1 where the board is cut into slices."""

    def nvmlDeviceIsMigDeviceHandle(self, device: Any) -> int:  # noqa: N802
        """1 for a slice, 0 for a board."""

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, migDevice: Any) -> Any:  # noqa: N802, N803
        """The board that a slice is part of."""

    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> Any:  # noqa: N802
        """Object whose `total` is the memory in bytes."""

    def nvmlDeviceGetComputeRunningProcesses(self, handle: Any) -> Sequence[Any]:  # noqa: N802
        """Objects whose `pid` is a process computing on the board, numbered as on the host."""


class NvmlUnavailable(Exception):  # noqa: N818 - an answer, not a failure
    """A GPU's energy cannot be read; `str()` says why."""


def load_nvml() -> NvmlLibrary:
    """The real library. Raises NvmlUnavailable where nvidia-ml-py is not installed."""
    try:
        return cast(NvmlLibrary, importlib.import_module("pynvml"))
    except ImportError as error:
        raise NvmlUnavailable("nvidia-ml-py is not installed") from error


def device_handle(nvml: NvmlLibrary, gpu: int | str, environ: Mapping[str, str]) -> Any:
    """NVML's handle of a UUID, or of a CUDA ordinal by way of CUDA_VISIBLE_DEVICES.

    NVML numbers boards by PCI bus, CUDA unless CUDA_DEVICE_ORDER=PCI_BUS_ID fastest first: in a machine of different
    boards only a UUID is exact. Raises NvmlUnavailable.
    """
    wanted = gpu
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    if isinstance(gpu, int) and visible is not None:
        entries = [entry.strip() for entry in visible.split(",") if entry.strip()]
        if not 0 <= gpu < len(entries):
            raise NvmlUnavailable(f"CUDA_VISIBLE_DEVICES={visible} has no device {gpu}")
        wanted = int(entries[gpu]) if entries[gpu].isdecimal() else entries[gpu]
    try:
        if isinstance(wanted, int):
            return nvml.nvmlDeviceGetHandleByIndex(wanted)
        return nvml.nvmlDeviceGetHandleByUUID(wanted)
    except nvml.NVMLError as error:
        raise NvmlUnavailable(f"NVML does not know GPU {wanted}: {error}") from error


class GpuEnergy:
    """One GPU's energy since the object was made.

    By the board's energy counter; where that is not supported, by power times time between samples (trapezoids).
    gpu: UUID, or CUDA ordinal. now: seconds, of the same clock as later calls. Raises NvmlUnavailable if neither works.
    """

    def __init__(self, nvml: NvmlLibrary, gpu: int | str, now: float, environ: Mapping[str, str]) -> None:
        self._nvml = nvml
        handle = device_handle(nvml, gpu, environ)
        self._doubts: list[str] = []
        self._saw_processes = False
        self._share = 1.0
        try:
            self.name = f"gpu:{nvml.nvmlDeviceGetUUID(handle)}"
            self._board = self._board_of(handle)
        except nvml.NVMLError as error:
            raise NvmlUnavailable(f"NVML refuses GPU {gpu}: {error}") from error
        self._started = self._last = now
        self._power_joules = 0.0
        self._start_mj = self._counter()
        self._last_watts = self._watts()
        if self._start_mj is None and self._last_watts is None:
            raise NvmlUnavailable("the GPU tells neither energy nor power")
        self._look_for_others()

    @property
    def needs_samples(self) -> bool:
        """Whether `sample` must be called again and again, since only power can be read."""
        return self._start_mj is None

    def sample(self, now: float) -> None:
        """Add power times time since the last sample."""
        watts = self._watts()
        if watts is not None and self._last_watts is not None:
            self._power_joules += (watts + self._last_watts) / 2 * (now - self._last)
            self._last, self._last_watts = now, watts

    def component(self, now: float) -> EnergyComponent:
        """The energy until now. Measured only by the counter of a board that is ours alone. Raises NvmlUnavailable."""
        self._look_for_others()
        end_mj = None if self._start_mj is None else self._counter()
        if self._start_mj is not None and end_mj is not None and end_mj > self._start_mj:
            joules = (end_mj - self._start_mj) / 1000 * self._share
            basis = EnergyBasis.ESTIMATED if self._doubts else EnergyBasis.MEASURED
            return EnergyComponent(self.name, joules, basis, "nvml-energy", ", ".join(self._notes()))
        self.sample(now)
        joules = self._power_joules * self._share
        if joules <= 0 or self._last < now:
            raise NvmlUnavailable("the GPU's energy counter did not advance and its power cannot be read")
        counter = "is not supported" if self._start_mj is None else f"did not advance in {now - self._started:.3g} s"
        notes = (f"the energy counter {counter}: power times time", *self._notes())
        return EnergyComponent(self.name, joules, EnergyBasis.ESTIMATED, "nvml-power", ", ".join(notes))

    def _notes(self) -> list[str]:
        if self._doubts:
            return list(dict.fromkeys(self._doubts))
        return [] if self._saw_processes else ["NVML shows no processes, so use by others cannot be excluded"]

    def _board_of(self, handle: Any) -> Any:
        """The board to read: itself, or the one that a slice is part of. Raises NVMLError."""
        nvml = self._nvml
        if not self._is_slice(handle):
            if self._is_cut(handle):
                self._doubts.append("the whole board, which is cut into MIG slices")
            return handle
        board = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle)
        self._share = nvml.nvmlDeviceGetMemoryInfo(handle).total / nvml.nvmlDeviceGetMemoryInfo(board).total
        self._doubts.append(f"MIG slice: the board's energy times the slice's share of memory, {self._share:.2f}")
        return board

    def _is_slice(self, handle: Any) -> bool:
        try:
            return bool(self._nvml.nvmlDeviceIsMigDeviceHandle(handle))
        except self._nvml.NVMLError:  # a driver from before MIG
            return False

    def _is_cut(self, handle: Any) -> bool:
        try:
            return bool(self._nvml.nvmlDeviceGetMigMode(handle)[0])
        except self._nvml.NVMLError:  # a board without MIG
            return False

    def _counter(self) -> int | None:
        try:
            return self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._board)
        except self._nvml.NVMLError:
            return None

    def _watts(self) -> float | None:
        try:
            return self._nvml.nvmlDeviceGetPowerUsage(self._board) / 1000
        except self._nvml.NVMLError:
            return None

    def _look_for_others(self) -> None:
        """Note processes beside this one. In a container our own has another number there: one stranger may be us."""
        try:
            pids = {process.pid for process in self._nvml.nvmlDeviceGetComputeRunningProcesses(self._board)}
        except self._nvml.NVMLError as error:
            self._doubts.append(f"whether others use it is unknown: {error}")
            return
        self._saw_processes = self._saw_processes or bool(pids)
        others = len(pids) - 1
        if others > 0:
            self._doubts.append(f"the whole board, which {others} other process{'es' * (others > 1)} used too")

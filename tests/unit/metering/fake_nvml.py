"""An imitation of `pynvml` from NVIDIA's published API, for machines without a GPU.

https://docs.nvidia.com/deploy/nvml-api/ : energy in mJ since the driver was loaded, power in mW, memory in bytes.
A query that the board does not support raises NVMLError. A test compares names and parameters with the real module.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace


class NVMLError(Exception):
    """As in pynvml: base class of all its errors."""


@dataclass
class FakeBoard:
    """One board, or one MIG slice of `parent`."""

    uuid: str = "GPU-0"
    millijoules: int | None = 1_000_000
    milliwatts: int | None = 100_000
    pids: list[int] | None = field(default_factory=lambda: [4242])
    memory: int = 80
    mig: bool | None = False
    parent: "FakeBoard | None" = None


@dataclass
class FakeNvml:
    """The module: its boards in PCI order, and how often it is open."""

    boards: list[FakeBoard] = field(default_factory=lambda: [FakeBoard()])
    starts: bool = True
    opened: int = 0
    NVMLError = NVMLError

    def nvmlInit(self):  # noqa: N802
        if not self.starts:
            raise NVMLError("Driver Not Loaded")
        self.opened += 1

    def nvmlShutdown(self):  # noqa: N802
        self.opened -= 1

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        self._check(index < len(self.boards), "Invalid Argument")
        return self.boards[index]

    def nvmlDeviceGetHandleByUUID(self, uuid):  # noqa: N802
        found = [board for board in self.boards if board.uuid == uuid]
        self._check(bool(found), "Not Found")
        return found[0]

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        self._check()
        return handle.uuid

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        self._check(handle.millijoules is not None and handle.parent is None)
        return handle.millijoules

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        self._check(handle.milliwatts is not None and handle.parent is None)
        return handle.milliwatts

    def nvmlDeviceGetMigMode(self, device):  # noqa: N802
        self._check(device.mig is not None)
        return [int(device.mig), int(device.mig)]

    def nvmlDeviceIsMigDeviceHandle(self, device):  # noqa: N802
        self._check(device.mig is not None)
        return int(device.parent is not None)

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, migDevice):  # noqa: N802, N803
        self._check(migDevice.parent is not None, "Invalid Argument")
        return migDevice.parent

    def nvmlDeviceGetMemoryInfo(self, handle, version=None):  # noqa: N802
        self._check()
        return SimpleNamespace(total=handle.memory)

    def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
        self._check(handle.pids is not None, "Insufficient Permissions")
        return [SimpleNamespace(pid=pid) for pid in handle.pids]

    def _check(self, supported=True, why="Not Supported"):
        if not self.opened:
            raise NVMLError("Uninitialized")
        if not supported:
            raise NVMLError(why)

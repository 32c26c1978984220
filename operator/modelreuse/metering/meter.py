"""Time and energy of a region of code, on whatever machine it happens to run.

Each part of the machine (CPU, every GPU in use) is measured where a counter can be read and otherwise estimated or
assumed, and says so. This module must not know what the region computes, nor any framework.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from modelreuse.metering.errors import MeterNotFinished
from modelreuse.metering.measurement import Measurement, measurement_of
from modelreuse.metering.nvml import NvmlLibrary
from modelreuse.metering.power_model import PowerModel
from modelreuse.metering.rapl import POWERCAP
from modelreuse.metering.readings import Readings

Clock = Callable[[], float]


def cpu_time() -> float:
    """Processor time in s of this process, all its threads, and its child processes that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Meter:
    """Meters the region of code inside its `with` block; `measurement` then holds the result, also after an exception.

    power: this machine's power figures, used where no counter can be read. gpus: the GPUs that the region uses, by UUID
    ("GPU-...", "MIG-...") or CUDA ordinal; a UUID is exact. synchronize: called at both ends, so that GPU work queued
    before is outside and that queued inside is inside (torch.cuda.synchronize). sample_every: seconds between readings
    of what must be read again and again (GPU power without a counter; CPU counters, which wrap around), by a background
    thread; None for no thread. powercap, nvml, clock, cpu_clock, environ: where to read; for tests.
    CPU counters include everything that runs on the machine's sockets, not only this process.

        with Meter(power=PowerModel(cpu_watts_per_core=4.4)) as meter:
            work()
        print(meter.measurement.energy_joules, meter.measurement.energy_basis)
    """

    def __init__(
        self,
        *,
        power: PowerModel | None = None,
        gpus: Sequence[int | str] = (),
        synchronize: Callable[[], object] | None = None,
        sample_every: float | None = 1.0,
        powercap: Path = POWERCAP,
        nvml: NvmlLibrary | None = None,
        clock: Clock = time.perf_counter,
        cpu_clock: Clock = cpu_time,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._power = power or PowerModel()
        self._gpus = tuple(gpus)
        self._synchronize = synchronize or (lambda: None)
        self._sample_every = sample_every
        self._powercap = powercap
        self._nvml = nvml
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._environ = environ
        self._measurement: Measurement | None = None

    @property
    def measurement(self) -> Measurement:
        """What the region took. Raises MeterNotFinished before its end."""
        if self._measurement is None:
            raise MeterNotFinished("the metered region has not ended; read `measurement` after the with block")
        return self._measurement

    def __enter__(self) -> Self:
        self._measurement = None
        self._synchronize()
        self._readings = Readings(self._gpus, self._powercap, self._nvml, self._clock, self._environ)
        self._sampler = _Sampler(self._readings, self._sample_every)
        self._cpu_start = self._cpu_clock()
        self._start = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._synchronize()
        finally:
            seconds = self._clock() - self._start
            cpu_seconds = self._cpu_clock() - self._cpu_start
            self._sampler.stop()
            components = self._readings.components(seconds, cpu_seconds, self._power)
            self._readings.close()
            self._measurement = measurement_of(seconds, cpu_seconds, components)

    def sample(self) -> None:
        """Read now what the background thread reads now and then: for regions that know better times."""
        self._readings.sample()


class _Sampler:
    """A background thread that samples readings until it is stopped; none where nothing needs it."""

    def __init__(self, readings: Readings, every: float | None) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        if every is not None and readings.need_samples:
            self._thread = threading.Thread(target=self._run, args=(readings, every), daemon=True, name="meter")
            self._thread.start()

    def _run(self, readings: Readings, every: float) -> None:
        while not self._stopped.wait(every):
            readings.sample()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

"""Time and energy of a region of code, each figure with how it is known.

`with Meter(...) as meter:` and then `meter.measurement`. Needs the standard library only: nvidia-ml-py is loaded when
GPUs are to be metered, and its absence is an answer, not an error. This package must not know models, frameworks or
money, nor the rest of the program.
"""

from modelreuse.metering.errors import MeterError, MeterNotFinished, NegativePower
from modelreuse.metering.measurement import EnergyBasis, EnergyComponent, Measurement, measurement_of, weakest
from modelreuse.metering.meter import Meter
from modelreuse.metering.nvml import NvmlLibrary
from modelreuse.metering.power_model import (
    DEFAULT_CPU_IDLE_WATTS,
    DEFAULT_CPU_WATTS_PER_CORE,
    DEFAULT_GPU_WATTS,
    PowerModel,
)

__all__ = [
    "DEFAULT_CPU_IDLE_WATTS",
    "DEFAULT_CPU_WATTS_PER_CORE",
    "DEFAULT_GPU_WATTS",
    "EnergyBasis",
    "EnergyComponent",
    "Measurement",
    "Meter",
    "MeterError",
    "MeterNotFinished",
    "NegativePower",
    "NvmlLibrary",
    "PowerModel",
    "measurement_of",
    "weakest",
]

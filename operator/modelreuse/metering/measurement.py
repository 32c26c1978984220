"""What a metered region of code cost, with how each figure is known.

Nothing here is silently zero: where nothing could be measured, figures come from a power model and their basis says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Source = Literal["rapl", "nvml-energy", "nvml-power", "power-model", "default-power"]


class EnergyBasis(StrEnum):
    """How an energy figure is known.

    MEASURED: difference of a hardware energy counter. ESTIMATED: from measured power or time with figures given for
    this machine. ASSUMED: from our own default power figures.
    """

    MEASURED = "Measured"
    ESTIMATED = "Estimated"
    ASSUMED = "Assumed"


@dataclass(frozen=True)
class EnergyComponent:
    """One part's energy: name "cpu" or "gpu:" and its UUID or ordinal; joules; how it is known; what it includes."""

    name: str
    energy_joules: float
    basis: EnergyBasis
    source: Source
    note: str = ""


@dataclass(frozen=True)
class Measurement:
    """What one region of code took.

    seconds: wall time. cpu_seconds: processor time of this process, all its threads, and child processes that ended
    inside. energy_joules: sum over components. energy_basis: the weakest among the components' bases. power_watts: the
    mean, energy over wall time, None for a region of no time. note: what a reader must know, "" if nothing.
    """

    seconds: float
    cpu_seconds: float
    energy_joules: float
    energy_basis: EnergyBasis
    components: tuple[EnergyComponent, ...]
    power_watts: float | None
    note: str


def measurement_of(seconds: float, cpu_seconds: float, components: Sequence[EnergyComponent]) -> Measurement:
    """The whole from its parts, of which there is at least one."""
    joules = sum(component.energy_joules for component in components)
    return Measurement(
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        energy_joules=joules,
        energy_basis=weakest([component.basis for component in components]),
        components=tuple(components),
        power_watts=joules / seconds if seconds > 0 else None,
        note="; ".join(f"{component.name}: {component.note}" for component in components if component.note),
    )


def weakest(bases: Sequence[EnergyBasis]) -> EnergyBasis:
    """The basis of a sum: that of its least well known part. Raises ValueError without any."""
    return max(bases, key=list(EnergyBasis).index)

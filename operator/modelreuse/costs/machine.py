"""What a pod's share of its node draws, emits and costs, by the site's CostProfile."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelreuse.api import CostProfileSpec, Hardware


@dataclass(frozen=True)
class Machine:
    """The hardware that a pod occupies. Power is the computers' own; `pue` is what the site adds."""

    watts_busy: float
    """Of all its accelerators and CPU cores under load."""
    price_per_hour: float
    embodied_grams_per_hour: float
    """The share of making them: embodied emissions over lifetime (ISO/IEC 21031:2024, M), gCO2e."""
    pue: float

    def watt_hours(self, seconds: float) -> float:
        """Energy at the meter of `seconds` under load, PUE included."""
        return seconds / 3600 * self.watts_busy * self.pue


def machine_of(
    profile: CostProfileSpec, node_labels: Mapping[str, str], *, cpu_cores: float, gpus: int
) -> Machine | None:
    """The machine of a pod on a node with these labels; None where the profile lists no such hardware.

    A pod with accelerators draws their power and that of its CPU cores.
    """
    labels = dict(node_labels)
    cpu = _first(profile.cpus, labels)
    if cpu is None:
        return None
    parts = [(cpu, cpu_cores)]
    if gpus:
        gpu = _first(profile.accelerators, labels)
        if gpu is None:
            return None
        parts.append((gpu, float(gpus)))
    return Machine(
        watts_busy=sum(float(hardware.power_watts) * count for hardware, count in parts),
        price_per_hour=sum(float(hardware.price_per_hour or 0) * count for hardware, count in parts),
        embodied_grams_per_hour=sum(
            float(hardware.embodied_kg_co2e or 0) * 1000 / hardware.lifetime_hours * count for hardware, count in parts
        ),
        pue=float(profile.pue),
    )


def _first(listed: list[Hardware], labels: dict[str, str]) -> Hardware | None:
    return next((hardware for hardware in listed if hardware.node_selector.matches(labels)), None)

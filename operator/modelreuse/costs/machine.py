"""What a pod's share of its node draws, emits and costs, by the site's CostProfile."""

from collections.abc import Callable, Mapping
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


def dearest_machine(
    profile: CostProfileSpec, node_selector: Mapping[str, str], *, cpu_cores: float, gpus: int
) -> Machine | None:
    """The most that a pod with this nodeSelector can draw, emit and cost, wherever it is scheduled.

    None where the profile lists no accelerator that it could get.
    """
    cpus = [each for each in profile.cpus if _may_be_on(each, node_selector)]
    accelerators = [each for each in profile.accelerators if _may_be_on(each, node_selector)]
    if not cpus or (gpus and not accelerators):
        return None
    parts = [(cpus, cpu_cores), *([(accelerators, float(gpus))] if gpus else [])]

    def most(figure: Callable[[Hardware], float]) -> float:
        return sum(max(figure(hardware) for hardware in listed) * count for listed, count in parts)

    return Machine(
        watts_busy=most(lambda hardware: float(hardware.power_watts)),
        price_per_hour=most(lambda hardware: float(hardware.price_per_hour or 0)),
        embodied_grams_per_hour=most(
            lambda hardware: float(hardware.embodied_kg_co2e or 0) * 1000 / hardware.lifetime_hours
        ),
        pue=float(profile.pue),
    )


def _may_be_on(hardware: Hardware, node_selector: Mapping[str, str]) -> bool:
    """Whether a node that the pod selects can be one that this entry selects."""
    wanted = hardware.node_selector.match_labels
    return all(node_selector.get(key, value) == value for key, value in wanted.items())


def _first(listed: list[Hardware], labels: dict[str, str]) -> Hardware | None:
    return next((hardware for hardware in listed if hardware.node_selector.matches(labels)), None)

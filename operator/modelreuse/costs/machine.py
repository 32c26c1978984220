"""What a pod's share of its node draws, emits and costs, by the site's CostProfile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from modelreuse.api import Basis, CostProfileSpec, Hardware, UsedHardware, decimal
from modelreuse.costs.quantities import Interval
from modelreuse.costs.roofline import Ceilings

ACCELERATOR_KG = Interval.within_factor(100, 3, Basis.ASSUMED)
"""Embodied emissions of an accelerator whose maker publishes none: docs/predictions.md."""
CPU_CORE_KG = Interval.within_factor(30, 4, Basis.ASSUMED)
"""The same of one CPU core's share of its server."""


@dataclass(frozen=True)
class Machine:
    """The hardware that a pod occupies. Power is the computers' own; `pue` is what the site adds."""

    watts_busy: float
    """Of all its accelerators and CPU cores under load."""
    price_per_hour: float
    embodied_grams_per_hour: Interval
    """The share of making them: embodied emissions over lifetime (ISO/IEC 21031:2024, M), gCO2e."""
    pue: float
    ceilings: Ceilings | None = None
    """Where steps were timed on another machine: what tells how long they take on this one."""

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
    return _dearest(profile, _first(profile.cpus, labels), cpu_cores, _first(profile.accelerators, labels), gpus)


def hardware_of(profile: CostProfileSpec, node_labels: Mapping[str, str], *, cpu_cores: float) -> UsedHardware:
    """What `machine_of` finds, as status remembers it."""
    labels = dict(node_labels)
    cpu, accelerator = (_place(listed, labels) for listed in (profile.cpus, profile.accelerators))
    return UsedHardware(cpu=cpu, accelerator=accelerator, cpu_cores=decimal(cpu_cores))


def machine_again(profile: CostProfileSpec, used: UsedHardware, *, gpus: int) -> Machine | None:
    """The machine that `machine_of` found by the same profile."""
    cpus, accelerators = _at(profile.cpus, used.cpu), _at(profile.accelerators, used.accelerator)
    return _dearest(profile, cpus, float(used.cpu_cores), accelerators, gpus)


def may_be_on(profile: CostProfileSpec, used: UsedHardware, node_selector: Mapping[str, str], *, gpus: int) -> bool:
    """Whether a pod with this nodeSelector may run on what another ran on.

    gpus: how many accelerators both have. What they run on then counts, else the CPU. What the profile doesn't list may
    be the same again, unless the pod can only run on what it does.
    """
    listed, place = (profile.accelerators, used.accelerator) if gpus else (profile.cpus, used.cpu)
    if place is None:
        return not any(_must_be_on(hardware, node_selector) for hardware in listed)
    return place in _reachable(listed, node_selector)


def machine_by_roofline(
    profile: CostProfileSpec, node_selector: Mapping[str, str], *, cpu_cores: float, gpus: int
) -> Machine | None:
    """The machine of a pod with this nodeSelector, where steps were timed elsewhere.

    None where the pod can run on several kinds of hardware, listed or not, or on one whose roofline the profile doesn't
    know; or on several accelerators, since how they share a step isn't theirs to say.
    """
    machine = dearest_machine(profile, node_selector, cpu_cores=cpu_cores, gpus=gpus)
    listed = profile.accelerators if gpus else profile.cpus
    fitting = _reachable(listed, node_selector)
    if machine is None or len(fitting) != 1 or gpus > 1:
        return None
    only = listed[fitting[0]]
    if only.roofline is None or not _must_be_on(only, node_selector):
        return None
    of_one = Ceilings(
        only.name,
        float(only.roofline.gigaflops_per_second),
        float(only.roofline.gigabytes_per_second),
        float(only.roofline.microseconds_per_launch) / 1e6,
    )
    return replace(machine, ceilings=of_one.of(gpus or cpu_cores))


def _reachable(listed: Sequence[Hardware], node_selector: Mapping[str, str]) -> list[int]:
    """Places of entries that may count for a pod with this nodeSelector: none after one that must select its node."""
    fitting = []
    for place, hardware in enumerate(listed):
        if _may_be_on(hardware, node_selector):
            fitting.append(place)
        if _must_be_on(hardware, node_selector):
            break
    return fitting


def dearest_machine(
    profile: CostProfileSpec, node_selector: Mapping[str, str], *, cpu_cores: float, gpus: int
) -> Machine | None:
    """The most that a pod with this nodeSelector can draw, emit and cost, wherever it is scheduled.

    None where the profile lists no accelerator that it could get.
    """
    cpus = [each for each in profile.cpus if _may_be_on(each, node_selector)]
    accelerators = [each for each in profile.accelerators if _may_be_on(each, node_selector)]
    return _dearest(profile, cpus, cpu_cores, accelerators, gpus)


def _dearest(
    profile: CostProfileSpec, cpus: list[Hardware], cpu_cores: float, accelerators: list[Hardware], gpus: int
) -> Machine | None:
    """The most that any of these may draw, emit and cost; None where there is none of what is needed."""
    if not cpus or (gpus and not accelerators):
        return None
    parts = [(cpus, cpu_cores), (accelerators if gpus else [], float(gpus))]

    def most(figure: Callable[[Hardware], float]) -> float:
        return sum(max(map(figure, listed), default=0.0) * count for listed, count in parts)

    emitted = [
        max((_embodied_grams_per_hour(hardware, unknown) for hardware in listed), key=lambda each: each.high).scaled(
            count
        )
        for (listed, count), unknown in zip(parts, (CPU_CORE_KG, ACCELERATOR_KG), strict=True)
        if listed
    ]
    return Machine(
        watts_busy=most(lambda hardware: float(hardware.power_watts)),
        price_per_hour=most(lambda hardware: float(hardware.price_per_hour or 0)),
        embodied_grams_per_hour=reduce(Interval.plus, emitted),
        pue=float(profile.pue),
    )


def _embodied_grams_per_hour(hardware: Hardware, unknown: Interval) -> Interval:
    """Of one accelerator or core: what the profile says, else `unknown` (kgCO2e), over its lifetime."""
    own = hardware.embodied_kg_co2e
    making = unknown if own is None else Interval.exact(float(own), Basis.ESTIMATED)
    return making.scaled(1000 / hardware.lifetime_hours)


def _may_be_on(hardware: Hardware, node_selector: Mapping[str, str]) -> bool:
    """Whether a node that the pod selects can be one that this entry selects."""
    return hardware.node_selector.may_match(node_selector)


def _must_be_on(hardware: Hardware, node_selector: Mapping[str, str]) -> bool:
    """Whether every node that the pod selects is one that this entry selects."""
    return hardware.node_selector.must_match(node_selector)


def _first(listed: list[Hardware], labels: dict[str, str]) -> list[Hardware]:
    """The one whose labels fit, or none."""
    return _at(listed, _place(listed, labels))


def _place(listed: Sequence[Hardware], labels: dict[str, str]) -> int | None:
    return next((place for place, hardware in enumerate(listed) if hardware.node_selector.matches(labels)), None)


def _at(listed: Sequence[Hardware], place: int | None) -> list[Hardware]:
    return [] if place is None else list(listed[place : place + 1])

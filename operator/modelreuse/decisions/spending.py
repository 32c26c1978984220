"""What a retraining has cost: pod time that the operator saw, and its energy by the profile."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from modelreuse.api import CostProfileSpec, decimal
from modelreuse.costs import energy_of_pod_time, machine_of
from modelreuse.decisions.observed import ObservedPod


def spent(
    pods: Iterable[ObservedPod],
    profile: CostProfileSpec | None,
    node_labels: Mapping[str, Mapping[str, str]],
    ended_at: datetime,
) -> dict[str, object]:
    """The fields `pod_seconds`, `energy_wh` and `energy_basis` of status and outcome.

    Pods whose end nobody saw ran until `ended_at`. There is no energy where the profile doesn't list every machine.
    """
    seconds = 0.0
    watt_hours = 0.0
    bases = set()
    complete = True
    for pod in pods:
        if pod.started_at is None:
            continue
        lasted = max(((pod.finished_at or ended_at) - pod.started_at).total_seconds(), 0.0)
        seconds += lasted
        labels = node_labels.get(pod.node or "", {})
        machine = machine_of(profile, labels, cpu_cores=pod.cpu_cores, gpus=pod.gpus) if profile else None
        if machine is None:
            complete = False
            continue
        used, basis = energy_of_pod_time(machine, lasted)
        watt_hours += used
        bases.add(basis)
    if not complete or not bases:
        return {"pod_seconds": decimal(seconds)}
    return {"pod_seconds": decimal(seconds), "energy_wh": decimal(watt_hours), "energy_basis": bases.pop()}

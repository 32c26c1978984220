"""What a retraining has cost: pod time that the operator saw, and its energy by the profile.

Pods vanish: a queue preempts them, a deadline ends them, somebody deletes them. So those that can be seen are
remembered in status, and what vanished ran until that was noticed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from modelreuse.api import CostProfileSpec, RetrainingStatus, SeenPod, Spending, decimal
from modelreuse.api.check import MAX_SEEN_PODS
from modelreuse.costs import NOTHING, energy_of_pod_time, machine_of, spending_of_pod_time, total
from modelreuse.decisions.hardware import labels_of
from modelreuse.decisions.observed import ObservedPod

MAX_ATTEMPTS = 100
"""That are counted."""


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
        labels = labels_of(pod, node_labels)
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


def remembered(retraining: RetrainingStatus, pods: Sequence[ObservedPod], now: datetime) -> RetrainingStatus:
    """The retraining with the pods that can be seen now, how many there were, and the time of those that are gone."""
    visible = {pod.name for pod in pods}
    gone = [pod for pod in retraining.pods if pod.name not in visible]
    lasted = [((pod.finished_at or now) - pod.started_at).total_seconds() for pod in gone if pod.started_at]
    removed = retraining.removed_pod_seconds
    if gone:
        removed = decimal((removed or Decimal(0)) + Decimal(repr(sum(max(each, 0.0) for each in lasted))))
    seen = [
        SeenPod(name=pod.name, started_at=pod.started_at, finished_at=pod.finished_at) for pod in pods[-MAX_SEEN_PODS:]
    ]
    known = {pod.name for pod in retraining.pods}
    attempts = (retraining.attempts or 0) + len([pod for pod in seen if pod.name not in known])
    update = {"pods": seen, "attempts": min(attempts, MAX_ATTEMPTS) or None, "removed_pod_seconds": removed}
    return retraining.model_copy(update=update)


def charge(
    retraining: RetrainingStatus,
    pods: Sequence[ObservedPod],
    profile: CostProfileSpec | None,
    node_labels: Mapping[str, Mapping[str, str]],
    ended_at: datetime,
) -> Spending | None:
    """What the pods that can be seen have used; None where that can't be said, so that all that was reserved is due."""
    if profile is None or not (pods or retraining.removed_pod_seconds is not None):
        return None
    parts = [NOTHING]
    for pod in pods:
        if pod.started_at is None:
            continue
        machine = machine_of(profile, labels_of(pod, node_labels), cpu_cores=pod.cpu_cores, gpus=pod.gpus)
        if machine is None:
            return None
        lasted = max(((pod.finished_at or ended_at) - pod.started_at).total_seconds(), 0.0)
        parts.append(spending_of_pod_time(machine, profile, lasted))
    return total(*parts)

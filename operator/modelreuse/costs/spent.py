"""What a retraining has cost: pod time that the operator saw, times the profile's power. No trainer's claim counts."""

from modelreuse.api import Basis
from modelreuse.costs.machine import Machine


def energy_of_pod_time(machine: Machine, seconds: float) -> tuple[float, Basis]:
    """Energy in Wh, PUE included, and its basis: Estimated, since no meter was read."""
    return machine.watt_hours(seconds), Basis.ESTIMATED

"""What one training step takes, in seconds and Wh: from the timing probe, else guessed from the forward pass."""

from dataclasses import dataclass

from modelreuse.api import Action, Basis, MeasuredPass, TrainingAction
from modelreuse.costs.machine import Machine
from modelreuse.costs.quantities import Interval, weaker

PROBE_FACTOR = 1.5
"""Spread around a probed step: data loading and evaluations come on top of it. Assumed."""
PASS_MULTIPLE = 8.0
"""A training step over an evaluation pass of equally many samples; between 8 and 18 for small models. Assumed."""
PASS_FACTOR = 4.0
"""Spread around PASS_MULTIPLE. Assumed."""


@dataclass(frozen=True)
class StepCost:
    """Of one training step: `seconds`, and `watts` of the computers while it runs (PUE not included)."""

    seconds: Interval
    watts: Interval


def step_cost(measured: MeasuredPass, action: TrainingAction, *, batch_size: int, machine: Machine | None) -> StepCost:
    """The cost of one step of `action` at `batch_size`, on the machine that the pass ran on.

    Without a `machine` the power is what the pass saw, with the basis that the pass gave it.
    """
    return StepCost(seconds=_seconds(measured, action, batch_size), watts=_watts(measured, machine))


def _seconds(measured: MeasuredPass, action: TrainingAction, batch_size: int) -> Interval:
    if measured.step_seconds is None or measured.step_batch_size is None:
        per_sample = float(measured.seconds) / measured.samples
        return Interval.within_factor(per_sample * batch_size * PASS_MULTIPLE, PASS_FACTOR, Basis.ASSUMED)
    scale = batch_size / measured.step_batch_size
    whole = Interval.within_factor(float(measured.step_seconds) * scale, PROBE_FACTOR, Basis.ESTIMATED)
    if action != Action.FINE_TUNE or measured.head_step_seconds is None:
        return whole
    head = float(measured.head_step_seconds) * scale / PROBE_FACTOR
    # A suffix of layers costs more than the head alone and less than the whole.
    return Interval(min(head, whole.low), whole.high, Basis.ESTIMATED, whole.estimate)


def _watts(measured: MeasuredPass, machine: Machine | None) -> Interval:
    if measured.step_energy_wh is not None and measured.step_seconds:
        return Interval.exact(float(measured.step_energy_wh) * 3600 / float(measured.step_seconds), Basis.MEASURED)
    if machine is not None:
        return Interval.exact(machine.watts_busy, Basis.ESTIMATED)
    watts = float(measured.energy_wh) * 3600 / max(float(measured.seconds), 1e-9)
    return Interval.exact(watts, weaker(measured.energy_basis, Basis.ESTIMATED))

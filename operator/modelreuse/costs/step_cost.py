"""What one training step takes, in seconds and Wh: from the timing probe, else guessed from the forward pass.

Of a machine that the probe didn't run on, from what it counted there and that machine's roofline.
"""

from dataclasses import dataclass, replace

from modelreuse.api import Action, Basis, MeasuredPass, TrainingAction
from modelreuse.costs.machine import Machine
from modelreuse.costs.quantities import Interval, weaker
from modelreuse.costs.roofline import Ceilings

PROBE_FACTOR = 1.5
"""Spread around a probed step: data loading and evaluations come on top of it. Assumed."""
PASS_MULTIPLE = 8.0
"""A training step over an evaluation pass of equally many samples; between 8 and 18 for small models. Assumed."""
PASS_FACTOR = 4.0
"""Spread around PASS_MULTIPLE. Assumed."""
ROOFLINE_FACTOR = 4.0
"""Spread around a step that only a roofline tells. Assumed: docs/predictions.md says what was measured."""


@dataclass(frozen=True)
class StepCost:
    """Of one training step: `seconds`, and `watts` of the computers while it runs (PUE not included)."""

    seconds: Interval
    watts: Interval


def step_cost(measured: MeasuredPass, action: TrainingAction, *, batch_size: int, machine: Machine | None) -> StepCost:
    """The cost of one step of `action` at `batch_size`, on the machine that the pass ran on, or on one with ceilings.

    Without a `machine` the power is what the pass saw, with the basis that the pass gave it. Raises ValueError where
    the machine is another and no probe has counted a step's work: `tells_of_other_machines`.
    """
    if machine is not None and machine.ceilings is not None:
        watts = Interval.exact(machine.watts_busy, Basis.ESTIMATED)
        return StepCost(_seconds_elsewhere(measured, action, batch_size, machine.ceilings), watts)
    return StepCost(seconds=_seconds(measured, action, batch_size), watts=_watts(measured, machine))


def tells_of_other_machines(measured: MeasuredPass) -> bool:
    """Whether a roofline can say how long steps of this model take."""
    counted = measured.step_gigaflops, measured.step_gigabytes, measured.step_launches, measured.step_batch_size
    return None not in counted


def _seconds_elsewhere(measured: MeasuredPass, action: TrainingAction, batch_size: int, ceilings: Ceilings) -> Interval:
    gigaflops, gigabytes, launches = measured.step_gigaflops, measured.step_gigabytes, measured.step_launches
    if gigaflops is None or gigabytes is None or launches is None or measured.step_batch_size is None:
        raise ValueError("nothing was counted that a roofline could tell the time of")
    scale = batch_size / measured.step_batch_size
    seconds = ceilings.seconds(float(gigaflops) * scale, float(gigabytes) * scale, launches)
    whole = Interval.within_factor(seconds, ROOFLINE_FACTOR, Basis.ASSUMED)
    if action != Action.FINE_TUNE or measured.head_step_seconds is None or not measured.step_seconds:
        return whole
    # As large a part of the whole as where it was timed.
    part = min(1.0, float(measured.head_step_seconds / measured.step_seconds))
    return replace(whole, low=whole.low * part)


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

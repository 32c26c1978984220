"""What a campaign would take, said before it begins: nothing is known of its steps but the budget of each run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from modelreuse.api import Basis, MeasuredPass, TrainingAction
from modelreuse.calibration.campaign import Run
from modelreuse.costs import Interval, step_cost

BESIDE_STEPS = 2.0
"""Factor, either way, by which what a run takes beside its steps (a trainer's start, a pass over the shifted samples, a
verification) differs from what starting and passing took us. Assumed."""
GRANTED_SECONDS = 120.0
"""To a trainer on top of its steps and of twice what starting took us."""


@dataclass(frozen=True)
class Expense:
    """Of some runs together, without PUE; from no step at all to the whole budget of each."""

    runs: int
    seconds: Interval
    watt_hours: Interval

    def plus(self, other: "Expense") -> "Expense":
        """Of both, one after the other."""
        seconds, watt_hours = self.seconds.plus(other.seconds), self.watt_hours.plus(other.watt_hours)
        return Expense(self.runs + other.runs, seconds, watt_hours)


@dataclass(frozen=True)
class Budget:
    """What one run may take. measured: the pass over the unshifted samples, with its probe."""

    measured: MeasuredPass
    batch_size: int
    max_steps: int

    def training_seconds(self, action: TrainingAction) -> Interval:
        """Of the steps alone."""
        per_step = step_cost(self.measured, action, batch_size=self.batch_size, machine=None).seconds
        return Interval(0, self.max_steps, Basis.ASSUMED).times(per_step)

    def limit_seconds(self, action: TrainingAction) -> float:
        """After which a trainer is stopped."""
        return self.training_seconds(action).high + BESIDE_STEPS * self._start + GRANTED_SECONDS

    @property
    def _start(self) -> float:
        return float(self.measured.startup_seconds or 0)

    def of(self, runs: Iterable[Run]) -> Mapping[TrainingAction, Expense]:
        """By action, in the order in which they come."""
        counted: dict[TrainingAction, int] = {}
        for run in runs:
            counted[run.action] = counted.get(run.action, 0) + 1
        return {action: self._of_one(action, number) for action, number in counted.items()}

    def _of_one(self, action: TrainingAction, runs: int) -> Expense:
        beside = Interval.within_factor(self._start + float(self.measured.seconds), BESIDE_STEPS, Basis.ASSUMED)
        seconds = self.training_seconds(action).plus(beside).scaled(runs)
        watts = step_cost(self.measured, action, batch_size=self.batch_size, machine=None).watts
        return Expense(runs, seconds, seconds.times(watts).scaled(1 / 3600))

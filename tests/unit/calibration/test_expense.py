"""What a campaign is said to take: the product of what is known, and no figure firmer than its weakest part."""

import pytest

from modelreuse.api import Action, Basis, MeasuredPass
from modelreuse.calibration import Budget, Run
from modelreuse.calibration.expense import GRANTED_SECONDS

MEASURED = MeasuredPass.model_validate(
    {
        "device": "cpu (1 cores)",
        "samples": 875,
        "seconds": "3",
        "cpuSeconds": "3",
        "energyWh": "0.01",
        "energyBasis": "Assumed",
        "stepSeconds": "0.2",
        "stepBatchSize": 32,
        "headStepSeconds": "0.06",
        "startupSeconds": "5",
    }
)


def budget(**changes: object) -> Budget:
    return Budget(MEASURED.model_copy(update=changes), batch_size=64, max_steps=100)


def runs(action: Action, count: int) -> list[Run]:
    return [Run("noise", 1, action)] * count  # type: ignore[arg-type]


def test_time_is_runs_times_steps_times_seconds_and_what_comes_beside() -> None:
    expense = budget().of(runs(Action.RETRAIN, 10))[Action.RETRAIN]
    assert expense.runs == 10
    assert expense.seconds.high == pytest.approx(10 * (100 * 0.2 * 2 * 1.5 + 2 * (3 + 5)))
    assert expense.seconds.low == pytest.approx(10 * (3 + 5) / 2)


def test_energy_is_time_times_power() -> None:
    expense = budget().of(runs(Action.RETRAIN, 10))[Action.RETRAIN]
    assert expense.watt_hours.high == pytest.approx(expense.seconds.high * (0.01 / 3))
    assert expense.watt_hours.basis is Basis.ASSUMED


def test_a_step_that_was_metered_says_what_power_it_takes() -> None:
    expense = budget(step_energy_wh=2.0).of(runs(Action.RETRAIN, 1))[Action.RETRAIN]
    assert expense.watt_hours.high == pytest.approx(expense.seconds.high * 2.0 / 0.2)


def test_actions_are_told_apart_and_add_up() -> None:
    by_action = budget().of([*runs(Action.RETRAIN, 2), *runs(Action.FINE_TUNE, 3)])
    assert {action: expense.runs for action, expense in by_action.items()} == {Action.RETRAIN: 2, Action.FINE_TUNE: 3}
    both = by_action[Action.RETRAIN].plus(by_action[Action.FINE_TUNE])
    assert both.runs == 5
    assert both.seconds.high == pytest.approx(sum(expense.seconds.high for expense in by_action.values()))


def test_without_a_probe_time_is_guessed_from_the_pass() -> None:
    guessed = budget(step_seconds=None, step_batch_size=None).of(runs(Action.RETRAIN, 1))[Action.RETRAIN]
    assert guessed.seconds.high == pytest.approx(100 * 64 * 3 / 875 * 8 * 4 + 16)


def test_a_trainer_has_its_steps_at_their_slowest_and_a_start() -> None:
    assert budget().limit_seconds(Action.RETRAIN) == pytest.approx(100 * 0.2 * 2 * 1.5 + 2 * 5 + GRANTED_SECONDS)

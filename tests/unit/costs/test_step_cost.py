"""One training step: from the probe where it ran, else guessed from the pass and said so."""

from typing import Any

import pytest

from modelreuse.api import Action, Basis, MeasuredPass
from modelreuse.costs import Machine
from modelreuse.costs.quantities import Interval
from modelreuse.costs.step_cost import StepCost, step_cost

MACHINE = Machine(
    watts_busy=400,
    price_per_hour=2,
    embodied_grams_per_hour=Interval.exact(4, Basis.ESTIMATED),
    pue=1.5,
)


def measured(**changes: Any) -> MeasuredPass:
    seen = {
        "device": "cpu",
        "samples": 1000,
        "seconds": "2",
        "cpuSeconds": "2",
        "energyWh": "0.1",
        "energyBasis": "Measured",
        "stepSeconds": "0.06",
        "stepBatchSize": 64,
        "headStepSeconds": "0.03",
    } | changes
    return MeasuredPass.model_validate({key: value for key, value in seen.items() if value is not None})


def cost(action: Action = Action.RETRAIN, batch: int = 64, machine: Machine | None = MACHINE, **seen: Any) -> StepCost:
    return step_cost(measured(**seen), action, batch_size=batch, machine=machine)  # type: ignore[arg-type]


def test_a_probed_step_within_half_as_much_again() -> None:
    seconds = cost().seconds
    assert (seconds.low, seconds.estimate, seconds.high) == pytest.approx((0.04, 0.06, 0.09))
    assert seconds.basis == Basis.ESTIMATED


def test_a_step_grows_with_its_batch() -> None:
    assert cost(batch=128).seconds.estimate == pytest.approx(0.12)


def test_fine_tuning_may_be_as_cheap_as_the_head_alone() -> None:
    fine, whole = cost(Action.FINE_TUNE).seconds, cost(Action.RETRAIN).seconds
    assert fine.low == pytest.approx(0.03 / 1.5)
    assert fine.high == whole.high
    assert cost(Action.FINE_TUNE, headStepSeconds=None).seconds == whole


def test_a_head_that_took_longer_than_the_whole_makes_no_broken_interval() -> None:
    assert cost(Action.FINE_TUNE, headStepSeconds="9").seconds == cost(Action.RETRAIN).seconds


def test_without_a_probe_a_step_is_assumed_from_the_pass() -> None:
    # 2 ms a sample, 64 samples, eight times a pass, a factor of four either way.
    seconds = cost(stepSeconds=None).seconds
    assert (seconds.low, seconds.estimate, seconds.high) == pytest.approx((0.256, 1.024, 4.096))
    assert seconds.basis == Basis.ASSUMED


def test_measured_energy_of_a_step_beats_everything() -> None:
    watts = cost(stepEnergyWh="0.005").watts
    assert watts.estimate == pytest.approx(0.005 * 3600 / 0.06)
    assert watts.basis == Basis.MEASURED


def test_else_the_profiles_power_counts() -> None:
    assert (cost().watts.estimate, cost().watts.basis) == (400, Basis.ESTIMATED)


@pytest.mark.parametrize(
    ("basis", "expected"),
    [("Measured", Basis.ESTIMATED), ("Estimated", Basis.ESTIMATED), ("Assumed", Basis.ASSUMED)],
)
def test_without_a_machine_the_power_of_the_pass_counts(basis: str, expected: Basis) -> None:
    watts = cost(machine=None, energyBasis=basis).watts
    assert watts.estimate == pytest.approx(0.1 * 3600 / 2)
    assert watts.basis == expected


def test_a_step_in_no_time_is_no_division_by_zero() -> None:
    assert cost(stepSeconds="0", stepEnergyWh="1").watts.estimate == 400

"""From an assessment to figures: checked against computations by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest

from modelreuse.api import (
    Action,
    Basis,
    CostProfileSpec,
    ModelAssessment,
    PredictedCost,
    Prediction,
    RetrainingRecord,
)
from modelreuse.costs import Candidate, Machine, hardware_of, machine_again, machine_of, pilot_cost, predict
from modelreuse.costs.quantities import Interval

NOW = datetime(2026, 5, 4, tzinfo=UTC)
MACHINE = Machine(
    watts_busy=400,
    price_per_hour=2,
    embodied_grams_per_hour=Interval.exact(5, Basis.ESTIMATED),
    pue=1.5,
)


def profile(**changes: Any) -> CostProfileSpec:
    site = {
        "cpus": [{"name": "any", "powerWatts": "10", "source": "x"}],
        "pue": "1.5",
        "grid": {"zone": "DE", "locationGramsPerKwh": "400", "marketGramsPerKwh": "100", "source": "x", "year": 2023},
        "prices": {"currency": "EUR", "perKwh": "0.3"},
    } | changes
    return CostProfileSpec.model_validate({key: value for key, value in site.items() if value is not None})


def assessment(model: str = "current", **seen: Any) -> ModelAssessment:
    measured = {
        "device": "cuda",
        "samples": 1000,
        "seconds": "2",
        "cpuSeconds": "2",
        "energyWh": "0.1",
        "energyBasis": "Measured",
        "stepSeconds": "0.6",
        "stepBatchSize": 64,
        "startupSeconds": "30",
    } | seen
    measured = {key: value for key, value in measured.items() if value is not None}
    return ModelAssessment.model_validate(
        {
            "model": model,
            "job": {"name": "mrc-x"},
            "scores": [{"name": "initial_error", "value": "0.5", "labels": "Given"}],
            "measured": measured,
        }
    )


def predicted(
    *assessments: tuple[ModelAssessment, Machine | None],
    site: CostProfileSpec | None = None,
    records: list[RetrainingRecord] | None = None,
    actions: tuple[Action, ...] = (Action.RETRAIN,),
) -> Prediction:
    return predict(
        [Candidate(*each, target=0.9) for each in assessments or ((assessment(), MACHINE),)],
        actions=actions,  # type: ignore[arg-type]
        recipe="default",
        batch_size=64,
        max_steps=1000,
        records=records or [],
        profile=site,
        now=NOW,
    )


def cost(machine: Machine | None = MACHINE, site: CostProfileSpec | None = None, **seen: Any) -> PredictedCost:
    return predicted((assessment(**seen), machine), site=site).costs[0]


# 1 to 1000 steps of 0.4 to 0.9 s, and 30 s of start: 30.4 to 930 s, at 400 W and a PUE of 1.5.
LOW, HIGH = 30.4, 930.0
KWH_LOW, KWH_HIGH = (seconds / 3600 * 0.4 * 1.5 for seconds in (LOW, HIGH))


def ends(value: Any) -> tuple[float, float]:
    return float(value.low), float(value.high)


def test_time_is_steps_by_seconds_and_the_start() -> None:
    assert ends(cost(site=profile()).hours) == pytest.approx((LOW / 3600, HIGH / 3600), rel=1e-5)


def test_energy_includes_the_pue() -> None:
    assert ends(cost(site=profile()).energy_kwh) == pytest.approx((KWH_LOW, KWH_HIGH), rel=1e-5)
    assert ends(cost(site=profile(pue="1")).energy_kwh) == pytest.approx((KWH_LOW / 1.5, KWH_HIGH / 1.5), rel=1e-5)


def test_carbon_is_energy_by_intensity_and_the_embodied_share() -> None:
    # Software Carbon Intensity, ISO/IEC 21031: O = E * I; M = TE * (time / lifetime), here 5 g an hour.
    found = cost(site=profile())
    for value, intensity in ((found.carbon_grams_location, 400), (found.carbon_grams_market, 100)):
        low = KWH_LOW * intensity + 5 * LOW / 3600
        high = KWH_HIGH * intensity + 5 * HIGH / 3600
        assert ends(value) == pytest.approx((low, high), rel=1e-5)


def test_money_is_energy_by_price_and_rent() -> None:
    found = cost(site=profile())
    expected = [kwh * 0.3 + 2 * seconds / 3600 for kwh, seconds in ((KWH_LOW, LOW), (KWH_HIGH, HIGH))]
    assert ends(found.money) == pytest.approx(expected, rel=1e-5)
    assert found.currency == "EUR"


def test_what_the_profile_does_not_say_is_absent_and_not_zero() -> None:
    grid = {"zone": "DE", "locationGramsPerKwh": "400", "source": "x", "year": 2023}
    found = cost(site=profile(prices=None, grid=grid))
    assert (found.money, found.currency, found.carbon_grams_market) == (None, None, None)
    assert found.carbon_grams_location is not None


def test_without_a_profile_there_is_energy_and_nothing_else() -> None:
    found = cost(machine=None, site=None)
    assert (found.money, found.carbon_grams_location, found.carbon_grams_market) == (None, None, None)
    # The pass drew 0.1 Wh in 2 s: 180 W, without any PUE.
    assert ends(found.energy_kwh) == pytest.approx((LOW / 3600 * 0.18, HIGH / 3600 * 0.18), rel=1e-5)


def test_on_hardware_that_the_profile_does_not_list_what_is_unknown_is_absent() -> None:
    found = cost(machine=None, site=profile())
    assert (found.money, found.currency) == (None, None)
    assert (found.carbon_grams_location, found.carbon_grams_market) == (None, None)
    assert ends(found.energy_kwh) == pytest.approx((LOW / 3600 * 0.18 * 1.5, HIGH / 3600 * 0.18 * 1.5), rel=1e-5)


def test_a_grid_without_emissions_is_zero_because_it_says_so() -> None:
    grid = {"zone": "NO", "locationGramsPerKwh": "0", "source": "x", "year": 2023}
    found = cost(site=profile(grid=grid)).carbon_grams_location
    assert ends(found) == pytest.approx((5 * LOW / 3600, 5 * HIGH / 3600), rel=1e-5)


def test_a_budget_without_records_has_no_point_in_its_interval() -> None:
    found = cost(site=profile())
    assert (found.steps.estimate, found.hours.estimate, found.energy_kwh.estimate) == (None, None, None)
    assert {found.steps.basis, found.hours.basis, found.energy_kwh.basis} == {Basis.ASSUMED}
    assert found.reaches_target is None


APPROVAL = {
    "digest": "sha256:" + "a" * 64,
    "preimage": "",
    "requestedBy": "erika",
    "approvedBy": "petra",
    "at": "2026-01-01T00:00:00Z",
}
OWN = {"source": "Operator", "check": {"name": "old", "uid": "old"}, "approval": APPROVAL}


def record(number: int, action: str = "Retrain", **origin: Any) -> RetrainingRecord:
    spec = {
        "source": "Imported",
        "action": action,
        "model": "m",
        "recipe": "default",
        "maxSteps": 1000,
        "target": "0.9",
    }
    score = {"name": "initial_error", "value": f"{number / 20}", "labels": "Given"}
    outcome = {
        "finishedAt": "2026-01-01T00:00:00Z",
        "result": "Succeeded",
        "steps": 100 + number,
        "targetReached": True,
        "newQuality": f"{(96 - 2 * number) / 100:.2f}",
    }
    return RetrainingRecord.parse(
        {"metadata": {"name": f"r{number}"}, "spec": spec | origin | {"scores": [score]}, "outcome": outcome}
    )


def test_records_of_the_same_action_make_an_estimate() -> None:
    known = [record(number) for number in range(40)]
    found = predicted(records=known, actions=(Action.FINE_TUNE, Action.RETRAIN))
    fine, whole = found.costs
    assert fine.steps.basis == Basis.ASSUMED
    assert whole.steps.basis == Basis.ESTIMATED
    assert float(whole.steps.estimate or 0) == pytest.approx(110, abs=5)
    assert found.records == 40
    assert "declared budget (0 records of FineTune" in found.method
    assert float(found.coverage) == 0.8
    assert found.max_steps == 1000


def test_verified_records_tell_the_attainable_quality() -> None:
    known = [record(number, **OWN) for number in range(40)]
    fine, whole = predicted(records=known, actions=(Action.FINE_TUNE, Action.RETRAIN)).costs
    assert fine.quality is None
    # All stopped at their target, so nobody knows how much more was possible.
    assert whole.quality is not None
    assert 0 < whole.quality.low < (whole.quality.estimate or 0) < whole.quality.high <= 1
    assert whole.quality.basis == Basis.ASSUMED
    assert (
        predicted(records=[record(number) for number in range(40)], actions=(Action.RETRAIN,)).costs[0].quality is None
    )


def test_what_follows_from_steps_is_drawn_together_with_them() -> None:
    found = predicted(records=[record(number) for number in range(40)], site=profile()).costs[0]
    seconds = [float(end) * 3600 for end in (found.hours.low, found.hours.high)]
    steps = [float(end) for end in (found.steps.low, found.steps.high)]
    # Less than the worst case of both, more than the spread of steps alone: 0.4 to 0.9 s a step, 30 s of start.
    assert 30 + 0.4 * steps[0] < seconds[0] < 30 + 0.6 * steps[0] * 1.05
    assert 30 + 0.6 * steps[1] * 0.95 < seconds[1] < 30 + 0.9 * steps[1]
    # Energy is those seconds at 400 W and a PUE of 1.5, so its ends are the ends of time.
    assert ends(found.energy_kwh) == pytest.approx([each / 3600 * 0.6 for each in seconds], rel=1e-4)
    grams = [each / 3600 * (0.6 * 400 + 5) for each in seconds]
    assert ends(found.carbon_grams_location) == pytest.approx(grams, rel=1e-4)
    assert found.hours.basis == Basis.ESTIMATED


def test_why_nothing_is_predicted_fits_the_status() -> None:
    found = predicted(actions=(Action.FINE_TUNE, Action.RETRAIN, Action.TRAIN_FROM_SCRATCH))
    assert len(found.method) <= 256
    assert "5 more help" in found.method


def test_costs_come_by_candidate_and_then_by_action() -> None:
    actions = (Action.FINE_TUNE, Action.RETRAIN, Action.TRAIN_FROM_SCRATCH)
    found = predicted((assessment("b"), MACHINE), (assessment("a"), None), actions=actions)
    assert [(each.model, each.action) for each in found.costs] == [(m, a) for m in ("b", "a") for a in actions]


def test_a_candidate_that_was_not_measured_is_left_out() -> None:
    failed = ModelAssessment.model_validate({"model": "broken", "job": {"name": "mrc-x"}})
    assert [each.model for each in predicted((failed, MACHINE), (assessment(), MACHINE)).costs] == ["current"]
    assert predicted((failed, MACHINE)).method == "nothing to predict"


def test_every_figure_says_on_what_it_rests() -> None:
    found = cost(site=profile(), stepEnergyWh="0.1")
    wire = found.to_wire()
    figures = [value for value in wire.values() if isinstance(value, dict)]
    assert len(figures) == 6
    assert all(figure["basis"] for figure in figures)


# --- pilots ----------------------------------------------------------------------------------------------------------


def of_a_pilot(site: CostProfileSpec | None = None, steps: int = 25, **seen: Any) -> PredictedCost:
    candidate = Candidate(assessment(**seen), MACHINE, target=0.9)
    found = pilot_cost(candidate, Action.RETRAIN, steps=steps, batch_size=64, profile=site)
    assert found is not None
    return found


def test_a_pilot_has_exactly_its_steps() -> None:
    found = of_a_pilot().steps
    assert (found.low, found.estimate, found.high, found.basis) == (25, 25, 25, Basis.MEASURED)
    assert of_a_pilot().reaches_target is None


def test_a_pilot_takes_its_steps_by_seconds_and_the_start() -> None:
    # 0.4 to 0.9 s a step, all factors equally likely: four in five lie between 0.4 * 2.25 ** 0.1 and 0.4 * 2.25 ** 0.9.
    low, high = (30 + 25 * 0.4 * 2.25**share for share in (0.1, 0.9))
    found = of_a_pilot(profile())
    assert ends(found.hours) == pytest.approx((low / 3600, high / 3600), rel=1e-3)
    assert found.hours.estimate is not None
    assert float(found.hours.estimate) == pytest.approx((30 + 25 * 0.6) / 3600, rel=1e-5)
    # 400 W at a PUE of 1.5, and 0.3 a kWh with 2 an hour.
    assert ends(found.energy_kwh) == pytest.approx((low / 3600 * 0.6, high / 3600 * 0.6), rel=1e-3)
    assert ends(found.money) == pytest.approx([each / 3600 * (0.6 * 0.3 + 2) for each in (low, high)], rel=1e-3)


def test_more_steps_take_more() -> None:
    assert of_a_pilot(steps=10).hours.high < of_a_pilot(steps=25).hours.high


def test_without_a_measured_pass_a_pilot_has_no_cost() -> None:
    failed = ModelAssessment.model_validate({"model": "broken", "job": {"name": "mrc-x"}})
    candidate = Candidate(failed, MACHINE, target=0.9)
    assert pilot_cost(candidate, Action.RETRAIN, steps=25, batch_size=64, profile=None) is None


def test_what_a_pass_ran_on_is_remembered() -> None:
    listed = {
        "cpus": [hardware("core", "10")],
        "accelerators": [hardware("small", "300", gpu="s"), hardware("big", "700", gpu="b")],
    }
    site = profile(**listed)
    for labels, gpus in (({"gpu": "b"}, 2), ({"gpu": "s"}, 1), ({}, 0), ({}, 1)):
        used = hardware_of(site, labels, cpu_cores=1.5)
        assert machine_again(site, used, gpus=gpus) == machine_of(site, labels, cpu_cores=1.5, gpus=gpus)
    assert hardware_of(site, {"gpu": "b"}, cpu_cores=1.5).to_wire() == {"cpu": 0, "accelerator": 1, "cpuCores": "1.5"}
    assert hardware_of(site, {}, cpu_cores=1.5).to_wire() == {"cpu": 0, "cpuCores": "1.5"}


def hardware(name: str, watts: str, **labels: str) -> dict[str, Any]:
    return {"name": name, "powerWatts": watts, "source": "x", "nodeSelector": {"matchLabels": labels}}

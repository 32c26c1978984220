"""Steps from records: what a known law teaches, and what too few records don't."""

import math
from typing import Any

import numpy as np
import pytest

from modelreuse.api import Action, Basis, RetrainingRecord
from modelreuse.costs import Case, Interval, StepsPrediction, cases_of, predict_steps

SCORE = "initial_error"


def law(x: float) -> float:
    """Steps by the law that the records follow."""
    return math.exp(3 + 4 * x)


def cases(count: int = 30, noise: float = 0.0, score: str = SCORE) -> list[Case]:
    random = np.random.default_rng(7)
    return [
        Case({score: float(x)}, round(law(float(x)) * math.exp(noise * float(random.standard_normal()))), reached=True)
        for x in np.linspace(0, 1, count)
    ]


def steps(known: list[Case], at: float, max_steps: int = 100_000) -> Interval:
    return predict_steps(known, {SCORE: at}, max_steps=max_steps).steps


def test_a_known_law_is_recovered() -> None:
    for at in (0.1, 0.5, 0.9):
        found = steps(cases(), at)
        assert found.basis == Basis.ESTIMATED
        assert found.estimate == pytest.approx(law(at), rel=0.03)
        assert found.low <= law(at) * 1.03
        assert found.high >= law(at) * 0.97


def test_noise_widens_the_interval() -> None:
    calm, noisy = (steps(cases(noise=noise), 0.5) for noise in (0.0, 0.5))
    assert noisy.high / noisy.low > 2 * calm.high / calm.low


def test_most_new_cases_lie_within_the_interval() -> None:
    known = cases(200, noise=0.4)
    random = np.random.default_rng(8)
    inside = 0
    for x in random.random(200):
        truth = law(float(x)) * math.exp(0.4 * float(random.standard_normal()))
        found = steps(known, float(x))
        inside += found.low <= truth <= found.high
    assert 0.7 <= inside / 200 <= 0.9


def test_the_width_is_that_of_records_predicted_by_the_others() -> None:
    random = np.random.default_rng(3)
    x = np.array([0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 1.0])
    counts = np.round(np.exp(6 + 2 * x + 0.5 * random.standard_normal(10)))
    y = np.log(counts)
    errors = []
    for left_out in range(10):
        slope, start = np.polyfit(np.delete(x, left_out), np.delete(y, left_out), 1)
        errors.append(abs(y[left_out] - start - slope * x[left_out]))
    # 80 % of eleven, rounded up, is the ninth of ten.
    width = sorted(errors)[8]
    found = steps([Case({SCORE: float(a)}, int(b), True) for a, b in zip(x, counts, strict=True)], 0.25, 10**7)
    assert math.log(found.high / found.low) == pytest.approx(2 * width, rel=0.01)


def test_beyond_the_records_the_interval_widens_with_the_distance() -> None:
    known = cases(noise=0.2)
    ratios = [steps(known, at, 10**9).high / steps(known, at, 10**9).low for at in (1.0, 1.5, 2.0)]
    assert ratios == sorted(ratios)
    # One range of the records away, the half width in logarithms has doubled.
    assert ratios[2] == pytest.approx(ratios[0] ** 2, rel=0.02)
    below = steps(known, -0.5, 10**9)
    assert below.high / below.low > ratios[0]


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_few_records_leave_the_declared_budget(count: int) -> None:
    found = predict_steps(cases(30)[:count], {SCORE: 0.5}, max_steps=1500)
    assert found.steps == Interval(1, 1500, Basis.ASSUMED)
    assert found.cases == 0
    assert "declared budget" in found.method


def test_ten_records_are_enough() -> None:
    found = predict_steps(cases(10), {SCORE: 0.5}, max_steps=1500)
    assert (found.cases, found.steps.basis) == (10, Basis.ESTIMATED)
    assert SCORE in found.method


def test_a_score_that_the_check_lacks_predicts_nothing() -> None:
    assert predict_steps(cases(), {"resque_dist": 0.5}, max_steps=9).steps.basis == Basis.ASSUMED


def test_the_preferred_score_is_used() -> None:
    both = [Case({**one.scores, "resque_dist": 0.3 + 0.01 * i}, one.steps, True) for i, one in enumerate(cases())]
    found = predict_steps(both, {SCORE: 0.5, "resque_dist": 0.5}, max_steps=9000)
    assert found.method == f"log-linear in {SCORE}"


def test_a_score_without_spread_teaches_nothing() -> None:
    flat = [Case({SCORE: 0.5}, 100, True)] * 20
    assert steps(flat, 0.5).basis == Basis.ASSUMED


def test_what_missed_its_target_is_not_fitted_but_lowers_the_chance() -> None:
    missed = [Case({SCORE: 0.5}, 5, reached=False)] * 30
    with_, without = (predict_steps(each, {SCORE: 0.5}, max_steps=9000) for each in (cases() + missed, cases()))
    assert with_.steps == without.steps
    assert with_.cases == without.cases == 30
    assert without.reaches_target == pytest.approx(31 / 32)
    assert with_.reaches_target == pytest.approx(31 / 62)


def test_only_misses_leave_the_budget_and_a_small_chance() -> None:
    found = predict_steps([Case({SCORE: 0.5}, 5, reached=False)] * 18, {SCORE: 0.5}, max_steps=100)
    assert found == StepsPrediction(
        Interval(1, 100, Basis.ASSUMED),
        0,
        "declared budget: fewer than 10 comparable records",
        pytest.approx(1 / 20),  # type: ignore[arg-type]
    )


def test_without_records_no_chance_is_claimed() -> None:
    assert predict_steps([], {}, max_steps=100).reaches_target is None


@pytest.mark.parametrize("at", [-1e15, -3.0, 0.0, 1.0, 5.0, 1e15])
def test_nothing_is_predicted_beyond_the_budget_or_below_one_step(at: float) -> None:
    found = steps(cases(noise=0.3), at, max_steps=50)
    assert found.estimate is not None
    assert 1 <= found.low <= found.estimate <= found.high <= 50


def record(**changes: Any) -> RetrainingRecord:
    spec = {
        "source": "Imported",
        "action": "FineTune",
        "model": "m",
        "recipe": "default",
        "maxSteps": 100,
        "target": "0.9",
        "scores": [{"name": SCORE, "value": "0.25", "labels": "Given"}],
    } | {key: value for key, value in changes.items() if key in {"action", "recipe"}}
    outcome = {
        "finishedAt": "2026-01-01T00:00:00Z",
        "result": "Succeeded",
        "steps": 40,
        "targetReached": True,
    } | {key: value for key, value in changes.items() if key in {"result", "steps", "targetReached"}}
    outcome = {key: value for key, value in outcome.items() if value is not None}
    return RetrainingRecord.parse({"metadata": {"name": "r"}, "spec": spec, "outcome": outcome})


def comparable(one: RetrainingRecord) -> list[Case]:
    return cases_of([one], recipe="default", action=Action.FINE_TUNE)


def test_a_record_becomes_a_case() -> None:
    assert comparable(record()) == [Case({SCORE: 0.25}, 40, reached=True)]


@pytest.mark.parametrize(
    "difference",
    [{"action": "Retrain"}, {"recipe": "other"}, {"result": "Failed"}, {"result": "Lost"}, {"steps": None}],
)
def test_what_cannot_be_compared_is_no_case(difference: dict[str, Any]) -> None:
    assert comparable(record(**difference)) == []


@pytest.mark.parametrize("reached", [False, None])
def test_a_target_that_was_not_reached_for_sure_was_not_reached(reached: bool | None) -> None:
    assert comparable(record(targetReached=reached)) == [Case({SCORE: 0.25}, 40, reached=False)]

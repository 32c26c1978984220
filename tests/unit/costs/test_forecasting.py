"""As much of a model as the records can bear, and no figure where they bear none."""

import math
from dataclasses import replace

import numpy as np
import pytest

from modelreuse.api import Basis
from modelreuse.costs import Case, Experience, StepsForecast
from modelreuse.costs.abstaining import WIDEST
from modelreuse.costs.forecasting import LEVEL, experience_of, intervals
from modelreuse.costs.outlook import STEPS
from modelreuse.costs.quantities import DRAWS
from unit.costs.worlds import CAP, reached, situation, world


def forecast(cases: list[Case], error: float = 0.4, cap: int = CAP, **changes: object) -> StepsForecast:
    return Experience(cases).forecast(situation(error, **changes), cap)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def many() -> list[Case]:
    return world(0, shifts=20, per_shift=20, shift_spread=0.2)


def test_without_records_there_is_the_declared_budget_and_what_would_help() -> None:
    found = forecast([], cap=1500)
    assert (found.steps.low, found.steps.high, found.steps.estimate) == (1, 1500, None)
    assert (found.steps.basis, found.cases, found.draws, found.reaches_target) == (Basis.ASSUMED, 0, None, None)
    assert "5 more help, by calibration or a pilot" in (found.abstained or "")


def test_four_records_of_a_recipe_and_action_are_too_few_whatever_else_there_is(many: list[Case]) -> None:
    other = [reached(50, situation(recipe="sgd"), shift=str(number)) for number in range(4)]
    assert forecast(many + other, recipe="sgd").steps.estimate is None
    assert "4 records of Retrain by recipe sgd: 1 more" in (forecast(many + other, recipe="sgd").abstained or "")
    assert forecast(many, action="TrainFromScratch").steps.estimate is None


def test_five_records_give_a_point_within_a_factor_of_six_at_least() -> None:
    known = [reached(100 + number, situation(0.1 * number), shift=str(number)) for number in range(5)]
    found = forecast(known, cap=100_000)
    assert found.steps.estimate == pytest.approx(102, rel=0.1)
    assert found.steps.low <= found.steps.estimate / 6 + 1
    assert found.steps.high >= 6 * found.steps.estimate
    assert found.method == "intercepts"
    assert found.steps.basis == Basis.ASSUMED
    assert "more records" in (found.abstained or "")


def test_from_thirty_a_feature_counts() -> None:
    known = world(5, shifts=6, per_shift=6, shift_spread=0.1)
    assert len(known) >= 30
    light, heavy = (forecast(known, error) for error in (0.2, 0.8))
    assert (heavy.steps.estimate or 0) > 3 * (light.steps.estimate or 0)
    assert light.method != "geometric mean"


def test_a_free_baseline_wins_where_it_is_better() -> None:
    noise = np.random.default_rng(1)
    muddled = [
        replace(case, situation=situation(float(noise.random()), case.situation.action))
        for case in world(2, slope=0.0, shift_spread=0.0, shifts=6, per_shift=8)
    ]
    assert Experience(muddled).model(situation()).method == "geometric mean"


def test_from_three_hundred_models_are_stacked(many: list[Case]) -> None:
    model = Experience(many).model(situation())
    assert {"labelled", "excess", "trees", "geometric mean", "initial error"} <= set(model.names)
    near, far = model.weights.near, model.weights.far
    assert [*near.sum(axis=1), *far.sum(axis=1)] == pytest.approx([1] * 6)
    assert near[STEPS, model.names.index("trees")] > near[STEPS, model.names.index("geometric mean")]
    assert far[STEPS, model.names.index("trees")] == 0


def test_a_known_law_is_recovered(many: list[Case]) -> None:
    for error in (0.2, 0.4, 0.6):
        found = forecast(many, error)
        assert found.steps.estimate == pytest.approx(math.exp(3 + 3 * error), rel=0.3)
        assert found.steps.basis == Basis.ESTIMATED
        assert found.abstained is None


def test_draws_are_the_interval_and_stop_at_the_cap(many: list[Case]) -> None:
    found = forecast(many, 0.4)
    assert found.draws is not None
    assert len(found.draws) == DRAWS
    low, high = np.quantile(found.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    assert low == pytest.approx(found.steps.low, rel=0.1, abs=2)
    assert high == pytest.approx(min(found.steps.high, CAP), rel=0.1)
    assert found.draws.max() <= CAP


def test_what_may_not_be_reached_ends_beyond_the_cap(many: list[Case]) -> None:
    found = forecast(many, 0.9, cap=150)
    assert found.steps.high == 150
    assert (found.reaches_target or 1) < 0.9
    assert forecast(many, 0.2, cap=100_000).steps.high < 300


def test_few_shifts_make_no_interval_that_could_be_relied_on() -> None:
    assert forecast(world(7, shifts=3, per_shift=30)).steps.basis == Basis.ASSUMED
    assert forecast(world(7, shifts=4, per_shift=30, shift_spread=0.1)).steps.basis == Basis.ESTIMATED


def test_without_labels_figures_are_assumed(many: list[Case]) -> None:
    blind = {"scores": {"estimated_accuracy": 0.6, "confidence": 0.7, "resque_dist": 0.2}}
    found = forecast(many, **blind)
    assert found.steps.basis == Basis.ASSUMED
    assert found.steps.estimate is not None
    assert "no labels" in (found.abstained or "")


def test_a_collapsed_model_is_not_predicted(many: list[Case]) -> None:
    found = forecast(many, findings=frozenset({"ClassCollapse"}))
    assert found.steps.estimate is None
    assert "collapsed" in (found.abstained or "")


def test_what_is_unlike_all_records_is_not_predicted_and_says_in_which_way(many: list[Case]) -> None:
    far = {"initial_error": 0.4, "initial_cross_entropy": 400.0, "lda_error": 0.2, "resque_dist": 0.2}
    found = forecast([case for case in many if case.situation.scores["initial_error"] < 0.45], scores=far)
    assert found.steps.estimate is None
    assert "log_cross_entropy near" in (found.abstained or "")


def test_predictions_without_skill_on_other_shifts_are_withheld() -> None:
    noise = np.random.default_rng(4)
    known = [
        reached(float(np.exp(noise.uniform(2, 6))), situation(float(noise.random())), shift=f"{number % 12}")
        for number in range(120)
    ]
    found = forecast(known)
    assert found.steps.estimate is None
    assert "no skill" in (found.abstained or "")


def test_an_interval_that_is_too_wide_is_shown_and_assumed() -> None:
    found = forecast(world(8, noise=1.4, slope=4, cap=100_000), 0.3, cap=100_000)
    assert found.steps.high > WIDEST * found.steps.low
    assert found.steps.basis == Basis.ASSUMED
    assert "times the lower" in (found.abstained or "")


def test_intervals_hold_as_often_as_they_say_on_shifts_that_were_not_seen() -> None:
    # 12 worlds, 6 new shifts each of 20: shares vary with the shifts, so the bound is that of 72 clusters.
    shares = []
    for seed in range(12):
        known = world(seed, shifts=18)
        seen = [case for case in known if int(case.shift.partition("-")[2]) < 12]
        new = [case for case in known if int(case.shift.partition("-")[2]) >= 12]
        model = Experience(seen).model(new[0].situation)
        ends = intervals(model.outlook([c.situation for c in new], [c.cap for c in new]), model.z(LEVEL) or 0)
        for shift in {case.shift for case in new}:
            held = [
                math.isinf(high) if case.high is None else low <= (case.low + case.high) / 2 <= high
                for case, (low, high) in zip(new, ends, strict=True)
                if case.shift == shift
            ]
            shares.append(float(np.mean(held)))
    error = float(np.std(shares) / math.sqrt(len(shares)))
    assert abs(float(np.mean(shares)) - LEVEL) < 3 * error + 0.02


def imported(cases: list[Case], factor: float = 1.0, origin: str = "library") -> list[Case]:
    """The same world elsewhere, where everything takes so many times the steps."""
    return [
        replace(
            case,
            situation=replace(case.situation, origin=origin, mechanism=f"{origin}-{case.shift}"),
            shift=f"{origin}-{case.shift}",
            low=round(case.low * factor),
            high=None if case.high is None else round(case.high * factor),
            cap=round(case.cap * factor),
        )
        for case in cases
    ]


def test_imports_that_resemble_own_records_are_used() -> None:
    ours = world(1, shifts=6, per_shift=6, shift_spread=0.1)
    alone, together = forecast(ours), forecast(ours + imported(world(2, shifts=14, per_shift=14, shift_spread=0.1)))
    assert (alone.cases, together.cases) == (36, 36 + 196)
    assert together.steps.estimate == pytest.approx(math.exp(3 + 3 * 0.4), rel=0.3)


def test_where_own_records_are_few_imports_have_an_intercept_of_their_own() -> None:
    far = imported(world(2, shifts=12, per_shift=12, shift_spread=0.1), factor=8)
    ours = world(3, shifts=3, per_shift=8, shift_spread=0.1)
    far, ours = ([replace(c, situation=replace(c.situation, mechanism=None)) for c in cases] for cases in (far, ours))
    taken = forecast(far, cap=5000).steps.estimate or 0
    found = forecast(ours + far, cap=5000).steps.estimate or 0
    assert taken == pytest.approx(8 * math.exp(3 + 3 * 0.4), rel=0.4)
    assert found == pytest.approx(math.exp(3 + 3 * 0.4), rel=0.6)


def test_what_own_records_do_not_know_imports_may_tell() -> None:
    ours = world(1, shifts=6, per_shift=6)
    sgd = [replace(case, situation=replace(case.situation, recipe="sgd")) for case in imported(world(2))]
    assert forecast(ours, recipe="sgd").steps.estimate is None
    assert forecast(ours + sgd, recipe="sgd").steps.estimate is not None


def test_the_same_cases_are_learnt_from_once_and_others_anew(many: list[Case]) -> None:
    known = experience_of(many)
    assert experience_of(many[::-1]) is known
    assert experience_of(many[1:]) is not known
    longer = replace(many[0], low=many[0].low + 1, high=None)
    assert experience_of([longer, *many[1:]]) is not known

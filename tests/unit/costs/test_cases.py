"""Records as cases: nothing is dropped that says how long a training took at least."""

from typing import Any

import pytest

from modelreuse.api import Action, ModelAssessment, RetrainingRecord
from modelreuse.costs import Case, Situation, cases_of, situation_of
from modelreuse.costs.cases import Milestone, milestones, taught_by

SHA = "sha256:" + "a" * 64


def record(outcome: dict[str, Any] | None = None, **spec: Any) -> RetrainingRecord:
    known = {
        "source": "Imported",
        "action": "FineTune",
        "model": "m",
        "recipe": "adam",
        "maxSteps": 100,
        "target": "0.9",
        "scores": [{"name": "initial_error", "value": "0.25", "labels": "Given"}],
    }
    ended = {"finishedAt": "2026-01-01T00:00:00Z", "result": "Succeeded", "steps": 40, "targetReached": True}
    ended = {key: value for key, value in (ended | (outcome or {})).items() if value is not None}
    return RetrainingRecord.parse({"metadata": {"name": "r"}, "spec": known | spec, "outcome": ended})


def case(outcome: dict[str, Any] | None = None, **spec: Any) -> Case:
    (found,) = cases_of([record(outcome, **spec)])
    return found


def test_a_record_from_before_these_fields_is_a_case() -> None:
    found = case()
    assert (found.low, found.high, found.cap) == (39, 40, 100)
    assert found.situation == Situation(
        "FineTune", "adam", {"initial_error": 0.25}, target=0.9, model="m", origin="default"
    )


def test_what_a_record_tells_is_in_its_case() -> None:
    hashes = {"model": SHA, "reference": SHA[:-1] + "b", "new": SHA[:-1] + "c"}
    found = case(hashes=hashes, samples=500, trainableShare="0.25", mechanism="blur")
    assert found.situation.data_set == hashes["reference"]
    assert (found.situation.samples, found.situation.trainable_share) == (500, 0.25)
    assert (found.situation.mechanism, found.shift) == ("blur", "blur")


def test_steps_lie_between_two_looks() -> None:
    found = case({"evaluatedEvery": 25})
    assert (found.low, found.high) == (15, 40)
    assert case({"evaluatedEvery": 25, "steps": 10}).low == 0


def test_a_target_that_was_met_at_once_took_no_steps() -> None:
    assert (case({"steps": 0}).low, case({"steps": 0}).high) == (0, 0)


@pytest.mark.parametrize("told", [False, None])
def test_a_target_that_was_not_met_for_sure_is_right_censored_where_the_training_stopped(told: bool | None) -> None:
    found = case({"targetReached": told})
    assert (found.low, found.high, found.cap) == (40, None, 40)


@pytest.mark.parametrize(
    ("outcome", "quality"),
    [
        ({}, None),
        ({"newQuality": "0.91"}, (0.905, 1)),
        ({"newQuality": "0.8", "targetReached": False}, (0.795, 0.805)),
        ({"newQuality": "1", "targetReached": False}, (0.995, 1)),
        ({"newQuality": "0.8", "targetReached": None}, None),
    ],
)
def test_a_verified_quality_bounds_what_was_attainable(
    outcome: dict[str, Any], quality: tuple[float, float] | None
) -> None:
    assert case(outcome).quality == pytest.approx(quality)


@pytest.mark.parametrize("outcome", [{"result": "Failed"}, {"result": "Lost"}, {"steps": None}])
def test_what_ended_without_steps_is_no_case(outcome: dict[str, Any]) -> None:
    assert cases_of([record(outcome)]) == []


def test_without_a_mechanism_one_assessment_is_one_shift() -> None:
    other = [{"name": "initial_error", "value": "0.26", "labels": "Given"}]
    assert case().shift == case(action="Retrain").shift
    assert case().shift != case(scores=other).shift
    hashes = {"model": SHA, "reference": SHA, "new": SHA}
    assert case(hashes=hashes).shift == case(hashes=hashes, scores=other).shift


@pytest.mark.parametrize(("low", "high", "cap"), [(5, 5, 10), (6, 5, 10), (-1, 5, 10), (5, 11, 10), (11, None, 10)])
def test_what_is_no_interval_of_steps_is_refused(low: int, high: int | None, cap: int) -> None:
    with pytest.raises(ValueError, match="not an interval of steps"):
        Case(Situation("Retrain", "adam"), low, high, cap, "s")


def test_an_assessment_becomes_a_situation() -> None:
    assessment = ModelAssessment.model_validate(
        {
            "model": "current",
            "job": {"name": "j"},
            "samples": 800,
            "scores": [{"name": "lda_error", "value": "0.1", "labels": "Given"}],
            "findings": [{"reason": "ClassCollapse", "message": "x"}],
            "trainableShare": "0.5",
            "hashes": {"model": SHA, "reference": SHA, "new": SHA},
        }
    )
    found = situation_of(assessment, Action.FINE_TUNE, recipe="adam", target=0.8)
    assert found == Situation(
        "FineTune", "adam", {"lda_error": 0.1}, 0.8, 800, 0.5, "current", SHA, None, frozenset({"ClassCollapse"})
    )
    assert situation_of(assessment, Action.RETRAIN, recipe="adam", target=0.8).trainable_share == 1


def test_the_steps_of_a_pilot_are_no_case() -> None:
    """It stopped where it was told to: that says nothing of what the target takes."""
    assert cases_of([record(pilot={"steps": 25})]) == []


def passed(*looks: tuple[int, float], met: bool = True, start: float | None = None) -> list[tuple[int, int | None]]:
    """When a training with the target 0.9 passed 0.859, 0.8, 0.717 and 0.6."""
    return [(each.low, each.high) for each in milestones(looks, 0.9, met=met, start=start)]


def test_a_milestone_lies_between_the_look_before_it_and_the_first_of_two_above() -> None:
    assert passed((5, 0.5), (10, 0.61), (20, 0.7), (40, 0.85), (80, 0.95)) == [(40, 80), (20, 40), (20, 40), (5, 10)]


def test_one_lucky_look_is_no_milestone() -> None:
    assert passed((5, 0.65), (10, 0.55), (20, 0.65), (40, 0.95))[-1] == (10, 20)


def test_what_the_untouched_model_met_took_no_steps() -> None:
    assert passed((5, 0.75), (10, 0.95), start=0.7)[-2:] == [(0, 5), (0, 0)]
    assert passed((5, 0.75), (10, 0.95))[-1] == (0, 5)


def test_what_was_never_passed_is_right_censored_unless_the_target_itself_was_met() -> None:
    looks = ((5, 0.5), (10, 0.65))
    assert passed(*looks, met=False) == [(10, None), (10, None), (10, None), (5, 10)]
    assert passed(*looks) == [(5, 10), (5, 10), (5, 10), (5, 10)]


def test_without_looks_or_where_nothing_was_trained_there_are_no_milestones() -> None:
    assert passed() == []
    assert passed((5, 0.95), start=0.9) == []


def test_no_milestone_has_a_target_of_nothing() -> None:
    assert [each.target for each in milestones([(5, 0.4)], 0.5, met=False)] == pytest.approx([1 - 0.5 * 2**0.5])


def test_a_record_tells_its_milestones() -> None:
    looks = [{"step": 10, "quality": "0.7"}, {"step": 20, "quality": "0.82"}, {"step": 40, "quality": "0.91"}]
    found = case({"evaluations": looks})
    assert found.milestones[1] == Milestone(pytest.approx(0.8), 10, 20)  # type: ignore[arg-type]
    assert found.milestones[3] == Milestone(pytest.approx(0.6), 0, 0)  # type: ignore[arg-type]
    predicted = [{"name": "initial_error", "value": "0.25", "labels": "Predicted"}]
    assert case({"evaluations": looks}, scores=predicted).milestones[3].high == 10


def test_a_look_after_the_last_step_is_not_believed() -> None:
    looks = [{"step": 10, "quality": "0.95"}, {"step": 5000, "quality": "0.95"}]
    assert {each.high for each in case({"evaluations": looks}).milestones} == {10, 0}


def test_milestones_teach_as_cases_with_targets_of_their_own() -> None:
    one = Case(Situation("Retrain", "adam", target=0.9), 20, 40, 100, "s", (0.9, 1), (Milestone(0.8, 5, 10),))
    never = Case(Situation("Retrain", "adam", target=0.9), 60, None, 60, "s", None, (Milestone(0.8, 60, None),))
    taught = taught_by([one, never])
    assert [(each.situation.target, each.low, each.high, each.cap) for each in taught] == [
        (0.9, 20, 40, 100), (0.8, 5, 10, 100), (0.9, 60, None, 60), (0.8, 60, None, 60),
    ]  # fmt: skip
    assert [each.quality for each in taught] == [(0.9, 1), None, None, None]

"""Records as cases: nothing is dropped that says how long a training took at least."""

from typing import Any

import pytest

from modelreuse.api import Action, ModelAssessment, RetrainingRecord
from modelreuse.costs import Case, Situation, cases_of, situation_of

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

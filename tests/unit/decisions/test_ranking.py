"""The order of candidates: predicted cost to the target, then evidence, then the order of the check."""

from typing import Any

import pytest

from unit.decisions.scenes import Json, assessed, assessing, measured, policy, score, spec, summary

LEFT = {"resque_dist": "0.1", "initial_accuracy_reference": "0.95"}
GOOD = {**LEFT, "initial_accuracy_new": "0.95"}
BAD = {**LEFT, "initial_accuracy_new": "0.65"}
NAMES = ("current", "second", "third")


def answer(rows: dict[str, str], step: str = "0.05", **changes: Any) -> Json:
    scores = [score(name, value) for name, value in rows.items()]
    return {"scores": scores, "measured": measured(stepSeconds=step, headStepSeconds=None), **changes}


def advised(*answers: Json | None, **policies: Any) -> Json:
    """The recommendation for as many candidates; None: that one can't be assessed."""
    models = [{"name": name, "uri": f"pvc://models/{name}.pt2"} for name, _ in zip(NAMES, answers, strict=False)]
    scene = assessing(spec=spec(models=models), policies=(policy(**policies),))
    for entry, given in zip(scene.status["assessments"], answers, strict=True):
        task = scene.jobs[entry["job"]["name"]].task or ""
        error = {"reason": "NotFound", "field": "spec.models", "message": "no such file"}
        message = {"task": task, "error": error} if given is None else summary(task, **given)
        scene = scene.answered(entry["job"]["name"], message)
    return dict(scene.then().status["recommendation"])


@pytest.mark.parametrize(
    ("answers", "order"),
    [
        # What fits costs nothing, whatever adapting it would.
        ((answer(BAD, "0.01"), answer(GOOD, "9")), "second current"),
        ((answer(GOOD, "9"), answer(BAD, "0.01")), "current second"),
        # Else the cheapest action's upper end decides.
        ((answer(BAD, "0.5"), answer(BAD, "0.05")), "second current"),
        ((answer(BAD, "0.05"), answer(BAD, "0.5")), "current second"),
        # Then evidence, best first.
        ((answer(BAD), answer(GOOD, evidence="L1", labelled=10_000), answer(GOOD)), "third second current"),
        ((answer(BAD), answer(GOOD), answer(GOOD, evidence="L1", labelled=10_000)), "second third current"),
        ((answer(BAD, evidence="L1", labelled=400), answer(BAD)), "second current"),
        ((answer(BAD), answer(BAD, evidence="L1", labelled=400)), "current second"),
        # Then the check.
        ((answer(BAD), answer(BAD), answer(BAD)), "current second third"),
        # What could not be assessed is last.
        ((None, answer(BAD, "9")), "second current"),
        ((None, answer(GOOD, evidence="L1", labelled=10_000), answer(GOOD)), "third second current"),
    ],
)
def test_the_best_comes_first(answers: tuple[Json | None, ...], order: str) -> None:
    assert " ".join(advised(*answers)["ranked"]) == order


def test_a_candidate_with_no_action_within_the_limits_comes_after_those_that_have_one() -> None:
    dear, cheap = answer(BAD, "5"), answer(BAD, "0.05")
    recommendation = advised(dear, cheap, limits={"hours": "0.1"})
    assert recommendation["ranked"] == ["second", "current"]
    assert "current (no action that would do)" in recommendation["message"]
    assert (recommendation["action"], recommendation["model"]) == ("FineTune", "second")


def test_where_nobody_knows_whether_the_model_in_use_can_stay_none_is_adapted_in_its_place() -> None:
    unsettled = answer(GOOD, "0.5", evidence="L1", labelled=100)
    recommendation = advised(unsettled, answer(BAD, "0.05"), reuse={"maxQualityLoss": "0.01"})
    assert recommendation["ranked"] == ["second", "current"]
    assert (recommendation["action"], recommendation["model"]) == ("Inconclusive", "current")


def test_a_switch_names_the_candidate_and_says_why() -> None:
    switch = advised(answer(BAD), None, answer(GOOD))
    assert (switch["action"], switch["model"]) == ("Switch", "third")
    assert switch["message"].startswith(
        "third is within every threshold of the policy without any training; of current"
    )
    assert switch["message"].endswith(
        "by cost to the target: third (as it is), current (FineTune, up to 0.303 Wh), second (not assessed)"
    )


def test_the_model_in_use_stays_where_it_fits_though_another_has_better_evidence() -> None:
    kept = advised(answer(GOOD, evidence="L1", labelled=10_000), answer(GOOD))
    assert (kept["action"], kept["model"], kept["ranked"]) == ("Reuse", "current", ["current", "second"])


def test_a_single_model_is_not_ranked() -> None:
    assert "ranked" not in advised(answer(BAD)) or not advised(answer(BAD))["ranked"]


def test_fine_tuning_every_layer_is_retraining_where_that_is_possible() -> None:
    whole = answer(BAD, layers=["fc1", "fc2"], trainableShare="1")
    recommendation = advised(whole)
    assert recommendation["action"] == "Retrain"
    assert "FineTune current: the shift begins at the first layer" in recommendation["message"]
    assert advised(whole | {"trainableShare": "0.99"})["action"] == "FineTune"


def test_fine_tuning_every_layer_is_an_action_of_its_own_where_nothing_else_trains_them() -> None:
    only = spec()["retraining"] | {"actions": ["FineTune"]}
    scene = assessed(answer(BAD, layers=["fc1", "fc2"], trainableShare="1"), spec=spec(retraining=only))
    assert scene.status["recommendation"]["action"] == "FineTune"

"""When an assessment begins anew, and what it keeps of the one before."""

import pytest

from modelreuse.api import MAX_HISTORY
from unit.decisions import scenes
from unit.decisions.scenes import Scene, approve, created, offered, result, sha, summary, task_of

OTHER_NONCE = "0ddba11" * 4


def reassessed(scene: Scene) -> bool:
    return scene.but(nonce=OTHER_NONCE).plan().status.nonce == OTHER_NONCE


def test_nothing_new_is_no_reason() -> None:
    assert not reassessed(offered())


def test_a_changed_spec_is_assessed_anew() -> None:
    assert reassessed(offered().edited(objective={"target": {"absolute": "0.5"}}))


def test_another_batch_size_is_probed_anew_so_none_is_priced_by_the_probe_of_another() -> None:
    retraining = offered().spec["retraining"] | {"batchSize": 37}
    scene = offered().edited(retraining=retraining).but(nonce=OTHER_NONCE)
    (job,) = scene.plan().create
    assert task_of(job)["probeBatchSize"] == 37
    assert scene.plan().status.prediction is None


def test_suspending_is_no_change_to_assess() -> None:
    assert not reassessed(offered().edited(suspend=True))


def test_a_token_asks_for_a_new_assessment_once() -> None:
    scene = offered().annotated(assess="monday")
    assert reassessed(scene)
    again = scene.but(nonce=OTHER_NONCE).then()
    assert again.but(nonce="another").plan().status.nonce == OTHER_NONCE


def test_a_token_is_compared_as_far_as_status_holds_it() -> None:
    scene = offered().annotated(assess="x" * 300).but(nonce=OTHER_NONCE).then()
    assert scene.but(nonce="another").plan().status.nonce == OTHER_NONCE


def test_removing_the_token_asks_for_nothing() -> None:
    scene = offered().annotated(assess="monday").but(nonce=OTHER_NONCE).then()
    assert scene.without_annotation("modelreuse.io/assess").but(nonce="x").plan().status.nonce == OTHER_NONCE


def test_a_new_assessment_runs_under_new_names_and_voids_the_old_offer() -> None:
    scene = approve(offered()).annotated(assess="again").but(nonce=OTHER_NONCE)
    plan = scene.plan()
    assert created(plan) == ["assessment"]
    assert plan.create[0]["metadata"]["name"] not in scene.jobs
    assert plan.status.approval is None
    assert plan.status.retraining is None


def test_an_old_approval_does_not_fit_the_same_offer_of_a_new_assessment() -> None:
    scene = approve(offered())
    digest = scene.digest
    scene = scene.annotated(assess="again").but(nonce=OTHER_NONCE).then().then()
    name = scene.assessment["job"]["name"]
    scene = scene.answered(name, summary(scene.jobs[name].task or "")).then()
    assert scene.digest != digest
    assert "retraining" not in scene.then().status


@pytest.mark.parametrize("station", [scenes.intended, scenes.recorded, scenes.launched, scenes.retrained])
def test_not_while_a_retraining_runs_or_is_verified(station: object) -> None:
    scene: Scene = station()  # type: ignore[operator]
    assert not reassessed(scene.annotated(assess="now"))
    assert not reassessed(scene.edited(objective={"target": {"absolute": "0.5"}}))


def test_not_before_the_outcome_is_recorded() -> None:
    done = scenes.completed()
    record = done.records[0].model_copy(update={"outcome": None})
    assert not reassessed(done.but(records=(record,)).annotated(assess="now"))
    assert reassessed(done.annotated(assess="now"))


def test_an_old_assessment_becomes_a_row_of_history() -> None:
    done = scenes.completed()
    plan = done.annotated(assess="now").but(nonce=OTHER_NONCE).plan()
    row = plan.status.history[0]
    assert (row.action, row.digest, row.outcome) == ("FineTune", done.digest, "Succeeded")
    assert " steps (" not in row.message, "the record tells what was predicted"


def test_of_what_nobody_approved_history_keeps_the_predicted_steps() -> None:
    row = offered().annotated(assess="now").but(nonce=OTHER_NONCE).plan().status.history[0]
    assert row.outcome is None
    assert row.message.startswith("[1..>1000] steps (Assumed); quality fell by 0.3")


def test_the_longest_words_do_not_drown_the_predicted_steps() -> None:
    scene = offered()
    advice = scene.status["recommendation"] | {"message": "x" * 768}
    scene = scene.but(status=scene.status | {"recommendation": advice}).annotated(assess="now").but(nonce=OTHER_NONCE)
    message = scene.plan().status.history[0].message
    assert message.startswith("[1..>1000] steps (Assumed); x")
    assert len(message) == 120


def test_history_keeps_the_latest_rows() -> None:
    row = {"assessedAt": "2026-01-01T00:00:00Z", "action": "Reuse", "message": "old"}
    full = offered()
    rows = [row | {"message": f"{number}"} for number in range(MAX_HISTORY)]
    full = full.but(status=full.status | {"history": rows}).annotated(assess="now").but(nonce=OTHER_NONCE)
    history = full.plan().status.history
    assert len(history) == MAX_HISTORY
    assert history[0].action == "FineTune"
    assert [each.message for each in history[1:]] == [f"{number}" for number in range(MAX_HISTORY - 1)]


def test_an_assessment_that_ended_in_nothing_leaves_no_row() -> None:
    scene = scenes.assessing().edited(objective={"target": {"absolute": "0.5"}}).but(nonce=OTHER_NONCE)
    assert scene.plan().status.history == []


def test_a_running_assessment_gives_way_to_a_changed_spec() -> None:
    scene = scenes.assessing()
    assert reassessed(scene.edited(objective={"target": {"absolute": "0.5"}}))


def test_an_answer_to_the_old_assessment_does_not_count_for_the_new() -> None:
    scene = scenes.assessing()
    old = scene.assessment["job"]["name"]
    task = scene.jobs[old].task or ""
    scene = scene.edited(objective={"target": {"absolute": "0.5"}}).but(nonce=OTHER_NONCE).then()
    new = scene.assessment["job"]["name"]
    scene = scene.answered(new, summary(task, hashes={"model": sha("9"), "reference": sha("9"), "new": sha("9")}))
    assert scene.then().assessment["failure"]["reason"] == "WrongAnswer"


def test_a_voided_approval_is_mended_by_assessing_again() -> None:
    voided = scenes.intended().but(policies=()).then()
    assert voided.status["retraining"]["result"] == "Failed"
    assert reassessed(voided.annotated(assess="now"))


def test_a_failed_retraining_ends_busy_once_recorded() -> None:
    scene = scenes.launched()
    ended = scene.answered(scene.training, result(scene.digest, steps=5000)).then()
    assert ended.records[0].outcome is not None
    assert reassessed(ended.annotated(assess="now"))


def test_history_tells_what_was_predicted_of_the_action_that_was_recommended() -> None:
    scene = scenes.assessed({"layers": None})
    assert scene.status["recommendation"]["action"] == "Retrain"
    costs = [dict(each) for each in scene.status["prediction"]["costs"]]
    other = next(each for each in costs if each["action"] == "FineTune")
    other["steps"] = other["steps"] | {"high": "7"}
    told = scene.but(status=scene.status | {"prediction": scene.status["prediction"] | {"costs": costs}})
    after = told.annotated(assess="again").but(nonce="f00d" * 8).then()
    assert after.status["history"][0]["message"].startswith("[1..>1000] steps (Assumed); ")


def test_history_says_nothing_of_a_pilot_that_never_was() -> None:
    after = scenes.pilot_offered().annotated(assess="again").but(nonce="f00d" * 8).then()
    assert "pilot" not in after.status["history"][0]["message"]

"""The verification, what it allows, and what is recorded of it."""

import hashlib
import json

import pytest

from modelreuse.api import Failure
from modelreuse.decisions import Plan
from modelreuse.decisions.terms import terms_of
from modelreuse.decisions.verifying import is_finished
from unit.decisions import scenes
from unit.decisions.scenes import (
    Json,
    Scene,
    assessed,
    condition,
    created,
    launched,
    policy,
    result,
    retrained,
    sha,
    spec,
    task_of,
    verified,
)


def task(scene: Scene) -> str:
    return scene.jobs[scene.verification].task or ""


def answered(**changes: object) -> Plan:
    return retrained().answered(retrained().verification, verified(task(retrained()), **changes)).plan()


def verdict(plan: Plan) -> tuple[str, str]:
    found = condition(plan, "PromotionAllowed")
    return found.status, found.reason


def with_policy(**rules: object) -> tuple[str, str]:
    """The verdict where the quality rose from 0.65 to 0.93 towards a target of 0.855."""
    scene = retrained().but(policies=(policy(**rules),))
    return verdict(scene.answered(scene.verification, verified(task(scene))).plan())


def retrained_with(**changes: object) -> Scene:
    """After a retraining under another spec."""
    scene = scenes.approve(assessed(spec=spec(**changes))).then().then().then().then()
    return scene.answered(scene.training, result(scene.digest))


# --- the Job ---------------------------------------------------------------------------------------------------------


def test_our_own_worker_measures_old_and_new_model() -> None:
    ended = launched().answered(launched().training, result(launched().digest)).plan()
    assert created(ended) == ["verification"]
    asked = task_of(ended.create[0])
    assert asked["mode"] == "Verify"
    assert (asked["old"]["uri"], asked["new"]["uri"]) == ("pvc://models/current.pt2", f"{scenes.OUTPUT}/new.pt2")
    assert asked["artifactSha256"] == sha("5")
    container = ended.create[0]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == scenes.IMAGE


def test_a_verification_that_was_not_created_is_planned_again_under_the_same_name() -> None:
    ended = launched().answered(launched().training, result(launched().digest))
    crashed = ended.but(status=ended.plan().status.to_wire())
    assert crashed.plan().create == ended.plan().create


@pytest.mark.parametrize("result_", ["Failed", "Lost"])
def test_what_did_not_succeed_is_not_verified(result_: str) -> None:
    scene = launched()
    ended = scene.failed(scene.training) if result_ == "Failed" else scene.without_job(scene.training)
    plan = ended.plan()
    assert plan.status.verification is None
    assert verdict(plan) == ("False", "RetrainingFailed")


def test_while_it_runs_nobody_knows_whether_it_will_be_promoted() -> None:
    assert verdict(launched().plan()) == ("Unknown", "NothingToPromote")


def test_only_what_can_heal_is_tried_again_and_three_times_at_most() -> None:
    error = {"reason": "Unreachable", "field": "spec.data.evaluation.uri", "message": "no answer", "retryable": True}
    scene = retrained()
    names = []
    for attempt in (1, 2, 3):
        assert scene.status["verification"]["attempt"] == attempt
        names.append(scene.verification)
        scene = scene.failed(scene.verification, message={"task": task(scene), "error": error}).then().then()
    assert len(set(names)) == 3
    assert verdict(scene.plan()) == ("False", "Unreachable")
    assert scene.plan().create == ()


@pytest.mark.parametrize("silence", [None, ""])
def test_one_that_ends_without_a_word_is_tried_again_and_then_says_why_it_ended(silence: str | None) -> None:
    scene = retrained()
    for _ in range(3):
        scene = scene.failed(scene.verification, "DeadlineExceeded", silence).then().then()
    assert verdict(scene.plan()) == ("False", "DeadlineExceeded")
    assert scene.status["verification"]["attempt"] == 3


def test_one_that_succeeds_without_a_word_has_not_answered() -> None:
    scene = retrained()
    for _ in range(3):
        scene = scene.answered(scene.verification, None).then().then()
    assert verdict(scene.plan()) == ("False", "NoAnswer")


def test_what_cannot_heal_is_tried_once() -> None:
    sentence = "spec.data.evaluation.uri: no such file"
    error = {"reason": "NotFound", "field": "spec.data.evaluation.uri", "message": sentence}
    scene = retrained()
    plan = scene.failed(scene.verification, message={"task": task(scene), "error": error}).plan()
    assert plan.create == ()
    assert verdict(plan) == ("False", "NotFound")
    assert condition(plan, "PromotionAllowed").message == sentence


def test_a_verification_that_vanished_is_tried_again() -> None:
    plan = retrained().without_job(retrained().verification).plan()
    assert created(plan) == ["verification"]
    assert plan.status.verification is not None
    assert plan.status.verification.attempt == 2


def test_a_verification_with_another_uid_is_not_ours() -> None:
    scene = retrained().answered(retrained().verification, verified(task(retrained())))
    plan = scene.with_job(scene.verification, uid="other").plan()
    assert plan.status.verification is not None
    assert (plan.status.verification.attempt, plan.status.verification.new_quality) == (2, None)


@pytest.mark.parametrize("difference", [{"owner_uid": "other"}, {"task": "verify/other/1"}])
def test_a_stranger_under_its_name_stalls_the_check(difference: Json) -> None:
    ended = launched().answered(launched().training, result(launched().digest)).then()
    plan = ended.with_job(ended.verification, **difference).plan()
    assert condition(plan, "Stalled").reason == "NameTaken"
    assert plan.outcome is None


def test_a_refused_verification_is_waited_for() -> None:
    ended = launched().answered(launched().training, result(launched().digest)).then()
    name = ended.verification
    waits = ended.without_job(name).refused(name)
    plan = waits.plan()
    assert (plan.create, plan.outcome) == ((), None)
    assert condition(plan, "Ready").message == "exceeded quota: small"
    due = waits.then().later(seconds=60).plan()
    assert created(due) == ["verification"]
    assert due.status == plan.status


def test_a_suspended_check_does_not_wait_for_what_was_refused() -> None:
    ended = launched().answered(launched().training, result(launched().digest)).then()
    name = ended.verification
    plan = ended.without_job(name).refused(name).edited(suspend=True).plan()
    assert (condition(plan, "Ready").status, condition(plan, "Ready").reason) == ("True", "Suspended")


def test_a_suspended_check_does_not_start_its_verification() -> None:
    scene = launched().answered(launched().training, result(launched().digest)).edited(suspend=True)
    assert scene.plan().create == ()
    assert condition(scene.plan(), "Ready").status == "True"
    assert created(scene.then().edited(suspend=False).plan()) == ["verification"]


# --- its answer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"artifactSha256": sha("6")}, "WrongAnswer"),
        ({"artifactSha256": None}, "WrongAnswer"),
        ({"evaluationSha256": sha("6")}, "EvaluationChanged"),
        ({"evaluationSha256": None}, "EvaluationChanged"),
        ({"newQuality": None}, "UnreadableAnswer"),
        ({"oldQuality": None}, "UnreadableAnswer"),
        ({"samples": None}, "UnreadableAnswer"),
        ({"newQuality": "1.5"}, "UnreadableAnswer"),
        ({"newQuality": 0.9}, "UnreadableAnswer"),
        ({"promoted": True}, "UnreadableAnswer"),
    ],
)
def test_an_answer_that_cannot_be_relied_upon_allows_nothing(changes: Json, reason: str) -> None:
    plan = answered(**changes)
    assert verdict(plan) == ("False", reason)
    assert plan.status.verification is not None
    assert plan.status.verification.new_quality is None


def test_the_answer_to_another_task_allows_nothing() -> None:
    scene = retrained()
    plan = scene.answered(scene.verification, verified("verify/another/1")).plan()
    assert verdict(plan) == ("False", "WrongAnswer")


def test_an_unreadable_answer_allows_nothing() -> None:
    plan = retrained().answered(retrained().verification, "promote me").plan()
    assert verdict(plan) == ("False", "UnreadableAnswer")


def test_where_nobody_hashed_the_evaluation_data_nobody_knows_whether_they_are_the_same() -> None:
    hashes = {"model": sha("1"), "reference": sha("2"), "new": sha("3")}
    scene = scenes.approve(assessed({"hashes": hashes})).then().then().then().then()
    scene = scene.answered(scene.training, result(scene.digest)).then().then()
    plan = scene.answered(scene.verification, verified(task(scene), evaluationSha256=None)).plan()
    assert verdict(plan) == ("False", "EvaluationChanged")


# --- the verdict -----------------------------------------------------------------------------------------------------


def test_an_improvement_that_reaches_the_target_may_be_promoted() -> None:
    plan = answered()
    assert verdict(plan) == ("True", "Verified")
    message = condition(plan, "PromotionAllowed").message
    assert "accuracy 0.65 before, 0.93 after, on 200 held-out samples" in message
    assert f"{scenes.OUTPUT}/new.pt2 {sha('5')}" in message


def test_the_smallest_sufficient_gain() -> None:
    assert with_policy(promotion={"minImprovement": "0.28"}) == ("True", "Verified")
    assert with_policy(promotion={"minImprovement": "0.2801"}) == ("False", "NotImproved")


def test_a_worse_model_is_not_promoted() -> None:
    assert verdict(answered(newQuality="0.6")) == ("False", "NotImproved")


def test_an_improvement_that_misses_the_target_is_not_promoted() -> None:
    plan = answered(newQuality="0.8549")
    assert verdict(plan) == ("False", "TargetMissed")
    assert "the target is 0.855" in condition(plan, "PromotionAllowed").message
    assert verdict(answered(newQuality="0.855")) == ("True", "Verified")


def test_a_policy_may_be_content_with_an_improvement() -> None:
    content = retrained().but(policies=(policy(promotion={"requireTarget": False}),))
    answer = verified(task(content), newQuality="0.7")
    assert verdict(content.answered(content.verification, answer).plan()) == ("True", "Verified")


def test_a_trainer_that_claims_the_target_is_not_believed() -> None:
    ended = launched().answered(launched().training, result(launched().digest, targetReached=True)).then().then()
    plan = ended.answered(ended.verification, verified(task(ended), newQuality="0.7")).plan()
    assert verdict(plan) == ("False", "TargetMissed")


@pytest.mark.parametrize(
    ("data", "reason"),
    [({"labels": None}, "NoLabels"), ({"evaluation": None}, "NoEvaluationData")],
)
def test_without_the_means_to_verify_promotion_is_unknown(data: Json, reason: str) -> None:
    given = {key: value for key, value in (spec()["data"] | data).items() if value is not None}
    scene = retrained_with(data=given)
    plan = scene.plan()
    assert verdict(plan) == ("Unknown", reason)
    assert plan.create == ()
    assert plan.outcome is not None
    assert condition(plan, "Ready").reason == "Completed"


def test_without_a_policy_promotion_is_unknown() -> None:
    scene = scenes.completed().but(policies=())
    assert verdict(scene.plan()) == ("Unknown", "NoPolicy")


def test_a_stricter_policy_takes_the_permission_back() -> None:
    scene = scenes.completed().but(policies=(policy(promotion={"minImprovement": "0.5"}),))
    assert verdict(scene.plan()) == ("False", "NotImproved")


EDITS = [
    {"objective": {"target": {"absolute": "0.01"}}},
    {"data": spec()["data"] | {"evaluation": {"uri": "pvc://data/easy.npz"}}},
    {"data": {key: value for key, value in spec()["data"].items() if key != "labels"}},
    {"models": [{"name": "current", "uri": "pvc://models/worse.pt2"}]},
    {"models": [{"name": "other", "uri": "pvc://models/other.pt2"}]},
    {"retraining": spec()["retraining"] | {"output": "pvc://elsewhere/x", "maxSteps": 1}},
    {"retraining": None},
]


@pytest.mark.parametrize("change", EDITS)
def test_an_edit_while_it_is_retrained_changes_nothing_of_the_verification(change: Json) -> None:
    ended = launched().answered(launched().training, result(launched().digest))
    assert ended.edited(**change).plan().create == ended.plan().create
    scene = ended.edited(**change).then().then()
    scene = scene.answered(scene.verification, verified(task(scene))).then()
    assert scene.condition("PromotionAllowed") | {"status": "True", "reason": "Verified"} == scene.condition(
        "PromotionAllowed"
    )
    outcome = scene.records[0].outcome
    assert outcome is not None
    assert str(outcome.new_quality) == "0.93"


def test_the_verdict_is_by_the_target_that_was_approved() -> None:
    scene = retrained().edited(objective={"target": {"absolute": "0.01"}})
    assert verdict(scene.answered(scene.verification, verified(task(scene), newQuality="0.7")).plan()) == (
        "False",
        "TargetMissed",
    )


def test_the_artefact_must_lie_where_it_was_approved_to() -> None:
    elsewhere = launched().edited(retraining=spec()["retraining"] | {"output": "pvc://elsewhere/x"})
    lie = result(launched().digest, artifactUri="pvc://elsewhere/x/new.pt2")
    assert condition(elsewhere.answered(elsewhere.training, lie).plan(), "Retrained").reason == "WrongAnswer"


def with_approval(scene: Scene, **changes: Json | str) -> Scene:
    """The record says something else of the approval, as only somebody with the operator's own rights could write."""
    record = scene.records[0]
    assert record.spec.approval is not None
    approval = record.spec.approval.model_copy(update=changes)
    return scene.but(
        records=(record.model_copy(update={"spec": record.spec.model_copy(update={"approval": approval})}),)
    )


@pytest.mark.parametrize("preimage", ["", "{", "{}", "[]", '{"spec": {}, "contents": {}}'])
def test_without_a_readable_preimage_nothing_is_verified_and_promotion_is_unknown(preimage: str) -> None:
    scene = with_approval(launched(), preimage=preimage)
    plan = scene.answered(scene.training, result(scene.digest)).plan()
    assert plan.create == ()
    assert verdict(plan) == ("Unknown", "RecordUnreadable")
    assert condition(plan, "PromotionAllowed").message
    assert plan.outcome is not None
    assert plan.outcome.outcome.new_quality is None


def test_a_preimage_of_another_digest_tells_nothing() -> None:
    approval = launched().records[0].spec.approval
    assert approval is not None
    scene = with_approval(launched(), preimage=approval.preimage.replace("heldout", "easy"))
    plan = scene.answered(scene.training, result(scene.digest)).plan()
    assert verdict(plan) == ("Unknown", "RecordUnreadable")
    assert "not the digest that was approved" in condition(plan, "PromotionAllowed").message


def test_a_preimage_that_an_older_operator_wrote_tells_nothing() -> None:
    canonical = '{"contents":{},"spec":{"models":[]}}'
    digest = f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
    retraining = launched().status["retraining"]
    intended = {"retraining": retraining | {"intent": retraining["intent"] | {"digest": digest}}}
    scene = with_approval(launched(), preimage=canonical).but(status=launched().status | intended)
    terms = terms_of(scene.observed, scene.check.status)
    assert isinstance(terms, Failure)
    assert "this version" in terms.message


def test_a_record_that_was_purged_leaves_promotion_unknown() -> None:
    scene = launched().but(records=()).answered(launched().training, result(launched().digest))
    assert verdict(scene.plan()) == ("Unknown", "RecordMissing")
    assert scene.plan().create == ()


# --- the outcome -----------------------------------------------------------------------------------------------------


def test_the_outcome_is_recorded_only_after_the_verification() -> None:
    assert retrained().plan().outcome is None
    plan = answered()
    assert plan.outcome is not None
    assert plan.outcome.record == retrained().records[0].metadata.name
    recorded = json.loads(json.dumps(plan.outcome.outcome.to_wire()))
    assert recorded == {
        "finishedAt": "2026-05-04T12:00:00Z",
        "result": "Succeeded",
        "steps": 400,
        "targetReached": True,
        "attempts": 1,
        "podSeconds": "60",
        "energyWh": "0.233333",
        "energyBasis": "Estimated",
        "oldQuality": "0.65",
        "newQuality": "0.93",
    }


def test_what_has_not_begun_is_not_finished() -> None:
    assert not is_finished(None)


def test_the_outcome_is_asked_for_until_it_stands_and_never_again() -> None:
    scene = retrained().answered(retrained().verification, verified(task(retrained())))
    not_written = scene.but(status=scene.plan().status.to_wire())
    assert not_written.plan().outcome == scene.plan().outcome
    assert scene.then().plan().outcome is None


def test_a_failed_verification_is_an_outcome_without_quality() -> None:
    plan = answered(artifactSha256=sha("6"))
    assert plan.outcome is not None
    assert (plan.outcome.outcome.result, plan.outcome.outcome.new_quality) == ("Succeeded", None)


def test_a_record_that_is_gone_gets_no_outcome() -> None:
    scene = retrained().answered(retrained().verification, verified(task(retrained()))).but(records=())
    assert scene.plan().outcome is None

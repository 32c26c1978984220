"""The pilot: offered before what it is for, approved and paid like any retraining, and never more than a look."""

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from modelreuse.api import MAX_SCORES, Failure, PilotStatus, RetrainPolicy
from modelreuse.costs import cases_of
from modelreuse.decisions import Plan, audit, contradictions
from unit.decisions import scenes
from unit.decisions.scenes import (
    NOW,
    OUTPUT,
    Json,
    Scene,
    approve,
    asking_for_a_pilot,
    assessed,
    condition,
    created,
    measured,
    pilot_answered,
    pilot_ended,
    pilot_intended,
    pilot_launched,
    pilot_offered,
    pilot_recorded,
    pilot_result,
    plan_of,
    policy,
    profile,
    result,
    score,
)
from unit.decisions.test_hardware import WITH_ROOFLINES, counted, on_an_accelerator

DOUBTFUL = policy(uncertainty={"allowAssumed": False})
"""Without records all steps are assumed."""
UNLABELLED = {"evidence": "L0", "labelled": 0}
KEPT = {"scores": [score("initial_accuracy_reference", "0.7"), score("initial_accuracy_new", "0.7")]}


def offers_a_pilot(scene: Scene) -> bool:
    """Whether a pilot is what stands on offer."""
    return "pilot" in {each["name"] for each in scene.status.get("approval", {}).get("components", [])}


def reason(scene: Scene, kind: str = "Approved") -> str:
    found: str = scene.condition(kind)["reason"]
    return found


# --- when it comes first ---------------------------------------------------------------------------------------------


def test_nobody_gets_a_pilot_who_does_not_ask_for_one() -> None:
    scene = scenes.offered()
    assert "pilot" not in scene.status
    assert not offers_a_pilot(scene)
    launch = scenes.recorded().plan().create[0]
    assert not {"pilotSteps", "evaluateAt"} & plan_of(launch).keys()
    assert "pilotSteps" not in scenes.completed().status["retraining"]["intent"]
    assert "pilot" not in scenes.completed().records[0].spec.to_wire()


def test_what_is_offered_first_is_a_pilot_of_what_is_recommended() -> None:
    scene = pilot_offered()
    assert scene.status["recommendation"]["action"] == "FineTune"
    pilot = scene.status["pilot"]
    assert (pilot["action"], pilot["model"], pilot["steps"]) == ("FineTune", "current", 25)
    assert offers_a_pilot(scene)
    assert reason(scene) == "AwaitingApproval"
    assert scene.condition("Ready")["status"] == "True"


def test_the_message_says_what_it_is_what_it_takes_at_most_and_how_to_approve_it() -> None:
    scene = pilot_offered()
    message = scene.condition("Approved")["message"]
    high = float(scene.status["pilot"]["cost"]["energyKwh"]["high"])
    assert message.startswith(f"a pilot of 25 steps, at most {1000 * high:.3g} Wh: FineTune current: 25 [25..25] steps")
    assert message.endswith(f"--overwrite modelreuse.io/approve={scene.digest}")


def test_its_cost_is_that_of_its_own_steps() -> None:
    pilot = pilot_offered().status["pilot"]
    whole = pilot_offered().status["prediction"]["costs"][0]
    assert pilot["cost"]["steps"] == {"estimate": "25", "low": "25", "high": "25", "basis": "Measured"}
    assert float(pilot["cost"]["energyKwh"]["high"]) < float(whole["energyKwh"]["high"]) / 10
    # 25 steps of at most 0.05 s by 1.5, and 3 s of start, on one core of 10 W at a PUE of 1.4.
    most = (25 * 0.05 * 1.5 + 3) / 3600 * 0.01 * 1.4
    assert 0.8 * most < float(pilot["cost"]["energyKwh"]["high"]) <= most


def test_its_cost_is_that_of_the_hardware_that_was_measured() -> None:
    cost = pilot_offered().status["pilot"]["cost"]
    assert cost["currency"] == "EUR"
    assert float(cost["money"]["high"]) > 0
    assert float(cost["carbonGramsLocation"]["high"]) > 0


@pytest.mark.parametrize("tier", ["L0", "L3", None])
def test_without_labels_there_is_no_quality_to_see(tier: str | None) -> None:
    answer = {"evidence": tier, "scores": [*scenes.summary("")["scores"], score("estimated_accuracy", "0.5")]}
    scene = assessed(
        answer, spec=asking_for_a_pilot(objective={"target": {"absolute": "0.9"}}), policies=(by_distance,)
    )
    assert scene.status["recommendation"]["action"] == "FineTune"
    assert "pilot" not in scene.status
    assert not offers_a_pilot(scene)


by_distance = policy(reuse={"maxResqueDist": "0.1"})


def test_an_audit_is_enough() -> None:
    assert offers_a_pilot(assessed({"evidence": "L1", "labelled": 60}, spec=asking_for_a_pilot()))


def test_where_doubt_is_all_that_stands_in_the_way_a_pilot_is_offered_all_the_same() -> None:
    scene = assessed(spec=asking_for_a_pilot(), policies=(DOUBTFUL,))
    assert (scene.status["recommendation"]["action"], scene.status["recommendation"]["reason"]) == (
        "Inconclusive",
        "TooUncertain",
    )
    assert offers_a_pilot(scene)
    cheapest = min(scene.status["prediction"]["costs"], key=lambda cost: float(cost["energyKwh"]["high"]))
    assert (scene.status["pilot"]["action"], scene.status["pilot"]["model"]) == (cheapest["action"], cheapest["model"])
    assert reason(assessed(policies=(DOUBTFUL,))) == "NothingToApprove"


def test_of_several_that_are_doubted_the_cheapest_is_tried() -> None:
    two = [{"name": "slow", "uri": "pvc://m/s.pt2"}, {"name": "quick", "uri": "pvc://m/q.pt2"}]
    scene = scenes.assessing(spec=asking_for_a_pilot(models=two), policies=(DOUBTFUL,))
    for entry, seconds in zip(scene.status["assessments"], ("0.05", "0.01"), strict=True):
        task = scene.jobs[entry["job"]["name"]].task or ""
        seen = {"measured": scenes.measured(stepSeconds=seconds, headStepSeconds=None), "layers": None}
        scene = scene.answered(entry["job"]["name"], scenes.summary(task, **seen))
    pilot = scene.then().status["pilot"]
    assert (pilot["action"], pilot["model"]) == ("Retrain", "quick")


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"policies": (policy(limits={"steps": 900}),)}, "Blocked"),
        ({"policies": (policy(limits={"steps": 900}, uncertainty={"allowAssumed": False}),)}, "Blocked"),
        (
            {"answer": KEPT},
            "Reuse",
        ),
        ({"answer": KEPT, "policies": (DOUBTFUL,)}, "Reuse"),
        ({"answer": {**KEPT, "evidence": "L1", "labelled": 60}, "policies": (DOUBTFUL,)}, "Inconclusive"),
        ({"answer": UNLABELLED}, "Inconclusive"),
    ],
)
def test_what_nobody_would_launch_is_not_tried(changes: Json, action: str) -> None:
    scene = assessed(
        changes.get("answer"), spec=asking_for_a_pilot(), **{k: v for k, v in changes.items() if k != "answer"}
    )
    assert scene.status["recommendation"]["action"] == action
    assert "pilot" not in scene.status


def test_a_pilot_is_shorter_than_what_it_is_for() -> None:
    scene = pilot_offered()
    assert offers_a_pilot(expecting(scene, 26).then())
    for few in (25, 12):
        without = expecting(scene, few).then()
        assert "pilot" not in without.status
        assert reason(without) == "AwaitingApproval"


def expecting(scene: Scene, steps: int) -> Scene:
    """The same with so many steps at most in its prediction."""
    served = json.loads(json.dumps(scene.status))
    for cost in served["prediction"]["costs"]:
        cost["steps"] |= {"high": str(steps)}
    return scene.but(status=served)


def test_a_pilot_over_the_limits_is_left_out() -> None:
    """The whole may be within them: it is an interval, and the pilot's steps are sure."""
    scene = pilot_offered()
    limited = policy(limits={"hours": scene.status["prediction"]["costs"][0]["hours"]["high"]})
    assert offers_a_pilot(scene.but(policies=(limited,)).then())
    served = json.loads(json.dumps(scene.status))
    for cost in served["prediction"]["costs"]:
        cost["hours"] = {"low": "0.0000001", "high": "0.0000002", "basis": "Estimated"}
    strict = policy(limits={"hours": "0.001"})
    tight = scene.but(status=served, policies=(strict,)).then()
    assert tight.status["recommendation"]["action"] == "FineTune"
    assert "pilot" not in tight.status
    assert reason(tight) == "AwaitingApproval"


# --- what holds for any retraining -----------------------------------------------------------------------------------

GATE = Failure(reason="GateMissing", message="ValidatingAdmissionPolicy modelreuse-decisions is not installed")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"gate": GATE}, "GateMissing"),
        ({"policies": (policy(images=[scenes.sha("c")]),)}, "ImageNotAllowed"),
        ({"policies": (policy(budget={"energyKwh": "0.000001", "window": "48h"}),)}, "OverBudget"),
        ({"policies": ()}, "NoPolicy"),
    ],
)
def test_what_speaks_against_any_retraining_speaks_against_a_pilot(changes: Json, why: str) -> None:
    scene = pilot_offered().but(**changes).then()
    assert "approval" not in scene.status
    assert reason(scene) == why


def test_images_of_a_pilot_are_pinned_too() -> None:
    by_tag = asking_for_a_pilot()
    trainer = {"name": "trainer", "image": "registry.example/trainer:1"}
    template = {"spec": {"template": {"spec": {"containers": [trainer]}}}}
    by_tag["retraining"] = by_tag["retraining"] | {"jobTemplate": template}
    assert reason(assessed(spec=by_tag)) == "ImageNotPinned"


def test_other_hardware_than_was_measured_tells_nothing_of_a_doubted_pilot_either() -> None:
    asked = asking_for_a_pilot()
    gpu = dict(scenes.TRAINS) | {"resources": {"limits": {"cpu": 1, "nvidia.com/gpu": 1}}}
    template = {"spec": {"template": {"spec": {"containers": [gpu]}}}}
    asked["retraining"] = asked["retraining"] | {"jobTemplate": template}
    scene = assessed(spec=asked, policies=(DOUBTFUL,))
    assert reason(scene) == "OtherHardware"
    assert "approval" not in scene.status


def test_a_pilot_elsewhere_costs_what_the_roofline_of_its_hardware_says() -> None:
    asked = asking_for_a_pilot()
    asked["retraining"] = asked["retraining"] | {"jobTemplate": on_an_accelerator()}
    scene = assessed({"measured": counted()}, spec=asked, profiles=(WITH_ROOFLINES,))
    assert offers_a_pilot(scene)
    hours = scene.status["pilot"]["cost"]["hours"]
    # 25 steps of 20 ms, up to four times that; down to a quarter, or of the head alone two fifths of it. Three seconds
    # to start. Nine of ten such are less than:
    low, high = 0.5 / 4 * 0.4, 0.5 * 4
    assert float(hours["high"]) * 3600 == pytest.approx(3 + low * (high / low) ** 0.9, rel=1e-2)
    assert hours["basis"] == "Assumed"
    ended = approve(scene).settled()
    ended = ended.answered(ended.training, pilot_result(ended.digest), gpus=1).settled()
    assert (ended.assessment["evidence"], ended.status["prediction"]["roofline"]) == ("L3", "h200, 1 cpu")


def test_a_budget_that_holds_the_pilot_and_not_the_whole_lets_the_pilot_through() -> None:
    # The pilot's deadline is ten minutes and some seconds of 14 W: 0.0024 kWh; the whole's 0.0026 kWh.
    small = policy(budget={"energyKwh": "0.0025", "window": "48h"})
    assert reason(assessed(policies=(small,))) == "OverBudget"
    scene = assessed(spec=asking_for_a_pilot(), policies=(small,))
    assert offers_a_pilot(scene)
    launched = approve(scene).settled()
    assert len(launched.policies[0].status.reservations) == 1
    ended = launched.answered(launched.training, pilot_result(launched.digest)).settled()
    assert ended.policies[0].status.reservations == []
    assert len(ended.policies[0].status.charges) == 1
    assert reason(ended) == "OverBudget"


def test_each_step_is_stored_before_the_next() -> None:
    assert created(approve(pilot_offered()).plan()) == []
    assert pilot_intended().status["retraining"]["intent"]["pilotSteps"] == 25
    assert created(pilot_intended().plan()) == ["RetrainingRecord"]
    assert created(pilot_recorded().plan()) == ["retraining"]


def test_the_trainer_is_told_to_stop_early_and_to_look() -> None:
    launch = pilot_recorded().plan().create[0]
    told = plan_of(launch)
    assert (told["maxSteps"], told["pilotSteps"], told["evaluateAt"]) == (1000, 25, [10, 25])
    assert (told["digest"], told["layers"]) == (pilot_recorded().digest, ["fc2"])
    whole = scenes.recorded().plan().create[0]
    assert launch["spec"]["activeDeadlineSeconds"] < whole["spec"]["activeDeadlineSeconds"]


def test_a_shorter_pilot_is_asked_for_less() -> None:
    scene = approve(assessed(spec=asking_for_a_pilot(12))).then().then()
    assert plan_of(scene.plan().create[0])["evaluateAt"] == [10]


def test_the_record_says_that_it_is_a_pilot() -> None:
    record = pilot_recorded().records[0]
    assert record.spec.pilot is not None
    assert (record.spec.pilot.steps, record.spec.max_steps) == (25, 1000)
    assert record.spec.predicted is not None
    assert record.spec.predicted.to_wire() == pilot_offered().status["pilot"]["cost"]
    assert record.spec.approval is not None
    approved = json.loads(record.spec.approval.preimage)
    assert (approved["pilot"]["action"], approved["pilot"]["layers"], approved["pilot"]["steps"]) == (
        "FineTune",
        ["fc2"],
        25,
    )


@pytest.mark.parametrize("station", [pilot_intended, pilot_recorded])
def test_what_changes_before_the_launch_voids_it_and_the_retraining_is_offered(station: Callable[[], Scene]) -> None:
    scene = station().but(policies=(policy(limits={"steps": 5000}),))
    voided = scene.plan()
    assert created(voided) == []
    assert condition(voided, "Approved").reason == "ApprovalVoided"
    after = scene.settled()
    assert after.status["pilot"]["failure"]["reason"] == "ApprovalVoided"
    assert "retraining" not in after.status
    assert reason(after) == "AwaitingApproval"
    assert not offers_a_pilot(after)


# --- what comes after it ---------------------------------------------------------------------------------------------


def test_while_it_runs_everybody_can_see_that_it_is_no_more_than_a_pilot() -> None:
    scene = pilot_launched()
    assert reason(scene, "Retrained") == "Piloting"
    assert scene.condition("Ready")["reason"] == "Piloting"
    assert scene.condition("Reconciling")["status"] == "True"
    assert scene.condition("Approved")["message"].endswith(", a pilot of 25 steps")
    assert (scene.condition("PromotionAllowed")["status"], reason(scene, "PromotionAllowed")) == ("False", "PilotOnly")


def test_until_it_is_launched_it_is_being_launched() -> None:
    assert reason(pilot_intended(), "Retrained") == "Launching"


def test_what_follows_it_is_told_instead_of_it() -> None:
    assert reason(approve(pilot_ended()).settled(), "Retrained") == "Retraining"


def test_it_is_recorded_before_it_makes_room() -> None:
    answered = pilot_answered().plan()
    assert answered.status.retraining is not None
    assert answered.status.retraining.result == "Succeeded"
    assert answered.status.pilot is not None
    assert not answered.status.pilot.ended
    assert (created(answered), answered.status.verification) == ([], None)
    assert answered.outcome is not None
    seen = answered.outcome.outcome
    assert (seen.result, seen.steps, seen.new_quality) == ("Succeeded", 25, None)
    assert [(each.step, str(each.quality)) for each in seen.evaluations or []] == [(10, "0.72"), (25, "0.8")]
    unrecorded = pilot_answered().then(dataclasses.replace(answered, outcome=None))
    assert unrecorded.plan().status.retraining is not None
    assert unrecorded.plan().outcome == answered.outcome


def test_what_it_saw_stays_and_its_weights_do_not() -> None:
    scene = pilot_ended()
    pilot = scene.status["pilot"]
    assert pilot["evaluations"] == [{"step": 10, "quality": "0.72"}, {"step": 25, "quality": "0.8"}]
    assert pilot["digest"] == pilot_offered().digest
    assert pilot["record"] == scene.records[0].metadata.name
    assert pilot["finishedAt"] == "2026-05-04T14:00:00Z"
    assert "failure" not in pilot
    assert "retraining" not in scene.status
    assert "verification" not in scene.status
    assert "weights" not in pilot_offered().condition("PromotionAllowed")["message"]
    assert f"{OUTPUT}/pilot.pt2" not in json.dumps(scene.status)
    assert (reason(scene, "Retrained"), scene.condition("Retrained")["message"]) == (
        "PilotEnded",
        "a pilot of 25 steps saw the quality 0.72 after 10, 0.8 after 25, as the trainer reports",
    )
    assert scene.condition("PromotionAllowed")["message"].endswith("a pilot's weights are thrown away")


def test_the_prediction_is_made_anew_with_what_it_saw() -> None:
    scene = pilot_ended()
    rows = {each["name"]: each for each in scene.assessment["scores"]}
    assert rows["pilot_quality_10"] == {"name": "pilot_quality_10", "value": "0.72", "labels": "Given"}
    assert rows["pilot_quality_25"]["value"] == "0.8"
    assert scene.assessment["evidence"] == "L3"
    assert scene.status["prediction"]["madeAt"] == "2026-05-04T14:00:00Z"
    before = pilot_offered().status["prediction"]
    assert scene.status["prediction"]["costs"] == before["costs"], "no record knows pilots yet"


def test_what_it_was_for_is_offered_then_under_a_digest_of_its_own() -> None:
    scene = pilot_ended()
    assert not offers_a_pilot(scene)
    assert scene.digest != pilot_offered().digest
    assert reason(scene) == "AwaitingApproval"
    launched = approve(scene).settled()
    assert plan_of_running(launched) == (1000, None)
    record = launched.records[-1]
    assert record.spec.pilot is None
    assert {"pilot_quality_10", "pilot_quality_25"} <= {each.name for each in record.spec.scores}


def plan_of_running(scene: Scene) -> tuple[int, int | None]:
    """maxSteps and pilotSteps of the retraining that status names, by its record."""
    record = next(each for each in scene.records if each.metadata.name == scene.status["retraining"]["record"])
    assert record.spec.approval is not None
    job = json.loads(record.spec.approval.preimage)["job"]
    told = plan_of(job)
    return told["maxSteps"], told.get("pilotSteps")


def test_the_whole_flow_goes_on_to_the_promotion() -> None:
    scene = approve(pilot_ended()).settled()
    scene = scene.answered(scene.training, result(scene.digest)).then().then()
    task = scene.jobs[scene.verification].task or ""
    scene = scene.answered(scene.verification, scenes.verified(task)).settled()
    assert scene.condition("PromotionAllowed")["status"] == "True"
    assert [each.outcome.result for each in scene.records if each.outcome] == ["Succeeded", "Succeeded"]
    assert [bool(each.outcome.evaluations) for each in scene.records if each.outcome] == [True, False]
    assert scene.status["pilot"]["steps"] == 25


def test_an_approval_of_the_pilot_approves_nothing_else() -> None:
    scene = pilot_ended()
    assert scene.annotations["modelreuse.io/approve"] == pilot_offered().digest
    assert "retraining" not in scene.settled().status
    assert "the annotation approves something else" in scene.condition("Approved")["message"]
    again = approve(scene, pilot_offered().digest).settled()
    assert "retraining" not in again.status


def test_its_validity_counts_from_the_end_of_the_pilot() -> None:
    assert pilot_offered().status["approval"]["expiresAt"] == "2026-05-05T12:00:00Z"
    assert pilot_ended().status["approval"]["expiresAt"] == "2026-05-05T14:00:00Z"


def test_no_retraining_learns_steps_from_a_pilot() -> None:
    record = pilot_ended().records[0]
    assert record.outcome is not None
    assert (record.outcome.result, record.outcome.steps) == ("Succeeded", 25)
    assert cases_of([record]) == []
    assert len(cases_of([record.model_copy(update={"spec": record.spec.model_copy(update={"pilot": None})})])) == 1


def test_figures_that_pods_can_no_longer_tell_are_remembered() -> None:
    """A node may be gone long before a human has answered: nothing is read of the assessment's pod any more."""
    gone = pilot_answered().but(jobs={pilot_answered().training: pilot_answered().jobs[pilot_answered().training]})
    assert gone.settled().status["prediction"] == pilot_ended().status["prediction"]


def test_a_profile_that_changes_while_it_runs_counts_for_the_new_prediction() -> None:
    scene = pilot_answered().but(profiles=(profile(pue="2.8"),))
    ended = scene.settled()
    before, after = (
        float(each.status["prediction"]["costs"][0]["energyKwh"]["high"]) for each in (pilot_ended(), ended)
    )
    assert after == pytest.approx(2 * before, rel=1e-4)
    assert reason(ended) == "AwaitingApproval"
    for _ in range(3):
        assert "CostProfileChanged" not in json.dumps(scene.status)
        scene = scene.then()


def test_without_a_policy_at_its_end_the_prediction_waits_for_one() -> None:
    scene = pilot_answered().but(policies=()).settled()
    assert "retraining" not in scene.status
    assert scene.assessment["evidence"] == "L2"
    back = scene.but(policies=(policy(),)).settled()
    assert back.assessment["evidence"] == "L3"
    assert reason(back) == "AwaitingApproval"
    assert not offers_a_pilot(back)


def test_what_is_assessed_without_a_policy_asks_for_its_pilot_when_there_is_one() -> None:
    scene = assessed(spec=asking_for_a_pilot(), policies=())
    assert "hardware" not in scene.assessment
    assert reason(scene) == "NoPolicy"
    ruled = scene.but(policies=(policy(),)).then()
    assert offers_a_pilot(ruled)


def test_scores_at_their_maximum_make_room() -> None:
    full = [score(f"score_{number}", "0.5") for number in range(MAX_SCORES - 4)]
    full += [score("class_coverage", "1"), score("confidence_reference", "0.9")]
    known = [score("initial_accuracy_reference", "0.95"), score("initial_accuracy_new", "0.65")]
    scene = approve(assessed({"scores": [*known, *full]}, spec=asking_for_a_pilot())).settled()
    ended = scene.answered(scene.training, pilot_result(scene.digest)).settled()
    names = [each["name"] for each in ended.assessment["scores"]]
    assert len(names) == MAX_SCORES
    assert names[-2:] == ["pilot_quality_10", "pilot_quality_25"]
    assert not {"class_coverage", "confidence_reference"} & set(names), "others make room first"


def test_a_score_that_already_claims_to_be_a_pilots_gives_way() -> None:
    claimed = {"scores": [*scenes.summary("")["scores"], score("pilot_quality_10", "0.99")]}
    scene = approve(assessed(claimed, spec=asking_for_a_pilot())).settled()
    ended = scene.answered(scene.training, pilot_result(scene.digest)).settled()
    values = [each["value"] for each in ended.assessment["scores"] if each["name"] == "pilot_quality_10"]
    assert values == ["0.72"]


def test_of_several_models_only_the_one_that_was_tried_knows_what_it_saw() -> None:
    two = [{"name": "other", "uri": "pvc://models/o.pt2"}, {"name": "current", "uri": "pvc://models/c.pt2"}]
    scene = scenes.assessing(spec=asking_for_a_pilot(models=two))
    for entry, seconds in zip(scene.status["assessments"], ("0.5", "0.05"), strict=True):
        task = scene.jobs[entry["job"]["name"]].task or ""
        answer = scenes.summary(task, measured=measured(stepSeconds=seconds, headStepSeconds=None))
        scene = scene.answered(entry["job"]["name"], answer)
    scene = approve(scene.then()).settled()
    ended = scene.answered(scene.training, pilot_result(scene.digest)).settled()
    assert ended.status["pilot"]["model"] == "current"
    assert [each["evidence"] for each in ended.status["assessments"]] == ["L2", "L3"]


# --- a pilot that tells nothing --------------------------------------------------------------------------------------


def lied(**changes: Any) -> Scene:
    scene = pilot_launched()
    return scene.answered(scene.training, pilot_result(scene.digest, **changes)).settled()


def told_nothing(scene: Scene) -> str:
    """The reason of a pilot that told nothing: the retraining is offered as if there had been none."""
    pilot = scene.status["pilot"]
    assert scene.assessment["evidence"] == "L2"
    assert not {"pilot_quality_10", "pilot_quality_25"} & {each["name"] for each in scene.assessment["scores"]}
    assert scene.status["prediction"] == pilot_offered().status["prediction"]
    assert "retraining" not in scene.status
    assert reason(scene) == "AwaitingApproval"
    assert not offers_a_pilot(scene)
    assert scene.status["approval"]["expiresAt"] == pilot_offered().status["approval"]["expiresAt"]
    retrained = scene.condition("Retrained")
    assert (retrained["status"], retrained["reason"]) == ("False", "PilotFailed")
    assert pilot["failure"]["message"] in retrained["message"]
    assert "pilotSteps" not in approve(scene).settled().status["retraining"]["intent"]
    return str(pilot["failure"]["reason"])


EVALUATIONS = pilot_result("")["evaluations"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"evaluations": []}, "NoPilotQuality"),
        ({"evaluations": EVALUATIONS[:1]}, "NoPilotQuality"),
        ({"evaluations": EVALUATIONS[1:]}, "NoPilotQuality"),
        ({"evaluations": [{"step": 11, "quality": "0.7"}]}, "NoPilotQuality"),
        ({"evaluations": EVALUATIONS[:1], "steps": 12}, "NoPilotQuality"),
        ({"evaluations": [], "steps": 5, "targetReached": True}, "NoPilotQuality"),
        ({"evaluations": EVALUATIONS[:1], "targetReached": True}, "NoPilotQuality"),
        ({"evaluations": [*EVALUATIONS, {"step": 26, "quality": "0.9"}], "steps": 26}, "WrongAnswer"),
        ({"steps": 24}, "WrongAnswer"),
        ({"digest": scenes.sha("9")}, "WrongAnswer"),
        ({"artifactUri": "pvc://elsewhere/x.pt2"}, "WrongAnswer"),
        ({"evaluations": EVALUATIONS[::-1]}, "UnreadableAnswer"),
        ({"evaluations": [EVALUATIONS[0], EVALUATIONS[0]]}, "UnreadableAnswer"),
        ({"evaluations": [{"step": 10, "quality": "1.2"}]}, "UnreadableAnswer"),
        ({"evaluations": [{"step": 10, "quality": "0.5", "surprise": 1}]}, "UnreadableAnswer"),
    ],
)
def test_an_answer_that_does_not_tell_what_was_asked_is_no_answer(changes: Json, why: str) -> None:
    assert told_nothing(lied(**changes)) == why


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"evaluations": []}, "10 and 25"),
        ({"evaluations": EVALUATIONS[:1]}, "25"),
        ({"evaluations": [], "steps": 5, "targetReached": True}, "10 and 25"),
    ],
)
def test_what_it_did_not_tell_is_named(changes: Json, steps: str) -> None:
    assert f"told no quality after {steps}: " in lied(**changes).status["pilot"]["failure"]["message"]


def test_one_that_met_its_target_may_stop_there() -> None:
    scene = lied(steps=14, targetReached=True, evaluations=EVALUATIONS[:1])
    assert scene.status["pilot"]["evaluations"] == EVALUATIONS[:1]
    assert scene.assessment["evidence"] == "L3"


def test_what_was_not_asked_for_is_left_out() -> None:
    seen = [{"step": 5, "quality": "0.6"}, *EVALUATIONS]
    assert lied(evaluations=seen).status["pilot"]["evaluations"] == EVALUATIONS


def test_one_that_told_nothing_has_failed_in_its_record() -> None:
    (record,) = lied(evaluations=[]).records
    assert record.outcome is not None
    assert record.outcome.result == "Failed"


def test_one_that_fails_or_is_lost_leaves_the_retraining_on_offer() -> None:
    scene = pilot_launched()
    assert told_nothing(scene.failed(scene.training, "DeadlineExceeded").settled()) == "DeadlineExceeded"
    assert told_nothing(scene.without_job(scene.training).settled()) == "ResultLost"


def test_there_is_another_one_with_the_next_assessment() -> None:
    scene = lied(evaluations=[]).annotated(assess="again").but(nonce="f00d" * 8).then().then()
    assert "pilot" not in scene.status
    job = scene.assessment["job"]["name"]
    scene = scene.answered(job, scenes.summary(scene.jobs[job].task or "")).then()
    assert offers_a_pilot(scene)
    row = scene.status["history"][0]
    assert row["message"].startswith("the pilot of 25 steps told nothing: it ended after 25 steps")
    assert "outcome" not in row


def test_one_that_expired_before_its_launch_makes_no_assessment_younger() -> None:
    late = pilot_recorded().later(hours=25).settled()
    assert late.status["pilot"]["failure"]["reason"] == "ApprovalVoided"
    assert reason(late) == "Expired"


# --- no ------------------------------------------------------------------------------------------------------------


def test_who_rejects_the_pilot_rejects_the_assessment() -> None:
    scene = pilot_offered().annotated(reject=pilot_offered().digest, rejected_by="otto").then()
    assert scene.status["rejected"].startswith("otto")
    assert reason(scene) == "Rejected"
    assert "retraining" not in approve(scene).settled().status


def test_what_was_rejected_stays_as_it_was_whatever_policies_say_later() -> None:
    scene = pilot_offered().annotated(reject=pilot_offered().digest, rejected_by="otto").then()
    assert scene.but(policies=()).then().status["pilot"] == scene.status["pilot"]


@pytest.mark.parametrize("station", [pilot_intended, pilot_recorded, pilot_launched, pilot_answered, pilot_ended])
def test_a_rejection_of_the_pilot_that_came_late_rejects_what_it_was_for(station: Callable[[], Scene]) -> None:
    scene = station().annotated(reject=pilot_offered().digest, rejected_by="otto").settled()
    if "retraining" in scene.status:
        scene = scene.answered(scene.training, pilot_result(pilot_offered().digest)).settled()
    assert scene.status["rejected"].startswith("otto")
    assert "retraining" not in approve(scene).settled().status


def test_a_suspended_check_launches_no_pilot() -> None:
    assert "retraining" not in approve(pilot_offered().edited(suspend=True)).settled().status
    held = pilot_recorded().edited(suspend=True)
    assert created(held.plan()) == []
    assert created(held.edited(suspend=False).plan()) == ["retraining"]


def test_an_edit_while_it_runs_takes_over_once_it_is_recorded() -> None:
    scene = pilot_launched().edited(objective={"target": {"relative": "0.8"}}).but(nonce="f00d" * 8)
    assert scene.then().status["nonce"] == scenes.NONCE
    scene = scene.answered(scene.training, pilot_result(pilot_offered().digest)).then().then()
    assert scene.status["nonce"] == "f00d" * 8
    assert "pilot" not in scene.status
    assert scene.status["history"][0]["message"].startswith("a pilot of 25 steps saw the quality 0.72 after 10")
    assert list(contradictions(scene.check, scene.records)) == []


# --- schedule --------------------------------------------------------------------------------------------------------

HOURLY = "0 * * * *"


def screened(scene: Scene, answer: Json | None = None) -> Scene:
    """A scheduled assessment has begun, and answered."""
    scene = scene.but(nonce="f00d" * 8).later(hours=1).then().then()
    job = scene.status["screening"]["models"][0]["job"]["name"]
    return scene.answered(job, scenes.summary(scene.jobs[job].task or "", **(answer or {}))).then()


USUAL = (policy(),)


def waiting(policies: tuple[RetrainPolicy, ...] = USUAL) -> Scene:
    return assessed(spec=asking_for_a_pilot(schedule=HOURLY), policies=policies)


def ended(scene: Scene) -> Scene:
    launched = approve(scene).settled()
    return launched.answered(launched.training, pilot_result(launched.digest)).settled()


OTHER_LAYERS = {"layers": ["fc1", "fc2"]}


@pytest.mark.parametrize("policies", [USUAL, (DOUBTFUL,)])
def test_a_scheduled_assessment_that_comes_to_the_same_pilot_leaves_it_on_offer(policies: Any) -> None:
    before = waiting(policies)
    assert screened(before).digest == before.digest
    assert screened(before, OTHER_LAYERS).digest != before.digest


def test_a_scheduled_assessment_does_not_undo_a_pilot() -> None:
    before = ended(waiting())
    after = screened(before)
    assert (after.digest, after.assessment["evidence"]) == (before.digest, "L3")
    assert screened(before, OTHER_LAYERS).status["nonce"] == "f00d" * 8


def test_a_scheduled_assessment_that_comes_to_what_is_recommended_since_a_pilot_does_not_undo_it() -> None:
    """Of the model as a whole, which became the cheaper one by what the pilot saw."""
    before = ended(waiting())
    served = json.loads(json.dumps(before.status))
    for cost in served["prediction"]["costs"]:
        if cost["action"] == "FineTune":
            cost["energyKwh"] = {"low": "1", "high": "2", "basis": "Estimated"}
    after = before.but(status=served).then()
    assert after.status["recommendation"]["action"] == "Retrain"
    assert screened(after, {"layers": None}).digest == after.digest


def test_where_a_pilot_waits_advice_that_allows_none_takes_over() -> None:
    after = screened(waiting((DOUBTFUL,)), UNLABELLED)
    assert after.status["nonce"] == "f00d" * 8
    assert "approval" not in after.status


# --- told ------------------------------------------------------------------------------------------------------------


def told(todo: Plan) -> list[tuple[str, str]]:
    return [(event.type, event.reason) for event in todo.events]


def test_offer_and_end_are_told_once() -> None:
    scene = scenes.assessing(spec=asking_for_a_pilot())
    name = scene.assessment["job"]["name"]
    offer = scene.answered(name, scenes.summary(scene.jobs[name].task or "")).plan()
    assert told(offer)[-1] == ("Normal", "AwaitingApproval")
    assert offer.events[-1].message.startswith("a pilot of 25 steps, at most ")
    scene, news = pilot_answered(), []
    for _ in range(5):
        news += told(scene.plan())
        scene = scene.then()
    assert news == [("Normal", "AwaitingApproval"), ("Normal", "PilotEnded")]


def test_a_pilot_that_failed_is_a_warning() -> None:
    scene = pilot_launched().failed(pilot_launched().training)
    news = []
    for _ in range(5):
        news += told(scene.plan())
        scene = scene.then()
    assert news == [("Normal", "AwaitingApproval"), ("Warning", "PilotFailed")]


STATIONS = [pilot_offered, pilot_intended, pilot_recorded, pilot_launched, pilot_answered, pilot_ended]


@pytest.mark.parametrize("station", STATIONS)
def test_every_look_can_be_repeated(station: Callable[[], Scene]) -> None:
    scene = station()
    assert scene.plan() == scene.plan()
    rest = scene.settled()
    assert rest.plan().status == rest.check.status
    assert (rest.plan().create, rest.plan().outcome, rest.plan().events) == ((), None, ())


def test_the_operator_wakes_when_the_offer_expires() -> None:
    assert pilot_offered().plan().wake_at == NOW + timedelta(hours=24)
    assert pilot_ended().plan().wake_at == NOW + timedelta(hours=26)


# --- the record ------------------------------------------------------------------------------------------------------


def test_an_audit_agrees_with_the_record_of_a_pilot_and_of_what_followed() -> None:
    scene = approve(pilot_ended()).settled()
    assert [audit(each).disagreements for each in scene.records] == [(), ()]
    assert "pilot" in {each.name for each in audit(scene.records[0]).hashes}
    assert list(contradictions(scene.check, scene.records)) == []


def test_an_audit_agrees_with_the_record_of_a_pilot_that_nothing_was_recommended_by() -> None:
    scene = approve(assessed(spec=asking_for_a_pilot(), policies=(DOUBTFUL,))).settled()
    assert scene.status["recommendation"]["action"] == "Inconclusive"
    assert audit(scene.records[0]).disagreements == ()


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({"pilot": None}, "spec.pilot.steps: nothing: approved was 25"),
        ({"action": "Retrain"}, "spec.action: Retrain: approved was FineTune"),
        ({"predicted": None}, "spec.predicted: nothing: approved was "),
    ],
)
def test_what_is_altered_in_the_record_of_a_pilot_is_named(change: Json, first: str) -> None:
    record = pilot_ended().records[0]
    altered = record.model_copy(update={"spec": record.spec.model_copy(update=change)})
    assert audit(altered).disagreements[0].startswith(first)


def test_a_pilot_without_its_record_is_told() -> None:
    scene = pilot_ended()
    assert list(contradictions(scene.check, ())) == [
        f"status.pilot.record: RetrainingRecord {scene.records[0].metadata.name} is not there"
    ]
    assert list(contradictions(pilot_offered().check, ())) == []


def test_a_status_of_a_pilot_survives_the_wire() -> None:
    pilot = pilot_ended().status["pilot"]
    assert PilotStatus.model_validate(pilot).to_wire() == pilot

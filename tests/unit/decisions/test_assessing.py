"""The assessment: one Job per candidate, and an answer that counts only from the UID in status."""

import dataclasses
import json

import pytest

from modelreuse.api import Failure, RetrainingRecord
from modelreuse.decisions.progress import RETRY_AFTER
from unit.decisions.scenes import (
    NOW,
    Json,
    Scene,
    assessed,
    assessing,
    condition,
    created,
    measured,
    offered,
    pod,
    policy,
    profile,
    score,
    sha,
    spec,
    summary,
    task_of,
)

TWO = [{"name": "current", "uri": "pvc://models/a.pt2"}, {"name": "candidate", "uri": "pvc://models/b.pt2"}]


def job_name(scene: Scene, index: int = 0) -> str:
    return str(scene.status["assessments"][index]["job"]["name"])


def task(scene: Scene, index: int = 0) -> str:
    return scene.jobs[job_name(scene, index)].task or ""


def answered(**changes: object) -> Scene:
    scene = assessing()
    return scene.answered(job_name(scene), summary(task(scene), **changes)).then()


def failure(scene: Scene) -> Json:
    return dict(scene.assessment["failure"])


def test_a_new_check_starts_one_job_per_candidate() -> None:
    plan = Scene(spec=spec(models=TWO)).plan()
    assert [task_of(job)["model"]["name"] for job in plan.create] == ["current", "candidate"]
    assert len({job["metadata"]["name"] for job in plan.create}) == 2
    assert plan.status.started_at == NOW
    assert plan.status.nonce is not None


def test_a_check_that_nobody_wants_assessed_again_has_no_token() -> None:
    assert "assessToken" not in Scene().then().status
    assert Scene().annotated(assess="again").then().status["assessToken"] == "again"


def test_what_was_planned_but_not_created_is_planned_again_under_the_same_name() -> None:
    first = Scene().plan()
    crashed = Scene(status=first.status.to_wire())
    assert crashed.plan().create == first.create


def test_a_job_that_runs_is_left_alone() -> None:
    plan = assessing().plan()
    assert plan.create == ()
    assert condition(plan, "Reconciling").reason == "Assessing"


def test_the_uid_goes_into_status() -> None:
    scene = Scene().then()
    assert "uid" not in scene.assessment["job"]
    assert scene.then().assessment["job"]["uid"] == f"uid-of-{job_name(scene)}"


def test_the_summary_goes_into_status() -> None:
    entry = answered().assessment
    assert entry["hashes"]["model"] == sha("1")
    assert entry["layers"] == ["fc2"]
    assert entry["image"].startswith("registry.example/")
    assert [each["name"] for each in entry["scores"]][:1] == ["initial_accuracy_reference"]


def test_nothing_is_predicted_until_every_candidate_has_answered() -> None:
    scene = assessing(spec=spec(models=TWO))
    scene = scene.answered(job_name(scene), summary(task(scene))).then()
    assert "assessedAt" not in scene.status
    assert "prediction" not in scene.status
    scene = scene.answered(job_name(scene, 1), summary(task(scene, 1))).then()
    assert {cost["model"] for cost in scene.status["prediction"]["costs"]} == {"current", "candidate"}


def test_the_summary_of_another_task_is_no_answer() -> None:
    scene = assessing()
    scene = scene.answered(job_name(scene), summary("assess/older/current/1")).then()
    assert failure(scene)["reason"] == "WrongAnswer"


@pytest.mark.parametrize(
    "message",
    ["", "{", "null", "[]", "x" * 5000, json.dumps({"task": "x", "surprise": 1}), "[" * 4000],
)
def test_a_message_that_is_no_summary_is_a_stated_failure(message: str) -> None:
    scene = assessing()
    scene = scene.answered(job_name(scene), message).settled()
    if message:
        assert failure(scene)["reason"] == "UnreadableAnswer"
    else:
        assert scene.assessment["attempt"] == 2


def test_code_whose_content_nobody_hashed_is_a_stated_failure() -> None:
    with_code = spec(code={"uri": "pvc://code/vision"})
    hashes = {"model": sha("1"), "reference": sha("2"), "new": sha("3"), "evaluation": sha("4")}
    without, hashed = (assessed({"hashes": each}, spec=with_code) for each in (hashes, hashes | {"code": sha("5")}))
    assert failure(without)["reason"] == "UnreadableAnswer"
    assert "failure" not in hashed.assessment


@pytest.mark.parametrize("missing", ["hashes", "measured"])
def test_a_summary_without_its_core_is_a_stated_failure(missing: str) -> None:
    assert failure(answered(**{missing: None}))["reason"] == "UnreadableAnswer"


@pytest.mark.parametrize(
    "lie",
    [
        {"samples": 0, "stepSeconds": None},
        {"samples": -5, "stepSeconds": None},
        {"samples": 10**400, "stepSeconds": None},
        {"stepBatchSize": 0},
        {"stepBatchSize": -64},
        {"stepBatchSize": 10**400},
    ],
)
def test_counts_that_make_no_sense_are_a_stated_failure(lie: Json) -> None:
    assert failure(answered(measured=measured(**lie)))["reason"] == "UnreadableAnswer"


@pytest.mark.parametrize("count", ["samples", "classes"])
def test_counts_that_status_cannot_hold_are_a_stated_failure(count: str) -> None:
    assert failure(answered(**{count: 10**400}))["reason"] == "UnreadableAnswer"


@pytest.mark.parametrize("seconds", ["0", "999999999999999"])
def test_times_at_their_limits_are_predicted_from(seconds: str) -> None:
    scene = answered(measured=measured(seconds=seconds, stepSeconds=seconds, energyWh=seconds))
    assert scene.status["prediction"]["costs"]


def test_the_workers_sentence_is_the_conditions_message() -> None:
    sentence = 'spec.data.labels: "digit": the archive has no such array; it has: label, pixels'
    error = {"reason": "LabelsMissing", "field": "spec.data.labels", "message": sentence}
    scene = assessing()
    scene = scene.failed(job_name(scene), message={"task": task(scene), "error": error}).then()
    for kind in ("Assessed", "Ready", "Stalled"):
        assert (scene.condition(kind)["reason"], scene.condition(kind)["message"]) == ("LabelsMissing", sentence)
    assert scene.condition("Assessed")["status"] == "False"


def test_an_error_that_can_heal_is_tried_at_most_three_times() -> None:
    error = {"reason": "Unreachable", "field": "spec.data.new.uri", "message": "no answer", "retryable": True}
    scene = assessing()
    names = []
    for attempt in (1, 2, 3):
        assert scene.assessment["attempt"] == attempt
        names.append(job_name(scene))
        scene = scene.failed(job_name(scene), message={"task": task(scene), "error": error}).then().then()
    assert len(set(names)) == 3
    assert failure(scene) == {"reason": "Unreachable", "message": "no answer"}
    assert scene.settled().jobs.keys() == {names[-1]}


def test_an_error_that_cannot_heal_is_tried_once() -> None:
    error = {"reason": "NotFound", "field": "spec.models[0].uri", "message": "no such file"}
    scene = assessing()
    scene = scene.failed(job_name(scene), message={"task": task(scene), "error": error}).then()
    assert failure(scene)["reason"] == "NotFound"
    assert scene.plan().create == ()


def test_a_job_that_ends_silently_is_tried_again_and_then_says_why_it_ended() -> None:
    scene = assessing()
    for _ in range(3):
        scene = scene.failed(job_name(scene), reason="DeadlineExceeded").then().then()
    assert failure(scene)["reason"] == "DeadlineExceeded"


def test_a_job_that_vanished_is_tried_again() -> None:
    scene = assessing()
    plan = scene.without_job(job_name(scene)).plan()
    assert created(plan) == ["assessment"]
    assert plan.status.assessments[0].attempt == 2


def test_a_job_of_the_same_name_and_another_uid_is_not_ours() -> None:
    scene = assessing()
    scene = scene.answered(job_name(scene), summary(task(scene)))
    plan = scene.with_job(job_name(scene), uid="another").plan()
    assert plan.status.assessments[0].attempt == 2
    assert plan.status.assessments[0].hashes is None


@pytest.mark.parametrize("difference", [{"owner_uid": "another"}, {"owner_uid": None}, {"task": "x"}, {"task": None}])
def test_a_stranger_under_our_name_stalls_the_check(difference: Json) -> None:
    scene = Scene().then()
    scene = scene.answered(job_name(scene), summary(task(scene))).with_job(job_name(scene), **difference)
    plan = scene.plan()
    assert condition(plan, "Stalled").reason == "NameTaken"
    assert job_name(scene) in condition(plan, "Stalled").message
    assert plan.status.assessments[0].job.uid is None
    assert plan.create == ()


def test_a_stranger_stalls_the_check_whichever_candidate_it_stands_for() -> None:
    scene = assessing(spec=spec(models=TWO))
    plan = scene.with_job(job_name(scene, 1), owner_uid="another").plan()
    assert condition(plan, "Stalled").reason == "NameTaken"


def test_a_refused_job_is_waited_for() -> None:
    scene = Scene().then()
    name = job_name(scene)
    scene = scene.without_job(name).refused(name)
    plan = scene.plan()
    assert plan.create == ()
    assert condition(plan, "Reconciling").message == "exceeded quota: small"
    assert plan.wake_at == NOW + RETRY_AFTER


def test_whichever_candidates_job_is_refused_is_waited_for() -> None:
    scene = Scene(spec=spec(models=TWO)).then()
    second = job_name(scene, 1)
    plan = scene.without_job(second).refused(second).plan()
    assert condition(plan, "Reconciling").message == "exceeded quota: small"


def test_a_refused_job_is_asked_for_again_under_the_same_reason() -> None:
    scene = Scene().then()
    name = job_name(scene)
    scene = scene.without_job(name).refused(name).then()
    soon, due = scene.later(seconds=59), scene.later(seconds=60)
    assert soon.plan().create == ()
    assert soon.plan().wake_at == due.now
    assert created(due.plan()) == ["assessment"]
    assert due.plan().status == scene.check.status
    assert due.plan().events == ()
    again = due.refused(name)
    assert (again.plan().create, again.plan().status, again.plan().events) == ((), scene.check.status, ())


def test_a_job_that_appears_after_all_ends_the_wait() -> None:
    scene = Scene().then()
    name = job_name(scene)
    refused = scene.without_job(name).refused(name).then().later(seconds=60)
    assert refused.then().but(refusals={}).then().condition("Reconciling")["reason"] == "Assessing"


def test_a_pod_that_cannot_start_is_the_reason_to_wait() -> None:
    waiting = Failure(reason="Unschedulable", message="0/3 nodes are available: insufficient nvidia.com/gpu")
    scene = assessing()
    plan = scene.with_job(job_name(scene), pods=(dataclasses.replace(pod(None), waiting=waiting),)).plan()
    assert (condition(plan, "Ready").reason, condition(plan, "Ready").message) == (waiting.reason, waiting.message)


def test_a_job_that_a_queue_holds_is_the_reason_to_wait() -> None:
    scene = assessing()
    assert condition(scene.with_job(job_name(scene), suspended=True).plan(), "Ready").reason == "Suspended"
    queued = condition(scene.with_job(job_name(scene), suspended=True, queue="gpus").plan(), "Ready")
    assert (queued.reason, queued.message.endswith("waits in the queue gpus")) == ("Queued", True)


def test_a_queue_that_let_a_job_go_holds_nothing_up() -> None:
    scene = assessing()
    running = scene.with_job(job_name(scene), suspended=False, queue="team")
    assert condition(running.plan(), "Reconciling").reason == "Assessing"


def test_the_last_answer_of_several_pods_counts() -> None:
    scene = assessing()
    answer = pod(json.dumps(summary(task(scene))))
    pods = (pod("half a"), answer, pod(None))
    scene = scene.with_job(job_name(scene), finished_at=NOW, succeeded=True, pods=pods).then()
    assert scene.assessment["hashes"]["model"] == sha("1")


def test_one_failed_candidate_does_not_hold_up_the_others() -> None:
    scene = assessing(spec=spec(models=TWO))
    error = {"reason": "NotFound", "field": "spec.models[1].uri", "message": "no such file"}
    scene = scene.answered(job_name(scene), summary(task(scene)))
    scene = scene.answered(job_name(scene, 1), {"task": task(scene, 1), "error": error}).then()
    assert scene.condition("Assessed")["status"] == "True"
    assert "no such file" in scene.condition("Assessed")["message"]
    assert scene.status["recommendation"]["model"] == "current"


def test_what_has_answered_has_answered_whatever_becomes_of_its_job() -> None:
    scene = assessing(spec=spec(models=TWO))
    once = scene.answered(job_name(scene), summary(task(scene))).then()
    later = once.without_job(job_name(scene)).then()
    assert later.assessment == once.assessment
    assert later.status == once.status


def test_a_forbidden_probe_is_not_run() -> None:
    forbids = Scene(policies=(policy(), policy("strict", timingProbe="Forbid")))
    assert task_of(forbids.plan().create[0])["probeBatchSize"] is None
    assert task_of(Scene().plan().create[0])["probeBatchSize"] == 64


def test_a_suspended_check_starts_nothing() -> None:
    plan = Scene(spec=spec(suspend=True)).plan()
    assert plan.create == ()
    assert (condition(plan, "Ready").status, condition(plan, "Ready").reason) == ("True", "Suspended")


def test_a_check_that_is_being_deleted_is_left_alone() -> None:
    scene = offered().but(deleted=True)
    plan = scene.plan()
    assert plan.status == scene.check.status
    assert (plan.create, plan.outcome, plan.events, plan.wake_at) == ((), None, (), None)


def test_integers_that_no_digest_can_hold_do_not_keep_a_check_from_being_assessed() -> None:
    template = {"spec": {"securityContext": {"runAsUser": 2**63}}}
    scene = assessed(spec=spec(assessment={"template": template}))
    assert scene.condition("Assessed")["status"] == "True"
    assert scene.condition("Approved")["reason"] == "InvalidTemplate"
    assert "canonical JSON" in scene.condition("Approved")["message"]


def test_a_prediction_uses_the_machine_that_the_pass_ran_on() -> None:
    sites = {
        "cpus": [
            {"name": "big", "powerWatts": "100", "source": "x", "nodeSelector": {"matchLabels": {"size": "big"}}},
            {"name": "small", "powerWatts": "10", "source": "x"},
        ]
    }
    small = assessed(profiles=(profile(**sites),))
    big = assessed(profiles=(profile(**sites),), node_labels={"node-1": {"size": "big"}})
    energy = [float(scene.status["prediction"]["costs"][0]["energyKwh"]["high"]) for scene in (small, big)]
    assert energy[1] == pytest.approx(10 * energy[0])


def test_untrusted_scores_do_not_break_anything() -> None:
    scene = answered(scores=[score("initial_accuracy_reference", "7"), score("initial_accuracy_new", "-3")])
    assert scene.condition("Approved")["reason"] == "TargetUnknown"


def past(number: int, namespace: str, source: str) -> RetrainingRecord:
    """A retraining of forty-odd steps."""
    row = {"name": "resque_dist", "value": f"0.{number + 10}", "labels": "Given"}
    record = {
        "source": "Imported",
        "action": "Retrain",
        "model": "current",
        "recipe": "default",
        "maxSteps": 100,
        "target": "0.9",
        "scores": [row],
    }
    outcome = {"finishedAt": "2026-01-01T00:00:00Z", "result": "Succeeded", "steps": 40 + number, "targetReached": True}
    metadata = {"name": f"r{number}", "namespace": namespace}
    parsed = RetrainingRecord.parse({"metadata": metadata, "spec": record, "outcome": outcome})
    return parsed.model_copy(update={"spec": parsed.spec.model_copy(update={"source": source})})


@pytest.mark.parametrize(
    ("namespace", "source", "trusted", "used"),
    [
        ("history", "Imported", ["history"], 12),
        ("history", "Imported", ["another"], 0),
        ("line7", "Imported", [], 0),
        ("line7", "Operator", [], 12),
    ],
)
def test_imported_records_teach_only_where_the_profile_trusts(
    namespace: str, source: str, trusted: list[str], used: int
) -> None:
    records = tuple(past(number, namespace, source) for number in range(12))
    scene = assessed(records=records, profiles=(profile(trustedNamespaces=trusted),))
    assert scene.status["prediction"]["records"] == used


def test_a_prediction_learns_from_records_of_the_recipe_that_the_retraining_asks_for() -> None:
    frozen = {"recipe": "frozen"}
    records = tuple(
        one.model_copy(update={"spec": one.spec.model_copy(update=frozen)})
        for one in (past(number, "line7", "Operator") for number in range(12))
    )

    def used(recipe: str) -> int:
        asked = spec()["retraining"] | {"actions": ["Retrain"], "recipe": recipe}
        return int(assessed(spec=spec(retraining=asked), records=records).status["prediction"]["records"])

    assert (used("frozen"), used("default")) == (12, 0)


def test_a_prediction_is_of_steps_of_the_size_that_the_retraining_asks_for() -> None:
    def hours(batch_size: int) -> float:
        asked = spec()["retraining"] | {"batchSize": batch_size}
        return float(assessed(spec=spec(retraining=asked)).status["prediction"]["costs"][0]["hours"]["high"])

    assert hours(128) > 1.9 * hours(64)

"""Assessments that several pods share: how they find each other, who speaks for all, and what a lost one costs."""

import dataclasses
import json

import pytest

from modelreuse.api import Failure
from modelreuse.decisions import ObservedPod, ObservedService
from modelreuse.decisions.progress import RETRY_AFTER
from modelreuse.decisions.shards import PATIENCE
from unit.decisions.scenes import (
    IMAGE,
    NOW,
    Json,
    Scene,
    assessing,
    condition,
    pod,
    policy,
    profile,
    sha,
    spec,
    summary,
)

SHARED = spec(assessment={"shards": 2})
LOST = {
    "reason": "ShardLost",
    "field": "spec.assessment.shards",
    "message": "spec.assessment.shards: another shard went away or never came",
    "retryable": True,
}
BAD = {
    "reason": "BadRowGroup",
    "field": "spec.data.new.uri",
    "message": "spec.data.new.uri: row group 3 can't be read",
}
OTHER_IMAGE = "registry.example/worker@sha256:" + "b" * 64


def shared(**changes: object) -> Scene:
    """The Job of two pods and its Service are there, and nobody has answered."""
    return assessing(spec=SHARED, **changes).then()


def name_of(scene: Scene) -> str:
    name: str = scene.assessment["job"]["name"]
    return name


def task(scene: Scene) -> str:
    return scene.jobs[name_of(scene)].task or ""


def says(scene: Scene, index: int, error: Json | None = None, **changes: object) -> ObservedPod:
    """A pod that ended with a summary, or with an error."""
    message = {"task": task(scene), "error": error} if error else summary(task(scene))
    return pod(json.dumps(message), name=f"pod-{index}", index=index, **changes)


def silent(index: int, **changes: object) -> ObservedPod:
    """A pod that was killed."""
    return pod(None, name=f"pod-{index}", index=index, **changes)


def ended(scene: Scene, *pods: ObservedPod, succeeded: bool = False) -> Scene:
    failure = None if succeeded else Failure(reason="BackoffLimitExceeded", message="Job has reached its limit")
    return scene.with_job(name_of(scene), finished_at=NOW, succeeded=succeeded, failure=failure, pods=pods)


# --- the Service


def test_a_shared_assessment_is_one_job_and_once_that_is_known_one_service() -> None:
    scene = Scene(spec=SHARED)
    assert [obj["kind"] for obj in scene.plan().create] == ["Job"]
    (service,) = scene.then().plan().create
    assert (service["kind"], service["metadata"]["name"]) == ("Service", name_of(scene.then()))
    assert service["metadata"]["ownerReferences"][0]["uid"] == f"uid-of-{name_of(scene.then())}"
    assert shared().plan().create == ()


def test_one_pod_alone_needs_no_service() -> None:
    alone = assessing().then()
    assert alone.plan().create == ()
    assert alone.jobs[name_of(alone)].service is None


def test_a_service_that_is_gone_while_the_pods_run_is_made_again() -> None:
    scene = shared()
    gone = scene.with_job(name_of(scene), service=None)
    assert [obj["kind"] for obj in gone.plan().create] == ["Service"]
    assert ended(gone, silent(0), silent(1)).plan().create[0]["kind"] == "Job"


def test_a_refused_service_is_waited_for_and_asked_for_again() -> None:
    scene = Scene(spec=SHARED).then()
    scene = scene.refused(name_of(scene), message="exceeded quota: services").then()
    assert scene.plan().create == ()
    assert condition(scene.plan(), "Reconciling").message == "exceeded quota: services"
    assert [obj["kind"] for obj in scene.later(seconds=RETRY_AFTER.total_seconds()).plan().create] == ["Service"]


@pytest.mark.parametrize(
    "difference", [{"owner_uid": "another"}, {"owner_uid": None}, {"selector": {}}, {"selector": {"app": "mine"}}]
)
def test_a_strangers_service_stalls_the_check_whatever_the_pods_say(difference: Json) -> None:
    scene = shared()
    ours = scene.jobs[name_of(scene)].service
    assert isinstance(ours, ObservedService)
    strange = scene.with_job(name_of(scene), service=dataclasses.replace(ours, **difference))
    for found in (strange, ended(strange, says(strange, 0), says(strange, 1), succeeded=True)):
        plan = found.plan()
        assert condition(plan, "Stalled").reason == "NameTaken"
        assert f"stands under the name {name_of(scene)}; remove it" in condition(plan, "Stalled").message
        assert plan.status.assessments[0].hashes is None
        assert plan.create == ()


# --- waiting


def test_shards_that_can_not_be_scheduled_are_the_reason_to_wait() -> None:
    scene = shared()
    waiting = Failure(reason="Unschedulable", message="0/3 nodes are available: insufficient cpu")
    running = pod(None, name="pod-0", finished_at=None)
    plan = scene.with_job(name_of(scene), pods=(running, silent(1, waiting=waiting))).plan()
    assert condition(plan, "Ready").reason == "Unschedulable"
    assert condition(plan, "Ready").message == (
        "1 of 2 shards can't start, and the others wait for them: 0/3 nodes are available: insufficient cpu"
    )


def test_shards_that_nobody_makes_are_the_reason_to_wait_after_a_while() -> None:
    scene = assessing(spec=spec(assessment={"shards": 3})).then()
    first, second = (pod(None, index=index, finished_at=None, started_at=at) for index, at in ((0, NOW), (1, None)))
    scene = scene.with_job(name_of(scene), pods=(first, second)).but(now=NOW + PATIENCE)
    late = scene.later(seconds=1)
    assert condition(scene.plan(), "Ready").reason == "Assessing"
    assert condition(late.plan(), "Ready").reason == "ShardsMissing"
    assert "only 2 of 3 shards" in condition(late.plan(), "Ready").message
    third = dataclasses.replace(second, index=2)
    assert condition(late.with_job(name_of(scene), pods=(first, second, third)).plan(), "Ready").reason == "Assessing"
    assert condition(late.with_job(name_of(scene), pods=(second,)).plan(), "Ready").reason == "Assessing"


def test_a_shared_job_that_a_queue_holds_says_so() -> None:
    scene = shared()
    held = scene.with_job(name_of(scene), suspended=True, queue="gpus")
    assert condition(held.plan(), "Ready").reason == "Queued"
    assert condition(held.plan(), "Ready").message == f"Job {name_of(scene)} waits in the queue gpus"


# --- who speaks


def test_number_0_speaks_for_all() -> None:
    scene = shared()
    other = summary(task(scene), hashes={name: sha("9") for name in ("model", "reference", "new", "evaluation")})
    last = pod(json.dumps(other), name="pod-1", index=1)
    scene = ended(scene, says(scene, 0), last, succeeded=True).then()
    assert scene.assessment["hashes"]["model"] == sha("1")
    assert scene.status["assessedAt"]


def test_what_a_person_has_to_mend_counts_before_what_may_heal() -> None:
    scene = shared()
    for pods in (
        (says(scene, 0, LOST), says(scene, 1, BAD)),
        (says(scene, 1, BAD), says(scene, 0, LOST)),
        (silent(0), says(scene, 1, BAD)),
        (says(scene, 1, BAD),),
    ):
        after = ended(scene, *pods).then()
        assert after.assessment["failure"] == {"reason": "BadRowGroup", "message": BAD["message"]}
        assert after.assessment["attempt"] == 1


def test_what_number_0_found_out_needs_nobody_else() -> None:
    scene = shared()
    for error in (LOST, BAD):
        after = ended(scene, says(scene, 0), says(scene, 1, error)).then()
        assert after.assessment["hashes"]["model"] == sha("1")


def test_of_two_that_found_something_to_mend_number_0_speaks() -> None:
    scene = shared()
    other = BAD | {"reason": "NotFound"}
    assert ended(scene, says(scene, 1, other), says(scene, 0, BAD)).then().assessment["failure"]["reason"] == (
        "BadRowGroup"
    )


def test_an_answer_to_another_task_is_nobodys_reason() -> None:
    scene = shared()
    strange = pod(json.dumps({"task": "assess/older/current/1", "error": BAD}), name="pod-1", index=1)
    after = ended(scene, says(scene, 0, LOST), strange).then()
    assert after.assessment["attempt"] == 2


def test_where_number_0_is_gone_without_a_word_another_tells_what_happened() -> None:
    scene = shared()
    plan = ended(scene, silent(0), says(scene, 1, LOST)).plan()
    assert plan.status.assessments[0].attempt == 2
    assert condition(plan, "Reconciling").message == LOST["message"]


# --- a lost one


@pytest.mark.parametrize("first", ["says that another was lost", "was killed too"])
def test_a_lost_one_begins_the_whole_set_anew(first: str) -> None:
    scene = shared()
    zero = says(scene, 0, LOST) if first.startswith("says") else silent(0)
    plan = ended(scene, zero, silent(1)).plan()
    (job,) = plan.create
    assert (job["kind"], job["spec"]["completions"]) == ("Job", 2)
    assert job["metadata"]["name"] != name_of(scene)
    assert plan.status.assessments[0].attempt == 2
    again = ended(scene, zero, silent(1)).then(plan)
    (service,) = again.plan().create
    assert service["metadata"]["name"] == job["metadata"]["name"]
    assert [one.name for one in again.plan().delete] == [name_of(scene)]


def test_after_three_lost_sets_it_says_why() -> None:
    scene = shared()
    for _ in range(3):
        scene = ended(scene, says(scene, 0, LOST), silent(1)).then().then().then()
    assert scene.assessment["failure"] == {"reason": "ShardLost", "message": LOST["message"]}
    assert scene.condition("Stalled")["reason"] == "ShardLost"
    assert scene.plan().create == ()


# --- what it ran, and where


def test_the_image_counts_where_all_ran_the_same() -> None:
    allowed = (policy(images=[sha("a")]),)
    scene = shared(policies=allowed)
    same = ended(scene, says(scene, 0), says(scene, 1), succeeded=True).then()
    differing = ended(scene, says(scene, 0), says(scene, 1, image_id=OTHER_IMAGE), succeeded=True).then()
    unknown = ended(scene, says(scene, 0), succeeded=True).then()
    assert same.assessment["image"] == IMAGE
    assert same.condition("Approved")["reason"] == "AwaitingApproval"
    for after in (differing, unknown):
        assert "image" not in after.assessment
        assert after.condition("Approved")["reason"] == "ImageNotAllowed"


def test_a_prediction_uses_the_machine_of_number_0_which_timed_the_steps() -> None:
    sites = {
        "cpus": [
            {"name": "big", "powerWatts": "100", "source": "x", "nodeSelector": {"matchLabels": {"size": "big"}}},
            {"name": "small", "powerWatts": "10", "source": "x"},
        ]
    }
    energies = []
    for big in ("node-0", "node-1"):
        scene = shared(profiles=(profile(**sites),), node_labels={"node-0": {}, "node-1": {}} | {big: {"size": "big"}})
        pods = (says(scene, 1, node="node-1"), says(scene, 0, node="node-0"))
        scene = ended(scene, *pods, succeeded=True).then()
        energies.append(float(scene.status["prediction"]["costs"][0]["energyKwh"]["high"]))
    assert energies[0] == pytest.approx(10 * energies[1])

"""A retraining that runs as a TrainJob: what is approved, launched once, followed, and ended in time."""

import json
from datetime import timedelta
from typing import Any

import pytest

from modelreuse.api import Failure
from modelreuse.decisions import JobToRead, jobs_to_read
from modelreuse.decisions.progress import RETRY_AFTER
from unit.decisions import scenes
from unit.decisions.scenes import Json, Scene, assessed, pod, spec
from unit.manifests.train_jobs import runtime, train_job

UNRULED = Failure(reason="NoPolicy", message="none")
MISSING = Failure(reason="RuntimeMissing", message="spec.retraining.objectTemplate: there is no ... here")
NOT_SERVED = Failure(reason="KindNotServed", message="spec.retraining.objectTemplate: this cluster doesn't serve it")
EDITED = runtime(pod={"serviceAccountName": "root"})


def by_train_job(source: Json | Failure | None = None, template: Json | None = None, **changes: Any) -> Scene:
    """An assessed check that asks for a TrainJob."""
    own = {key: value for key, value in spec()["retraining"].items() if key != "jobTemplate"}
    asked = own | {"objectTemplate": train_job() if template is None else template}
    return assessed(spec=spec(retraining=asked), runtime=runtime() if source is None else source, **changes)


def recorded(**changes: Any) -> Scene:
    """Approved, and its record stands."""
    return scenes.approve(by_train_job(**changes)).then().then()


def prepared(**changes: Any) -> Scene:
    """The runtime stands, long enough for others to know of it."""
    return recorded(**changes).then().later(seconds=3)


def launched(**changes: Any) -> Scene:
    """The TrainJob is there, and its UID in status."""
    return prepared(**changes).then().then()


def kinds(scene: Scene) -> list[str]:
    return [obj["kind"] for obj in scene.plan().create]


def test_the_runtime_stands_before_the_train_job_is_launched() -> None:
    scene = recorded()
    assert kinds(scene) == ["TrainingRuntime"]
    assert not scene.then().status["retraining"]["launched"]
    assert kinds(prepared()) == ["TrainJob"]
    after = prepared().then()
    assert after.status["retraining"]["kind"] == "TrainJob"
    assert after.status["retraining"]["job"] == {"name": after.training}
    assert kinds(after) == []


def test_others_are_given_time_to_learn_of_the_runtime() -> None:
    scene = recorded().then()
    assert kinds(scene) == []
    assert scene.plan().wake_at == scene.now + timedelta(seconds=3)
    assert kinds(scene.later(seconds=2.9)) == []
    assert kinds(scene.later(seconds=3)) == ["TrainJob"]


def test_status_says_what_to_read_only_where_it_is_no_job() -> None:
    for scene, kind in ((launched(), "TrainJob"), (scenes.launched(), "Job")):
        assert jobs_to_read(scene.check.status, UNRULED) == [JobToRead(scene.training, kind)]
    assert "kind" not in scenes.launched().status["retraining"]


def test_what_runs_is_what_was_approved() -> None:
    scene = recorded()
    (made,) = scene.plan().create
    (job,) = prepared().plan().create
    assert job["spec"]["runtimeRef"]["name"] == made["metadata"]["name"]
    assert job["metadata"]["annotations"]["modelreuse.io/task"] == scene.status["retraining"]["intent"]["digest"]


def test_another_runtime_is_another_digest_and_so_is_another_train_job() -> None:
    digests = {
        by_train_job().digest,
        by_train_job(EDITED).digest,
        by_train_job(template=train_job({"args": ["--fast"]})).digest,
        scenes.offered().digest,
    }
    assert len(digests) == 4


def test_the_runtime_is_a_component_of_the_digest() -> None:
    names = {each["name"] for each in by_train_job().status["approval"]["components"]}
    assert {"job", "prepared"} <= names
    assert "prepared" not in {each["name"] for each in scenes.offered().status["approval"]["components"]}


def test_an_edit_of_the_runtime_withdraws_the_offer_until_it_is_assessed_again() -> None:
    scene = by_train_job().but(runtime=EDITED).settled()
    said = scene.condition("Approved")
    assert (said["status"], said["reason"]) == ("False", "RuntimeChanged")
    assert said["message"].startswith("ClusterTrainingRuntime torch: spec: is no longer what it was")
    assert scene.but(runtime=runtime()).then().condition("Approved")["reason"] == "AwaitingApproval"


@pytest.mark.parametrize("looks", [1, 2, 3])
@pytest.mark.parametrize("meanwhile", [EDITED, MISSING, NOT_SERVED])
def test_an_edit_between_intent_and_launch_voids_the_approval(looks: int, meanwhile: Json | Failure) -> None:
    scene = scenes.approve(by_train_job())
    for _ in range(looks):
        scene = scene.then()
    voided = scene.but(runtime=meanwhile).then()
    assert voided.condition("Approved")["reason"] == "ApprovalVoided"
    assert kinds(voided.but(runtime=runtime())) == []


@pytest.mark.parametrize("failure", [MISSING, NOT_SERVED])
def test_what_is_missing_is_told_and_heals(failure: Failure) -> None:
    scene = by_train_job(failure)
    said = scene.condition("Approved")
    assert (said["status"], said["reason"], said["message"]) == ("False", failure.reason, failure.message)
    assert scene.condition("Ready")["status"] == "True"
    assert scene.plan().wake_at == scene.now + RETRY_AFTER
    healed = scene.later(minutes=1).but(runtime=runtime()).then()
    assert healed.condition("Approved")["reason"] == "AwaitingApproval"


def test_what_is_refused_names_its_field() -> None:
    assert (
        by_train_job(template=train_job({"numNodes": 4}))
        .condition("Approved")["message"]
        .startswith("spec.retraining.objectTemplate.spec.trainer.numNodes: 4: one approval is one pod")
    )


def test_an_image_by_tag_can_not_be_approved_whoever_names_it() -> None:
    for source, template in ((runtime(), train_job({"image": "trainer:1"})), (unpinned(), without_image())):
        said = by_train_job(source, template).condition("Approved")
        assert said["reason"] == "ImageNotPinned"
        assert said["message"].startswith(
            "spec.retraining.objectTemplate on ClusterTrainingRuntime torch: spec: pod.containers[0].image: "
        )


def without_image() -> Json:
    return train_job({}) | {"spec": {"runtimeRef": {"name": "torch"}}}


def unpinned() -> Json:
    return runtime(pod={"containers": [{"name": "node", "image": "pytorch:2"}]})


def test_the_content_of_config_maps_that_the_runtime_mounts_is_part_of_what_is_approved() -> None:
    mounting = runtime(pod={"volumes": [{"name": "code", "configMap": {"name": "code"}}]})
    one, other = (by_train_job(mounting, config_maps={"code": scenes.sha(letter)}) for letter in "ab")
    assert one.digest != other.digest


def test_a_stranger_under_the_name_of_the_runtime_is_never_used() -> None:
    scene = prepared()
    assert scene.prepared is not None
    theirs = scenes.replace(scene.prepared, owner_uid="somebody")
    other = scenes.replace(scene.prepared, spec=EDITED)
    stale = scenes.replace(scene.prepared, task="sha256:" + "f" * 64)
    for stranger in (theirs, other, stale):
        after = scene.but(prepared=stranger).then()
        assert after.condition("Retrained")["reason"] == "NameTaken"
        assert kinds(after) == []


def test_a_runtime_that_is_refused_is_asked_for_again_later() -> None:
    name = recorded().plan().create[0]["metadata"]["name"]
    refused = recorded().refused(name)
    assert kinds(refused) == []
    assert refused.then().condition("Reconciling")["message"] == "exceeded quota: small"
    assert kinds(refused.later(minutes=2)) == ["TrainingRuntime"]


def test_a_train_job_that_is_complete_gives_its_result() -> None:
    scene = launched()
    scene = scene.answered(scene.training, scenes.result(scene.digest)).then()
    assert scene.status["retraining"]["result"] == "Succeeded"
    assert scene.status["retraining"]["kind"] == "TrainJob"


def test_a_train_job_that_failed_says_why() -> None:
    scene = launched().failed(launched().training, "DeadlineExceeded").then()
    assert scene.condition("Retrained")["reason"] == "DeadlineExceeded"


def test_one_that_failed_without_a_reason_is_told_as_such() -> None:
    scene = launched().with_job(launched().training, finished_at=scenes.NOW, failure=None).then()
    said = scene.condition("Retrained")
    assert (said["reason"], said["message"]) == ("TrainerFailed", f"TrainJob {scene.training} failed")


def test_what_its_controller_failed_to_stop_is_deleted() -> None:
    late = launched().failed(launched().training, "DeadlineExceeded")
    assert [job.name for job in late.plan().delete] == [late.training]
    assert late.failed(late.training, "FailedJobs").plan().delete == ()
    job = scenes.launched()
    assert job.failed(job.training, "DeadlineExceeded").plan().delete == ()


def test_a_train_job_that_is_gone_is_lost_and_not_created_again() -> None:
    scene = launched().without_job(launched().training).then()
    said = scene.condition("Retrained")
    assert (said["reason"], said["message"].startswith("TrainJob mrc-")) == ("ResultLost", True)
    assert kinds(scene) == []
    assert kinds(scene.then()) == []


def test_a_stranger_under_the_name_of_the_train_job_is_not_adopted() -> None:
    scene = launched().with_job(launched().training, owner_uid="somebody").then()
    said = scene.condition("Retrained")
    assert (said["reason"], said["message"].startswith("a TrainJob that this check")) == ("NameTaken", True)


def test_an_approver_without_the_right_to_train_jobs_launches_nothing() -> None:
    rights = scenes.replace(scenes.RIGHTS, requester_may_create_jobs=False)
    for scene, what in ((scenes.approve(by_train_job()), "Jobs and TrainJobs here"), (scenes.approved(), "Jobs here")):
        said = scene.but(rights=rights).then().condition("Approved")
        assert said["reason"] == "ApprovalNotValid"
        assert said["message"].endswith(f"may no longer create {what}")


def preempted(minutes: float) -> Scene:
    """Its first pod ran so long and is gone; the second has just begun."""
    scene = launched()
    first = pod(None, name="first", started_at=scene.now - timedelta(minutes=minutes), finished_at=scene.now)
    scene = scene.with_job(scene.training, pods=(first,)).then()
    second = pod(None, name="second", started_at=scene.now, finished_at=None)
    return scene.with_job(scene.training, pods=(second,)).then()


def test_attempts_share_the_approved_time_though_the_deadline_can_not_be_changed() -> None:
    scene = preempted(5)
    approved = scene.jobs[scene.training].deadline_seconds or 0
    left = timedelta(seconds=approved - 300)
    todo = scene.plan()
    assert todo.deadlines == ()
    assert todo.wake_at == scene.now + left
    assert scene.later(seconds=left.total_seconds() - 1).plan().delete == ()
    after = scene.later(seconds=left.total_seconds()).plan()
    assert [(job.name, job.kind) for job in after.delete] == [(scene.training, "TrainJob")]
    ended = scene.later(seconds=left.total_seconds()).then()
    assert ended.condition("Retrained")["reason"] == "ApprovedTimeUsed"
    assert ended.status["retraining"]["attempts"] == 2
    assert kinds(ended) == []


def test_only_an_attempt_that_runs_uses_what_is_left_of_the_time() -> None:
    scene = preempted(5)
    left = scene.plan().wake_at
    (running,) = scene.jobs[scene.training].pods
    ended = pod(None, name="ended", started_at=scene.now - timedelta(hours=1), finished_at=scene.now)
    placed = pod(None, name="placed", started_at=None, finished_at=None)
    both = scene.with_job(scene.training, pods=(ended, running, placed))
    assert both.plan().wake_at == left
    assert scene.with_job(scene.training, pods=(ended, placed)).plan().wake_at is None


def test_what_could_not_be_deleted_is_deleted_at_the_next_look() -> None:
    scene = preempted(5)
    job = scene.jobs[scene.training]
    ended = scene.later(hours=5).then()
    again = ended.but(jobs={**ended.jobs, job.name: job})
    assert [each.name for each in again.plan().delete] == [job.name]


def test_one_attempt_is_left_to_its_own_deadline() -> None:
    scene = launched()
    running = pod(None, name="first", started_at=scene.now, finished_at=None)
    scene = scene.with_job(scene.training, pods=(running,)).then()
    assert scene.later(hours=50).plan().delete == ()


BUDGETED = (scenes.policy(budget={"energyKwh": "100"}),)


def test_under_a_budget_the_node_that_runs_needs_a_cpu_limit() -> None:
    asked = train_job({"resourcesPerNode": {"limits": {"memory": "1Gi"}}})
    said = by_train_job(template=asked, policies=BUDGETED).condition("Approved")
    assert said["reason"] == "BudgetUnbounded"
    assert "pod.containers[0].resources.limits.cpu: is missing" in said["message"]
    assert by_train_job(policies=BUDGETED).condition("Approved")["reason"] == "AwaitingApproval"


def test_what_is_reserved_is_for_what_the_train_job_asks() -> None:
    def reserved(limits: Json) -> float:
        scene = scenes.approve(
            by_train_job(template=train_job({"resourcesPerNode": {"limits": limits}}), policies=BUDGETED)
        )
        (held,) = scene.then().then().policies[0].status.reservations
        return float(held.energy_kwh)

    assert reserved({"cpu": "4"}) == pytest.approx(2 * reserved({"cpu": "2"}), rel=1e-3)


def piloting() -> Scene:
    """A pilot runs as a TrainJob."""
    asked = by_train_job().spec["retraining"] | {"pilot": {"steps": 25}}
    scene = scenes.approve(assessed(spec=spec(retraining=asked), runtime=runtime())).then().then()
    return scene.then().later(seconds=3).then().then()


def test_a_pilot_can_be_a_train_job() -> None:
    scene = piloting()
    assert scene.prepared is not None
    assert '\\"pilotSteps\\":25' in json.dumps(scene.prepared.spec)
    ended = scene.answered(scene.training, scenes.pilot_result(scene.digest)).settled()
    assert ended.condition("Retrained")["reason"] == "PilotEnded"
    whole = scenes.approve(ended.but(prepared=None)).then().then()
    assert kinds(whole) == ["TrainingRuntime"]


def test_a_pilot_whose_time_is_over_is_deleted_also_when_it_has_made_room() -> None:
    scene = piloting()
    job = scene.jobs[scene.training]
    ended = scene.failed(job.name, "DeadlineExceeded").settled()
    assert ended.status["pilot"]["failure"]["reason"] == "DeadlineExceeded"
    again = ended.but(jobs={**ended.jobs, job.name: job})
    assert [each.name for each in again.plan().delete] == [job.name]
    fine = piloting().answered(job.name, scenes.pilot_result(scene.digest)).settled()
    assert fine.plan().delete == ()

"""A retraining as a TrainJob, on a real API server with Kubeflow Trainer's kinds; its controllers are played."""

from datetime import timedelta

import pytest

from cluster.controller.looks import Looks
from cluster.controller.operator_process import OperatorProcess
from cluster.controller.team import Team
from cluster.fake_trainer import DEFINITIONS, TRAINER_VERSION, install, is_served
from cluster.fake_trainer_controller import FakeTrainer
from cluster.gate.people import RBAC
from cluster.person import Object, Person
from cluster.waiting import until
from modelreuse.api.names import CHECK_LABEL
from unit.decisions import scenes
from unit.manifests.train_jobs import runtime, train_job


@pytest.fixture(scope="module")
def kinds(admin: Person, gate_in_force: None) -> None:
    """Installed by a cluster admin."""
    install(admin)


@pytest.fixture
def trainer(kinds: None, team: Team, admin: Person) -> FakeTrainer:
    return FakeTrainer(team["trainer"], team["job_sets"], admin)


def torch(team: Team, **changes: object) -> Object:
    """The platform team's runtime, in the team's namespace."""
    return {**team.obj("TrainingRuntime", "torch", version=TRAINER_VERSION), "spec": runtime(**changes)}


async def assessed(looks: Looks, team: Team, **spec: object) -> Object:
    """A check of bob's that asks for a TrainJob on that runtime, there or not."""
    team.govern()
    own = {key: value for key, value in scenes.spec()["retraining"].items() if key != "jobTemplate"}
    asked = train_job(runtimeRef={"kind": "TrainingRuntime", "name": "torch"}, **spec)
    check = team.obj("ModelReuseCheck", "line-7")
    check = team["bob"].create({**check, "spec": scenes.spec(retraining=own | {"objectTemplate": asked})})
    await looks.resync()
    await looks.assessed(team, check)
    return check


async def approved(looks: Looks, team: Team, **spec: object) -> Object:
    """Approved by alice, and not looked at since."""
    team["admin"].create(torch(team))
    check = await assessed(looks, team, **spec)
    team["alice"].annotate(check, approve=team.digest(check))
    return check


def train_jobs(team: Team, check: Object) -> list[Object]:
    listed = team.obj("TrainJob", version=TRAINER_VERSION)
    found = team["admin"].list(listed, labelSelector=f"{CHECK_LABEL}={check['metadata']['name']}")
    return [{"apiVersion": TRAINER_VERSION, "kind": "TrainJob", **each} for each in found]


async def launched(looks: Looks, team: Team, **spec: object) -> tuple[Object, Object]:
    """The check, and its TrainJob."""
    check = await approved(looks, team, **spec)
    await looks.settle(check)
    looks.later = timedelta(seconds=5)  # in which Trainer learns of the runtime
    await looks.settle(check)
    (found,) = train_jobs(team, check)
    return check, found


def retraining(team: Team, check: Object) -> Object:
    found: Object = team.now(check)["status"]["retraining"]
    return found


async def test_what_was_approved_is_launched_once_and_its_answer_is_the_outcome(
    looks: Looks, team: Team, trainer: FakeTrainer
) -> None:
    check, found = await launched(looks, team)
    assert found["spec"]["activeDeadlineSeconds"] > 600
    job = trainer.begin(found)
    team.answer(job, lambda plan: scenes.result(plan["digest"]))
    until(lambda: team["admin"].get(job)["status"].get("succeeded"), "the Job controller saw the answer")
    await looks.settle(check)
    assert "result" not in retraining(team, check), "the TrainJob has not said that it is complete"
    trainer.end(found, job)
    await looks.settle(check)
    ended = retraining(team, check)
    assert (ended["result"], ended["job"]["uid"]) == ("Succeeded", found["metadata"]["uid"])
    assert (ended["podSeconds"], ended["attempts"]) == ("60", 1)
    assert len(train_jobs(team, check)) == 1
    assert team.roles(check) == ["assessment", "verification"]


async def test_the_pod_is_ours_by_name_and_label(looks: Looks, team: Team, trainer: FakeTrainer) -> None:
    check, found = await launched(looks, team)
    pod = team.pod(trainer.begin(found))
    assert pod["metadata"]["name"].startswith(f"{found['metadata']['name']}-node-0-0-")
    assert pod["metadata"]["labels"][CHECK_LABEL] == check["metadata"]["name"]
    await looks.settle(check)
    assert [each["name"] for each in retraining(team, check)["pods"]] == [pod["metadata"]["name"]]


async def test_a_train_job_that_failed_says_why(looks: Looks, team: Team, trainer: FakeTrainer) -> None:
    check, found = await launched(looks, team)
    trainer.begin(found)
    trainer.say(found, "Failed", "DeadlineExceeded", "TrainJob exceeded its deadline")
    await looks.settle(check)
    said = team.condition(check, "Retrained")
    assert (said["reason"], said["message"]) == ("DeadlineExceeded", "TrainJob exceeded its deadline")
    assert len(train_jobs(team, check)) == 1


async def test_a_train_job_that_was_deleted_is_lost_and_never_launched_again(
    looks: Looks, team: Team, trainer: FakeTrainer
) -> None:
    check, found = await launched(looks, team)
    team["bob"].delete(found)
    await looks.settle(check)
    assert team.condition(check, "Retrained")["reason"] == "ResultLost"
    await looks.resync()
    await looks.settle(check)
    assert train_jobs(team, check) == []


async def test_an_edit_of_the_runtime_voids_the_approval(looks: Looks, team: Team, kinds: None) -> None:
    check = await approved(looks, team)
    team["admin"].apply(torch(team, pod={"serviceAccountName": "root"}))
    await looks.settle(check)
    assert team.condition(check, "Approved")["reason"] == "RuntimeChanged"
    assert train_jobs(team, check) == []


async def test_an_edit_of_the_runtime_after_the_launch_changes_nothing_of_what_runs(
    looks: Looks, team: Team, trainer: FakeTrainer
) -> None:
    _, found = await launched(looks, team)
    team["admin"].apply(torch(team, pod={"serviceAccountName": "root"}))
    assert trainer.begin(found)["spec"]["template"]["spec"].get("serviceAccountName") is None


async def test_a_runtime_that_is_missing_is_a_condition_that_heals(looks: Looks, team: Team, kinds: None) -> None:
    check = await assessed(looks, team)
    said = team.condition(check, "Approved")
    assert (said["reason"], "TrainingRuntime torch" in said["message"]) == ("RuntimeMissing", True)
    assert await looks.look(check) is not None, "nobody tells that a runtime appears, so it is asked for again"
    team["admin"].create(torch(team))
    await looks.settle(check)
    assert team.condition(check, "Approved")["reason"] == "AwaitingApproval"


async def test_an_image_by_tag_can_not_be_approved(looks: Looks, team: Team, kinds: None) -> None:
    team["admin"].create(torch(team))
    check = await assessed(looks, team, trainer={"image": "trainer:1"})
    assert team.condition(check, "Approved")["reason"] == "ImageNotPinned"


async def test_a_requester_who_may_no_longer_create_train_jobs_launches_nothing(
    looks: Looks, team: Team, kinds: None
) -> None:
    check = await approved(looks, team)
    role = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"namespace": team.namespace, "name": "bob"}}
    left = [
        {"apiGroups": ["batch"], "resources": ["*"], "verbs": ["create", "get"]},
        {"apiGroups": ["modelreuse.io"], "resources": ["*"], "verbs": ["get"]},
    ]
    team["admin"].patch(role, {"rules": left})
    group = "trainer.kubeflow.org"
    until(lambda: not team["bob"].may("create", group, "trainjobs", team.namespace), "bob may not create TrainJobs")
    await looks.settle(check)
    said = team.condition(check, "Approved")
    assert (said["reason"], "Jobs and TrainJobs" in said["message"]) == ("ApprovalNotValid", True)
    assert train_jobs(team, check) == []


async def test_a_queue_that_preempts_it_does_not_prolong_it(looks: Looks, team: Team, trainer: FakeTrainer) -> None:
    check, found = await launched(looks, team, suspend=True)
    await looks.settle(check)
    assert team.condition(check, "Reconciling")["reason"] == "Suspended"
    team["bob"].patch(found, {"spec": {"suspend": False}})
    job = trainer.begin(team["admin"].get(found))
    first = team.pod(job)
    begun = "2026-01-02T03:04:00Z"
    state = {"running": {"startedAt": begun}}
    container = {"name": "node", "image": "i", "imageID": "i", "ready": True, "restartCount": 0, "state": state}
    running = {"phase": "Running", "containerStatuses": [container]}
    team["node"].patch(first, {"status": running}, part="status")
    await looks.settle(check)
    trainer.job_set.patch(job, {"spec": {"suspend": True}})
    until(lambda: not team["admin"].get(job)["status"].get("active"), "the Job controller has removed the pod")
    team["admin"].delete(first, gracePeriodSeconds="0")
    until(lambda: team.pods(job) == [], "the pod is gone")
    await looks.settle(check)
    trainer.job_set.patch(job, {"spec": {"suspend": False}})
    team["node"].patch(team.pod(job), {"status": running}, part="status")
    await looks.settle(check)
    ended = retraining(team, check)
    assert (ended["failure"]["reason"], ended["attempts"]) == ("ApprovedTimeUsed", 2)
    await looks.resync()
    await looks.settle(check)
    assert train_jobs(team, check) == []


async def test_a_cluster_that_does_not_serve_train_jobs_says_so(looks: Looks, team: Team, kinds: None) -> None:
    definition = DEFINITIONS[0]
    team["admin"].delete(definition)
    until(lambda: not is_served(team["admin"], definition), "TrainJobs are not served")
    try:
        team["admin"].create(torch(team))
        check = await assessed(looks, team)
        said = team.condition(check, "Approved")
        assert (said["reason"], "doesn't serve TrainJob" in said["message"]) == ("KindNotServed", True)
        assert team.condition(check, "Ready")["status"] == "True"
    finally:
        install(team["admin"])
    await looks.settle(check)
    assert team.condition(check, "Approved")["reason"] == "AwaitingApproval"


def test_the_running_operator_follows_a_train_job_to_its_end(
    kinds: None, running: OperatorProcess, team: Team, trainer: FakeTrainer
) -> None:
    team.govern()
    team["admin"].create(torch(team))
    own = {key: value for key, value in scenes.spec()["retraining"].items() if key != "jobTemplate"}
    asked = train_job(runtimeRef={"kind": "TrainingRuntime", "name": "torch"})
    check = team.obj("ModelReuseCheck", "line-7")
    check = team["bob"].create({**check, "spec": scenes.spec(retraining=own | {"objectTemplate": asked})})
    team.assess(check)
    team["alice"].annotate(check, approve=team.digest(check))
    (found,) = until(lambda: train_jobs(team, check), "the TrainJob is launched")
    job = trainer.begin(found)
    team.answer(job, lambda plan: scenes.result(plan["digest"]))
    until(lambda: team["admin"].get(job)["status"].get("succeeded"), "the Job controller saw the answer")
    trainer.end(found, job)
    team.until(check, "Retrained", "True", "Retrained")

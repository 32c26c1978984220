"""Single looks: what happens when somebody else is faster, says no, or stands in the way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from cluster.controller.looks import Looks
from cluster.controller.team import NODE, Team
from cluster.gate import objects
from cluster.person import Object
from cluster.waiting import until
from modelreuse.api import ModelReuseCheck
from modelreuse.controller.key import Key
from modelreuse.decisions import Plan
from modelreuse.decisions.progress import RETRY_AFTER
from unit.decisions import scenes


def once(happening: Callable[[Plan], None]) -> Callable[[Plan], None]:
    """Something that happens the first time only."""
    happened = False

    def happen(todo: Plan) -> None:
        nonlocal happened
        if not happened:
            happened = True
            happening(todo)

    return happen


async def approved(looks: Looks, team: Team) -> Object:
    """A check that alice has approved, and that nobody has looked at since."""
    team.govern()
    check = team.check()
    await looks.resync()
    await looks.assessed(team, check)
    team["alice"].annotate(check, approve=team.digest(check))
    return check


async def test_a_check_that_changed_meanwhile_is_looked_at_again_and_nothing_else_is_done(
    looks: Looks, team: Team
) -> None:
    check = team.check()
    looks.meanwhile = once(lambda _: team["bob"].patch(check, {"metadata": {"labels": {"line": "7"}}}))
    await looks.look(check)
    assert looks.again == [Key.of(check)]
    assert "status" not in team.now(check)
    assert team.jobs(check) == []
    await looks.settle(check)
    assert len(team.jobs(check)) == 1


async def test_a_check_that_was_deleted_meanwhile_gets_no_job(looks: Looks, team: Team) -> None:
    check = team.check()
    looks.meanwhile = once(lambda _: team["bob"].delete(check))
    await looks.settle(check)
    assert team.jobs(check) == []


async def test_a_check_that_was_replaced_meanwhile_is_not_answered_with_the_old_ones_status(
    looks: Looks, team: Team
) -> None:
    check = team.check()

    def replace(_plan: Plan) -> None:
        team["bob"].delete(check)
        team.check(check["metadata"]["name"])

    looks.meanwhile = once(replace)
    await looks.look(check)
    assert "status" not in team.now(check)
    assert team.jobs(check) == []


async def test_a_check_that_is_gone_is_no_error(looks: Looks, team: Team) -> None:
    assert await looks.look(team.obj("ModelReuseCheck", "never-there")) is None
    assert looks.again == []


async def test_a_check_that_is_being_deleted_is_left_alone(looks: Looks, team: Team) -> None:
    check = team["bob"].create(
        {
            **team.obj("ModelReuseCheck", "digits"),
            "metadata": {"name": "digits", "namespace": team.namespace, "finalizers": ["example.com/held"]},
            "spec": scenes.spec(),
        }
    )
    team["bob"].delete(check)
    await looks.look(check)
    assert looks.observed == []
    assert "status" not in team.now(check)


async def test_where_nothing_changes_nothing_is_written(looks: Looks, team: Team) -> None:
    check = team.check()
    await looks.settle(check)
    before = team.now(check)["metadata"]["resourceVersion"]
    looks.later = timedelta(minutes=1)
    await looks.look(check)
    assert team.now(check)["metadata"]["resourceVersion"] == before
    assert looks.again == []


async def test_a_refused_job_becomes_a_condition_and_is_tried_again_later(looks: Looks, team: Team) -> None:
    quota = team.obj("ResourceQuota", "none", version="v1") | {"spec": {"hard": {"count/jobs.batch": "0"}}}
    team["admin"].create(quota)
    until(lambda: "hard" in team["admin"].get(quota)["status"], "the quota is counted")
    check = team.check()
    wake_at = await looks.settle(check)
    said = team.condition(check, "Reconciling")
    assert said["reason"] == "Forbidden"
    assert "exceeded quota: none" in said["message"]
    assert wake_at is not None
    assert wake_at <= datetime.now(UTC) + RETRY_AFTER

    before = team.now(check)["metadata"]["resourceVersion"]
    looks.later = RETRY_AFTER  # asked for again, refused again
    await looks.settle(check)
    assert team.now(check)["metadata"]["resourceVersion"] == before

    team["admin"].delete(quota)
    looks.later = 2 * RETRY_AFTER
    await looks.settle(check)
    assert len(team.jobs(check)) == 1
    assert team.condition(check, "Reconciling")["reason"] == "Assessing"


async def test_a_strangers_job_under_our_name_is_never_adopted(looks: Looks, team: Team) -> None:
    check = team.check()

    def take_the_name(todo: Plan) -> None:
        (job,) = todo.create
        team["operator"].create(objects.job(team.namespace, job["metadata"]["name"]))

    looks.meanwhile = once(take_the_name)
    await looks.settle(check)
    stalled = team.condition(check, "Stalled")
    assert stalled["reason"] == "NameTaken"
    assert "uid" not in team.now(check)["status"]["assessments"][0]["job"]


async def test_a_pod_that_only_looks_like_one_of_the_jobs_is_not_heard(looks: Looks, team: Team) -> None:
    """Its label says so, and a controller may even adopt it; but it can't carry our label."""
    check = team.check()
    await looks.settle(check)
    (job,) = team.jobs(check)
    real = team.pod(job)
    label = {"batch.kubernetes.io/controller-uid": job["metadata"]["uid"]}
    fake = team["bob"].create(objects.pod(team.namespace, "look-alike", labels=label, node=NODE))
    team.end({**fake, "spec": {"containers": real["spec"]["containers"]}}, lambda task: scenes.summary(task["task"]))
    team["admin"].delete(real, gracePeriodSeconds="0")

    def ended() -> bool:
        conditions = team["admin"].get(job)["status"].get("conditions", [])
        return bool({"Complete", "Failed"} & {each["type"] for each in conditions})

    until(ended, "the Job has ended")
    await looks.settle(check)
    (entry,) = team.now(check)["status"]["assessments"]
    assert "hashes" not in entry


async def test_a_job_that_stands_already_from_before_a_crash_is_ours(looks: Looks, team: Team) -> None:
    check = team.check()
    looks.meanwhile = once(lambda todo: team["operator"].create(dict(todo.create[0])) and None)
    await looks.settle(check)
    (job,) = team.jobs(check)
    assert team.now(check)["status"]["assessments"][0]["job"]["uid"] == job["metadata"]["uid"]


async def test_what_the_watches_missed_the_resync_finds(looks: Looks, team: Team) -> None:
    check = team.check()
    await looks.resync()
    assert looks.again == [Key.of(check)]
    team.govern()
    await looks.resync()
    assert [policy.metadata.name for policy in looks.cache.policies_and_profiles()[0]].count(team.namespace) == 1
    team["bob"].delete(check)
    policy = {"apiVersion": check["apiVersion"], "kind": "RetrainPolicy", "metadata": {"name": team.namespace}}
    team["admin"].delete(policy)
    looks.again.clear()
    await looks.resync()
    assert looks.again == []
    assert team.namespace not in [policy.metadata.name for policy in looks.cache.policies_and_profiles()[0]]


async def test_rights_are_asked_for_when_an_approval_waits(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    await looks.look(check)
    rights = looks.observed[-1].rights
    assert rights is not None
    assert rights.approver_may_approve
    assert rights.requester_may_create_jobs
    assert rights.editor_may_create_jobs


async def test_an_approver_who_has_lost_the_right_launches_nothing(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    _unbind(team, "alice-modelreuse-approver")
    until(
        lambda: not team["alice"].may("approve", "modelreuse.io", "modelreusechecks", team.namespace),
        "alice may no longer approve",
    )
    await looks.settle(check)
    assert team.condition(check, "Approved")["reason"] == "ApprovalNotValid"
    assert "retraining" not in team.now(check)["status"]


async def test_a_requester_who_has_lost_the_right_to_create_jobs_launches_nothing(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    _unbind(team, "bob-edit")
    _unbind(team, "bob")
    until(lambda: not team["bob"].may("create", "batch", "jobs", team.namespace), "bob may no longer create Jobs")
    await looks.settle(check)
    approval = next(each for each in team["admin"].get(check)["status"]["conditions"] if each["type"] == "Approved")
    assert approval["reason"] == "ApprovalNotValid"


async def test_a_launch_rests_on_the_policies_of_now(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    policy = {"apiVersion": check["apiVersion"], "kind": "RetrainPolicy", "metadata": {"name": team.namespace}}
    team["admin"].patch(policy, {"spec": {"limits": {"steps": 1}}})  # and no watch tells
    await looks.settle(check)
    assert team.condition(check, "RetrainingRecommended")["reason"] == "Blocked"
    assert "retraining" not in team.now(check)["status"]


async def test_an_approval_launches_once_whatever_is_deleted(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    await looks.settle(check)
    training = team.job(check, "retraining")
    team["admin"].delete(training, propagationPolicy="Background")
    await looks.settle(check)
    assert team.condition(check, "Retrained")["reason"] == "ResultLost"
    assert team.roles(check) == ["assessment"]


async def test_what_a_new_assessment_supersedes_is_deleted_with_its_pods(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    (old,) = team.jobs(check)
    team["bob"].patch(check, {"spec": {"data": {"new": {"uri": "pvc://data/line8.npz"}}}})
    await looks.resync()
    await looks.settle(check)
    pods = team.obj("Pod", version="v1")
    selector = f"batch.kubernetes.io/controller-uid={old['metadata']['uid']}"
    until(lambda: not team["admin"].list(pods, labelSelector=selector), "the old assessment's pods are gone")
    (new,) = team.jobs(check)
    assert new["metadata"]["name"] != old["metadata"]["name"]


async def test_a_job_that_took_the_name_of_a_superseded_one_stays(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    (old,) = team.jobs(check)
    await looks.resync()
    team["admin"].delete(old, propagationPolicy="Background")
    until(lambda: not team.jobs(check), "the Job is gone")
    double = {key: old["metadata"][key] for key in ("name", "namespace", "labels", "annotations", "ownerReferences")}
    template = {"spec": old["spec"]["template"]["spec"]}
    team["operator"].create({**old, "metadata": double, "spec": {"template": template}, "status": {}})
    team["bob"].patch(check, {"spec": {"data": {"new": {"uri": "pvc://data/line8.npz"}}}})
    await looks.settle(check)
    assert old["metadata"]["name"] in {job["metadata"]["name"] for job in team.jobs(check)}


async def test_a_record_is_ended_when_its_check_is_deleted_while_it_is_retrained(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    await looks.settle(check)
    team.job(check, "retraining")
    (record,) = team["bob"].list(team.obj("RetrainingRecord"))
    reference = team.obj("RetrainingRecord", record["metadata"]["name"])
    await looks.resync()
    assert "outcome" not in team["bob"].get(reference)

    team["bob"].delete(check)
    await looks.look(check)  # the cache still knows it
    assert "outcome" not in team["bob"].get(reference)
    looks.again.clear()
    await looks.resync()
    assert Key.of(check) in looks.again
    await looks.look(check)
    assert team["bob"].get(reference)["outcome"]["result"] == "Lost"
    looks.again.clear()
    await looks.resync()
    assert looks.again == []


async def test_an_unreadable_check_is_stalled_and_left_alone(
    looks: Looks, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_served: Object) -> ModelReuseCheck:
        raise ValidationError.from_exception_data(
            "ModelReuseCheck",
            [{"type": "missing", "loc": ("spec", "models", 0, "uri"), "input": {}}],
        )

    check = team.check()
    monkeypatch.setattr(ModelReuseCheck, "parse", unreadable)
    assert await looks.settle(check) is None
    stalled = team.condition(check, "Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "InvalidSpec")
    assert stalled["message"] == "spec.models[0].uri: Field required"
    assert team.jobs(check) == []


def _unbind(team: Team, name: str) -> None:
    metadata = {"namespace": team.namespace, "name": name}
    team["admin"].delete({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata})

"""A retraining made of the platform team's CronJob, on a real API server with its defaults and its rights."""

from cluster.controller.looks import Looks
from cluster.controller.team import Team
from cluster.gate.people import RBAC
from cluster.person import Object
from cluster.waiting import until
from unit.decisions import scenes


def nightly(team: Team, **pod: object) -> Object:
    """A CronJob that never runs by itself."""
    template = {"restartPolicy": "Never", "containers": [scenes.TRAINS], **pod}
    cron_job = team.obj("CronJob", "nightly", version="batch/v1")
    spec = {"schedule": "0 0 31 2 *", "suspend": True, "jobTemplate": {"spec": {"template": {"spec": template}}}}
    return {**cron_job, "spec": spec}


async def assessed(looks: Looks, team: Team) -> Object:
    """A check of bob's that names the CronJob, there or not."""
    team.govern()
    own = {key: value for key, value in scenes.spec()["retraining"].items() if key != "jobTemplate"}
    check = team.obj("ModelReuseCheck", "line-7")
    check = team["bob"].create({**check, "spec": scenes.spec(retraining=own | {"fromCronJob": "nightly"})})
    await looks.resync()
    await looks.assessed(team, check)
    return check


async def approved(looks: Looks, team: Team) -> Object:
    """Approved by alice, and not looked at since."""
    team["admin"].create(nightly(team))
    check = await assessed(looks, team)
    team["alice"].annotate(check, approve=team.digest(check))
    return check


async def test_a_cron_job_that_is_missing_is_a_condition_that_heals(looks: Looks, team: Team) -> None:
    check = await assessed(looks, team)
    assert team.condition(check, "Approved")["reason"] == "CronJobMissing"
    assert await looks.look(check) is not None, "nobody tells that a CronJob appears, so it is asked for again"
    team["admin"].create(nightly(team))
    await looks.settle(check)
    assert team.condition(check, "Approved")["reason"] == "AwaitingApproval"


async def test_what_is_launched_is_made_of_the_cron_job(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    await looks.settle(check)
    job = team.job(check, "retraining")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == scenes.TRAINER
    assert job["spec"]["backoffLimit"] == 0
    assert [owner["kind"] for owner in job["metadata"]["ownerReferences"]] == ["ModelReuseCheck"]


async def test_an_edit_of_the_cron_job_voids_the_approval(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    team["admin"].apply(nightly(team, serviceAccountName="root"))
    await looks.settle(check)
    assert team.condition(check, "Approved")["reason"] == "CronJobChanged"
    assert team.roles(check) == ["assessment"]


async def test_an_edit_that_changes_no_template_voids_nothing(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    team["admin"].patch(nightly(team), {"spec": {"schedule": "0 0 30 2 *"}, "metadata": {"labels": {"a": "b"}}})
    await looks.settle(check)
    assert team.roles(check) == ["assessment", "retraining"]


async def test_a_requester_who_may_no_longer_read_the_cron_job_launches_nothing(looks: Looks, team: Team) -> None:
    check = await approved(looks, team)
    role = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"namespace": team.namespace, "name": "bob"}}
    left = [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]},
        {"apiGroups": ["modelreuse.io"], "resources": ["*"], "verbs": ["get"]},
    ]
    team["admin"].patch(role, {"rules": left})
    binding = {**role, "kind": "RoleBinding", "metadata": {"namespace": team.namespace, "name": "bob-edit"}}
    team["admin"].delete(binding)
    until(lambda: not team["bob"].may("get", "batch", "cronjobs", team.namespace), "bob may not read CronJobs")
    await looks.settle(check)
    said = team.condition(check, "Approved")
    assert (said["reason"], "may no longer read the CronJob" in said["message"]) == ("ApprovalNotValid", True)

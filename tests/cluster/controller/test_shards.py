"""Assessments that several pods share, on a real API server with the real Job and garbage controllers."""

from collections.abc import Callable

from cluster.controller.looks import Looks
from cluster.controller.team import Team
from cluster.person import Object, RefusedError
from cluster.waiting import until
from unit.decisions import scenes

LOST = {"reason": "ShardLost", "field": "spec.assessment.shards", "message": "another went away", "retryable": True}
BAD = {"reason": "BadRowGroup", "field": "spec.data.new.uri", "message": "row group 3 can't be read"}


def shared(team: Team) -> Object:
    """A check that two pods shall assess."""
    check = team.obj("ModelReuseCheck", "shared")
    return team["bob"].create({**check, "spec": scenes.spec(assessment={"shards": 2})})


def service_of(team: Team, job: Object) -> Object | None:
    """The Service of the Job's name; None where there is none."""
    try:
        return team["admin"].get(team.obj("Service", job["metadata"]["name"], version="v1"))
    except RefusedError as error:
        if error.status == 404:
            return None
        raise


def said(error: Object) -> Callable[[Object], Object]:
    """What makes a worker's answer of an error."""
    return lambda task: {"task": task["task"], "error": error}


def answers(task: Object) -> Object:
    """What a worker answers."""
    return scenes.summary(task["task"])


async def test_pods_that_share_an_assessment_get_one_job_and_one_service_by_which_they_have_names(
    looks: Looks, team: Team
) -> None:
    check = shared(team)
    await looks.settle(check)
    (job,) = team.jobs(check)
    name = job["metadata"]["name"]
    service = service_of(team, job)
    assert service is not None
    assert service["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]
    pods = team.shards(job)
    assert [(pod["spec"]["hostname"], pod["spec"]["subdomain"]) for pod in pods] == [
        (f"{name}-0", name),
        (f"{name}-1", name),
    ]
    assert all(service["spec"]["selector"].items() <= pod["metadata"]["labels"].items() for pod in pods)
    assert team.condition(check, "Reconciling")["reason"] == "Assessing"

    await looks.settle(check)
    assert service_of(team, job) == service
    for pod in reversed(pods):
        team.end(pod, answers)
    until(lambda: _has(team, job, "Complete"), "the Job is complete")
    await looks.settle(check)
    assert team.condition(check, "Assessed")["status"] == "True"


async def test_a_lost_pod_begins_the_set_anew_and_nothing_stays_of_the_old_one(looks: Looks, team: Team) -> None:
    check = shared(team)
    await looks.resync()
    await looks.settle(check)
    (job,) = team.jobs(check)
    first, second = team.shards(job)
    team["admin"].delete(second, gracePeriodSeconds="0")  # as when its node is lost
    team.end(first, said(LOST), exit_code=4)
    until(lambda: _has(team, job, "Failed"), "the Job has failed")
    await looks.resync()
    await looks.settle(check)
    (again,) = team.jobs(check)
    assert again["metadata"]["name"] != job["metadata"]["name"]
    assert service_of(team, again) is not None
    until(lambda: service_of(team, job) is None, "the old Service went with its Job")
    for pod in team.shards(again):
        team.end(pod, answers)
    until(lambda: _has(team, again, "Complete"), "the Job is complete")
    await looks.settle(check)
    assert team.now(check)["status"]["assessments"][0]["attempt"] == 2
    assert team.condition(check, "Assessed")["status"] == "True"


async def test_what_any_pod_finds_to_mend_stalls_the_check(looks: Looks, team: Team) -> None:
    check = shared(team)
    await looks.settle(check)
    (job,) = team.jobs(check)
    first, second = team.shards(job)
    team.end(second, said(BAD), exit_code=3)
    until(lambda: "deletionTimestamp" in team["admin"].get(first)["metadata"], "the Job controller ends the others")
    team["admin"].delete(first, gracePeriodSeconds="0")  # as its node would, once it has ended
    until(lambda: _has(team, job, "Failed"), "the Job has failed")
    await looks.settle(check)
    stalled = team.condition(check, "Stalled")
    assert (stalled["reason"], stalled["message"]) == ("BadRowGroup", "row group 3 can't be read")


async def test_a_strangers_service_under_our_name_is_never_adopted(looks: Looks, team: Team) -> None:
    check = shared(team)
    taken: list[Object] = []

    def take_the_name(todo: object) -> None:
        for obj in getattr(todo, "create", ()):
            if obj["kind"] == "Job" and not taken:
                service = team.obj("Service", obj["metadata"]["name"], version="v1")
                selector = {"clusterIP": "None", "selector": {"app": "mine"}}
                taken.append(team["bella"].create({**service, "spec": selector}))

    looks.meanwhile = take_the_name
    await looks.settle(check)
    (job,) = team.jobs(check)
    stalled = team.condition(check, "Stalled")
    assert stalled["reason"] == "NameTaken"
    assert stalled["message"].startswith("a Service that this check didn't make")
    assert f"stands under the name {job['metadata']['name']}; remove it" in stalled["message"]
    found = service_of(team, job)
    assert found is not None
    assert found["metadata"]["uid"] == taken[0]["metadata"]["uid"]

    team["bella"].delete(taken[0])
    await looks.settle(check)
    ours = service_of(team, job)
    assert ours is not None
    assert ours["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]
    assert team.condition(check, "Stalled") == {}


async def test_a_refused_service_becomes_a_condition(looks: Looks, team: Team) -> None:
    quota = team.obj("ResourceQuota", "none", version="v1") | {"spec": {"hard": {"services": "0"}}}
    team["admin"].create(quota)
    until(lambda: "hard" in team["admin"].get(quota)["status"], "the quota is counted")
    check = shared(team)
    await looks.settle(check)
    said = team.condition(check, "Reconciling")
    assert said["reason"] == "Forbidden"
    assert "exceeded quota: none" in said["message"]


def _has(team: Team, job: Object, condition: str) -> bool:
    conditions = team["admin"].get(job)["status"].get("conditions", [])
    return any((each["type"], each["status"]) == (condition, "True") for each in conditions)

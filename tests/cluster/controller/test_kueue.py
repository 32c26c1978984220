"""A retraining in a queue: Kueue's requests on a real API server with the real Job controller; Kueue is played."""

import math

from cluster.controller.looks import Looks
from cluster.controller.team import Team
from cluster.gate.attempts.jobs import PLACE
from cluster.person import Object
from cluster.waiting import until
from unit.decisions import scenes

QUEUE = "kueue.x-k8s.io/queue-name"
TAKEN_BACK = {
    "metadata": {"labels": {"kueue.x-k8s.io/podset": None}},
    "spec": {"nodeSelector": None, "tolerations": None},
}


async def queued(looks: Looks, team: Team) -> tuple[Object, Object]:
    """A check, and its retraining's Job, held for a queue from the beginning."""
    team.govern()
    retraining = scenes.spec()["retraining"]
    template = retraining["jobTemplate"]
    held = {"metadata": {"labels": {QUEUE: "gpus"}}, "spec": {**template["spec"], "suspend": True}}
    check = team.obj("ModelReuseCheck", "line-7")
    check = team["bob"].create({**check, "spec": scenes.spec(retraining=retraining | {"jobTemplate": held})})
    await looks.resync()
    await looks.assessed(team, check)
    team["alice"].annotate(check, approve=team.digest(check))
    await looks.settle(check)
    return check, team.job(check, "retraining")


def let_go(team: Team, job: Object) -> Object:
    """Kueue has room: it places the pods, and resumes the Job."""
    team["kueue"].patch(job, {"spec": {"template": PLACE, "suspend": False}})
    return team.pod(job)


def preempt(team: Team, job: Object) -> None:
    """Kueue needs the room: it holds the Job, forgets its start, and restores the template, as its `Stop` does."""
    stopping = {"metadata": {"annotations": {"kueue.x-k8s.io/stopping": "true"}}, "spec": {"suspend": True}}
    team["kueue"].patch(job, stopping)
    until(lambda: not team["admin"].get(job)["status"].get("active"), "the Job controller has removed the pod")
    team["kueue"].patch(job, {"status": {"startTime": None}}, part="status")
    restored = {"metadata": {"annotations": {"kueue.x-k8s.io/stopping": None}}, "spec": {"template": TAKEN_BACK}}
    team["kueue"].patch(job, restored)


async def test_a_queue_holds_places_preempts_and_lets_go_and_all_of_it_is_one_retraining(
    looks: Looks, team: Team
) -> None:
    check, job = await queued(looks, team)
    await looks.settle(check)
    waiting = team.condition(check, "Reconciling")
    assert (waiting["reason"], waiting["message"].endswith("waits in the queue gpus")) == ("Queued", True)

    first = let_go(team, job)
    assert first["spec"]["nodeSelector"] == {"pool": "spot"}
    team["node"].patch(first, {"status": {"phase": "Running"}}, part="status")
    await looks.settle(check)
    preempt(team, job)
    team["admin"].delete(first, gracePeriodSeconds="0")  # as its node would, once the pod has ended
    await looks.settle(check)
    assert team.condition(check, "Reconciling")["reason"] == "Queued"
    until(lambda: team.pods(job) == [], "the pod is gone")
    await looks.settle(check)

    left = team["admin"].get(job)["spec"]["activeDeadlineSeconds"]
    removed = float(team.now(check)["status"]["retraining"]["removedPodSeconds"])
    assert left == job["spec"]["activeDeadlineSeconds"] - math.ceil(removed)

    second = let_go(team, job)
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    await looks.settle(check)
    await looks.answered(team, check, "retraining", lambda plan: scenes.result(plan["digest"]))
    retraining = team.now(check)["status"]["retraining"]
    assert (retraining["result"], retraining["attempts"]) == ("Succeeded", 2)
    assert retraining["job"]["uid"] == job["metadata"]["uid"]
    assert team.roles(check).count("retraining") == 1

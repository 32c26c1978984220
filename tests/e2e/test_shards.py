"""Two pods share an assessment on a real node: they find each other by name, and say what one alone would say."""

from dataclasses import dataclass

import pytest

from cluster.person import Object
from cluster.waiting import until
from e2e.team import LONG, Seen, Team
from e2e.town import Town

NAMESPACE = "shards"


@dataclass(frozen=True)
class Shared:
    """The same assessment by one pod, by two, and by two of which one was killed."""

    alone: Seen
    shared: Seen
    interrupted: Seen
    created: list[str]
    services: list[Object]


def share(town: Town) -> Shared:
    team = Team.gather(town, NAMESPACE, labels={})
    for name, shards in (("alone", 1), ("shared", 2), ("interrupted", 2)):
        check = team.example(name)
        del check["spec"]["retraining"]
        check["spec"].setdefault("assessment", {})["shards"] = shards
        team.request(check)
    kill_one(team, "interrupted")
    for name in ("alone", "shared", "interrupted"):
        team.until(name, lambda check: "assessedAt" in check.get("status", {}))

    services = {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": NAMESPACE}}

    def only_current() -> list[Object] | None:
        found = town.admin.list(services)
        return found if len(found) == 2 else None

    left = until(only_current, f"{NAMESPACE}: the Service of the interrupted Job is gone", seconds=LONG)
    seen = [team.see(name) for name in ("alone", "shared", "interrupted")]
    return Shared(*seen, town.created_jobs(NAMESPACE, "assessment"), left)


def kill_one(team: Team, name: str) -> None:
    """Shard 1, as soon as both run."""

    def both() -> list[Object] | None:
        pods = team.see(name).pods.get("assessment", [])
        return pods if [pod["status"]["phase"] for pod in pods] == ["Running", "Running"] else None

    pods = until(both, f"{NAMESPACE}: both shards of {name} run", seconds=LONG)
    lost = next(pod for pod in pods if pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] == "1")
    team.town.admin.delete({"apiVersion": "v1", "kind": "Pod", **lost}, gracePeriodSeconds="0")


def assessment(seen: Seen) -> Object:
    (only,) = seen.check["status"]["assessments"]
    return only


def scores(seen: Seen) -> dict[str, float]:
    return {score["name"]: float(score["value"]) for score in assessment(seen)["scores"]}


pytestmark = pytest.mark.story.with_args(share)


def test_two_pods_say_what_one_says(end: Shared):
    assert scores(end.shared) == pytest.approx(scores(end.alone), rel=1e-5, abs=1e-6)
    assert assessment(end.shared)["hashes"] == assessment(end.alone)["hashes"]
    assert assessment(end.shared)["measured"]["samples"] == assessment(end.alone)["measured"]["samples"]
    assert assessment(end.shared)["image"] == assessment(end.alone)["image"]
    assert len(end.shared.pods["assessment"]) == 2


def test_a_killed_one_begins_the_set_anew_and_the_result_is_the_same(end: Shared):
    assert assessment(end.interrupted)["attempt"] == 2
    assert scores(end.interrupted) == pytest.approx(scores(end.alone), rel=1e-5, abs=1e-6)
    assert len(end.created) == 4


def test_a_service_goes_with_its_job(end: Shared):
    jobs = [assessment(seen)["job"]["name"] for seen in (end.shared, end.interrupted)]
    assert {service["metadata"]["name"] for service in end.services} == set(jobs)

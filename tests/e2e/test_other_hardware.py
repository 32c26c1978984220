"""Assessed without an accelerator, retrained with one, by its roofline: measured by the example's Job, set by a lead.

The accelerator is a resource that the node merely advertises: pods with it run on the node's cores like all others.
"""

import json
from dataclasses import dataclass

import pytest
import yaml

from cluster.installing import documents
from cluster.person import Object
from e2e.team import Seen, Team, trainer_of
from e2e.town import CHECKOUT, EXAMPLE, Town

NAMESPACE = "elsewhere"
KIND = "pretended"
GPU = {"nvidia.com/gpu": "1"}


@dataclass(frozen=True)
class Elsewhere:
    """before: the check while nothing told of the accelerator; printed: by the Job; seen: how it ended."""

    before: Object
    printed: str
    seen: Seen


def retrain_elsewhere(town: Town) -> Elsewhere:
    advertise(town)
    team = Team.gather(town, NAMESPACE, labels={"environment": NAMESPACE})
    site = profile()
    town.grace.create(site)
    town.grace.create(policy(site))
    check = team.example()
    pod = check["spec"]["retraining"]["jobTemplate"]["spec"]["template"]["spec"]
    pod["nodeSelector"] = {"accelerator": KIND}
    trainer_of(check)["resources"]["limits"].update(GPU)
    team.request(check)
    before = team.until("digits", lambda check: "recommendation" in check.get("status", {}))
    printed = measure(team)
    site["spec"]["accelerators"][0] |= yaml.safe_load(printed)
    town.grace.apply(site, manager="kubectl")
    team.approve()
    return Elsewhere(before, printed, team.ended())


def advertise(town: Town) -> None:
    """One accelerator on the only node, and a label that says which."""
    (node,) = town.admin.list({"apiVersion": "v1", "kind": "Node", "metadata": {}})
    name = node["metadata"]["name"]
    add = [{"op": "add", "path": "/status/capacity/nvidia.com~1gpu", "value": "1"}]
    patch = ("patch", "node", name, "--subresource=status", "--type=json", "-p", json.dumps(add))
    for arguments in (patch, ("label", "node", name, f"accelerator={KIND}")):
        done = town.kubectl("admin", *arguments)
        assert done.returncode == 0, done.stderr


def profile() -> Object:
    """The example's site, with an accelerator."""
    (site,) = documents(EXAMPLE / "profile.yaml")
    site["metadata"] = {"name": NAMESPACE}
    selector = {"matchLabels": {"accelerator": KIND}}
    listed = {"name": KIND, "nodeSelector": selector, "powerWatts": "30", "source": "assumed", "pricePerHour": "1"}
    site["spec"]["accelerators"] = [listed]
    return site


def policy(site: Object) -> Object:
    """The example's policy, for this namespace and site."""
    (rules,) = documents(EXAMPLE / "policy.yaml")
    rules["metadata"] = {"name": NAMESPACE}
    rules["spec"]["namespaceSelector"] = {"matchLabels": {"environment": NAMESPACE}}
    rules["spec"]["costProfile"] = site["metadata"]["name"]
    return rules


def measure(team: Team) -> str:
    """What the example's Job prints; Ada may create it."""
    (job,) = documents(CHECKOUT / "examples/roofline/job.yaml")
    job["metadata"]["namespace"] = team.namespace
    job["spec"]["template"]["spec"]["containers"][0]["image"] = team.town.worker_image
    job["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "250m", "memory": "512Mi"}
    team.town.ada.apply(job)
    return team.output_of(job)


def assessment(check: Object) -> Object:
    (only,) = check["status"]["assessments"]
    found: Object = only
    return found


pytestmark = pytest.mark.story.with_args(retrain_elsewhere)


def test_without_a_roofline_it_is_inconclusive_and_the_message_says_what_would_tell(end: Elsewhere):
    advice = end.before["status"]["recommendation"]
    assert (advice["action"], advice["reason"]) == ("Inconclusive", "OtherHardware")
    assert "asks for 1 accelerator and current was measured on no accelerator" in advice["message"]
    assert f"or CostProfile {NAMESPACE} give a roofline" in advice["message"]


def test_the_job_prints_what_goes_into_the_profile(end: Elsewhere):
    measured = yaml.safe_load(end.printed)["roofline"]
    assert {name for name, value in measured.items() if name != "source" and float(value) > 0} == {
        "gigaflopsPerSecond",
        "gigabytesPerSecond",
        "microsecondsPerLaunch",
    }


def test_with_it_the_prediction_is_that_of_the_accelerator(end: Elsewhere):
    prediction = end.seen.check["status"]["prediction"]
    assert prediction["roofline"] == f"{KIND}, 1 cpu"
    assert {cost["hours"]["basis"] for cost in prediction["costs"]} == {"Assumed"}
    assert int(assessment(end.seen.check)["measured"]["stepLaunches"]) > 0


def test_its_hours_are_those_that_the_printed_figures_make_of_its_steps(end: Elsewhere):
    """How long steps really take says nothing here, where other stories go on beside it."""
    roofline, measured = yaml.safe_load(end.printed)["roofline"], assessment(end.seen.check)["measured"]
    computing = float(measured["stepGigaflops"]) / float(roofline["gigaflopsPerSecond"])
    moving = float(measured["stepGigabytes"]) / float(roofline["gigabytesPerSecond"])
    launching = measured["stepLaunches"] * float(roofline["microsecondsPerLaunch"]) / 1e6
    step = computing + moving + launching
    start = float(measured["startupSeconds"])
    for cost in end.seen.check["status"]["prediction"]["costs"]:
        seconds, steps = 3600 * float(cost["hours"]["high"]), float(cost["steps"]["high"])
        assert step * float(cost["steps"]["low"]) / 4 < seconds <= (4 * step * steps + start) * 1.0001
    assert end.seen.check["status"]["retraining"]["result"] == "Succeeded"


def test_it_ran_with_the_accelerator_and_may_be_promoted(end: Elsewhere):
    (pod,) = end.seen.pods["retraining"]
    trainer = next(each for each in pod["spec"]["containers"] if each["name"] == "trainer")
    assert trainer["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert end.seen.condition("PromotionAllowed")[0] == "True", end.seen.message("PromotionAllowed")

"""What was measured on one kind of hardware says nothing of another, unless the profile has a roofline of that one."""

from typing import Any

import pytest

from modelreuse.api import Failure
from unit.decisions.scenes import (
    TRAINS,
    Json,
    Scene,
    approve,
    assessed,
    assessing,
    condition,
    measured,
    policy,
    profile,
    spec,
    summary,
)
from unit.decisions.test_cron_jobs import by_cron_job, nightly


def asking(gpus: int) -> Json:
    """A trainer with so many accelerators."""
    return TRAINS | {"resources": {"limits": {"cpu": 1} | ({"nvidia.com/gpu": gpus} if gpus else {})}}


def template(gpus: int, **pod: Any) -> Json:
    """A Job of such a trainer."""
    return {"spec": {"template": {"spec": {"containers": [asking(gpus)]} | pod}}}


def on_an_accelerator() -> Json:
    """A Job that one kind of accelerator alone will do for."""
    return template(1, nodeSelector={"gpu": "h200"})


def retraining_on(gpus: int, *, measured_on: int, answer: Json | None = None, **changes: Any) -> Scene:
    pod = changes.pop("pod", {})
    own = spec(retraining=spec()["retraining"] | {"jobTemplate": template(gpus, **pod)})
    return assessed(answer, spec=own, gpus=measured_on, **changes)


@pytest.mark.parametrize("gpus", [0, 1, 4])
def test_a_retraining_on_what_was_measured_can_be_approved(gpus: int) -> None:
    scene = retraining_on(gpus, measured_on=gpus)
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"
    assert "roofline" not in scene.status["prediction"]


@pytest.mark.parametrize(
    ("gpus", "measured_on", "said"),
    [
        (1, 0, "asks for 1 accelerator and current was measured on no accelerator"),
        (0, 1, "asks for no accelerator and current was measured on 1 accelerator"),
        (8, 1, "asks for 8 accelerators and current was measured on 1 accelerator"),
    ],
)
def test_a_retraining_elsewhere_is_inconclusive(gpus: int, measured_on: int, said: str) -> None:
    scene = retraining_on(gpus, measured_on=measured_on)
    advice = scene.status["recommendation"]
    assert (advice["action"], advice["reason"]) == ("Inconclusive", "OtherHardware")
    assert f"spec.retraining.jobTemplate {said}" in advice["message"]
    assert "let spec.assessment.template ask for the same, or CostProfile hall-2 give a roofline" in advice["message"]
    assert scene.condition("Approved")["reason"] == "NothingToApprove"


def test_a_cron_job_that_asks_for_other_hardware_only_later_is_seen() -> None:
    scene = by_cron_job().but(cron_job=nightly(containers=[asking(1)]))
    assert scene.then().status["recommendation"]["reason"] == "OtherHardware"
    assert condition(scene.plan(), "Approved").reason == "NothingToApprove"


# --- kinds of hardware, by the labels of their nodes -----------------------------------------------------------------


def listed(name: str, watts: str, roofline: tuple[str, str] | None = None, **labels: str) -> Json:
    """An entry of a profile."""
    entry: Json = {"name": name, "powerWatts": watts, "source": "x", "embodiedKgCo2e": "0", "pricePerHour": "0.04"}
    if labels:
        entry["nodeSelector"] = {"matchLabels": labels}
    if roofline:
        speeds = {"gigaflopsPerSecond": roofline[0], "gigabytesPerSecond": roofline[1], "microsecondsPerLaunch": "10"}
        entry["roofline"] = speeds | {"source": "modelreuse roofline"}
    return entry


WITH_ROOFLINES = profile(
    accelerators=[listed("h200", "700", ("1000", "100"), gpu="h200"), listed("l4", "72", gpu="l4")],
    cpus=[listed("epyc", "6", ("50", "4"), cpu="epyc"), listed("any", "10")],
)


def counted(**changes: Any) -> Json:
    """A pass whose probe counted. On the fast accelerator it makes 10 ms of computing, 8 of moving, 2 of launching."""
    return measured(**{"stepGigaflops": "10", "stepGigabytes": "0.8", "stepLaunches": 200} | changes)


def elsewhere(gpus: int = 1, *, measured_on: int = 0, pod: Json | None = None, **changes: Any) -> Scene:
    """A retraining on a node that its template selects, by the profile with rooflines."""
    selector = {"nodeSelector": {"gpu": "h200"}} if pod is None else pod
    given = {"answer": {"measured": counted()}, "profiles": (WITH_ROOFLINES,)} | changes
    return retraining_on(gpus, measured_on=measured_on, pod=selector, **given)


def on_nodes(**labels: str) -> Json:
    """The scene's only node."""
    return {"node_labels": {"node-1": labels}}


def test_a_roofline_tells_what_steps_take_elsewhere() -> None:
    scene = elsewhere()
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"
    assert scene.status["prediction"]["roofline"] == "h200, 1 cpu"
    assert ", by the roofline of h200, 1 cpu; " in scene.condition("Approved")["message"]
    retrain = next(cost for cost in scene.status["prediction"]["costs"] if cost["action"] == "Retrain")
    # At most 1,000 steps of 20 ms, four times that at most, and three seconds to start; 700 W and 10 W for the core.
    assert float(retrain["hours"]["high"]) * 3600 == pytest.approx(3 + 1000 * 0.02 * 4, rel=1e-4)
    assert retrain["hours"]["basis"] == "Assumed"
    assert float(retrain["energyKwh"]["high"]) == pytest.approx((3 + 80) * 710 * 1.4 / 3.6e6, rel=1e-4)


def test_its_deadline_and_reservation_follow_from_it() -> None:
    budget = policy(budget={"energyKwh": "100", "window": "48h"})
    launched = approve(elsewhere(policies=(budget,))).settled()
    (reserved,) = launched.policies[0].status.reservations
    deadline = launched.jobs[launched.training].deadline_seconds
    assert deadline is not None
    assert float(reserved.energy_kwh) == pytest.approx(deadline * 710 * 1.4 / 3.6e6, rel=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"pod": {}},
        {"pod": {"nodeSelector": {"gpu": "l4"}}},
        {"gpus": 2},
        {"answer": {"measured": measured()}},
        {"profiles": (profile(),)},
    ],
    ids=["several kinds", "no roofline", "several accelerators", "nothing counted", "nothing listed"],
)
def test_where_no_roofline_tells_nothing_can_be_approved(changes: Json) -> None:
    scene = elsewhere(**changes)
    assert scene.status["recommendation"]["reason"] == "OtherHardware"
    assert "roofline" not in scene.status["prediction"]


@pytest.mark.parametrize(
    ("selector", "reason"),
    [({"gpu": "l4"}, "OtherHardware"), ({}, "AwaitingApproval"), ({"gpu": "h200"}, "AwaitingApproval")],
)
def test_another_kind_of_accelerator_is_other_hardware(selector: Json, reason: str) -> None:
    scene = elsewhere(measured_on=1, pod={"nodeSelector": selector}, **on_nodes(gpu="h200"))
    found = scene.status["recommendation"]["reason"]
    assert reason in (found, scene.condition("Approved")["reason"])
    assert "roofline" not in scene.status["prediction"]
    if reason == "OtherHardware":
        said = "spec.retraining.jobTemplate selects gpu=l4 and current was measured on other nodes"
        assert said in scene.status["recommendation"]["message"]


def test_another_kind_of_accelerator_is_told_by_its_roofline() -> None:
    scene = elsewhere(measured_on=1, **on_nodes(gpu="l4"))
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"
    assert scene.status["prediction"]["roofline"] == "h200, 1 cpu"


def test_another_kind_of_cpu_too() -> None:
    scene = elsewhere(0, pod={"nodeSelector": {"cpu": "epyc"}}, **on_nodes(cpu="epyc"))
    assert "roofline" not in scene.status["prediction"]
    site = profile(cpus=[listed("arm", "3", cpu="arm"), listed("epyc", "6", ("50", "4"), cpu="epyc")])
    moved = elsewhere(0, pod={"nodeSelector": {"cpu": "epyc"}}, profiles=(site,), **on_nodes(cpu="arm"))
    assert moved.status["prediction"]["roofline"] == "epyc, 1 cpu"
    # By the catch-all of the profile, which no pod with this selector can count as.
    caught = elsewhere(0, pod={"nodeSelector": {"cpu": "epyc"}}, **on_nodes(cpu="arm"))
    assert caught.assessment["hardware"]["cpu"] == 1
    assert caught.status["prediction"]["roofline"] == "epyc, 1 cpu"


def test_hardware_that_is_not_listed_is_other_than_what_is() -> None:
    scene = elsewhere(measured_on=1, **on_nodes(gpu="v100"))
    assert "accelerator" not in scene.assessment["hardware"]
    assert scene.status["prediction"]["roofline"] == "h200, 1 cpu"
    unlisted = elsewhere(measured_on=1, pod={"nodeSelector": {"gpu": "l4"}}, **on_nodes(gpu="v100"))
    assert unlisted.status["recommendation"]["reason"] == "OtherHardware"


@pytest.mark.parametrize(
    "limits",
    [
        {"cpu": "many"},
        {"cpu": 1, "nvidia.com/gpu": "1e0"},
        {"cpu": "Infinity"},
        {"cpu": "1e400"},
        {"cpu": "-1"},
        ["cpu"],
    ],
)
def test_resources_that_cannot_be_read_are_told_of_no_hardware(limits: Any) -> None:
    container = TRAINS | {"resources": {"limits": limits}}
    scene = elsewhere(pod={"containers": [container]})
    advice = scene.status["recommendation"]
    assert (advice["action"], advice["reason"]) == ("Inconclusive", "OtherHardware")
    assert "spec.retraining.jobTemplate: the resources of its containers can't be read: " in advice["message"]


def test_a_quantity_that_few_people_write_hides_no_accelerators() -> None:
    container = TRAINS | {"resources": {"limits": {"cpu": "1Ki", "nvidia.com/gpu": 8}}}
    scene = elsewhere(pod={"containers": [container]})
    assert "asks for 8 accelerators" in scene.status["recommendation"]["message"]


@pytest.mark.parametrize("name", ["nvidia.com/mig-1g.18gb", "nvidia.com/gpu.shared"])
def test_a_part_of_an_accelerator_is_told_by_no_roofline(name: str) -> None:
    container = TRAINS | {"resources": {"limits": {"cpu": 1, name: 1}}}
    scene = elsewhere(pod={"containers": [container], "nodeSelector": {"gpu": "h200"}})
    assert scene.status["recommendation"]["reason"] == "OtherHardware"


def test_beside_a_model_that_can_be_predicted_one_that_cannot_is_not() -> None:
    """Its energy would be that of the machine that it was measured on, and might look the cheaper for it."""
    names = ["current", "candidate"]
    models = [{"name": name, "uri": f"pvc://models/{name}.pt2"} for name in names]
    own = spec(models=models, retraining=spec()["retraining"] | {"jobTemplate": on_an_accelerator()})
    scene = assessing(spec=own, profiles=(WITH_ROOFLINES,))
    for name, seen in zip(names, (counted(), measured()), strict=True):
        entry = next(each for each in scene.status["assessments"] if each["model"] == name)
        job = entry["job"]["name"]
        scene = scene.answered(job, summary(scene.jobs[job].task or "", measured=seen))
    scene = scene.then()
    assert {cost["model"] for cost in scene.status["prediction"]["costs"]} == {"current"}
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"
    assert scene.status["recommendation"]["ranked"] == names


# --- what changes after the prediction -------------------------------------------------------------------------------


def by_cron_job_on(selector: str | None, cores: int = 1) -> Json:
    container = asking(1 if selector == "h200" else 0)
    container["resources"]["limits"]["cpu"] = cores
    key = "gpu" if selector == "h200" else "cpu"
    return nightly(containers=[container], **({"nodeSelector": {key: selector}} if selector else {}))


def predicted_by_cron_job(cron_job: Json | Failure, **changes: Any) -> Scene:
    own = {key: value for key, value in spec()["retraining"].items() if key != "jobTemplate"}
    named = spec(retraining=own | {"fromCronJob": "nightly"})
    return assessed({"measured": counted()}, spec=named, cron_job=cron_job, **{"profiles": (WITH_ROOFLINES,)} | changes)


@pytest.mark.parametrize(("before", "after"), [("h200", None), (None, "h200")])
def test_a_template_that_asks_for_other_hardware_than_was_offered_takes_another_assessment(
    before: str | None, after: str | None
) -> None:
    scene = predicted_by_cron_job(by_cron_job_on(before))
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"
    edited = approve(scene).but(cron_job=by_cron_job_on(after)).settled()
    assert "retraining" not in edited.status
    assert edited.condition("Approved")["reason"] == "CronJobChanged"
    assert edited.status["prediction"] == scene.status["prediction"]


BLOCKED = policy(limits={"steps": 10})


@pytest.mark.parametrize(
    ("before", "after", "roofline"),
    [
        ((None, 1), ("h200", 1), "h200, 1 cpu"),
        (("h200", 1), ("h200", 2), "h200, 2 cpu"),
        (("epyc", 64), ("epyc", 1), "epyc, 1 cpu"),
        (("h200", 1), (None, 1), None),
    ],
)
def test_until_something_is_offered_the_prediction_follows_the_template(
    before: tuple[str | None, int], after: tuple[str | None, int], roofline: str | None
) -> None:
    scene = predicted_by_cron_job(by_cron_job_on(*before), policies=(BLOCKED,), **on_nodes(cpu="arm"))
    assert scene.status["recommendation"]["reason"] == "OverLimits"
    edited = scene.but(cron_job=by_cron_job_on(*after)).settled().but(policies=(policy(),)).settled()
    assert edited.condition("Approved")["reason"] == "AwaitingApproval"
    at_once = predicted_by_cron_job(by_cron_job_on(*after), **on_nodes(cpu="arm"))
    assert edited.status["prediction"].get("roofline") == roofline
    assert edited.status["prediction"]["costs"] == at_once.status["prediction"]["costs"]


def test_a_cron_job_that_comes_later_is_predicted_for() -> None:
    missing = Failure(reason="CronJobMissing", message="there is no CronJob nightly here")
    scene = predicted_by_cron_job(missing)
    assert scene.condition("Approved")["reason"] == "CronJobMissing"
    healed = scene.but(cron_job=by_cron_job_on("h200")).settled()
    assert healed.condition("Approved")["reason"] == "AwaitingApproval"
    assert healed.status["prediction"]["roofline"] == "h200, 1 cpu"


def test_a_cron_job_that_is_gone_for_a_while_changes_no_prediction() -> None:
    scene = predicted_by_cron_job(by_cron_job_on("h200"), policies=(BLOCKED,))
    missing = Failure(reason="CronJobMissing", message="there is no CronJob nightly here")
    assert scene.but(cron_job=missing).settled().status["prediction"] == scene.status["prediction"]


def test_a_candidate_that_could_not_be_assessed_is_told_by_no_roofline() -> None:
    models = [{"name": name, "uri": f"pvc://models/{name}.pt2"} for name in ("broken", "current")]
    own = spec(models=models, retraining=spec()["retraining"] | {"jobTemplate": on_an_accelerator()})
    scene = assessing(spec=own, profiles=(WITH_ROOFLINES,))
    broken, sound = (each["job"]["name"] for each in scene.status["assessments"])
    error = {"reason": "InputsRejected", "field": "spec.models[0]", "message": "spec.models[0]: no"}
    scene = scene.answered(broken, {"task": scene.jobs[broken].task, "error": error})
    scene = scene.answered(sound, summary(scene.jobs[sound].task or "", measured=counted())).then()
    assert scene.status["prediction"]["roofline"] == "h200, 1 cpu"
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"


def test_a_node_that_has_left_takes_nothing_away_that_is_known_of_it() -> None:
    """Else the pod that is still there would seem to have run on a node without labels."""
    scene = elsewhere(measured_on=1, pod={"nodeSelector": {"gpu": "l4"}}, **on_nodes(gpu="h200"))
    assert scene.status["recommendation"]["reason"] == "OtherHardware"
    edited = profile(accelerators=list(WITH_ROOFLINES.to_wire()["spec"]["accelerators"]), pue="1.5")
    later = scene.but(node_labels={}, profiles=(edited,)).settled()
    assert later.status["recommendation"]["reason"] == "CostProfileChanged"
    assert later.assessment["hardware"] == scene.assessment["hardware"]


def test_a_node_that_left_before_it_could_be_seen_counts_as_the_dearest() -> None:
    scene = retraining_on(0, measured_on=0, profiles=(WITH_ROOFLINES,), node_labels={})
    assert "hardware" not in scene.assessment
    seen = retraining_on(0, measured_on=0, profiles=(WITH_ROOFLINES,))
    costs, dearest = (each.status["prediction"]["costs"][0]["energyKwh"]["high"] for each in (scene, seen))
    assert float(costs) == float(dearest)


def test_a_roofline_that_comes_later_makes_the_prediction_anew() -> None:
    without = [listed("h200", "700", gpu="h200")]
    scene = elsewhere(profiles=(profile(accelerators=without),))
    assert scene.status["recommendation"]["reason"] == "OtherHardware"
    healed = scene.but(profiles=(WITH_ROOFLINES,)).settled()
    assert healed.status["prediction"]["roofline"] == "h200, 1 cpu"
    assert healed.condition("Approved")["reason"] == "AwaitingApproval"


def test_another_roofline_voids_an_approval() -> None:
    faster = [listed("h200", "700", ("2000", "200"), gpu="h200")]
    scene = elsewhere()
    changed = approve(scene).but(profiles=(profile(accelerators=faster),)).settled()
    assert "retraining" not in changed.status
    assert changed.digest != scene.digest


def test_what_the_pass_ran_on_is_remembered() -> None:
    assert elsewhere().assessment["hardware"] == {"cpu": 1, "cpuCores": "1"}
    assert elsewhere(measured_on=1, **on_nodes(gpu="l4")).assessment["hardware"]["accelerator"] == 1


@pytest.mark.parametrize("selector", ["gpu", ["gpu"], 7])
def test_a_selector_that_cannot_be_read_leaves_open_which_hardware_is_meant(selector: object) -> None:
    scene = elsewhere(pod={"nodeSelector": selector})
    assert scene.status["recommendation"]["reason"] == "OtherHardware"

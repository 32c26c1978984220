"""What was measured on one kind of hardware says nothing of another, so nobody can approve by it."""

import pytest

from unit.decisions.scenes import TRAINS, Json, Scene, assessed, condition, spec
from unit.decisions.test_cron_jobs import by_cron_job, nightly


def asking(gpus: int) -> Json:
    """A trainer with so many accelerators."""
    return TRAINS | {"resources": {"limits": {"cpu": 1} | ({"nvidia.com/gpu": gpus} if gpus else {})}}


def retraining_on(gpus: int, *, measured_on: int) -> Scene:
    template = {"spec": {"template": {"spec": {"containers": [asking(gpus)]}}}}
    return assessed(spec=spec(retraining=spec()["retraining"] | {"jobTemplate": template}), gpus=measured_on)


@pytest.mark.parametrize("gpus", [0, 1, 4])
def test_a_retraining_on_what_was_measured_can_be_approved(gpus: int) -> None:
    scene = retraining_on(gpus, measured_on=gpus)
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"


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
    assert advice["message"].endswith("let spec.assessment.template ask for the same")
    assert scene.condition("Approved")["reason"] == "NothingToApprove"


def test_a_cron_job_that_asks_for_other_hardware_only_later_is_seen() -> None:
    scene = by_cron_job().but(cron_job=nightly(containers=[asking(1)]))
    assert scene.then().status["recommendation"]["reason"] == "OtherHardware"
    assert condition(scene.plan(), "Approved").reason == "NothingToApprove"

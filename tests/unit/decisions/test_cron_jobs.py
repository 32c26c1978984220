"""A retraining made of a CronJob's template: frozen by the first offer, void when somebody edits the CronJob."""

from datetime import timedelta
from typing import Any

import pytest

from modelreuse.api import Failure
from modelreuse.decisions.progress import RETRY_AFTER
from unit.decisions import scenes
from unit.decisions.scenes import TRAINS, Json, Scene, assessed, created, spec

GONE = Failure(reason="CronJobMissing", message="spec.retraining.fromCronJob: there is no CronJob nightly here")


def nightly(**pod: Any) -> Json:
    """What the platform team's CronJob holds."""
    return {"spec": {"template": {"spec": {"containers": [TRAINS]} | pod}}}


def by_cron_job(cron_job: Json | Failure | None = None) -> Scene:
    """An assessed check that names a CronJob."""
    own = spec()["retraining"]
    named = {key: value for key, value in own.items() if key != "jobTemplate"} | {"fromCronJob": "nightly"}
    return assessed(spec=spec(retraining=named), cron_job=nightly() if cron_job is None else cron_job)


def test_what_is_launched_is_the_cron_jobs_template() -> None:
    scene = scenes.approve(by_cron_job(nightly(nodeSelector={"gpu": "a100"}))).then().then()
    (job,) = scene.plan().create
    pod = job["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"gpu": "a100"}
    assert pod["containers"][0]["image"] == scenes.TRAINER
    assert job["spec"]["backoffLimit"] == 0


def test_another_template_is_another_digest() -> None:
    assert by_cron_job().digest != by_cron_job(nightly(nodeSelector={"gpu": "a100"})).digest
    assert by_cron_job().digest != scenes.offered().digest


def test_a_missing_cron_job_is_told_and_heals() -> None:
    scene = by_cron_job(GONE)
    said = scene.condition("Approved")
    assert (said["status"], said["reason"], said["message"]) == ("False", GONE.reason, GONE.message)
    assert scene.condition("Ready")["status"] == "True"
    assert scene.plan().wake_at == scene.now + RETRY_AFTER
    healed = scene.later(minutes=1).but(cron_job=nightly()).then()
    assert healed.condition("Approved")["reason"] == "AwaitingApproval"


def test_an_invalid_template_names_the_cron_job_and_can_be_mended() -> None:
    scene = by_cron_job({"spec": {"managedBy": "x"}})
    assert scene.condition("Approved")["reason"] == "InvalidTemplate"
    assert scene.condition("Approved")["message"].startswith("CronJob nightly: spec.jobTemplate.spec.managedBy: ")
    assert scene.but(cron_job=nightly()).then().condition("Approved")["reason"] == "AwaitingApproval"


def test_an_image_by_tag_names_the_cron_job() -> None:
    tagged = by_cron_job(nightly(containers=[TRAINS | {"image": "trainer:1"}]))
    message = tagged.condition("Approved")["message"]
    assert message.startswith("CronJob nightly: spec.jobTemplate.spec.template.spec.containers[0].image: 'trainer:1'")


EDITED = nightly(serviceAccountName="root")


@pytest.mark.parametrize("approve", [True, False])
def test_an_edit_of_the_cron_job_withdraws_the_offer_until_it_is_assessed_again(approve: bool) -> None:
    offered = by_cron_job()
    scene = (scenes.approve(offered) if approve else offered).but(cron_job=EDITED).settled()
    said = scene.condition("Approved")
    assert (said["status"], said["reason"]) == ("False", "CronJobChanged")
    assert said["message"].endswith("--overwrite modelreuse.io/assess=after-5ca1ab1e")
    assert "approval" not in scene.status
    assert "retraining" not in scene.status
    assert scene.status["templateSha256"] == offered.status["templateSha256"]
    assert scene.but(cron_job=nightly()).then().digest == offered.digest


def test_a_new_assessment_takes_the_cron_job_of_then() -> None:
    scene = by_cron_job().but(cron_job=EDITED).settled()
    scene = scene.annotated(assess="again").but(nonce="f00d" * 8).then().then()
    task = scene.jobs[scene.assessment["job"]["name"]].task or ""
    scene = scene.answered(scene.assessment["job"]["name"], scenes.summary(task)).settled()
    assert scene.condition("Approved")["reason"] == "AwaitingApproval"
    assert scene.digest != by_cron_job().digest


@pytest.mark.parametrize("looks", [1, 2])
@pytest.mark.parametrize("meanwhile", [EDITED, GONE])
def test_an_edit_between_intent_and_launch_voids_the_approval(looks: int, meanwhile: Json | Failure) -> None:
    scene = scenes.approve(by_cron_job())
    for _ in range(looks):
        scene = scene.then()
    voided = scene.but(cron_job=meanwhile).then()
    assert voided.condition("Approved")["reason"] == "ApprovalVoided"
    assert "CronJob" in voided.condition("Approved")["message"]
    healed = voided.but(cron_job=nightly())
    assert "retraining" not in {role for look in (healed.plan(), healed.then().plan()) for role in created(look)}


def test_an_edit_after_the_launch_changes_nothing() -> None:
    scene = scenes.approve(by_cron_job()).then().then().then()
    assert scene.status["retraining"]["launched"]
    assert scene.but(cron_job=None).then() == scene.but(cron_job=None).then().then()
    assert scene.but(cron_job=None).then().condition("Approved")["status"] == "True"


def test_a_spec_with_its_own_template_freezes_nothing() -> None:
    assert "templateSha256" not in scenes.offered().status


def test_a_cron_job_that_was_not_read_offers_nothing() -> None:
    scene = by_cron_job().but(cron_job=None, now=scenes.NOW + timedelta(minutes=1)).then()
    assert scene.condition("Approved")["reason"] == "CronJobMissing"

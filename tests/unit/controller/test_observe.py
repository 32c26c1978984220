"""What is read of a check follows from what its status says."""

from typing import Any

import pytest

from modelreuse.api import Failure, ModelReuseCheck
from modelreuse.controller.observe import MAX_CONFIG_MAPS, awaits_launch, config_maps_of, template_of
from modelreuse.manifests import JobTemplate
from unit.cluster_client.fake_api_server import Answer, no, server, yes
from unit.controller import served

OFFERED = "sha256:" + "a" * 64
APPROVAL = {"digest": OFFERED, "offeredAt": "2026-01-02T03:04:05Z", "expiresAt": "2026-01-03T03:04:05Z"}
INTENT = {"digest": OFFERED, "at": "2026-01-02T03:04:05Z", "action": "FineTune", "model": "current"}


def check(approve: str | None = OFFERED, **status: Any) -> ModelReuseCheck:
    obj = served.check(status=status)
    if approve is not None:
        obj["metadata"]["annotations"] = {"modelreuse.io/approve": approve}
    return ModelReuseCheck.parse(obj)


def retraining(**more: Any) -> dict[str, Any]:
    return {"intent": INTENT, "record": "mrc-r", **more}


def test_an_approval_of_what_is_offered_awaits_its_launch() -> None:
    assert awaits_launch(check(approval=APPROVAL))


def test_an_approval_awaits_its_launch_until_the_job_was_asked_for() -> None:
    assert awaits_launch(check(approval=APPROVAL, retraining=retraining()))
    assert not awaits_launch(check(approval=APPROVAL, retraining=retraining(launched=True)))
    assert not awaits_launch(check(approval=APPROVAL, retraining=retraining(result="Failed")))


def test_without_an_approval_nothing_awaits_a_launch() -> None:
    assert not awaits_launch(check(None, approval=APPROVAL))
    assert not awaits_launch(check("", approval=APPROVAL))


def test_an_approval_of_something_else_awaits_nothing() -> None:
    assert not awaits_launch(check("sha256:" + "b" * 64, approval=APPROVAL))
    assert not awaits_launch(check(OFFERED))


def test_a_rejected_offer_awaits_nothing() -> None:
    assert not awaits_launch(check(approval=APPROVAL, rejected="otto, 2026-01-02T03:04:05Z"))


def reading(*names: str, **status: Any) -> ModelReuseCheck:
    """An assessed check whose retraining would read these ConfigMaps."""
    volumes = [{"name": name, "configMap": {"name": name}} for name in names]
    obj = served.check(status={"assessedAt": "2026-01-02T03:04:05Z", **status})
    template = {"spec": {"template": {"spec": {"containers": [{"name": "trainer"}], "volumes": volumes}}}}
    obj["spec"]["retraining"] = {"maxSteps": 1, "output": "pvc://o/", "jobTemplate": template}
    return ModelReuseCheck.parse(obj)


def of(check: ModelReuseCheck) -> tuple[ModelReuseCheck, JobTemplate]:
    """The check, and the template that its spec holds."""
    assert check.spec.retraining is not None
    return check, JobTemplate("spec.retraining.jobTemplate", check.spec.retraining.job_template or {})


async def test_config_maps_are_known_by_what_they_hold() -> None:
    hashes = []
    for held in ({"data": {"a": "1"}}, {"data": {"a": "2"}}, {"binaryData": {"a": "1"}}, {}):
        async with server([yes(**held)]) as (told, client):
            found = await config_maps_of(client, *of(reading("code")))
            assert told.asked == ["GET /api/v1/namespaces/team/configmaps/code"]
            assert isinstance(found, dict)
            hashes.append(found["code"])
    assert len(set(hashes)) == 4


async def test_the_metadata_of_a_config_map_is_no_part_of_what_it_holds() -> None:
    found = []
    for version in ("1", "2"):
        async with server([yes(data={"a": "1"}, metadata={"name": "code", "resourceVersion": version})]) as (_, client):
            found.append(await config_maps_of(client, *of(reading("code"))))
    assert found[0] == found[1]


async def test_a_config_map_that_is_missing_is_left_out() -> None:
    async with server([no(404, "NotFound")]) as (_, client):
        assert await config_maps_of(client, *of(reading("code"))) == {}


async def test_config_maps_that_may_not_be_read_are_unknown_and_not_absent() -> None:
    async with server([no(403, "Forbidden", "configmaps is forbidden")]) as (_, client):
        found = await config_maps_of(client, *of(reading("code")))
    assert isinstance(found, Failure)
    assert "configmaps is forbidden" in found.message


async def test_too_many_config_maps_are_not_even_asked_for() -> None:
    async with server([]) as (_, client):
        found = await config_maps_of(client, *of(reading(*(f"c{number}" for number in range(MAX_CONFIG_MAPS + 1)))))
    assert isinstance(found, Failure)


async def test_no_config_map_is_read_before_an_assessment_or_without_a_template() -> None:
    async with server([]) as (_, client):
        assert await config_maps_of(client, check(), None) == {}
        assert await config_maps_of(client, *of(reading("code", assessedAt=None))) == {}
        assert await config_maps_of(client, reading("code"), None) == {}
        assert await config_maps_of(client, reading("code"), Failure(reason="CronJobMissing", message="gone")) == {}


async def test_the_checks_own_template_takes_no_reading() -> None:
    async with server([]) as (_, client):
        template = await template_of(client, reading("code"))
        assert isinstance(template, JobTemplate)
        assert template == of(reading("code"))[1]
        assert await template_of(client, check()) is None


@pytest.mark.parametrize("decided", [{"launched": True}, {"result": "Failed"}])
async def test_after_a_launch_nobody_asks_for_the_template(decided: dict[str, Any]) -> None:
    async with server([]) as (_, client):
        assert await template_of(client, reading("code", retraining=retraining(**decided))) is None
        assert await template_of(client, from_cron_job(retraining=retraining(**decided))) is None


def from_cron_job(**status: Any) -> ModelReuseCheck:
    obj = served.check(status=status)
    obj["spec"]["retraining"] = {"maxSteps": 1, "output": "pvc://o/", "fromCronJob": "nightly"}
    return ModelReuseCheck.parse(obj)


async def test_a_cron_job_gives_its_template_as_it_was_written() -> None:
    pod = {"metadata": {"creationTimestamp": None, "labels": {"a": "b"}}, "spec": {"containers": []}}
    spec = {
        "schedule": "0 0 1 1 *",
        "jobTemplate": {"metadata": {"creationTimestamp": None}, "spec": {"template": pod}},
    }
    async with server([yes(spec=spec)]) as (told, client):
        template = await template_of(client, from_cron_job())
    assert told.asked == ["GET /apis/batch/v1/namespaces/team/cronjobs/nightly"]
    assert template == JobTemplate(
        "CronJob nightly: spec.jobTemplate",
        {"metadata": {}, "spec": {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}}}},
    )


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        (no(404, "NotFound"), "CronJobMissing", "there is no CronJob nightly in namespace team"),
        (no(403, "Forbidden", "cronjobs is forbidden"), "CronJobUnknown", "cronjobs is forbidden"),
    ],
)
async def test_a_cron_job_that_is_not_there_or_may_not_be_read_is_told(answer: Answer, reason: str, said: str) -> None:
    async with server([answer]) as (_, client):
        found = await template_of(client, from_cron_job())
    assert isinstance(found, Failure)
    assert (found.reason, said in found.message) == (reason, True)


PILOT = {"intent": INTENT | {"pilotSteps": 25}}


async def test_the_template_is_read_again_once_a_pilot_has_ended() -> None:
    """What it was for is offered in the same look."""
    client: Any = None
    assert await template_of(client, reading(retraining=retraining(launched=True, **PILOT))) is None
    ended = reading(retraining=retraining(launched=True, result="Succeeded", **PILOT))
    assert isinstance(await template_of(client, ended), JobTemplate)
    assert await template_of(client, reading(retraining=retraining(launched=True, result="Succeeded"))) is None

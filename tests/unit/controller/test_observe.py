"""What is read of a check follows from what its status says."""

from typing import Any

from modelreuse.api import Failure, ModelReuseCheck
from modelreuse.controller.observe import MAX_CONFIG_MAPS, awaits_launch, config_maps_of
from unit.cluster_client.fake_api_server import no, server, yes
from unit.controller import served

OFFERED = "sha256:" + "a" * 64
APPROVAL = {"digest": OFFERED, "offeredAt": "2026-01-02T03:04:05Z"}
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


async def test_config_maps_are_known_by_what_they_hold() -> None:
    hashes = []
    for held in ({"data": {"a": "1"}}, {"data": {"a": "2"}}, {"binaryData": {"a": "1"}}, {}):
        async with server([yes(**held)]) as (told, client):
            found = await config_maps_of(client, reading("code"))
            assert told.asked == ["GET /api/v1/namespaces/team/configmaps/code"]
            assert isinstance(found, dict)
            hashes.append(found["code"])
    assert len(set(hashes)) == 4


async def test_the_metadata_of_a_config_map_is_no_part_of_what_it_holds() -> None:
    found = []
    for version in ("1", "2"):
        async with server([yes(data={"a": "1"}, metadata={"name": "code", "resourceVersion": version})]) as (_, client):
            found.append(await config_maps_of(client, reading("code")))
    assert found[0] == found[1]


async def test_a_config_map_that_is_missing_is_left_out() -> None:
    async with server([no(404, "NotFound")]) as (_, client):
        assert await config_maps_of(client, reading("code")) == {}


async def test_config_maps_that_may_not_be_read_are_unknown_and_not_absent() -> None:
    async with server([no(403, "Forbidden", "configmaps is forbidden")]) as (_, client):
        found = await config_maps_of(client, reading("code"))
    assert isinstance(found, Failure)
    assert "configmaps is forbidden" in found.message


async def test_too_many_config_maps_are_not_even_asked_for() -> None:
    async with server([]) as (_, client):
        found = await config_maps_of(client, reading(*(f"c{number}" for number in range(MAX_CONFIG_MAPS + 1))))
    assert isinstance(found, Failure)


async def test_nothing_is_read_before_an_assessment_or_after_a_launch() -> None:
    async with server([]) as (_, client):
        assert await config_maps_of(client, check()) == {}
        assert await config_maps_of(client, reading("code", assessedAt=None)) == {}
        assert await config_maps_of(client, reading("code", retraining=retraining(launched=True))) == {}
        assert await config_maps_of(client, reading("code", retraining=retraining(result="Failed"))) == {}

"""The status of CostProfiles is written by compare-and-swap, and only when it changes."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from modelreuse.controller.cache import Cache
from modelreuse.controller.calibrations import Calibrations
from modelreuse.controller.key import Key
from unit.cluster_client.fake_api_server import Answer, no, server
from unit.controller import served
from unit.costs.past import cost, record

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAMESPACES = Answer(200, {"metadata": {}, "items": [{"metadata": {"name": "team", "labels": {}}}]})


def cached(*records: Any) -> Cache:
    cache = Cache()
    cache.policies.put(served.policy())
    cache.profiles.put(served.profile())
    for each in records:
        wire = each.to_wire()
        cache.records.put(wire | {"metadata": each.metadata.model_dump(by_alias=True)})
    return cache


def written(version: int = 2, **status: Any) -> Answer:
    return Answer(200, served.profile(version=version) | {"status": status})


async def test_it_names_the_version_that_was_read() -> None:
    ended = [record(number, predicted=cost(50, 200, 100), namespace="team") for number in range(9)]
    cache = cached(*ended)
    async with server([NAMESPACES, written(claims=9)]) as (told, client):
        await Calibrations(client, cache, lambda: NOW).tell()
        assert told.asked[1] == "PUT /apis/modelreuse.io/v1alpha1/costprofiles/site/status"
        body = told.bodies[1]
    assert body["metadata"] == {"name": "site", "resourceVersion": "1"}
    assert (body["status"]["claims"], body["status"]["coverage"], body["status"]["ownRecords"]) == (9, "1", 9)
    known = cache.profiles.get(Key("", "site"))
    assert known is not None
    assert known.status.claims == 9


async def test_what_is_stored_already_is_not_written_again() -> None:
    cache = cached()
    async with server([NAMESPACES]) as (told, client):
        calibrations = Calibrations(client, cache, lambda: NOW)
        told.answers.append(written())
        await calibrations.tell()
        stored = told.bodies[1]["status"]
        cache.profiles.put(served.profile(version=3) | {"status": stored})
        told.answers.append(NAMESPACES)
        await calibrations.tell()
        assert [asked.partition(" ")[0] for asked in told.asked] == ["GET", "PUT", "GET"]


async def test_whoever_is_late_tells_it_later() -> None:
    cache = cached()
    async with server([NAMESPACES, no(409, "Conflict"), NAMESPACES, written()]) as (told, client):
        calibrations = Calibrations(client, cache, lambda: NOW)
        await calibrations.tell()
        await calibrations.tell()
        assert told.answers == []


async def test_whatever_goes_wrong_with_it_the_operator_goes_on() -> None:
    unlike_any = Answer(200, {"metadata": {}, "items": [{}]})
    async with server([unlike_any, NAMESPACES, written()]) as (told, client):
        listed, came_so_far = asyncio.Event(), asyncio.Event()
        listed.set()

        def clock() -> datetime:
            came_so_far.set()
            return NOW

        telling = asyncio.create_task(Calibrations(client, cached(), clock, every=0).run(listed))
        async with asyncio.timeout(30):
            await came_so_far.wait()
        assert told.asked[:2] == ["GET /api/v1/namespaces?limit=500"] * 2
        telling.cancel()


async def test_without_a_profile_nothing_is_asked() -> None:
    async with server([]) as (told, client):
        await Calibrations(client, Cache(), lambda: NOW).tell()
        assert told.asked == []

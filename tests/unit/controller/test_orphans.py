"""Whose records are ended as lost: those of checks that everybody agrees are gone."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.orphans import Orphans
from unit.cluster_client.fake_api_server import Answer, no, server, yes
from unit.controller import served

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
DIGITS = Key("team", "digits")
DIGEST = "sha256:" + "a" * 64
NAMESPACE = yes(metadata={"name": "team", "labels": {}})
PODS = Answer(
    200,
    {
        "metadata": {},
        "items": [
            {
                "metadata": {"name": "p", "namespace": "team"},
                "spec": {"containers": [{"name": "trainer"}]},
                "status": {
                    "phase": "Running",
                    "containerStatuses": [
                        {"name": "trainer", "state": {"running": {"startedAt": "2026-01-02T11:59:00Z"}}}
                    ],
                },
            }
        ],
    },
)


def stored(**more: Any) -> Answer:
    return Answer(200, served.record(**more))


@pytest.fixture
def cache() -> Cache:
    """A record waits for its outcome."""
    cache = Cache()
    cache.records.put(served.record())
    return cache


async def ended(cache: Cache, living: str | None, *answers: Answer) -> list[Any]:
    """The outcomes that were written."""
    async with server(answers) as (told, client):
        await Orphans(client, cache).complete(DIGITS, living, NOW)
        assert told.answers == []
        return [body["outcome"] for body in told.bodies if body]


async def test_a_record_whose_check_is_gone_is_lost(cache: Cache) -> None:
    outcomes = await ended(cache, None, NAMESPACE, stored(), stored())
    assert outcomes == [{"finishedAt": "2026-01-02T12:00:00Z", "result": "Lost"}]


async def test_a_record_of_a_check_that_was_made_anew_under_its_name_is_lost(cache: Cache) -> None:
    cache.checks.put({**served.check(), "metadata": served.check()["metadata"] | {"uid": "uid-anew"}})
    outcomes = await ended(cache, "uid-anew", NAMESPACE, stored(), stored())
    assert [each["result"] for each in outcomes] == ["Lost"]


async def test_a_record_of_a_living_check_is_left_alone(cache: Cache) -> None:
    cache.checks.put(served.check())
    assert await ended(cache, "uid-digits") == []


async def test_nothing_is_lost_while_the_cache_still_knows_the_check(cache: Cache) -> None:
    cache.checks.put(served.check())
    assert await ended(cache, None) == []
    assert await ended(cache, "uid-anew") == []


async def test_nothing_is_lost_where_no_listing_has_told_of_the_record_yet() -> None:
    assert await ended(Cache(), None) == []


async def test_records_of_other_checks_are_left_alone(cache: Cache) -> None:
    async with server([]) as (told, client):
        await Orphans(client, cache).complete(Key("team", "letters"), None, NOW)
        await Orphans(client, cache).complete(Key("elsewhere", "digits"), None, NOW)
        assert told.asked == []


async def test_pods_that_can_still_be_seen_are_charged(cache: Cache) -> None:
    cache.jobs.put(served.job("mrc-t", role="retraining", task=DIGEST))
    cache.jobs.put(served.job("mrc-a", task="assess/n/current/1"))
    outcomes = await ended(cache, None, PODS, NAMESPACE, stored(), stored())
    assert [each["podSeconds"] for each in outcomes] == ["60"]


async def test_pods_of_a_train_job_are_charged_likewise(cache: Cache) -> None:
    cache.jobs.put(served.job("mrc-t", role="retraining", task=DIGEST, kind="TrainJob"))
    answers = [PODS, NAMESPACE, stored(), stored()]
    async with server(answers) as (told, client):
        await Orphans(client, cache).complete(DIGITS, None, NOW)
        assert [body["outcome"]["podSeconds"] for body in told.bodies if body] == ["60"]
        assert "labelSelector=jobset.sigs.k8s.io/jobset-name=mrc-t" in unquote(told.asked[0])


async def test_an_outcome_that_stands_already_stays(cache: Cache) -> None:
    outcome = {"finishedAt": "2026-01-02T03:04:05Z", "result": "Succeeded"}
    assert await ended(cache, None, NAMESPACE, stored(outcome=outcome)) == []


async def test_a_record_that_is_gone_too_needs_nothing(cache: Cache) -> None:
    assert await ended(cache, None, NAMESPACE, no(404, "NotFound")) == []

"""Ledgers are stored by compare-and-swap, one policy after the other, and what is stored is known at once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from modelreuse.api import RetrainPolicyStatus
from modelreuse.cluster import RefusedError, StaleError
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.ledgers import list_labels, store_ledgers
from modelreuse.controller.orphans import Orphans
from modelreuse.decisions import Ledger
from unit.cluster_client.fake_api_server import Answer, no, server, yes
from unit.controller import served

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
RESERVATION = {
    "namespace": "team",
    "check": "digits",
    "record": "mrc-r1",
    "at": "2026-01-02T03:04:05Z",
    "podSeconds": "600",
    "energyKwh": "2",
    "carbonKg": "1",
    "money": "0",
}


def policy(name: str = "plant", version: int = 1, reservations: tuple[Any, ...] = (RESERVATION,)) -> dict[str, Any]:
    stored = served.policy(name, version)
    stored["spec"]["budget"] = {"energyKwh": "10"}
    return {**stored, "status": {"reservations": list(reservations)}}


def ledger(name: str, version: str = "1") -> Ledger:
    return Ledger(name, version, RetrainPolicyStatus())


def cached(*policies: dict[str, Any]) -> Cache:
    cache = Cache()
    for each in policies:
        cache.policies.put(each)
    return cache


def held(cache: Cache) -> list[str]:
    return [each.record for _, policy in cache.policies.items() for each in policy.status.reservations]


async def test_a_write_names_the_version_that_was_read_and_the_answer_is_known() -> None:
    cache = cached(policy())
    async with server([Answer(200, policy(version=2, reservations=()))]) as (told, client):
        assert await store_ledgers(client, cache, [ledger("plant")])
        assert told.asked == ["PUT /apis/modelreuse.io/v1alpha1/retrainpolicies/plant/status"]
        assert told.bodies[0]["metadata"]["resourceVersion"] == "1"
    assert held(cache) == []


async def test_whoever_is_late_reads_the_policies_anew_and_writes_nothing_more() -> None:
    cache = cached(policy("a", reservations=()), policy("b", reservations=()))
    fresh = yes(items=[policy("a", 7), policy("b", 8, ())])
    async with server([no(409, "Conflict"), fresh]) as (told, client):
        assert not await store_ledgers(client, cache, [ledger("b"), ledger("a")])
        assert next(each.partition("/retrainpolicies")[2] for each in told.asked) == "/a/status"
        assert told.answers == []
    assert held(cache) == ["mrc-r1"]


async def test_a_policy_that_is_gone_is_late_too() -> None:
    async with server([no(404, "NotFound"), yes(items=[])]) as (_, client):
        assert not await store_ledgers(client, cached(policy()), [ledger("plant")])


async def test_without_a_version_nothing_is_written() -> None:
    async with server([]) as (_, client):
        with pytest.raises(ValueError, match="resourceVersion"):
            await store_ledgers(client, Cache(), [ledger("plant", "")])


async def test_what_a_check_had_reserved_that_is_gone_is_charged_in_full() -> None:
    cache = cached(policy())
    async with server([Answer(200, policy(version=2, reservations=()))]) as (told, client):
        await Orphans(client, cache).complete(Key("team", "digits"), None, NOW)
        (charge,) = told.bodies[0]["status"]["charges"]
    assert (charge["namespace"], charge["energyKwh"], charge["at"]) == ("team", "2", "2026-01-02T12:00:00Z")
    assert "reservations" not in told.bodies[0]["status"] or told.bodies[0]["status"]["reservations"] == []


async def test_nothing_is_charged_while_the_check_lives_or_the_cache_knows_it() -> None:
    cache = cached(policy())
    async with server([]) as (told, client):
        await Orphans(client, cache).complete(Key("team", "digits"), "uid-digits", NOW)
        cache.checks.put(served.check())
        await Orphans(client, cache).complete(Key("team", "digits"), None, NOW)
        assert told.asked == []


async def test_charging_what_somebody_else_has_just_changed_is_tried_again() -> None:
    async with server([no(409, "Conflict"), yes(items=[policy(version=2)])]) as (_, client):
        with pytest.raises(StaleError):
            await Orphans(client, cached(policy())).complete(Key("team", "digits"), None, NOW)


def test_checks_with_reservations_are_known_though_nothing_else_of_them_is() -> None:
    assert cached(policy()).reserving() == {Key("team", "digits")}


async def test_each_policys_status_says_which_labels_it_reads() -> None:
    selective = policy("a", reservations=())
    selective["spec"]["namespaceSelector"] = {"matchLabels": {"tier": "gold"}}
    told = {**selective, "status": {"namespaceLabels": ["tier"]}}
    cache = cached(selective, policy("b"))
    async with server([Answer(200, {**told, "metadata": told["metadata"] | {"resourceVersion": "2"}})]) as (
        asked,
        client,
    ):
        await list_labels(client, cache)
        await list_labels(client, cache)
        assert [body["status"]["namespaceLabels"] for body in asked.bodies] == [["tier"]]


async def test_a_definition_without_status_is_told_and_not_tried_for_ever() -> None:
    async with server([no(404, "NotFound"), yes(items=[policy()])]) as (_, client):
        with pytest.raises(RefusedError, match="is this release's definition installed"):
            await store_ledgers(client, cached(policy()), [ledger("plant")])


async def test_labels_that_may_not_be_listed_hinder_nobody() -> None:
    selective = policy("a", reservations=())
    selective["spec"]["namespaceSelector"] = {"matchLabels": {"tier": "gold"}}
    async with server([no(403, "Forbidden")]) as (told, client):
        await list_labels(client, cached(selective))
        assert told.answers == []

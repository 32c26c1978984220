"""kopf is told to watch, and to leave no trace on what it watches."""

from typing import Any, cast

import kopf
import pytest

from modelreuse.cluster import Client
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.metrics import Metrics
from modelreuse.controller.watching import registry, settings
from unit.controller import served

NO_CLIENT = cast(Client, None)
"""Handlers of events talk to nobody."""


class Watched:
    """What kopf would call, and what came of it."""

    def __init__(self) -> None:
        self.cache = Cache()
        self.added: list[Key] = []
        self.added_later: list[Key] = []
        self.metrics = Metrics()
        self.registry = registry(NO_CLIENT, self.cache, self, self.metrics)
        self.handlers = {handler.id: handler.fn for handler in self.registry._watching.get_all_handlers()}

    def add(self, key: Key) -> None:
        self.added.append(key)

    def add_later(self, key: Key) -> None:
        self.added_later.append(key)

    async def event(self, plural: str, kind: str | None, obj: Any) -> list[Key]:
        self.added.clear()
        handler = cast(Any, self.handlers[plural])
        await handler(event={"type": kind, "object": obj})
        return sorted(self.added)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_our_kinds_jobs_and_pods_are_watched(watched: Watched) -> None:
    selectors = {
        (each.group, each.version, each.any_name or each.plural)
        for each in watched.registry._watching.get_all_selectors()
    }
    assert {(group, version) for group, version, _ in selectors} == {
        ("modelreuse.io", "v1alpha1"),
        ("batch", "v1"),
        ("trainer.kubeflow.org", "v1alpha1"),
        ("", "v1"),
    }
    assert watched.handlers.keys() == {
        "modelreusechecks",
        "retrainpolicies",
        "costprofiles",
        "retrainingrecords",
        "jobs",
        "trainjobs",
        "pods",
    }


def test_nothing_that_would_need_state_on_the_object_is_registered(watched: Watched) -> None:
    assert not watched.registry._changing.get_all_handlers()
    assert not watched.registry._spawning.get_all_handlers()
    assert not watched.registry._indexing.get_all_handlers()


async def test_a_check_is_looked_at_when_it_changes(watched: Watched) -> None:
    assert await watched.event("modelreusechecks", "ADDED", served.check()) == [Key("team", "digits")]
    assert watched.cache.checks.known() == {Key("team", "digits")}


async def test_what_was_there_before_the_watch_can_wait(watched: Watched) -> None:
    assert await watched.event("modelreusechecks", None, served.check()) == []
    assert watched.added_later == [Key("team", "digits")]


@pytest.mark.parametrize(("plural", "obj"), [("retrainpolicies", served.policy()), ("costprofiles", served.profile())])
async def test_rules_concern_every_check(watched: Watched, plural: str, obj: Any) -> None:
    await watched.event("modelreusechecks", None, served.check("a"))
    await watched.event("modelreusechecks", None, served.check("b", namespace="others"))
    for change in ("ADDED", "DELETED"):
        watched.added_later.clear()
        assert await watched.event(plural, change, obj) == []  # many at once can wait
        assert sorted(watched.added_later) == [Key("others", "b"), Key("team", "a")]


async def test_the_end_of_a_job_is_noticed(watched: Watched) -> None:
    await watched.event("modelreusechecks", None, served.check())
    job = {"metadata": {"name": "mrc-1", "namespace": "team", "labels": {"modelreuse.io/check": "digits"}}}
    assert await watched.event("jobs", "MODIFIED", job) == [Key("team", "digits")]
    assert await watched.event("pods", "DELETED", job) == [Key("team", "digits")]


async def test_jobs_are_known_from_when_they_arrive_until_they_go(watched: Watched) -> None:
    await watched.event("jobs", None, served.job("mrc-1"))
    assert [job.name for job in watched.cache.jobs.of("uid-digits")] == ["mrc-1"]
    await watched.event("jobs", "DELETED", served.job("mrc-1"))
    assert watched.cache.jobs.of("uid-digits") == ()


async def test_a_deleted_check_is_looked_at_once_more(watched: Watched) -> None:
    await watched.event("modelreusechecks", "ADDED", served.check())
    assert await watched.event("modelreusechecks", "DELETED", served.check(version=2)) == [Key("team", "digits")]
    assert watched.cache.checks.known() == frozenset()


async def test_events_are_dated(watched: Watched) -> None:
    await watched.event("retrainingrecords", "ADDED", served.record())
    value = watched.metrics.registry.get_sample_value
    assert value("modelreuse_last_event_timestamp_seconds", {"resource": "retrainingrecords"})
    assert value("modelreuse_last_event_timestamp_seconds", {"resource": "pods"}) is None


def test_watches_can_not_go_silent_and_events_are_not_posted() -> None:
    configured = settings()
    assert configured.watching.server_timeout
    assert configured.watching.client_timeout
    assert configured.watching.connect_timeout
    assert configured.watching.server_timeout < configured.watching.client_timeout
    assert configured.queueing.idle_timeout == 0.5
    assert not configured.posting.enabled
    assert configured.peering.standalone


def test_only_jobs_and_pods_of_ours_are_asked_for() -> None:
    selectors = settings().watching.label_selectors
    assert set(selectors.values()) == {"modelreuse.io/check"}
    assert len(selectors) == 3


def test_kopf_stores_nothing_and_reads_nothing_of_its_own() -> None:
    persistence = settings().persistence
    body = kopf.Body({"metadata": {"annotations": {"kopf.zalando.org/last-handled-configuration": "{not json"}}})
    patch = kopf.Patch()
    assert persistence.diffbase_storage.fetch(body=body) is None
    essence = persistence.diffbase_storage.build(body=body)
    persistence.diffbase_storage.store(body=body, patch=patch, essence=essence)
    persistence.progress_storage.touch(body=body, patch=patch, value="x")
    assert not patch


async def test_a_policy_whose_ledger_alone_has_changed_is_no_news_to_checks(watched: Watched) -> None:
    await watched.event("modelreusechecks", "ADDED", served.check())
    await watched.event("retrainpolicies", "ADDED", served.policy())
    watched.added_later.clear()
    charged = {**served.policy(version=2), "status": {"reservations": []}}
    await watched.event("retrainpolicies", "MODIFIED", charged)
    assert watched.added_later == []
    await watched.event("retrainpolicies", "MODIFIED", served.policy(version=3, profile="other"))
    assert watched.added_later == [Key("team", "digits")]
    watched.added_later.clear()
    await watched.event("retrainpolicies", "DELETED", served.policy(version=4, profile="other"))
    assert watched.added_later == [Key("team", "digits")]


async def test_what_the_operator_says_of_a_profile_is_news_to_no_check(watched: Watched) -> None:
    await watched.event("modelreusechecks", None, served.check())
    await watched.event("costprofiles", "ADDED", served.profile())
    watched.added_later.clear()
    await watched.event("costprofiles", "MODIFIED", served.profile(version=2) | {"status": {"claims": 9}})
    assert watched.added_later == []
    await watched.event("costprofiles", "MODIFIED", served.profile(version=3, trusted=("library",)))
    assert watched.added_later == [Key("team", "digits")]

from collections.abc import AsyncIterator

import pytest

from modelreuse.controller.affected import by_record, by_workload, learn
from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.decisions import OwnedJob
from unit.controller import served
from unit.controller.served import Json

SITE = Key("", "site")


@pytest.fixture
def cache() -> Cache:
    return Cache()


async def listing(*objects: Json) -> AsyncIterator[Json]:
    for each in objects:
        yield each


def test_what_was_put_is_there_parsed(cache: Cache) -> None:
    cache.policies.put(served.policy())
    cache.profiles.put(served.profile())
    policies, profiles = cache.policies_and_profiles()
    assert [policy.spec.cost_profile for policy in policies] == ["site"]
    assert list(profiles) == ["site"]


def test_an_older_state_does_not_replace_a_newer_one(cache: Cache) -> None:
    cache.policies.put(served.policy(version=7, profile="newer"))
    cache.policies.put(served.policy(version=6, profile="older"))
    assert cache.policies_and_profiles()[0][0].spec.cost_profile == "newer"


def test_versions_are_compared_as_numbers(cache: Cache) -> None:
    cache.policies.put(served.policy(version=9, profile="older"))
    cache.policies.put(served.policy(version=10, profile="newer"))
    assert cache.policies_and_profiles()[0][0].spec.cost_profile == "newer"


def test_a_deleted_object_is_forgotten(cache: Cache) -> None:
    learn(cache.profiles, "ADDED", served.profile())
    learn(cache.profiles, "DELETED", served.profile(version=2))
    assert cache.profiles.get(SITE) is None
    assert cache.profiles.known() == frozenset()


def test_an_object_that_was_deleted_and_made_again_is_there(cache: Cache) -> None:
    learn(cache.profiles, "ADDED", served.profile(version=5))
    learn(cache.profiles, "DELETED", served.profile(version=6))
    learn(cache.profiles, "ADDED", served.profile(version=7))
    assert cache.profiles.get(SITE) is not None


async def test_a_listing_brings_what_was_missed_and_takes_what_is_gone(cache: Cache) -> None:
    cache.profiles.put(served.profile("gone"))
    await cache.profiles.refill(listing(served.profile("site")))
    assert cache.profiles.known() == {SITE}


async def test_what_arrives_during_a_listing_survives_it(cache: Cache) -> None:
    async def slow() -> AsyncIterator[Json]:
        yield served.profile("site")
        cache.profiles.put(served.profile("newcomer", version=9))

    await cache.profiles.refill(slow())
    assert cache.profiles.known() == {SITE, Key("", "newcomer")}


def test_a_record_is_kept_without_what_only_auditors_read(cache: Cache) -> None:
    cache.records.put(served.record())
    kept = cache.records.get(Key("team", "mrc-r1"))
    assert kept is not None
    assert kept.spec.approval is not None
    assert kept.spec.approval.preimage == ""
    assert kept.spec.approval.approved_by == "alice"
    assert kept.metadata.annotations == {}


def test_a_records_outcome_is_kept(cache: Cache) -> None:
    cache.records.put(served.record(outcome={"finishedAt": "2026-01-02T04:04:05Z", "result": "Succeeded", "steps": 5}))
    kept = cache.records.get(Key("team", "mrc-r1"))
    assert kept is not None
    assert kept.outcome is not None
    assert kept.outcome.steps == 5


def test_records_come_from_the_own_and_from_trusted_namespaces(cache: Cache) -> None:
    cache.profiles.put(served.profile(trusted=("library",)))
    for namespace in ("team", "library", "strangers"):
        cache.records.put(served.record(namespace=namespace))
    _, profiles = cache.policies_and_profiles()
    found = cache.records_for("team", profiles.values())
    assert [record.metadata.namespace for record in found] == ["library", "team"]


def test_an_unreadable_policy_is_no_missing_policy(cache: Cache, caplog: pytest.LogCaptureFixture) -> None:
    broken = served.policy()
    broken["spec"]["reuse"] = {}
    cache.policies.put(broken)
    failure = cache.unreadable_rules()
    assert failure is not None
    assert failure.reason == "PolicyUnreadable"
    assert failure.message == (
        "RetrainPolicy plant can't be read: spec.reuse: at least one of maxQualityLoss and maxResqueDist must be given"
    )
    assert failure.message in caplog.text


def test_a_mended_policy_is_readable_again(cache: Cache) -> None:
    broken = served.policy()
    broken["spec"]["reuse"] = {}
    cache.policies.put(broken)
    cache.policies.put(served.policy(version=2))
    assert cache.unreadable_rules() is None
    assert len(cache.policies_and_profiles()[0]) == 1


def test_checks_are_counted_by_recommendation(cache: Cache) -> None:
    cache.checks.put(served.check("a"))
    cache.checks.put(served.check("b", status={"recommendation": {"action": "FineTune"}}))
    cache.checks.put(served.check("c", status={"recommendation": {"action": "FineTune"}}))
    assert cache.checks_by_recommendation() == {"": 1, "FineTune": 2}


def job_of(label: str, namespace: str = "team") -> Json:
    return {"metadata": {"name": "mrc-x", "namespace": namespace, "labels": {"modelreuse.io/check": label}}}


def test_a_job_concerns_the_check_that_it_is_labelled_with(cache: Cache) -> None:
    cache.checks.put(served.check("digits"))
    cache.checks.put(served.check("digits-2"))
    cache.checks.put(served.check("digits", namespace="others"))
    assert by_workload(cache, job_of("digits")) == [Key("team", "digits")]


def test_a_label_that_was_cut_finds_its_check(cache: Cache) -> None:
    name = "a-long-name-" * 8 + "end"
    cache.checks.put(served.check(name))
    cache.checks.put(served.check("a-long-name"))
    label = f"{name[:52].rstrip('.-')}-0123456789"
    assert by_workload(cache, job_of(label)) == [Key("team", name)]


def test_an_unlabelled_job_concerns_nobody(cache: Cache) -> None:
    cache.checks.put(served.check())
    assert list(by_workload(cache, {"metadata": {"name": "x", "namespace": "team"}})) == []


def test_a_record_concerns_the_checks_of_its_namespace(cache: Cache) -> None:
    cache.checks.put(served.check("a"))
    cache.checks.put(served.check("b", namespace="others"))
    assert list(by_record(cache, served.record(namespace="team"))) == [Key("team", "a")]


def test_a_trusted_record_concerns_all_checks(cache: Cache) -> None:
    cache.profiles.put(served.profile(trusted=("library",)))
    cache.checks.put(served.check("a"))
    cache.checks.put(served.check("b", namespace="others"))
    assert set(by_record(cache, served.record(namespace="library"))) == cache.checks.known()


def test_jobs_are_known_by_the_check_that_owns_them(cache: Cache) -> None:
    for name in ("mrc-2", "mrc-1"):
        learn(cache.jobs, "ADDED", served.job(name))
    learn(cache.jobs, "ADDED", served.job("mrc-3", owner="uid-other"))
    assert [job.name for job in cache.jobs.of("uid-digits")] == ["mrc-1", "mrc-2"]
    assert cache.jobs.of("uid-other") == (OwnedJob("mrc-3", "uid-mrc-3", "assessment", "t"),)
    assert cache.jobs.of("nobody") == ()


def test_a_job_without_an_owner_is_nobodys(cache: Cache) -> None:
    orphan = served.job()
    del orphan["metadata"]["ownerReferences"]
    learn(cache.jobs, "ADDED", orphan)
    assert cache.jobs.of("") == ()


def test_a_deleted_job_is_forgotten_and_a_new_one_of_its_name_is_another(cache: Cache) -> None:
    learn(cache.jobs, "ADDED", served.job(uid="first"))
    learn(cache.jobs, "DELETED", served.job(uid="first"))
    assert cache.jobs.of("uid-digits") == ()
    learn(cache.jobs, "ADDED", served.job(uid="second"))
    learn(cache.jobs, "MODIFIED", served.job(uid="third", owner="uid-other"))
    assert cache.jobs.of("uid-digits") == ()
    assert [job.uid for job in cache.jobs.of("uid-other")] == ["third"]


async def test_a_listing_of_jobs_takes_what_is_gone(cache: Cache) -> None:
    cache.jobs.put(served.job("gone"))
    await cache.jobs.refill(listing(served.job("mrc-1")))
    assert [job.name for job in cache.jobs.of("uid-digits")] == ["mrc-1"]


def test_records_that_wait_for_their_outcome_are_known_by_their_check(cache: Cache) -> None:
    outcome = {"finishedAt": "2026-01-02T03:04:05Z", "result": "Lost"}
    cache.records.put(served.record("mrc-r1"))
    cache.records.put(served.record("mrc-r2", outcome=outcome))
    assert [(key, record.metadata.name) for key, record in cache.open_records()] == [(Key("team", "digits"), "mrc-r1")]

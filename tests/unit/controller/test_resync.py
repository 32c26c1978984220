"""What a resync asks to look at: all checks that there are, and those that only their records remember."""

from modelreuse.controller.cache import Cache
from modelreuse.controller.key import Key
from modelreuse.controller.metrics import Metrics
from modelreuse.controller.resync import Resync
from unit.cluster_client.fake_api_server import Answer, no, server, yes
from unit.controller import served
from unit.controller.served import Json

OUTCOME = {"finishedAt": "2026-01-02T03:04:05Z", "result": "Lost"}
OF_ANOTHER = {"name": "gone", "uid": "uid-gone"}


def listed(*items: Json) -> Answer:
    return Answer(200, {"metadata": {}, "items": list(items)})


def record(name: str, **more: object) -> Json:
    stored = served.record(name, **more)  # type: ignore[arg-type]
    return {**stored, "spec": stored["spec"] | {"check": OF_ANOTHER}}


NO_TRAINER = (no(404, "NotFound"),)
"""This cluster has never heard of TrainJobs."""


async def looked_at(
    records: Answer, *namespaces: str | None, trainer: tuple[Answer, ...] = NO_TRAINER
) -> tuple[list[Key], Cache]:
    cache, keys = Cache(), []
    answers = [listed(), listed(), records, listed(served.job()), *trainer, listed(served.check())]
    async with server(answers) as (_, client):
        await Resync(client, cache, keys.append, Metrics(), namespaces).once()
    return sorted(keys), cache


async def test_checks_are_looked_at_whose_records_wait_for_an_outcome() -> None:
    keys, _ = await looked_at(listed(record("mrc-r1")), None)
    assert keys == [Key("team", "digits"), Key("team", "gone")]


async def test_a_record_with_its_outcome_needs_no_look() -> None:
    keys, _ = await looked_at(listed(record("mrc-r1", outcome=OUTCOME)), None)
    assert keys == [Key("team", "digits")]


async def test_records_of_namespaces_that_are_not_looked_after_are_left_alone() -> None:
    keys, _ = await looked_at(listed(record("mrc-r1", namespace="others")), "team")
    assert keys == [Key("team", "digits")]


async def test_jobs_that_the_watches_missed_are_learned() -> None:
    _, cache = await looked_at(listed(), "team")
    assert [job.name for job in cache.jobs.of("uid-digits")] == ["mrc-1"]


async def test_train_jobs_are_learned_where_the_cluster_serves_them() -> None:
    serving = yes(resources=[{"kind": "TrainingRuntime"}, {"kind": "TrainJob"}])
    trained = served.job("mrc-2", role="retraining", kind="TrainJob")
    _, cache = await looked_at(listed(), "team", trainer=(serving, listed(trained)))
    assert [(job.kind, job.name) for job in cache.jobs.of("uid-digits")] == [("Job", "mrc-1"), ("TrainJob", "mrc-2")]


async def test_a_group_without_train_jobs_is_not_listed() -> None:
    _, cache = await looked_at(listed(), "team", trainer=(yes(resources=[{"kind": "Other"}]),))
    assert [job.kind for job in cache.jobs.of("uid-digits")] == ["Job"]

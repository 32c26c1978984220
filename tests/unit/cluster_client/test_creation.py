"""Creating once, whatever the network does."""

from typing import Any

import pytest

from modelreuse.api import Failure
from modelreuse.cluster import Created, Exists, Refused, UnavailableError, UnsentError, create_once
from modelreuse.cluster.creation import LOOKS, RESTS
from unit.cluster_client.fake_api_server import HANGS_UP, Answer, no, server, yes

JOB: dict[str, Any] = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"namespace": "team", "name": "mrc-1"}}
POST, GET = "POST /apis/batch/v1/namespaces/team/jobs", "GET /apis/batch/v1/namespaces/team/jobs/mrc-1"


class Rests:
    """A sleep that only takes note."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


async def test_what_was_created_has_a_uid() -> None:
    async with server([yes()]) as (told, client):
        assert await create_once(client, JOB) == Created(uid="u1")
    assert told.asked == [POST]
    assert told.bodies == [JOB]


async def test_a_taken_name_is_left_alone() -> None:
    async with server([no(409, "AlreadyExists")]) as (told, client):
        assert await create_once(client, JOB) == Exists()
    assert told.asked == [POST]


async def test_a_refusal_keeps_the_servers_sentence() -> None:
    sentence = "exceeded quota: gpus, requested: 1, used: 4, limited: 4"
    async with server([no(403, "Forbidden", sentence)]) as (_, client):
        assert await create_once(client, JOB) == Refused(Failure(reason="Forbidden", message=sentence))


@pytest.mark.parametrize(
    "turned_away", [no(429, "TooManyRequests"), no(401, "Unauthorized"), no(409, "Conflict", "quota was updated")]
)
async def test_a_request_that_was_turned_away_is_sent_again(turned_away: Answer) -> None:
    sleep = Rests()
    async with server([turned_away, turned_away, yes()]) as (told, client):
        assert await create_once(client, JOB, sleep=sleep) == Created(uid="u1")
    assert told.asked == [POST] * 3
    assert sleep.taken == list(RESTS[:2])


async def test_a_server_that_can_not_be_reached_is_tried_again_and_given_up() -> None:
    async with server([]) as (_, client):
        pass
    sleep = Rests()
    with pytest.raises(UnsentError, match="POST /apis/batch/v1/namespaces/team/jobs: Cannot connect"):
        await create_once(client, JOB, sleep=sleep)
    assert sleep.taken == list(RESTS)
    await client.close()


@pytest.mark.parametrize("lost", [HANGS_UP, no(504, "Timeout"), no(500, "InternalError"), Answer(502, "<html>")])
async def test_a_request_whose_answer_got_lost_is_never_sent_again(lost: Answer) -> None:
    async with server([lost, no(404, "NotFound"), no(404, "NotFound"), yes()]) as (told, client):
        assert await create_once(client, JOB, sleep=Rests()) == Exists()
    assert told.asked == [POST, GET, GET, GET]


async def test_what_never_appears_stays_in_doubt() -> None:
    sleep = Rests()
    async with server([HANGS_UP, *[no(404, "NotFound")] * len(LOOKS)]) as (told, client):
        with pytest.raises(UnavailableError, match="Job mrc-1: asked for, never answered, and not there"):
            await create_once(client, JOB, sleep=sleep)
    assert told.asked.count(POST) == 1
    assert sum(sleep.taken) >= 60  # an API server may still be at it for so long


@pytest.mark.parametrize(("kind", "strict"), [("TrainJob", True), ("TrainingRuntime", True), ("Job", False)])
async def test_where_versions_lack_fields_that_bound_a_run_unknown_fields_are_refused(kind: str, strict: bool) -> None:
    version = "batch/v1" if kind == "Job" else "trainer.kubeflow.org/v1alpha1"
    obj = {"apiVersion": version, "kind": kind, "metadata": {"name": "mrc-1", "namespace": "team"}}
    async with server([yes()]) as (told, client):
        await create_once(client, obj)
    assert told.asked[0].endswith("?fieldValidation=Strict") is strict

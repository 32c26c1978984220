"""Jobs and pods: how one is deleted, and nothing else of its name."""

from urllib.parse import parse_qs

import pytest

from modelreuse.cluster import RefusedError, delete_job, read_pods, read_service
from modelreuse.manifests import JOB
from unit.cluster_client.fake_api_server import no, server, yes


async def test_a_job_is_deleted_under_its_uid_and_its_pods_go_with_it() -> None:
    async with server([yes()]) as (told, client):
        await delete_job(client, "team", "mrc-1", "u1")
    assert told.asked == ["DELETE /apis/batch/v1/namespaces/team/jobs/mrc-1"]
    assert told.bodies == [{"preconditions": {"uid": "u1"}, "propagationPolicy": "Background"}]


@pytest.mark.parametrize("answer", [no(404, "NotFound"), no(409, "Conflict")])
async def test_a_job_that_is_gone_or_replaced_needs_no_deletion(answer: object) -> None:
    async with server([answer]) as (_, client):  # type: ignore[list-item]
        await delete_job(client, "team", "mrc-1", "u1")


async def test_a_deletion_that_is_refused_is_told() -> None:
    async with server([no(403, "Forbidden", "jobs is forbidden")]) as (_, client):
        with pytest.raises(RefusedError, match="jobs is forbidden"):
            await delete_job(client, "team", "mrc-1", "u1")


async def test_a_train_job_is_deleted_where_train_jobs_are() -> None:
    async with server([yes()]) as (told, client):
        await delete_job(client, "team", "mrc-1", "u1", "TrainJob")
    assert told.asked == ["DELETE /apis/trainer.kubeflow.org/v1alpha1/namespaces/team/trainjobs/mrc-1"]


async def test_pods_of_a_job_are_those_that_only_the_job_controller_can_make() -> None:
    selector = JOB.pods({"metadata": {"uid": "u1"}})
    assert selector == "modelreuse.io/check,batch.kubernetes.io/controller-uid=u1"
    async with server([yes(items=[])]) as (told, client):
        assert await read_pods(client, "team", selector) == []
    (asked,) = told.asked
    assert parse_qs(asked.partition("?")[2])["labelSelector"] == [selector]


async def test_a_service_that_is_not_there_is_none() -> None:
    async with server([no(404, "NotFound"), yes(spec={})]) as (told, client):
        assert await read_service(client, "team", "mrc-1") is None
        assert await read_service(client, "team", "mrc-1") is not None
    assert told.asked == ["GET /api/v1/namespaces/team/services/mrc-1"] * 2

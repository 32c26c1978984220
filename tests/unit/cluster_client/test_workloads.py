"""Jobs and pods: how one is deleted, and nothing else of its name."""

import pytest

from modelreuse.cluster import RefusedError, delete_job
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

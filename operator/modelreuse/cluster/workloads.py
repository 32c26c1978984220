"""Jobs of ours, their pods and their Services, as the API server has them now."""

from collections.abc import AsyncIterator
from contextlib import suppress

from modelreuse.api.names import CHECK_LABEL, POD_OF_JOB_LABEL
from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import NotFoundError, StaleError
from modelreuse.cluster.resources import JOBS, PODS, SERVICES


async def read_job(client: Client, namespace: str, name: str) -> Json | None:
    """The Job of this name, whoever made it; None when there is none."""
    try:
        return await client.get(JOBS, name, namespace)
    except NotFoundError:
        return None


def list_jobs(client: Client, namespace: str | None = None) -> AsyncIterator[Json]:
    """All Jobs that carry our label, of one namespace or of the cluster."""
    return client.list(JOBS, namespace, labels=CHECK_LABEL)


async def delete_job(client: Client, namespace: str, name: str, uid: str) -> None:
    """Delete the Job with this UID and its pods; that it is gone already, or replaced, is as good."""
    with suppress(NotFoundError, StaleError):
        await client.delete(JOBS, name, namespace, uid)


async def set_deadline(client: Client, namespace: str, name: str, uid: str, seconds: int) -> None:
    """Let the Job with this UID run so long each time that it is resumed; that it is gone, or replaced, is as good."""
    change = {"metadata": {"uid": uid}, "spec": {"activeDeadlineSeconds": seconds}}
    with suppress(NotFoundError, StaleError):
        await client.merge(JOBS, name, change, namespace)


async def read_pods(client: Client, namespace: str, job_uid: str) -> list[Json]:
    """The pods that the Job controller made of the Job with this UID: nobody else may make pods with our label."""
    return [pod async for pod in client.list(PODS, namespace, labels=f"{CHECK_LABEL},{POD_OF_JOB_LABEL}={job_uid}")]


async def read_service(client: Client, namespace: str, name: str) -> Json | None:
    """The Service of this name, whoever made it; None when there is none."""
    try:
        return await client.get(SERVICES, name, namespace)
    except NotFoundError:
        return None

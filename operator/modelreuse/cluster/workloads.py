"""Jobs of ours, what runs retrainings instead of them, their pods and Services, as the API server has them now."""

from collections.abc import AsyncIterator
from contextlib import suppress

from modelreuse.api.names import CHECK_LABEL
from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import NotFoundError, StaleError
from modelreuse.cluster.resources import JOBS, PODS, SERVICES, WORKLOADS


async def read_job(client: Client, namespace: str, name: str, kind: str = JOBS.kind) -> Json | None:
    """The Job, or other workload, of this name, whoever made it; None when there is none."""
    try:
        return await client.get(WORKLOADS[kind], name, namespace)
    except NotFoundError:
        return None


async def list_jobs(client: Client, namespace: str | None = None) -> AsyncIterator[Json]:
    """All Jobs and other workloads that carry our label, of one namespace or of the cluster."""
    for resource in WORKLOADS.values():
        if resource is JOBS or await client.serves(resource):
            async for served in client.list(resource, namespace, labels=CHECK_LABEL):
                yield served


async def delete_job(client: Client, namespace: str, name: str, uid: str, kind: str = JOBS.kind) -> None:
    """Delete the Job, or other workload, with this UID and its pods; that it is gone, or replaced, is as good."""
    with suppress(NotFoundError, StaleError):
        await client.delete(WORKLOADS[kind], name, namespace, uid)


async def set_deadline(client: Client, namespace: str, name: str, uid: str, seconds: int) -> None:
    """Let the Job with this UID run so long each time that it is resumed; that it is gone, or replaced, is as good."""
    change = {"metadata": {"uid": uid}, "spec": {"activeDeadlineSeconds": seconds}}
    with suppress(NotFoundError, StaleError):
        await client.merge(JOBS, name, change, namespace)


async def read_pods(client: Client, namespace: str, labels: str) -> list[Json]:
    """The pods that a label selector finds."""
    return [pod async for pod in client.list(PODS, namespace, labels=labels)]


async def read_service(client: Client, namespace: str, name: str) -> Json | None:
    """The Service of this name, whoever made it; None when there is none."""
    try:
        return await client.get(SERVICES, name, namespace)
    except NotFoundError:
        return None

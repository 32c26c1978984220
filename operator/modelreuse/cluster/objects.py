"""What a decision rests on beside the check itself: policies, profiles, records, and labels of namespaces and nodes."""

from collections.abc import AsyncIterator

from modelreuse.cluster.client import Client, Json
from modelreuse.cluster.errors import NotFoundError
from modelreuse.cluster.resources import (
    CLUSTER_TRAINING_RUNTIMES,
    CONFIG_MAPS,
    CRON_JOBS,
    NAMESPACES,
    NODES,
    POLICIES,
    PROFILES,
    RECORDS,
    RUNTIMES,
    WORKLOADS,
)


def list_policies(client: Client) -> AsyncIterator[Json]:
    """All RetrainPolicies."""
    return client.list(POLICIES)


def list_profiles(client: Client) -> AsyncIterator[Json]:
    """All CostProfiles."""
    return client.list(PROFILES)


def list_namespaces(client: Client) -> AsyncIterator[Json]:
    """All namespaces."""
    return client.list(NAMESPACES)


def list_records(client: Client, namespace: str | None = None) -> AsyncIterator[Json]:
    """All RetrainingRecords, of one namespace or of the cluster."""
    return client.list(RECORDS, namespace)


async def read_record(client: Client, namespace: str, name: str) -> Json | None:
    """The record as it is stored now; None when it isn't there."""
    try:
        return await client.get(RECORDS, name, namespace)
    except NotFoundError:
        return None


async def read_config_map(client: Client, namespace: str, name: str) -> Json | None:
    """The ConfigMap as it is stored now; None when it isn't there."""
    try:
        return await client.get(CONFIG_MAPS, name, namespace)
    except NotFoundError:
        return None


async def read_cron_job(client: Client, namespace: str, name: str) -> Json | None:
    """The CronJob as it is stored now; None when it isn't there."""
    try:
        return await client.get(CRON_JOBS, name, namespace)
    except NotFoundError:
        return None


async def serves_kind(client: Client, kind: str) -> bool:
    """Whether this cluster knows a kind that can run a retraining."""
    return await client.serves(WORKLOADS[kind])


async def read_runtime(client: Client, kind: str, namespace: str, name: str) -> Json | None:
    """The training runtime as it is stored now, of the namespace unless its kind has none; None when it isn't there."""
    try:
        return await client.get(
            RUNTIMES[kind], name, None if RUNTIMES[kind] is CLUSTER_TRAINING_RUNTIMES else namespace
        )
    except NotFoundError:
        return None


async def read_namespace_labels(client: Client, name: str) -> dict[str, str]:
    """Labels of a namespace. Raises NotFoundError when it is gone: then so is all that was in it."""
    return _labels(await client.get(NAMESPACES, name))


async def read_node_labels(client: Client, name: str) -> dict[str, str] | None:
    """Labels of a node; None when it has left the cluster, as autoscaled nodes do."""
    try:
        return _labels(await client.get(NODES, name))
    except NotFoundError:
        return None


def _labels(obj: Json) -> dict[str, str]:
    return dict(obj["metadata"].get("labels") or {})

"""One assessment by several pods: an Indexed Job, and the headless Service by whose names they find each other.

The Job controller numbers the pods; number 0 is where all meet. The Service belongs to the Job and goes with it.
"""

from collections.abc import Mapping
from typing import Any

from modelreuse.api import ModelReuseCheck
from modelreuse.api.names import (
    CHECK_LABEL,
    POD_OF_JOB_LABEL,
    RENDEZVOUS_ENV,
    SHARDS_ENV,
    WORKER_CONTAINER,
)
from modelreuse.manifests.identity import owned_labels
from modelreuse.manifests.merge import merged

PORT = 29500


def shared(job: Mapping[str, Any], shards: int) -> dict[str, Any]:
    """The Job of one pod as a Job of `shards` pods, none of which is ever replaced."""
    name = job["metadata"]["name"]
    environment = [
        {"name": SHARDS_ENV, "value": str(shards)},
        {"name": RENDEZVOUS_ENV, "value": f"{name}-0.{name}:{PORT}"},
    ]
    change = {
        "completionMode": "Indexed",
        "completions": shards,
        "parallelism": shards,
        # With the subdomain of a headless Service each pod has a name of its own.
        "template": {"spec": {"subdomain": name, "containers": [{"name": WORKER_CONTAINER, "env": environment}]}},
    }
    return {**job, "spec": merged(job["spec"], change)}


def rendezvous_service(check: ModelReuseCheck, role: str, job: str, job_uid: str) -> dict[str, Any]:
    """The Service of the Job with this name and UID. It leads to pods of this Job alone: nobody else makes such.

    Its names resolve before a pod is ready, since a pod is there before it has met the others.
    """
    labels = owned_labels(check, role)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": job,
            "namespace": check.metadata.namespace,
            "labels": labels,
            "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": job_uid, "controller": True}
            ],
        },
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {CHECK_LABEL: labels[CHECK_LABEL], POD_OF_JOB_LABEL: job_uid},
            "ports": [{"name": "rendezvous", "port": PORT}],
        },
    }

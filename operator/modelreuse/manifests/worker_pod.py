"""The pod in which our worker runs: no root, no capability, no token, nothing writable but a scratch volume."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from modelreuse.api import ApiModel, ModelReuseCheck, duration_seconds
from modelreuse.api.names import (
    RESERVED_VOLUMES,
    SCRATCH_LIMIT_ENV,
    TASK_ENV,
    TERMINATION_LOG,
    WORKER_CONTAINER,
)
from modelreuse.api.scratch import scratch_limit
from modelreuse.manifests.claims import claim_volumes
from modelreuse.manifests.identity import owned_labels, owned_metadata
from modelreuse.manifests.merge import merged

USER = 65532
COMMAND = ["python3", "-I", "-m", "modelreuse.worker"]
"""Isolated: neither the working directory nor the environment (envFrom) says where our code is imported from."""
RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
SCRATCH = f"{RESERVED_VOLUMES}scratch"
SCRATCH_BESIDES = 2**30
"""Bytes of the scratch volume beyond its downloads: caches of libraries, temporary files of user code."""
REQUESTS = {"cpu": "250m", "memory": "512Mi"}
"""What a pod is sure to get, unless the template says otherwise: without any, a busy node would starve the pass that
predictions are measured by."""
SCHEDULING_FIELDS = (
    "affinity",
    "imagePullSecrets",
    "nodeSelector",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "tolerations",
    "topologySpreadConstraints",
)
"""What of `assessment.template` applies to verification too: where it runs, never what runs."""
STORAGE_ENVIRONMENT = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_NO_SIGN_REQUEST",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "HF_ENDPOINT",
        "HF_TOKEN",
        SCRATCH_LIMIT_ENV,
    }
)
"""Variables of the template's worker that verification gets too, one by one: with them it can read the same storage,
and whatever a storage answers must have the hash that was approved. `envFrom` could bring any variable, so it isn't."""


def worker_job(
    check: ModelReuseCheck,
    task: ApiModel,
    task_id: str,
    role: str,
    image: str,
    read: Iterable[str],
    written: Iterable[str],
    template: Mapping[str, Any],
) -> dict[str, Any]:
    """A Job that runs our worker once with `task` and answers by its termination message.

    `template` is a partial PodTemplateSpec that `check_pod_template` has accepted: it says where to run, on what, and
    what else is needed; it can't loosen what the pod may do, nor change how it answers.
    """
    code = check.spec.code
    volumes, mounts = claim_volumes([*read, *([code.uri] if code else [])], written)
    base = {
        "metadata": {"labels": {}},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            **_restricted_init_containers(template),
            "containers": [
                {
                    "name": WORKER_CONTAINER,
                    "image": image,
                    "env": [{"name": "HOME", "value": "/tmp"}],  # noqa: S108 - a volume of the pod's own
                    # A template's limits may be below our requests, so it brings both or neither.
                    **({} if "resources" in _worker_of(template) else {"resources": {"requests": REQUESTS}}),
                    "securityContext": RESTRICTED,
                    "volumeMounts": [*mounts, {"name": SCRATCH, "mountPath": "/tmp"}],  # noqa: S108
                }
            ],
            "volumes": [*volumes, {"name": SCRATCH, "emptyDir": {"sizeLimit": _scratch_size(template)}}],
        },
    }
    forced = {
        "metadata": {"labels": owned_labels(check, role)},
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": WORKER_CONTAINER,
                    "command": COMMAND,
                    "args": [],
                    # With its nulls: no probe is another task than the default one.
                    "env": [{"name": TASK_ENV, "value": unexpanded(task.model_dump_json(by_alias=True))}],
                    "terminationMessagePath": TERMINATION_LOG,
                    "terminationMessagePolicy": "File",
                }
            ],
        },
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": owned_metadata(check, task_id, role),
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": duration_seconds(check.spec.assessment.timeout),
            "template": merged(merged(base, template), forced),
        },
    }


def unexpanded(text: str) -> str:
    """JSON that says the same in an environment, where Kubernetes would replace `$(NAME)` by what NAME holds."""
    return text.replace("$", "\\u0024")


def scheduling_of(template: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a partial PodTemplateSpec that says where to run, on what resources, and how to reach storage."""
    spec = template.get("spec", {})
    worker = {field: value for field, value in _worker_of(template).items() if field in ("name", "resources")}
    if storage := storage_environment(template):
        worker["env"] = storage
    kept = {field: spec[field] for field in SCHEDULING_FIELDS if field in spec}
    return {"spec": {**kept, "containers": [worker]} if worker else kept}


def storage_environment(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The variables of the template's worker by which storages are reached."""
    return [dict(each) for each in _worker_of(template).get("env", []) if each["name"] in STORAGE_ENVIRONMENT]


def _scratch_size(template: Mapping[str, Any]) -> str:
    """Of the scratch volume, as a quantity: above it the kubelet evicts the pod, so the worker stops before."""
    values = {each["name"]: each.get("value") or "" for each in _worker_of(template).get("env", [])}
    mebibytes = math.ceil((scratch_limit(values.get(SCRATCH_LIMIT_ENV, "")) + SCRATCH_BESIDES) / 2**20)
    # As the API server writes it, so that what is read back is what was asked for.
    return f"{mebibytes}Mi" if mebibytes % 1024 else f"{mebibytes // 1024}Gi"


def _worker_of(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """The template's part of our container; empty where it has none."""
    containers: list[Mapping[str, Any]] = template.get("spec", {}).get("containers", [])
    return containers[0] if containers else {}


def _restricted_init_containers(template: Mapping[str, Any]) -> dict[str, Any]:
    """What the template's init containers are merged onto: nothing in the pod may do more than our own container."""
    named = [container["name"] for container in template.get("spec", {}).get("initContainers", [])]
    return {"initContainers": [{"name": name, "securityContext": RESTRICTED} for name in named]} if named else {}

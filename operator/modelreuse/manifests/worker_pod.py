"""The pod in which our worker runs: no root, no capability, no token, nothing writable but a scratch volume."""

from collections.abc import Iterable, Mapping
from typing import Any

from modelreuse.api import ApiModel, ModelReuseCheck, duration_seconds
from modelreuse.api.names import TASK_ENV, TERMINATION_LOG, WORKER_CONTAINER
from modelreuse.manifests.claims import claim_volumes, path_of
from modelreuse.manifests.identity import owned_labels, owned_metadata
from modelreuse.manifests.merge import merged

USER = 65532
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
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "HF_ENDPOINT",
        "HF_TOKEN",
        "MODELREUSE_S3_ANONYMOUS",
        "MODELREUSE_SCRATCH_BYTES",
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

    `template` is a partial PodTemplateSpec; what decides whether the answer can be believed (command, task,
    termination message, restart policy) is not its to change.
    """
    code = check.spec.code
    volumes, mounts = claim_volumes([*read, *([code.uri] if code else [])], written)
    environment = [{"name": "HOME", "value": "/tmp"}]  # noqa: S108 - a volume of the pod's own
    if code:
        environment.append({"name": "PYTHONPATH", "value": path_of(code.uri).replace("$", "$$")})
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
            "containers": [
                {
                    "name": WORKER_CONTAINER,
                    "image": image,
                    "env": environment,
                    # A template's limits may be below our requests, so it brings both or neither.
                    **({} if _brings_resources(template) else {"resources": {"requests": REQUESTS}}),
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [*mounts, {"name": "modelreuse-scratch", "mountPath": "/tmp"}],  # noqa: S108
                }
            ],
            "volumes": [*volumes, {"name": "modelreuse-scratch", "emptyDir": {}}],
        },
    }
    forced = {
        "metadata": {"labels": owned_labels(check, role)},
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": WORKER_CONTAINER,
                    "command": ["python3", "-m", "modelreuse.worker"],
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
    spec = template.get("spec")
    spec = spec if isinstance(spec, Mapping) else {}
    kept = {field: spec[field] for field in SCHEDULING_FIELDS if field in spec}
    containers = spec.get("containers")
    for container in containers if isinstance(containers, list) else []:
        if isinstance(container, Mapping) and container.get("name") == WORKER_CONTAINER:
            worker = {"resources": container["resources"]} if "resources" in container else {}
            if storage := _storage_environment(container.get("env")):
                worker["env"] = storage
            if worker:
                kept["containers"] = [{"name": WORKER_CONTAINER, **worker}]
    return {"spec": kept}


def _storage_environment(variables: object) -> list[dict[str, Any]]:
    every = variables if isinstance(variables, list) else []
    return [dict(each) for each in every if isinstance(each, Mapping) and each.get("name") in STORAGE_ENVIRONMENT]


def _brings_resources(template: Mapping[str, Any]) -> bool:
    return any("resources" in container for container in scheduling_of(template)["spec"].get("containers", ()))

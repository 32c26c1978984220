"""The first container of a retraining's pod: our worker compares what the trainer will read with what was approved.

It runs before anything of the template does, may do as little as the assessment's pod, and needs nothing of the
trainer's image. Its deadline is the Job's, its resources are ours.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from modelreuse.api import ContentHashes, InputsTask, ModelReuseCheck, ModelSource
from modelreuse.api.names import INPUTS_CONTAINER, TASK_ENV, TERMINATION_LOG
from modelreuse.manifests.claims import claim_volumes
from modelreuse.manifests.worker_pod import COMMAND, RESTRICTED, SCRATCH, USER, storage_environment, unexpanded

RESOURCES = {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
"""Hashing keeps a few blocks in memory, and one core busy."""


@dataclass(frozen=True)
class Inputs:
    """What a retraining reads, as it was assessed."""

    hashes: ContentHashes
    image: str
    """Of our worker, which compares."""
    seconds: float
    """How long the assessment took to read all of it."""


def with_comparison(
    pod: Mapping[str, Any], check: ModelReuseCheck, model: ModelSource, inputs: Inputs, digest: str
) -> dict[str, Any]:
    """The pod of a retraining with our container before all others."""
    spec = check.spec
    data = spec.data_of(model)
    task = InputsTask(task=digest, model=model, data=data, code=spec.code, hashes=inputs.hashes)
    uris = [model.uri, *(source.uri for source in data.sources), *([spec.code.uri] if spec.code else [])]
    volumes, mounts = _shared(pod, *claim_volumes(uris, written=[]))
    theirs = spec.assessment.template.get("spec", {})
    container = {
        "name": INPUTS_CONTAINER,
        "image": inputs.image,
        "command": COMMAND,
        "env": [
            {"name": "HOME", "value": "/tmp"},  # noqa: S108 - a volume of the pod's own
            *storage_environment(spec.assessment.template),
            # Without nulls: the answer to it is yes or no, and a retraining is told to everybody in one line.
            {"name": TASK_ENV, "value": unexpanded(task.model_dump_json(by_alias=True, exclude_none=True))},
        ],
        "resources": RESOURCES,
        "securityContext": {
            **RESTRICTED,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
            **_user(theirs.get("securityContext", {})),
        },
        "terminationMessagePath": TERMINATION_LOG,
        "terminationMessagePolicy": "File",
        "volumeMounts": [*mounts, {"name": SCRATCH, "mountPath": "/tmp"}],  # noqa: S108
    }
    secrets = [*pod.get("imagePullSecrets", []), *theirs.get("imagePullSecrets", [])]
    return {
        **pod,
        **({"imagePullSecrets": _once(secrets)} if secrets else {}),
        "initContainers": [container, *pod.get("initContainers", [])],
        "volumes": [*pod.get("volumes", []), *volumes, {"name": SCRATCH, "emptyDir": {}}],
    }


def _user(assessing: Mapping[str, Any]) -> dict[str, Any]:
    """As whom the assessment read the same files."""
    return {field: assessing.get(field, USER) for field in ("runAsUser", "runAsGroup")}


def _shared(
    pod: Mapping[str, Any], volumes: Iterable[dict[str, Any]], mounts: Iterable[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The volumes that the pod lacks, and the mounts of all: older kubelets hang on a claim that a pod names twice."""
    volumes = list(volumes)
    known: dict[str, str] = {}
    for volume in pod.get("volumes", []):
        source = volume.get("persistentVolumeClaim")
        claim = source.get("claimName") if isinstance(source, Mapping) else None
        if isinstance(claim, str):
            known.setdefault(claim, volume["name"])
    ours = {volume["name"]: volume["persistentVolumeClaim"]["claimName"] for volume in volumes}
    return (
        [volume for volume in volumes if ours[volume["name"]] not in known],
        [{**mount, "name": known.get(ours[mount["name"]], mount["name"])} for mount in mounts],
    )


def _once(named: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each name once, in order."""
    return list({each["name"]: dict(each) for each in named}.values())

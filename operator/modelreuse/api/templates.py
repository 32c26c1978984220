"""What of a Job or pod template a check may bring: lists of what is accepted, since what is merely forbidden grows.

A template is part of the spec and open to the API server, so its rules stand here. Why each field is where it is:
docs/decisions/004-templates.md.
"""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from modelreuse.api.accepting import (
    InvalidTemplateError,
    each,
    must_be,
    must_be_a_deadline,
    must_be_a_switch,
    must_be_named,
    must_not_be_ours,
    only,
    only_environment_of_others,
    only_metadata_of_others,
    shown,
)
from modelreuse.api.names import (
    MOUNT_ROOT,
    RESERVED_CONTAINERS,
    RESERVED_VOLUMES,
    SHARD_ENV,
    TERMINATION_LOG,
    TRAINER_CONTAINER,
    WORKER_CONTAINER,
)

# --- the assessment: a partial PodTemplateSpec, merged onto our pod --------------------------------------------------

POD_FIELDS = frozenset(
    {
        "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy", "hostAliases",
        "imagePullSecrets", "initContainers", "nodeSelector", "overhead", "preemptionPolicy", "priorityClassName",
        "resourceClaims", "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates", "securityContext",
        "serviceAccountName", "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes",
    }
)  # fmt: skip
WORKER_FIELDS = frozenset(
    {"env", "envFrom", "image", "imagePullPolicy", "name", "resources", "securityContext", "volumeMounts"}
)
INIT_FIELDS = WORKER_FIELDS | {"args", "command", "workingDir"}
VOLUME_SOURCES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
"""Those of the Pod Security Standard `restricted`."""

_FIXED: Mapping[str, object] = {
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "procMount": "Default",
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}
"""Fields of a security context with one acceptable value: they may be spelled out, not loosened."""
CONTAINER_SECURITY_FIELDS = frozenset(
    {*_FIXED, "appArmorProfile", "capabilities", "runAsGroup", "runAsUser", "seLinuxOptions", "seccompProfile"}
)
POD_SECURITY_FIELDS = frozenset(
    {
        "appArmorProfile", "fsGroup", "fsGroupChangePolicy", "runAsGroup", "runAsNonRoot", "runAsUser",
        "seLinuxChangePolicy", "seLinuxOptions", "seccompProfile", "supplementalGroups", "supplementalGroupsPolicy",
    }
)  # fmt: skip
_PROFILES = ("RuntimeDefault", "Localhost")

_OURS = tuple(
    PurePosixPath(path)
    for path in (MOUNT_ROOT, TERMINATION_LOG, "/usr", "/opt", "/lib", "/lib64", "/bin", "/sbin", "/proc")
)
"""What holds our mounts, our answer, our code and the interpreter: a mount over it would replace what runs."""


def check_pod_template(template: Mapping[str, Any]) -> None:
    """Raises InvalidTemplateError unless `assessment.template` can be merged onto our pod and leaves it restricted."""
    only("", template, ("metadata", "spec"))
    only_metadata_of_others("metadata", template.get("metadata", {}))
    spec = template.get("spec", {})
    only("spec", spec, POD_FIELDS)
    must_be("spec.restartPolicy", spec, "Never")
    must_be("spec.automountServiceAccountToken", spec, False)
    _security("spec.securityContext", spec.get("securityContext", {}), POD_SECURITY_FIELDS)
    for path, volume in each("spec.volumes", spec):
        _volume(path, volume)
    for path, container in each("spec.initContainers", spec):
        _container(path, container, INIT_FIELDS)
        if container.get("name") == WORKER_CONTAINER:
            raise InvalidTemplateError(f"{path}.name: {WORKER_CONTAINER} is the name of our container; choose another")
    containers = each("spec.containers", spec)
    for path, container in containers:
        _container(path, container, WORKER_FIELDS)
    if [container.get("name") for _, container in containers] not in ([], [WORKER_CONTAINER]):
        raise InvalidTemplateError(
            f"spec.containers: only one called {WORKER_CONTAINER} is accepted; what must run before it goes into "
            "initContainers"
        )


def _container(path: str, container: Mapping[str, Any], accepted: Collection[str]) -> None:
    only(path, container, accepted)
    must_be_named(path, container)
    only_environment_of_others(path, container)
    for at, variable in each(f"{path}.env", container):
        if variable.get("name") == SHARD_ENV:
            raise InvalidTemplateError(
                f"{at}.name: {SHARD_ENV}: the Job controller tells shards apart by it; use another"
            )
    _security(f"{path}.securityContext", container.get("securityContext", {}), CONTAINER_SECURITY_FIELDS)
    for at, mount in each(f"{path}.volumeMounts", container):
        if _shadows(str(mount.get("mountPath", ""))):
            taken = ", ".join(str(folder) for folder in _OURS)
            raise InvalidTemplateError(
                f"{at}.mountPath: {shown(mount.get('mountPath'))}: lies above, at or below what our program needs "
                f"({taken}); mount it elsewhere, as at /data"
            )


def _shadows(mount_path: str) -> bool:
    path = PurePosixPath("/" + mount_path.lstrip("/"))
    below_or_above = any(path.is_relative_to(folder) or folder.is_relative_to(path) for folder in _OURS)
    return ".." in path.parts or below_or_above


def _volume(path: str, volume: Mapping[str, Any]) -> None:
    must_not_be_ours(path, volume, RESERVED_VOLUMES)
    only(path, volume, {"name", *VOLUME_SOURCES})


def _security(path: str, context: Any, accepted: Collection[str]) -> None:
    only(path, context, accepted)
    for field, value in _FIXED.items():
        must_be(f"{path}.{field}", context, value)
    for field in ("runAsUser", "runAsGroup"):
        if field in context and not (type(context[field]) is int and context[field] > 0):
            raise InvalidTemplateError(f"{path}.{field}: {shown(context[field])}: nothing runs as root; give 1 or more")
    must_be(f"{path}.capabilities", context, {"drop": ["ALL"]})
    for field in ("seccompProfile", "appArmorProfile"):
        profile = context.get(field, {"type": _PROFILES[0]})
        if not isinstance(profile, Mapping) or profile.get("type") not in _PROFILES:
            raise InvalidTemplateError(f"{path}.{field}: {shown(profile)}: its type must be {' or '.join(_PROFILES)}")


# --- the retraining: a Job template, as in a CronJob -----------------------------------------------------------------

JOB_FIELDS = frozenset(
    {"activeDeadlineSeconds", "backoffLimit", "completionMode", "completions", "parallelism", "suspend", "template"}
)
_ONE_POD: Mapping[str, object] = {"completions": 1, "parallelism": 1, "completionMode": "NonIndexed"}


def check_job_template(template: Mapping[str, Any]) -> None:
    """Raises InvalidTemplateError unless `retraining.jobTemplate` can become one bounded run of one pod."""
    only("", template, ("metadata", "spec"))
    only_metadata_of_others("metadata", template.get("metadata", {}))
    spec = template.get("spec")
    if not isinstance(spec, Mapping):
        raise InvalidTemplateError("spec: is missing; as in a CronJob, it holds the spec of a Job")
    only("spec", spec, JOB_FIELDS)
    for field, value in _ONE_POD.items():
        must_be(f"spec.{field}", spec, value, "one approval is one pod, so ")
    must_be_a_deadline("spec.activeDeadlineSeconds", spec)
    must_be_a_switch("spec.suspend", spec)
    check_trainer_pod("spec.template", spec.get("template"), TRAINER_CONTAINER)


def check_trainer_pod(path: str, template: Any, trainer: str) -> None:
    """Raises InvalidTemplateError unless the pod template at `path` runs once, in it a container called `trainer`."""
    where = f"{path}.spec.containers"
    pod = template.get("spec") if isinstance(template, Mapping) else None
    if not isinstance(pod, Mapping) or "containers" not in pod:
        raise InvalidTemplateError(f"{where}: is missing")
    only(path, template, ("metadata", "spec"))
    only_metadata_of_others(f"{path}.metadata", template.get("metadata", {}))
    containers = each(where, pod)
    names = [container.get("name") for _, container in containers]
    if names.count(trainer) != 1:
        raise InvalidTemplateError(f"{where}: one must be called {trainer!r}; found {shown(names)}")
    initial = each(f"{path}.spec.initContainers", pod)
    for at, container in [*containers, *initial]:
        only_environment_of_others(at, container)
        must_not_be_ours(at, container, RESERVED_CONTAINERS)
        if "restartPolicyRules" in container:
            raise InvalidTemplateError(f"{at}.restartPolicyRules: is not accepted: an approval runs once")
    for at, volume in each(f"{path}.spec.volumes", pod):
        must_not_be_ours(at, volume, RESERVED_VOLUMES)
    for at, secret in each(f"{path}.spec.imagePullSecrets", pod):
        must_be_named(at, secret)
    for at, container in containers:
        if "restartPolicy" in container:
            raise InvalidTemplateError(
                f"{at}.restartPolicy: is not accepted: an approval runs once; initContainers may have Always"
            )

"""What of a Job or pod template a check may bring: lists of what is accepted, since what is merely forbidden grows.

A template is part of the spec and open to the API server, so its rules stand here. Why each field is where it is:
docs/decisions/004-templates.md.
"""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from modelreuse.api.names import (
    GROUP,
    MOUNT_ROOT,
    RESERVED_CONTAINERS,
    RESERVED_ENV,
    RESERVED_VOLUMES,
    SHARD_ENV,
    TERMINATION_LOG,
    TRAINER_CONTAINER,
    WORKER_CONTAINER,
)
from modelreuse.api.types import shortened


class InvalidTemplateError(ValueError):
    """A template that can't be accepted; the message names the field by its path in it, and what is accepted."""


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
    _only("", template, ("metadata", "spec"))
    _metadata("metadata", template.get("metadata", {}))
    spec = template.get("spec", {})
    _only("spec", spec, POD_FIELDS)
    _is("spec.restartPolicy", spec, "Never")
    _is("spec.automountServiceAccountToken", spec, False)
    _security("spec.securityContext", spec.get("securityContext", {}), POD_SECURITY_FIELDS)
    for path, volume in _each("spec.volumes", spec):
        _volume(path, volume)
    for path, container in _each("spec.initContainers", spec):
        _container(path, container, INIT_FIELDS)
        if container.get("name") == WORKER_CONTAINER:
            raise InvalidTemplateError(f"{path}.name: {WORKER_CONTAINER} is the name of our container; choose another")
    containers = _each("spec.containers", spec)
    for path, container in containers:
        _container(path, container, WORKER_FIELDS)
    if [container.get("name") for _, container in containers] not in ([], [WORKER_CONTAINER]):
        raise InvalidTemplateError(
            f"spec.containers: only one called {WORKER_CONTAINER} is accepted; what must run before it goes into "
            "initContainers"
        )


def _container(path: str, container: Mapping[str, Any], accepted: Collection[str]) -> None:
    _only(path, container, accepted)
    _is_named(path, container)
    _environment(path, container)
    for at, variable in _each(f"{path}.env", container):
        if variable.get("name") == SHARD_ENV:
            raise InvalidTemplateError(
                f"{at}.name: {SHARD_ENV}: the Job controller tells shards apart by it; use another"
            )
    _security(f"{path}.securityContext", container.get("securityContext", {}), CONTAINER_SECURITY_FIELDS)
    for at, mount in _each(f"{path}.volumeMounts", container):
        if _shadows(str(mount.get("mountPath", ""))):
            taken = ", ".join(str(folder) for folder in _OURS)
            raise InvalidTemplateError(
                f"{at}.mountPath: {_shown(mount.get('mountPath'))}: lies above, at or below what our program needs "
                f"({taken}); mount it elsewhere, as at /data"
            )


def _shadows(mount_path: str) -> bool:
    path = PurePosixPath("/" + mount_path.lstrip("/"))
    below_or_above = any(path.is_relative_to(folder) or folder.is_relative_to(path) for folder in _OURS)
    return ".." in path.parts or below_or_above


def _volume(path: str, volume: Mapping[str, Any]) -> None:
    _name_is_theirs(path, volume, RESERVED_VOLUMES)
    _only(path, volume, {"name", *VOLUME_SOURCES})


def _security(path: str, context: Any, accepted: Collection[str]) -> None:
    _only(path, context, accepted)
    for field, value in _FIXED.items():
        _is(f"{path}.{field}", context, value)
    for field in ("runAsUser", "runAsGroup"):
        if field in context and not (type(context[field]) is int and context[field] > 0):
            raise InvalidTemplateError(
                f"{path}.{field}: {_shown(context[field])}: nothing runs as root; give 1 or more"
            )
    _is(f"{path}.capabilities", context, {"drop": ["ALL"]})
    for field in ("seccompProfile", "appArmorProfile"):
        profile = context.get(field, {"type": _PROFILES[0]})
        if not isinstance(profile, Mapping) or profile.get("type") not in _PROFILES:
            raise InvalidTemplateError(f"{path}.{field}: {_shown(profile)}: its type must be {' or '.join(_PROFILES)}")


# --- the retraining: a Job template, as in a CronJob -----------------------------------------------------------------

JOB_FIELDS = frozenset(
    {"activeDeadlineSeconds", "backoffLimit", "completionMode", "completions", "parallelism", "suspend", "template"}
)
_ONE_POD: Mapping[str, object] = {"completions": 1, "parallelism": 1, "completionMode": "NonIndexed"}


def check_job_template(template: Mapping[str, Any]) -> None:
    """Raises InvalidTemplateError unless `retraining.jobTemplate` can become one bounded run of one pod."""
    _only("", template, ("metadata", "spec"))
    _metadata("metadata", template.get("metadata", {}))
    spec = template.get("spec")
    if not isinstance(spec, Mapping):
        raise InvalidTemplateError("spec: is missing; as in a CronJob, it holds the spec of a Job")
    _only("spec", spec, JOB_FIELDS)
    for field, value in _ONE_POD.items():
        _is(f"spec.{field}", spec, value, "one approval is one pod, so ")
    deadline = spec.get("activeDeadlineSeconds", 1)
    if type(deadline) is not int or deadline < 1:
        raise InvalidTemplateError(f"spec.activeDeadlineSeconds: {_shown(deadline)}: give whole seconds, 1 or more")
    if type(spec.get("suspend", False)) is not bool:
        raise InvalidTemplateError(f"spec.suspend: {_shown(spec['suspend'])}: give true or false")
    _trainer_pod(spec.get("template"))


def _trainer_pod(template: Any) -> None:
    where = "spec.template.spec.containers"
    pod = template.get("spec") if isinstance(template, Mapping) else None
    if not isinstance(pod, Mapping) or "containers" not in pod:
        raise InvalidTemplateError(f"{where}: is missing")
    _only("spec.template", template, ("metadata", "spec"))
    _metadata("spec.template.metadata", template.get("metadata", {}))
    containers = _each(where, pod)
    names = [container.get("name") for _, container in containers]
    if names.count(TRAINER_CONTAINER) != 1:
        raise InvalidTemplateError(f"{where}: one must be called {TRAINER_CONTAINER!r}; found {_shown(names)}")
    initial = _each("spec.template.spec.initContainers", pod)
    for path, container in [*containers, *initial]:
        _environment(path, container)
        _name_is_theirs(path, container, RESERVED_CONTAINERS)
        if "restartPolicyRules" in container:
            raise InvalidTemplateError(f"{path}.restartPolicyRules: is not accepted: an approval runs once")
    for path, volume in _each("spec.template.spec.volumes", pod):
        _name_is_theirs(path, volume, RESERVED_VOLUMES)
    for path, secret in _each("spec.template.spec.imagePullSecrets", pod):
        _is_named(path, secret)
    for path, container in containers:
        if "restartPolicy" in container:
            raise InvalidTemplateError(
                f"{path}.restartPolicy: is not accepted: an approval runs once; initContainers may have Always"
            )


# --- both ------------------------------------------------------------------------------------------------------------


def _only(path: str, value: Any, accepted: Collection[str]) -> None:
    """Refuses what is no object, and any field that isn't accepted."""
    if not isinstance(value, Mapping):
        raise InvalidTemplateError(f"{path}{path and ': '}{_shown(value)}: must be an object")
    for field in value:
        if field not in accepted:
            known = ", ".join(sorted(accepted))
            raise InvalidTemplateError(f"{path}{path and '.'}{_shown(field)}: is not accepted; accepted are {known}")


def _is(path: str, holder: Mapping[str, Any], wanted: object, why: str = "") -> None:
    """Refuses another value than the one, where the field is there."""
    value = holder.get(path.rpartition(".")[2], wanted)
    if value != wanted or type(value) is not type(wanted):
        shown = str(wanted).lower() if isinstance(wanted, bool) else wanted
        raise InvalidTemplateError(f"{path}: {_shown(value)}: {why}only {shown} is accepted")


def _each(path: str, holder: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The objects of a list, with their paths; none where the field isn't there. Refuses anything else."""
    items = holder.get(path.rpartition(".")[2], [])
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise InvalidTemplateError(f"{path}: must be a list of objects")
    return [(f"{path}[{index}]", item) for index, item in enumerate(items)]


def _metadata(path: str, metadata: Any) -> None:
    """Refuses anything but labels and annotations of others."""
    _only(path, metadata, ("annotations", "labels"))
    for field in metadata:
        entries = metadata[field]
        if not isinstance(entries, Mapping) or not all(isinstance(value, str) for value in entries.values()):
            raise InvalidTemplateError(f"{path}.{field}: must be an object of strings")
        for key in entries:
            if str(key).startswith(f"{GROUP}/"):
                raise InvalidTemplateError(
                    f"{path}.{field}: {_shown(key)}: names that begin with {GROUP}/ are the operator's; use others"
                )


def _is_named(path: str, item: Mapping[str, Any]) -> None:
    if not isinstance(item.get("name"), str):
        raise InvalidTemplateError(f"{path}.name: is missing")


def _name_is_theirs(path: str, item: Mapping[str, Any], reserved: str) -> None:
    """Refuses what has no name, and names that the operator gives."""
    _is_named(path, item)
    if item["name"].startswith(reserved):
        raise InvalidTemplateError(
            f"{path}.name: {_shown(item['name'])}: names that begin with {reserved} are the operator's; choose another"
        )


def _environment(path: str, container: Mapping[str, Any]) -> None:
    for at, variable in _each(f"{path}.env", container):
        if str(variable.get("name", "")).startswith(RESERVED_ENV):
            raise InvalidTemplateError(
                f"{at}.name: {_shown(variable['name'])}: names that begin with {RESERVED_ENV} are the operator's; "
                "use others"
            )


def _shown(value: object) -> str:
    """A value from a template in a sentence: short, on one line."""
    text = value if isinstance(value, str) else repr(value)
    return "".join(c if c.isprintable() else "?" for c in shortened(text, 60))

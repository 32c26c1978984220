"""A TrainJob of Kubeflow Trainer, on a training runtime of our own making.

A TrainJob names a runtime that somebody else may change, and Trainer reads it again whenever the TrainJob is resumed.
So what was approved is frozen: a TrainingRuntime of the same content, with what makes exactly one bounded, answerable
run of it, stands before the TrainJob does, and is what that refers to. Why: docs/decisions/015-trainjob.md.
"""

from collections.abc import Mapping
from typing import Any

from modelreuse.api import InvalidTemplateError, ModelReuseCheck, TrainingPlan
from modelreuse.api.names import CHECK_LABEL
from modelreuse.api.train_jobs import (
    CLUSTER_RUNTIME,
    NAMESPACED_RUNTIME,
    NODE_CONTAINER,
    TRAIN_JOB,
    TRAIN_JOB_VERSION,
    TRAINER_GROUP,
    check_train_job,
    check_training_runtime,
)
from modelreuse.manifests.identity import job_name, owned_metadata, record_name
from modelreuse.manifests.inputs import Inputs
from modelreuse.manifests.kinds.kind import Kind, Reference
from modelreuse.manifests.merge import merged
from modelreuse.manifests.retraining import ROLE, accepted, deadline, with_contract
from modelreuse.manifests.templates import JobTemplate, Rendered, TemplatePod

Json = Mapping[str, Any]

NAME_ROOM = 33
"""For the check's name: pods are called `NAME-node-0-0-xxxxx`, in at most 63 characters."""


def render(
    check: ModelReuseCheck, template: JobTemplate, plan: TrainingPlan, inputs: Inputs, *, hours_high: float
) -> Rendered:
    """The TrainJob that carries out `plan` on `inputs`, and the runtime that it refers to.

    Raises InvalidTemplateError for what `check_train_job` and `check_training_runtime` refuse.
    """
    given, source = accepted(template, check_train_job), _source(template)
    pod = with_contract(check, _pod_template(source, given), NODE_CONTAINER, plan, inputs)
    name = record_name(plan.digest)
    runtime = {
        "apiVersion": TRAIN_JOB_VERSION,
        "kind": NAMESPACED_RUNTIME,
        "metadata": owned_metadata(check, plan.digest, ROLE, name),
        "spec": _frozen(source, pod),
    }
    spec = given["spec"]
    train_job = {
        "apiVersion": TRAIN_JOB_VERSION,
        "kind": TRAIN_JOB,
        "metadata": merged(
            given.get("metadata", {}),
            owned_metadata(check, plan.digest, ROLE, job_name(check, plan.digest, NAME_ROOM)),
        ),
        "spec": {
            **spec,
            "runtimeRef": {"apiGroup": TRAINER_GROUP, "kind": NAMESPACED_RUNTIME, "name": name},
            "activeDeadlineSeconds": deadline(spec.get("activeDeadlineSeconds"), inputs, hours_high=hours_high),
        },
    }
    return Rendered(launched=train_job, pod=pod["spec"], prepared=runtime)


def _source(template: JobTemplate) -> Json:
    """The spec of the runtime that the template refers to."""
    if template.refers_to is None:
        raise InvalidTemplateError(f"{template.path}.spec.runtimeRef: was not read")
    return accepted(template.refers_to, check_training_runtime)


def _pod_template(source: Json, given: Json) -> dict[str, Any]:
    """The runtime's pod, with what the TrainJob says of the container that trains: Trainer does the same."""
    pod: dict[str, Any] = source["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]
    trainer = given["spec"].get("trainer", {})
    containers = [
        _overridden(each, trainer) if each["name"] == NODE_CONTAINER else each for each in pod["spec"]["containers"]
    ]
    return {**pod, "spec": {**pod["spec"], "containers": containers}}


def _overridden(container: Json, trainer: Json) -> dict[str, Any]:
    """Field by field; of the environment variable by variable."""
    asked = trainer.get("resourcesPerNode") or {}
    resources = {field: asked[field] for field in ("limits", "requests") if field in asked}
    env = trainer.get("env", [])
    names = {each["name"] for each in env}
    kept = [each for each in container.get("env", []) if each["name"] not in names]
    return {
        **container,
        **{field: trainer[field] for field in ("image", "command", "args") if field in trainer},
        **({"env": [*kept, *env]} if env else {}),
        **({"resources": resources} if resources else {}),
    }


def _frozen(source: Json, pod: Json) -> dict[str, Any]:
    """The runtime with another pod: it runs once, and what fails is not begun again."""
    job = source["template"]["spec"]["replicatedJobs"][0]
    job_template = job["template"]
    once = {"backoffLimit": 0, "completions": 1, "parallelism": 1, "template": pod}
    replicated = {**job, "template": {**job_template, "spec": {**job_template["spec"], **once}}}
    job_set = {key: value for key, value in source["template"]["spec"].items() if key != "failurePolicy"}
    return {
        "mlPolicy": {**source.get("mlPolicy", {}), "numNodes": 1},
        "template": {**source["template"], "spec": {**job_set, "replicatedJobs": [replicated]}},
    }


def _pod_of(template: JobTemplate) -> TemplatePod:
    source = _source(template)
    where = template.refers_to.path if template.refers_to else ""
    return TemplatePod(f"{template.path} on {where}: pod.", _pod_template(source, template.content)["spec"])


def _refers_to(content: Json) -> Reference:
    check_train_job(content)
    reference = content["spec"]["runtimeRef"]
    kind = reference.get("kind", CLUSTER_RUNTIME)
    return Reference(TRAIN_JOB_VERSION, kind, reference["name"], namespaced=kind == NAMESPACED_RUNTIME)


def _pods(train_job: Json) -> str:
    """By JobSet's label and by ours, which nobody but the controllers of our objects can give to a pod."""
    metadata = train_job["metadata"]
    label = (metadata.get("labels") or {}).get(CHECK_LABEL, "")
    return f"jobset.sigs.k8s.io/jobset-name={metadata['name']},{CHECK_LABEL}={label}"


TRAIN_JOBS = Kind(
    api_version=TRAIN_JOB_VERSION,
    name=TRAIN_JOB,
    plural="trainjobs",
    render=render,
    pod_of=_pod_of,
    refers_to=_refers_to,
    prepares=NAMESPACED_RUNTIME,
    pods=_pods,
    containers=(NODE_CONTAINER,),
    done="Complete",
    failed="Failed",
    deadline_changes=False,
)

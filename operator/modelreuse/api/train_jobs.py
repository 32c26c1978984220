"""What of a TrainJob, and of the training runtime that it refers to, can become one bounded run of one pod.

TrainJobs are Kubeflow Trainer's (trainer.kubeflow.org/v1alpha1) in the shape of its release 2.2, which has
`activeDeadlineSeconds`. Lists of what is accepted, as for Jobs. Why: docs/decisions/015-trainjob.md.
"""

from collections.abc import Mapping
from typing import Any

from modelreuse.api.accepting import (
    InvalidTemplateError,
    each,
    must_be,
    must_be_a_deadline,
    must_be_a_switch,
    must_be_named,
    only,
    only_environment_of_others,
    only_metadata_of_others,
    shown,
)
from modelreuse.api.templates import check_trainer_pod

TRAINER_GROUP = "trainer.kubeflow.org"
TRAIN_JOB_VERSION = f"{TRAINER_GROUP}/v1alpha1"
TRAIN_JOB = "TrainJob"
CLUSTER_RUNTIME, NAMESPACED_RUNTIME = "ClusterTrainingRuntime", "TrainingRuntime"
NODE_CONTAINER = "node"
"""What Trainer calls the container that trains, and the replicated job that it is in."""
ANCESTOR_LABEL = f"{TRAINER_GROUP}/trainjob-ancestor-step"

TRAIN_JOB_FIELDS = frozenset({"activeDeadlineSeconds", "managedBy", "runtimeRef", "suspend", "trainer"})
TRAINER_FIELDS = frozenset({"args", "command", "env", "image", "numNodes", "numProcPerNode", "resourcesPerNode"})
RUNTIME_JOB_FIELDS = frozenset({"backoffLimit", "completionMode", "completions", "parallelism", "template"})
FRAMEWORKS = frozenset({"jax", "torch", "xgboost"})
"""Of `mlPolicy`: those that train in their pods alone, without a launcher. In this release none has a field."""
_ONE_POD = "one approval is one pod, so "


def check_train_job(template: Mapping[str, Any]) -> None:
    """Raises InvalidTemplateError unless `retraining.objectTemplate` can become one bounded run of one pod."""
    only("", template, ("apiVersion", "kind", "metadata", "spec"))
    for field, value in (("apiVersion", TRAIN_JOB_VERSION), ("kind", TRAIN_JOB)):
        if template.get(field) != value:
            raise InvalidTemplateError(f"{field}: {shown(template.get(field))}: only {value} is accepted")
    only_metadata_of_others("metadata", template.get("metadata", {}))
    spec = template.get("spec")
    if not isinstance(spec, Mapping):
        raise InvalidTemplateError("spec: is missing; it holds the spec of a TrainJob")
    only("spec", spec, TRAIN_JOB_FIELDS)
    must_be_a_deadline("spec.activeDeadlineSeconds", spec)
    must_be_a_switch("spec.suspend", spec)
    must_be("spec.managedBy", spec, f"{TRAINER_GROUP}/trainjob-controller")
    _runtime_reference(spec.get("runtimeRef"))
    trainer = spec.get("trainer", {})
    only("spec.trainer", trainer, TRAINER_FIELDS)
    must_be("spec.trainer.numNodes", trainer, 1, _ONE_POD)
    only_environment_of_others("spec.trainer", trainer)
    for path, variable in each("spec.trainer.env", trainer):
        must_be_named(path, variable)
    if not isinstance(trainer.get("resourcesPerNode", {}), Mapping):
        raise InvalidTemplateError("spec.trainer.resourcesPerNode: must be an object")


def _runtime_reference(reference: Any) -> None:
    only("spec.runtimeRef", reference, ("apiGroup", "kind", "name"))
    must_be_named("spec.runtimeRef", reference)
    must_be("spec.runtimeRef.apiGroup", reference, TRAINER_GROUP)
    kinds = (CLUSTER_RUNTIME, NAMESPACED_RUNTIME)
    if reference.get("kind", CLUSTER_RUNTIME) not in kinds:
        raise InvalidTemplateError(f"spec.runtimeRef.kind: {shown(reference['kind'])}: give {' or '.join(kinds)}")


def check_training_runtime(spec: Mapping[str, Any]) -> None:
    """Raises InvalidTemplateError unless the spec of a training runtime describes one pod that trains once."""
    only("", spec, ("mlPolicy", "template"))
    policy = spec.get("mlPolicy", {})
    only("mlPolicy", policy, {"numNodes", *FRAMEWORKS})
    must_be("mlPolicy.numNodes", policy, 1, _ONE_POD)
    for framework in sorted(FRAMEWORKS & policy.keys()):
        only(f"mlPolicy.{framework}", policy[framework], ())
    template = spec.get("template", {})
    only("template", template, ("metadata", "spec"))
    only_metadata_of_others("template.metadata", template.get("metadata", {}))
    job_set = template.get("spec", {})
    only("template.spec", job_set, ("failurePolicy", "network", "replicatedJobs"))
    failure_policy = job_set.get("failurePolicy", {})
    only("template.spec.failurePolicy", failure_policy, ("maxRestarts", "restartStrategy"))
    must_be("template.spec.failurePolicy.maxRestarts", failure_policy, 0, "an approval runs once, so ")
    jobs = each("template.spec.replicatedJobs", job_set)
    if len(jobs) != 1:
        names = [job.get("name") for _, job in jobs]
        raise InvalidTemplateError(
            f"template.spec.replicatedJobs: {shown(names)}: {_ONE_POD}only one, called {NODE_CONTAINER!r}, is accepted"
        )
    _replicated_job(*jobs[0])


def _replicated_job(path: str, job: Mapping[str, Any]) -> None:
    only(path, job, ("groupName", "name", "replicas", "template"))
    if job.get("name") != NODE_CONTAINER:
        raise InvalidTemplateError(f"{path}.name: {shown(job.get('name'))}: only {NODE_CONTAINER} is accepted")
    must_be(f"{path}.replicas", job, 1, _ONE_POD)
    template = job.get("template", {})
    only(f"{path}.template", template, ("metadata", "spec"))
    metadata = template.get("metadata", {})
    only_metadata_of_others(f"{path}.template.metadata", metadata)
    if metadata.get("labels", {}).get(ANCESTOR_LABEL) != "trainer":
        raise InvalidTemplateError(f"{path}.template.metadata.labels: {ANCESTOR_LABEL}: trainer is missing")
    spec = template.get("spec", {})
    only(f"{path}.template.spec", spec, RUNTIME_JOB_FIELDS)
    for field, value in (("completions", 1), ("parallelism", 1), ("completionMode", "Indexed")):
        must_be(f"{path}.template.spec.{field}", spec, value, _ONE_POD)
    check_trainer_pod(f"{path}.template.spec.template", spec.get("template"), NODE_CONTAINER)

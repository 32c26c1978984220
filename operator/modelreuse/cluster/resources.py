"""Where the API server keeps each kind that we touch. A kind that isn't here can't be reached by accident."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from modelreuse.api.names import API_VERSION


@dataclass(frozen=True)
class Resource:
    """A kind and its place in URLs."""

    api_version: str
    kind: str
    plural: str
    strict: bool = False
    """Whether a field that the server doesn't know is refused: without it what is created would be something else."""

    def path(self, namespace: str | None = None, name: str | None = None, part: str | None = None) -> str:
        """The path of the collection, of one object in it, or of a subresource of that."""
        root = "/apis" if "/" in self.api_version else "/api"
        segments = [root, self.api_version]
        if namespace is not None:
            segments += ["namespaces", quote(namespace, safe="")]
        segments.append(self.plural)
        if name is not None:
            segments.append(quote(name, safe=""))
        if part is not None:
            segments.append(part)
        return "/".join(segments)


CHECKS = Resource(API_VERSION, "ModelReuseCheck", "modelreusechecks")
POLICIES = Resource(API_VERSION, "RetrainPolicy", "retrainpolicies")
PROFILES = Resource(API_VERSION, "CostProfile", "costprofiles")
RECORDS = Resource(API_VERSION, "RetrainingRecord", "retrainingrecords")
JOBS = Resource("batch/v1", "Job", "jobs")
CRON_JOBS = Resource("batch/v1", "CronJob", "cronjobs")
_TRAINER = "trainer.kubeflow.org/v1alpha1"
TRAIN_JOBS = Resource(_TRAINER, "TrainJob", "trainjobs", strict=True)
TRAINING_RUNTIMES = Resource(_TRAINER, "TrainingRuntime", "trainingruntimes", strict=True)
CLUSTER_TRAINING_RUNTIMES = Resource(_TRAINER, "ClusterTrainingRuntime", "clustertrainingruntimes")
PODS = Resource("v1", "Pod", "pods")
SERVICES = Resource("v1", "Service", "services")
CONFIG_MAPS = Resource("v1", "ConfigMap", "configmaps")
NAMESPACES = Resource("v1", "Namespace", "namespaces")
NODES = Resource("v1", "Node", "nodes")
EVENTS = Resource("events.k8s.io/v1", "Event", "events")
ACCESS_REVIEWS = Resource("authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews")
OWN_REVIEWS = Resource("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews")

CREATABLE = {(each.api_version, each.kind): each for each in (JOBS, SERVICES, TRAIN_JOBS, TRAINING_RUNTIMES, RECORDS)}
"""What a plan may create."""
WORKLOADS = {each.kind: each for each in (JOBS, TRAIN_JOBS)}
"""What runs pods of ours, by kind."""
RUNTIMES = {each.kind: each for each in (TRAINING_RUNTIMES, CLUSTER_TRAINING_RUNTIMES)}
"""What a template may refer to, by kind."""


def resource_to_create(obj: Mapping[str, Any]) -> Resource:
    """The resource under which `obj` is created. Raises ValueError for a kind that no plan creates."""
    version, kind = obj["apiVersion"], obj["kind"]
    resource = CREATABLE.get((version, kind))
    if resource is None:
        known = ", ".join(sorted(kind for _, kind in CREATABLE))
        raise ValueError(f"{version} {kind}: not a kind that the operator creates; known: {known}")
    return resource

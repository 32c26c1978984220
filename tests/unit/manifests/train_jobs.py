"""A TrainJob and the runtime that it names, as an API server with Kubeflow Trainer serves them."""

from typing import Any

from unit.manifests.checks import Json

PYTORCH = "registry.example/pytorch@sha256:" + "c" * 64
TRAINER = "registry.example/trainer@sha256:" + "b" * 64
STEP = "trainer.kubeflow.org/trainjob-ancestor-step"


def train_job(trainer: Json | None = None, **spec: Any) -> Json:
    """An objectTemplate; changes are of the TrainJob's spec."""
    given = {"image": TRAINER, "command": ["python", "train.py"], "env": [{"name": "EPOCHS", "value": "9"}]}
    return {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "spec": {"runtimeRef": {"name": "torch"}, "trainer": given | (trainer or {})} | spec,
    }


def runtime(pod: Json | None = None, job: Json | None = None, job_set: Json | None = None, **spec: Any) -> Json:
    """The spec of a training runtime, with what the API server adds; changes are of it and of its parts."""
    node = {
        "name": "node",
        "image": PYTORCH,
        "env": [{"name": "EPOCHS", "value": "1"}, {"name": "LOG", "value": "x"}],
        "resources": {"limits": {"cpu": "2"}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    template = {
        "metadata": {"labels": {"team": "vision"}},
        "spec": {"containers": [node], "volumes": volumes} | (pod or {}),
    }
    replicated = {
        "name": "node",
        "groupName": "default",
        "replicas": 1,
        "template": {"metadata": {"labels": {STEP: "trainer"}}, "spec": {"template": template} | (job or {})},
    }
    return {
        "mlPolicy": {"torch": {}},
        "template": {"spec": {"replicatedJobs": [replicated]} | (job_set or {})},
    } | spec

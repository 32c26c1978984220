"""Checks from which objects are made."""

from typing import Any

from modelreuse.api import ContentHashes, ModelReuseCheck, PredictedCost, TrainingPlan
from modelreuse.manifests import Inputs, JobTemplate, render_retraining

Json = dict[str, Any]

IMAGE = "registry.example/modelreuse/worker@sha256:" + "a" * 64
UID = "6d9f3a7e-0000-4000-8000-000000000001"
DIGEST = "sha256:" + "d" * 64
NONCE = "5ca1ab1e" * 4


def trainer_template(**changes: Any) -> Json:
    """A jobTemplate; changes are of the Job's spec."""
    container = {"name": "trainer", "image": "registry.example/trainer:1", "command": ["python", "train.py"]}
    return {"spec": {"template": {"spec": {"containers": [container]}}} | changes}


def check(name: str = "digits", **changes: Any) -> ModelReuseCheck:
    """A check with code, output, template and everything that can be retrained and verified."""
    spec = {
        "code": {"uri": "pvc://code/vision"},
        "models": [{"name": "current", "uri": "pvc://models/current.safetensors", "factory": "net:build"}],
        "data": {
            "inputs": ["pixels"],
            "labels": "digit",
            "reference": {"uri": "pvc://data/reference.npz", "revision": "v12"},
            "new": {"uri": "pvc://data/line7.npz"},
            "evaluation": {"uri": "pvc://heldout/line7.npz"},
        },
        "objective": {"target": {"relative": "0.9"}},
        "assessment": {
            "output": "pvc://reports/digits",
            "timeout": "30m",
            "template": {
                "metadata": {"annotations": {"team": "vision"}},
                "spec": {
                    "nodeSelector": {"gpu": "a100"},
                    "containers": [
                        {
                            "name": "worker",
                            "env": [{"name": "OMP_NUM_THREADS", "value": "4"}],
                            "resources": {"limits": {"nvidia.com/gpu": 1}},
                        }
                    ],
                },
            },
        },
        "retraining": {
            "actions": ["FineTune", "Retrain"],
            "recipe": "adam",
            "batchSize": 128,
            "maxSteps": 1500,
            "output": "pvc://candidates/digits",
            "jobTemplate": trainer_template(),
        },
    } | changes
    metadata = {"name": name, "namespace": "line7", "uid": UID}
    return ModelReuseCheck.parse(
        {"metadata": metadata, "spec": {key: value for key, value in spec.items() if value is not None}}
    )


def inputs(seconds: float = 3.0) -> Inputs:
    """What was assessed in three seconds."""
    hashes = {name: "sha256:" + str(number) * 64 for number, name in enumerate(("model", "reference", "new"), 1)}
    return Inputs(ContentHashes.model_validate(hashes), IMAGE, seconds)


def cost(**changes: Any) -> PredictedCost:
    """Up to 400.2 steps in up to two hours."""
    figures = {
        "action": "FineTune",
        "model": "current",
        "steps": {"low": "100", "high": "400.2", "estimate": "200", "basis": "Estimated"},
        "hours": {"low": "0.5", "high": "2", "estimate": "1", "basis": "Estimated"},
        "energy_kwh": {"low": "0.1", "high": "0.4", "estimate": "0.2", "basis": "Estimated"},
    } | changes
    return PredictedCost.model_validate(figures)


def retraining_job(
    one: ModelReuseCheck, template: JobTemplate, plan: TrainingPlan, read: Inputs, *, hours_high: float
) -> Json:
    """What is launched."""
    return render_retraining(one, template, plan, read, hours_high=hours_high).launched


def pod(job: Json) -> Json:
    found: Json = job["spec"]["template"]["spec"]
    return found


def container(job: Json, name: str) -> Json:
    return next(each for each in pod(job)["containers"] if each["name"] == name)


def environment(job: Json, name: str) -> Json:
    return {each["name"]: each.get("value") for each in container(job, name)["env"]}

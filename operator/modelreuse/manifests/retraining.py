"""The retraining Job: the requester's template, plus what makes exactly one bounded, answerable run of it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from modelreuse.api import ModelReuseCheck, ModelSource, PredictedCost, TrainingPlan
from modelreuse.api.names import CLAIMS_ROOT, CLAIMS_ROOT_ENV, PLAN_ENV, TERMINATION_LOG, TRAINER_CONTAINER
from modelreuse.manifests.identity import owned_labels, owned_metadata
from modelreuse.manifests.merge import merged
from modelreuse.manifests.worker_pod import unexpanded

ROLE = "retraining"
DIGEST_PLACEHOLDER = "sha256:" + "0" * 64
"""Stands for the digest in the object that the digest is made of."""
STARTUP_SECONDS = 600
"""Granted on top of the approved time for scheduling and pulling the image."""


class InvalidTemplateError(ValueError):
    """A jobTemplate that can't become a retraining; the message names the field."""


def training_plan(
    check: ModelReuseCheck, cost: PredictedCost, *, layers: Sequence[str], target: float, digest: str
) -> TrainingPlan:
    """What the trainer is told."""
    retraining = check.spec.retraining
    if retraining is None:
        raise InvalidTemplateError("spec.retraining: is missing")
    return TrainingPlan.model_validate(
        {
            "action": cost.action,
            "model": source_named(check, cost.model),
            "data": check.spec.data,
            "layers": list(layers),
            "max_steps": min(retraining.max_steps, math.ceil(cost.steps.high)),
            "metric": check.spec.objective.metric,
            "target": f"{min(max(target, 0.0), 1.0):.6f}",
            "digest": digest,
            "output": retraining.output,
        }
    )


def source_named(check: ModelReuseCheck, name: str) -> ModelSource:
    """The candidate called `name`. Raises InvalidTemplateError."""
    for model in check.spec.models:
        if model.name == name:
            return model
    raise InvalidTemplateError(f"spec.models: no longer lists {name}")


def artifact_source(check: ModelReuseCheck, model: str, uri: str) -> ModelSource:
    """The retrained model as a candidate: the artefact's weights in the old model's factory."""
    old = source_named(check, model)
    return ModelSource(name=old.name, uri=uri, factory=old.factory)


def retraining_job(check: ModelReuseCheck, plan: TrainingPlan, *, hours_high: float) -> dict[str, Any]:
    """The Job that carries out `plan`, at most `hours_high` hours long.

    Raises InvalidTemplateError where the template has no container `trainer` or asks for several pods.
    """
    retraining = check.spec.retraining
    if retraining is None:
        raise InvalidTemplateError("spec.retraining: is missing")
    job_spec = _job_spec(retraining.job_template)
    injected = {
        "metadata": {"labels": owned_labels(check, ROLE)},
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": TRAINER_CONTAINER,
                    "env": [
                        {"name": PLAN_ENV, "value": unexpanded(plan.model_dump_json(by_alias=True, exclude_none=True))},
                        {"name": CLAIMS_ROOT_ENV, "value": CLAIMS_ROOT},
                    ],
                    "terminationMessagePath": TERMINATION_LOG,
                    "terminationMessagePolicy": "File",
                }
            ],
        },
    }
    template = merged({"spec": {"automountServiceAccountToken": False}}, job_spec["template"])
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": owned_metadata(check, plan.digest, ROLE),
        "spec": {
            **job_spec,
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": math.ceil(hours_high * 3600) + STARTUP_SECONDS,
            "template": merged(template, injected),
        },
    }


def _job_spec(template: Mapping[str, Any]) -> dict[str, Any]:
    where = "spec.retraining.jobTemplate"
    spec = template.get("spec")
    if not isinstance(spec, Mapping):
        raise InvalidTemplateError(f"{where}.spec: is missing; as in a CronJob, it holds the spec of a Job")
    for field in ("completions", "parallelism"):
        if spec.get(field, 1) != 1:
            raise InvalidTemplateError(f"{where}.spec.{field}: {spec[field]!r}: one approval is one pod, so at most 1")
    pod_template = spec.get("template")
    pod = pod_template.get("spec") if isinstance(pod_template, Mapping) else None
    containers = pod.get("containers") if isinstance(pod, Mapping) else None
    if not isinstance(containers, list) or not all(isinstance(item, Mapping) for item in containers):
        raise InvalidTemplateError(f"{where}.spec.template.spec.containers: is missing")
    names = [container.get("name") for container in containers]
    if names.count(TRAINER_CONTAINER) != 1:
        raise InvalidTemplateError(
            f"{where}.spec.template.spec.containers: one must be called {TRAINER_CONTAINER!r}; found {names}"
        )
    kept = {key: value for key, value in spec.items() if key not in ("ttlSecondsAfterFinished", "podFailurePolicy")}
    return dict(kept)

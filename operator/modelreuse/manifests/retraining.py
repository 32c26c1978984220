"""The retraining Job: the requester's template, plus what makes exactly one bounded, answerable run of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelreuse.api import InvalidTemplateError, ModelReuseCheck, ModelSource, PredictedCost, TrainingPlan
from modelreuse.api.names import CLAIMS_ROOT, CLAIMS_ROOT_ENV, PLAN_ENV, TERMINATION_LOG, TRAINER_CONTAINER
from modelreuse.api.templates import check_job_template
from modelreuse.manifests.identity import owned_labels, owned_metadata
from modelreuse.manifests.inputs import Inputs, with_comparison
from modelreuse.manifests.merge import merged
from modelreuse.manifests.worker_pod import unexpanded

ROLE = "retraining"
DIGEST_PLACEHOLDER = "sha256:" + "0" * 64
"""Stands for the digest in the object that the digest is made of."""
STARTUP_SECONDS = 600
"""Granted on top of the approved time for scheduling, pulling images and comparing inputs; half of it and twice the
time that the assessment took to read them, where that is more."""


@dataclass(frozen=True)
class JobTemplate:
    """What a retraining is made of, as in a CronJob, and where a person finds it."""

    path: str
    """For sentences: `spec.retraining.jobTemplate`, or which field of which CronJob."""
    content: Mapping[str, Any]


def training_plan(
    check: ModelReuseCheck, cost: PredictedCost, *, layers: Sequence[str], target: float, digest: str
) -> TrainingPlan:
    """What the trainer is told."""
    retraining = check.spec.retraining
    if retraining is None:
        raise InvalidTemplateError("spec.retraining: is missing")
    model = source_named(check, cost.model)
    return TrainingPlan.model_validate(
        {
            "action": cost.action,
            "model": model,
            "data": check.spec.data_of(model),
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


def retraining_job(
    check: ModelReuseCheck, template: JobTemplate, plan: TrainingPlan, inputs: Inputs, *, hours_high: float
) -> dict[str, Any]:
    """The Job that carries out `plan` on `inputs`, at most `hours_high` hours long, not counting its start.

    A shorter deadline of the template's own stands, a longer one doesn't. Raises InvalidTemplateError for what
    `check_job_template` refuses.
    """
    given = _checked(template)
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
    pod = merged(merged({"spec": {"automountServiceAccountToken": False}}, given["spec"]["template"]), injected)
    startup = max(STARTUP_SECONDS, STARTUP_SECONDS // 2 + math.ceil(2 * inputs.seconds))
    approved_seconds = math.ceil(hours_high * 3600) + startup
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        # As in a CronJob: a queue finds its Jobs by a label.
        "metadata": merged(given.get("metadata", {}), owned_metadata(check, plan.digest, ROLE)),
        "spec": {
            **given["spec"],
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": min(
                approved_seconds, given["spec"].get("activeDeadlineSeconds", approved_seconds)
            ),
            "template": pod | {"spec": with_comparison(pod["spec"], check, plan.model, inputs, plan.digest)},
        },
    }


def _checked(template: JobTemplate) -> Mapping[str, Any]:
    try:
        check_job_template(template.content)
    except InvalidTemplateError as error:
        raise InvalidTemplateError(f"{template.path}.{error}") from None
    return template.content

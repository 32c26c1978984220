"""What every retraining has in common, whatever kind it runs as: the plan that a trainer is told, the contract in its
pod, and how long it may take.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modelreuse.api import (
    PILOT_LOOKS,
    InvalidTemplateError,
    ModelReuseCheck,
    ModelSource,
    PredictedCost,
    TrainingPlan,
)
from modelreuse.api.names import CLAIMS_ROOT, CLAIMS_ROOT_ENV, PLAN_ENV, TERMINATION_LOG
from modelreuse.manifests.identity import owned_labels
from modelreuse.manifests.inputs import Inputs, with_comparison
from modelreuse.manifests.merge import merged
from modelreuse.manifests.templates import JobTemplate
from modelreuse.manifests.worker_pod import unexpanded

ROLE = "retraining"
DIGEST_PLACEHOLDER = "sha256:" + "0" * 64
"""Stands for the digest in the object that the digest is made of."""
STARTUP_SECONDS = 600
"""Granted on top of the approved time for scheduling, pulling images and comparing inputs; half of it and twice the
time that the assessment took to read them, where that is more."""


def training_plan(
    check: ModelReuseCheck,
    cost: PredictedCost,
    *,
    layers: Sequence[str],
    target: float,
    digest: str,
    pilot_steps: int | None = None,
) -> TrainingPlan:
    """What the trainer is told. cost: of the whole retraining, also where it is to stop after `pilot_steps`."""
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
            "pilot_steps": pilot_steps,
            "evaluate_at": [] if pilot_steps is None else looks(pilot_steps),
            "metric": check.spec.objective.metric,
            "target": f"{min(max(target, 0.0), 1.0):.6f}",
            "digest": digest,
            "output": retraining.output,
        }
    )


def looks(pilot_steps: int) -> list[int]:
    """Steps after which a pilot of so many is asked for the quality."""
    return [step for step in PILOT_LOOKS if step <= pilot_steps]


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


def with_contract(
    check: ModelReuseCheck, template: Mapping[str, Any], trainer: str, plan: TrainingPlan, inputs: Inputs
) -> dict[str, Any]:
    """A pod template that runs once: our container compares `inputs`, then `trainer` is told `plan`, and answers."""
    # A plan that asks for nothing says so by silence: it reads as it always did, byte for byte.
    silent = None if plan.evaluate_at else {"evaluate_at"}
    told = plan.model_dump_json(by_alias=True, exclude_none=True, exclude=silent)
    injected = {
        "metadata": {"labels": owned_labels(check, ROLE)},
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": trainer,
                    "env": [
                        {"name": PLAN_ENV, "value": unexpanded(told)},
                        {"name": CLAIMS_ROOT_ENV, "value": CLAIMS_ROOT},
                    ],
                    "terminationMessagePath": TERMINATION_LOG,
                    "terminationMessagePolicy": "File",
                }
            ],
        },
    }
    pod = merged(merged({"spec": {"automountServiceAccountToken": False}}, template), injected)
    return {**pod, "spec": with_comparison(pod["spec"], check, plan.model, inputs, plan.digest)}


def deadline(own: int | None, inputs: Inputs, *, hours_high: float) -> int:
    """Seconds: the approved `hours_high` and what a start takes, or the template's own, where that is shorter."""
    startup = max(STARTUP_SECONDS, STARTUP_SECONDS // 2 + math.ceil(2 * inputs.seconds))
    approved = math.ceil(hours_high * 3600) + startup
    return approved if own is None else min(approved, own)


def accepted(template: JobTemplate, check: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
    """The template's content. Raises InvalidTemplateError, with where a person finds it, for what `check` refuses."""
    try:
        check(template.content)
    except InvalidTemplateError as error:
        raise InvalidTemplateError(f"{template.path}.{error}") from None
    return template.content

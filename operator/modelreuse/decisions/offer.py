"""The offer: exactly what would run and cost, bound by a digest that a human can approve.

Spec, policies, profile and the rendered Job are taken afresh at every look, so a change of any of them is another
offer and voids an approval; prediction, scores and content hashes are frozen with the assessment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modelreuse.api import (
    Action,
    Failure,
    ModelAssessment,
    ModelReuseCheck,
    ModelReuseCheckStatus,
    PilotStatus,
    PredictedCost,
    Recommendation,
    RetrainingRecordSpec,
    Spending,
    Target,
    decimal,
)
from modelreuse.api.record import MAX_PREIMAGE
from modelreuse.decisions.assessments import assessment_of
from modelreuse.decisions.budgets import beyond, bound, budgets
from modelreuse.decisions.digest import Preimage, preimage
from modelreuse.decisions.hardware import OTHER_HARDWARE, other_hardware
from modelreuse.decisions.images import not_allowed, not_pinned
from modelreuse.decisions.keeping import scores_of
from modelreuse.decisions.observed import Observed
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.recommendation import needs_approval
from modelreuse.decisions.templates import usable_template
from modelreuse.manifests import (
    DIGEST_PLACEHOLDER,
    Inputs,
    InvalidTemplateError,
    JobTemplate,
    Rendered,
    config_maps_in,
    render_retraining,
    training_plan,
)


@dataclass(frozen=True)
class Work:
    """What would run, once it is approved."""

    cost: PredictedCost
    """Of what is approved."""
    whole: PredictedCost
    """Of the retraining, also where only a pilot of it is approved."""
    pilot_steps: int | None
    """Where it is a pilot: of how many steps."""
    layers: tuple[str, ...]
    target: Decimal
    template: JobTemplate
    """What the Job is made of."""
    inputs: Inputs
    """What it reads."""


@dataclass(frozen=True)
class Offer:
    """What a human can approve now."""

    work: Work
    preimage: Preimage
    needed: Spending | None
    """The most that it can be charged with; None where no policy has a budget."""

    @property
    def digest(self) -> str:
        """What the annotation `modelreuse.io/approve` must carry."""
        return self.preimage.digest


def offer(
    observed: Observed, status: ModelReuseCheckStatus, recommendation: Recommendation, rules: Rules
) -> Offer | Failure:
    """The offer that follows from recommendation or pilot, or why there is nothing to approve."""
    check = observed.check
    pilot = status.pilot if status.pilot is not None and not status.pilot.ended else None
    if pilot is None and not needs_approval(recommendation):
        return Failure(reason="NothingToApprove", message=f"{recommendation.action} needs no approval")
    retraining = check.spec.retraining
    if retraining is None:
        return Failure(
            reason="Advisory",
            message="without spec.retraining the check is advisory: it tells what adapting would cost, no more",
        )
    subject = pilot or recommendation
    if subject.action not in retraining.actions:
        return Failure(
            reason="ActionNotSupported",
            message=f"spec.retraining.actions doesn't list {subject.action}",
        )
    if observed.gate is not None:
        return observed.gate
    template = usable_template(observed, status)
    if isinstance(template, Failure):
        return template
    if isinstance(observed.config_maps, Failure):
        return observed.config_maps
    assessment = assessment_of(status, subject.model)
    elsewhere = other_hardware(observed, assessment, rules)
    if elsewhere is not None:
        return Failure(reason=OTHER_HARDWARE, message=elsewhere)
    target = target_of(check, assessment)
    if target is None:
        return Failure(
            reason="TargetUnknown",
            message="spec.objective.target is relative to the quality on the reference, which needs spec.data.labels; "
            "give labels or an absolute target",
        )
    if not 0 <= target <= 1:
        return Failure(reason="TargetUnknown", message=f"the target {target} is no accuracy: it must lie in 0..1")
    cost = cost_of(status, subject)
    assert cost is not None
    layers = tuple(recommendation.layers if pilot is None else trained_by(pilot, assessment))
    if subject.action == Action.FINE_TUNE and not layers:
        # To a trainer no layers means all of them.
        return Failure(reason="NoLayers", message="FineTune without layers would train all of them")
    work = Work(
        cost=pilot.cost if pilot else cost,
        whole=cost,
        pilot_steps=pilot.steps if pilot else None,
        layers=layers,
        target=target,
        template=template,
        inputs=_inputs_of(assessment, observed),
    )
    try:
        job = rendered(check, work, DIGEST_PLACEHOLDER)
        parts = _parts(observed, status, recommendation, rules, job)
        image = preimage(parts | {"configMaps": _contents_of(observed, template)} | _pilot_part(pilot, layers))
    except (InvalidTemplateError, ValueError) as error:
        return Failure(reason="InvalidTemplate", message=str(error))
    if len(image.canonical) > MAX_PREIMAGE:
        return Failure(
            reason="SpecTooLarge",
            message=f"what would be approved takes {len(image.canonical)} bytes; the record holds {MAX_PREIMAGE}",
        )
    unsafe = not_allowed(status.assessments, rules) or not_pinned(template, rules)
    if unsafe is not None:
        return unsafe
    if not budgets(rules):
        return Offer(work, image, None)
    needed = bound(job, template, rules)
    if isinstance(needed, Failure):
        return needed
    return beyond(needed, rules) or Offer(work, image, needed)


def target_of(check: ModelReuseCheck, assessment: ModelAssessment) -> Decimal | None:
    """The absolute quality to reach; None where it is relative and the reference has no labels."""
    return absolute_target(check.spec.objective.target, scores_of(assessment).get("initial_accuracy_reference"))


def absolute_target(target: Target | None, reference: Decimal | None) -> Decimal | None:
    """What a target means, given the quality on the reference; None where it is relative and that is not known."""
    wanted = target or Target(relative=Decimal(1))
    if wanted.relative is None:
        return wanted.absolute
    return None if reference is None else decimal(wanted.relative * reference)


def cost_of(status: ModelReuseCheckStatus, subject: Recommendation | PilotStatus) -> PredictedCost | None:
    """The predicted cost of what is recommended, or of all of what a pilot begins."""
    costs = status.prediction.costs if status.prediction else []
    return next((cost for cost in costs if cost.action == subject.action and cost.model == subject.model), None)


def trained_by(pilot: PilotStatus, assessment: ModelAssessment) -> list[str]:
    """The layers that a pilot trains; none means all."""
    return assessment.layers if pilot.action == Action.FINE_TUNE else []


def rendered(check: ModelReuseCheck, work: Work, digest: str) -> Rendered:
    """What an approval by `digest` launches. Raises InvalidTemplateError."""
    plan = training_plan(
        check,
        work.whole,
        layers=work.layers,
        target=float(work.target),
        digest=digest,
        pilot_steps=work.pilot_steps,
    )
    return render_retraining(check, work.template, plan, work.inputs, hours_high=float(work.cost.hours.high))


def record_spec(
    check: ModelReuseCheck, status: ModelReuseCheckStatus, current: Offer, approval: Mapping[str, Any]
) -> RetrainingRecordSpec:
    """What the record says before the Job exists. `approval`: approver, their groups, requester, editor, and when."""
    work = current.work
    assessment = assessment_of(status, work.cost.model)
    retraining = check.spec.retraining
    assert retraining is not None
    return RetrainingRecordSpec.model_validate(
        {
            "source": "Operator",
            "check": {"name": check.metadata.name, "uid": check.metadata.uid},
            "action": work.cost.action,
            "model": work.cost.model,
            "recipe": retraining.recipe,
            "max_steps": retraining.max_steps,
            "pilot": None if work.pilot_steps is None else {"steps": work.pilot_steps},
            "target": work.target,
            "scores": assessment.scores,
            "samples": assessment.samples,
            "trainable_share": assessment.trainable_share,
            "hashes": assessment.hashes,
            "predicted": work.cost,
            "approval": {
                **approval,
                "digest": current.digest,
                "components": current.preimage.components,
                "preimage": current.preimage.canonical,
            },
        }
    )


def _inputs_of(assessment: ModelAssessment, observed: Observed) -> Inputs:
    assert assessment.hashes is not None
    assert assessment.measured is not None
    reading = assessment.measured.startup_seconds or Decimal(0)
    return Inputs(assessment.hashes, observed.settings.worker_image, float(reading))


def _contents_of(observed: Observed, template: JobTemplate) -> dict[str, str]:
    """What the ConfigMaps hold that the Job would read; empty for one that isn't there: making it is a change."""
    names = config_maps_in(template.whole)
    known = observed.config_maps if not isinstance(observed.config_maps, Failure) else {}
    return {name: known.get(name, "") for name in names}


def _parts(
    observed: Observed,
    status: ModelReuseCheckStatus,
    recommendation: Recommendation,
    rules: Rules,
    job: Rendered,
) -> dict[str, Any]:
    return {
        "check": observed.check.metadata.uid,
        "nonce": status.nonce,
        "spec": {key: value for key, value in observed.spec.items() if key != "suspend"},
        "policies": {policy.metadata.name: policy.spec.to_wire() for policy in rules.policies},
        "profile": rules.profile.spec.to_wire(),
        "prediction": status.prediction.to_wire() if status.prediction else {},
        "recommendation": {
            "action": recommendation.action,
            "model": recommendation.model,
            "layers": recommendation.layers,
        },
        "contents": {one.model: one.hashes.to_wire() for one in status.assessments if one.hashes},
        "images": {one.model: one.image for one in status.assessments},
        "job": _nameless(job.launched),
        **({"prepared": _nameless(job.prepared)} if job.prepared else {}),
        "gate": observed.gate_state,
    }


def _pilot_part(pilot: PilotStatus | None, layers: tuple[str, ...]) -> dict[str, Any]:
    """What is approved instead of what is recommended."""
    if pilot is None:
        return {}
    what = {"action": pilot.action, "model": pilot.model, "layers": list(layers), "steps": pilot.steps}
    return {"pilot": {**what, "cost": pilot.cost.to_wire()}}


def _nameless(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Its name is made of the digest."""
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key != "name"}}

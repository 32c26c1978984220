"""What the policy makes of scores and predicted costs. Thresholds recommend or block; none of them ever approves."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from modelreuse.api import (
    Action,
    Basis,
    Limits,
    ModelAssessment,
    ModelReuseCheckSpec,
    PredictedCost,
    Prediction,
    Recommendation,
    ReuseThresholds,
    Uncertainty,
    format_decimal,
)
from modelreuse.decisions.policies import Rules

LEAST_CHANCE = Decimal("0.5")
"""An action is recommended only if records say that it reaches the target at least as often as not."""
NEEDS_APPROVAL = frozenset({Action.FINE_TUNE, Action.RETRAIN, Action.TRAIN_FROM_SCRATCH})


def needs_approval(recommendation: Recommendation) -> bool:
    """Whether a human must confirm: whatever spends energy beyond the assessment itself."""
    return recommendation.action in NEEDS_APPROVAL


def recommend(
    spec: ModelReuseCheckSpec, assessments: Iterable[ModelAssessment], prediction: Prediction, rules: Rules
) -> Recommendation:
    """The recommendation for a check all of whose candidates are assessed; the first candidate is the one in use."""
    assessed = [assessment for assessment in assessments if assessment.hashes is not None]
    if not assessed:
        return _of(Action.INCONCLUSIVE, spec.models[0].name, "NothingAssessed", "no candidate could be assessed")
    for assessment in assessed:
        if fits(scores_of(assessment), rules.reuse):
            return _kept(assessment, spec.models[0].name, assessed)
    current = next((one for one in assessed if one.model == spec.models[0].name), assessed[0])
    shortfall = misfit(scores_of(current), rules.reuse)
    unknown = unscored(scores_of(current), rules.reuse)
    if shortfall is None and unknown is not None:
        return _of(Action.INCONCLUSIVE, current.model, "ScoreMissing", unknown)
    if shortfall is None:
        known = (
            "the policy judges by quality alone, which takes labels"
            if rules.reuse.max_resque_dist is None
            else "the representations have hardly moved, but that alone doesn't show that the answers are right"
        )
        settled = "spec.data.labels on 50 to 200 samples of both data sets would settle it"
        return _of(Action.INCONCLUSIVE, current.model, "LabelsNeeded", f"{known}; {settled}")
    return _cheapest(assessed, prediction, rules, shortfall)


def scores_of(assessment: ModelAssessment) -> Mapping[str, Decimal]:
    """Score rows by name."""
    return {score.name: score.value for score in assessment.scores}


def fits(scores: Mapping[str, Decimal], reuse: ReuseThresholds) -> bool:
    """Whether the model can be kept: every threshold holds, and labels say so. Representations alone never do."""
    return quality_loss(scores) is not None and misfit(scores, reuse) is None and unscored(scores, reuse) is None


def quality_loss(scores: Mapping[str, Decimal]) -> Decimal | None:
    """Quality on the reference less quality on the new data; None without labels on both."""
    reference, new = scores.get("initial_accuracy_reference"), scores.get("initial_accuracy_new")
    return None if reference is None or new is None else reference - new


def misfit(scores: Mapping[str, Decimal], reuse: ReuseThresholds) -> str | None:
    """The first threshold that is exceeded, as a phrase; None when none is."""
    loss = quality_loss(scores)
    if reuse.max_quality_loss is not None and loss is not None and loss > reuse.max_quality_loss:
        return f"quality fell by {format_decimal(loss)}, more than {format_decimal(reuse.max_quality_loss)}"
    distance = resque_distance(scores)
    if reuse.max_resque_dist is not None and distance is not None and distance > reuse.max_resque_dist:
        return f"the RESQUE distance {format_decimal(distance)} exceeds {format_decimal(reuse.max_resque_dist)}"
    return None


def unscored(scores: Mapping[str, Decimal], reuse: ReuseThresholds) -> str | None:
    """The score that the policy judges by and that is missing, as a phrase. Labels, which may be missing, are apart."""
    if reuse.max_resque_dist is None or resque_distance(scores) is not None:
        return None
    return "the policy judges by the RESQUE distance (resque_dist), which could not be computed"


def resque_distance(scores: Mapping[str, Decimal]) -> Decimal | None:
    """How far the representations have moved: by true labels, else by predicted ones."""
    return scores.get("resque_dist_labelled", scores.get("resque_dist"))


def over_limit(cost: PredictedCost, limits: Limits) -> str | None:
    """The first limit that the upper end of a predicted cost exceeds, as a phrase; None when all hold.

    A figure that can't be predicted exceeds any limit that is set for it.
    """
    grams = [part.high for part in (cost.carbon_grams_location, cost.carbon_grams_market) if part is not None]
    figures: tuple[tuple[str, Decimal | int | None, Decimal | None], ...] = (
        ("steps", limits.steps, cost.steps.high),
        ("hours", limits.hours, cost.hours.high),
        ("kWh", limits.energy_kwh, cost.energy_kwh.high),
        ("kgCO2e", limits.carbon_kg, max(grams) / 1000 if grams else None),
        (cost.currency or "money", limits.money, cost.money.high if cost.money else None),
    )
    for unit, limit, high in figures:
        if limit is not None and high is None:
            return f"{unit} can't be predicted, but the policy limits it to {limit}"
        if limit is not None and high is not None and high > limit:
            return f"up to {format_decimal(Decimal(high))} {unit}, over the limit of {limit}"
    return None


def too_uncertain(cost: PredictedCost, uncertainty: Uncertainty) -> str | None:
    """Why a prediction is too vague for the policy, as a phrase; None when it will do."""
    if cost.steps.basis == Basis.ASSUMED and not uncertainty.allow_assumed:
        return "its steps are assumed (status.prediction.method says why), which the policy doesn't accept"
    ratio = cost.steps.high / max(cost.steps.low, Decimal(1))
    if uncertainty.max_high_over_low is not None and ratio > uncertainty.max_high_over_low:
        return f"the upper end of the steps is {ratio:.1f} times the lower, more than {uncertainty.max_high_over_low}"
    return None


def too_unlikely(cost: PredictedCost) -> str | None:
    """Why the action will hardly do, as a phrase; None when it may. Without records nobody knows, and it may."""
    if cost.reaches_target is None or cost.reaches_target >= LEAST_CHANCE:
        return None
    return f"reaches the target with a probability of {cost.reaches_target:.2g}, less than {LEAST_CHANCE}"


def expected_energy(cost: PredictedCost) -> Decimal:
    """By what actions are ranked, kWh: the point where the target is reached, the upper end where it is not.

    Without a point or a probability the upper end: of two actions the one that is known is preferred.
    """
    point, chance = cost.energy_kwh.estimate, cost.reaches_target
    if point is None or chance is None:
        return cost.energy_kwh.high
    return chance * point + (1 - chance) * cost.energy_kwh.high


def _kept(assessment: ModelAssessment, current: str, assessed: Iterable[ModelAssessment]) -> Recommendation:
    if assessment.model == current:
        return _of(
            Action.REUSE, current, "WithinThresholds", "the model in use is within every threshold of the policy"
        )
    known = any(one.model == current for one in assessed)
    fault = "is beyond the policy's thresholds" if known else "could not be assessed"
    message = f"{current} {fault}; {assessment.model} is within the policy's thresholds without any training"
    return _of(Action.SWITCH, assessment.model, "CandidateWithinThresholds", message)


def _cheapest(assessed: list[ModelAssessment], prediction: Prediction, rules: Rules, shortfall: str) -> Recommendation:
    model = assessed[0].model
    layers = {one.model: one.layers for one in assessed}
    ranked = sorted(prediction.costs, key=lambda cost: (expected_energy(cost), cost.energy_kwh.low))
    if not ranked:
        return _of(Action.INCONCLUSIVE, model, "NothingPredicted", f"{shortfall}; no pass was measured to predict from")
    headless: list[str] = []
    doubts: list[str] = []
    blocks: list[str] = []
    for cost in ranked:
        what = f"{cost.action} {cost.model}"
        if cost.action == Action.FINE_TUNE and not layers.get(cost.model):
            headless.append(f"{what}: the assessment found no layer that could be trained alone")
        elif blocked := over_limit(cost, rules.limits):
            blocks.append(f"{what}: {blocked}")
        elif doubted := too_uncertain(cost, rules.uncertainty) or too_unlikely(cost):
            doubts.append(f"{what}: {doubted}")
        else:
            passed = "; ".join([*headless, *doubts])
            message = f"{shortfall}; {cost.action} is the cheapest action within the policy's limits"
            return Recommendation(
                action=Action(cost.action),
                model=cost.model,
                layers=layers[cost.model] if cost.action == Action.FINE_TUNE else [],
                reason="BeyondThresholds",
                message=f"{message} ({passed})" if passed else message,
            )
    objections = "; ".join([*headless, *doubts, *blocks])
    if blocks and not doubts:
        return _of(Action.BLOCKED, model, "OverLimits", f"{shortfall}; {objections}")
    return _of(Action.INCONCLUSIVE, model, "TooUncertain" if doubts else "NoLayers", f"{shortfall}; {objections}")


def _of(action: Action, model: str, reason: str, message: str) -> Recommendation:
    return Recommendation(action=action, model=model, reason=reason, message=message)

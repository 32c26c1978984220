"""What speaks against an action: the policy's limits, doubts about the prediction, and what the model doesn't allow."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from modelreuse.api import (
    Action,
    Basis,
    Limits,
    ModelAssessment,
    PredictedCost,
    Prediction,
    Uncertainty,
    format_decimal,
)
from modelreuse.decisions.policies import Rules


class Hurdle(StrEnum):
    """What an action fails at."""

    LAYERS = "NoLayers"
    DOUBT = "TooUncertain"
    LIMIT = "OverLimits"


@dataclass(frozen=True)
class Objection:
    """Why an action is passed over. why: a phrase for people."""

    hurdle: Hurdle
    why: str


def objection(
    cost: PredictedCost, assessment: ModelAssessment, prediction: Prediction, rules: Rules
) -> Objection | None:
    """The first thing that speaks against an action; None where nothing does."""
    if cost.action == Action.FINE_TUNE and (unfit := _cannot_fine_tune(assessment, prediction)):
        return Objection(Hurdle.LAYERS, unfit)
    if over := over_limit(cost, rules.limits):
        return Objection(Hurdle.LIMIT, over)
    if doubt := too_uncertain(cost, rules.uncertainty):
        return Objection(Hurdle.DOUBT, doubt)
    return None


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
        if limit is None:
            continue
        if high is None:
            return f"{unit} can't be predicted, but the policy limits it to {limit}"
        if high > limit:
            return f"up to {format_decimal(Decimal(high))} {unit}, over the limit of {limit}"
    return None


def too_uncertain(cost: PredictedCost, uncertainty: Uncertainty) -> str | None:
    """Why a prediction is too vague for the policy, as a phrase; None when it will do."""
    if cost.steps.basis == Basis.ASSUMED and not uncertainty.allow_assumed:
        return "its steps are assumed (status.prediction.method says why), which the policy doesn't accept"
    ratio = cost.steps.high / max(cost.steps.low, Decimal(1))
    if uncertainty.max_high_over_low is not None and ratio > uncertainty.max_high_over_low:
        return f"the upper end of the steps is {ratio:.1f} times the lower, more than {uncertainty.max_high_over_low}"
    # Without records nobody knows how likely it is.
    if cost.reaches_target is not None and cost.reaches_target < uncertainty.min_reaches_target:
        wanted = f"the policy asks for {uncertainty.min_reaches_target}"
        return f"reaches the target with a probability of {cost.reaches_target:.2g}; {wanted}"
    return None


def _cannot_fine_tune(assessment: ModelAssessment, prediction: Prediction) -> str | None:
    """Why fine-tuning is no action of its own, as a phrase; None where it is."""
    if not assessment.layers:
        return "the assessment found no layer that could be trained alone"
    if assessment.trainable_share == 1 and Action.RETRAIN in {cost.action for cost in prediction.costs}:
        return "the shift begins at the first layer, so all would be trained, as Retrain does"
    return None

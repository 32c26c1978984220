"""From the assessment of one candidate to what each action would cost."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from modelreuse.api import (
    Basis,
    CostProfileSpec,
    ModelAssessment,
    PredictedCost,
    Prediction,
    RetrainingRecord,
    TrainingAction,
    decimal,
)
from modelreuse.costs.calibration import COVERAGE, StepsPrediction, cases_of, predict_steps
from modelreuse.costs.grid import location_intensity
from modelreuse.costs.machine import Machine
from modelreuse.costs.quantities import Interval
from modelreuse.costs.step_cost import step_cost


def predict(
    assessments: Iterable[tuple[ModelAssessment, Machine | None]],
    *,
    actions: Sequence[TrainingAction],
    recipe: str,
    batch_size: int,
    max_steps: int,
    records: Sequence[RetrainingRecord],
    profile: CostProfileSpec | None,
    now: datetime,
) -> Prediction:
    """What every action on every assessed candidate would cost.

    Candidates without a measured pass are left out. Costs come in the order of `assessments`, then of `actions`.
    """
    costs = []
    used = 0
    methods = []
    for assessment, machine in assessments:
        if assessment.measured is None:
            continue
        scores = {score.name: float(score.value) for score in assessment.scores}
        for action in actions:
            steps = predict_steps(cases_of(records, recipe=recipe, action=action), scores, max_steps=max_steps)
            used = max(used, steps.cases)
            methods.append(steps.method)
            costs.append(_cost(assessment, action, steps, batch_size, machine, profile))
    return Prediction(
        made_at=now,
        records=used,
        coverage=decimal(COVERAGE),
        method="; ".join(dict.fromkeys(methods))[:256] or "nothing to predict",
        costs=costs,
    )


def _cost(
    assessment: ModelAssessment,
    action: TrainingAction,
    prediction: StepsPrediction,
    batch_size: int,
    machine: Machine | None,
    profile: CostProfileSpec | None,
) -> PredictedCost:
    measured = assessment.measured
    if measured is None:
        raise ValueError(f"{assessment.model}: has no measured pass")
    per_step = step_cost(measured, action, batch_size=batch_size, machine=machine)
    startup = Interval.exact(float(measured.startup_seconds or 0), Basis.MEASURED)
    seconds = prediction.steps.times(per_step.seconds).plus(startup)
    pue = float(profile.pue) if profile else 1.0
    kilowatt_hours = seconds.times(per_step.watts).scaled(pue / 3.6e6)
    hours = seconds.scaled(1 / 3600)
    location = market = money = None
    # Hardware that the profile doesn't list has unknown emissions and rent; a figure without them would be too low.
    if profile and machine:
        embodied = hours.scaled(machine.embodied_grams_per_hour)
        location = kilowatt_hours.scaled(location_intensity(profile.grid)).plus(embodied)
        if profile.grid.market_grams_per_kwh is not None:
            market = kilowatt_hours.scaled(float(profile.grid.market_grams_per_kwh)).plus(embodied)
        if profile.prices:
            rent = hours.scaled(machine.price_per_hour)
            money = kilowatt_hours.scaled(float(profile.prices.per_kwh)).plus(rent)
    return PredictedCost(
        action=action,
        model=assessment.model,
        steps=prediction.steps.to_api(),
        hours=hours.to_api(),
        energy_kwh=kilowatt_hours.to_api(),
        carbon_grams_location=location.to_api() if location else None,
        carbon_grams_market=market.to_api() if market else None,
        money=money.to_api() if money else None,
        currency=profile.prices.currency if money and profile and profile.prices else None,
        reaches_target=None if prediction.reaches_target is None else decimal(prediction.reaches_target),
    )

"""From the assessments of candidates to what each action would cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from modelreuse.api import (
    Basis,
    CostProfileSpec,
    MeasuredPass,
    ModelAssessment,
    PredictedCost,
    Prediction,
    RetrainingRecord,
    TrainingAction,
    decimal,
    shortened,
)
from modelreuse.costs.cases import cases_of, situation_of
from modelreuse.costs.forecasting import LEVEL, StepsForecast, experience_of
from modelreuse.costs.grid import location_intensity
from modelreuse.costs.machine import Machine
from modelreuse.costs.quantities import DRAWS, Draws, Interval, Quantity
from modelreuse.costs.step_cost import step_cost

MAX_METHOD = 256


@dataclass(frozen=True)
class Candidate:
    """A model that was assessed. target: absolute quality; None where unknown.

    machine: what the pass ran on, or, with a roofline, what a retraining asks for instead; None where unknown.
    """

    assessment: ModelAssessment
    machine: Machine | None
    target: float | None


def predict(
    candidates: Iterable[Candidate],
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

    Candidates without a measured pass are left out. Costs come in the order of `candidates`, then of `actions`.
    """
    experience = experience_of(cases_of(records))
    costs = []
    used = 0
    methods = []
    for candidate in candidates:
        if candidate.assessment.measured is None:
            continue
        for action in actions:
            situation = situation_of(candidate.assessment, action, recipe=recipe, target=candidate.target)
            steps = experience.forecast(situation, max_steps)
            used = max(used, steps.cases)
            methods.append(steps.method if steps.abstained is None else f"{steps.method} ({steps.abstained})")
            cost = _cost(candidate, candidate.assessment.measured, action, steps, batch_size, profile)
            quality = experience.attainable(situation)
            costs.append(cost.model_copy(update={"quality": quality.to_api()}) if quality else cost)
    return Prediction(
        made_at=now,
        records=used,
        coverage=decimal(LEVEL),
        max_steps=max_steps,
        method=shortened("; ".join(dict.fromkeys(methods)), MAX_METHOD) or "nothing to predict",
        costs=costs,
    )


def pilot_cost(
    candidate: Candidate,
    action: TrainingAction,
    *,
    steps: int,
    batch_size: int,
    profile: CostProfileSpec | None,
) -> PredictedCost | None:
    """What exactly so many steps of an action would cost; None for a candidate without a measured pass."""
    measured = candidate.assessment.measured
    if measured is None:
        return None
    counted = Interval.exact(steps, Basis.MEASURED)
    taken = StepsForecast(counted, cases=0, method="declared", draws=np.full(DRAWS, float(steps)))
    return _cost(candidate, measured, action, taken, batch_size, profile)


@dataclass(frozen=True)
class _Figures:
    """What steps make of it; None where the profile or the machine can't tell."""

    hours: Interval
    kilowatt_hours: Interval
    location: Interval | None = None
    market: Interval | None = None
    money: Interval | None = None


def _cost(
    candidate: Candidate,
    measured: MeasuredPass,
    action: TrainingAction,
    steps: StepsForecast,
    batch_size: int,
    profile: CostProfileSpec | None,
) -> PredictedCost:
    machine = candidate.machine
    per_step = step_cost(measured, action, batch_size=batch_size, machine=machine)
    startup = Interval.exact(float(measured.startup_seconds or 0), Basis.MEASURED)
    embodied = machine.embodied_grams_per_hour if machine else None
    if steps.draws is None:
        figures = _figures(steps.steps, per_step.seconds, startup, per_step.watts, embodied, machine, profile)
    else:
        random = np.random.default_rng(0)
        drawn = Draws(steps.draws, steps.steps.basis, steps.steps.estimate)
        seconds, begin, watts = (part.drawn(random) for part in (per_step.seconds, startup, per_step.watts))
        making = embodied.drawn(random) if embodied else None
        figures = _figures(drawn, seconds, begin, watts, making, machine, profile)
    money = figures.money
    return PredictedCost(
        action=action,
        model=candidate.assessment.model,
        steps=steps.steps.to_api(),
        hours=figures.hours.to_api(),
        energy_kwh=figures.kilowatt_hours.to_api(),
        carbon_grams_location=figures.location.to_api() if figures.location else None,
        carbon_grams_market=figures.market.to_api() if figures.market else None,
        money=money.to_api() if money else None,
        currency=profile.prices.currency if money and profile and profile.prices else None,
        reaches_target=None if steps.reaches_target is None else decimal(steps.reaches_target),
    )


def _figures(
    steps: Quantity,
    step_seconds: Quantity,
    startup: Quantity,
    watts: Quantity,
    embodied_per_hour: Quantity | None,
    machine: Machine | None,
    profile: CostProfileSpec | None,
) -> _Figures:
    """All figures of one action: from draws jointly, else by the worst case."""
    seconds = steps.times(step_seconds).plus(startup)
    pue = float(profile.pue) if profile else 1.0
    kilowatt_hours = seconds.times(watts).scaled(pue / 3.6e6)
    hours = seconds.scaled(1 / 3600)
    known = _Figures(hours.central(LEVEL), kilowatt_hours.central(LEVEL))
    # Hardware that the profile doesn't list has unknown emissions and rent; a figure without them would be too low.
    if profile is None or machine is None or embodied_per_hour is None:
        return known
    embodied = hours.times(embodied_per_hour)
    grid, prices = profile.grid, profile.prices
    by_market, rent = grid.market_grams_per_kwh, hours.scaled(machine.price_per_hour)
    return _Figures(
        hours=known.hours,
        kilowatt_hours=known.kilowatt_hours,
        location=kilowatt_hours.scaled(location_intensity(grid)).plus(embodied).central(LEVEL),
        market=None if by_market is None else kilowatt_hours.scaled(float(by_market)).plus(embodied).central(LEVEL),
        money=None if prices is None else kilowatt_hours.scaled(float(prices.per_kwh)).plus(rent).central(LEVEL),
    )

"""Steps to the target, from past retrainings: log-linear in one score.

    log(steps) = a + b * score + error

fitted by least squares on the uncensored records of the same recipe and action. The interval is the 80 % quantile of
the absolute leave-one-out residuals around the fit (jackknife; Barber et al. 2021, arXiv 1905.02928, whose guarantee
is 60 % at this level: coverage is aimed at, not promised). Below MIN_CASES records nothing is fitted: the declared
budget is the only honest range.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelreuse.api import Basis, RetrainingRecord, TrainingAction
from modelreuse.costs.quantities import Interval

MIN_CASES = 10
COVERAGE = 0.8
FEATURES = ("initial_cross_entropy", "initial_error", "resque_dist_labelled", "resque_dist")
"""In order of preference: the first that the check and at least MIN_CASES records have is used."""


@dataclass(frozen=True)
class Case:
    """One finished retraining. `reached` False: the steps are a lower bound (right-censored)."""

    scores: Mapping[str, float]
    steps: int
    reached: bool


@dataclass(frozen=True)
class StepsPrediction:
    """How many steps, from how many cases, by what method."""

    steps: Interval
    cases: int
    method: str
    reaches_target: float | None
    """Share of comparable cases that reached their target (Laplace's rule of succession); None without cases."""


def cases_of(records: Iterable[RetrainingRecord], *, recipe: str, action: TrainingAction) -> list[Case]:
    """The records that can be compared: same recipe, same action, ended with a number of steps."""
    return [
        Case(
            scores={score.name: float(score.value) for score in record.spec.scores},
            steps=record.outcome.steps,
            reached=bool(record.outcome.target_reached),
        )
        for record in records
        if record.spec.recipe == recipe
        and record.spec.action == action
        and record.outcome is not None
        and record.outcome.result == "Succeeded"
        and record.outcome.steps is not None
    ]


def predict_steps(cases: Sequence[Case], scores: Mapping[str, float], *, max_steps: int) -> StepsPrediction:
    """Steps to the target for a model with these `scores`, within the declared budget `max_steps`."""
    reaches = (sum(case.reached for case in cases) + 1) / (len(cases) + 2) if cases else None
    for feature in FEATURES:
        usable = [case for case in cases if case.reached and case.steps >= 1 and feature in case.scores]
        if feature in scores and len(usable) >= MIN_CASES:
            x = np.array([case.scores[feature] for case in usable], dtype=np.float64)
            y = np.log([case.steps for case in usable])
            if np.ptp(x) == 0:
                continue
            steps = _interval(x, y, scores[feature], max_steps)
            return StepsPrediction(steps, len(usable), f"log-linear in {feature}", reaches)
    method = f"declared budget: fewer than {MIN_CASES} comparable records"
    return StepsPrediction(Interval(1, max_steps, Basis.ASSUMED), 0, method, reaches)


def _interval(x: NDArray[np.float64], y: NDArray[np.float64], at: float, max_steps: int) -> Interval:
    design = np.column_stack([np.ones_like(x), x])
    weights, *_ = np.linalg.lstsq(design, y, rcond=None)
    hat = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
    left_out = np.abs(y - design @ weights) / np.maximum(1 - hat, 1e-9)
    n = len(x)
    half_width = float(np.sort(left_out)[min(math.ceil(COVERAGE * (n + 1)), n) - 1])
    # Beyond the records the line is a guess: the interval widens with the distance, in ranges of the records.
    outside = max(float(x.min()) - at, at - float(x.max()), 0.0) / float(np.ptp(x))
    half_width *= 1 + outside
    middle = float(weights[0] + weights[1] * at)
    low, estimate, high = (
        min(max(math.exp(min(middle + sign * half_width, 50.0)), 1.0), float(max_steps)) for sign in (-1, 0, 1)
    )
    return Interval(round(low), round(high), Basis.ESTIMATED, round(estimate))

"""Retrainings whose law is known: what a fit must find, and how often an interval must hold."""

import math

import numpy as np

from modelreuse.costs import Case, Situation
from modelreuse.costs.student import quantile

ACTIONS = ("FineTune", "Retrain")
CAP = 600
SPACING = 5


def situation(
    error: float = 0.4, action: str = "Retrain", mechanism: str | None = None, recipe: str = "adam", **changes: object
) -> Situation:
    """With labels, unless `scores` are given."""
    scores = {
        "initial_error": error,
        "initial_cross_entropy": 3 * error,
        "lda_error": error / 2,
        "resque_dist": 0.2,
        "estimated_accuracy": 1 - error,
        "confidence": 1 - error / 2,
    }
    known = {"scores": scores, "target": 0.9, "samples": 500, "trainable_share": 1.0, "mechanism": mechanism}
    return Situation(action=action, recipe=recipe, **(known | changes))  # type: ignore[arg-type]


def reached(steps: float, at: Situation, *, cap: int = CAP, spacing: int = SPACING, shift: str = "s") -> Case:
    """What a run looks like that would meet its target at `steps`: seen every `spacing` steps, not beyond the cap."""
    if steps > cap:
        return Case(at, cap, None, cap, shift)
    high = max(math.ceil(steps / spacing), 1) * spacing
    return Case(at, high - spacing, high, cap, shift)


def world(
    seed: int,
    *,
    shifts: int = 12,
    per_shift: int = 20,
    slope: float = 3.0,
    shift_spread: float = 0.4,
    noise: float = 0.3,
    cap: int = CAP,
) -> list[Case]:
    """log steps = 3 + slope * error + the shift's own + noise; fine-tuning takes 1.5 times as many.

    One in ten never reaches its target; noise is Student's t.
    """
    random = np.random.default_rng(seed)
    cases = []
    for number in range(shifts):
        own = shift_spread * random.standard_normal()
        for _ in range(per_shift):
            error, action = float(random.uniform(0.1, 0.9)), ACTIONS[int(random.integers(2))]
            centre = 3 + slope * error + own + (math.log(1.5) if action == "FineTune" else 0)
            steps = math.exp(centre + noise * float(quantile(random.random())))
            at = situation(error, action, f"shift-{number}")
            hopeless = random.random() < 0.1
            cases.append(reached(math.inf if hopeless else steps, at, cap=cap, shift=f"shift-{number}"))
    return cases

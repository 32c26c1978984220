"""The study's development side as it might have come out: its real design, invented outcomes of a known law."""

import math
from dataclasses import replace

import numpy as np

from study.grid import Arm, settings
from study.protocol import CAP, SPACING
from study.recipes import RECIPES
from study.records import Record
from study.shifts import SHIFTS
from study.split import frozen
from study.variants import VARIANTS
from unit.study.rows import ROW, row_of

SPEED = {"adam": 0.0, "adam-slow": 0.8, "sgd": 0.4, "adamw-cosine": -0.3}


def development(seed: int = 0, share: float = 1.0) -> list[Record]:
    """Records of the settings that the split leaves to development, or of a first part of them."""
    random = np.random.default_rng(seed)
    own = {shift: 0.3 * float(random.standard_normal()) for shift in SHIFTS}
    chosen = [setting for setting in settings() if not frozen().holds_out(setting)]
    records = []
    for setting in chosen[: round(share * len(chosen))]:
        variant = VARIANTS[setting.variant]
        error = float(np.clip(0.08 + 0.15 * setting.severity + 0.12 * random.standard_normal(), 0.01, 0.95))
        lda = float(np.clip(0.05 + 0.3 * error + 0.03 * random.standard_normal(), 0.01, 0.9))
        target = 0.95 * setting.target
        scores = {
            "initial_error": float(np.clip(error + 0.03 * random.standard_normal(), 0, 1)),
            "initial_cross_entropy": 3 * error,
            "lda_error": lda,
            "resque_dist": 0.5 * error,
            "arm": error,
            "estimated_accuracy": float(np.clip(1 - error + 0.1 * random.standard_normal(), 0, 1)),
            "confidence": float(np.clip(1 - error / 2, 0, 1)),
        }
        for arm in Arm:
            slower = {Arm.FINE_TUNE: 0.4, Arm.RETRAIN: 0.0, Arm.FROM_SCRATCH: 1.0}[arm]
            centre = 2.5 + SPEED[variant.recipe.name] + slower + own[setting.shift] + 1.2 * math.log(3 * error)
            steps = math.exp(centre + 0.25 * float(random.standard_normal()) + 2 * (target - 0.8))
            attainable = 1 - 0.8 * lda - (0.05 if arm is Arm.FROM_SCRATCH else 0) + 0.02 * random.standard_normal()
            records.append(Record(_row(setting, arm, error, steps, attainable, target), scores, scores))
    return records


def _row(setting, arm, error, steps, attainable, target):  # type: ignore[no-untyped-def]
    met = arm is not Arm.FROM_SCRATCH and 1 - error >= target
    high = 0 if met else max(math.ceil(steps / SPACING), 1) * SPACING
    missed = not met and (high > CAP or attainable < target)
    low = CAP if missed else max(high - SPACING, 0)
    variant = VARIANTS[setting.variant]
    return replace(
        row_of(setting, arm),
        recipe=RECIPES[variant.recipe.name].hash,
        correct=(),
        samples=500,
        target=target,
        trained_parameters=200 if arm is Arm.FINE_TUNE else ROW.parameters,
        initial_quality=1 - error,
        loss_0=3 * error,
        steps_low=low,
        steps_high=None if missed else high,
        attainable_quality=float(np.clip(attainable, 0, 1)),
        quality_10=1 - error * math.exp(-10 / max(steps, 1)),
        quality_25=1 - error * math.exp(-25 / max(steps, 1)),
        step_cpu_seconds=0.001 * (0.5 if arm is Arm.FINE_TUNE else 1.0),
    )

"""From situations to the columns of a regression, in blocks that share one prior variance each.

Slopes are on standardised features, so one weakly informative prior fits all of them. Groups (recipe, model ...) have
an intercept per level: many records of a level move it away from 0, few do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelreuse.costs.cases import Situation
from modelreuse.costs.features import FEATURES
from modelreuse.costs.student import Array

Level = tuple[str, ...]
Factor = tuple[str, ...]
"""Fields of a Situation whose values, together, are a level."""

HIERARCHY: tuple[Factor, ...] = (
    ("action",),
    ("recipe",),
    ("model",),
    ("data_set",),
    ("mechanism",),
    ("recipe", "action"),
    ("model", "action"),
    ("data_set", "action"),
    ("mechanism", "action"),
    ("origin",),
)
PLAIN: tuple[Factor, ...] = (("recipe", "action"), ("origin",))
"""What a free baseline knows: the mean of comparable records, and whose they are."""

INTERCEPT_VARIANCE = 25.0
SLOPE_VARIANCE = 1.0
BY_ACTION_VARIANCE = 0.25
GROUP_VARIANCE = 0.25
GROUP_VARIANCE_OF_STEPS = 0.05
"""Where a prior starts; `glm.learn` learns the last three from the records, as far as they can tell.

How much groups differ in log steps was chosen on the study's development side; elsewhere it is in log odds.
"""
MOST_STANDARDS = 5.0
"""Features are cut at so many standard deviations: no outlier decides a prediction."""


def level_of(situation: Situation, factor: Factor) -> Level | None:
    """The level; None where a part of it is not known."""
    parts = [getattr(situation, name) for name in factor]
    return None if None in parts else tuple(parts)


@dataclass(frozen=True)
class Design:
    """Columns: intercept; slopes; slopes by action; then every factor's levels.

    features: names. middle, width: (f,) mean and standard deviation over the cases. actions: levels of slopes.
    """

    features: tuple[str, ...]
    middle: Array
    width: Array
    actions: tuple[str, ...]
    factors: tuple[Factor, ...]
    levels: tuple[tuple[Level, ...], ...]

    @classmethod
    def of(cls, situations: Sequence[Situation], features: Sequence[str], factors: Sequence[Factor]) -> "Design":
        """The design of these situations, without features that do not vary and factors that have one level."""
        actions = sorted({situation.action for situation in situations})
        raw = _raw(situations, features)
        known = ~np.isnan(raw)
        counts = np.maximum(known.sum(axis=0), 1)
        middle = np.where(known, raw, 0).sum(axis=0) / counts
        width = np.sqrt((np.where(known, raw - middle, 0) ** 2).sum(axis=0) / counts)
        spread = width > 1e-9 * (1 + np.abs(middle))
        kept = [(factor, _levels(situations, factor)) for factor in factors]
        kept = [(factor, levels) for factor, levels in kept if len(levels) > 1]
        return cls(
            features=tuple(name for name, there in zip(features, spread, strict=True) if there),
            middle=middle[spread],
            width=width[spread],
            actions=tuple(actions) if len(actions) > 1 else (),
            factors=tuple(factor for factor, _ in kept),
            levels=tuple(levels for _, levels in kept),
        )

    @property
    def blocks(self) -> tuple[int, ...]:
        """Columns of each block."""
        f = len(self.features)
        return (1, f, f * len(self.actions), *(len(levels) for levels in self.levels))

    def variances(self, of_groups: float = GROUP_VARIANCE) -> Array:
        """Prior variance of each block to start with."""
        return np.array([INTERCEPT_VARIANCE, SLOPE_VARIANCE, BY_ACTION_VARIANCE, *[of_groups] * len(self.factors)])

    def standardised(self, situations: Sequence[Situation]) -> Array:
        """(n, f); 0, the mean, where a feature is not known."""
        scaled = (_raw(situations, self.features) - self.middle) / self.width
        return np.clip(np.nan_to_num(scaled, nan=0.0), -MOST_STANDARDS, MOST_STANDARDS)

    def matrix(self, situations: Sequence[Situation]) -> Array:
        """(n, p), the columns of all blocks."""
        slopes = self.standardised(situations)
        parts = [np.ones((len(situations), 1)), slopes]
        parts += [slopes * [[situation.action == action] for situation in situations] for action in self.actions]
        for factor, levels in zip(self.factors, self.levels, strict=True):
            index = {level: column for column, level in enumerate(levels)}
            part = np.zeros((len(situations), len(levels)))
            for row, situation in enumerate(situations):
                level = level_of(situation, factor)
                if level in index:
                    part[row, index[level]] = 1
            parts.append(part)
        return np.concatenate(parts, axis=1)

    def unseen(self, situations: Sequence[Situation]) -> Array:
        """(n, number of factors) 1 where the level is not among the cases: its intercept may be anything."""
        known = [frozenset(levels) for levels in self.levels]
        return np.array(
            [
                [level_of(situation, factor) not in seen for factor, seen in zip(self.factors, known, strict=True)]
                for situation in situations
            ],
            dtype=np.float64,
        ).reshape(len(situations), len(self.factors))


def _raw(situations: Sequence[Situation], features: Sequence[str]) -> Array:
    rows = [[FEATURES[name](situation) for name in features] for situation in situations]
    return np.array(rows, dtype=np.float64).reshape(len(situations), len(features))


def _levels(situations: Sequence[Situation], factor: Factor) -> tuple[Level, ...]:
    found = {level_of(situation, factor) for situation in situations}
    return tuple(sorted(level for level in found if level is not None))

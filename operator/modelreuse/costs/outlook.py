"""What may come out, as a distribution of steps: already met, met within the cap after so many, or not within the cap.

    P(steps <= t) = met + (1 - met) * reaches * F((log t - centre) / scale)

for t below the cap, F being Student's t; at the cap F is 1. Where several models are asked, each of the three is a
mixture with weights of its own: who knows whether a target is reached need not be who knows after how many steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelreuse.costs import student
from modelreuse.costs.cases import Case
from modelreuse.costs.student import Array

PARTS = ("met", "reaches", "steps")
MET, REACHES, STEPS = range(3)
POINTS = 241
"""Step numbers, evenly in logarithms from 1/2 to the cap, at which quantiles are looked up."""
LEAST_PROBABILITY = 1e-9
LEAST_STEPS = 0.5
_TOLD = ("met", "reaches", "centre", "scale")


@dataclass(frozen=True)
class Outlook:
    """For n situations by k models. met, reaches, centre, scale: (k, n); log_cap: (n,).

    centre and scale: of log steps, given that the target is reached. weights: (3, k, n), or (3, k, 1), of the models in
    what is said of PARTS.
    """

    met: Array
    reaches: Array
    centre: Array
    scale: Array
    log_cap: Array
    weights: Array

    @classmethod
    def mixed(cls, parts: "Sequence[Outlook]", weights: Array) -> "Outlook":
        """Several models' outlooks on the same situations as one."""
        told = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _TOLD}
        return cls(**told, log_cap=parts[0].log_cap, weights=weights)

    @classmethod
    def one_after_the_other(cls, pieces: "Sequence[Outlook]") -> "Outlook":
        """The same models' outlooks on several lists of situations as one; the weights, (3, k, 1), of the first."""
        told = {name: np.concatenate([getattr(piece, name) for piece in pieces], axis=1) for name in _TOLD}
        log_cap = np.concatenate([piece.log_cap for piece in pieces])
        return cls(**told, log_cap=log_cap, weights=pieces[0].weights)

    def at(self, rows: NDArray[np.generic]) -> "Outlook":
        """On these of the situations, by place or by mask; the weights, (3, k, 1), are those of all."""
        told = {name: getattr(self, name)[:, rows] for name in _TOLD}
        return replace(self, **told, log_cap=self.log_cap[rows])

    @property
    def met_at_start(self) -> Array:
        """(n,) probability that the untouched model meets the target."""
        found: Array = (self.weights[MET] * self.met).sum(axis=0)
        return found

    @property
    def met_in_time(self) -> Array:
        """(n,) probability that the target is met within the cap, from the start or later."""
        return self.met_at_start + (1 - self.met_at_start) * self._in_time

    def burden(self) -> Array:
        """(n,) what cases are ranked by: expected log steps, a target that is never met counting as e caps."""
        later = np.log(np.maximum(self.point(), 1.0))
        in_time, start = self.met_in_time, self.met_at_start
        found: Array = (in_time - start) * later + (1 - in_time) * (self.log_cap + 1)
        return found

    def log_scores(self, cases: Sequence[Case]) -> Array:
        """(3, k, n) log probability that each model gave to what came out of each of PARTS; 0 where it says nothing."""
        low, high = (
            self._given_reached(np.log([[max(step, LEAST_PROBABILITY)] for step in steps]))[:, :, 0]
            for steps in (
                [case.low for case in cases],
                [case.low if case.high is None else case.high for case in cases],
            )
        )
        met = np.array([case.high == 0 for case in cases])
        never = np.array([case.high is None for case in cases])
        found = (
            np.where(met, self.met, 1 - self.met),
            np.where(met, 1.0, np.where(never, 1 - self.reaches * low, self.reaches)),
            np.where(met | never, 1.0, high - low),
        )
        return np.log(np.maximum(found, LEAST_PROBABILITY))

    def log_score(self, cases: Sequence[Case]) -> Array:
        """(n,) the same of all of them together, and all that came out."""
        mixed = (self.weights * np.exp(self.log_scores(cases))).sum(axis=1)
        found: Array = np.log(mixed).sum(axis=0)
        return found

    def point(self) -> Array:
        """(n,) median steps where the target is reached within the cap, and not from the start."""
        return self.reached_at(np.zeros((len(self.log_cap), 1)))[:, 0]

    def reached_at(self, z: Array) -> Array:
        """(n, m) quantile F(z), z (n, m), of the steps of trainings that reach the target within the cap."""
        grid = self._grid()
        return np.exp(_looked_up(grid, self._reached_later(grid), student.below(z)))

    def steps_at(self, z: Array) -> Array:
        """(n, m) steps at z (n, m) of a training that is started, so the target is not met from the start.

        Below 0: the quantile F(z) of those that reach the target; else of all, infinite beyond the cap. So nothing that
        may never be reached has a low upper end, and it lowers no lower end.
        """
        levels = student.below(z)
        grid = self._grid()
        every = np.exp(_looked_up(grid, self._started(grid), levels))
        every = np.where(levels > self._in_time[:, None], np.inf, every)
        found: Array = np.where(z < 0, self.reached_at(z), every)
        return found

    def conformity(self, cases: Sequence[Case]) -> Array:
        """(n,) the least z whose interval, `steps_at` -z and z, holds what came out of these trainings.

        Quantile residuals (Dunn and Smyth 1996) of censored outcomes: of one that was never met the upper end must lie
        beyond where it stopped. Of what was met from the start nothing was trained; it holds the lower end.
        """
        middle = [case.low if case.high is None else (case.low + case.high) / 2 for case in cases]
        at = np.log(np.maximum(middle, LEAST_STEPS))[:, None]
        below, above = (
            student.quantile(np.clip(level[:, 0], LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))
            for level in (self._reached_later(at), self._started(at))
        )
        never = np.array([case.high is None for case in cases])
        found: Array = np.maximum(np.where(never, above, np.maximum(-below, above)), 0)
        return found

    @property
    def _in_time(self) -> Array:
        """(n,) probability that a training that is started reaches the target within the cap."""
        found: Array = (self.weights[REACHES] * self.reaches).sum(axis=0)
        return found

    def _started(self, log_steps: Array) -> Array:
        """(n, m) probability that a training that is started reaches the target in at most so many steps."""
        return self._in_time[:, None] * self._reached_later(log_steps)

    def _reached_later(self, log_steps: Array) -> Array:
        """(n, m) the same of one that reaches it within the cap."""
        found: Array = (self.weights[STEPS][:, :, None] * self._given_reached(log_steps)).sum(axis=0)
        return found

    def _grid(self) -> Array:
        first = np.log(LEAST_STEPS)
        grid: Array = first + (self.log_cap[:, None] - first) * np.linspace(0, 1, POINTS)
        return grid

    def _given_reached(self, log_steps: Array) -> Array:
        """(k, n, m) of log_steps (n, m)."""
        t = (log_steps[None] - self.centre[:, :, None]) / self.scale[:, :, None]
        # What the tail has beyond the cap lies at the cap: F was fitted to steps that were within it.
        found: Array = np.where(log_steps < self.log_cap[:, None] - LEAST_PROBABILITY, student.below(t), 1.0)
        return found


def _looked_up(grid: Array, cdf: Array, levels: Array) -> Array:
    """(n, m) where each row's cdf (n, g) over grid (n, g) passes the row's levels (n, m)."""
    rows = zip(levels, cdf, grid, strict=True)
    return np.array([np.interp(level, values, points) for level, values, points in rows])

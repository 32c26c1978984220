"""How good a model can become within the budget: a regression on the log odds of quality.

A training that stopped at its target says that at least so much was attainable; one that did not meet it says how much
was. Odds, because the last points before 1 are the dearest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelreuse.api import Basis
from modelreuse.costs import glm
from modelreuse.costs.cases import Case, Situation
from modelreuse.costs.design import HIERARCHY, Design
from modelreuse.costs.features import LEAST_SHARE
from modelreuse.costs.held_out import nominal_z, rounds, shares, shifts_needed, weighted_quantile
from modelreuse.costs.quantities import Interval
from modelreuse.costs.student import Array

ALL_BUT_CERTAIN = 20.0
"""Log odds that stand for a quality of 1."""


@dataclass(frozen=True)
class Attainable:
    """Fitted. middle: mean log odds, to which all is relative. z: of intervals that held the share `level` on shifts
    that were held out; None where too few shifts with a known quality can show it.
    """

    design: Design
    middle: float
    posterior: glm.Posterior
    sigma: float
    level: float
    z: float | None = None

    @classmethod
    def learnt(cls, cases: Sequence[Case], features: Sequence[str], level: float) -> "Attainable":
        """Fitted to at least one case whose quality is known, prior variances and spread included."""
        known = [case for case in cases if case.quality is not None]
        design = Design.of([case.situation for case in known], features, HIERARCHY)
        low, high = log_odds_of(known)
        middle = float(np.minimum(low, high).mean())
        x = design.matrix([case.situation for case in known])
        posterior, sigma = glm.learn_interval_censored(
            x, low - middle, high - middle, design.blocks, design.variances()
        )
        found = cls(design, middle, posterior, sigma, level)
        return replace(found, z=found._z(known, x))

    def quality(self, situations: Sequence[Situation]) -> Array:
        """(n, 3) lower end, median and upper end, in (0, 1)."""
        centre, scale = self._predicted(self.design.matrix(situations), self.design.unseen(situations))
        z = nominal_z(self.level) if self.z is None else self.z
        return glm.sigmoid(centre[:, None] + scale[:, None] * np.array([-z, 0, z]))

    def interval(self, situation: Situation) -> Interval:
        """Of one situation: Assumed where no held-out shifts support it."""
        low, middle, high = (float(end) for end in self.quality([situation])[0])
        return Interval(low, high, Basis.ASSUMED if self.z is None else Basis.ESTIMATED, middle)

    def _predicted(self, x: Array, unseen: Array) -> tuple[Array, Array]:
        centre, spread = self.posterior.predict(x, unseen)
        return centre + self.middle, np.sqrt(self.sigma**2 + spread)

    def _z(self, cases: Sequence[Case], x: Array) -> float | None:
        """Of intervals that held often enough, among all and among those whose quality is known.

        A lower bound is easily kept; it must not pay for intervals that are too narrow where the quality is known.
        """
        known = np.array([case.quality is not None and case.quality[1] < 1 for case in cases])
        ended = [case for case, is_known in zip(cases, known, strict=True) if is_known]
        if len({case.shift for case in ended}) < shifts_needed(self.level):
            return None
        away = self._held_out(cases, x)
        every = weighted_quantile(away, shares(cases), self.level)
        return max(every, weighted_quantile(away[known], shares(ended), self.level))

    def _held_out(self, cases: Sequence[Case], x: Array) -> Array:
        """(n,) how far each case lies from where a fit without its shift put it, in that fit's standard deviations."""
        low, high = log_odds_of(cases)
        unseen = self.design.unseen([case.situation for case in cases])
        parts, z = rounds(cases), np.zeros(len(cases))
        for part in range(parts.max() + 1):
            out = parts == part
            likelihood = glm.interval_censored(low[~out] - self.middle, high[~out] - self.middle, self.sigma)
            fitted = glm.fit(x[~out], likelihood, self.design.blocks, self.posterior.variances, self.posterior.mode)
            centre, scale = replace(self, posterior=fitted)._predicted(x[out], unseen[out])
            # Of what stopped at its target, only a prediction below that is known to be wrong.
            z[out] = np.maximum(np.maximum(low[out] - centre, centre - high[out]), 0) / scale
        return z


def log_odds_of(cases: Sequence[Case]) -> tuple[Array, Array]:
    """(n,) and (n,) log odds between which the quality of each lies."""
    ends = np.array([case.quality for case in cases], dtype=np.float64).reshape(len(cases), 2)
    low, high = np.clip(ends, LEAST_SHARE, 1 - LEAST_SHARE).T
    high = np.where(ends[:, 1] >= 1, ALL_BUT_CERTAIN, np.log(high / (1 - high)))
    return np.log(low / (1 - low)), high

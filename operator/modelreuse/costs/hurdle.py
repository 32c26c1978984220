"""The model of one retraining, in three parts: is the target met already; is it reached within the cap; after how many
steps, given that it is.

A single survival model of log steps did worse: what makes a target attainable is not what makes it quick.
The odds of reaching grow in proportion to the cap (a log-logistic law of shape one), so records with different caps can
be compared; a run that stopped without the target says that this many steps were not enough, and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelreuse.costs import glm
from modelreuse.costs.cases import Case, Situation, taught_by
from modelreuse.costs.design import GROUP_VARIANCE_OF_STEPS, Design, Factor
from modelreuse.costs.features import OF_TARGET
from modelreuse.costs.outlook import PARTS, Outlook
from modelreuse.costs.student import Array, Mask


@dataclass(frozen=True)
class Hurdle:
    """The three parts, fitted.

    middle_steps, middle_cap: means of log steps and log caps, to which all is relative. largest_cap: logarithm; whether
    more steps than that would help, no record tells.
    """

    design: Design
    middle_steps: float
    middle_cap: float
    largest_cap: float
    met: glm.Posterior
    reaches: glm.Posterior
    steps: glm.Posterior
    sigma: float

    @classmethod
    def learnt(cls, cases: Sequence[Case], features: Sequence[str], factors: Sequence[Factor]) -> "Hurdle":
        """Fitted to at least one case, prior variances and spread included."""
        every = _teaching(cases, features)
        design = Design.of([case.situation for case in every], features, factors)
        seen = _Seen.of(every, design)
        blocks, variances = design.blocks, design.variances()
        steps, sigma = glm.learn_interval_censored(
            seen.x[seen.later],
            seen.log_low - seen.middle_steps,
            seen.log_high - seen.middle_steps,
            blocks,
            design.variances(GROUP_VARIANCE_OF_STEPS),
        )
        return cls(
            design=design,
            middle_steps=seen.middle_steps,
            middle_cap=seen.middle_cap,
            largest_cap=float(seen.log_cap.max()),
            met=glm.learn(seen.x, seen.started(), blocks, variances),
            reaches=glm.learn(seen.x[~seen.met], seen.reached(seen.middle_cap), blocks, variances),
            steps=steps,
            sigma=sigma,
        )

    def refitted(self, cases: Sequence[Case]) -> "Hurdle":
        """The same model, its variances kept, fitted to other cases."""
        seen = _Seen.of(_teaching(cases, self.design.features), self.design)
        blocks = self.design.blocks
        low, high = seen.log_low - self.middle_steps, seen.log_high - self.middle_steps
        censored = glm.interval_censored(low, high, self.sigma)
        reached, started = seen.reached(self.middle_cap), seen.started()
        return Hurdle(
            design=self.design,
            middle_steps=self.middle_steps,
            middle_cap=self.middle_cap,
            largest_cap=self.largest_cap,
            met=glm.fit(seen.x, started, blocks, self.met.variances, self.met.mode),
            reaches=glm.fit(seen.x[~seen.met], reached, blocks, self.reaches.variances, self.reaches.mode),
            steps=glm.fit(seen.x[seen.later], censored, blocks, self.steps.variances, self.steps.mode),
            sigma=self.sigma,
        )

    def outlook(self, situations: Sequence[Situation], caps: Sequence[int]) -> Outlook:
        """What may come out in these situations within these caps."""
        return self.outlook_at(self.design.matrix(situations), self.design.unseen(situations), caps)

    def outlook_at(self, x: Array, unseen: Array, caps: Sequence[int]) -> Outlook:
        """The same for rows of the design (n, p), and what `Design.unseen` says of them."""
        log_cap = np.log(np.asarray(caps, dtype=np.float64))
        centre, spread = self.steps.predict(x, unseen)
        return Outlook(
            met=_probability(*self.met.predict(x, unseen))[None],
            reaches=_probability(
                *self.reaches.predict(x, unseen), np.minimum(log_cap, self.largest_cap) - self.middle_cap
            )[None],
            centre=(centre + self.middle_steps)[None],
            scale=np.sqrt(self.sigma**2 + spread)[None],
            log_cap=log_cap,
            weights=np.ones((len(PARTS), 1, 1)),
        )


@dataclass(frozen=True)
class _Seen:
    """Cases as arrays. met: (n,) from the start; later: (n,) reached later; log_low, log_high: of the latter."""

    x: Array
    met: Mask
    later: Mask
    log_cap: Array
    log_low: Array
    log_high: Array

    @classmethod
    def of(cls, cases: Sequence[Case], design: Design) -> "_Seen":
        x = design.matrix([case.situation for case in cases])
        met = np.array([case.high == 0 for case in cases], dtype=bool)
        later = np.array([case.high is not None and case.high > 0 for case in cases], dtype=bool)
        high = np.array([case.high for case in cases if case.high], dtype=np.float64)
        low = np.array([case.low for case in cases if case.high], dtype=np.float64)
        with np.errstate(divide="ignore"):
            return cls(x, met, later, np.log([float(case.cap) for case in cases]), np.log(low), np.log(high))

    @property
    def middle_steps(self) -> float:
        if not len(self.log_high):
            return self.middle_cap
        return float(np.log((np.exp(self.log_low) + np.exp(self.log_high)) / 2).mean())

    @property
    def middle_cap(self) -> float:
        return float(self.log_cap.mean())

    def started(self) -> glm.Derivatives:
        return glm.logistic(self.met.astype(np.float64), np.zeros(len(self.met)))

    def reached(self, middle_cap: float) -> glm.Derivatives:
        rest = ~self.met
        return glm.logistic(self.later[rest].astype(np.float64), self.log_cap[rest] - middle_cap)


def _teaching(cases: Sequence[Case], features: Sequence[str]) -> Sequence[Case]:
    """Milestones too, for what knows the target: to all else one training would seem to have taken all these steps."""
    return taught_by(cases) if OF_TARGET in features else cases


def _probability(mean: Array, variance: Array, offset: Array | float = 0.0) -> Array:
    """Of a logistic with normal spread: MacKay 1992, The evidence framework applied to classification networks."""
    return glm.sigmoid((mean + offset) / np.sqrt(1 + np.pi * variance / 8))

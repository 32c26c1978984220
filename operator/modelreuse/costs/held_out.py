"""How good predictions are where it counts: on shifts that were not among the records.

Cases of one shift are alike, so leaving out one of them shows nothing; whole shifts are left out. Every shift weighs
the same, however many retrainings it had.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelreuse.costs import student
from modelreuse.costs.cases import Case
from modelreuse.costs.forest import Forest
from modelreuse.costs.hurdle import Hurdle
from modelreuse.costs.outlook import PARTS, STEPS, Outlook
from modelreuse.costs.student import Array, Mask
from modelreuse.costs.weights import Weights, to_nearest

MOST_ROUNDS = 8
STACKING_ROUNDS = 200


@dataclass(frozen=True)
class HeldOut:
    """Every case as several models saw it that were fitted without its shift.

    outlook: of all n cases, k models, weights still equal. shares: (n,) a case's weight: shifts weigh the same, all 1.
    distance: (n,) to the nearest case that was fitted.
    """

    cases: tuple[Case, ...]
    outlook: Outlook
    shares: Array
    distance: Array

    @classmethod
    def of(cls, models: Sequence[Hurdle | Forest], cases: Sequence[Case], places: Array) -> "HeldOut":
        """Fits each model once for each part of the shifts. places: (n, f) where cases lie, for distances.

        Raises ValueError with fewer than two shifts.
        """
        parts = rounds(cases)
        situations, caps = [case.situation for case in cases], np.array([case.cap for case in cases])
        rows = [(model.design.matrix(situations), model.design.unseen(situations)) for model in models]
        weights = np.full((len(PARTS), len(models), 1), 1 / len(models))
        pieces, distance = [], np.empty(len(cases))
        for part in range(parts.max() + 1):
            out = parts == part
            known = [case for case, left_out in zip(cases, out, strict=True) if not left_out]
            seen = [
                model.refitted(known).outlook_at(x[out], unseen[out], caps[out])
                for model, (x, unseen) in zip(models, rows, strict=True)
            ]
            pieces.append(Outlook.mixed(seen, weights))
            distance[out] = to_nearest(places[out], places[~out])
        return cls(tuple(cases), _put_together(pieces, parts), shares(cases), distance)

    def among(self, chosen: Mask) -> "HeldOut":
        """As far as these cases (n,) are concerned; the others helped to fit, and judge nothing."""
        cases = tuple(case for case, wanted in zip(self.cases, chosen, strict=True) if wanted)
        return HeldOut(cases, self.outlook.at(chosen), shares(cases), self.distance[chosen])

    def score(self, weights: Weights) -> float:
        """Mean log score of the mixture, shifts weighing the same."""
        return float(self.weighted(weights).log_score(self.cases) @ self.shares)

    @property
    def shifts(self) -> int:
        """How many there are."""
        return len({case.shift for case in self.cases})

    def best(self) -> Weights:
        """The model with the largest mean log score, in all parts and everywhere; the first of equals."""
        scores = self.outlook.log_scores(self.cases).sum(axis=0) @ self.shares
        return Weights.only(int(np.argmax(scores)), len(scores))

    def stacked(self, near: Array, far: Array) -> Weights:
        """Weights of each part's mixture: Yao et al. 2018, Using stacking to average Bayesian predictive distributions.

        Of whether the target is met and reached, those that maximise the log score (section 3). Of steps, those of the
        models before anything was held out, `near` (k,) and `far` (k,), times the evidence: the log score of as many
        independent observations as there are shifts (pseudo-BMA, section 3.4). Few shifts tell models of steps apart.
        """
        scores = self.outlook.log_scores(self.cases)
        likelihood = np.exp(scores[:STEPS] - scores[:STEPS].max(axis=1, keepdims=True))
        weights = np.full(likelihood.shape[:2], 1 / likelihood.shape[1])
        for _ in range(STACKING_ROUNDS):
            part = weights[:, :, None] * likelihood
            weights = (part / part.sum(axis=1, keepdims=True)) @ self.shares
        evidence = self.shifts * (scores[STEPS] @ self.shares)
        of_steps = np.array([near, far]) * np.exp(evidence - evidence.max())
        of_steps /= of_steps.sum(axis=1, keepdims=True)
        return Weights(*(np.concatenate([weights, part[None]]) for part in of_steps))

    def weighted(self, weights: Weights) -> Outlook:
        """All cases as the mixture saw them."""
        return replace(self.outlook, weights=weights.at(self.distance))

    def z_for(self, level: float, weights: Weights) -> float:
        """The z whose intervals hold the share `level`, shifts weighing the same.

        Of all that were trained, and of those that reached their target: what never does is easily held by an upper
        end beyond the cap, and must not pay for intervals that are too narrow where steps can be counted.
        """
        z = self.weighted(weights).conformity(self.cases)
        started = np.array([case.high != 0 for case in self.cases])
        reached = np.array([case.high is not None for case in self.cases]) & started
        return max(
            _held(z[some], [case for case, chosen in zip(self.cases, some, strict=True) if chosen], level)
            for some in (started, reached)
        )

    def concordance(self, weights: Weights) -> float:
        """Harrell's C of the mixture: how often the costlier of two cases was said to be so; 1/2 by chance."""
        return concordance(self.weighted(weights).burden(), self.cases)


def nominal_z(level: float) -> float:
    """The z of a central interval if the model is right."""
    return float(student.quantile((1 + level) / 2))


def shifts_needed(level: float) -> int:
    """Fewer shifts than this cannot show such a coverage: the largest of g residuals holds g in g + 1."""
    return round(level / (1 - level))


def shares(cases: Sequence[Case]) -> Array:
    """(n,) weights that add up to 1, the same for every shift."""
    _, index, counts = np.unique([case.shift for case in cases], return_inverse=True, return_counts=True)
    return np.asarray(1 / (len(counts) * counts[index]), dtype=np.float64)


def rounds(cases: Sequence[Case]) -> Array:
    """(n,) which part each case is left out with: whole shifts, at most MOST_ROUNDS parts, whatever the order."""
    names, index = np.unique([case.shift for case in cases], return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"all {len(cases)} cases are of one shift: nothing can be held out")
    return np.asarray(index % min(len(names), MOST_ROUNDS))


def weighted_quantile(values: Array, weights: Array, level: float) -> float:
    """The least value that, with all smaller ones, has the share `level` of the weights, which add up to 1."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(reached, level - 1e-12)), len(values) - 1)])


def concordance(ranks: Array, cases: Sequence[Case]) -> float:
    """Harrell's C: over pairs of which one is known to have taken longer; ties of `ranks` count half; 1/2 without any.

    Harrell et al. 1982, Evaluating the yield of medical tests.
    """
    ended = np.array([case.high is not None for case in cases])
    steps = np.array([case.low if case.high is None else (case.low + case.high) / 2 for case in cases])
    # A run that stopped without the target took longer than all that met it until then.
    longer = ended[:, None] & (
        (steps[None, :] > steps[:, None]) | (~ended[None, :] & (steps[None, :] >= steps[:, None]))
    )
    difference = ranks[None, :] - ranks[:, None]
    pairs = float(longer.sum())
    return float(((difference > 0) + 0.5 * (difference == 0))[longer].sum() / pairs) if pairs else 0.5


def _held(z: Array, cases: Sequence[Case], level: float) -> float:
    return weighted_quantile(z, shares(cases), level) if cases else nominal_z(level)


def _put_together(pieces: Sequence[Outlook], parts: Array) -> Outlook:
    """The parts' outlooks, each case where it was."""
    order = np.argsort(np.concatenate([np.flatnonzero(parts == part) for part in range(len(pieces))]))
    return Outlook.one_after_the_other(pieces).at(order)

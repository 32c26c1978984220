"""Predictions held against what came out: how far off they were, how often inside, and what a free guess had done.

Looks at recent retrainings only: what counts is whether the predictions of today can be relied on.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelreuse.api import Basis, PredictedCost, RetrainingRecord
from modelreuse.costs.abstaining import unfounded
from modelreuse.costs.cases import Case, cases_of
from modelreuse.costs.design import PLAIN
from modelreuse.costs.features import BASELINES
from modelreuse.costs.forecasting import LEVEL
from modelreuse.costs.hurdle import Hurdle

RECENT = 20
"""Retrainings that are looked at, the latest first."""
LEAST_CLAIMS = 8
"""Fewer intervals show no drift: even if none of seven held, that would be an accident of seven."""
ALARM = 0.01
"""Probability with which so few intervals may hold by chance. It is asked anew with every record, so it is small."""


@dataclass(frozen=True)
class Ended:
    """A retraining that was predicted and has ended, and the records that the prediction could know."""

    record: RetrainingRecord
    known: Sequence[RetrainingRecord]


@dataclass(frozen=True)
class Hindsight:
    """What became of recent predictions.

    judged: retrainings that had a point and met their target; median_factor: half of their points were within it.
    baseline: the free guess with the smallest such factor on the same; None where one of them had too few records.
    claims: retrainings that had an interval that was more than assumed; held: of those, how many ended within it.
    """

    judged: int = 0
    median_factor: float | None = None
    baseline: str | None = None
    baseline_median_factor: float | None = None
    claims: int = 0
    held: int = 0

    @property
    def coverage(self) -> float | None:
        """The share of intervals that held."""
        return self.held / self.claims if self.claims else None

    @property
    def has_drifted(self) -> bool | None:
        """Whether so few held that chance doesn't explain it; None where they are too few to tell."""
        if self.claims < LEAST_CLAIMS:
            return None
        return at_most(self.held, self.claims, LEVEL) < ALARM


def looking_back(ended: Iterable[Ended]) -> Hindsight:
    """What became of the latest of these."""
    latest = sorted(ended, key=_when, reverse=True)
    trained = [
        (each, cost, case)
        for each in latest
        for case in cases_of([each.record])
        if case.high != 0 and (cost := each.record.spec.predicted) is not None
    ]
    pointed = [one for one in trained if one[2].high is not None and one[1].steps.estimate is not None][:RECENT]
    claimed = [(cost, case) for _, cost, case in trained if cost.steps.basis == Basis.ESTIMATED][:RECENT]
    name, free = _best_baseline([(each, case) for each, _, case in pointed])
    return Hindsight(
        judged=len(pointed),
        median_factor=_median([_factor(float(cost.steps.estimate or 0), case) for _, cost, case in pointed]),
        baseline=name,
        baseline_median_factor=free,
        claims=len(claimed),
        held=sum(holds(cost, case) for cost, case in claimed),
    )


def holds(cost: PredictedCost, case: Case) -> bool:
    """Whether a retraining ended within its interval. One that ends at the cap goes on: `[34..>1500]`."""
    low, high = float(cost.steps.low), float(cost.steps.high)
    beyond = high >= case.cap
    if case.high is None:
        return beyond or high > case.low
    return low <= _took(case) and (beyond or _took(case) <= high)


def at_most(successes: int, trials: int, share: float) -> float:
    """Probability of so few successes, or fewer: the exact binomial distribution."""
    return sum(
        math.comb(trials, number) * share**number * (1 - share) ** (trials - number) for number in range(successes + 1)
    )


def _best_baseline(judged: Sequence[tuple[Ended, Case]]) -> tuple[str, float] | tuple[None, None]:
    """The name and median factor of the best, each having known what the prediction knew."""
    factors: dict[str, list[float]] = {name: [] for name in BASELINES}
    for each, case in judged:
        known = cases_of(each.known)
        if unfounded(case.situation, known) is not None:
            return None, None
        for name, features in BASELINES.items():
            guess = Hurdle.learnt(known, features, PLAIN).outlook([case.situation], [case.cap]).point()[0]
            factors[name].append(_factor(float(guess), case))
    medians = [(statistics.median(each), name) for name, each in factors.items() if each]
    if not medians:
        return None, None
    least, name = min(medians)
    return name, least


def _median(factors: Sequence[float]) -> float | None:
    return statistics.median(factors) if factors else None


def _factor(point: float, case: Case) -> float:
    return math.exp(abs(math.log(max(point, 0.5) / _took(case))))


def _took(case: Case) -> float:
    return (case.low + (case.low if case.high is None else case.high)) / 2


def _when(each: Ended) -> tuple[float, str]:
    outcome = each.record.outcome
    return (outcome.finished_at.timestamp() if outcome else 0.0, each.record.metadata.name)

"""The figures of the table, each a pure function of judged retrainings."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from bench.prediction.judging import BASELINES, Guess, Judged
from modelreuse.costs.forecasting import LEVEL
from modelreuse.costs.held_out import concordance
from study.protocol import PILOT_STEPS, SPACING

BOOTSTRAPS = 2000


def took(one: Judged) -> float:
    """Steps to the target: the middle of their interval; the cap where it was never met."""
    return one.case.low if one.case.high is None else (one.case.low + one.case.high) / 2


def later(every: Sequence[Judged], after: int = SPACING) -> list[Judged]:
    """Those that met their target within the cap, and in more than so many steps."""
    return [one for one in every if one.case.high is not None and one.case.high > after]


def log_errors(every: Sequence[Judged], guess: Callable[[Judged], Guess] = lambda one: one.guess) -> np.ndarray:
    """Absolute logarithms of predicted over real steps."""
    return np.array([abs(math.log(max(guess(one).point, 0.5) / took(one))) for one in every])


def median_factor(every: Sequence[Judged]) -> float:
    """The factor that half of the predictions are within."""
    return float(np.exp(np.median(log_errors(every)))) if every else math.nan


def c_index(every: Sequence[Judged]) -> float:
    """Harrell's C of all, censored ones included."""
    return concordance(np.array([one.guess.burden for one in every]), [one.case for one in every])


def reach_auc(every: Sequence[Judged]) -> float:
    """How often a retraining that reached its target had the larger probability than one that did not."""
    chance = np.array([one.guess.met_in_time for one in every])
    reached = np.array([one.case.high is not None for one in every])
    if reached.all() or not reached.any():
        return math.nan
    difference = chance[reached][:, None] - chance[~reached][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def error_over_best_baseline(every: Sequence[Judged]) -> tuple[float, dict[str, float]]:
    """Mean absolute log error over that of the best free baseline; and all of them."""
    errors = {"model": float(log_errors(every).mean())}
    for name in BASELINES:
        errors[name] = float(log_errors(every, lambda one, name=name: one.baselines[name]).mean())
    return errors["model"] / min(errors[name] for name in errors if name != "model"), errors


def is_covered(one: Judged, low: float, high: float) -> bool:
    """Whether the interval holds what came out; beyond the cap of what was never met."""
    return math.isinf(high) if one.case.high is None else low <= took(one) <= high


def coverage(every: Sequence[Judged]) -> tuple[float, float, float]:
    """Share of intervals of LEVEL that hold, and the 95 % interval of a bootstrap of whole groups."""
    held: dict[str, list[bool]] = {}
    for one in every:
        held.setdefault(one.record.row.group, []).append(is_covered(one, one.guess.low, one.guess.high))
    groups = [np.array(each) for each in held.values()]
    sums, counts = np.array([each.sum() for each in groups]), np.array([len(each) for each in groups])
    picked = np.random.default_rng(0).integers(0, len(groups), (BOOTSTRAPS, len(groups)))
    shares = sums[picked].sum(axis=1) / counts[picked].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(sums.sum() / counts.sum()), float(low), float(high)


def interval_score(every: Sequence[Judged], guess: Callable[[Judged], Guess] = lambda one: one.guess) -> float:
    """Mean interval score of log steps, at most the cap (Gneiting and Raftery 2007, eq. 43): less is better."""
    penalty = 2 / (1 - LEVEL)
    scores = []
    for one in every:
        cap = one.case.cap
        steps = cap if one.case.high is None else took(one)
        y, low, high = (math.log1p(min(each, cap)) for each in (steps, guess(one).low, guess(one).high))
        scores.append(high - low + penalty * (max(low - y, 0) + max(y - high, 0)))
    return float(np.mean(scores))


def interval_score_ratio(every: Sequence[Judged]) -> float:
    """Over that of the best free baseline."""
    baselines = [interval_score(every, lambda one, name=name: one.baselines[name]) for name in BASELINES]
    return interval_score(every) / min(baselines)


def width_that_decides(one: Judged) -> float:
    """Logarithm of the factor by which predictions are abstained from."""
    return one.guess.spread


def width_within_the_cap(one: Judged) -> float:
    """Logarithm of upper over lower end as they are shown: what lies beyond the cap ends there."""
    return math.log(min(one.guess.high, one.case.cap) / max(one.guess.low, 1))


def risk_coverage(
    every: Sequence[Judged], share: float, width: Callable[[Judged], float] = width_that_decides
) -> float:
    """Mean absolute log error on the `share` with the least width, over that on all."""
    order = np.argsort([width(one) for one in every], kind="stable")
    answered = [every[index] for index in order[: round(share * len(every))]]
    return float(log_errors(later(answered)).mean() / log_errors(later(every)).mean())


def quality_mae_points(every: Sequence[Judged]) -> float:
    """Mean absolute error of the quality that was said to be attainable, in points."""
    return 100 * float(np.mean([abs(one.quality[1] - one.record.row.attainable_quality) for one in every]))


def quality_mae_ratio(every: Sequence[Judged]) -> float:
    """That over the error of a constant, the mean of the records."""
    usual = [abs(one.usual_quality - one.record.row.attainable_quality) for one in every]
    return quality_mae_points(every) / (100 * float(np.mean(usual)))


def quality_coverage(every: Sequence[Judged]) -> float:
    """Share of intervals of LEVEL that hold the attainable quality."""
    return float(np.mean([one.quality[0] <= one.record.row.attainable_quality <= one.quality[2] for one in every]))


def pilot_is_over(one: Judged) -> bool:
    """Whether the target was met before the pilot's end, which leaves nothing to predict."""
    return one.case.high is not None and one.case.high <= PILOT_STEPS[-1]

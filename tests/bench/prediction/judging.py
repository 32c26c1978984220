"""Each retraining as it was predicted by a model that saw neither its group of shifts nor its seed."""

import itertools
import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from bench.prediction.study_cases import case_of
from modelreuse.api import Basis
from modelreuse.costs import Case, Experience, Interval
from modelreuse.costs.forecasting import LEVEL, Model, factors, intervals
from modelreuse.costs.held_out import nominal_z
from modelreuse.costs.weights import Weights
from study.records import Record

BASELINES = ("geometric mean", "initial error", "initial cross-entropy")
FREE = "geometric mean"
"""Says something whatever is known, so it stands in for a baseline that needs what isn't."""
HIGHER = 0.9


@dataclass(frozen=True)
class Guess:
    """One predictor's answer. point: steps if the target is reached later; low, high: of LEVEL, high may be inf.

    spread: logarithm of what predictions are abstained from by.
    """

    met_at_start: float
    met_in_time: float
    point: float
    burden: float
    low: float
    high: float
    low_90: float
    high_90: float
    spread: float


@dataclass(frozen=True)
class Judged:
    """A retraining, what was predicted, and what each of BASELINES would have said. abstained: why, or None.

    quality: that was said to be attainable, lower end, median and upper end. usual_quality: the mean of the records.
    """

    record: Record
    case: Case
    guess: Guess
    baselines: dict[str, Guess]
    abstained: str | None
    method: str
    quality: tuple[float, float, float]
    usual_quality: float


Round = tuple[list[Record], list[Record]]
"""What is fitted on, what is tested."""


def judged(rounds: Iterable[Round], tier: str) -> list[Judged]:
    """All test sides of the rounds, one after the other."""
    both = [(fitted, tested, tier) for fitted, tested in rounds if fitted and tested]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(itertools.chain.from_iterable(pool.map(one_round, *zip(*both, strict=True))))


def one_round(fitted: Sequence[Record], tested: Sequence[Record], tier: str) -> list[Judged]:
    """The tested ones, predicted by what the fitted ones taught."""
    experience = Experience([case_of(record, tier) for record in fitted])
    cases = [case_of(record, tier) for record in tested]
    usual_quality = float(np.mean([record.row.attainable_quality for record in fitted]))
    by_known: dict[tuple[str, ...], list[int]] = {}
    for index, case in enumerate(cases):
        by_known.setdefault(experience.usable(case.situation), []).append(index)
    found = []
    for rows in by_known.values():
        some = [cases[row] for row in rows]
        model = experience.model(some[0].situation)
        guesses = _guesses(model, some)
        baselines = {name: _guesses(alone(model, name), some) for name in BASELINES if name in model.names}
        for place, row in enumerate(rows):
            forecast = experience.forecast(cases[row].situation, cases[row].cap)
            others = {name: baselines.get(name, baselines[FREE])[place] for name in BASELINES}
            quality = experience.attainable(cases[row].situation) or Interval(0, 1, Basis.ASSUMED, usual_quality)
            attained = (quality.low, quality.estimate or usual_quality, quality.high)
            why, how = forecast.abstained, model.method
            found.append(Judged(tested[row], cases[row], guesses[place], others, why, how, attained, usual_quality))
    return found


def alone(model: Model, name: str) -> Model:
    """One part of the model, as if it were all."""
    weights = Weights.only(model.names.index(name), len(model.names))
    return Model(model.names, model.parts, weights, model.held_out, model.places)


def _guesses(model: Model, cases: Sequence[Case]) -> list[Guess]:
    outlook = model.outlook([case.situation for case in cases], [case.cap for case in cases])
    ends = {level: intervals(outlook, model.z(level) or nominal_z(level)) for level in (LEVEL, HIGHER)}
    middle, outer = ends[LEVEL], ends[HIGHER]
    spread = np.log(factors(outlook, model.z(LEVEL) or nominal_z(LEVEL), middle))
    columns = (
        outlook.met_at_start,
        outlook.met_in_time,
        outlook.point(),
        outlook.burden(),
        *middle.T,
        *outer.T,
        spread,
    )
    return [Guess(*map(float, row)) for row in zip(*columns, strict=True)]

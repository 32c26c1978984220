"""From records to the steps of one retraining: as much of a model as the records can bear.

| comparable records | what predicts | interval |
|---|---|---|
| fewer than 5 | nothing: the declared budget | Assumed |
| from 5 | intercepts by action, recipe, model, data and shift | at least a factor of 6 either way |
| from 30 | the best, on held-out shifts, of slopes on scores and free baselines | their errors on held-out shifts |
| from 300 | all feature sets, trees and baselines, stacked | the same |

Imports have an intercept of their own. From 30 own records of 4 shifts on, only these judge: imports are used where
predictions of own shifts that were held out are better with them than without.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from modelreuse.api import Basis
from modelreuse.costs import student
from modelreuse.costs.abstaining import doubtful, far_from, unfounded, unskilled
from modelreuse.costs.attainable import Attainable
from modelreuse.costs.cases import OWN, Case, Situation
from modelreuse.costs.design import HIERARCHY, PLAIN
from modelreuse.costs.features import (
    BASELINES,
    FEATURE_SETS,
    FEATURES,
    LABEL_FREE,
    OF_TREES,
    QUALITY_SETS,
    TASK,
    is_labelled,
)
from modelreuse.costs.forest import Forest
from modelreuse.costs.held_out import HeldOut, nominal_z, shifts_needed
from modelreuse.costs.hurdle import Hurdle
from modelreuse.costs.outlook import Outlook
from modelreuse.costs.quantities import DRAWS, Interval
from modelreuse.costs.student import Array
from modelreuse.costs.weights import Weights, to_nearest

LEVEL = 0.8
"""Share of trainings that the intervals are meant to hold, of those that reach their target as of all."""
FROM_SLOPES = 30
FROM_STACKING = 300
OF_FOREST = "trees"
"""The name of the forest among a model's parts."""
LEAST_NAMED = 0.05
FREE_SHARE = 0.1
"""Of the free baselines beside a record: so much evidence it takes until they win there too."""
LEAST_FACTOR = 6.0
"""Of the interval, either way, where there are no slopes."""
REMEMBERED = 4
"""Experiences that are kept: fitting takes up to half a minute, and most predictions know what the last one knew."""


@dataclass(frozen=True)
class Model:
    """What predicts: its parts, their names and weights, and how they did on shifts that were held out.

    held_out: None where all cases are of one shift. places: (n, f) the cases' standardised features in the first part.
    """

    names: tuple[str, ...]
    parts: tuple[Hurdle | Forest, ...]
    weights: Weights
    held_out: HeldOut | None
    places: Array

    def outlook(self, situations: Sequence[Situation], caps: Sequence[int]) -> Outlook:
        """What may come out."""
        distance = to_nearest(self.parts[0].design.standardised(situations), self.places)
        return Outlook.mixed([part.outlook(situations, caps) for part in self.parts], self.weights.at(distance))

    def z(self, level: float) -> float | None:
        """Of intervals that held the share `level` on held-out shifts; None where too few shifts can show it."""
        if self.held_out is None or self.held_out.shifts < shifts_needed(level):
            return None
        return self.held_out.z_for(level, self.weights)

    @functools.cached_property
    def skill(self) -> float:
        """Mean log score on held-out shifts."""
        return -math.inf if self.held_out is None else self.held_out.score(self.weights)

    @functools.cached_property
    def concordance(self) -> float | None:
        """Harrell's C on held-out shifts."""
        return None if self.held_out is None else self.held_out.concordance(self.weights)

    @property
    def method(self) -> str:
        """Its parts, by weight near the records."""
        weights = self.weights.near.mean(axis=0)
        order = np.argsort(-weights, kind="stable")
        return " + ".join(self.names[part] for part in order if weights[part] >= LEAST_NAMED)


@dataclass(frozen=True)
class StepsForecast:
    """How many steps. steps: at most the cap, where a training stops; ending there, the target may not be met.

    draws: (DRAWS,) equally likely steps, in order; None where there is no model. reaches_target: probability, within
    the cap. abstained: why this is not to be relied on, as a phrase.
    """

    steps: Interval
    cases: int
    method: str
    reaches_target: float | None = None
    draws: Array | None = None
    abstained: str | None = None


class Experience:
    """Finished retrainings, and the models that were learnt from them, each once."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = sorted(cases, key=repr)
        self._models: dict[tuple[str, ...], Model] = {}
        self._attainable: dict[str, Attainable] = {}
        self._half_known: dict[str, bool] = {}
        own = [case for case in self.cases if is_own(case)]
        self._alone = Experience(own) if len(own) < len(self.cases) and can_judge(own) else None

    def forecast(self, situation: Situation, max_steps: int) -> StepsForecast:
        """Steps to the target within the declared budget."""
        if self._alone is not None and not self._imports_help(situation, self._alone):
            return self._alone.forecast(situation, max_steps)
        reason = unfounded(situation, self.cases)
        if reason is not None:
            return _abstained(reason, max_steps)
        model = self.model(situation)
        reason = far_from(situation, model.parts[0].design, model.places)
        if reason is None and model.concordance is not None and len(self.cases) >= FROM_SLOPES:
            reason = unskilled(model.concordance)
        return _abstained(reason, max_steps) if reason else self._forecast(model, situation, max_steps)

    def _imports_help(self, situation: Situation, alone: "Experience") -> bool:
        """Whether own shifts that were held out are predicted better with imports; yes if own ones say nothing."""
        if unfounded(situation, alone.cases) is not None:
            return True
        return self.model(situation).skill > alone.model(situation).skill

    def model(self, situation: Situation) -> Model:
        """What predicts situations in which the same is known."""
        names = self.usable(situation)
        if names not in self._models:
            self._models[names] = learnt(self.cases, names)
        return self._models[names]

    def attainable(self, situation: Situation) -> Interval | None:
        """How good the model can become within the budget; None where too few verified records tell.

        Nobody but the operator verifies, so what imports say of quality teaches nothing.
        """
        verified = [case for case in self.cases if is_own(case) and case.quality is not None]
        if unfounded(situation, verified) is not None or len(verified) < FROM_SLOPES:
            return None
        usable = (name for name, features in QUALITY_SETS.items() if self._can_use(situation, features))
        name = next(usable, "")
        if name not in self._attainable:
            self._attainable[name] = Attainable.learnt(verified, QUALITY_SETS.get(name, TASK), LEVEL)
        return self._attainable[name].interval(situation)

    def usable(self, situation: Situation) -> tuple[str, ...]:
        """Names of feature sets and baselines that this situation and at least half of the cases can use."""
        if len(self.cases) < FROM_SLOPES:
            return ()
        labelled = is_labelled(situation)
        wanted = {name: features for name, features in FEATURE_SETS.items() if (name in LABEL_FREE) != labelled}
        return tuple(
            name
            for name, features in {**wanted, **BASELINES}.items()
            if not features or self._can_use(situation, features)
        )

    def _can_use(self, situation: Situation, features: Sequence[str]) -> bool:
        return FEATURES[features[0]](situation) is not None and self._known(features[0])

    def _known(self, feature: str) -> bool:
        if feature not in self._half_known:
            known = sum(FEATURES[feature](case.situation) is not None for case in self.cases)
            self._half_known[feature] = 2 * known >= len(self.cases)
        return self._half_known[feature]

    def _forecast(self, model: Model, situation: Situation, max_steps: int) -> StepsForecast:
        outlook = model.outlook([situation], [max_steps])
        shown = model.z(LEVEL)
        z = nominal_z(LEVEL) if shown is None else shown
        few = len(self.cases) < FROM_SLOPES
        if few:
            z = max(z, math.log(LEAST_FACTOR) / float(outlook.scale.min()))
        ends = intervals(outlook, z)
        low, high = (float(end) for end in ends[0])
        point = float(outlook.point()[0])
        factor = float(factors(outlook, z, ends)[0])
        if few:
            low, high = min(low, point / LEAST_FACTOR), max(high, point * LEAST_FACTOR)
            factor = max(factor, LEAST_FACTOR**2)
        steps = _whole(low, point, high, max_steps, Basis.ASSUMED if shown is None else Basis.ESTIMATED)
        reason = doubtful(situation, factor)
        return StepsForecast(
            steps=Interval(steps.low, steps.high, Basis.ASSUMED, steps.estimate) if reason else steps,
            cases=len(self.cases),
            method=model.method,
            reaches_target=float(np.clip(outlook.met_in_time[0], 1e-6, 1 - 1e-6)),
            draws=_draws(outlook, z / nominal_z(LEVEL), max_steps),
            abstained=reason,
        )


def experience_of(cases: Sequence[Case]) -> Experience:
    """What these teach; the same again where they are those of one of the last few times, in whatever order."""
    return _remembered(_Cases(tuple(sorted(map(repr, cases))), tuple(cases)))


@dataclass(frozen=True)
class _Cases:
    """Cases as a key: they hold mappings, so what they say stands for them."""

    said: tuple[str, ...]
    cases: tuple[Case, ...] = field(compare=False)


@functools.lru_cache(maxsize=REMEMBERED)
def _remembered(known: _Cases) -> Experience:
    return Experience(known.cases)


def learnt(cases: Sequence[Case], names: Sequence[str]) -> Model:
    """The model of these feature sets and baselines; without any, of intercepts only."""
    several = len({case.shift for case in cases}) > 1
    if not names or not several:
        hurdle = Hurdle.learnt(cases, (), HIERARCHY)
        places = np.zeros((len(cases), 0))
        held = judged(HeldOut.of([hurdle], cases, places)) if several else None
        return Model(("intercepts",), (hurdle,), Weights.only(0, 1), held, places)
    sets = [name for name in names if name in FEATURE_SETS]
    many = len(cases) >= FROM_STACKING
    parts: dict[str, Hurdle | Forest] = {
        name: Hurdle.learnt(cases, FEATURE_SETS[name], HIERARCHY) for name in (sets if many else sets[:1])
    }
    if many and sets:
        parts[OF_FOREST] = Forest.learnt(cases, [*chain(*(OF_TREES.get(name, ()) for name in sets)), *TASK])
    parts |= {name: Hurdle.learnt(cases, BASELINES[name], PLAIN) for name in names if name in BASELINES}
    first = next(iter(parts.values()))
    places = first.design.standardised([case.situation for case in cases])
    held_out = judged(HeldOut.of(list(parts.values()), cases, places))
    weights = held_out.stacked(*_before(list(parts))) if many else held_out.best()
    return Model(tuple(parts), tuple(parts.values()), weights, held_out, places)


def _before(names: Sequence[str]) -> tuple[Array, Array]:
    """(k,) how much each counts in what is said of steps before anything was held out: near the records, far from them.

    Trees, where there are any: on the study's development side nothing added to them but the free baselines.
    """
    free = np.array([name in BASELINES for name in names], dtype=np.float64)
    trees = np.array([name == OF_FOREST for name in names], dtype=np.float64)
    far = free / free.sum()
    return ((1 - FREE_SHARE) * trees + FREE_SHARE * far, far) if trees.any() else (far, far)


def is_own(case: Case) -> bool:
    """Whether the operator ran it itself."""
    return case.situation.origin == OWN


def can_judge(own: Sequence[Case]) -> bool:
    """Whether own records are enough to say what holds here."""
    return len(own) >= FROM_SLOPES and len({case.shift for case in own}) >= shifts_needed(LEVEL)


def judged(held_out: HeldOut) -> HeldOut:
    """By own records, where there are enough."""
    own = [case for case in held_out.cases if is_own(case)]
    return held_out.among(np.array([is_own(case) for case in held_out.cases])) if can_judge(own) else held_out


def intervals(outlook: Outlook, z: float) -> Array:
    """(n, 2) lower and upper ends in steps; an upper end beyond the cap is infinite."""
    return outlook.steps_at(np.repeat([[-z, z]], len(outlook.log_cap), axis=0))


def factors(outlook: Outlook, z: float, ends: Array) -> Array:
    """(n,) upper over lower of `ends`, the intervals at z; of an infinite one, that of trainings that reach the target.

    How sure they are to reach it is another question, with a figure of its own.
    """
    low, high = ends.T
    reached = outlook.reached_at(np.full((len(high), 1), z))[:, 0]
    found: Array = np.where(np.isinf(high), reached, high) / np.maximum(low, 1)
    return found


def _draws(outlook: Outlook, widening: float, max_steps: int) -> Array:
    """(DRAWS,) equally likely steps, whose central part is the interval; what would take longer stops at the cap."""
    z = student.quantile((np.arange(DRAWS) + 0.5) / DRAWS) * widening
    return np.asarray(np.minimum(outlook.steps_at(z[None])[0], max_steps))


def _whole(low: float, point: float, high: float, max_steps: int, basis: Basis) -> Interval:
    """In whole steps, within the cap, ends in order."""
    first, last = math.floor(min(low, max_steps)), math.ceil(min(high, max_steps))
    return Interval(first, last, basis, min(max(round(min(point, max_steps)), first), last))


def _abstained(reason: str, max_steps: int) -> StepsForecast:
    declared = Interval(min(1, max_steps), max_steps, Basis.ASSUMED)
    return StepsForecast(declared, cases=0, method="declared budget", abstained=reason)

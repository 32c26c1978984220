"""What the policy makes of scores and predicted costs. Thresholds recommend or block; none of them ever approves."""

from collections.abc import Iterable

from modelreuse.api import (
    Action,
    ModelAssessment,
    ModelReuseCheckSpec,
    Prediction,
    Recommendation,
)
from modelreuse.decisions.hurdles import Hurdle, objection
from modelreuse.decisions.keeping import Judgement, Verdict
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.ranking import Candidate, by_energy, order, order_sentence, ranking

NEEDS_APPROVAL = frozenset({Action.FINE_TUNE, Action.RETRAIN, Action.TRAIN_FROM_SCRATCH})


def needs_approval(recommendation: Recommendation) -> bool:
    """Whether a human must confirm: whatever spends energy beyond the assessment itself."""
    return recommendation.action in NEEDS_APPROVAL


def recommend(
    spec: ModelReuseCheckSpec, assessments: Iterable[ModelAssessment], prediction: Prediction, rules: Rules
) -> Recommendation:
    """The recommendation for a check with a candidate that could be assessed; the first candidate is the one in use."""
    candidates = ranking(spec, assessments, prediction, rules)
    in_use = spec.models[0].name
    advice = _advice(in_use, candidates, prediction, rules)
    if len(spec.models) == 1:
        return advice
    message = f"{advice.message}; {order_sentence(spec, candidates)}"
    return Recommendation.model_validate(dict(advice) | {"message": message, "ranked": order(spec, candidates)})


def _advice(in_use: str, candidates: list[Candidate], prediction: Prediction, rules: Rules) -> Recommendation:
    best = candidates[0]
    current = next((each for each in candidates if each.model == in_use), None)
    if best.fits and best is current:
        return _of(Action.REUSE, in_use, best.judgement.reason, f"the model in use is {best.judgement.why}")
    if best.fits:
        return _switch(best, in_use, current.judgement if current else None)
    judged = current or best
    if judged.judgement.verdict is Verdict.UNSETTLED:
        return _of(Action.INCONCLUSIVE, judged.model, judged.judgement.reason, judged.judgement.why)
    return _cheapest(judged, candidates, prediction, rules)


def _switch(candidate: Candidate, in_use: str, current: Judgement | None) -> Recommendation:
    fault = "it could not be assessed" if current is None else current.why
    message = f"{candidate.model} is {candidate.judgement.why} without any training; of {in_use}: {fault}"
    return _of(Action.SWITCH, candidate.model, "CandidateWithinThresholds", message)


def _cheapest(judged: Candidate, candidates: list[Candidate], prediction: Prediction, rules: Rules) -> Recommendation:
    """The cheapest action on any candidate, where `judged` can't be kept."""
    shortfall = judged.judgement.why
    assessments = {each.model: each.assessment for each in candidates}
    passed: dict[Hurdle, list[str]] = {hurdle: [] for hurdle in Hurdle}
    for cost in by_energy(prediction.costs):
        against = objection(cost, assessments[cost.model], prediction, rules)
        if against is None:
            message = f"{shortfall}; {cost.action} is the cheapest action within the policy's limits"
            others = "; ".join([*passed[Hurdle.LAYERS], *passed[Hurdle.DOUBT]])
            return Recommendation(
                action=Action(cost.action),
                model=cost.model,
                layers=assessments[cost.model].layers if cost.action == Action.FINE_TUNE else [],
                reason="BeyondThresholds",
                message=f"{message} ({others})" if others else message,
            )
        passed[against.hurdle].append(f"{cost.action} {cost.model}: {against.why}")
    return _none_will_do(judged.model, passed, shortfall)


def _none_will_do(model: str, passed: dict[Hurdle, list[str]], shortfall: str) -> Recommendation:
    message = "; ".join([shortfall, *(why for hurdle in Hurdle for why in passed[hurdle])])
    if passed[Hurdle.LIMIT] and not passed[Hurdle.DOUBT]:
        return _of(Action.BLOCKED, model, Hurdle.LIMIT, message)
    return _of(Action.INCONCLUSIVE, model, Hurdle.DOUBT if passed[Hurdle.DOUBT] else Hurdle.LAYERS, message)


def _of(action: Action, model: str, reason: str, message: str) -> Recommendation:
    return Recommendation(action=action, model=model, reason=reason, message=message)

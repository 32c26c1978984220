"""The advice of an assessment: prediction, recommendation and summary, by the profile and the policies of now."""

from datetime import datetime

from modelreuse.api import (
    Action,
    ExpectedReturn,
    Failure,
    ModelReuseCheck,
    ModelReuseCheckStatus,
    PredictedCost,
    Recommendation,
)
from modelreuse.costs import expected_return
from modelreuse.decisions.assessments import assessment_of
from modelreuse.decisions.describing import summary
from modelreuse.decisions.hardware import OTHER_HARDWARE, is_for_other_hardware, other_hardware
from modelreuse.decisions.observed import Observed
from modelreuse.decisions.offer import cost_of, target_of
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.predicting import is_outdated, renewed
from modelreuse.decisions.recommendation import needs_approval, recommend


def advised(
    observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime
) -> ModelReuseCheckStatus:
    """The status with its advice, until a human has decided: from then on it stays what was decided upon."""
    if status.retraining is not None or status.rejected is not None:
        return status
    if isinstance(rules, Failure) or not any(one.hashes for one in status.assessments):
        return status.model_copy(update={"recommendation": None, "summary": None})
    outdated = is_outdated(status, rules) or is_for_other_hardware(observed, status, rules)
    latest = renewed(observed, status, rules, now) if outdated else status
    if isinstance(latest, Failure):
        model = observed.check.spec.models[0].name
        unknown = Recommendation(action=Action.INCONCLUSIVE, model=model, reason=latest.reason, message=latest.message)
        return status.model_copy(update={"recommendation": unknown, "summary": None})
    return _by_prediction(observed, latest, rules)


def _by_prediction(observed: Observed, status: ModelReuseCheckStatus, rules: Rules) -> ModelReuseCheckStatus:
    if status.prediction is None:
        return status
    advice = recommend(observed.check.spec, status.assessments, status.prediction, rules)
    advice = _measured_alike(observed, status, advice, rules)
    status = status.model_copy(update={"recommendation": advice, "summary": None})
    cost = cost_of(status, advice)
    if cost is None:
        return status
    advice = advice.model_copy(update={"expected_return": _return(observed.check, status, cost, rules)})
    return status.model_copy(update={"recommendation": advice, "summary": summary(cost)})


def _measured_alike(
    observed: Observed, status: ModelReuseCheckStatus, advice: Recommendation, rules: Rules
) -> Recommendation:
    """The advice, unless what it would launch runs on hardware that nothing is known of."""
    measured = assessment_of(status, advice.model)
    elsewhere = other_hardware(observed, measured, rules) if needs_approval(advice) else None
    if elsewhere is None:
        return advice
    told = {"message": f"{advice.message}; but {elsewhere}", "reason": OTHER_HARDWARE}
    return Recommendation.model_validate(dict(advice) | told | {"action": Action.INCONCLUSIVE, "layers": []})


def _return(
    check: ModelReuseCheck, status: ModelReuseCheckStatus, cost: PredictedCost, rules: Rules
) -> ExpectedReturn | None:
    assessment = assessment_of(status, cost.model)
    return expected_return(
        cost,
        assessment,
        target=target_of(check, assessment),
        point_value=check.spec.objective.point_value,
        prices=rules.profile.spec.prices,
    )

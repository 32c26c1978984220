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
from modelreuse.decisions.describing import summary
from modelreuse.decisions.observed import Observed
from modelreuse.decisions.offer import cost_of, target_of
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.predicting import is_outdated, renewed
from modelreuse.decisions.recommendation import recommend


def advised(
    observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime
) -> ModelReuseCheckStatus:
    """The status with its advice, until a human has decided: from then on it stays what was decided upon."""
    if status.prediction is None or status.retraining is not None or status.rejected is not None:
        return status
    if isinstance(rules, Failure) or not any(one.hashes for one in status.assessments):
        return status.model_copy(update={"recommendation": None, "summary": None})
    prediction = renewed(observed, status, rules, now) if is_outdated(status, rules) else status.prediction
    if isinstance(prediction, Failure):
        model = observed.check.spec.models[0].name
        unknown = Recommendation(
            action=Action.INCONCLUSIVE, model=model, reason=prediction.reason, message=prediction.message
        )
        return status.model_copy(update={"recommendation": unknown, "summary": None})
    advice = recommend(observed.check.spec, status.assessments, prediction, rules)
    status = status.model_copy(update={"prediction": prediction, "recommendation": advice, "summary": None})
    cost = cost_of(status, advice)
    if cost is None:
        return status
    advice = advice.model_copy(update={"expected_return": _return(observed.check, status, cost, rules)})
    return status.model_copy(update={"recommendation": advice, "summary": summary(cost)})


def _return(
    check: ModelReuseCheck, status: ModelReuseCheckStatus, cost: PredictedCost, rules: Rules
) -> ExpectedReturn | None:
    assessment = next(one for one in status.assessments if one.model == cost.model)
    return expected_return(
        cost,
        assessment,
        target=target_of(check, assessment),
        point_value=check.spec.objective.point_value,
        prices=rules.profile.spec.prices,
    )

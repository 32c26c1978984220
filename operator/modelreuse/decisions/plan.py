"""The plan: every rule of the operator, in the order of the flow. Pure: the same observation, the same plan."""

from datetime import datetime, timedelta

from modelreuse.api import Condition, Failure, ModelReuseCheckStatus
from modelreuse.decisions.approving import offered
from modelreuse.decisions.assessing import assess, begin
from modelreuse.decisions.conditions import Findings, conditions
from modelreuse.decisions.describing import summary
from modelreuse.decisions.observed import Event, Observed, Plan
from modelreuse.decisions.offer import Offer, cost_of, offer
from modelreuse.decisions.policies import Rules, governing
from modelreuse.decisions.recommendation import recommend
from modelreuse.decisions.retraining import retrain
from modelreuse.decisions.verifying import outcome, verify

RETRY_AFTER = timedelta(seconds=60)
"""When what was refused or held up is looked at again."""

_NEWS = {"Assessed", "Approved", "Retrained", "PromotionAllowed", "Stalled"}
"""Conditions whose change of reason is an event."""


def plan(observed: Observed, now: datetime) -> Plan:
    """What to do next about one check.

    A plan takes at most one step of the retraining: its status is stored before the step after it is planned.
    """
    if observed.check.metadata.deletion_timestamp is not None:
        return Plan(observed.check.status)
    rules = governing(observed.policies, observed.profiles, observed.namespace_labels)
    assessing = assess(observed, begin(observed, now), rules, now)
    status = _advised(observed, assessing.status, rules)
    current = _current(observed, status, rules)
    if status.retraining is None:
        approval = (
            None if isinstance(current, Failure) or isinstance(rules, Failure) else offered(status, current, rules, now)
        )
        status = status.model_copy(update={"approval": approval})
    retraining = retrain(observed, status, current, rules, now)
    verifying = verify(observed, retraining.status)
    stages = (assessing, retraining, verifying)
    found = Findings(
        rules=rules,
        current=current,
        stalled=next((stage.stalled for stage in stages if stage.stalled), None),
        waiting=next((stage.waiting for stage in stages if stage.waiting), None),
    )
    status = verifying.status
    status = status.model_copy(
        update={
            "observed_generation": observed.check.metadata.generation,
            "conditions": conditions(observed, status, found, now),
        }
    )
    return Plan(
        status=status,
        create=tuple(created for stage in stages for created in stage.create),
        outcome=outcome(observed, status),
        events=_events(observed.check.status.conditions, status.conditions),
        wake_at=_wake_at(status, found, now),
    )


def _advised(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure) -> ModelReuseCheckStatus:
    """Recommendation and summary: by the policies of now, until a retraining was decided on."""
    if status.prediction is None or status.retraining is not None:
        return status
    if isinstance(rules, Failure) or not any(one.hashes for one in status.assessments):
        return status.model_copy(update={"recommendation": None, "summary": None})
    advice = recommend(observed.check.spec, status.assessments, status.prediction, rules)
    cost = cost_of(status, advice)
    return status.model_copy(update={"recommendation": advice, "summary": summary(cost) if cost else None})


def _current(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure) -> Offer | Failure:
    if status.assessed_at is None or status.recommendation is None:
        if isinstance(rules, Failure):
            return rules
        return Failure(reason="NotAssessed", message="there is no assessment yet")
    if isinstance(rules, Failure):
        return rules
    return offer(observed, status, status.recommendation, rules)


def _events(before: list[Condition], after: list[Condition]) -> tuple[Event, ...]:
    known = {(condition.type, condition.status, condition.reason) for condition in before}
    return tuple(
        Event(
            type="Warning" if condition.type == "Stalled" else "Normal",
            reason=condition.reason,
            message=condition.message,
        )
        for condition in after
        if condition.type in _NEWS
        and condition.status != "Unknown"
        and (condition.type, condition.status, condition.reason) not in known
    )


def _wake_at(status: ModelReuseCheckStatus, found: Findings, now: datetime) -> datetime | None:
    if found.waiting is not None:
        return now + RETRY_AFTER
    approval = status.approval
    if approval is None or status.retraining is not None or approval.expires_at is None or approval.expires_at <= now:
        return None
    return approval.expires_at

"""The plan: every rule of the operator, in the order of the flow. Pure: the same observation, the same plan."""

from datetime import datetime

from modelreuse.api import Failure, ModelReuseCheckStatus
from modelreuse.decisions.advising import advised
from modelreuse.decisions.approving import offered
from modelreuse.decisions.assessing import assess, begin
from modelreuse.decisions.budgets import settled
from modelreuse.decisions.conditions import Findings, conditions
from modelreuse.decisions.intensity import by_the_grid
from modelreuse.decisions.news import news
from modelreuse.decisions.observed import Observed, Plan
from modelreuse.decisions.offer import Offer, offer
from modelreuse.decisions.piloting import concluded, piloted
from modelreuse.decisions.policies import Rules, governing
from modelreuse.decisions.progress import RETRY_AFTER
from modelreuse.decisions.rejecting import declined
from modelreuse.decisions.retraining import retrain, unfunded
from modelreuse.decisions.screening import due_at, screen
from modelreuse.decisions.superseding import overdue, superseded
from modelreuse.decisions.templates import HEALS, frozen_by
from modelreuse.decisions.terms import terms_of
from modelreuse.decisions.verifying import outcome, verify


def plan(observed: Observed, now: datetime) -> Plan:
    """What to do next about one check.

    A plan takes at most one step of the retraining: its status is stored before the step after it is planned.
    """
    if observed.check.metadata.deletion_timestamp is not None:
        return Plan(observed.check.status)
    rules = governing(observed.policies, observed.profiles, observed.namespace_labels)
    begun = begin(observed, concluded(observed, observed.check.status), now)
    assessing = assess(observed, begun, rules, now)
    screening = screen(observed, assessing.status, rules, now)
    rules = by_the_grid(observed, screening.status, rules, now)
    status = piloted(observed, advised(observed, screening.status, rules, now), rules)
    current = _current(observed, status, rules)
    status = _on_offer(observed, status, current, rules, now)
    terms = terms_of(observed, status)
    retraining = retrain(observed, status, current, terms, rules, now)
    verifying = verify(observed, retraining.status, terms, now)
    stages = (assessing, screening, retraining, verifying)
    found = Findings(
        rules=rules,
        current=current,
        terms=terms,
        unfunded=unfunded(observed, current, rules, now) if retraining.status.retraining is None else None,
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
        ledgers=retraining.ledgers or settled(observed, status, now),
        create=tuple(created for stage in stages for created in stage.create),
        delete=(*superseded(observed, status), *overdue(observed, status)),
        deadlines=retraining.deadlines,
        outcome=outcome(observed, status, terms),
        events=(*news(observed.check.status.conditions, status.conditions), *screening.events),
        wake_at=min(
            filter(None, (_wake_at(observed, status, found, now), due_at(observed, status), retraining.wake_at)),
            default=None,
        ),
    )


def _current(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure) -> Offer | Failure:
    if isinstance(rules, Failure):
        return rules
    if status.recommendation is None:
        return Failure(reason="NotAssessed", message="there is no assessment yet")
    return offer(observed, status, status.recommendation, rules)


def _on_offer(
    observed: Observed,
    status: ModelReuseCheckStatus,
    current: Offer | Failure,
    rules: Rules | Failure,
    now: datetime,
) -> ModelReuseCheckStatus:
    """What can be approved, unless somebody has decided already: then it stays what was decided upon."""
    if status.retraining is not None or status.rejected is not None:
        return status
    if isinstance(current, Failure) or isinstance(rules, Failure):
        return status.model_copy(update={"approval": None})
    update = {
        "approval": offered(status, current, rules, now),
        "template_sha256": frozen_by(observed, current.work.template),
    }
    return declined(observed, status.model_copy(update=update), now)


def _wake_at(observed: Observed, status: ModelReuseCheckStatus, found: Findings, now: datetime) -> datetime | None:
    if found.waiting is not None:
        retries = (refusal.at + RETRY_AFTER for refusal in observed.refusals.values())
        return min((retry for retry in retries if retry > now), default=now + RETRY_AFTER)
    missing = isinstance(found.current, Failure) and found.current.reason in HEALS
    if missing or (found.unfunded is not None and observed.rights is not None):
        return now + RETRY_AFTER
    approval, decided = status.approval, status.retraining is not None or status.rejected is not None
    if decided or approval is None or approval.expires_at <= now:
        return None
    return approval.expires_at

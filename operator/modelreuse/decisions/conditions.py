"""All conditions of a check, computed in one place from the finished status: nothing else writes one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from modelreuse.api import Condition, ConditionType, Failure, ModelReuseCheckStatus, PilotStatus, merge_conditions
from modelreuse.decisions.approving import AWAITING, EXPIRED, Approved, judge
from modelreuse.decisions.commands import ending_with, to_approve, to_assess_again
from modelreuse.decisions.describing import pilot_sentence, seen, sentence
from modelreuse.decisions.observed import Observed
from modelreuse.decisions.offer import Offer, Work
from modelreuse.decisions.piloting import is_pilot
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.progress import SUSPENDED
from modelreuse.decisions.recommendation import needs_approval
from modelreuse.decisions.rejecting import REJECTED
from modelreuse.decisions.terms import Terms
from modelreuse.decisions.verifying import cannot_verify, is_finished, promotion

State = Literal["True", "False", "Unknown"]
_ASSESSING = ("Assessing", "the forward pass over reference and new data has not ended")
_PILOTING = ("Piloting", "the pilot has not ended, or is not yet charged and recorded")
PILOT_ENDED = "PilotEnded"


@dataclass(frozen=True)
class Findings:
    """What the stages found, beyond what status holds."""

    rules: Rules | Failure
    current: Offer | Failure
    terms: Terms | Failure
    unfunded: Failure | None
    """Why budgets have no room for what is on offer."""
    stalled: Failure | None
    waiting: Failure | None


def conditions(observed: Observed, status: ModelReuseCheckStatus, found: Findings, now: datetime) -> list[Condition]:
    """The conditions to store, each keeping its transition time while its status stays the same."""
    assessed = _assessed(status)
    approved = _approved(observed, status, found, now)
    triple = [
        (ConditionType.ASSESSED, *assessed),
        (ConditionType.RETRAINING_RECOMMENDED, *_recommended(status, found)),
        (ConditionType.APPROVED, *approved),
        (ConditionType.RETRAINED, *_retrained(status)),
        (ConditionType.PROMOTION_ALLOWED, *_promotable(status, found)),
        *_kstatus(observed, status, found, assessed, approved),
    ]
    generation = observed.check.metadata.generation
    return merge_conditions(
        observed.check.status.conditions,
        [
            Condition(
                type=kind,
                status=state,
                reason=reason,
                message=message,
                last_transition_time=now,
                observed_generation=generation,
            )
            for kind, state, reason, message in triple
        ],
    )


def _assessed(status: ModelReuseCheckStatus) -> tuple[State, str, str]:
    if status.assessed_at is None:
        return "False", *_ASSESSING
    failures = [one.failure for one in status.assessments if one.failure]
    if len(failures) == len(status.assessments):
        return "False", failures[0].reason, failures[0].message
    count = f"{len(status.assessments) - len(failures)} of {len(status.assessments)} candidates assessed"
    return "True", "Assessed", "; ".join([count, *(failure.message for failure in failures)])


def _recommended(status: ModelReuseCheckStatus, found: Findings) -> tuple[State, str, str]:
    if status.recommendation is None:
        if status.assessed_at is not None and isinstance(found.rules, Failure):
            return "Unknown", found.rules.reason, found.rules.message
        return "Unknown", "NotAssessed", "there is no assessment yet"
    advice = status.recommendation
    return ("True" if needs_approval(advice) else "False"), advice.action, advice.message


def _approved(
    observed: Observed, status: ModelReuseCheckStatus, found: Findings, now: datetime
) -> tuple[State, str, str]:
    if status.retraining is not None:
        if status.retraining.failure is not None and status.retraining.failure.reason == "ApprovalVoided":
            return "False", "ApprovalVoided", status.retraining.failure.message
        by = status.approval.by if status.approval else "somebody"
        pilot = status.retraining.intent.pilot_steps
        of_it = f", a pilot of {pilot} steps" if pilot else ""
        return "True", "Approved", f"{by} approved {status.retraining.intent.digest}{of_it}"
    if status.assessed_at is None:
        return "False", "NotAssessed", "there is no assessment yet"
    if status.rejected is not None:
        again = to_assess_again(observed.check, status)
        return "False", REJECTED, ending_with(again, f"rejected by {status.rejected}")
    if isinstance(found.rules, Failure):
        return "False", found.rules.reason, found.rules.message
    if isinstance(found.current, Failure):
        return "False", found.current.reason, found.current.message
    assert status.approval is not None
    judgement = judge(observed, status.approval, now)
    if isinstance(judgement, Approved) and found.unfunded is not None:
        message = f"{judgement.by} approved this, and it launches when there is room: {found.unfunded.message}"
        return "False", found.unfunded.reason, message
    if isinstance(judgement, Approved):
        return "False", "Launching", f"{judgement.by} approved {status.approval.digest}"
    if judgement.reason == AWAITING:
        command = to_approve(observed.check, status.approval.digest)
        room = f"; {found.unfunded.message}" if found.unfunded else ""
        costs = _costs(found.current.work, status)
        return "False", AWAITING, ending_with(command, f"{costs}; {judgement.message}{room}")
    if judgement.reason == EXPIRED:
        return "False", EXPIRED, ending_with(to_assess_again(observed.check, status), judgement.message)
    return "False", judgement.reason, judgement.message


def _costs(work: Work, status: ModelReuseCheckStatus) -> str:
    if work.pilot_steps is not None:
        return pilot_sentence(work.cost, work.pilot_steps)
    said = sentence(work.cost, status.prediction.max_steps if status.prediction else None)
    roofline = status.prediction.roofline if status.prediction else None
    return f"{said}, by the roofline of {roofline}" if roofline else said


def _retrained(status: ModelReuseCheckStatus) -> tuple[State, str, str]:
    retraining, pilot = status.retraining, status.pilot
    if retraining is None and pilot is not None and pilot.ended:
        return _after(pilot)
    if retraining is None:
        return "False", "NotStarted", "no retraining was approved"
    if is_pilot(retraining) and retraining.launched:
        return "False", *_PILOTING
    if retraining.result is None:
        return "False", "Retraining" if retraining.launched else "Launching", "the retraining has not ended"
    if retraining.result != "Succeeded":
        failure = retraining.failure
        return ("False", failure.reason, failure.message) if failure else ("False", retraining.result, "it has ended")
    reached = "reached" if retraining.target_reached else "not reached"
    return "True", "Retrained", f"{retraining.steps} steps; target {reached}, as the trainer reports"


def _after(pilot: PilotStatus) -> tuple[State, str, str]:
    if not pilot.told:
        return "False", "PilotFailed", seen(pilot)
    return "False", PILOT_ENDED, f"{seen(pilot)}, as the trainer reports"


def _promotable(status: ModelReuseCheckStatus, found: Findings) -> tuple[State, str, str]:
    allowed, why = promotion(status, found.terms, found.rules)
    return ("Unknown" if allowed is None else "True" if allowed else "False"), why.reason, why.message


def _kstatus(
    observed: Observed,
    status: ModelReuseCheckStatus,
    found: Findings,
    assessed: tuple[State, str, str],
    approved: tuple[State, str, str],
) -> list[tuple[ConditionType, State, str, str]]:
    """`Ready`, and `Reconciling` or `Stalled` only while true. Waiting for a person is Ready."""
    stalled = found.stalled
    if status.assessed_at is not None and assessed[0] == "False":
        stalled = Failure(reason=assessed[1], message=assessed[2])
    if stalled is not None:
        return [
            (ConditionType.READY, "False", stalled.reason, stalled.message),
            (ConditionType.STALLED, "True", stalled.reason, stalled.message),
        ]
    busy = None if found.waiting == SUSPENDED else _busy_with(observed, status, found.terms)
    if busy is not None:
        reason, message = (found.waiting.reason, found.waiting.message) if found.waiting else busy
        return [
            (ConditionType.READY, "False", reason, message),
            (ConditionType.RECONCILING, "True", reason, message),
        ]
    if observed.check.spec.suspend:
        return [(ConditionType.READY, "True", SUSPENDED.reason, SUSPENDED.message)]
    if status.retraining is not None:
        return [(ConditionType.READY, "True", "Completed", "the retraining of this assessment has ended")]
    return [(ConditionType.READY, "True", approved[1], approved[2])]


def _busy_with(observed: Observed, status: ModelReuseCheckStatus, terms: Terms | Failure) -> tuple[str, str] | None:
    if status.assessed_at is None:
        return None if observed.check.spec.suspend else _ASSESSING
    retraining = status.retraining
    if retraining is None:
        return None
    if is_pilot(retraining):
        return _PILOTING
    if retraining.result is None:
        return "Retraining", "the retraining has not ended"
    verifiable = retraining.result == "Succeeded" and cannot_verify(terms) is None
    if verifiable and not is_finished(status.verification):
        return "Verifying", "old and new model are being measured on held-out data"
    return None

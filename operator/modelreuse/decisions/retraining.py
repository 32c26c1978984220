"""The retraining stage: intent, reservation, record, then exactly one Job. A consumed digest never launches again."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from modelreuse.api import (
    Approval,
    Failure,
    Intent,
    JobReference,
    ModelReuseCheckStatus,
    RetrainingStatus,
    Spending,
    TrainingResult,
    UnreadableMessageError,
    parse_message,
)
from modelreuse.api.looks import some_of
from modelreuse.costs import NOTHING
from modelreuse.decisions.answers import answering_pod
from modelreuse.decisions.approving import AWAITING, Approved, judge
from modelreuse.decisions.budgets import Funds, funds
from modelreuse.decisions.commands import ending_with, to_assess_again
from modelreuse.decisions.inputs import refused_inputs, unconfirmed_inputs
from modelreuse.decisions.observed import Deadline, Observed, ObservedJob
from modelreuse.decisions.offer import Offer, record_spec, rendered
from modelreuse.decisions.piloting import untold, with_qualities
from modelreuse.decisions.plausibility import implausible
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.progress import SETTLING, SUSPENDED, Progress, is_due, startup_problem, stranger
from modelreuse.decisions.records import record_of
from modelreuse.decisions.spending import charge, remembered, spent
from modelreuse.decisions.superseding import TIME_USED
from modelreuse.decisions.terms import Terms
from modelreuse.manifests import JOB, KINDS, record_name, retraining_record


def retrain(
    observed: Observed,
    status: ModelReuseCheckStatus,
    current: Offer | Failure,
    terms: Terms | Failure,
    rules: Rules | Failure,
    now: datetime,
) -> Progress:
    """Brings the retraining forward by one step: each step is stored before the next is taken."""
    retraining = status.retraining
    if retraining is None:
        return _intend(observed, status, current, rules, now)
    if retraining.result is not None:
        return Progress(status)
    if not retraining.launched:
        return _launch(observed, status, retraining, current, rules, now)
    return _follow(observed, status, retraining, terms, rules, now)


def unfunded(observed: Observed, current: Offer | Failure, rules: Rules | Failure, now: datetime) -> Failure | None:
    """Why the budgets have no room now for what is on offer; None when they have, or hold it already."""
    if isinstance(current, Failure) or isinstance(rules, Failure):
        return None
    return _funds(observed, current, rules, now).missing


def _funds(observed: Observed, current: Offer, rules: Rules, now: datetime) -> Funds:
    if current.needed is None:
        return Funds(held=True)
    return funds(observed, record_name(current.digest), current.needed, rules, now)


def _intend(
    observed: Observed,
    status: ModelReuseCheckStatus,
    current: Offer | Failure,
    rules: Rules | Failure,
    now: datetime,
) -> Progress:
    approval = status.approval
    if isinstance(current, Failure) or status.rejected is not None or observed.check.spec.suspend:
        return Progress(status)
    assert approval is not None
    # A digest under which a record stands was consumed, whatever status says.
    work = current.work
    what = {"action": work.cost.action, "model": work.cost.model, "pilot_steps": work.pilot_steps}
    intent = Intent.model_validate({"digest": current.digest, "at": now, **what})
    retraining = RetrainingStatus(intent=intent, record=record_name(current.digest))
    if record_of(observed, retraining) is not None:
        return Progress(status, stalled=_consumed(approval))
    judgement = judge(observed, approval, now)
    if not isinstance(judgement, Approved) or unfunded(observed, current, rules, now) is not None:
        return Progress(status)
    update = {
        "approval": approval.model_copy(update={"by": judgement.by, "groups": judgement.groups, "at": now}),
        "retraining": retraining,
    }
    return Progress(status.model_copy(update=update))


def _consumed(approval: Approval) -> Failure:
    return Failure(
        reason="DigestConsumed",
        message=f"a retraining was already recorded under {approval.digest}; an approval launches once",
    )


def _launch(
    observed: Observed,
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    current: Offer | Failure,
    rules: Rules | Failure,
    now: datetime,
) -> Progress:
    approval = status.approval
    assert approval is not None
    judgement = judge(observed, approval, now)
    if (
        isinstance(current, Failure)
        or isinstance(rules, Failure)
        or current.digest != retraining.intent.digest
        or not isinstance(judgement, Approved)
    ):
        again = to_assess_again(observed.check, status)
        message = ending_with(again, f"nothing was launched: {_why_void(current, judgement)}")
        void = Failure(reason="ApprovalVoided", message=message)
        return Progress(_ended(status, _costing(retraining, NOTHING), now, "Failed", void))
    if observed.check.spec.suspend:
        return Progress(status, waiting=SUSPENDED)
    paid = _funds(observed, current, rules, now)
    if not paid.held:
        return Progress(status, ledgers=paid.ledgers, waiting=paid.missing)
    record = record_of(observed, retraining)
    if record is None:
        refusal = observed.refusals.get(retraining.record)
        if not is_due(refusal, now):
            return Progress(status, waiting=refusal.failure if refusal else None)
        stamps = {
            "requested_by": judgement.requested_by,
            "edited_by": judgement.edited_by,
            "approved_by": judgement.by,
            "approved_by_groups": judgement.groups,
            "at": approval.at,
        }
        spec = record_spec(observed.check, status, current, stamps)
        return Progress(
            status,
            create=(retraining_record(observed.check.metadata.namespace, spec),),
            waiting=refusal.failure if refusal else None,
        )
    recorded = record.spec.approval.digest if record.spec.approval else None
    if recorded != current.digest or record.outcome is not None:
        return Progress(_ended(status, _costing(retraining, NOTHING), now, "Failed", _consumed(approval)))
    job = rendered(observed.check, current.work, current.digest)
    if job.prepared is not None:
        preparing = _prepare(observed, status, retraining, job.prepared, now)
        if preparing is not None:
            return preparing
    kind = job.launched["kind"]
    reference = JobReference(name=job.launched["metadata"]["name"], uid=None)
    other = {} if kind == JOB.name else {"kind": kind}
    launched = retraining.model_copy(update={"launched": True, "started_at": now, "job": reference, **other})
    return Progress(status.model_copy(update={"retraining": launched}), create=(job.launched,))


def _prepare(
    observed: Observed,
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    wanted: Mapping[str, Any],
    now: datetime,
) -> Progress | None:
    """Has what must stand before the launch stand; None once it does, and is what was approved, of our making."""
    there = observed.prepared
    if there is None:
        refusal = observed.refusals.get(retraining.record)
        create = (wanted,) if is_due(refusal, now) else ()
        return Progress(status, create=create, waiting=refusal.failure if refusal else None)
    ours = (observed.check.metadata.uid, retraining.intent.digest, wanted["spec"])
    if (there.owner_uid, there.task, there.spec) != ours:
        message = f"a {wanted['kind']} that this check didn't make stands under the name {retraining.record}"
        taken = Failure(reason="NameTaken", message=message)
        return Progress(_ended(status, _costing(retraining, NOTHING), now, "Failed", taken))
    settled_at = there.since + SETTLING
    return Progress(status, wake_at=settled_at) if now < settled_at else None


def _why_void(current: Offer | Failure, judgement: Approved | Failure) -> str:
    if isinstance(current, Failure):
        return current.message
    if isinstance(judgement, Failure):
        return "the approval was withdrawn" if judgement.reason == AWAITING else judgement.message
    return "what would run is no longer what was approved"


def _follow(
    observed: Observed,
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    terms: Terms | Failure,
    rules: Rules | Failure,
    now: datetime,
) -> Progress:
    assert retraining.job is not None
    name, uid = retraining.job.name, retraining.job.uid
    job = observed.jobs.get(name)
    if job is None or (uid is not None and job.uid != uid):
        refusal = observed.refusals.get(name)
        if refusal is not None and uid is None:
            return Progress(_ended(status, _costing(retraining, NOTHING), now, "Failed", refusal.failure))
        lost = Failure(
            reason="ResultLost",
            message=f"{retraining.kind or JOB.name} {name} is gone and left no result; nothing is launched again "
            "without a new approval",
        )
        return Progress(_ended(status, retraining, now, "Lost", lost))
    taken = stranger(observed, name, job, retraining.intent.digest)
    if taken:
        return Progress(_ended(status, retraining, now, "Failed", taken))
    retraining = retraining.model_copy(update={"job": JobReference(name=name, uid=job.uid)})
    retraining = remembered(retraining, job.pods, now)
    profile = None if isinstance(rules, Failure) else rules.priced
    if job.finished_at is None:
        ends_at = None if isinstance(terms, Failure) else _ends_at(retraining, job, terms.seconds)
        if ends_at is not None and ends_at <= now:
            used = Failure(reason=TIME_USED, message=f"{job.kind} {name}: its attempts have used all the approved time")
            due = charge(retraining, job.pods, profile, observed.node_labels, now)
            retraining = retraining.model_copy(update=spent(job.pods, profile, observed.node_labels, now))
            return Progress(_ended(status, _costing(retraining, due), now, "Failed", used))
        deadlines = () if isinstance(terms, Failure) else _shared(retraining, job, terms.seconds)
        status = status.model_copy(update={"retraining": retraining})
        return Progress(status, waiting=startup_problem(job), deadlines=deadlines, wake_at=ends_at)
    due = charge(retraining, job.pods, profile, observed.node_labels, job.finished_at)
    retraining = retraining.model_copy(update=spent(job.pods, profile, observed.node_labels, job.finished_at))
    retraining = _costing(retraining, due)
    return Progress(_with_result(status, retraining, terms, rules, job, job.finished_at))


def _shared(retraining: RetrainingStatus, job: ObservedJob, approved: int) -> tuple[Deadline, ...]:
    """The approved time is for all attempts together: a queue that resumes a Job begins its deadline anew."""
    if retraining.removed_pod_seconds is None or not KINDS[job.kind].deadline_changes:
        return ()
    left = max(1, approved - math.ceil(retraining.removed_pod_seconds))
    if job.deadline_seconds is not None and job.deadline_seconds <= left:
        return ()
    return (Deadline(job.name, job.uid, left),)


def _ends_at(retraining: RetrainingStatus, job: ObservedJob, approved: int) -> datetime | None:
    """When the approved time is used up by the attempt that runs, of a kind whose deadline begins anew for each."""
    if retraining.removed_pod_seconds is None or KINDS[job.kind].deadline_changes:
        return None
    begun = min((pod.started_at for pod in job.pods if pod.started_at and not pod.finished_at), default=None)
    left = timedelta(seconds=max(0.0, approved - float(retraining.removed_pod_seconds)))
    return begun + left if begun is not None else None


def _with_result(
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    terms: Terms | Failure,
    rules: Rules | Failure,
    job: ObservedJob,
    ended_at: datetime,
) -> ModelReuseCheckStatus:
    if not job.succeeded:
        failure = (
            refused_inputs(job, retraining.intent.digest)
            or job.failure
            or Failure(reason="TrainerFailed", message=f"{job.kind} {job.name} failed")
        )
        return _ended(status, retraining, ended_at, "Failed", failure)
    pod = answering_pod(job)
    if pod is None:
        lost = Failure(reason="ResultLost", message=f"{job.kind} {job.name} succeeded but left no result")
        return _ended(status, retraining, ended_at, "Lost", lost)
    assert pod.message is not None
    unsure = unconfirmed_inputs(pod, retraining.intent.digest, None if isinstance(rules, Failure) else rules)
    if unsure is not None:
        return _ended(status, retraining, ended_at, "Failed", unsure)
    try:
        result = parse_message(TrainingResult, pod.message)
    except UnreadableMessageError as error:
        bad = Failure(reason="UnreadableAnswer", message=f"{job.kind} {job.name}: {error}")
        return _ended(status, retraining, ended_at, "Failed", bad)
    problem = _implausible(retraining, terms, result)
    if problem:
        bad = Failure(reason="WrongAnswer", message=f"{job.kind} {job.name}: {problem}")
        return _ended(status, retraining, ended_at, "Failed", bad)
    told: dict[str, object] = {
        "steps": result.steps,
        "target_reached": result.target_reached,
        "evaluated_every": result.evaluated_every,
        "reported_energy_wh": result.energy_wh,
    }
    pilot_steps = retraining.intent.pilot_steps
    if pilot_steps is not None:
        # Its weights are thrown away, so status doesn't name them.
        nothing = untold(pilot_steps, result)
        reported = retraining.model_copy(update=told)
        return _ended(with_qualities(status, result), reported, ended_at, "Failed" if nothing else "Succeeded", nothing)
    told |= {
        "artifact_uri": result.artifact_uri,
        "artifact_sha256": result.artifact_sha256,
        "evaluations": some_of(result.evaluations),
    }
    return _ended(status, retraining.model_copy(update=told), ended_at, "Succeeded", None)


def _costing(retraining: RetrainingStatus, due: Spending | None) -> RetrainingStatus:
    return retraining.model_copy(update={"charge": due})


def _implausible(retraining: RetrainingStatus, terms: Terms | Failure, result: TrainingResult) -> str | None:
    # A result whose terms are unknown is never verified, so it matters little where it lies.
    spec = terms.check.spec.retraining if isinstance(terms, Terms) else None
    return implausible(
        result,
        digest=retraining.intent.digest,
        output=spec.output if spec else None,
        max_steps=spec.max_steps if spec else None,
        pilot_steps=retraining.intent.pilot_steps,
    )


def _ended(
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    now: datetime,
    result: Literal["Succeeded", "Failed", "Lost"],
    failure: Failure | None,
) -> ModelReuseCheckStatus:
    ended = retraining.model_copy(update={"finished_at": now, "result": result, "failure": failure})
    return status.model_copy(update={"retraining": ended})

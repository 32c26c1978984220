"""The retraining stage: intent, then record, then exactly one Job. A consumed digest never launches again."""

from datetime import datetime
from typing import Literal

from modelreuse.api import (
    Approval,
    Failure,
    Intent,
    JobReference,
    ModelReuseCheckStatus,
    RetrainingRecord,
    RetrainingStatus,
    TrainingResult,
    UnreadableMessageError,
    decimal,
    parse_message,
)
from modelreuse.costs import energy_of_pod_time, machine_of
from modelreuse.decisions.approving import Approved, judge
from modelreuse.decisions.assessing import answering_pod
from modelreuse.decisions.observed import Observed, ObservedJob
from modelreuse.decisions.offer import Offer, record_spec, rendered_job
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.progress import SUSPENDED, Progress, startup_problem, stranger
from modelreuse.manifests import job_name, record_name, retraining_record


def retrain(
    observed: Observed, status: ModelReuseCheckStatus, current: Offer | Failure, rules: Rules | Failure, now: datetime
) -> Progress:
    """Brings the retraining forward by one step: each step is stored before the next is taken."""
    retraining = status.retraining
    if retraining is None:
        return _intend(observed, status, current, now)
    if retraining.result is not None:
        return Progress(status)
    if not retraining.launched:
        return _launch(observed, status, retraining, current, now)
    return _follow(observed, status, retraining, rules, now)


def record_of(observed: Observed, retraining: RetrainingStatus) -> RetrainingRecord | None:
    """The record of this retraining, if it was observed."""
    return next(
        (
            record
            for record in observed.records
            if record.metadata.name == retraining.record
            and record.metadata.namespace == observed.check.metadata.namespace
        ),
        None,
    )


def _intend(observed: Observed, status: ModelReuseCheckStatus, current: Offer | Failure, now: datetime) -> Progress:
    approval = status.approval
    if isinstance(current, Failure) or approval is None or observed.check.spec.suspend:
        return Progress(status)
    # A digest under which a record stands was consumed, whatever status says.
    intent = Intent(digest=current.digest, at=now, action=current.cost.action, model=current.cost.model)
    retraining = RetrainingStatus(intent=intent, record=record_name(current.digest))
    if record_of(observed, retraining) is not None:
        return Progress(status, stalled=_consumed(approval))
    judgement = judge(observed, approval, now)
    if not isinstance(judgement, Approved):
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
    now: datetime,
) -> Progress:
    approval = status.approval
    judgement = judge(observed, approval, now) if approval else None
    if (
        isinstance(current, Failure)
        or current.digest != retraining.intent.digest
        or approval is None
        or not isinstance(judgement, Approved)
    ):
        problem = next((each for each in (current, judgement) if isinstance(each, Failure)), None)
        why = problem.message if problem else "what would run is no longer what was approved"
        voided = Failure(reason="ApprovalVoided", message=f"nothing was launched: {why}"[:1024])
        return Progress(_ended(status, retraining, now, "Failed", voided))
    if observed.check.spec.suspend:
        return Progress(status, waiting=SUSPENDED)
    record = record_of(observed, retraining)
    if record is None:
        refusal = observed.refusals.get(retraining.record)
        if refusal is not None:
            return Progress(status, waiting=refusal)
        stamps = {
            "requested_by": judgement.requested_by,
            "approved_by": judgement.by,
            "approved_by_groups": judgement.groups,
            "at": approval.at or now,
        }
        spec = record_spec(observed.check, status, current, stamps)
        return Progress(status, create=(retraining_record(observed.check.metadata.namespace, spec),))
    if record.spec.approval is None or record.spec.approval.digest != current.digest or record.outcome is not None:
        return Progress(_ended(status, retraining, now, "Failed", _consumed(approval)))
    job = rendered_job(observed.check, current.cost, current.layers, current.target, current.digest)
    launched = retraining.model_copy(
        update={"launched": True, "started_at": now, "job": JobReference(name=job["metadata"]["name"], uid=None)}
    )
    return Progress(status.model_copy(update={"retraining": launched}), create=(job,))


def _follow(
    observed: Observed,
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    rules: Rules | Failure,
    now: datetime,
) -> Progress:
    name = retraining.job.name if retraining.job else job_name(observed.check, retraining.intent.digest)
    uid = retraining.job.uid if retraining.job else None
    job = observed.jobs.get(name)
    if job is None or (uid is not None and job.uid != uid):
        refusal = observed.refusals.get(name)
        if refusal is not None and uid is None:
            return Progress(_ended(status, retraining, now, "Failed", refusal))
        lost = Failure(
            reason="ResultLost",
            message=f"Job {name} is gone and left no result; nothing is launched again without a new approval",
        )
        return Progress(_ended(status, retraining, now, "Lost", lost))
    taken = stranger(observed, name, job, retraining.intent.digest)
    if taken:
        return Progress(_ended(status, retraining, now, "Failed", taken))
    retraining = retraining.model_copy(update={"job": JobReference(name=name, uid=job.uid)})
    if job.finished_at is None:
        return Progress(status.model_copy(update={"retraining": retraining}), waiting=startup_problem(job))
    retraining = retraining.model_copy(update=_spent(observed, job, rules))
    return Progress(_with_result(observed, status, retraining, job))


def _with_result(
    observed: Observed, status: ModelReuseCheckStatus, retraining: RetrainingStatus, job: ObservedJob
) -> ModelReuseCheckStatus:
    ended_at = job.finished_at or retraining.intent.at
    if not job.succeeded:
        failure = job.failure or Failure(reason="TrainerFailed", message=f"Job {job.name} failed")
        return _ended(status, retraining, ended_at, "Failed", failure)
    pod = answering_pod(job)
    if pod is None or pod.message is None:
        lost = Failure(reason="ResultLost", message=f"Job {job.name} succeeded but left no result")
        return _ended(status, retraining, ended_at, "Lost", lost)
    try:
        result = parse_message(TrainingResult, pod.message)
    except UnreadableMessageError as error:
        bad = Failure(reason="UnreadableAnswer", message=f"Job {job.name}: {error}")
        return _ended(status, retraining, ended_at, "Failed", bad)
    problem = _implausible(observed, retraining, result)
    if problem:
        bad = Failure(reason="WrongAnswer", message=f"Job {job.name}: {problem}"[:1024])
        return _ended(status, retraining, ended_at, "Failed", bad)
    reported = retraining.model_copy(
        update={
            "steps": result.steps,
            "target_reached": result.target_reached,
            "artifact_uri": result.artifact_uri,
            "artifact_sha256": result.artifact_sha256,
            "reported_energy_wh": result.energy_wh,
        }
    )
    return _ended(status, reported, ended_at, "Succeeded", None)


def _implausible(observed: Observed, retraining: RetrainingStatus, result: TrainingResult) -> str | None:
    spec = observed.check.spec.retraining
    if result.digest != retraining.intent.digest:
        return "the result names another digest than the one that was approved"
    if spec is not None and not result.artifact_uri.startswith(spec.output.rstrip("/") + "/"):
        return f"the artefact lies outside spec.retraining.output ({spec.output})"
    if spec is not None and result.steps > spec.max_steps:
        return f"{result.steps} steps are more than spec.retraining.maxSteps ({spec.max_steps})"
    return None


def _ended(
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    now: datetime,
    result: Literal["Succeeded", "Failed", "Lost"],
    failure: Failure | None,
) -> ModelReuseCheckStatus:
    ended = retraining.model_copy(update={"finished_at": now, "result": result, "failure": failure})
    return status.model_copy(update={"retraining": ended})


def _spent(observed: Observed, job: ObservedJob, rules: Rules | Failure) -> dict[str, object]:
    """Pod time that we saw, and its energy by the profile."""
    seconds = 0.0
    watt_hours = 0.0
    bases = set()
    complete = True
    for pod in job.pods:
        if pod.started_at is None:
            continue
        lasted = ((pod.finished_at or job.finished_at or pod.started_at) - pod.started_at).total_seconds()
        seconds += max(lasted, 0.0)
        labels = observed.node_labels.get(pod.node or "", {})
        machine = (
            None
            if isinstance(rules, Failure)
            else machine_of(rules.profile.spec, labels, cpu_cores=pod.cpu_cores, gpus=pod.gpus)
        )
        if machine is None:
            complete = False
            continue
        spent, basis = energy_of_pod_time(machine, max(lasted, 0.0))
        watt_hours += spent
        bases.add(basis)
    if not complete or not bases:
        return {"pod_seconds": decimal(seconds)}
    return {"pod_seconds": decimal(seconds), "energy_wh": decimal(watt_hours), "energy_basis": bases.pop()}

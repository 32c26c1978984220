"""The assessment stage: one Job per candidate, whose answer counts only from the UID that status names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from modelreuse.api import (
    MAX_HISTORY,
    AssessmentSummary,
    Failure,
    HistoryRow,
    JobReference,
    ModelAssessment,
    ModelReuseCheckStatus,
    ModelSource,
    Recommendation,
    UnreadableMessageError,
    parse_message,
)
from modelreuse.api.check import MAX_IMAGE_ID
from modelreuse.api.names import ASSESS
from modelreuse.decisions.budgets import is_held
from modelreuse.decisions.describing import seen, steps
from modelreuse.decisions.digest import fingerprint_of
from modelreuse.decisions.observed import Observed, ObservedJob
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.predicting import predicted
from modelreuse.decisions.progress import MAX_ATTEMPTS, Progress, is_due, stranger
from modelreuse.decisions.records import record_of
from modelreuse.decisions.shards import foreign_service, held_up, image_of, missing_service, speaking_pod
from modelreuse.manifests import assessment_job, assessment_task_id, job_name


def begin(observed: Observed, status: ModelReuseCheckStatus, now: datetime) -> ModelReuseCheckStatus:
    """The status to go on from: this one, or that of a new assessment where one is due."""
    spec_hash = spec_hash_of(observed)
    token = observed.check.metadata.annotations.get(ASSESS, "")[:256]
    due = status.spec_hash != spec_hash or (token and token != status.assess_token)
    if not due or is_busy(observed, status):
        return status
    return ModelReuseCheckStatus(
        conditions=status.conditions,
        nonce=observed.nonce,
        spec_hash=spec_hash,
        assess_token=token or None,
        started_at=now,
        history=history_with(status),
    )


def spec_hash_of(observed: Observed) -> str:
    """Of all of the spec that an assessment depends on."""
    return fingerprint_of({key: value for key, value in observed.spec.items() if key != "suspend"})


def is_busy(observed: Observed, status: ModelReuseCheckStatus) -> bool:
    """Whether something runs whose result must not be lost: a retraining until it is charged and recorded."""
    retraining = status.retraining
    if retraining is None:
        return False
    record = record_of(observed, retraining)
    is_open = record is not None and record.outcome is None
    return retraining.result is None or is_open or is_held(observed, retraining)


def assess(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime) -> Progress:
    """Brings every candidate's assessment forward by what was observed."""
    if status.assessed_at is not None:
        return Progress(status)
    stages = [_assess_one(observed, status, model, rules, now) for model in observed.check.spec.models]
    status = status.model_copy(update={"assessments": [stage.entry for stage in stages]})
    progress = Progress(
        status,
        create=tuple(stage.create for stage in stages if stage.create is not None),
        stalled=next((stage.stalled for stage in stages if stage.stalled), None),
        waiting=next((stage.waiting for stage in stages if stage.waiting), None),
    )
    if not all(stage.entry.finished for stage in stages):
        return progress
    return Progress(predicted(observed, status.model_copy(update={"assessed_at": now}), rules, now))


@dataclass(frozen=True)
class _Stage:
    entry: ModelAssessment
    create: Mapping[str, object] | None = None
    stalled: Failure | None = None
    waiting: Failure | None = None


def _assess_one(
    observed: Observed, status: ModelReuseCheckStatus, model: ModelSource, rules: Rules | Failure, now: datetime
) -> _Stage:
    entry = next((one for one in status.assessments if one.model == model.name), None) or _attempt(
        observed, status, model.name, 1
    )
    if entry.finished:
        return _Stage(entry)
    job = observed.jobs.get(entry.job.name)
    if job is None and entry.job.uid is None:
        refusal = observed.refusals.get(entry.job.name)
        return _Stage(
            entry,
            create=_job(observed, status, model, entry.attempt, rules) if is_due(refusal, now) else None,
            waiting=refusal.failure if refusal else None,
        )
    if job is None or (entry.job.uid is not None and job.uid != entry.job.uid):
        lost = Failure(reason="AssessmentLost", message=f"Job {entry.job.name} was removed before it answered")
        return _again(observed, status, model, entry, lost, rules)
    task = _task(status, model.name, entry.attempt)
    taken = stranger(observed, entry.job.name, job, task)
    if taken:
        return _Stage(entry, stalled=taken)
    entry = entry.model_copy(update={"job": JobReference(name=job.name, uid=job.uid)})
    taken = foreign_service(observed, job)
    if taken:
        return _Stage(entry, stalled=taken)
    if job.finished_at is None:
        return _running(observed, entry, job, now)
    return _finished(observed, status, model, entry, job, task, rules)


def _running(observed: Observed, entry: ModelAssessment, job: ObservedJob, now: datetime) -> _Stage:
    service = missing_service(observed, job)
    refusal = observed.refusals.get(job.name)
    return _Stage(
        entry,
        create=service if is_due(refusal, now) else None,
        waiting=refusal.failure if refusal else held_up(job, now),
    )


def _finished(
    observed: Observed,
    status: ModelReuseCheckStatus,
    model: ModelSource,
    entry: ModelAssessment,
    job: ObservedJob,
    task: str,
    rules: Rules | Failure,
) -> _Stage:
    pod = speaking_pod(job, task)
    if pod is None:
        failure = job.failure or Failure(reason="NoAnswer", message=f"Job {job.name} ended without an answer")
        return _again(observed, status, model, entry, failure, rules)
    assert pod.message is not None
    try:
        summary = parse_message(AssessmentSummary, pod.message)
    except UnreadableMessageError as error:
        return _failed(entry, Failure(reason="UnreadableAnswer", message=f"Job {job.name}: {error}"))
    if summary.task != task:
        return _failed(entry, Failure(reason="WrongAnswer", message=f"Job {job.name} answered another task"))
    if summary.error is not None:
        failure = Failure(reason=summary.error.reason, message=summary.error.message)
        if summary.error.retryable:
            return _again(observed, status, model, entry, failure, rules)
        return _failed(entry, failure)
    hashes, code = summary.hashes, observed.check.spec.code
    if hashes is None or summary.measured is None or (code is not None and hashes.code is None):
        return _failed(entry, Failure(reason="UnreadableAnswer", message=f"Job {job.name}: the answer is incomplete"))
    return _Stage(
        entry.model_copy(
            update={
                "hashes": hashes,
                "image": (image_of(job, pod) or "")[-MAX_IMAGE_ID:] or None,
                "classes": summary.classes,
                "samples": summary.samples,
                "labelled": summary.labelled,
                "evidence": summary.evidence,
                "scores": summary.scores,
                "findings": summary.findings,
                "moved": summary.moved,
                "layers": summary.layers,
                "trainable_share": summary.trainable_share,
                "backward_share": summary.backward_share,
                "measured": summary.measured,
                "accelerators": pod.gpus,
                "report_sha256": summary.report_sha256,
            }
        )
    )


def _attempt(observed: Observed, status: ModelReuseCheckStatus, model: str, attempt: int) -> ModelAssessment:
    name = job_name(observed.check, _task(status, model, attempt))
    return ModelAssessment(model=model, attempt=attempt, job=JobReference(name=name, uid=None))


def _task(status: ModelReuseCheckStatus, model: str, attempt: int) -> str:
    assert status.nonce is not None
    return assessment_task_id(status.nonce, model, attempt)


def _again(
    observed: Observed,
    status: ModelReuseCheckStatus,
    model: ModelSource,
    entry: ModelAssessment,
    failure: Failure,
    rules: Rules | Failure,
) -> _Stage:
    if entry.attempt >= MAX_ATTEMPTS:
        return _failed(entry, failure)
    following = _attempt(observed, status, model.name, entry.attempt + 1)
    return _Stage(following, create=_job(observed, status, model, following.attempt, rules), waiting=failure)


def _failed(entry: ModelAssessment, failure: Failure) -> _Stage:
    return _Stage(entry.model_copy(update={"failure": failure}))


def _job(
    observed: Observed, status: ModelReuseCheckStatus, model: ModelSource, attempt: int, rules: Rules | Failure
) -> dict[str, object] | None:
    if observed.check.spec.suspend:
        return None
    assert status.nonce is not None
    return assessment_job(
        observed.check,
        model,
        nonce=status.nonce,
        attempt=attempt,
        image=observed.settings.worker_image,
        probe_allowed=isinstance(rules, Failure) or rules.timing_probe == "Allow",
    )


def history_with(status: ModelReuseCheckStatus) -> list[HistoryRow]:
    """The history once another assessment takes the place of this one."""
    if status.recommendation is None:
        return status.history
    assert status.assessed_at is not None
    row = HistoryRow(
        assessed_at=status.assessed_at,
        action=status.recommendation.action,
        digest=status.approval.digest if status.approval else None,
        outcome="Rejected" if status.rejected else status.retraining.result if status.retraining else None,
        message="; ".join(
            filter(
                None,
                (_piloted(status), _predicted(status, status.recommendation), _said(status, status.recommendation)),
            )
        ),
    )
    return [row, *status.history][:MAX_HISTORY]


def _piloted(status: ModelReuseCheckStatus) -> str | None:
    """What came of the assessment's pilot, if it had one."""
    return seen(status.pilot) if status.pilot is not None and status.pilot.ended else None


def _predicted(status: ModelReuseCheckStatus, advice: Recommendation) -> str | None:
    """What was predicted of the action that was recommended: of what nobody approved, no record tells it."""
    prediction = status.prediction
    if status.retraining is not None:
        return None
    assert prediction is not None
    costs = (cost for cost in prediction.costs if (cost.action, cost.model) == (advice.action, advice.model))
    return next((steps(cost, prediction.max_steps) for cost in costs), None)


def _said(status: ModelReuseCheckStatus, advice: Recommendation) -> str:
    return f"rejected by {status.rejected}" if status.rejected else advice.message

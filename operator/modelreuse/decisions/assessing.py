"""The assessment stage: one Job per candidate, whose answer counts only from the UID that status names."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from modelreuse.api import (
    Action,
    AssessmentSummary,
    CostProfileSpec,
    Failure,
    HistoryRow,
    JobReference,
    MeasuredPass,
    ModelAssessment,
    ModelReuseCheckStatus,
    ModelSource,
    Prediction,
    RetrainingRecord,
    UnreadableMessageError,
    parse_message,
)
from modelreuse.api.names import ASSESS
from modelreuse.costs import machine_of, predict
from modelreuse.decisions.observed import Observed, ObservedJob, ObservedPod
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.progress import MAX_ATTEMPTS, Progress, startup_problem, stranger
from modelreuse.manifests import assessment_job, assessment_task_id, job_name

MAX_HISTORY = 20
MOST = 10**15
"""Of anything that is counted."""
ASSUMED_BUDGET = 10_000
"""Steps within which an advisory check predicts, where no `spec.retraining.maxSteps` is declared."""


def begin(observed: Observed, now: datetime) -> ModelReuseCheckStatus:
    """The status to go on from: the stored one, or that of a new assessment where one is due."""
    status = observed.check.status
    spec_hash = spec_hash_of(observed)
    token = observed.check.metadata.annotations.get(ASSESS, "")[:256]
    due = status.nonce is None or status.spec_hash != spec_hash or (token and token != status.assess_token)
    if not due or is_busy(observed, status):
        return status
    return ModelReuseCheckStatus(
        conditions=status.conditions,
        nonce=observed.nonce,
        spec_hash=spec_hash,
        assess_token=token or None,
        started_at=now,
        history=_history(status),
    )


def spec_hash_of(observed: Observed) -> str:
    """Of all of the spec that an assessment depends on. Only ever compared with itself, so any JSON will do."""
    spec = {key: value for key, value in observed.spec.items() if key != "suspend"}
    return f"sha256:{hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()}"


def is_busy(observed: Observed, status: ModelReuseCheckStatus) -> bool:
    """Whether something runs whose result must not be lost: a retraining until its outcome is recorded."""
    retraining = status.retraining
    if retraining is None:
        return False
    record = next((one for one in observed.records if one.metadata.name == retraining.record), None)
    return retraining.result is None or (record is not None and record.outcome is None)


def assess(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime) -> Progress:
    """Brings every candidate's assessment forward by what was observed."""
    if status.assessed_at is not None:
        return Progress(status)
    stages = [_assess_one(observed, status, model, rules) for model in observed.check.spec.models]
    status = status.model_copy(update={"assessments": [stage.entry for stage in stages]})
    progress = Progress(
        status,
        create=tuple(stage.create for stage in stages if stage.create is not None),
        stalled=next((stage.stalled for stage in stages if stage.stalled), None),
        waiting=next((stage.waiting for stage in stages if stage.waiting), None),
    )
    if progress.stalled or not all(stage.entry.finished for stage in stages):
        return progress
    update = {"assessed_at": now, "prediction": _prediction(observed, status, rules, now)}
    return Progress(status.model_copy(update=update))


@dataclass(frozen=True)
class _Stage:
    entry: ModelAssessment
    create: dict[str, object] | None = None
    stalled: Failure | None = None
    waiting: Failure | None = None


def _assess_one(
    observed: Observed, status: ModelReuseCheckStatus, model: ModelSource, rules: Rules | Failure
) -> _Stage:
    entry = next((one for one in status.assessments if one.model == model.name), None) or _attempt(
        observed, status, model.name, 1
    )
    if entry.finished:
        return _Stage(entry)
    job = observed.jobs.get(entry.job.name)
    if job is None and entry.job.uid is None:
        refusal = observed.refusals.get(entry.job.name)
        if refusal is not None:
            return _Stage(entry, waiting=refusal)
        return _Stage(entry, create=_job(observed, status, model, entry.attempt, rules))
    if job is None or (entry.job.uid is not None and job.uid != entry.job.uid):
        lost = Failure(reason="AssessmentLost", message=f"Job {entry.job.name} was removed before it answered")
        return _again(observed, status, model, entry, lost, rules)
    task = assessment_task_id(status.nonce or "", model.name, entry.attempt)
    taken = stranger(observed, entry.job.name, job, task)
    if taken:
        return _Stage(entry, stalled=taken)
    entry = entry.model_copy(update={"job": JobReference(name=job.name, uid=job.uid)})
    if job.finished_at is None:
        return _Stage(entry, waiting=startup_problem(job))
    return _finished(observed, status, model, entry, job, task, rules)


def _finished(
    observed: Observed,
    status: ModelReuseCheckStatus,
    model: ModelSource,
    entry: ModelAssessment,
    job: ObservedJob,
    task: str,
    rules: Rules | Failure,
) -> _Stage:
    pod = answering_pod(job)
    if pod is None or pod.message is None:
        failure = job.failure or Failure(reason="NoAnswer", message=f"Job {job.name} ended without an answer")
        return _again(observed, status, model, entry, failure, rules)
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
    if summary.hashes is None or summary.measured is None:
        return _failed(entry, Failure(reason="UnreadableAnswer", message=f"Job {job.name}: the answer is incomplete"))
    if not _is_plausible(summary.measured) or (summary.samples or 1) > MOST or (summary.classes or 1) > MOST:
        return _failed(entry, Failure(reason="WrongAnswer", message=f"Job {job.name}: the counts make no sense"))
    return _Stage(
        entry.model_copy(
            update={
                "hashes": summary.hashes,
                "image": (pod.image_id or "")[:256] or None,
                "classes": summary.classes,
                "samples": summary.samples,
                "scores": summary.scores,
                "findings": summary.findings,
                "layers": summary.layers,
                "trainable_share": summary.trainable_share,
                "measured": summary.measured,
                "report_sha256": summary.report_sha256,
            }
        )
    )


def _is_plausible(measured: MeasuredPass) -> bool:
    """Whether its counts can be divided by and stored: the pod that says so may have run anybody's code."""
    batch = measured.step_batch_size
    return 1 <= measured.samples <= MOST and (batch is None or 1 <= batch <= MOST)


def answering_pod(job: ObservedJob) -> ObservedPod | None:
    """The pod whose answer counts: the last that left one."""
    answered = [pod for pod in job.pods if pod.message]
    return answered[-1] if answered else None


def _attempt(observed: Observed, status: ModelReuseCheckStatus, model: str, attempt: int) -> ModelAssessment:
    task = assessment_task_id(status.nonce or "", model, attempt)
    return ModelAssessment(
        model=model, attempt=attempt, job=JobReference(name=job_name(observed.check, task), uid=None)
    )


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
    return assessment_job(
        observed.check,
        model,
        nonce=status.nonce or "",
        attempt=attempt,
        image=observed.settings.worker_image,
        probe_allowed=isinstance(rules, Failure) or rules.timing_probe == "Allow",
    )


def _prediction(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure, now: datetime) -> Prediction:
    retraining = observed.check.spec.retraining
    profile = None if isinstance(rules, Failure) else rules.profile.spec
    assessed = []
    for entry in status.assessments:
        job = observed.jobs.get(entry.job.name)
        pod = answering_pod(job) if job else None
        machine = None
        if profile and pod:
            labels = observed.node_labels.get(pod.node or "", {})
            machine = machine_of(profile, labels, cpu_cores=pod.cpu_cores, gpus=pod.gpus)
        assessed.append((entry, machine))
    return predict(
        assessed,
        actions=retraining.actions if retraining else (Action.FINE_TUNE, Action.RETRAIN),
        recipe=retraining.recipe if retraining else "default",
        batch_size=retraining.batch_size if retraining else observed.check.spec.assessment.batch_size,
        max_steps=retraining.max_steps if retraining else ASSUMED_BUDGET,
        records=[record for record in observed.records if _is_trusted(record, profile)],
        profile=profile,
        now=now,
    )


def _is_trusted(record: RetrainingRecord, profile: CostProfileSpec | None) -> bool:
    """Whether a record may teach: our own, and what was imported where the profile trusts."""
    trusted = profile.trusted_namespaces if profile else []
    return record.spec.source == "Operator" or record.metadata.namespace in trusted


def _history(status: ModelReuseCheckStatus) -> list[HistoryRow]:
    if status.assessed_at is None or status.recommendation is None:
        return status.history
    row = HistoryRow(
        assessed_at=status.assessed_at,
        action=status.recommendation.action,
        digest=status.approval.digest if status.approval else None,
        outcome=status.retraining.result if status.retraining else None,
        message=status.recommendation.message[:256],
    )
    return [row, *status.history][:MAX_HISTORY]

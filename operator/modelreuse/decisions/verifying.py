"""The verification stage: our own measurement of old and new model; only that can make a result promotable."""

from modelreuse.api import (
    Failure,
    JobReference,
    ModelReuseCheckStatus,
    Outcome,
    RetrainingStatus,
    UnreadableMessageError,
    VerificationStatus,
    VerificationSummary,
    parse_message,
)
from modelreuse.decisions.assessing import answering_pod, spec_hash_of
from modelreuse.decisions.observed import Observed, ObservedJob, RecordOutcome
from modelreuse.decisions.offer import target_of
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.progress import MAX_ATTEMPTS, SUSPENDED, Progress, startup_problem, stranger
from modelreuse.decisions.retraining import record_of
from modelreuse.manifests import artifact_source, job_name, verification_job, verification_task_id


def cannot_verify(observed: Observed) -> Failure | None:
    """Why this check's results can't be verified, or None."""
    if observed.check.status.retraining is not None and observed.check.status.spec_hash != spec_hash_of(observed):
        return Failure(
            reason="SpecChanged",
            message="the spec was changed after the approval, so what was approved can't be verified against it",
        )
    data = observed.check.spec.data
    if data.evaluation is None:
        return Failure(reason="NoEvaluationData", message="spec.data.evaluation is not given: nothing can be verified")
    if data.labels is None:
        return Failure(reason="NoLabels", message="spec.data.labels is not given: quality can't be measured")
    return None


def verify(observed: Observed, status: ModelReuseCheckStatus) -> Progress:
    """Brings the verification forward by what was observed."""
    retraining = status.retraining
    if retraining is None or retraining.result != "Succeeded" or cannot_verify(observed) is not None:
        return Progress(status)
    verification = status.verification or _attempt(observed, retraining, 1)
    if is_finished(verification):
        return Progress(status)
    name = verification.job.name
    job = observed.jobs.get(name)
    if job is None and verification.job.uid is None:
        refusal = observed.refusals.get(name)
        if refusal is not None:
            return Progress(_with(status, verification), waiting=refusal)
        return _started(observed, status, retraining, verification)
    if job is None or (verification.job.uid is not None and job.uid != verification.job.uid):
        lost = Failure(reason="VerificationLost", message=f"Job {name} was removed before it answered")
        return _again(observed, status, retraining, verification, lost)
    task = verification_task_id(retraining.intent.digest, verification.attempt)
    taken = stranger(observed, name, job, task)
    if taken:
        return Progress(_with(status, verification), stalled=taken)
    verification = verification.model_copy(update={"job": JobReference(name=name, uid=job.uid)})
    if job.finished_at is None:
        return Progress(_with(status, verification), waiting=startup_problem(job))
    return _answered(observed, status, retraining, verification, job, task)


def is_finished(verification: VerificationStatus) -> bool:
    """Whether it has a measurement or a final failure."""
    return verification.new_quality is not None or verification.failure is not None


def promotion(observed: Observed, status: ModelReuseCheckStatus, rules: Rules | Failure) -> tuple[bool | None, Failure]:
    """Whether exactly the verified artefact may be promoted: True, False, or None for unknown; with the reason."""
    retraining, verification = status.retraining, status.verification
    if retraining is None or retraining.result is None:
        return None, Failure(reason="NothingToPromote", message="no retraining of this assessment has ended")
    if retraining.result != "Succeeded":
        return False, Failure(reason="RetrainingFailed", message="the retraining left nothing that could be promoted")
    unverifiable = cannot_verify(observed)
    if unverifiable:
        return None, unverifiable
    if verification is None or not is_finished(verification):
        return None, Failure(reason="Verifying", message="old and new model are being measured on held-out data")
    old, new = verification.old_quality, verification.new_quality
    if verification.failure is not None or old is None or new is None:
        return False, verification.failure or Failure(
            reason="UnreadableAnswer", message="the measurement is incomplete"
        )
    if isinstance(rules, Failure):
        return None, rules
    gain = new - old
    measured = f"{verification.metric} {old} before, {new} after, on {verification.samples} held-out samples"
    if gain < rules.promotion.min_improvement:
        needed = f"the policy asks for a gain of {rules.promotion.min_improvement}"
        return False, Failure(reason="NotImproved", message=f"{measured}; {needed}")
    assessment = next((one for one in status.assessments if one.model == retraining.intent.model), None)
    target = target_of(observed.check, assessment) if assessment else None
    if rules.promotion.require_target and (target is None or new < target):
        return False, Failure(reason="TargetMissed", message=f"{measured}; the target is {target}")
    artefact = f"{retraining.artifact_uri} {retraining.artifact_sha256}"
    return True, Failure(reason="Verified", message=f"{measured}; may be promoted: {artefact}"[:1024])


def outcome(observed: Observed, status: ModelReuseCheckStatus) -> RecordOutcome | None:
    """The outcome to record, once everything about it is known."""
    retraining, verification = status.retraining, status.verification
    if retraining is None or retraining.result is None or retraining.finished_at is None:
        return None
    record = record_of(observed, retraining)
    if record is None or record.outcome is not None:
        return None
    to_come = retraining.result == "Succeeded" and cannot_verify(observed) is None
    if to_come and (verification is None or not is_finished(verification)):
        return None
    return RecordOutcome(
        record=retraining.record,
        outcome=Outcome.model_validate(
            {
                "finished_at": retraining.finished_at,
                "result": retraining.result,
                "steps": retraining.steps,
                "target_reached": retraining.target_reached,
                "pod_seconds": retraining.pod_seconds,
                "energy_wh": retraining.energy_wh,
                "energy_basis": retraining.energy_basis,
                "old_quality": verification.old_quality if verification else None,
                "new_quality": verification.new_quality if verification else None,
            }
        ),
    )


def _answered(
    observed: Observed,
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    verification: VerificationStatus,
    job: ObservedJob,
    task: str,
) -> Progress:
    pod = answering_pod(job)
    if pod is None or pod.message is None:
        failure = job.failure or Failure(reason="NoAnswer", message=f"Job {job.name} ended without an answer")
        return _again(observed, status, retraining, verification, failure)
    try:
        summary = parse_message(VerificationSummary, pod.message)
    except UnreadableMessageError as error:
        return _failed(status, verification, Failure(reason="UnreadableAnswer", message=f"Job {job.name}: {error}"))
    if summary.error is not None:
        failure = Failure(reason=summary.error.reason, message=summary.error.message)
        if summary.error.retryable:
            return _again(observed, status, retraining, verification, failure)
        return _failed(status, verification, failure)
    if summary.task != task or summary.artifact_sha256 != retraining.artifact_sha256:
        wrong = Failure(reason="WrongAnswer", message=f"Job {job.name} measured something else than was asked")
        return _failed(status, verification, wrong)
    if summary.old_quality is None or summary.new_quality is None or summary.samples is None:
        partial = Failure(reason="UnreadableAnswer", message=f"Job {job.name}: the answer is incomplete")
        return _failed(status, verification, partial)
    assessed = next((one.hashes for one in status.assessments if one.model == retraining.intent.model), None)
    if assessed is None or assessed.evaluation is None or summary.evaluation_sha256 != assessed.evaluation:
        other = Failure(
            reason="EvaluationChanged",
            message="spec.data.evaluation: holds other data than when the retraining was approved",
        )
        return _failed(status, verification, other)
    measured = {
        "metric": summary.metric,
        "samples": summary.samples,
        "old_quality": summary.old_quality,
        "new_quality": summary.new_quality,
        "evaluation_sha256": summary.evaluation_sha256,
        "artifact_sha256": summary.artifact_sha256,
    }
    return Progress(_with(status, verification.model_copy(update=measured)))


def _attempt(observed: Observed, retraining: RetrainingStatus, attempt: int) -> VerificationStatus:
    task = verification_task_id(retraining.intent.digest, attempt)
    return VerificationStatus(attempt=attempt, job=JobReference(name=job_name(observed.check, task), uid=None))


def _started(
    observed: Observed, status: ModelReuseCheckStatus, retraining: RetrainingStatus, verification: VerificationStatus
) -> Progress:
    model, uri, sha256 = retraining.intent.model, retraining.artifact_uri, retraining.artifact_sha256
    old = next((one for one in observed.check.spec.models if one.name == model), None)
    if old is None or uri is None or sha256 is None:
        gone = Failure(reason="ModelGone", message=f"spec.models no longer lists {model}")
        return _failed(status, verification, gone)
    if observed.check.spec.suspend:
        return Progress(_with(status, verification), waiting=SUSPENDED)
    job = verification_job(
        observed.check,
        old=old,
        new=artifact_source(observed.check, model, uri),
        artifact_sha256=sha256,
        digest=retraining.intent.digest,
        attempt=verification.attempt,
        image=observed.settings.worker_image,
    )
    return Progress(_with(status, verification), create=(job,))


def _again(
    observed: Observed,
    status: ModelReuseCheckStatus,
    retraining: RetrainingStatus,
    verification: VerificationStatus,
    failure: Failure,
) -> Progress:
    if verification.attempt >= MAX_ATTEMPTS:
        return _failed(status, verification, failure)
    return _started(observed, status, retraining, _attempt(observed, retraining, verification.attempt + 1))


def _failed(status: ModelReuseCheckStatus, verification: VerificationStatus, failure: Failure) -> Progress:
    return Progress(_with(status, verification.model_copy(update={"failure": failure})))


def _with(status: ModelReuseCheckStatus, verification: VerificationStatus) -> ModelReuseCheckStatus:
    return status.model_copy(update={"verification": verification})

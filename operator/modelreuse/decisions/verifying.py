"""The verification stage: our own measurement of old and new model; only that can make a result promotable.

It is built from what was approved, not from the spec of now: an edit neither loses the result nor bends the measure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeGuard

from modelreuse.api import (
    Evaluation,
    Failure,
    JobReference,
    ModelReuseCheckStatus,
    Outcome,
    RetrainingStatus,
    UnreadableMessageError,
    VerificationStatus,
    VerificationSummary,
    parse_message,
    shortened,
)
from modelreuse.decisions.answers import answering_pod
from modelreuse.decisions.assessments import assessment_of
from modelreuse.decisions.images import digest_in
from modelreuse.decisions.observed import Observed, ObservedJob, RecordOutcome
from modelreuse.decisions.offer import target_of
from modelreuse.decisions.piloting import is_pilot
from modelreuse.decisions.policies import Rules
from modelreuse.decisions.progress import MAX_ATTEMPTS, SUSPENDED, Progress, is_due, startup_problem, stranger
from modelreuse.decisions.records import record_of
from modelreuse.decisions.terms import Terms
from modelreuse.manifests import artifact_source, job_name, verification_job, verification_task_id
from modelreuse.manifests.retraining import source_named

_THROWN_AWAY = "a pilot's weights are thrown away"


def cannot_verify(terms: Terms | Failure) -> Failure | None:
    """Why the result of a retraining under these terms can't be verified, or None."""
    if isinstance(terms, Failure):
        return terms
    data = terms.check.spec.data
    if data.evaluation is None:
        return Failure(reason="NoEvaluationData", message="spec.data.evaluation is not given: nothing can be verified")
    if data.labels is None:
        return Failure(reason="NoLabels", message="spec.data.labels is not given: quality can't be measured")
    return None


@dataclass(frozen=True)
class _Case:
    """A retraining that succeeded, under terms that are known and can be verified."""

    observed: Observed
    status: ModelReuseCheckStatus
    retraining: RetrainingStatus
    terms: Terms


def verify(observed: Observed, status: ModelReuseCheckStatus, terms: Terms | Failure, now: datetime) -> Progress:
    """Brings the verification forward by what was observed."""
    retraining = status.retraining
    if retraining is None or retraining.result != "Succeeded" or is_pilot(retraining):
        return Progress(status)
    if isinstance(terms, Failure) or cannot_verify(terms) is not None:
        return Progress(status)
    case = _Case(observed, status, retraining, terms)
    verification = status.verification or _attempt(case, 1)
    if is_finished(verification):
        return Progress(status)
    name = verification.job.name
    job = observed.jobs.get(name)
    if job is None and verification.job.uid is None:
        return _asked_for(case, verification, now)
    if job is None or (verification.job.uid is not None and job.uid != verification.job.uid):
        lost = Failure(reason="VerificationLost", message=f"Job {name} was removed before it answered")
        return _again(case, verification, lost)
    task = verification_task_id(retraining.intent.digest, verification.attempt)
    taken = stranger(observed, name, job, task)
    if taken:
        return Progress(_with(status, verification), stalled=taken)
    verification = verification.model_copy(update={"job": JobReference(name=name, uid=job.uid)})
    if job.finished_at is None:
        return Progress(_with(status, verification), waiting=startup_problem(job))
    return _answered(case, verification, job, task)


def is_finished(verification: VerificationStatus | None) -> TypeGuard[VerificationStatus]:
    """Whether there is one that has a measurement or a final failure."""
    return verification is not None and (verification.new_quality is not None or verification.failure is not None)


def promotion(
    status: ModelReuseCheckStatus, terms: Terms | Failure, rules: Rules | Failure
) -> tuple[bool | None, Failure]:
    """Whether exactly the verified artefact may be promoted: True, False, or None for unknown; with the reason."""
    retraining, verification = status.retraining, status.verification
    if retraining is not None and is_pilot(retraining):
        return False, Failure(reason="PilotOnly", message=f"{_THROWN_AWAY}: none of it may be promoted")
    if retraining is None or retraining.result is None:
        after = f"; {_THROWN_AWAY}" if status.pilot is not None and status.pilot.ended else ""
        return None, Failure(reason="NothingToPromote", message=f"no retraining of this assessment has ended{after}")
    if retraining.result != "Succeeded":
        return False, Failure(reason="RetrainingFailed", message="the retraining left nothing that could be promoted")
    if isinstance(terms, Failure):
        return None, terms
    unverifiable = cannot_verify(terms)
    if unverifiable:
        return None, unverifiable
    if not is_finished(verification):
        return None, Failure(reason="Verifying", message="old and new model are being measured on held-out data")
    if verification.failure is not None:
        return False, verification.failure
    if isinstance(rules, Failure):
        return None, rules
    if rules.images is not None and verification.image not in rules.images:
        message = f"the image {verification.image or 'unknown'} that measured is on no list spec.images of the policies"
        return False, Failure(reason="ImageNotAllowed", message=message)
    old, new = verification.old_quality, verification.new_quality
    assert old is not None
    assert new is not None
    gain = new - old
    measured = f"{verification.metric} {old} before, {new} after, on {verification.samples} held-out samples"
    if gain < rules.promotion.min_improvement:
        needed = f"the policy asks for a gain of {rules.promotion.min_improvement}"
        return False, Failure(reason="NotImproved", message=f"{measured}; {needed}")
    target = target_of(terms.check, assessment_of(status, retraining.intent.model))
    assert target is not None
    if rules.promotion.require_target and new < target:
        return False, Failure(reason="TargetMissed", message=f"{measured}; the target is {target}")
    assert retraining.artifact_uri is not None
    artefact = f"{shortened(retraining.artifact_uri, 400)} {retraining.artifact_sha256}"
    return True, Failure(reason="Verified", message=f"{measured}; may be promoted: {artefact}")


def outcome(observed: Observed, status: ModelReuseCheckStatus, terms: Terms | Failure) -> RecordOutcome | None:
    """The outcome to record, once everything about it is known."""
    retraining, verification = status.retraining, status.verification
    if retraining is None or retraining.result is None:
        return None
    record = record_of(observed, retraining)
    if record is None or record.outcome is not None:
        return None
    to_come = retraining.result == "Succeeded" and not is_pilot(retraining) and cannot_verify(terms) is None
    if to_come and not is_finished(verification):
        return None
    return RecordOutcome(
        record=retraining.record,
        outcome=Outcome.model_validate(
            {
                "finished_at": retraining.finished_at,
                "result": retraining.result,
                "steps": retraining.steps,
                "target_reached": retraining.target_reached,
                "evaluated_every": retraining.evaluated_every,
                "evaluations": _seen(status, retraining),
                "attempts": retraining.attempts,
                "pod_seconds": retraining.pod_seconds,
                "energy_wh": retraining.energy_wh,
                "energy_basis": retraining.energy_basis,
                "old_quality": verification.old_quality if verification else None,
                "new_quality": verification.new_quality if verification else None,
            }
        ),
    )


def _seen(status: ModelReuseCheckStatus, retraining: RetrainingStatus) -> Sequence[Evaluation] | None:
    if not is_pilot(retraining):
        return retraining.evaluations or None
    assert status.pilot is not None
    return status.pilot.evaluations


def _attempt(case: _Case, attempt: int) -> VerificationStatus:
    task = verification_task_id(case.retraining.intent.digest, attempt)
    return VerificationStatus(attempt=attempt, job=JobReference(name=job_name(case.observed.check, task), uid=None))


def _asked_for(case: _Case, verification: VerificationStatus, now: datetime) -> Progress:
    started = _started(case, verification)
    refusal = case.observed.refusals.get(verification.job.name)
    if refusal is None or not started.create:
        return started
    return replace(started, create=started.create if is_due(refusal, now) else (), waiting=refusal.failure)


def _started(case: _Case, verification: VerificationStatus) -> Progress:
    model, uri, sha256 = case.retraining.intent.model, case.retraining.artifact_uri, case.retraining.artifact_sha256
    assert uri is not None
    assert sha256 is not None
    if case.observed.check.spec.suspend:
        return Progress(_with(case.status, verification), waiting=SUSPENDED)
    job = verification_job(
        case.terms.check,
        old=source_named(case.terms.check, model),
        new=artifact_source(case.terms.check, model, uri),
        artifact_sha256=sha256,
        digest=case.retraining.intent.digest,
        attempt=verification.attempt,
        image=case.observed.settings.worker_image,
    )
    return Progress(_with(case.status, verification), create=(job,))


def _answered(case: _Case, verification: VerificationStatus, job: ObservedJob, task: str) -> Progress:
    pod = answering_pod(job)
    if pod is None:
        failure = job.failure or Failure(reason="NoAnswer", message=f"Job {job.name} ended without an answer")
        return _again(case, verification, failure)
    assert pod.message is not None
    try:
        summary = parse_message(VerificationSummary, pod.message)
    except UnreadableMessageError as error:
        return _failed(case, verification, Failure(reason="UnreadableAnswer", message=f"Job {job.name}: {error}"))
    if summary.error is not None:
        failure = Failure(reason=summary.error.reason, message=summary.error.message)
        return (_again if summary.error.retryable else _failed)(case, verification, failure)
    if summary.task != task or summary.artifact_sha256 != case.retraining.artifact_sha256:
        wrong = Failure(reason="WrongAnswer", message=f"Job {job.name} measured something else than was asked")
        return _failed(case, verification, wrong)
    if summary.old_quality is None or summary.new_quality is None or summary.samples is None:
        partial = Failure(reason="UnreadableAnswer", message=f"Job {job.name}: the answer is incomplete")
        return _failed(case, verification, partial)
    approved = case.terms.contents[case.retraining.intent.model].evaluation
    if approved is None or summary.evaluation_sha256 != approved:
        other = Failure(
            reason="EvaluationChanged",
            message="spec.data.evaluation: holds other data than when the retraining was approved",
        )
        return _failed(case, verification, other)
    measured = {
        "metric": summary.metric,
        "samples": summary.samples,
        "old_quality": summary.old_quality,
        "new_quality": summary.new_quality,
        "evaluation_sha256": summary.evaluation_sha256,
        "artifact_sha256": summary.artifact_sha256,
        "image": digest_in(pod.image_id),
    }
    return Progress(_with(case.status, verification.model_copy(update=measured)))


def _again(case: _Case, verification: VerificationStatus, failure: Failure) -> Progress:
    if verification.attempt >= MAX_ATTEMPTS:
        return _failed(case, verification, failure)
    return _started(case, _attempt(case, verification.attempt + 1))


def _failed(case: _Case, verification: VerificationStatus, failure: Failure) -> Progress:
    return Progress(_with(case.status, verification.model_copy(update={"failure": failure})))


def _with(status: ModelReuseCheckStatus, verification: VerificationStatus) -> ModelReuseCheckStatus:
    return status.model_copy(update={"verification": verification})
